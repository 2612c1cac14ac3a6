// Package contract holds a Taskcluster deployment to what the client of package
// taskcluster counts on. It runs against the stand-in of taskclustertest, and
// against a real deployment, so that the one teaches nothing that the other
// doesn't do.
package contract

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"verdict/taskcluster"
	"verdict/taskcluster/scopes"
)

// Env is the deployment, and a client of it. The tasks created are pending on a
// queue that no worker should serve, and are cancelled at the end.
type Env struct {
	RootURL string
	// Credentials are permanent. Their client needs, with <id> its clientId:
	//
	//	auth:create-client:<id>/*
	//	queue:create-task:medium:<TaskQueueID>
	//	queue:create-task:project:none
	//	queue:scheduler-id:<SchedulerID>, and the same with -2 behind it
	//	queue:cancel-task:<SchedulerID>*
	//	queue:route:verdict-contract.*
	//
	// and, unless the role anonymous has them, the scopes to read tasks. It must
	// not have queue:create-task:high:<TaskQueueID>, nor auth:create-client:*.
	Credentials taskcluster.Credentials
	TaskQueueID string
	SchedulerID string
}

// Run runs the suite.
func Run(t *testing.T, env Env) {
	t.Run("CreateTask", func(t *testing.T) { testCreateTask(t, env) })
	t.Run("CreateTaskScopes", func(t *testing.T) { testCreateTaskScopes(t, env) })
	t.Run("CreateTaskRefuses", func(t *testing.T) { testCreateTaskRefuses(t, env) })
	t.Run("Dependencies", func(t *testing.T) { testDependencies(t, env) })
	t.Run("ListTaskGroup", func(t *testing.T) { testListTaskGroup(t, env) })
	t.Run("NotFound", func(t *testing.T) { testNotFound(t, env) })
	t.Run("Authentication", func(t *testing.T) { testAuthentication(t, env) })
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
	needed, err := scopes.CreateTask(definition, []string{"queue:create-task:medium:*"})
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
	json          map[string]any
}

// send makes one request as it is, signed by creds unless they are nil.
func (env Env) send(t *testing.T, creds *taskcluster.Credentials, method, path, body string) response {
	t.Helper()
	req, err := http.NewRequest(method, strings.TrimRight(env.RootURL, "/")+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if creds != nil {
		if err := creds.SignRequest(req); err != nil {
			t.Fatal(err)
		}
	}
	return do(t, req)
}

func do(t *testing.T, req *http.Request) response {
	t.Helper()
	resp, err := http.DefaultTransport.RoundTrip(req) // follows nothing
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	r := response{status: resp.StatusCode}
	if err := json.NewDecoder(resp.Body).Decode(&r.json); err != nil {
		t.Fatalf("%s %s answered %d without JSON: %v", req.Method, req.URL.Path, resp.StatusCode, err)
	}
	r.code, _ = r.json["code"].(string)
	r.message, _ = r.json["message"].(string)
	return r
}
