package facts

import (
	"context"
	"time"

	"verdict/internal/report"
	"verdict/taskcluster"
)

func (f *Session) groupFact(ctx context.Context) (any, error) {
	tasks, err := f.GroupTasks(ctx)
	if err != nil {
		return nil, err
	}
	counts := map[string]int64{}
	outcome := "pass"
	var created time.Time
	var schedulerID string
	list := make([]any, 0, len(tasks))
	for _, t := range tasks {
		state := t.Status.State
		counts[state]++
		schedulerID = t.Status.SchedulerID
		entry := map[string]any{"id": t.Status.TaskID, "state": state, "run": int64(len(t.Status.Runs) - 1)}
		if t.Task.Metadata.Name != "" {
			entry["name"] = t.Task.Metadata.Name
		}
		last, _ := t.Status.LatestRun()
		reason := last.ReasonResolved
		if reason != "" {
			entry["reason"] = reason
		}
		outcome = worse(outcome, state, reason)
		if at := time.Time(t.Task.Created); created.IsZero() || at.Before(created) {
			created = at
		}
		list = append(list, entry)
	}
	if outcome == "pass" && counts["unscheduled"] > 0 {
		outcome = "fail" // what they wait for is in another group
	}
	return map[string]any{
		"id": f.about.GroupID, "schedulerId": schedulerID, "outcome": outcome, "created": created,
		"url":   taskcluster.GroupURL(f.s.RootURL, f.about.GroupID),
		"total": int64(len(tasks)), "completed": counts["completed"], "failed": counts["failed"], "exception": counts["exception"], "unscheduled": counts["unscheduled"],
		"tasks": list,
	}, nil
}

// worse is the group's outcome with one more task: a failure outweighs the infrastructure's, which outweighs a
// pass. A task that wasn't scheduled says nothing itself, what it waits for does.
func worse(outcome, state, reason string) string {
	switch {
	case state == "unscheduled":
		return outcome
	case state == "completed" || outcome == "fail":
		return outcome
	case report.OutcomeOf(state, reason) == report.Infra:
		return "infra"
	}
	return "fail"
}
