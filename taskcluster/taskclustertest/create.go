package taskclustertest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"verdict/taskcluster"
	"verdict/taskcluster/api/methods"
)

var priorities = []any{"highest", "very-high", "high", "medium", "low", "very-low", "lowest"}

// upFrom are a priority and all higher ones.
func upFrom(priority any) []any {
	for i, p := range priorities {
		if p == priority {
			return priorities[:i+1]
		}
	}
	return nil
}

func (s *Server) createTask(req *request) answer {
	definition := req.payload
	if problems := checkSchema(definition); len(problems) > 0 {
		return s.invalid(req, taskSchema, problems)
	}
	fillIn(definition, req.id)
	if refused := s.authorize(req, createParams(definition)); refused != nil {
		return *refused
	}
	if p := s.define(req.id, definition, req.who.clientID); p != nil {
		return s.refuse(req, p.status, p.code, p.message)
	}
	return ok(map[string]any{"status": s.tasks[req.id].snapshot()})
}

// createParams are the parameters of createTask's scopes, of a definition that is
// filled in.
func createParams(definition map[string]any) map[string]any {
	return map[string]any{
		"scopes": definition["scopes"], "routes": definition["routes"],
		"projectId": definition["projectId"], "schedulerId": definition["schedulerId"],
		"priorities":    upFrom(definition["priority"]),
		"provisionerId": definition["provisionerId"], "workerType": definition["workerType"],
	}
}

// problem is why something can't be done.
type problem struct {
	status        int
	code, message string
}

// asError is the problem without what HTTP needs; nil for none.
func (p *problem) asError() error {
	if p == nil {
		return nil
	}
	return fmt.Errorf("%s: %s", p.code, p.message)
}

func bad(message string) *problem { return &problem{400, "InputError", message} }

func conflict(format string, args ...any) *problem {
	return &problem{409, "RequestConflict", fmt.Sprintf(format, args...)}
}

// define creates the task, or finds that it was created before by the same
// definition. Either way its messages are sent while no worker has it.
func (s *Server) define(taskID string, definition map[string]any, by string) *problem {
	if problems := checkSchema(definition); len(problems) > 0 {
		return &problem{400, "InputValidationError", schemaMessage(taskSchema, problems)}
	}
	fillIn(definition, taskID)
	t, p := s.newTask(taskID, definition)
	if p != nil {
		return p
	}
	g, p := s.groupFor(t)
	if p != nil {
		return p
	}
	if existing := s.find(taskID); existing != nil {
		if !reflect.DeepEqual(existing.definition, t.definition) {
			return conflict("taskId `%s` already used by another task.\nThis could be the result of faulty idempotency!", taskID)
		}
		existing.sent++
		s.announceDefined(existing)
		return nil
	}
	for _, needed := range t.task.Dependencies {
		if needed != taskID && s.find(needed) == nil {
			return bad("`task.dependencies` references non-existing tasks: \n * " + needed + "\nAll taskIds in `task.dependencies` **must** exist\nbefore the task is created.\n")
		}
	}
	s.created++
	t.createdBy, t.sent, t.place = by, 1, s.created
	s.tasks[taskID], s.groups[g.id] = t, g
	g.add(t)
	for _, needed := range t.task.Dependencies {
		s.waiting[needed] = append(s.waiting[needed], t)
	}
	s.announce("task-defined", t, -1)
	s.scheduleIfReady(t)
	return nil
}

// announceDefined tells once more of a task that no worker had yet.
func (s *Server) announceDefined(t *task) {
	if len(t.status.Runs) > 0 && t.status.Runs[0].State != taskcluster.Pending {
		return
	}
	s.announce("task-defined", t, -1)
	if len(t.status.Runs) > 0 {
		s.announce("task-pending", t, 0)
	}
}

// newTask reads a complete definition and checks what its schema doesn't.
func (s *Server) newTask(taskID string, definition map[string]any) (*task, *problem) {
	text, err := json.Marshal(definition)
	if err != nil {
		return nil, bad(err.Error())
	}
	t := &task{artifacts: map[string]*artifact{}}
	if err := json.Unmarshal(text, &t.task); err != nil {
		return nil, bad(err.Error())
	}
	if err := json.Unmarshal(text, &t.definition); err != nil {
		return nil, bad(err.Error())
	}
	for _, scope := range t.task.Scopes {
		if strings.HasSuffix(scope, "**") {
			return nil, bad("scopes must not end with `**`")
		}
	}
	if p := s.checkTimes(t.task); p != nil {
		return nil, p
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

func (s *Server) checkTimes(d taskcluster.Task) *problem {
	now := s.config.Now()
	created, deadline, expires := time.Time(d.Created), time.Time(d.Deadline), time.Time(d.Expires)
	switch {
	case created.Before(now.Add(-15 * time.Minute)):
		return bad("`created` cannot be in the past (max 15min drift)")
	case created.After(now.Add(15 * time.Minute)):
		return bad("`created` cannot be in the future (max 15min drift)")
	case created.After(deadline):
		return bad("`deadline` cannot be past `created`")
	case deadline.Before(now):
		return bad("`deadline` cannot be in the past")
	case deadline.After(now.Add(5*24*time.Hour + 15*time.Minute)):
		return bad("`deadline` cannot be more than 5 days into the future")
	case expires.Before(deadline):
		return bad("`expires` cannot be before `deadline`")
	}
	return nil
}

// createExpression is what creating a task needs. Hooks create tasks without a
// request.
func createExpression(definition map[string]any) any {
	for _, m := range methods.All {
		if m.Service == "queue" && m.Name == "createTask" {
			return (*expression)(m.Scopes).render(createParams(definition))[0]
		}
	}
	panic("the references name createTask")
}
