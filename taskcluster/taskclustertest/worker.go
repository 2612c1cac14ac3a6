package taskclustertest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"verdict/taskcluster"
)

// claimTime is how long a worker has a task before it must claim it again.
const claimTime = 20 * time.Minute

// claim gives a pending task to a worker, and answers which run began.
func (s *Server) claim(t *task, workerGroup, workerID string) (run int, err error) {
	if t.status.State != taskcluster.Pending {
		return 0, fmt.Errorf("it is %s", t.status.State)
	}
	run = len(t.status.Runs) - 1
	now := s.config.Now()
	r := &t.status.Runs[run]
	r.State, r.WorkerGroup, r.WorkerID = taskcluster.Running, workerGroup, workerID
	r.Started, r.TakenUntil = taskcluster.Time(now), taskcluster.Time(now.Add(claimTime))
	t.status.State = taskcluster.Running
	s.announce("task-running", t, run)
	return run, nil
}

// claimWork gives a worker pending tasks of its queue, the highest priorities
// first. The real one waits a while when there are none.
func (s *Server) claimWork(req *request) answer {
	group, id := text(req.payload["workerGroup"]), text(req.payload["workerId"])
	if refused := s.authorize(req, map[string]any{"workerGroup": group, "workerId": id}); refused != nil {
		return *refused
	}
	most, _ := req.payload["tasks"].(float64)
	claims := []any{}
	for _, priority := range priorities {
		for _, t := range s.inOrder() {
			if len(claims) < int(most) && t.status.State == taskcluster.Pending && t.status.TaskQueueID == req.params["taskQueueId"] && t.status.Priority == priority {
				claims = append(claims, s.claimed(t, group, id))
			}
		}
	}
	return ok(map[string]any{"tasks": claims})
}

// claimed claims a pending task and is what a worker is told of it.
func (s *Server) claimed(t *task, workerGroup, workerID string) map[string]any {
	run, err := s.claim(t, workerGroup, workerID)
	if err != nil {
		panic(err) // it is pending
	}
	claim := s.claimOf(t, run)
	claim["task"], claim["takenUntil"] = t.definition, takenUntil(t, run)
	return claim
}

// takenUntil is written in another form where a run is claimed than anywhere else.
func takenUntil(t *task, run int) string {
	return time.Time(t.status.Runs[run].TakenUntil).UTC().Format("2006-01-02T15:04:05.000-07:00")
}

func (s *Server) claimOf(t *task, run int) map[string]any {
	r := t.status.Runs[run]
	return map[string]any{
		"status": t.snapshot(), "runId": run, "workerGroup": r.WorkerGroup, "workerId": r.WorkerID,
		"takenUntil": r.TakenUntil, "credentials": s.taskCredentials(t, run),
	}
}

func (s *Server) claimTask(req *request) answer {
	t, run, problem := s.runOf(req)
	if problem != nil {
		return *problem
	}
	group, id := text(req.payload["workerGroup"]), text(req.payload["workerId"])
	if refused := s.authorize(req, map[string]any{
		"provisionerId": t.status.ProvisionerID, "workerType": t.status.WorkerType, "workerGroup": group, "workerId": id,
	}); refused != nil {
		return *refused
	}
	if run != len(t.status.Runs)-1 || t.status.State != taskcluster.Pending {
		return s.refuse(req, 409, "RequestConflict", fmt.Sprintf("Run %d was already claimed by another worker.", run))
	}
	return ok(s.claimed(t, group, id))
}

func (s *Server) reclaimTask(req *request) answer {
	t, run, problem := s.runOf(req)
	if problem != nil {
		return *problem
	}
	r := &t.status.Runs[run]
	if r.State != taskcluster.Running {
		return s.refuse(req, 409, "RequestConflict", fmt.Sprintf("Run %d on task `%s` is resolved or not running.", run, req.id))
	}
	r.TakenUntil = taskcluster.Time(s.config.Now().Add(claimTime))
	return ok(s.claimOf(t, run))
}

// runOf is the run that a path names; an answer where there is none.
func (s *Server) runOf(req *request) (*task, int, *answer) {
	t := s.find(req.id)
	if t == nil {
		a := s.refuse(req, 404, "ResourceNotFound", fmt.Sprintf("Task `%s` not found. Are you sure it was created?", req.id))
		return nil, 0, &a
	}
	run, err := strconv.Atoi(req.params["runId"])
	if err != nil || run >= len(t.status.Runs) {
		a := s.refuse(req, 404, "ResourceNotFound", fmt.Sprintf("Run %s not found on task `%s`.", req.params["runId"], req.id))
		return nil, 0, &a
	}
	return t, run, nil
}

func (s *Server) reportCompleted(req *request) answer {
	return s.report(req, taskcluster.Completed, "")
}

func (s *Server) reportFailed(req *request) answer { return s.report(req, taskcluster.Failed, "") }

// reported are the reasons that a worker may give for an exception.
var reported = []string{"worker-shutdown", "malformed-payload", "resource-unavailable", "internal-error", "intermittent-task"}

func (s *Server) reportException(req *request) answer {
	reason := text(req.payload["reason"])
	for _, known := range reported {
		if reason == known {
			return s.report(req, taskcluster.Exception, reason)
		}
	}
	return s.invalid(req, "queue/v1/task-exception-request.json", []string{"data/reason must be equal to one of the allowed values"})
}

func (s *Server) report(req *request, state, reason string) answer {
	t, run, problem := s.runOf(req)
	if problem != nil {
		return *problem
	}
	r := t.status.Runs[run]
	if next := run + 1; state == taskcluster.Exception && r.ReasonResolved == reason && next == len(t.status.Runs)-1 && t.status.State == taskcluster.Pending {
		s.announce("task-exception", t, run)
		s.announce("task-pending", t, next)
		return ok(map[string]any{"status": t.snapshot()})
	}
	if r.State == taskcluster.Pending || s.resolve(t, run, state, reason) != nil {
		return s.refuse(req, 409, "RequestConflict", fmt.Sprintf("Run %d of task `%s` is not running or %s.", run, req.id, state))
	}
	return ok(map[string]any{"status": t.snapshot()})
}

// retried are the reasons after which a task with retries left runs again, and
// the reason that its new run has.
var retried = map[string]string{
	"worker-shutdown": "retry", "claim-expired": "retry", "intermittent-task": "task-retry",
}

// resolve ends a run, as [Server.Resolve] says.
func (s *Server) resolve(t *task, run int, state, reason string) error {
	if run != len(t.status.Runs)-1 {
		return fmt.Errorf("its latest run is %d, not %d", len(t.status.Runs)-1, run)
	}
	r := &t.status.Runs[run]
	switch {
	case r.State == state && t.status.Final():
		s.announce("task-"+state, t, run)
		s.resolved(t)
		return nil
	case state == taskcluster.Exception && (r.State == taskcluster.Running || r.State == taskcluster.Pending):
	case (state == taskcluster.Completed || state == taskcluster.Failed) && r.State == taskcluster.Running:
		reason = state
	default:
		return fmt.Errorf("run %d is %s and can't become %s", run, r.State, state)
	}
	r.State, r.ReasonResolved, r.Resolved = state, reason, s.now()
	t.status.State = state
	again := retried[reason]
	if again == "" || t.status.RetriesLeft == 0 {
		s.announce("task-"+state, t, run)
		if state == taskcluster.Completed {
			s.indexTask(t)
		}
		s.resolved(t)
		return nil
	}
	t.status.RetriesLeft--
	s.addRun(t, again)
	s.announce("task-exception", t, run)
	s.announce("task-pending", t, run+1)
	return nil
}

// taskCredentials are those that a worker gets with a run: temporary ones of the
// queue, for the run and with the task's scopes.
func (s *Server) taskCredentials(t *task, run int) map[string]any {
	r := t.status.Runs[run]
	until := time.Time(r.TakenUntil)
	of := fmt.Sprintf("%s/%d", t.status.TaskID, run)
	clientID := fmt.Sprintf("task-client/%s/on/%s/%s/until/%.3f", of, r.WorkerGroup, r.WorkerID, float64(until.UnixMilli())/1000)
	token := s.clients[queueClient].accessToken
	cert := &certificate{
		Version: 1, Issuer: queueClient, Seed: taskcluster.NewID() + taskcluster.NewID(),
		Start: s.config.Now().UnixMilli(), Expiry: until.UnixMilli(),
		Scopes: append([]string{"queue:reclaim-task:" + of, "queue:resolve-task:" + of, "queue:create-artifact:" + of}, t.task.Scopes...),
	}
	cert.Signature = base64.StdEncoding.EncodeToString(hmacSHA256(token, cert.text(clientID)))
	written, err := json.Marshal(cert)
	if err != nil {
		panic(err) // strings and numbers
	}
	return map[string]any{
		"clientId": clientID, "certificate": string(written),
		"accessToken": strings.TrimRight(base64.URLEncoding.EncodeToString(hmacSHA256(token, cert.Seed)), "="),
	}
}
