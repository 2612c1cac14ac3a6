package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"verdict/taskcluster"
)

func testCreateTask(t *testing.T, env Env) {
	id := taskcluster.NewID()
	def := env.definition(map[string]any{"routes": []string{env.SchedulerID + ".a", env.SchedulerID + ".b"}, "tags": map[string]string{"kind": "build"}})
	status := env.create(t, id, def)
	if status.TaskID != id || status.State != taskcluster.Pending || len(status.Runs) != 1 || status.Runs[0].ReasonCreated != "scheduled" {
		t.Errorf("status %+v, want %s pending in run 0, scheduled", status, id)
	}
	q := env.queue(t)
	task, err := q.Task(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if task.TaskGroupID != id || task.ProjectID != "none" || task.Priority != "lowest" || task.Retries != 5 || task.Requires != "all-completed" {
		t.Errorf("definition %+v lacks the defaults", task)
	}
	if d, err := taskcluster.Difference(id, def, task.Raw); err != nil || d != "" {
		t.Errorf("what was sent differs from what is there in %q (%v)", d, err)
	}
	if again, err := q.CreateTask(t.Context(), id, def, env.caller(t, def)); err != nil || len(again.Runs) != 1 {
		t.Errorf("the same again: %+v (%v), want the same run", again, err)
	}
	for name, other := range map[string]json.RawMessage{
		"another name":          replaced(t, def, "metadata", map[string]any{"name": "other", "description": "d", "owner": "o", "source": "https://example.org"}),
		"a later deadline":      replaced(t, def, "deadline", taskcluster.Time(time.Now().Add(11*time.Minute))),
		"routes in other order": replaced(t, def, "routes", []string{env.SchedulerID + ".b", env.SchedulerID + ".a"}),
	} {
		if _, err := q.CreateTask(t.Context(), id, other, env.caller(t, other)); !errors.Is(err, taskcluster.ErrConflict) {
			t.Errorf("%s: %v, want a conflict", name, err)
		}
	}
	got, err := q.Status(t.Context(), id)
	if err != nil || got.State != taskcluster.Pending {
		t.Errorf("status %+v (%v), want pending", got, err)
	}
}

func testCreateTaskScopes(t *testing.T, env Env) {
	q, id := env.queue(t), taskcluster.NewID()
	def := env.definition(map[string]any{"routes": []string{env.SchedulerID + ".x"}})
	full := env.caller(t, def)
	for i, left := range full.Scopes {
		caller := taskcluster.Caller{Name: full.Name}
		caller.Scopes = append(append(caller.Scopes, full.Scopes[:i]...), full.Scopes[i+1:]...)
		_, err := q.CreateTask(t.Context(), id, def, caller)
		if !errors.Is(err, taskcluster.ErrScopes) {
			t.Errorf("without %s: %v, want insufficient scopes", left, err)
			continue
		}
		var answer *taskcluster.APIError
		if errors.As(err, &answer) && !strings.Contains(strings.Join(answer.Missing, "\n"), left) &&
			!strings.HasPrefix(left, "queue:create-task:medium:") { // a higher priority's, which all do
			t.Errorf("without %s the answer misses %v", left, answer.Missing)
		}
	}
	beyond := full
	beyond.Scopes = append([]string{"queue:create-task:high:" + env.TaskQueueID}, full.Scopes...)
	if _, err := q.CreateTask(t.Context(), id, def, beyond); !errors.Is(err, taskcluster.ErrScopes) || errors.Is(err, taskcluster.ErrAuth) {
		t.Errorf("with a scope that the client lacks: %v, want insufficient scopes", err)
	}
	task := env.create(t, id, def) // of priority lowest, by the scope of medium
	if task.Priority != "lowest" {
		t.Errorf("priority %s, want lowest", task.Priority)
	}
}

func testCreateTaskRefuses(t *testing.T, env Env) {
	now := time.Now()
	many := make([]string, 65)
	for i := range many {
		many[i] = env.SchedulerID + "." + taskcluster.NewID()
	}
	in := func(d time.Duration) taskcluster.Time { return taskcluster.Time(now.Add(d)) }
	for name, changes := range map[string]map[string]any{
		"created 16 minutes ago":   {"created": in(-16 * time.Minute)},
		"a deadline in six days":   {"deadline": in(6 * 24 * time.Hour), "expires": in(7 * 24 * time.Hour)},
		"expires before deadline":  {"expires": in(5 * time.Minute)},
		"an unknown property":      {"foo": 1},
		"a priority that is none":  {"priority": "normal"},
		"the same route twice":     {"routes": []string{env.SchedulerID + ".a", env.SchedulerID + ".a"}},
		"65 routes":                {"routes": many},
		"a route of 250":           {"routes": []string{strings.Repeat("x", 250)}},
		"a capital in workerType":  {"taskQueueId": "lab/CI"},
		"a source that isn't one":  {"metadata": map[string]any{"name": "n", "description": "d", "owner": "o", "source": "javascript:x"}},
		"no metadata":              {"metadata": map[string]any{}},
		"a dependency that is not": {"dependencies": []string{taskcluster.NewID()}},
	} {
		def := env.definition(changes)
		_, err := env.queue(t).CreateTask(t.Context(), taskcluster.NewID(), def, taskcluster.Caller{})
		if !errors.Is(err, taskcluster.ErrInvalid) {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
	bad := env.send(t, &env.Credentials, http.MethodPut, "/api/queue/v1/task/not-a-slug", string(env.definition(nil)))
	if bad.status != 400 || bad.code != "InvalidRequestArguments" {
		t.Errorf("an id that is none: %d %s, want 400 InvalidRequestArguments", bad.status, bad.code)
	}
	broken := env.send(t, &env.Credentials, http.MethodPut, "/api/queue/v1/task/"+taskcluster.NewID(), "{bad")
	if broken.status != 400 || broken.code != "MalformedPayload" {
		t.Errorf("a body that isn't JSON: %d %s, want 400 MalformedPayload", broken.status, broken.code)
	}
}

func testDependencies(t *testing.T, env Env) {
	group := taskcluster.NewID()
	first, second := taskcluster.NewID(), taskcluster.NewID()
	env.create(t, first, env.definition(map[string]any{"taskGroupId": group}))
	status := env.create(t, second, env.definition(map[string]any{"taskGroupId": group, "dependencies": []string{first}}))
	if status.State != taskcluster.Unscheduled || len(status.Runs) != 0 {
		t.Errorf("a task that waits is %+v, want unscheduled and without runs", status)
	}
	other := env.definition(map[string]any{"taskGroupId": group, "schedulerId": env.SchedulerID + "-2"})
	if _, err := env.queue(t).CreateTask(t.Context(), taskcluster.NewID(), other, env.caller(t, other)); !errors.Is(err, taskcluster.ErrConflict) {
		t.Errorf("another scheduler in the group: %v, want a conflict", err)
	}
}

func testReadMany(t *testing.T, env Env) {
	needed, gone := taskcluster.NewID(), taskcluster.NewID()
	env.create(t, needed, env.definition(nil))
	waits := env.task(t, map[string]any{"dependencies": []string{needed}})
	ids := map[string]any{"taskIds": []string{needed, gone}}
	for path, name := range map[string]string{"tasks": "tasks", "tasks/status": "statuses"} {
		got := env.call(t, http.MethodPost, "/api/queue/v1/"+path, ids)
		list, _ := got.json[name].([]any)
		if got.status != 200 || len(list) != 1 || list[0].(map[string]any)["taskId"] != needed {
			t.Errorf("%s of a task and of none: %d %v, want the one", path, got.status, got.json)
		}
	}
	dependents := env.call(t, http.MethodGet, "/api/queue/v1/task/"+needed+"/dependents", nil)
	list, _ := dependents.json["tasks"].([]any)
	if len(list) != 1 || dependents.json["taskId"] != needed {
		t.Fatalf("dependents: %d %v, want the one that waits", dependents.status, dependents.json)
	}
	if status, _ := list[0].(map[string]any)["status"].(map[string]any); !strings.HasSuffix(waits, fmt.Sprint(status["taskId"])) {
		t.Errorf("%v depends on it, want %s", status["taskId"], waits)
	}
}

func testNotFound(t *testing.T, env Env) {
	q, id := env.queue(t), taskcluster.NewID()
	_, status := q.Status(t.Context(), id)
	_, task := q.Task(t.Context(), id)
	_, group := q.ListTaskGroup(t.Context(), id, 0)
	for name, err := range map[string]error{"status": status, "task": task, "listTaskGroup": group} {
		if !errors.Is(err, taskcluster.ErrNotFound) {
			t.Errorf("%s of what isn't there: %v, want not found", name, err)
		}
	}
	nowhere := env.send(t, &env.Credentials, http.MethodGet, "/api/queue/v1/no-such-call", "")
	if nowhere.status != 404 || nowhere.code != "" {
		t.Errorf("an unknown path: %d %s, want 404 without a code", nowhere.status, nowhere.code)
	}
}

// replaced is the definition with one field changed.
func replaced(t *testing.T, definition json.RawMessage, name string, value any) json.RawMessage {
	t.Helper()
	var task map[string]any
	if err := json.Unmarshal(definition, &task); err != nil {
		t.Fatal(err)
	}
	task[name] = value
	text, err := json.Marshal(task)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
