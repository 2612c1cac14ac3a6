package deliver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"verdict/internal/store"
	"verdict/taskcluster"
	"verdict/taskcluster/api/methods"
	"verdict/taskcluster/scopes"
)

// stepMethods are what a rerun and a cancel call, as the queue's reference describes it.
var stepMethods = map[string]*scopes.Method{
	KindRerun:  scopes.Find(methods.All, "queue", "rerunTask"),
	KindCancel: scopes.Find(methods.All, "queue", "cancelTask"),
}

// StepScopes are the scopes that a rerun or a cancel of a task takes, the least that granted allows: for rules.Sources.
// The task has taskId, schedulerId, taskGroupId and projectId.
func StepScopes(step string, task map[string]string, granted []string) ([]string, error) {
	definition, err := json.Marshal(task)
	if err != nil {
		return nil, fmt.Errorf("encode a task: %w", err)
	}
	return stepScopes(step, task["taskId"], definition, granted)
}

func stepScopes(step, taskID string, definition json.RawMessage, granted []string) ([]string, error) {
	return stepMethods[step].Needed(scopes.Request{
		Args: map[string]string{"taskId": taskID}, Known: map[scopes.Origin]json.RawMessage{scopes.FromTask: definition},
	}, granted)
}

// onTaskcluster tells the kinds of actions that write nothing on a change.
func onTaskcluster(kind string) bool {
	return slices.Contains([]string{KindTask, KindRerun, KindCancel, KindHook, KindCall}, kind)
}

// steps reruns and cancels the tasks that are due, each by itself.
func (r *laneRun) steps(ctx context.Context) error {
	for _, w := range r.pending {
		if w.Kind != KindRerun && w.Kind != KindCancel {
			continue
		}
		o, err := r.step(ctx, w)
		if err != nil {
			return err
		}
		if err := r.finish(ctx, []store.Outcome{o}, store.Effects{}); err != nil {
			return err
		}
	}
	return nil
}

func (r *laneRun) step(ctx context.Context, w work) (store.Outcome, error) {
	if w.args.Step == nil {
		return outcome(w.Action, store.ActionDead, "the action has no task"), nil
	}
	if why, err := r.stepStale(ctx, w); err != nil || why != "" {
		if err != nil {
			return retry(w.Action, err), nil
		}
		return outcome(w.Action, store.ActionSuperseded, why), nil
	}
	if o, ok := r.already(ctx, w); ok {
		return o, nil
	}
	need, err := r.stepNeeds(ctx, w)
	if err = r.unlessOlder(ctx, err); err != nil {
		return stepFailed(w, err), nil
	}
	call := r.d.Tasks.RerunTask
	if w.Kind == KindCancel {
		call = r.d.Tasks.CancelTask
	}
	err = r.attempt(ctx, []store.Start{{ActionID: w.ID}}, func(ctx context.Context) error {
		_, err := call(ctx, w.args.Step.TaskID, taskcluster.Caller{Name: w.Team + "/" + w.Rule, Scopes: need})
		return err
	})
	if notBegun(err) {
		return store.Outcome{}, err
	}
	if err != nil {
		return stepFailed(w, err), nil
	}
	return stepDone(w, signature{Scopes: need}), nil
}

// stepStale asks whether the change is still as the rule saw it. A task of an earlier patchset is cancelled all the
// same, but no longer rerun.
func (r *laneRun) stepStale(ctx context.Context, w work) (string, error) {
	if w.Kind == KindCancel {
		w.Revision = ""
	}
	return r.taskStale(ctx, w)
}

// already looks what became of the task since the rule saw it, before each attempt: so a second rerun, after an
// answer that was lost, doesn't run it twice. ok is false where there is still something to do.
func (r *laneRun) already(ctx context.Context, w work) (o store.Outcome, ok bool) {
	status, err := r.d.Tasks.Status(ctx, w.args.Step.TaskID)
	if errors.Is(err, taskcluster.ErrNotFound) {
		return outcome(w.Action, store.ActionSuperseded, fmt.Sprintf("task %s expired", w.args.Step.TaskID)), true
	}
	if err != nil {
		return stepFailed(w, fmt.Errorf("ask how task %s is: %w", w.args.Step.TaskID, err)), true
	}
	if w.Kind == KindCancel {
		return alreadyOver(w, status)
	}
	return alreadyRerun(w, status)
}

func alreadyRerun(w work, status *taskcluster.TaskStatus) (store.Outcome, bool) {
	seen := w.args.Step.Run
	if len(status.Runs) > seen+1 {
		next := status.Runs[seen+1]
		if w.Attempts > 0 && next.ReasonCreated == "rerun" {
			return stepDone(w, signature{}), true // by the attempt whose answer was lost, or as well as by it
		}
		return outcome(w.Action, store.ActionSuperseded, fmt.Sprintf("run %d is no longer the latest: %d is", seen, len(status.Runs)-1)), true
	}
	if !status.Final() {
		return outcome(w.Action, store.ActionSuperseded, "the task is "+status.State+" already"), true
	}
	return store.Outcome{}, false
}

func alreadyOver(w work, status *taskcluster.TaskStatus) (store.Outcome, bool) {
	for _, run := range status.Runs[min(w.args.Step.Run+1, len(status.Runs)):] {
		if run.ReasonCreated == "rerun" {
			return outcome(w.Action, store.ActionSuperseded, "somebody reran the task since"), true
		}
	}
	if !status.Final() {
		return store.Outcome{}, false
	}
	if last, ok := status.LatestRun(); ok && w.Attempts > 0 && last.ReasonResolved == "canceled" {
		return stepDone(w, signature{}), true
	}
	return outcome(w.Action, store.ActionSuperseded, "the task is "+status.State+" already"), true
}

// stepNeeds are the scopes that this one call is signed with. A task that is there was allowed to whoever caused it,
// so the whole of the team's grant counts.
func (r *laneRun) stepNeeds(ctx context.Context, w work) ([]string, error) {
	id := w.args.Step.TaskID
	team, ok := r.set.Team(w.Team)
	if !ok {
		return nil, fmt.Errorf("team %s is gone from teams.yaml", w.Team)
	}
	granted, err := team.TaskScopes(nil)
	if err != nil {
		return nil, err
	}
	task, err := r.d.Tasks.Task(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read task %s: %w", id, err)
	}
	need, err := stepScopes(w.Kind, id, task.Raw, granted)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", taskcluster.ErrInvalid, err)
	}
	if missing := scopes.Missing(granted, need); len(missing) > 0 {
		return nil, fmt.Errorf("%w: to %s task %s needs what %s has not been granted: %s", taskcluster.ErrScopes, w.Kind, id, w.Team, strings.Join(missing, " "))
	}
	return need, nil
}

// stepFailed says what an error means: what no retry changes ends the action, such as a deadline that is over.
func stepFailed(w work, err error) store.Outcome {
	if final(err) {
		return outcome(w.Action, store.ActionDead, err.Error())
	}
	return retry(w.Action, err)
}

func stepDone(w work, sign signature) store.Outcome {
	o := outcome(w.Action, store.ActionDone, "")
	o.Result, _ = json.Marshal(struct { // texts can always be written
		TaskID string `json:"taskId"`
		signature
	}{w.args.Step.TaskID, sign})
	return o
}
