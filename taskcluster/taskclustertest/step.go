package taskclustertest

import (
	"time"

	"verdict/taskcluster"
)

// maxRuns is how many runs a task may have.
const maxRuns = 50

func (s *Server) scheduleTask(req *request) answer {
	return s.step(req, "scheduled", (*Server).schedule)
}

func (s *Server) rerunTask(req *request) answer { return s.step(req, "rescheduled", (*Server).rerun) }

func (s *Server) cancelTask(req *request) answer {
	return s.step(req, "canceled", func(s *Server, t *task) *problem { s.cancel(t, "canceled"); return nil })
}

// step does what a call on a task asks for. Whoever asks is told whether the task
// exists before their scopes are looked at, since those name its group.
func (s *Server) step(req *request, verb string, do func(*Server, *task) *problem) answer {
	t := s.find(req.id)
	if t == nil {
		return s.noTask(req)
	}
	if refused := s.authorize(req, map[string]any{
		"schedulerId": t.status.SchedulerID, "taskGroupId": t.status.TaskGroupID, "projectId": t.status.ProjectID,
	}); refused != nil {
		return *refused
	}
	var p *problem
	if time.Time(t.task.Deadline).Before(s.config.Now()) {
		p = conflict("Task `%s` can't be %s past its deadline at %s.", req.id, verb, t.task.Deadline)
	} else {
		p = do(s, t)
	}
	if p != nil {
		return s.refuse(req, p.status, p.code, p.message)
	}
	return ok(map[string]any{"status": t.snapshot()})
}

// schedule lets a task run whatever it depends on. The same while it is pending
// sends the message again.
func (s *Server) schedule(t *task) *problem {
	if t.status.State == taskcluster.Unscheduled {
		s.addRun(t, "scheduled")
	}
	if len(t.status.Runs) == 1 && t.status.State == taskcluster.Pending {
		s.announce("task-pending", t, 0)
	}
	return nil
}

func (s *Server) rerun(t *task) *problem {
	switch t.status.State {
	case taskcluster.Running:
		return nil
	case taskcluster.Pending:
	default:
		if len(t.status.Runs) >= maxRuns {
			return conflict("Task `%s` can't be rescheduled, it has %d runs already.", t.status.TaskID, maxRuns)
		}
		t.status.RetriesLeft = t.task.Retries
		s.addRun(t, "rerun")
	}
	s.announce("task-pending", t, len(t.status.Runs)-1)
	return nil
}

// cancel ends a task that isn't final in exception, for the reason. For one that
// ended so before it sends the message again.
func (s *Server) cancel(t *task, reason string) {
	if t.status.Final() {
		if run := len(t.status.Runs) - 1; t.status.Runs[run].ReasonResolved == reason {
			s.announce("task-exception", t, run)
			s.resolved(t)
		}
		return
	}
	s.announce("task-exception", t, s.endIn(t, reason))
	s.resolved(t)
}

// endIn puts a task that isn't final into exception, and answers which run that
// ended: a task without runs gets one that says so.
func (s *Server) endIn(t *task, reason string) (run int) {
	if t.status.State == taskcluster.Unscheduled {
		s.addRun(t, "exception")
	}
	run = len(t.status.Runs) - 1
	r := &t.status.Runs[run]
	r.State, r.ReasonResolved, r.Resolved = taskcluster.Exception, reason, s.now()
	t.status.State = taskcluster.Exception
	return run
}

// addRun makes the task pending with a new run.
func (s *Server) addRun(t *task, reason string) {
	t.status.Runs = append(t.status.Runs, taskcluster.Run{
		RunID: len(t.status.Runs), State: taskcluster.Pending, ReasonCreated: reason, Scheduled: s.now(),
	})
	t.status.State = taskcluster.Pending
}

// resolved schedules what waited for the task, and tells when its group is done:
// when each task in it was resolved at some time. So it tells once more at every
// later resolution, and while a task that was rerun is pending.
func (s *Server) resolved(t *task) {
	t.everResolved = true
	for _, other := range s.waiting[t.status.TaskID] {
		if other.status.State == taskcluster.Unscheduled && s.tasks[other.status.TaskID] == other {
			s.scheduleIfReady(other)
		}
	}
	g := s.groups[t.status.TaskGroupID]
	for _, other := range g.tasks {
		if !other.everResolved {
			return
		}
	}
	s.announceGroup("task-group-resolved", g, g.view())
}

// scheduleIfReady makes an unscheduled task pending when its dependencies allow.
func (s *Server) scheduleIfReady(t *task) {
	for _, needed := range t.task.Dependencies {
		other := s.tasks[needed]
		if other == nil || !other.status.Final() {
			return
		}
		if t.task.Requires != "all-resolved" && other.status.State != taskcluster.Completed {
			return
		}
	}
	s.addRun(t, "scheduled")
	s.announce("task-pending", t, 0)
}

func (s *Server) changeTaskPriority(req *request) answer {
	t := s.find(req.id)
	if t == nil {
		return s.noTask(req)
	}
	if refused := s.authorize(req, map[string]any{"taskQueueId": t.status.TaskQueueID}); refused != nil {
		return *refused
	}
	priority, invalid := s.newPriority(req)
	if invalid != nil {
		return *invalid
	}
	old := t.status.Priority
	t.setPriority(priority)
	s.announcePriority(t, old)
	return ok(map[string]any{"status": t.snapshot()})
}

func (s *Server) newPriority(req *request) (string, *answer) {
	priority, _ := req.payload["newPriority"].(string)
	if !priorityPattern.MatchString(priority) {
		a := s.invalid(req, "queue/v1/change-task-priority-request.json", []string{"data/newPriority must be equal to one of the allowed values"})
		return "", &a
	}
	return priority, nil
}

// setPriority changes the one thing of a definition that can be changed.
func (t *task) setPriority(priority string) {
	t.status.Priority, t.task.Priority = priority, priority
	t.definition["priority"] = priority
}
