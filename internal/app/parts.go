package app

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"verdict/internal/app/ruleset"
	"verdict/internal/decide"
	"verdict/internal/deliver"
	"verdict/internal/facts"
	"verdict/internal/ingest"
	"verdict/internal/problems"
	"verdict/taskcluster"
)

// Gerrit is what the stages need of one server.
type Gerrit interface {
	deliver.Gerrit
	facts.Gerrit
}

// Queue is what the stages need of Taskcluster's queue.
type Queue interface {
	deliver.Tasks
	facts.Queue
}

// Rules is what loading rules needs of the store, from a folder and from a repository.
type Rules interface {
	ruleset.Store
	fetchStore
}

// Parts are what the stages stand on. A test may put something of its own around them.
type Parts struct {
	Intake     ingest.Store
	Decisions  decide.Store
	Deliveries deliver.Store
	Rules      Rules
	Problems   problems.Store
	Gerrit     map[string]Gerrit
	Queue      Queue
	Services   deliver.Services
	Pace       Pace
}

// Pace is how long what a process holds is waited for when it dies. A field that is zero is as the stages have it.
type Pace struct {
	EventLease, LaneLease, FetchLease time.Duration
	Request                           time.Duration // one call of a delivery; shorter than LaneLease
	Window                            time.Duration // for which a message waits for neighbours
}

func delivering(servers map[string]Gerrit) map[string]deliver.Gerrit {
	out := make(map[string]deliver.Gerrit, len(servers))
	for name, g := range servers {
		out[name] = g
	}
	return out
}

// noQueue stands in where no Taskcluster is configured: nothing is known of any task, and none can be created.
type noQueue struct{}

var (
	_ Queue            = noQueue{}
	_ deliver.Services = noQueue{}
)

const noTaskcluster = "taskcluster.rootURL is not configured"

// Task implements facts.Queue.
func (noQueue) Task(context.Context, string) (*taskcluster.Task, error) {
	return nil, fmt.Errorf("%w: %s", taskcluster.ErrNotFound, noTaskcluster)
}

// Status implements facts.Queue.
func (noQueue) Status(context.Context, string) (*taskcluster.TaskStatus, error) {
	return nil, fmt.Errorf("%w: %s", taskcluster.ErrNotFound, noTaskcluster)
}

// ListTaskGroup implements facts.Queue.
func (noQueue) ListTaskGroup(context.Context, string, int) (*taskcluster.TaskGroup, error) {
	return nil, fmt.Errorf("%w: %s", taskcluster.ErrNotFound, noTaskcluster)
}

// Artifact implements facts.Queue.
func (noQueue) Artifact(context.Context, string, int, string, taskcluster.Caller, int64) ([]byte, error) {
	return nil, fmt.Errorf("%w: %s", taskcluster.ErrNotFound, noTaskcluster)
}

// RerunTask implements deliver.Tasks.
func (noQueue) RerunTask(context.Context, string, taskcluster.Caller) (*taskcluster.TaskStatus, error) {
	return nil, fmt.Errorf("%w: %s", taskcluster.ErrInvalid, noTaskcluster)
}

// CancelTask implements deliver.Tasks.
func (noQueue) CancelTask(context.Context, string, taskcluster.Caller) (*taskcluster.TaskStatus, error) {
	return nil, fmt.Errorf("%w: %s", taskcluster.ErrInvalid, noTaskcluster)
}

// CreateTask implements deliver.Tasks.
func (noQueue) CreateTask(context.Context, string, json.RawMessage, taskcluster.Caller) (*taskcluster.TaskStatus, error) {
	return nil, fmt.Errorf("%w: %s", taskcluster.ErrInvalid, noTaskcluster)
}

// Call implements deliver.Services.
func (noQueue) Call(context.Context, string, taskcluster.Call, taskcluster.Caller) (json.RawMessage, error) {
	return nil, fmt.Errorf("%w: %s", taskcluster.ErrInvalid, noTaskcluster)
}
