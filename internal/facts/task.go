package facts

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"verdict/taskcluster"
)

// Definition is the task's definition.
func (f *Session) Definition(ctx context.Context) (*taskcluster.Task, error) {
	if f.about.TaskID == "" {
		return nil, ErrNone
	}
	if f.task == nil {
		f.task = f.s.definitions.get(f.about.TaskID)
	}
	if f.task != nil {
		return f.task, nil
	}
	task, err := f.s.Queue.Task(ctx, f.about.TaskID)
	if err != nil {
		return nil, none(err, taskcluster.ErrNotFound)
	}
	f.task = task
	f.s.definitions.put(f.about.TaskID, task)
	return task, nil
}

// Status is the task's status as the queue says now.
func (f *Session) Status(ctx context.Context) (*taskcluster.TaskStatus, error) {
	if f.about.TaskID == "" {
		return nil, ErrNone
	}
	if f.status != nil {
		return f.status, nil
	}
	status, err := f.s.Queue.Status(ctx, f.about.TaskID)
	if err != nil {
		return nil, none(err, taskcluster.ErrNotFound)
	}
	f.status = status
	return status, nil
}

// StatusOf is the status of any task as the queue says now.
func (f *Session) StatusOf(ctx context.Context, taskID string) (*taskcluster.TaskStatus, error) {
	status, err := f.s.Queue.Status(ctx, taskID)
	return status, none(err, taskcluster.ErrNotFound)
}

// largestGroup is how many tasks of a group are looked at: beyond it a group is none, and its memory is not ours.
const largestGroup = 20_000

// GroupTasks are the group's tasks with their status as the queue says now.
func (f *Session) GroupTasks(ctx context.Context) ([]taskcluster.GroupTask, error) {
	if f.about.GroupID == "" {
		return nil, ErrNone
	}
	if f.group != nil {
		return f.group, nil
	}
	tasks, err := f.TasksOf(ctx, f.about.GroupID)
	if err != nil {
		return nil, err
	}
	f.group = tasks
	return f.group, nil
}

// TasksOf are the tasks of any group, as the queue says now.
func (f *Session) TasksOf(ctx context.Context, groupID string) ([]taskcluster.GroupTask, error) {
	group, err := f.s.Queue.ListTaskGroup(ctx, groupID, largestGroup)
	if errors.Is(err, taskcluster.ErrGroupTooLarge) {
		return nil, none(err, taskcluster.ErrGroupTooLarge)
	}
	if err != nil {
		return nil, none(err, taskcluster.ErrNotFound)
	}
	return group.Tasks, nil
}

// KnownStatus is the status if it was asked for, else nil.
func (f *Session) KnownStatus() *taskcluster.TaskStatus { return f.status }

// KnownGroupTasks are the group's tasks if they were asked for, else nil.
func (f *Session) KnownGroupTasks() []taskcluster.GroupTask { return f.group }

func (f *Session) taskFact(ctx context.Context) (any, error) {
	task, err := f.Definition(ctx)
	if err != nil {
		return nil, err
	}
	status, err := f.Status(ctx)
	if err != nil {
		return nil, err
	}
	def, err := object(task.Raw)
	if err != nil {
		return nil, fmt.Errorf("read the definition of task %s: %w", f.about.TaskID, err)
	}
	metadata, _ := def["metadata"].(map[string]any)
	runs := make([]any, len(status.Runs))
	for i, r := range status.Runs {
		runs[i] = f.runMap(r)
	}
	out := map[string]any{
		"id": f.about.TaskID, "state": status.State, "runs": runs,
		"taskQueueId": status.TaskQueueID, "provisionerId": status.ProvisionerID, "workerType": status.WorkerType,
		"schedulerId": status.SchedulerID, "projectId": status.ProjectID, "groupId": status.TaskGroupID,
		"priority": status.Priority, "url": taskcluster.TaskURL(f.s.RootURL, f.about.TaskID),
	}
	for _, name := range []string{"name", "description", "source", "owner"} {
		out[name] = text(metadata, name)
	}
	for name, empty := range map[string]any{"tags": map[string]any{}, "extra": map[string]any{}, "payload": map[string]any{}, "routes": []any{}, "scopes": []any{}, "dependencies": []any{}} {
		out[name] = empty
		if v, ok := def[name]; ok && v != nil {
			out[name] = v
		}
	}
	for _, name := range []string{"created", "deadline", "expires"} {
		if t, err := time.Parse(time.RFC3339, text(def, name)); err == nil {
			out[name] = t
		}
	}
	return out, nil
}

func (f *Session) runFact(ctx context.Context) (any, error) {
	status, err := f.Status(ctx)
	if err != nil {
		return nil, err
	}
	run := f.run()
	if run < 0 || run >= len(status.Runs) {
		return nil, ErrNone
	}
	return f.runMap(status.Runs[run]), nil
}

func (f *Session) runMap(r taskcluster.Run) map[string]any {
	out := map[string]any{
		"id": int64(r.RunID), "state": r.State, "reasonCreated": r.ReasonCreated,
		"url": taskcluster.RunURL(f.s.RootURL, f.about.TaskID, r.RunID),
	}
	for name, value := range map[string]string{"reasonResolved": r.ReasonResolved, "reason": r.ReasonResolved, "workerGroup": r.WorkerGroup, "workerId": r.WorkerID} {
		if value != "" {
			out[name] = value
		}
	}
	for name, at := range map[string]time.Time{"scheduled": time.Time(r.Scheduled), "started": time.Time(r.Started), "resolved": time.Time(r.Resolved)} {
		if !at.IsZero() {
			out[name] = at
		}
	}
	return out
}

// Said is what a task says of the change that it is for, in extra.gerrit, and what kind of task it is: whether
// that is believed is the team's to say.
type Said struct {
	SchedulerID, ProjectID, TaskQueueID string
	Server, Project, Branch, Revision   string
	Change, Patchset                    int
}

// Said reads extra.gerrit; nil where the task has none.
func (f *Session) Said(ctx context.Context) (*Said, error) {
	task, err := f.Definition(ctx)
	if errors.Is(err, ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return f.SaidBy(task), nil
}

// SaidBy is Said of any task.
func (f *Session) SaidBy(task *taskcluster.Task) *Said {
	var extra struct {
		Gerrit *struct {
			Server, Project, Branch, Revision string
			Change, Patchset                  int
		}
	}
	if err := json.Unmarshal(task.Extra, &extra); err != nil || extra.Gerrit == nil || extra.Gerrit.Change <= 0 {
		return nil // extra is the author's own: another shape is no claim
	}
	g := extra.Gerrit
	said := KindOf(task)
	said.Server, said.Project, said.Branch, said.Revision = f.server(g.Server), g.Project, g.Branch, g.Revision
	said.Change, said.Patchset = g.Change, g.Patchset
	return &said
}

// KindOf is what kind of task it is, which says nothing of a change.
func KindOf(task *taskcluster.Task) Said {
	kind := Said{SchedulerID: task.SchedulerID, ProjectID: task.ProjectID, TaskQueueID: task.TaskQueueID}
	if kind.TaskQueueID == "" {
		kind.TaskQueueID = task.ProvisionerID + "/" + task.WorkerType
	}
	return kind
}

// server is the one that is named, or the only one.
func (f *Session) server(name string) string {
	if name == "" && len(f.s.Gerrit) == 1 {
		return sortedKeys(f.s.Gerrit)[0]
	}
	return name
}

func none(err, sentinel error) error {
	if errors.Is(err, sentinel) {
		return fmt.Errorf("%w: %w", ErrNone, err)
	}
	return err
}

func text(m map[string]any, key string) string {
	s, _ := m[key].(string)
	return s
}

// object reads a JSON object by Decode.
func object(raw []byte) (map[string]any, error) {
	v, err := Decode(raw)
	if err != nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok && v != nil {
		return nil, errors.New("it isn't a JSON object")
	}
	return m, nil
}

// Decode reads JSON with integers as int64 and other numbers as float64.
func Decode(body []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	return numbers(v), nil
}

func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, err := v.Float64()
		if err != nil {
			return v.String()
		}
		return f
	case map[string]any:
		for k, e := range v {
			v[k] = numbers(e)
		}
	case []any:
		for i, e := range v {
			v[i] = numbers(e)
		}
	}
	return v
}
