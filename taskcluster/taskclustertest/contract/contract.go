// Package contract holds a Taskcluster deployment to what the client of package
// taskcluster counts on. It runs against the stand-in of taskclustertest, and
// against a real deployment, so that the one teaches nothing that the other
// doesn't do.
package contract

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"verdict/taskcluster"
	"verdict/taskcluster/api/methods"
	"verdict/taskcluster/scopes"
)

// Env is the deployment, and a client of it. The tasks created are pending on a
// queue that no worker should serve, and are cancelled at the end.
type Env struct {
	RootURL string
	// Credentials are permanent. Their client needs what Scopes says, and unless
	// the role anonymous has them, the scopes to read tasks, groups, public
	// artifacts and the index.
	// It must not have queue:create-task:high:<TaskQueueID>, nor
	// auth:create-client:*.
	Credentials taskcluster.Credentials
	TaskQueueID string
	// SchedulerID also begins the names of hooks, index paths and workers.
	SchedulerID string
}

// Scopes are what the client needs for the suite.
func (env Env) Scopes() []string {
	return []string{
		"auth:create-client:" + env.Credentials.ClientID + "/*",
		"auth:expand-scopes",
		"queue:create-task:medium:" + env.TaskQueueID,
		"queue:create-task:project:none",
		"queue:scheduler-id:" + env.SchedulerID,
		"queue:scheduler-id:" + env.SchedulerID + "-2",
		"queue:route:" + env.SchedulerID + ".*",
		"queue:route:index." + env.SchedulerID + ".*",
		"queue:schedule-task:" + env.SchedulerID + "/*",
		"queue:rerun-task:" + env.SchedulerID + "/*",
		"queue:cancel-task:" + env.SchedulerID + "*",
		"queue:change-task-priority-in-queue:" + env.TaskQueueID,
		"queue:seal-task-group:" + env.SchedulerID + "/*",
		"queue:cancel-task-group:" + env.SchedulerID + "/*",
		"queue:change-task-group-priority:" + env.SchedulerID + "/*",
		"queue:claim-task:" + env.TaskQueueID,
		"queue:worker-id:" + env.SchedulerID + "/*",
		"queue:get-artifact:private/" + env.SchedulerID + "/*",
		"index:insert-task:" + env.SchedulerID + ".*",
		"index:delete-task:" + env.SchedulerID + ".*",
		"hooks:modify-hook:" + env.SchedulerID + "/*",
		"hooks:trigger-hook:" + env.SchedulerID + "/*",
		"hooks:get-trigger-token:" + env.SchedulerID + "/*",
		"assume:hook-id:" + env.SchedulerID + "/*",
		"auth:create-role:hook-id:" + env.SchedulerID + "/*",
		"auth:delete-role:hook-id:" + env.SchedulerID + "/*",
	}
}

// Run runs the suite.
func Run(t *testing.T, env Env) {
	for _, part := range []struct {
		name string
		test func(*testing.T, Env)
	}{
		{"CreateTask", testCreateTask},
		{"CreateTaskScopes", testCreateTaskScopes},
		{"CreateTaskRefuses", testCreateTaskRefuses},
		{"Dependencies", testDependencies},
		{"ReadMany", testReadMany},
		{"NotFound", testNotFound},
		{"Worker", testWorker},
		{"Retries", testRetries},
		{"Rerun", testRerun},
		{"Cancel", testCancel},
		{"ListTaskGroup", testListTaskGroup},
		{"SealTaskGroup", testSealTaskGroup},
		{"CancelTaskGroup", testCancelTaskGroup},
		{"Priorities", testPriorities},
		{"Artifacts", testArtifacts},
		{"Index", testIndex},
		{"Hooks", testHooks},
		{"Authentication", testAuthentication},
		{"SignedURLs", testSignedURLs},
		{"Roles", testRoles},
		{"Wire", testWire},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, env) })
	}
}

func (env Env) queue(t *testing.T) *taskcluster.Queue {
	t.Helper()
	q, err := taskcluster.NewQueue(env.RootURL, &env.Credentials, taskcluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// definition is a task as the bot would write it, with changes.
func (env Env) definition(changes map[string]any) json.RawMessage {
	now := time.Now()
	task := map[string]any{
		"taskQueueId": env.TaskQueueID, "schedulerId": env.SchedulerID,
		"created": taskcluster.Time(now), "deadline": taskcluster.Time(now.Add(10 * time.Minute)),
		"expires": taskcluster.Time(now.Add(time.Hour)),
		"payload": map[string]any{"command": []string{"true"}},
		"metadata": map[string]any{
			"name": "contract", "description": "Created by a test; nothing runs it.",
			"owner": "nobody@example.org", "source": "https://example.org/contract",
		},
	}
	for k, v := range changes {
		task[k] = v
	}
	text, err := json.Marshal(task)
	if err != nil {
		panic(err) // what tests write is JSON
	}
	return text
}

// caller has the scopes that a definition needs, and no others.
func (env Env) caller(t *testing.T, definition json.RawMessage) taskcluster.Caller {
	t.Helper()
	createTask := scopes.Find(methods.All, "queue", "createTask")
	needed, err := createTask.Needed(scopes.Request{Payload: definition}, []string{"queue:create-task:medium:*"})
	if err != nil {
		t.Fatal(err)
	}
	return taskcluster.Caller{Name: "contract/rule", Scopes: needed}
}

// create makes a task that is cancelled when the test ends.
func (env Env) create(t *testing.T, taskID string, definition json.RawMessage) *taskcluster.TaskStatus {
	t.Helper()
	status, err := env.queue(t).CreateTask(t.Context(), taskID, definition, env.caller(t, definition))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		resp := env.send(t, &env.Credentials, http.MethodPost, "/api/queue/v1/task/"+taskID+"/cancel", "")
		if resp.status != http.StatusOK {
			t.Errorf("cancel task %s: %d %s", taskID, resp.status, resp.message)
		}
	})
	return status
}

// response is what of an answer the suite looks at.
type response struct {
	status        int
	code, message string
	header        http.Header
	json          map[string]any
}

// send makes one request as it is, signed by creds unless they are nil.
func (env Env) send(t *testing.T, creds *taskcluster.Credentials, method, path, body string) response {
	t.Helper()
	req := env.request(t, method, path, body)
	if creds != nil {
		if err := creds.SignRequest(req); err != nil {
			t.Fatal(err)
		}
	}
	return do(t, req)
}

// call makes one request with the client's own credentials, and a payload
// unless that is nil.
func (env Env) call(t *testing.T, method, path string, payload any) response {
	t.Helper()
	body := ""
	if payload != nil {
		text, err := json.Marshal(payload)
		if err != nil {
			t.Fatal(err)
		}
		body = string(text)
	}
	return env.send(t, &env.Credentials, method, path, body)
}

func (env Env) request(t *testing.T, method, path, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequest(method, strings.TrimRight(env.RootURL, "/")+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	return req
}

// do makes the request and follows nothing. An answer without a body is one
// without fields.
func do(t *testing.T, req *http.Request) response {
	t.Helper()
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	r := response{status: resp.StatusCode, header: resp.Header}
	if err := json.NewDecoder(resp.Body).Decode(&r.json); err != nil && err != io.EOF {
		t.Fatalf("%s %s answered %d without JSON: %v", req.Method, req.URL.Path, resp.StatusCode, err)
	}
	r.code, _ = r.json["code"].(string)
	r.message, _ = r.json["message"].(string)
	return r
}

// expect fails the test unless the answer is this one: a status, and with it
// perhaps a code.
func (r response) expect(t *testing.T, what string, status int, code string) {
	t.Helper()
	if r.status != status || r.code != code {
		first, _, _ := strings.Cut(r.message, "\n---")
		t.Errorf("%s: answered %d %s %q, want %d %s", what, r.status, r.code, first, status, code)
	}
}

// run is what an answer says of a task's run, "" where there is none: its state
// and the reasons.
func (r response) run(number int) string {
	status, _ := r.json["status"].(map[string]any)
	runs, _ := status["runs"].([]any)
	if number >= len(runs) {
		return ""
	}
	run, _ := runs[number].(map[string]any)
	text := fmt.Sprint(run["state"], " ", run["reasonCreated"])
	if run["reasonResolved"] != nil {
		text += fmt.Sprint(" ", run["reasonResolved"])
	}
	return text
}

// state is what an answer says of a task's.
func (r response) state() string {
	status, _ := r.json["status"].(map[string]any)
	state, _ := status["state"].(string)
	return state
}
