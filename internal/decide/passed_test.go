package decide

import (
	"reflect"
	"testing"

	"verdict/internal/store"
	"verdict/rules"
)

func TestPassedTellsTheClauseThatThePayloadDenies(t *testing.T) {
	set, found := rules.Load(rules.Sources{Files: map[string][]byte{"team/a.yaml": []byte(`
rules:
  - {name: builds, on: {task: failed}, when: ['run.id == 0', 'task.tags.kind == "build"'], do: [{comment: x}]}
  - {name: lints, on: {task: failed}, when: ['task.tags.kind == "lint"'], do: [{comment: x}]}
  - {name: settled, on: {task: settled}, when: ['task.tags.kind == "build"'], do: [{comment: x}]}
`)}})
	if len(found) > 0 {
		t.Fatal(found)
	}
	d := &Decider{Active: func() Active { return Active{Set: set} }}
	ev := store.Event{Source: "task", Type: "failed", BodyVersion: 1, Body: []byte(`{"taskId":"T","run":0,"state":"failed","event":{"task":{"tags":{"kind":"lint"}},"status":{}}}`)}
	passed := d.Passed(ev)
	if len(passed) != 1 || passed[0].Rule.Name != "builds" || passed[0].Decision.Stopped != `task.tags.kind == "build"` {
		t.Fatalf("got %+v", passed)
	}
	want := []rules.Clause{{Text: "task.tags.kind", Held: true, Value: `"lint"`}}
	if got := passed[0].Decision.Clauses[0].Children; !reflect.DeepEqual(got, want) {
		t.Errorf("it is shown with %+v, want %+v", got, want)
	}
	if s, err := d.read(ev); err != nil || len(set.Match(s.occurrence(), nil)) != 1 {
		t.Errorf("%v: only lints is to be looked at", err)
	}
	for _, body := range []string{"", "{oh"} {
		if passed := d.Passed(store.Event{Source: "task", Type: "failed", BodyVersion: 1, Body: []byte(body)}); len(passed) != 0 {
			t.Errorf("an event with the body %q: got %v", body, passed)
		}
	}
}
