package deliver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"verdict/internal/ingest"
	"verdict/internal/store"
	"verdict/taskcluster"
)

// Tasks is what delivery needs of Taskcluster's queue.
type Tasks interface {
	CreateTask(ctx context.Context, taskID string, definition json.RawMessage, caller taskcluster.Caller) (*taskcluster.TaskStatus, error)
	RerunTask(ctx context.Context, taskID string, caller taskcluster.Caller) (*taskcluster.TaskStatus, error)
	CancelTask(ctx context.Context, taskID string, caller taskcluster.Caller) (*taskcluster.TaskStatus, error)
	Status(ctx context.Context, taskID string) (*taskcluster.TaskStatus, error)
	Task(ctx context.Context, taskID string) (*taskcluster.Task, error)
}

// staleAfter is when a frozen `created` is too old to be sent again: the queue takes one within 15 minutes.
const staleAfter = 10 * time.Minute

// createTasks creates the tasks that are due, each by itself: one that fails doesn't stop the others.
func (r *laneRun) createTasks(ctx context.Context) error {
	missing := r.uncreated()
	for _, w := range r.pending {
		if w.Kind != KindTask {
			continue
		}
		if id := awaited(w, missing); id != "" {
			o := retry(w.Action, fmt.Errorf("it waits for task %s, on which it depends", id))
			if err := r.finish(ctx, []store.Outcome{o}, store.Effects{}); err != nil {
				return err
			}
			continue
		}
		o, err := r.createTask(ctx, w)
		if err != nil {
			return err
		}
		if o.State != store.ActionRetrying && o.State != store.ActionHeld && w.args.Task != nil {
			delete(missing, w.args.Task.TaskID)
		}
		effects := store.Effects{}
		if err := r.finish(ctx, []store.Outcome{o}, effects); err != nil {
			return err
		}
	}
	return nil
}

// uncreated are the tasks of the lane that are still to be created.
func (r *laneRun) uncreated() map[string]bool {
	out := map[string]bool{}
	for _, a := range r.open {
		if args, err := argsOf(a); err == nil && a.Kind == KindTask && args.Task != nil {
			out[args.Task.TaskID] = true
		}
	}
	return out
}

// awaited is a task on which this one depends and that isn't there yet: the queue takes none before those it depends
// on. One that could not be created isn't waited for; what the queue says of that is told then.
func awaited(w work, missing map[string]bool) string {
	if w.args.Task == nil || len(missing) < 2 {
		return ""
	}
	var definition struct{ Dependencies []string }
	_ = json.Unmarshal(w.args.Task.Definition, &definition) // another form is told by the queue
	for _, id := range definition.Dependencies {
		if missing[id] && id != w.args.Task.TaskID {
			return id
		}
	}
	return ""
}

func (r *laneRun) createTask(ctx context.Context, w work) (store.Outcome, error) {
	if why, err := r.taskStale(ctx, w); err != nil || why != "" {
		if err != nil {
			return retry(w.Action, err), nil
		}
		return outcome(w.Action, store.ActionSuperseded, why), nil
	}
	task, exists, err := r.freeze(ctx, w)
	if err != nil {
		return retry(w.Action, err), nil
	}
	if exists {
		return taskCreated(w, task.TaskID, signature{}), nil
	}
	sign, err := r.taskScopes(ctx, w, task)
	var waits *waitsError
	if errors.As(err, &waits) {
		return r.wait(ctx, w, waits)
	}
	var refused taskRefusal
	if errors.As(err, &refused) {
		return outcome(w.Action, store.ActionDead, err.Error()), r.tell(ctx, w, refused)
	}
	if err != nil {
		return retry(w.Action, err), nil
	}
	args := w.args
	args.Task = &task
	_, frozen, err := args.Encode()
	if err != nil {
		return store.Outcome{}, err
	}
	err = r.attempt(ctx, []store.Start{{ActionID: w.ID, Args: frozen}}, func(ctx context.Context) error {
		_, err := r.d.Tasks.CreateTask(ctx, task.TaskID, task.Frozen, taskcluster.Caller{Name: w.Team + "/" + w.Rule, Scopes: sign.Scopes})
		return err
	})
	if notBegun(err) {
		return store.Outcome{}, err
	}
	if errors.Is(err, taskcluster.ErrInvalid) {
		why := &impossibleError{of: subject{kind: KindTask, name: taskName(task.Frozen)}, patchset: w.Patchset, why: err}
		return outcome(w.Action, store.ActionDead, err.Error()), r.tell(ctx, w, why)
	}
	return r.created(ctx, w, task, sign, err), nil
}

// tell has the change's people told that a task could not be created: by a comment of its own, which is written
// before the task's action ends, so that no crash keeps it from them.
func (r *laneRun) tell(ctx context.Context, w work, refused taskRefusal) error {
	if w.Change == 0 {
		return nil
	}
	args := Args{Status: w.args.Status, Message: refused.notice(r.contact(w.Team)), Notify: "OWNER"}
	version, body, err := args.Encode()
	if err != nil {
		return err
	}
	a := w.Action
	a.Key = "refused " + w.Key
	if untrusted := (*untrustedError)(nil); errors.As(refused, &untrusted) {
		a.Key = "refused" // once for all tasks of the rule: it is about who pushed
	}
	a.ID, a.Kind, a.State, a.Seq, a.ArgsVersion, a.Args = ingest.ID("action", a.EventID, a.Team, a.Rule, a.Key), KindComment, store.ActionPending, 0, version, body
	a.Due = time.Time{}
	if err := r.d.Store.AddActions(ctx, []store.Action{a}); err != nil {
		return fmt.Errorf("add the notice of a refused task: %w", err)
	}
	return nil
}

// created says what the answer to createTask means. A 409 is fine where the task that is there is ours: the same
// but for its times.
func (r *laneRun) created(ctx context.Context, w work, task TaskArgs, sign signature, err error) store.Outcome {
	switch {
	case err == nil:
		return taskCreated(w, task.TaskID, sign)
	case errors.Is(err, taskcluster.ErrConflict):
		there, readErr := r.d.Tasks.Task(ctx, task.TaskID)
		if readErr != nil {
			return retry(w.Action, fmt.Errorf("read the task that is there already: %w", readErr))
		}
		field, diffErr := taskcluster.Difference(task.TaskID, task.Frozen, there.Raw)
		if diffErr == nil && field == "" {
			return taskCreated(w, task.TaskID, sign)
		}
		return outcome(w.Action, store.ActionDead, fmt.Sprintf("task %s exists with another definition: %s differs", task.TaskID, field))
	case errors.Is(err, taskcluster.ErrScopes), errors.Is(err, taskcluster.ErrNotFound), errors.Is(err, taskcluster.ErrHeaderTooLong):
		return outcome(w.Action, store.ActionDead, err.Error())
	}
	return retry(w.Action, err)
}

func taskCreated(w work, taskID string, sign signature) store.Outcome {
	o := outcome(w.Action, store.ActionDone, "")
	o.Result, _ = json.Marshal(struct { // texts can always be written
		TaskID string `json:"taskId"`
		signature
	}{taskID, sign})
	return o
}

// freeze gives the definition with the times of the first attempt. Where that is too long ago to send it again,
// the task either exists, or gets new times under the same id.
func (r *laneRun) freeze(ctx context.Context, w work) (task TaskArgs, exists bool, err error) {
	if w.args.Task == nil {
		return TaskArgs{}, false, errors.New("the action has no task")
	}
	task = *w.args.Task
	if task.Frozen != nil && r.now().Sub(task.Created) < staleAfter {
		return task, false, nil
	}
	if task.Frozen != nil {
		_, err := r.d.Tasks.Status(ctx, task.TaskID)
		if err == nil {
			return task, true, nil
		}
		if !errors.Is(err, taskcluster.ErrNotFound) {
			return task, false, fmt.Errorf("ask whether task %s exists: %w", task.TaskID, err)
		}
	}
	task.Created = r.now()
	task.Frozen, err = task.frozenAt(task.Created)
	return task, false, err
}

// taskStale asks Gerrit whether the patchset that the task is for is still the one to test.
func (r *laneRun) taskStale(ctx context.Context, w work) (string, error) {
	if w.Change == 0 || w.Attempts > 0 {
		return "", nil // once begun, it is ended: the task may exist
	}
	c, gone, err := r.read(ctx, w.Action)
	if err != nil || gone != "" {
		return gone, err
	}
	return c.stale(w, r.nameOf(w)), nil
}
