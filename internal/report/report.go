// Package report sums up how the tasks of a patchset went, and says it in the words that people read on the change.
//
// It is pure: tasks as the queue lists them and what is known of earlier patchsets go in, an outcome and a text come
// out. What that is worth as a vote is the rule's to say, when it is said internal/decide's, and whether it was said
// already internal/deliver's, which also tells by it why CI could not start. Nothing is persisted.
package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"verdict/taskcluster"
)

// Outcome is how a patchset's tasks went.
type Outcome string

// The outcomes. Running is none yet: some task isn't over, and none that is failed by its own fault.
const (
	Pass    Outcome = "pass"
	Fail    Outcome = "fail"
	Infra   Outcome = "infra"
	Running Outcome = "running"
	// skipped is that of a task which never runs, for what it depends on: in itself it is neither.
	skipped Outcome = "skipped"
)

// infrastructure are the ways in which a run ends that are not the task's own doing.
var infrastructure = []string{"worker-shutdown", "claim-expired", "intermittent-task", "internal-error", "resource-unavailable"}

// Task is a task of a patchset that counts, with its latest run.
type Task struct {
	Name    string `json:"name"`
	ID      string `json:"id"`
	GroupID string `json:"groupId"`
	// State is the task's, Reason why its latest run ended, "" where it hasn't.
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
	// Run is the latest, from 0; -1 where there is none.
	Run int `json:"run"`
	// Took is how long the run took, 0 where that isn't known; Resolved is when it ended.
	Took     time.Duration `json:"took,omitempty"`
	Resolved time.Time     `json:"resolved,omitzero"`
	// PassedOn is the latest earlier patchset that has the task, if it passed there, and else 0; Onto is the branch
	// where it passed for the change that was merged last, "" where that isn't known.
	PassedOn int    `json:"passedOn,omitempty"`
	Onto     string `json:"onto,omitempty"`
	// Never says that it can't run any more: what it depends on didn't complete.
	Never bool `json:"never,omitempty"`
	// Compared says that PassedOn was looked for, and found to be so.
	Compared bool `json:"-"`
}

// Outcome is that of one task.
func (t Task) Outcome() Outcome {
	if t.Never {
		return skipped
	}
	return OutcomeOf(t.State, t.Reason)
}

// OutcomeOf is the outcome of a task by its state and the reason why its latest run ended.
func OutcomeOf(state, reason string) Outcome {
	switch {
	case state == taskcluster.Completed:
		return Pass
	case state == taskcluster.Exception && slices.Contains(infrastructure, reason):
		return Infra
	case state == taskcluster.Failed || state == taskcluster.Exception:
		return Fail
	}
	return Running
}

// Counting are the tasks that count, of all groups of a patchset: for each name those of the group that had one of that
// name last, so that a partial recheck adds to what was before and a whole one replaces it. They stay in their order.
func Counting(all []taskcluster.GroupTask) []taskcluster.GroupTask {
	last := map[string]taskcluster.GroupTask{}
	for _, t := range all {
		l, ok := last[nameOf(t)]
		if later := time.Time(t.Task.Created).Compare(time.Time(l.Task.Created)); !ok || later > 0 || later == 0 && t.Status.TaskGroupID > l.Status.TaskGroupID {
			last[nameOf(t)] = t
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(t taskcluster.GroupTask) bool {
		return last[nameOf(t)].Status.TaskGroupID != t.Status.TaskGroupID
	})
}

// Counted are the tasks that count as a report has them, sorted by name.
func Counted(all []taskcluster.GroupTask) []Task {
	var out []Task
	for _, t := range Counting(all) {
		out = append(out, taskOf(t))
	}
	slices.SortFunc(out, func(a, b Task) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return out
}

func nameOf(t taskcluster.GroupTask) string { return cmp.Or(t.Task.Metadata.Name, t.Status.TaskID) }

func taskOf(t taskcluster.GroupTask) Task {
	out := Task{Name: nameOf(t), ID: t.Status.TaskID, GroupID: t.Status.TaskGroupID, State: t.Status.State, Run: -1}
	run, ok := t.Status.LatestRun()
	if !ok {
		return out
	}
	out.Run, out.Reason, out.Resolved = run.RunID, run.ReasonResolved, time.Time(run.Resolved)
	if started := time.Time(run.Started); !started.IsZero() && out.Resolved.After(started) {
		out.Took = out.Resolved.Sub(started)
	}
	return out
}

// Report is what is said of a patchset.
type Report struct {
	Label    string
	Patchset int
	// Value is the vote that its outcome is worth.
	Value   int
	Tasks   []Task
	RootURL string
	// Also is a later patchset of the same code that it stands for too, 0 where there is none.
	Also int
	// Recheck says that somebody who comments "recheck failed" is answered.
	Recheck bool
}

// Outcome is that of all tasks: a failure counts at once, all else when every task is over.
func (r Report) Outcome() Outcome {
	switch {
	case len(r.Tasks) == 0:
		return Running
	case len(r.by(Fail)) > 0:
		return Fail
	case len(r.by(Running)) > 0:
		return Running
	case len(r.by(Infra)) > 0:
		return Infra
	case len(r.by(skipped)) > 0:
		return Fail // of what is in another group
	}
	return Pass
}

// by are the tasks of an outcome, in their order.
func (r Report) by(o Outcome) []Task {
	return slices.DeleteFunc(slices.Clone(r.Tasks), func(t Task) bool { return t.Outcome() != o })
}

// blamed are the tasks for which the outcome is no pass.
func (r Report) blamed() []Task {
	tasks := r.by(r.Outcome())
	if len(tasks) == 0 {
		return r.by(skipped)
	}
	return tasks
}

// Resolved is when the last run that is over ended.
func (r Report) Resolved() time.Time {
	var last time.Time
	for _, t := range r.Tasks {
		if t.Resolved.After(last) {
			last = t.Resolved
		}
	}
	return last
}

// Identity names the outcome: of two reports with the same, the second says nothing new. It is made of the outcome, the
// vote, and which tasks it is for.
func (r Report) Identity() string {
	outcome := r.Outcome()
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %s %d\n", r.Label, outcome, r.Value)
	if outcome != Pass {
		for _, t := range r.blamed() {
			fmt.Fprintf(sum, "%q\n", t.Name)
		}
	}
	return string(outcome) + " " + hex.EncodeToString(sum.Sum(nil)[:10])
}
