package contract

import (
	"net/http"
	"path"
	"testing"

	"verdict/taskcluster"
)

// task creates a task with changes and answers its path.
func (env Env) task(t *testing.T, changes map[string]any) string {
	t.Helper()
	id := taskcluster.NewID()
	env.create(t, id, env.definition(changes))
	return "/api/queue/v1/task/" + id
}

// worker is who runs a task, with the credentials that the queue gave.
type worker struct {
	Env
	task, run string
}

// work has a worker of the suite's own claim a run.
func (env Env) work(t *testing.T, task, run string) worker {
	t.Helper()
	claim := env.call(t, http.MethodPost, task+"/runs/"+run+"/claim", map[string]any{"workerGroup": env.SchedulerID, "workerId": "w1"})
	claim.expect(t, "claim run "+run, 200, "")
	w := worker{env, task, run}
	w.Credentials = *claim.credentials(t)
	return w
}

// report says how the run ended, for an exception why.
func (w worker) report(t *testing.T, how, reason string) response {
	t.Helper()
	var payload any
	if reason != "" {
		payload = map[string]any{"reason": reason}
	}
	return w.call(t, http.MethodPost, w.task+"/runs/"+w.run+"/"+how, payload)
}

func testWorker(t *testing.T, env Env) {
	task := env.task(t, nil)
	again := map[string]any{"workerGroup": env.SchedulerID, "workerId": "w1"}
	claim := env.call(t, http.MethodPost, task+"/runs/0/claim", again)
	if claim.state() != taskcluster.Running || claim.json["credentials"] == nil || claim.json["task"] == nil {
		t.Errorf("a claim answered %d without a running task, its definition and credentials", claim.status)
	}
	env.call(t, http.MethodPost, task+"/runs/1/claim", again).expect(t, "claim a run that isn't there", 404, "ResourceNotFound")
	own := claim.credentials(t)
	env.send(t, own, http.MethodPost, task+"/runs/0/reclaim", "").expect(t, "reclaim with the task's credentials", 200, "")
	done := env.send(t, own, http.MethodPost, task+"/runs/0/completed", "")
	if done.state() != taskcluster.Completed || done.run(0) != "completed scheduled completed" {
		t.Errorf("a completed run is %q of a task that is %s", done.run(0), done.state())
	}
	env.send(t, own, http.MethodPost, task+"/runs/0/completed", "").expect(t, "the same again", 200, "")
	env.send(t, own, http.MethodPost, task+"/runs/0/failed", "").expect(t, "fail what is completed", 409, "RequestConflict")
	env.send(t, own, http.MethodPost, task+"/runs/0/reclaim", "").expect(t, "reclaim what is completed", 409, "RequestConflict")
	env.send(t, own, http.MethodPost, task+"/cancel", "").expect(t, "what a task's credentials don't allow", 403, "InsufficientScopes")
}

// credentials are those that a claim answers.
func (r response) credentials(t *testing.T) *taskcluster.Credentials {
	t.Helper()
	given, _ := r.json["credentials"].(map[string]any)
	creds := &taskcluster.Credentials{}
	creds.ClientID, _ = given["clientId"].(string)
	creds.AccessToken, _ = given["accessToken"].(string)
	creds.Certificate, _ = given["certificate"].(string)
	if creds.Certificate == "" {
		t.Fatalf("a claim answered %d without credentials", r.status)
	}
	return creds
}

func testRetries(t *testing.T, env Env) {
	for reason, created := range map[string]string{"worker-shutdown": "retry", "intermittent-task": "task-retry"} {
		task := env.task(t, map[string]any{"retries": 1})
		first := env.work(t, task, "0").report(t, "exception", reason)
		if first.state() != taskcluster.Pending || first.run(0) != "exception scheduled "+reason || first.run(1) != "pending "+created {
			t.Errorf("%s with a retry left: %s, %q then %q", reason, first.state(), first.run(0), first.run(1))
		}
		last := env.work(t, task, "1").report(t, "exception", reason)
		if last.state() != taskcluster.Exception || last.run(2) != "" {
			t.Errorf("%s without retries: %s, and a run %q", reason, last.state(), last.run(2))
		}
	}
	w := env.work(t, env.task(t, nil), "0")
	w.report(t, "exception", "superseded").expect(t, "a reason that workers don't give", 400, "InputValidationError")
	if got := w.report(t, "exception", "malformed-payload"); got.state() != taskcluster.Exception || got.run(1) != "" {
		t.Errorf("malformed-payload: %s with a run %q, want no retry", got.state(), got.run(1))
	}
}

func testRerun(t *testing.T, env Env) {
	task := env.task(t, nil)
	w := env.work(t, task, "0")
	w.report(t, "completed", "").expect(t, "complete", 200, "")
	for _, what := range []string{"rerun what is completed", "rerun what is pending"} {
		got := env.call(t, http.MethodPost, task+"/rerun", nil)
		if got.status != 200 || got.state() != taskcluster.Pending || got.run(1) != "pending rerun" || got.run(2) != "" {
			t.Errorf("%s: %d %s, run 1 %q, run 2 %q", what, got.status, got.state(), got.run(1), got.run(2))
		}
	}
	env.work(t, task, "1")
	if got := env.call(t, http.MethodPost, task+"/rerun", nil); got.status != 200 || got.state() != taskcluster.Running {
		t.Errorf("rerun what is running: %d %s, want nothing done", got.status, got.state())
	}
	w.report(t, "failed", "").expect(t, "fail a run that isn't the last", 409, "RequestConflict")
}

func testCancel(t *testing.T, env Env) {
	needed := env.task(t, nil)
	waits := env.task(t, map[string]any{"dependencies": []string{path.Base(needed)}})
	for range 2 {
		if got := env.call(t, http.MethodPost, waits+"/cancel", nil); got.status != 200 || got.run(0) != "exception exception canceled" {
			t.Errorf("cancel what never ran: %d, run 0 %q", got.status, got.run(0))
		}
	}
	for range 2 {
		if got := env.call(t, http.MethodPost, needed+"/schedule", nil); got.status != 200 || got.run(0) != "pending scheduled" || got.run(1) != "" {
			t.Errorf("schedule what is pending: %d, run 0 %q, run 1 %q", got.status, got.run(0), got.run(1))
		}
	}
	w := env.work(t, needed, "0")
	if got := env.call(t, http.MethodPost, needed+"/cancel", nil); got.run(0) != "exception scheduled canceled" {
		t.Errorf("cancel what is running: run 0 %q", got.run(0))
	}
	w.report(t, "completed", "").expect(t, "complete what was cancelled", 409, "RequestConflict")
	early := env.task(t, map[string]any{"dependencies": []string{path.Base(env.task(t, nil))}})
	if got := env.call(t, http.MethodPost, early+"/schedule", nil); got.run(0) != "pending scheduled" {
		t.Errorf("schedule what waits: run 0 %q", got.run(0))
	}
}
