package deliver_test

import (
	"slices"
	"strings"
	"testing"

	"verdict/internal/deliver"
	"verdict/rules"
	"verdict/taskcluster/api/methods"
)

func TestRulesMayCallWhatChangesSomethingAndHidesNoSecret(t *testing.T) {
	byName := map[string]rules.Method{}
	for _, m := range deliver.Methods() {
		byName[m.Name] = m
	}
	if len(byName) != len(methods.All) {
		t.Fatalf("%d methods, want %d", len(byName), len(methods.All))
	}
	for _, m := range methods.All {
		known := byName[m.Service+"."+m.Name]
		if m.Verb == "GET" && known.Refused == "" {
			t.Errorf("%s only reads, and is allowed", known.Name)
		}
		if known.Refused == "" && (m.Input != "") != (known.Payload != nil) {
			t.Errorf("%s: a payload %t, its reference says %t", known.Name, known.Payload != nil, m.Input != "")
		}
		if known.Refused == "" && m.Scopes == nil {
			t.Errorf("%s takes no scopes, so no grant can refuse it", known.Name)
		}
		for _, word := range []string{"credential", "token", "url"} {
			if out := strings.ToLower(m.Output); known.Refused == "" && m.Verb != "GET" && strings.Contains(out, word) {
				t.Errorf("%s answers with %s, and is allowed", known.Name, m.Output)
			}
		}
	}
	for name, harmless := range map[string]bool{
		"queue.sealTaskGroup": true, "index.insertTask": true, "index.deleteTask": true, "auth.updateRole": true,
		"notify.email": false, "github.createComment": false, "queue.rerunTask": false, "queue.reportException": false,
	} {
		if byName[name].Repeatable != harmless || byName[name].Refused != "" {
			t.Errorf("%s: repeatable %t, refused %q", name, byName[name].Repeatable, byName[name].Refused)
		}
	}
	if got := byName["notify.email"].Decisive; !slices.Equal(got, []string{"address"}) {
		t.Errorf("the scopes of notify.email depend on %v", got)
	}
}
