package contract

import (
	"net/http"
	"net/url"
	"path"
	"slices"
	"testing"
	"time"

	"verdict/taskcluster"
)

func testIndex(t *testing.T, env Env) {
	name := env.SchedulerID + "." + taskcluster.NewID()
	at := "/api/index/v1/task/" + name
	env.call(t, http.MethodGet, at, nil).expect(t, "what isn't filed", 404, "ResourceNotFound")
	id := taskcluster.NewID()
	entry := map[string]any{"taskId": id, "rank": 2, "data": map[string]any{"a": 1}, "expires": taskcluster.Time(time.Now().Add(time.Hour))}
	env.call(t, http.MethodPut, at, entry).expect(t, "file", 200, "")
	lower := map[string]any{"taskId": taskcluster.NewID(), "rank": 1, "data": map[string]any{}, "expires": entry["expires"]}
	env.call(t, http.MethodPut, at, lower).expect(t, "file another of a lower rank", 200, "")
	got := env.call(t, http.MethodGet, at, nil)
	if got.json["taskId"] != id || got.json["namespace"] != name || got.json["rank"] != 2.0 {
		t.Errorf("found %v, want the one of the higher rank", got.json)
	}
	many := env.call(t, http.MethodPost, "/api/index/v1/tasks/indexes", map[string]any{"indexes": []string{name, name + "x"}})
	if tasks, _ := many.json["tasks"].([]any); many.status != 200 || len(tasks) != 1 {
		t.Errorf("found %d %v, want the one of two", many.status, many.json)
	}
	env.call(t, http.MethodDelete, at, nil).expect(t, "take it out", 200, "")
	env.call(t, http.MethodGet, at, nil).expect(t, "what was taken out", 404, "ResourceNotFound")

	task := env.task(t, map[string]any{"routes": []string{"index." + name}})
	env.work(t, task, "0").report(t, "completed", "").expect(t, "complete", 200, "")
	filed := func() bool { return env.call(t, http.MethodGet, at, nil).json["taskId"] == path.Base(task) }
	if !eventually(t, filed) {
		t.Errorf("a completed task with route index.%s isn't found", name)
	}
}

// eventually reports whether something becomes so within half a minute.
func eventually(t *testing.T, so func() bool) bool {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if so() {
			return true
		}
	}
	return false
}

func testHooks(t *testing.T, env Env) {
	id := taskcluster.NewID()
	role := "/api/auth/v1/roles/" + url.PathEscape("hook-id:"+env.SchedulerID+"/"+id)
	hook := "/api/hooks/v1/hooks/" + env.SchedulerID + "/" + id
	env.call(t, http.MethodPost, hook+"/trigger", map[string]any{}).expect(t, "trigger what isn't there", 404, "ResourceNotFound")
	made := env.call(t, http.MethodPut, hook, map[string]any{
		"metadata": map[string]any{"name": "contract", "description": "Created by a test.", "owner": "nobody@example.org", "emailOnError": false},
		"task": map[string]any{
			"taskQueueId": env.TaskQueueID, "schedulerId": env.SchedulerID, "payload": map[string]any{},
			"metadata": map[string]any{"name": "contract", "description": "Created by a test.", "owner": "nobody@example.org", "source": "https://example.org/contract"},
		},
		"schedule": []string{}, "triggerSchema": map[string]any{"type": "object"},
	})
	made.expect(t, "create a hook", 200, "")
	t.Cleanup(func() {
		env.call(t, http.MethodDelete, hook, nil)
		env.call(t, http.MethodDelete, role, nil)
	})
	env.call(t, http.MethodPost, hook+"/trigger", map[string]any{}).expect(t, "trigger it before its role may create tasks", 403, "InsufficientScopes")
	env.call(t, http.MethodPut, role, map[string]any{"description": "Created by a test.", "scopes": []string{
		"queue:create-task:medium:" + env.TaskQueueID, "queue:create-task:project:none", "queue:scheduler-id:" + env.SchedulerID,
	}}).expect(t, "create its role", 200, "")
	token := env.call(t, http.MethodGet, hook+"/token", nil)
	secret, _ := token.json["token"].(string)
	var ids []string
	for _, got := range []response{
		env.call(t, http.MethodPost, hook+"/trigger", map[string]any{}),
		env.call(t, http.MethodPost, hook+"/trigger", map[string]any{}),
		env.send(t, nil, http.MethodPost, hook+"/trigger/"+secret, "{}"),
	} {
		got.expect(t, "trigger", 200, "")
		task, _ := got.json["taskId"].(string)
		ids = append(ids, task)
		if got := env.call(t, http.MethodPost, "/api/queue/v1/task/"+task+"/cancel", nil); got.status != 200 {
			t.Errorf("the hook's task %s can't be cancelled: %d", task, got.status)
		}
	}
	if slices.Sort(ids); len(slices.Compact(ids)) != 3 {
		t.Errorf("three triggers made tasks %v, want three", ids)
	}
	env.send(t, nil, http.MethodPost, hook+"/trigger/wrong", "{}").expect(t, "trigger with another token", 401, "AuthenticationFailed")
}

func testRoles(t *testing.T, env Env) {
	got := env.call(t, http.MethodPost, "/api/auth/v1/scopes/expand", map[string]any{"scopes": []string{"verdict:a", "verdict:*"}})
	if list, _ := got.json["scopes"].([]any); got.status != 200 || !slices.Contains(list, any("verdict:*")) || slices.Contains(list, any("verdict:a")) {
		t.Errorf("expanded %d %v, want what others cover left out", got.status, got.json)
	}
}
