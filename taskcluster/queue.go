package taskcluster

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// Queue calls the queue service: it creates tasks and tells of them. It is safe
// for use by many goroutines.
type Queue struct {
	client        *Client
	artifactHosts []string
}

// Options is how a Queue's calls are made: the fields of its [Client], and of
// that one's [Retry]. The zero value is right for most.
type Options struct {
	HTTPClient ReducedHTTPClient
	Attempts   int
	Pause      time.Duration
	MaxPause   time.Duration
	Timeout    time.Duration
	BaseURL    string
	// ArtifactHosts are hosts that artifacts may be kept by, beside the deployment's own: see [Queue.Artifact].
	ArtifactHosts []string
}

// NewQueue is a client of the queue of the deployment at rootURL. A nil source
// makes calls without credentials.
func NewQueue(rootURL string, source CredentialSource, o Options) (*Queue, error) {
	client := &Client{
		BaseURL: o.BaseURL, RootURL: rootURL, Service: "queue", Source: source, Authenticate: source != nil,
		HTTPClient: o.HTTPClient, Timeout: o.Timeout,
		Retry: Retry{Attempts: o.Attempts, Pause: o.Pause, MaxPause: o.MaxPause},
	}
	if _, err := client.base(); err != nil {
		return nil, err
	}
	return &Queue{client: client, artifactHosts: o.ArtifactHosts}, nil
}

// Ping asks whether the queue answers at all. It needs no credentials.
func (q *Queue) Ping(ctx context.Context) error {
	var answer struct {
		Alive bool `json:"alive"`
	}
	err := q.client.Do(ctx, Call{Name: "ping", Path: "/ping"}, &answer)
	if err == nil && !answer.Alive {
		err = fmt.Errorf("queue.ping: %w: it doesn't say that it is alive", ErrUnavailable)
	}
	return err
}

// Task is a task's definition, with Raw set. ErrNotFound: there is none, or it
// has expired.
func (q *Queue) Task(ctx context.Context, taskID string) (*Task, error) {
	path, err := taskPath(taskID, "")
	if err != nil {
		return nil, err
	}
	var raw json.RawMessage
	if err := q.client.Do(ctx, Call{Name: "task", Path: path}, &raw); err != nil {
		return nil, fmt.Errorf("get task %s: %w", taskID, err)
	}
	task := &Task{}
	if err := json.Unmarshal(raw, task); err != nil {
		return nil, fmt.Errorf("get task %s: %w: read the definition: %w", taskID, ErrUnavailable, err)
	}
	task.Raw = raw
	return task, nil
}

// Status is a task's state and all its runs. ErrNotFound: there is no such task,
// or it has expired.
func (q *Queue) Status(ctx context.Context, taskID string) (*TaskStatus, error) {
	path, err := taskPath(taskID, "/status")
	if err != nil {
		return nil, err
	}
	status, err := statusOf(ctx, q.client, Call{Name: "status", Path: path})
	if err != nil {
		return nil, fmt.Errorf("get status of task %s: %w", taskID, err)
	}
	return status, nil
}

// CreateTask creates the task and answers its status. The same id with the same
// definition, times included, may be sent again while its created time is within
// 15 minutes of the server's clock; ErrConflict says that the id is taken by
// something else, or that its group takes no such task: [Difference] tells which.
// The scopes that caller needs are told by scopes.Method.Needed.
func (q *Queue) CreateTask(ctx context.Context, taskID string, definition json.RawMessage, caller Caller) (*TaskStatus, error) {
	path, err := taskPath(taskID, "")
	if err != nil {
		return nil, err
	}
	call := Call{Name: "createTask", Method: http.MethodPut, Path: path, Payload: definition}
	status, err := statusOf(ctx, q.client.As(caller), call)
	if err != nil {
		return nil, fmt.Errorf("create task %s: %w", taskID, err)
	}
	return status, nil
}

// RerunTask gives a final task another run and answers its status. One that is
// pending or running stays as it is. ErrConflict: it is past its deadline, or had
// all the runs that a task may have. A repeat is no harm while the new run lasts;
// once that ended it would begin a further one.
func (q *Queue) RerunTask(ctx context.Context, taskID string, caller Caller) (*TaskStatus, error) {
	return q.step(ctx, "rerunTask", taskID, "/rerun", caller)
}

// CancelTask ends a task in exception, with the reason canceled, and answers its
// status. One that is final stays as it is. ErrConflict: it is past its deadline.
func (q *Queue) CancelTask(ctx context.Context, taskID string, caller Caller) (*TaskStatus, error) {
	return q.step(ctx, "cancelTask", taskID, "/cancel", caller)
}

func (q *Queue) step(ctx context.Context, name, taskID, rest string, caller Caller) (*TaskStatus, error) {
	path, err := taskPath(taskID, rest)
	if err != nil {
		return nil, err
	}
	status, err := statusOf(ctx, q.client.As(caller), Call{Name: name, Method: http.MethodPost, Path: path})
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", name, taskID, err)
	}
	return status, nil
}

// statusOf makes a call whose answer is a status.
func statusOf(ctx context.Context, client *Client, call Call) (*TaskStatus, error) {
	var answer struct {
		Status TaskStatus `json:"status"`
	}
	if err := client.Do(ctx, call, &answer); err != nil {
		return nil, err
	}
	if answer.Status.TaskID == "" {
		return nil, fmt.Errorf("%s: %w: the answer has no status", client.nameOf(call), ErrUnavailable)
	}
	return &answer.Status, nil
}

// taskPath refuses what isn't an id before it becomes part of a path: ids come
// out of messages that anybody may send.
func taskPath(taskID, rest string) (string, error) {
	if !ValidID(taskID) {
		return "", fmt.Errorf("task %q: %w: this isn't a task id", cut(taskID, 40), ErrInvalid)
	}
	return "/task/" + taskID + rest, nil
}
