package decide

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"verdict/internal/deliver"
	"verdict/internal/facts"
	"verdict/internal/ingest"
	"verdict/internal/report"
	"verdict/internal/store"
	"verdict/rules"
	"verdict/taskcluster"
)

// steps are the actions of a rerun or a cancel, one for each task; each is as a, with args.
func (d *Decider) steps(ctx context.Context, s *subject, f *facts.Session, act rules.Action, link store.Link, linked bool, a store.Action, args deliver.Args) ([]store.Action, error) {
	tasks, err := d.stepped(ctx, s, f, act, link, linked)
	if err != nil {
		return nil, err
	}
	var out []store.Action
	for _, key := range slices.Sorted(maps.Keys(tasks)) {
		step := tasks[key]
		a.Key, a.ID, args.Step = key, ingest.ID("action", a.EventID, a.Team, a.Rule, key), &step
		if a.ArgsVersion, a.Args, err = args.Encode(); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// stepped are the tasks that a rerun or a cancel is for, by the keys of its actions.
func (d *Decider) stepped(ctx context.Context, s *subject, f *facts.Session, act rules.Action, link store.Link, linked bool) (map[string]deliver.StepArgs, error) {
	out := map[string]deliver.StepArgs{}
	if act.Tasks == "" {
		run := s.about().Run
		if run < 0 {
			status, err := f.Status(ctx)
			if errors.Is(err, facts.ErrNone) {
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
			run = len(status.Runs) - 1
		}
		out[act.Key] = deliver.StepArgs{TaskID: s.TaskID, GroupID: s.GroupID, Run: run}
		return out, nil
	}
	tasks, err := d.groupTasks(ctx, s, f, link, linked)
	if err != nil {
		return nil, err
	}
	for _, t := range tasks {
		unfinished := !t.Status.Final()
		failed := !unfinished && t.Status.State != taskcluster.Completed
		if (act.Tasks == "failed" && failed || act.Tasks == "unfinished" && unfinished) && act.FitsName(t.Task.Metadata.Name) {
			out[act.Key+":"+t.Status.TaskID] = deliver.StepArgs{TaskID: t.Status.TaskID, GroupID: t.Status.TaskGroupID, Run: len(t.Status.Runs) - 1}
		}
	}
	return out, nil
}

// groupTasks are the tasks of the event's group; where it has none, those of the groups that are known for its
// patchset, of which for each name the group counts that had a task of that name last.
func (d *Decider) groupTasks(ctx context.Context, s *subject, f *facts.Session, link store.Link, linked bool) ([]taskcluster.GroupTask, error) {
	if s.GroupID != "" {
		return d.tasksOf(ctx, s, f, s.GroupID)
	}
	if !linked {
		return nil, nil
	}
	groups, err := d.Store.GroupsOf(ctx, link.Server, link.Change, link.Revision)
	if err != nil {
		return nil, err
	}
	var tasks []taskcluster.GroupTask
	for _, id := range groups {
		more, err := d.tasksOf(ctx, s, f, id)
		if err != nil {
			return nil, fmt.Errorf("list the tasks of group %s: %w", id, err)
		}
		tasks = append(tasks, more...)
	}
	return report.Counting(tasks), nil
}

// settling has an event of something settled wait while a rerun of it is on its way, or may still be decided. After it
// the task has another run, and the event is none any more; if it came to nothing, the event is decided.
func (d *Decider) settling(ctx context.Context, active Active, s *subject, now time.Time) error {
	if s.derived == nil || s.Type != "settled" || !active.Set.Reruns() {
		return nil
	}
	if s.Source == "group" {
		some, err := d.Store.Undecided(ctx, s.GroupID)
		if err != nil {
			return err
		}
		if some {
			return waiting(s, now, "something of the group's tasks is undecided")
		}
	}
	open, err := d.Store.OpenOf(ctx, deliver.KindRerun)
	if err != nil {
		return err
	}
	for _, a := range open {
		step, err := deliver.StepOf(a)
		if err != nil {
			return err
		}
		if step.TaskID == s.TaskID && s.TaskID != "" || step.GroupID == s.GroupID && s.Source == "group" {
			return waiting(s, now, "a rerun of task "+step.TaskID+" is decided and undelivered")
		}
	}
	return nil
}
