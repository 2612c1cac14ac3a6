package deliver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"verdict/internal/ingest"
	"verdict/internal/store"
	"verdict/rules"
	"verdict/taskcluster"
	"verdict/taskcluster/scopes"
)

// Tasks is what delivery needs of Taskcluster's queue.
type Tasks interface {
	CreateTask(ctx context.Context, taskID string, definition json.RawMessage, caller taskcluster.Caller) (*taskcluster.TaskStatus, error)
	Status(ctx context.Context, taskID string) (*taskcluster.TaskStatus, error)
	Task(ctx context.Context, taskID string) (*taskcluster.Task, error)
}

// staleAfter is when a frozen `created` is too old to be sent again: the queue takes one within 15 minutes.
const staleAfter = 10 * time.Minute

// createTasks creates the tasks that are due, each by itself: one that fails doesn't stop the others.
func (r *laneRun) createTasks(ctx context.Context) error {
	for _, w := range r.pending {
		if w.Kind != KindTask {
			continue
		}
		o, err := r.createTask(ctx, w)
		if err != nil {
			return err
		}
		effects := store.Effects{}
		if err := r.finish(ctx, []store.Outcome{o}, effects); err != nil {
			return err
		}
	}
	return nil
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
		return taskCreated(w, task.TaskID), nil
	}
	need, err := r.taskScopes(ctx, w, task)
	var missing *MissingScopesError
	if errors.As(err, &missing) {
		return outcome(w.Action, store.ActionDead, err.Error()), r.tell(ctx, w, missing)
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
		_, err := r.d.Tasks.CreateTask(ctx, task.TaskID, task.Frozen, taskcluster.Caller{Name: w.Team + "/" + w.Rule, Scopes: need})
		return err
	})
	if errors.Is(err, store.ErrLeaseLost) {
		return store.Outcome{}, err
	}
	return r.created(ctx, w, task, err), nil
}

// tell has the change's people told that a task could not be created: by a comment of its own, which is written
// before the task's action ends, so that no crash keeps it from them.
func (r *laneRun) tell(ctx context.Context, w work, refused *MissingScopesError) error {
	if w.Change == 0 {
		return nil
	}
	contact := ""
	if team, ok := r.set.Team(w.Team); ok {
		contact = team.Email
	}
	args := Args{Status: w.args.Status, Message: refused.notice(contact), Notify: "OWNER"}
	version, body, err := args.Encode()
	if err != nil {
		return err
	}
	a := w.Action
	a.Key = "refused " + w.Key
	a.ID, a.Kind, a.State, a.Seq, a.ArgsVersion, a.Args = ingest.ID("action", a.EventID, a.Team, a.Rule, a.Key), KindComment, store.ActionPending, 0, version, body
	a.Due = time.Time{}
	if err := r.d.Store.AddActions(ctx, []store.Action{a}); err != nil {
		return fmt.Errorf("add the notice of a refused task: %w", err)
	}
	return nil
}

// created says what the answer to createTask means. A 409 is fine where the task that is there is ours: the same
// but for its times.
func (r *laneRun) created(ctx context.Context, w work, task TaskArgs, err error) store.Outcome {
	switch {
	case err == nil:
		return taskCreated(w, task.TaskID)
	case errors.Is(err, taskcluster.ErrConflict):
		there, readErr := r.d.Tasks.Task(ctx, task.TaskID)
		if readErr != nil {
			return retry(w.Action, fmt.Errorf("read the task that is there already: %w", readErr))
		}
		field, diffErr := taskcluster.Difference(task.TaskID, task.Frozen, there.Raw)
		if diffErr == nil && field == "" {
			return taskCreated(w, task.TaskID)
		}
		return outcome(w.Action, store.ActionDead, fmt.Sprintf("task %s exists with another definition: %s differs", task.TaskID, field))
	case errors.Is(err, taskcluster.ErrScopes), errors.Is(err, taskcluster.ErrInvalid), errors.Is(err, taskcluster.ErrNotFound),
		errors.Is(err, taskcluster.ErrHeaderTooLong):
		return outcome(w.Action, store.ActionDead, err.Error())
	}
	return retry(w.Action, err)
}

func taskCreated(w work, taskID string) store.Outcome {
	o := outcome(w.Action, store.ActionDone, "")
	o.Result = []byte(`{"taskId":"` + taskID + `"}`)
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

// MissingScopesError says which scopes a task needs that its team has not been granted for this cause.
type MissingScopesError struct {
	Task    string
	Missing []string
	// Trust says who is not trusted, where that is the reason.
	Trust string
}

func (e *MissingScopesError) Error() string {
	if e.Trust != "" {
		return fmt.Sprintf("task %q may not be created: %s", e.Task, e.Trust)
	}
	return fmt.Sprintf("task %q needs scopes that its team has not been granted for this patchset: %s", e.Task, strings.Join(e.Missing, " "))
}

// notice is what people read on the change: see messages.md's form.
func (e *MissingScopesError) notice(contact string) string {
	if e.Trust != "" {
		return fmt.Sprintf("CI could not start: task %q waits for a maintainer\n\n%s", short(e.Task), e.Trust)
	}
	ask := "If you don't, remove that task."
	if contact != "" {
		ask = "If you need it, ask " + contact + "; if not, remove that task."
	}
	return fmt.Sprintf("CI could not start: task %q asks for more than this project may use\n\nMissing: %s\n%s", short(e.Task), strings.Join(e.Missing, " "), ask)
}

// short keeps a first line under 80 characters.
func short(name string) string {
	if runes := []rune(name); len(runes) > 24 {
		return string(runes[:23]) + "…"
	}
	return name
}

// taskScopes are the scopes of this one createTask: exactly those that the definition needs, if the team was
// granted them for whoever is behind the patchset.
func (r *laneRun) taskScopes(ctx context.Context, w work, task TaskArgs) ([]string, error) {
	team, ok := r.set.Team(w.Team)
	if !ok {
		return nil, fmt.Errorf("team %s is gone from teams.yaml", w.Team)
	}
	var people *rules.Identities
	if w.Change != 0 {
		var err error
		if people, err = r.d.People.Identities(ctx, w.Server, w.Change, w.Revision); err != nil {
			return nil, fmt.Errorf("ask who is behind patch set %d: %w", w.Patchset, err)
		}
	}
	granted, err := team.TaskScopes(people)
	if err != nil {
		return nil, &MissingScopesError{Task: taskName(task.Frozen), Trust: err.Error()}
	}
	need, err := scopes.CreateTask(task.Frozen, granted)
	if err != nil {
		return nil, err
	}
	if missing := scopes.Missing(granted, need); len(missing) > 0 {
		return nil, &MissingScopesError{Task: taskName(task.Frozen), Missing: missing}
	}
	return need, nil
}

func taskName(definition json.RawMessage) string {
	var task struct {
		Metadata struct{ Name string }
	}
	_ = json.Unmarshal(definition, &task) // a definition without a name is told by the queue
	return task.Metadata.Name
}

// taskStale asks Gerrit whether the patchset that the task is for is still the one to test.
func (r *laneRun) taskStale(ctx context.Context, w work) (string, error) {
	if w.Change == 0 || w.Attempts > 0 {
		return "", nil // once begun, it is ended: the task may exist
	}
	c, gone, err := r.look(ctx, w.Action)
	if err != nil || gone != "" {
		return gone, err
	}
	return c.stale(w), nil
}
