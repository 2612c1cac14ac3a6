package trial

import (
	"context"
	"testing"

	"verdict/internal/facts"
	"verdict/internal/store"
	"verdict/rules"
	"verdict/taskcluster"
)

// oneGroup is a queue with one group, whose only task waits for nobody.
type oneGroup struct{ facts.Queue }

func (oneGroup) ListTaskGroup(context.Context, string, int) (*taskcluster.TaskGroup, error) {
	t := taskcluster.GroupTask{Status: taskcluster.TaskStatus{TaskID: "T", State: taskcluster.Unscheduled}}
	return &taskcluster.TaskGroup{Tasks: []taskcluster.GroupTask{t}}, nil
}

func TestAMessageIsTriedWithWhatItTellsOfItsGroup(t *testing.T) {
	set, problems := rules.Load(rules.Sources{Files: map[string][]byte{"gfx/ci.yaml": []byte(`rules:
  - name: stuck
    on: {group: stuck}
    when: ['group.unscheduled == 1']
    do: [{comment: stuck}]
  - name: again
    on: [{group: settled}, {task: failed}]
    do: [{rerun: {tasks: failed}}]
`)}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	tr := Trial{Set: set, Facts: &facts.Source{Queue: oneGroup{}}}
	for name, c := range map[string]struct{ source, typ, body, want string }{
		"a message":    {"pulse", "queue/task-group-resolved", `{"taskGroupId":"G"}`, "queue/task-group-resolved stuck"},
		"what settled": {"group", "settled", `{"groupId":"G","state":"settled","event":{}}`, "settled"},
	} {
		ev := store.Event{ID: "e", Source: c.source, Type: c.typ, GroupID: "G", BodyVersion: 1, Body: []byte(c.body)}
		out, err := tr.Try(t.Context(), ev)
		if err != nil {
			t.Fatal(name, err)
		}
		got := ""
		for _, o := range out {
			got += " " + o.Event.Type
		}
		if got != " "+c.want {
			t.Errorf("%s: tried%s, want %s", name, got, c.want)
		}
		if last := out[len(out)-1]; name == "a message" && (len(last.Decisions) != 1 || !last.Decisions[0].Matched) {
			t.Errorf("decisions %+v, want the rule on stuck to match", last.Decisions)
		}
	}
}
