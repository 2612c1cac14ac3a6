package scopes_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"verdict/taskcluster/scopes"
)

func TestAllows(t *testing.T) {
	for _, c := range []struct {
		have string
		need string
		want bool
	}{
		{"a:b", "a:b", true},
		{"a:b", "a:bc", false},
		{"a:*", "a:bc", true},
		{"a:*", "a:", true},
		{"*", "anything", true},
		{"a:b*", "a:*", false}, // the wider one isn't covered
		{"a:*", "a:b*", true},
		{"a*b", "axb", false}, // a star counts at the end only
		{"", "", true},
	} {
		if got := scopes.Allows([]string{c.have}, c.need); got != c.want {
			t.Errorf("Allows(%q, %q) = %v, want %v", c.have, c.need, got, c.want)
		}
	}
}

func TestMissingKeepsTheOrder(t *testing.T) {
	got := scopes.Missing([]string{"b", "c:*"}, []string{"z", "b", "c:x", "a"})
	if fmt.Sprint(got) != "[z a]" {
		t.Errorf("got %v, want [z a]", got)
	}
}

func TestCompactAllowsTheSameWithFewer(t *testing.T) {
	scope := rapid.Custom(func(t *rapid.T) string {
		return rapid.StringMatching(`[ab]{0,3}\*?`).Draw(t, "scope")
	})
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOf(scope).Draw(t, "list")
		compact := scopes.Compact(list)
		if !scopes.Satisfies(compact, list) || !scopes.Satisfies(list, compact) {
			t.Fatalf("%q became %q, which allows something else", list, compact)
		}
		for i, s := range compact {
			rest := append(append([]string{}, compact[:i]...), compact[i+1:]...)
			if scopes.Allows(rest, s) {
				t.Fatalf("%q of %q is covered by the others", s, compact)
			}
		}
	})
}

func TestCreateTask(t *testing.T) {
	for _, c := range []struct {
		name       string
		definition string
		granted    string
		want       string
	}{
		{
			"defaults", `{"provisionerId":"p","workerType":"w"}`, "*",
			"queue:create-task:project:none queue:scheduler-id:- queue:create-task:lowest:p/w",
		},
		{
			"all that a task names", `{"taskQueueId":"p/w","priority":"low","projectId":"gfx","schedulerId":"s","scopes":["x:y"],"routes":["index.a"]}`, "*",
			"x:y queue:route:index.a queue:create-task:project:gfx queue:scheduler-id:s queue:create-task:low:p/w",
		},
		{
			"the nearest higher priority granted", `{"taskQueueId":"p/w","priority":"very-low"}`,
			"queue:create-task:high:p/* queue:create-task:medium:p/* queue:create-task:lowest:p/*",
			"queue:create-task:project:none queue:scheduler-id:- queue:create-task:medium:p/w",
		},
		{
			"no priority granted", `{"taskQueueId":"p/w","priority":"high"}`, "queue:create-task:low:p/*",
			"queue:create-task:project:none queue:scheduler-id:- queue:create-task:high:p/w",
		},
		{
			"a scope that covers others", `{"taskQueueId":"p/w","scopes":["queue:route:*","queue:route:a"],"routes":["b"]}`, "*",
			"queue:route:* queue:create-task:project:none queue:scheduler-id:- queue:create-task:lowest:p/w",
		},
	} {
		got, err := scopes.CreateTask(json.RawMessage(c.definition), strings.Fields(c.granted))
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %v (%v), want %s", c.name, got, err, c.want)
		}
	}
}

func TestCreateTaskRefusesWhatIsNoTask(t *testing.T) {
	for _, definition := range []string{``, `[]`, `{}`, `{"taskQueueId":"p/w","priority":"normal"}`, `{"taskQueueId":"p/w","routes":"x"}`} {
		if got, err := scopes.CreateTask(json.RawMessage(definition), nil); err == nil {
			t.Errorf("%s: got %v, want an error", definition, got)
		}
	}
}

func FuzzCreateTask(f *testing.F) {
	f.Add(`{"taskQueueId":"p/w","priority":"low","scopes":["x:y","*"],"routes":["a"]}`, "queue:create-task:high:*")
	f.Add(`{"provisionerId":"p","workerType":"w","routes":[""]}`, "")
	f.Fuzz(func(t *testing.T, definition, granted string) {
		needed, err := scopes.CreateTask(json.RawMessage(definition), []string{granted})
		if err != nil {
			return
		}
		var task struct{ Scopes, Routes []string }
		if err := json.Unmarshal([]byte(definition), &task); err != nil {
			t.Fatalf("took %q, which can't be read: %v", definition, err)
		}
		if !scopes.Satisfies(needed, task.Scopes) {
			t.Errorf("%q lacks scopes of %q", needed, task.Scopes)
		}
		for _, route := range task.Routes {
			if !scopes.Allows(needed, "queue:route:"+route) {
				t.Errorf("%q lacks the route %q", needed, route)
			}
		}
	})
}
