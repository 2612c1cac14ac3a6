package taskclustertest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"time"

	"verdict/taskcluster"
)

func (s *Server) getTask(req *request) answer {
	if refused := s.allow(req, "queue:get-task:"+req.id); refused != nil {
		return *refused
	}
	t := s.tasks[req.id]
	if t == nil {
		return s.noTask(req)
	}
	return ok(t.definition)
}

func (s *Server) getStatus(req *request) answer {
	if refused := s.allow(req, "queue:status:"+req.id); refused != nil {
		return *refused
	}
	t := s.tasks[req.id]
	if t == nil {
		return s.noTask(req)
	}
	return ok(map[string]any{"status": t.snapshot()})
}

func (s *Server) noTask(req *request) answer {
	return s.refuse(req, 404, "ResourceNotFound",
		fmt.Sprintf("`%s` does not correspond to a task that exists.\nAre you sure this task exists?", req.id))
}

var priorities = []any{"highest", "very-high", "high", "medium", "low", "very-low", "lowest"}

func (s *Server) createTask(req *request) answer {
	definition := req.payload
	if problems := checkSchema(definition); len(problems) > 0 {
		return s.refuse(req, 400, "InputValidationError", schemaMessage(problems))
	}
	fillIn(definition, req.id)
	if refused := s.allow(req, createExpression(definition)); refused != nil {
		return *refused
	}
	if p := s.define(req.id, definition, req.who.clientID); p != nil {
		return s.refuse(req, p.status, p.code, p.message)
	}
	return ok(map[string]any{"status": s.tasks[req.id].snapshot()})
}

// createExpression is the reference's expression, for this task.
func createExpression(definition map[string]any) any {
	var all allOf
	for _, scope := range definition["scopes"].([]any) {
		all = append(all, scope)
	}
	for _, route := range definition["routes"].([]any) {
		all = append(all, "queue:route:"+route.(string))
	}
	all = append(all, "queue:create-task:project:"+definition["projectId"].(string),
		"queue:scheduler-id:"+definition["schedulerId"].(string))
	var create anyOf
	for _, priority := range priorities {
		create = append(create, fmt.Sprintf("queue:create-task:%s:%s", priority, definition["taskQueueId"]))
		if priority == definition["priority"] {
			break
		}
	}
	return append(all, create)
}

// problem is why a task can't be created.
type problem struct {
	status        int
	code, message string
}

func bad(message string) *problem { return &problem{400, "InputError", message} }

// define creates the task, or finds that it was created before by the same
// definition. Either way its messages are sent while no worker has it.
func (s *Server) define(taskID string, definition map[string]any, by string) *problem {
	if problems := checkSchema(definition); len(problems) > 0 {
		return &problem{400, "InputValidationError", schemaMessage(problems)}
	}
	fillIn(definition, taskID)
	t, p := s.newTask(taskID, definition)
	if p != nil {
		return p
	}
	if existing := s.tasks[taskID]; existing != nil {
		if !reflect.DeepEqual(existing.definition, t.definition) {
			return &problem{409, "RequestConflict", fmt.Sprintf("taskId `%s` already used by another task.\nThis could be the result of faulty idempotency!", taskID)}
		}
		existing.sent++
		if len(existing.status.Runs) == 0 || existing.status.Runs[0].State == taskcluster.Pending {
			s.announce("task-defined", existing, -1)
		}
		if len(existing.status.Runs) > 0 && existing.status.Runs[0].State == taskcluster.Pending {
			s.announce("task-pending", existing, 0)
		}
		return nil
	}
	g := s.groups[t.task.TaskGroupID]
	if g == nil {
		g = &group{id: t.task.TaskGroupID, schedulerID: t.task.SchedulerID}
	}
	if g.schedulerID != t.task.SchedulerID {
		return &problem{409, "RequestConflict", fmt.Sprintf("Task group `%s` contains tasks with a schedulerId other\nthan `%s`. All tasks in the same task-group must have\nthe same schedulerId.", g.id, t.task.SchedulerID)}
	}
	for _, needed := range t.task.Dependencies {
		if needed != taskID && s.tasks[needed] == nil {
			return bad("`task.dependencies` references non-existing tasks: \n * " + needed + "\nAll taskIds in `task.dependencies` **must** exist\nbefore the task is created.\n")
		}
	}
	t.createdBy, t.sent = by, 1
	s.tasks[taskID], s.groups[g.id] = t, g
	g.tasks = append(g.tasks, t)
	if expires := t.task.Expires; time.Time(expires).After(time.Time(g.expires)) {
		g.expires = expires
	}
	s.announce("task-defined", t, -1)
	s.scheduleIfReady(t)
	return nil
}

// newTask reads a complete definition and checks its times.
func (s *Server) newTask(taskID string, definition map[string]any) (*task, *problem) {
	text, err := json.Marshal(definition)
	if err != nil {
		return nil, bad(err.Error())
	}
	t := &task{artifacts: map[string]Artifact{}}
	if err := json.Unmarshal(text, &t.task); err != nil {
		return nil, bad(err.Error())
	}
	if err := json.Unmarshal(text, &t.definition); err != nil {
		return nil, bad(err.Error())
	}
	now := s.config.Now()
	created, deadline, expires := time.Time(t.task.Created), time.Time(t.task.Deadline), time.Time(t.task.Expires)
	switch {
	case created.Before(now.Add(-15 * time.Minute)):
		return nil, bad("`created` cannot be in the past (max 15min drift)")
	case created.After(now.Add(15 * time.Minute)):
		return nil, bad("`created` cannot be in the future (max 15min drift)")
	case created.After(deadline):
		return nil, bad("`deadline` cannot be past `created`")
	case deadline.Before(now):
		return nil, bad("`deadline` cannot be in the past")
	case deadline.After(now.Add(5*24*time.Hour + 15*time.Minute)):
		return nil, bad("`deadline` cannot be more than 5 days into the future")
	case expires.Before(deadline):
		return nil, bad("`expires` cannot be before `deadline`")
	}
	d := t.task
	t.status = taskcluster.TaskStatus{
		TaskID: taskID, ProvisionerID: d.ProvisionerID, WorkerType: d.WorkerType, TaskQueueID: d.TaskQueueID,
		SchedulerID: d.SchedulerID, ProjectID: d.ProjectID, TaskGroupID: d.TaskGroupID, Priority: d.Priority,
		Deadline: d.Deadline, Expires: d.Expires, RetriesLeft: d.Retries, State: taskcluster.Unscheduled,
		Runs: []taskcluster.Run{},
	}
	return t, nil
}

func (s *Server) rerunTask(req *request) answer {
	return s.step(req, "rerun", s.rerun)
}

func (s *Server) cancelTask(req *request) answer {
	return s.step(req, "cancel", func(t *task) error { return s.cancel(t, "canceled") })
}

// step does what a call on a task asks for, by the scopes that rerunTask and
// cancelTask have alike.
func (s *Server) step(req *request, verb string, do func(*task) error) answer {
	t := s.tasks[req.id]
	if t == nil {
		return s.noTask(req)
	}
	group := t.status.SchedulerID + "/" + t.status.TaskGroupID
	if refused := s.allow(req, anyOf{
		"queue:" + verb + "-task:" + group + "/" + req.id,
		"queue:" + verb + "-task-in-project:" + t.status.ProjectID,
		allOf{"queue:" + verb + "-task", "assume:scheduler-id:" + group},
	}); refused != nil {
		return *refused
	}
	if err := do(t); err != nil {
		return s.refuse(req, 409, "RequestConflict", "Task can't be changed: "+err.Error())
	}
	return ok(map[string]any{"status": t.snapshot()})
}

func (s *Server) listTaskGroup(req *request) answer {
	if refused := s.allow(req, "queue:list-task-group:"+req.id); refused != nil {
		return *refused
	}
	g := s.groups[req.id]
	if g == nil {
		return s.refuse(req, 404, "ResourceNotFound", fmt.Sprintf("No task-group with taskGroupId: `%s`", req.id))
	}
	limit, err := strconv.Atoi(req.URL.Query().Get("limit"))
	if err != nil || limit <= 0 {
		limit = 1000
	}
	limit = min(limit, s.config.PageLimit)
	from := s.pages[req.URL.Query().Get("continuationToken")] // unknown: page one
	from = min(from, len(g.tasks))
	page := g.tasks[from:min(from+limit, len(g.tasks))]
	tasks := []any{}
	for _, t := range page {
		tasks = append(tasks, map[string]any{"status": t.snapshot(), "task": t.definition})
	}
	body := map[string]any{"taskGroupId": g.id, "schedulerId": g.schedulerID, "expires": g.expires, "tasks": tasks}
	if next := from + len(page); next < len(g.tasks) {
		token := taskcluster.NewID()
		s.pages[token] = next
		body["continuationToken"] = token
	}
	return ok(body)
}

// Artifact is what getArtifact finds. Exactly one of its fields says what it is.
type Artifact struct {
	Content  []byte // with ContentType
	Redirect string // a reference to this address
	Error    string // the reason why there is none

	ContentType string
}

// AddArtifact gives a run an artifact.
func (s *Server) AddArtifact(taskID string, run int, name string, a Artifact) error {
	return s.change(taskID, "add artifact to", func(t *task) error {
		if run < 0 || run >= len(t.status.Runs) {
			return fmt.Errorf("it has no run %d", run)
		}
		t.artifacts[strconv.Itoa(run)+"/"+name] = a
		return nil
	})
}

// contentPath begins the addresses that stored artifacts redirect to.
const contentPath = "/_content/"

// getArtifact redirects, as the queue does: a client must not take its
// credentials along.
func (s *Server) getArtifact(req *request) answer {
	run, name := req.params[1], req.params[2]
	if refused := s.allow(req, "queue:get-artifact:"+name); refused != nil {
		return *refused
	}
	t := s.tasks[req.id]
	if t == nil {
		return s.noTask(req)
	}
	a, found := t.artifacts[run+"/"+name]
	switch {
	case !found:
		return s.refuse(req, 404, "ResourceNotFound", "Artifact not found")
	case a.Error != "":
		return answer{status: http.StatusFailedDependency, body: map[string]string{"reason": "file-missing-on-worker", "message": a.Error}}
	case a.Redirect != "":
		return answer{status: http.StatusSeeOther, location: a.Redirect, body: map[string]string{"storageType": "reference", "url": a.Redirect}}
	}
	address := s.URL + contentPath + req.id + "/" + run + "/" + name
	return answer{status: http.StatusSeeOther, location: address, body: map[string]string{"storageType": "object", "url": address}}
}

func (s *Server) serveContent(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path[len(contentPath):]
	s.mu.Lock()
	var found *Artifact
	if i := slices.Index([]byte(path), '/'); i > 0 && s.tasks[path[:i]] != nil {
		if a, ok := s.tasks[path[:i]].artifacts[path[i+1:]]; ok {
			found = &a
		}
	}
	s.mu.Unlock()
	if found == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", found.ContentType)
	_, _ = w.Write(found.Content) // the client may be gone
}
