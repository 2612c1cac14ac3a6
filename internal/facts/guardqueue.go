package facts

import (
	"context"

	"verdict/taskcluster"
)

// GuardQueue gives a queue that is left alone while it is away.
func GuardQueue(q Queue) Queue { return &guardedQueue{q, newGuard("taskcluster")} }

type guardedQueue struct {
	Queue
	guard *guard
}

// Task implements Queue.
func (q *guardedQueue) Task(ctx context.Context, taskID string) (*taskcluster.Task, error) {
	return through(ctx, q.guard, "Task", func(ctx context.Context) (*taskcluster.Task, error) { return q.Queue.Task(ctx, taskID) })
}

// Status implements Queue.
func (q *guardedQueue) Status(ctx context.Context, taskID string) (*taskcluster.TaskStatus, error) {
	return through(ctx, q.guard, "Status", func(ctx context.Context) (*taskcluster.TaskStatus, error) { return q.Queue.Status(ctx, taskID) })
}

// ListTaskGroup implements Queue.
func (q *guardedQueue) ListTaskGroup(ctx context.Context, groupID string, atMost int) (*taskcluster.TaskGroup, error) {
	return limited(ctx, q.guard, "ListTaskGroup", findLimit, func(ctx context.Context) (*taskcluster.TaskGroup, error) {
		return q.Queue.ListTaskGroup(ctx, groupID, atMost)
	})
}

// Artifact implements Queue. What is of another host says nothing about the queue.
func (q *guardedQueue) Artifact(ctx context.Context, taskID string, run int, name string, caller taskcluster.Caller, atMost int64) ([]byte, error) {
	content, err := q.Queue.Artifact(ctx, taskID, run, name, caller, atMost)
	return content, q.guard.judge("Artifact", err)
}
