package taskclustertest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
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
	place      int // among all tasks, by creation
	// everResolved: it was resolved at some time, whatever a rerun made of it.
	everResolved bool
	artifacts    map[string]*artifact // by run/name
}

// snapshot is the status as it is now, sharing nothing with it.
func (t *task) snapshot() taskcluster.TaskStatus {
	status := t.status
	status.Runs = append([]taskcluster.Run{}, t.status.Runs...)
	return status
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
	for _, t := range s.inOrder() {
		all = append(all, t.public())
	}
	return all
}

// inOrder are all tasks, those created first in front.
func (s *Server) inOrder() []*task {
	return slices.SortedFunc(maps.Values(s.tasks), func(a, b *task) int { return cmp.Compare(a.place, b.place) })
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
		run, err = s.claim(t, "stand-in", "worker-1")
		return err
	})
	return run, err
}

// Resolve ends the task's latest run: completed, failed, or exception with a
// reason, for some of which the queue begins another run at once. A pending run
// can only end in exception. The same once more sends the message again.
func (s *Server) Resolve(taskID string, run int, state, reason string) error {
	return s.change(taskID, "resolve", func(t *task) error { return s.resolve(t, run, state, reason) })
}

// Rerun begins a new run of a task that is final or unscheduled, as the queue's
// rerunTask. For one that is pending it only sends the message again, for one
// that is running it does nothing.
func (s *Server) Rerun(taskID string) error {
	return s.change(taskID, "rerun", func(t *task) error { return s.rerun(t).asError() })
}

// Cancel ends a task that isn't final, in exception with reason canceled. For one
// that was cancelled it sends the message again.
func (s *Server) Cancel(taskID string) error {
	return s.change(taskID, "cancel", func(t *task) error { s.cancel(t, "canceled"); return nil })
}

// MissDeadline ends a task that isn't final as its deadline would.
func (s *Server) MissDeadline(taskID string) error {
	return s.change(taskID, "miss deadline of", func(t *task) error { s.cancel(t, "deadline-exceeded"); return nil })
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
