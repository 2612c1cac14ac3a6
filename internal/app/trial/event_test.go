package trial

import (
	"strings"
	"testing"

	"verdict/rules"
)

func TestReadFileKnowsWhatItIs(t *testing.T) {
	for _, c := range []struct{ name, text, source, typ, task, wrong string }{
		{"a message", `{"exchange": "queue/task-failed", "routingKey": "primary", "payload": {"status": {"taskId": "T", "runs": [{}]}, "runId": 0}}`, "pulse", "queue/task-failed", "T", ""},
		{"a message by its whole name", `{"exchange": "exchange/other/v1/a", "payload": {}}`, "pulse", "exchange/other/v1/a", "", ""},
		{"an event", `{"id": "x", "source": "task", "type": "settled", "taskId": "T", "body": {"taskId": "T"}, "decisions": []}`, "task", "settled", "T", ""},
		{"a recording", `{"recording": 1, "event": {"source": "group", "type": "settled"}, "facts": {}}`, "group", "settled", "", ""},
		{"a message that its exchange doesn't promise", `{"exchange": "queue/task-failed", "payload": {}}`, "", "", "", `no "status.taskId"`},
		{"a message without payload", `{"exchange": "queue/task-failed"}`, "", "", "", "no payload"},
		{"an exchange that isn't", `{"exchange": "queue/task-fialed", "payload": {}}`, "", "", "", "no exchange"},
		{"an old event", `{"id": "x", "source": "task", "type": "settled"}`, "", "", "", "has lost its body"},
		{"a later recording", `{"recording": 9}`, "", "", "", "version 9"},
		{"something else", `{"a": 1}`, "", "", "", "it is no event"},
		{"no JSON", `oh`, "", "", "", "not JSON"},
	} {
		f, err := ReadFile(t.Context(), []byte(c.text), "")
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%s: got %v, want %q in it", c.name, err, c.wrong)
			}
			continue
		}
		if err != nil || f.Event.Source != c.source || f.Event.Type != c.typ || f.Event.TaskID != c.task {
			t.Errorf("%s: got %+v, %v", c.name, f.Event, err)
		}
	}
}

func FuzzReplay(f *testing.F) {
	f.Add([]byte(`{"recording": 1, "event": {"source": "task", "type": "settled", "body": {"event": {}}}, "facts": {"task": {"created": "2026-05-04T10:00:00Z", "runs": [{"id": 1}]}}}`))
	f.Add([]byte(`{"recording": 1, "event": {"source": "gerrit", "type": "change-merged", "body": {}}, "link": {"change": 1}, "facts": {"change": []}}`))
	f.Add([]byte(`{"exchange": "queue/task-failed", "payload": {"status": {"taskId": "T", "runs": [{}]}, "runId": 0}}`))
	set, _ := rules.Load(rules.Sources{Files: map[string][]byte{"a/a.yaml": []byte(`rules:
  - name: a
    on: [{task: settled}, {exchange: queue/task-failed}]
    when: ['task.state == "failed"', 'now - change.created > duration("1h")']
    do: [{comment: '${task.name} ${change.subject}'}]
`)}})
	if len(set.Rules()) != 1 {
		f.Fatal(set.Broken())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := ReadFile(t.Context(), data, "")
		if err != nil || file.Recording == nil {
			return
		}
		_, _ = file.Recording.Replay(t.Context(), set) // it ends, whatever it says
	})
}
