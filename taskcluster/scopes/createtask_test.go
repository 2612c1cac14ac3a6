package scopes_test

import (
	"encoding/json"
	"strings"
	"testing"

	"verdict/taskcluster/scopes"
)

func createTask(t *testing.T) *scopes.Method { return method(t, "queue.createTask") }

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
		got, err := createTask(t).Needed(scopes.Request{Payload: json.RawMessage(c.definition)}, strings.Fields(c.granted))
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %v (%v), want %s", c.name, got, err, c.want)
		}
	}
}

func TestCreateTaskRefusesWhatIsNoTask(t *testing.T) {
	for _, definition := range []string{``, `[]`, `{}`, `{"taskQueueId":"p/w","priority":"normal"}`, `{"taskQueueId":"p/w","routes":"x"}`} {
		if got, err := createTask(t).Needed(scopes.Request{Payload: json.RawMessage(definition)}, nil); err == nil {
			t.Errorf("%s: got %v, want an error", definition, got)
		}
	}
}

func FuzzCreateTask(f *testing.F) {
	f.Add(`{"taskQueueId":"p/w","priority":"low","scopes":["x:y","*"],"routes":["a"]}`, "queue:create-task:high:*")
	f.Add(`{"provisionerId":"p","workerType":"w","routes":[""]}`, "")
	f.Add(`{"taskQueueId":"p/w","Scopes":["x"],"scopes":null}`, "*")
	f.Fuzz(func(t *testing.T, definition, granted string) {
		needed, err := createTask(t).Needed(scopes.Request{Payload: json.RawMessage(definition)}, []string{granted})
		if err != nil {
			return
		}
		var task map[string]any // into a struct, other cases of a name would count
		if err := json.Unmarshal([]byte(definition), &task); err != nil {
			t.Fatalf("took %q, which can't be read: %v", definition, err)
		}
		for field, prefix := range map[string]string{"scopes": "", "routes": "queue:route:"} {
			list, _ := task[field].([]any)
			for _, item := range list {
				if text, ok := item.(string); !ok || !scopes.Allows(needed, prefix+text) {
					t.Errorf("%q lacks %v of %s", needed, item, field)
				}
			}
		}
	})
}
