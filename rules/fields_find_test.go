package rules_test

import (
	"slices"
	"strings"
	"testing"

	"verdict/rules"
)

func TestFindField(t *testing.T) {
	tests := []struct{ path, kind, from string }{
		{"change", "change", "Gerrit"},
		{"change.owner", "account", "Gerrit"},
		{"change.owner.email", "string", "Gerrit"},
		{"change.footers[].key", "string", "Gerrit"},
		{"change.footers.key", "string", "Gerrit"},
		{"task.tags", "map of string", "queue"},
		{"task.tags.kind", "string", "queue"},
		{"task.payload.image", "dyn", "queue"},
		{"event", "dyn", "the message"},
		{"event.vote.label", "string", "Gerrit"},
		{"account", "actor", "the event"},
		{"account.groups", "list of string", "Gerrit"},
	}
	for _, test := range tests {
		v, err := rules.FindField(test.path)
		if err != nil || v.Kind() != test.kind || !strings.Contains(v.From, test.from) {
			t.Errorf("FindField(%q) = %s from %q, %v, want %s from %s", test.path, v.Kind(), v.From, err, test.kind, test.from)
		}
	}
	v, err := rules.FindField("event.vote")
	if err != nil || !slices.Equal(v.Only, []string{"vote-changed"}) || len(v.Has) == 0 {
		t.Errorf("event.vote is only in %q and has %d fields, %v", v.Only, len(v.Has), err)
	}
	if v, _ := rules.FindField("event.change"); len(v.Only) > 0 {
		t.Errorf("event.change is only in %q, want all", v.Only)
	}
}

func TestFindFieldSaysWhatWasMeant(t *testing.T) {
	for path, want := range map[string]string{
		"chnage":            "chnage: no such field; did you mean change?",
		"task.tagz":         "task.tagz: no such field; did you mean tags?",
		"task.name.first":   "task.name.first: task.name is string, which has no fields",
		"event.vote.labell": "event.vote.labell: no such field; did you mean label?",
		"event.vot":         "event.vot: no such field; did you mean vote?",
	} {
		if _, err := rules.FindField(path); err == nil || err.Error() != want {
			t.Errorf("FindField(%q)\n got %v\nwant %s", path, err, want)
		}
	}
}

// Every fact that a rule may name says where it comes from.
func TestEveryFactHasAnOrigin(t *testing.T) {
	for _, f := range rules.Fields() {
		if v, err := rules.FindField(f.Name); err != nil || v.From == "" {
			t.Errorf("%s comes from %q, %v", f.Name, v.From, err)
		}
	}
}
