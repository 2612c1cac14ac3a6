package taskcluster

import "encoding/json"

// Task is a task's definition as the queue gives it, defaults filled in. But for
// its priority it never changes.
// See https://docs.taskcluster.net/docs/reference/platform/queue/api#task
type Task struct {
	ProvisionerID string            `json:"provisionerId"`
	WorkerType    string            `json:"workerType"`
	TaskQueueID   string            `json:"taskQueueId"` // provisionerId/workerType
	SchedulerID   string            `json:"schedulerId"`
	ProjectID     string            `json:"projectId"`
	TaskGroupID   string            `json:"taskGroupId"`
	Dependencies  []string          `json:"dependencies"`
	Requires      string            `json:"requires"` // all-completed or all-resolved
	Routes        []string          `json:"routes"`
	Priority      string            `json:"priority"`
	Retries       int               `json:"retries"`
	Created       Time              `json:"created"`
	Deadline      Time              `json:"deadline"`
	Expires       Time              `json:"expires,omitzero"`
	Scopes        []string          `json:"scopes"`
	Payload       json.RawMessage   `json:"payload"`
	Metadata      Metadata          `json:"metadata"`
	Tags          map[string]string `json:"tags"`
	Extra         json.RawMessage   `json:"extra"`

	// Raw is the definition as it was sent. Only [Queue.Task] sets it.
	Raw json.RawMessage `json:"-"`
}

// Metadata is what a task's author says of it.
type Metadata struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Owner       string `json:"owner"`
	Source      string `json:"source"`
}

// The states of tasks. A run is never unscheduled. Only the last three are
// final, and a rerun makes a task of those pending again.
const (
	Unscheduled = "unscheduled"
	Pending     = "pending"
	Running     = "running"
	Completed   = "completed"
	Failed      = "failed"
	Exception   = "exception"
)

// TaskStatus is a task's state and its runs.
// See https://docs.taskcluster.net/docs/reference/platform/queue/api#status
type TaskStatus struct {
	TaskID        string `json:"taskId"`
	ProvisionerID string `json:"provisionerId"`
	WorkerType    string `json:"workerType"`
	TaskQueueID   string `json:"taskQueueId"`
	SchedulerID   string `json:"schedulerId"`
	ProjectID     string `json:"projectId"`
	TaskGroupID   string `json:"taskGroupId"`
	Priority      string `json:"priority"`
	Deadline      Time   `json:"deadline"`
	Expires       Time   `json:"expires"`
	RetriesLeft   int    `json:"retriesLeft"`
	State         string `json:"state"`
	Runs          []Run  `json:"runs"`
}

// Run is one attempt at a task.
type Run struct {
	RunID int    `json:"runId"` // its place in TaskStatus.Runs
	State string `json:"state"`
	// ReasonCreated is scheduled, retry, task-retry, rerun or exception: the last
	// is a run that never ran, made to hold the reason.
	ReasonCreated string `json:"reasonCreated"`
	// ReasonResolved is completed, failed, deadline-exceeded, canceled,
	// claim-expired, worker-shutdown, malformed-payload, resource-unavailable,
	// internal-error, intermittent-task or superseded; "" while unresolved.
	ReasonResolved string `json:"reasonResolved,omitempty"`
	// WorkerGroup and WorkerID are "" for a run that no worker claimed.
	WorkerGroup string `json:"workerGroup,omitempty"`
	WorkerID    string `json:"workerId,omitempty"`
	TakenUntil  Time   `json:"takenUntil,omitzero"`
	Scheduled   Time   `json:"scheduled"`
	// Started and Resolved are zero for a run that did not, or not yet.
	Started  Time `json:"started,omitzero"`
	Resolved Time `json:"resolved,omitzero"`
}

// Final reports whether the task's state is completed, failed or exception: no
// run of it is pending or running. A task that was retried isn't final, whatever
// the message about its last run said.
func (s TaskStatus) Final() bool {
	return s.State == Completed || s.State == Failed || s.State == Exception
}

// LatestRun is the run that counts; ok is false for a task without runs.
func (s TaskStatus) LatestRun() (run Run, ok bool) {
	if len(s.Runs) == 0 {
		return Run{}, false
	}
	return s.Runs[len(s.Runs)-1], true
}
