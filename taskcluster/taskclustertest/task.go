package taskclustertest

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"verdict/taskcluster"
)

// task is one task, its definition as JSON has it, with defaults.
type task struct {
	definition map[string]any
	task       taskcluster.Task // the definition, read
	status     taskcluster.TaskStatus
	createdBy  string
	sent       int
	artifacts  map[string]Artifact // by run/name
}

// snapshot is the status as it is now, sharing nothing with it.
func (t *task) snapshot() taskcluster.TaskStatus {
	status := t.status
	status.Runs = append([]taskcluster.Run{}, t.status.Runs...)
	return status
}

// group is a task group: its tasks in the order they came.
type group struct {
	id, schedulerID string
	expires         taskcluster.Time
	tasks           []*task
}

// Task is a task as the server has it.
type Task struct {
	ID         string
	Definition taskcluster.Task
	Status     taskcluster.TaskStatus
	// CreatedBy is the client that created it; "" for one made from Go.
	CreatedBy string
	// Sent is how often createTask was called for it with this definition.
	Sent int
}

// Task is the task as it is now; ok is false where there is none.
func (s *Server) Task(taskID string) (snapshot Task, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tasks[taskID]
	if t == nil {
		return Task{}, false
	}
	return t.public(), true
}

// Tasks are all tasks as they are now, those created first in front.
func (s *Server) Tasks() []Task {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Task
	for _, t := range s.tasks {
		all = append(all, t.public())
	}
	slices.SortFunc(all, func(a, b Task) int {
		if c := time.Time(a.Definition.Created).Compare(time.Time(b.Definition.Created)); c != 0 {
			return c
		}
		return slices.Compare([]byte(a.ID), []byte(b.ID))
	})
	return all
}

func (t *task) public() Task {
	return Task{ID: t.status.TaskID, Definition: t.task, Status: t.snapshot(), CreatedBy: t.createdBy, Sent: t.sent}
}

// AddTask creates a task as its decision task would, without asking for scopes;
// the definition may leave out times. It is pending when it is answered, unless
// it depends on others.
func (s *Server) AddTask(taskID string, definition map[string]any) error {
	now := s.config.Now()
	filled := map[string]any{
		"created":  taskcluster.Time(now),
		"deadline": taskcluster.Time(now.Add(time.Hour)),
		"payload":  map[string]any{},
	}
	for k, v := range definition {
		filled[k] = v
	}
	text, err := json.Marshal(filled)
	if err != nil {
		return fmt.Errorf("add task %s: %w", taskID, err)
	}
	var payload map[string]any
	if err := json.Unmarshal(text, &payload); err != nil {
		return fmt.Errorf("add task %s: %w", taskID, err)
	}
	s.mu.Lock()
	problem := s.define(taskID, payload, "")
	s.mu.Unlock()
	s.publish()
	if problem != nil {
		return fmt.Errorf("add task %s: %s: %s", taskID, problem.code, problem.message)
	}
	return nil
}

// Start has a worker claim a pending task, and answers which run it began.
func (s *Server) Start(taskID string) (run int, err error) {
	err = s.change(taskID, "start", func(t *task) error {
		if t.status.State != taskcluster.Pending {
			return fmt.Errorf("it is %s", t.status.State)
		}
		run = len(t.status.Runs) - 1
		now := s.config.Now()
		r := &t.status.Runs[run]
		r.State, r.WorkerGroup, r.WorkerID = taskcluster.Running, "stand-in", "worker-1"
		r.Started, r.TakenUntil = taskcluster.Time(now), taskcluster.Time(now.Add(20*time.Minute))
		t.status.State = taskcluster.Running
		s.announce("task-running", t, run)
		return nil
	})
	return run, err
}

// retried are the reasons after which a task with retries left runs again, and
// the reason that its new run has.
var retried = map[string]string{
	"worker-shutdown": "retry", "claim-expired": "retry", "intermittent-task": "task-retry",
}

// Resolve ends the task's latest run: completed, failed, or exception with a
// reason, for some of which the queue begins another run at once. A pending run
// can only end in exception. The same once more sends the message again.
func (s *Server) Resolve(taskID string, run int, state, reason string) error {
	return s.change(taskID, "resolve", func(t *task) error {
		if run != len(t.status.Runs)-1 {
			return fmt.Errorf("its latest run is %d, not %d", len(t.status.Runs)-1, run)
		}
		r := &t.status.Runs[run]
		switch {
		case r.State == state && t.status.Final():
			s.announce("task-"+state, t, run)
			return nil
		case state == taskcluster.Exception && (r.State == taskcluster.Running || r.State == taskcluster.Pending):
		case (state == taskcluster.Completed || state == taskcluster.Failed) && r.State == taskcluster.Running:
			reason = state
		default:
			return fmt.Errorf("run %d is %s and can't become %s", run, r.State, state)
		}
		r.State, r.ReasonResolved, r.Resolved = state, reason, taskcluster.Time(s.config.Now())
		t.status.State = state
		again := retried[reason]
		if again == "" || t.status.RetriesLeft == 0 {
			s.announce("task-"+state, t, run)
			s.resolved(t)
			return nil
		}
		t.status.RetriesLeft--
		s.addRun(t, again)
		s.announce("task-exception", t, run)
		s.announce("task-pending", t, run+1)
		return nil
	})
}

// Rerun begins a new run of a task that is final or unscheduled, as the queue's
// rerunTask. For one that is pending it only sends the message again, for one
// that is running it does nothing.
func (s *Server) Rerun(taskID string) error {
	return s.change(taskID, "rerun", func(t *task) error { return s.rerun(t) })
}

// Cancel ends a task that isn't final, in exception with reason canceled. For one
// that was cancelled it sends the message again.
func (s *Server) Cancel(taskID string) error {
	return s.change(taskID, "cancel", func(t *task) error { return s.cancel(t, "canceled") })
}

// MissDeadline ends a task that isn't final as its deadline would.
func (s *Server) MissDeadline(taskID string) error {
	return s.change(taskID, "miss deadline of", func(t *task) error { return s.cancel(t, "deadline-exceeded") })
}

// DeleteTask makes a task unknown, as if it had expired.
func (s *Server) DeleteTask(taskID string) error {
	return s.change(taskID, "delete", func(t *task) error {
		delete(s.tasks, taskID)
		g := s.groups[t.status.TaskGroupID]
		g.tasks = slices.DeleteFunc(g.tasks, func(other *task) bool { return other == t })
		if len(g.tasks) == 0 {
			delete(s.groups, g.id)
		}
		return nil
	})
}

// change does one step with a task, and publishes what it announced.
func (s *Server) change(taskID, verb string, step func(*task) error) error {
	s.mu.Lock()
	t := s.tasks[taskID]
	err := fmt.Errorf("there is no such task")
	if t != nil {
		err = step(t)
	}
	s.mu.Unlock()
	s.publish()
	if err != nil {
		return fmt.Errorf("%s task %s: %w", verb, taskID, err)
	}
	return nil
}

func (s *Server) rerun(t *task) error {
	if t.status.State == taskcluster.Running {
		return nil
	}
	if t.status.State != taskcluster.Pending {
		t.status.RetriesLeft = t.task.Retries
		s.addRun(t, "rerun")
	}
	s.announce("task-pending", t, len(t.status.Runs)-1)
	return nil
}

func (s *Server) cancel(t *task, reason string) error {
	if t.status.Final() {
		if run := len(t.status.Runs) - 1; t.status.Runs[run].ReasonResolved == reason {
			s.announce("task-exception", t, run)
		}
		return nil
	}
	if t.status.State == taskcluster.Unscheduled {
		s.addRun(t, "exception")
	}
	run := len(t.status.Runs) - 1
	r := &t.status.Runs[run]
	r.State, r.ReasonResolved, r.Resolved = taskcluster.Exception, reason, taskcluster.Time(s.config.Now())
	t.status.State = taskcluster.Exception
	s.announce("task-exception", t, run)
	s.resolved(t)
	return nil
}

// addRun makes the task pending with a new run.
func (s *Server) addRun(t *task, reason string) {
	t.status.Runs = append(t.status.Runs, taskcluster.Run{
		RunID: len(t.status.Runs), State: taskcluster.Pending, ReasonCreated: reason,
		Scheduled: taskcluster.Time(s.config.Now()),
	})
	t.status.State = taskcluster.Pending
}

// resolved schedules what waited for the task, and tells when its group is done:
// when nothing in it is unresolved at this moment.
func (s *Server) resolved(t *task) {
	for _, other := range s.tasks {
		if other.status.State == taskcluster.Unscheduled && slices.Contains(other.task.Dependencies, t.status.TaskID) {
			s.scheduleIfReady(other)
		}
	}
	g := s.groups[t.status.TaskGroupID]
	for _, other := range g.tasks {
		if !other.status.Final() {
			return
		}
	}
	s.announceGroup(g)
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
