package decide

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"verdict/internal/deliver"
	"verdict/internal/facts"
	"verdict/internal/ingest"
	"verdict/internal/store"
	"verdict/taskcluster"
)

// heardOf has a group looked at as soon as a task of it is known, or is to run again, if there are reports to wait for it.
func (d *Decider) heardOf(ctx context.Context, active Active, s *subject, v *store.Verdict) error {
	if s.GroupID == "" || !active.Set.Awaits(s.exchange) {
		return nil
	}
	known, ok, err := d.Store.Group(ctx, s.GroupID)
	if err != nil || ok && !known.Settled && known.Hash != "" {
		return err // it is known to be at work
	}
	v.Heard = append(v.Heard, hearing(s.GroupID, 0, Derived{GroupID: s.GroupID, Routes: s.routes(), Event: s.Body}))
	return nil
}

// await notes for which teams' reports a group counts, and that they wait for it while it hasn't settled. What was
// looked at is the generation of state; where it has moved on, nothing of this is written.
func (d *Decider) await(ctx context.Context, active Active, s *subject, f *facts.Session, state store.GroupState, v *store.Verdict) error {
	if d.Shadow {
		return nil
	}
	rows, err := d.awaiting(ctx, active, s, f)
	if err != nil {
		return err
	}
	for _, a := range rows {
		known := a.Begun + a.Settled
		if !state.Settled && !a.Waits() {
			a.Begun = max(state.Generation, 1)
			v.Actions = append(v.Actions, look(s.ID, a))
		}
		if known == 0 || a.Begun+a.Settled != known {
			v.Awaited = append(v.Awaited, a)
		}
	}
	return nil
}

// awaiting are the patchsets for which a group counts: those that are known, and for teams that don't know it yet what
// its tasks say.
func (d *Decider) awaiting(ctx context.Context, active Active, s *subject, f *facts.Session) ([]store.Awaited, error) {
	teams := active.Set.ReportTeams()
	if len(teams) == 0 {
		return nil, nil
	}
	rows, err := d.Store.AwaitedGroup(ctx, s.GroupID)
	if err != nil {
		return nil, err
	}
	for _, name := range teams {
		if slices.ContainsFunc(rows, func(a store.Awaited) bool { return a.Team == name }) {
			continue
		}
		link, linked, err := d.groupLink(ctx, active, s, f, name)
		if err != nil {
			return nil, err
		}
		if linked && len(active.Set.Reports(name, link.Server, link.Project, link.Branch)) > 0 {
			rows = append(rows, store.Awaited{
				GroupID: s.GroupID, Team: name, Server: link.Server, Change: link.Change, Patchset: link.Patchset, Revision: link.Revision,
				Project: link.Project, Branch: link.Branch,
			})
		}
	}
	return rows, nil
}

// groupLink is the patchset that a group belongs to for a team: what the bot made it for, or what the first of its tasks
// says that the team may believe.
func (d *Decider) groupLink(ctx context.Context, active Active, s *subject, f *facts.Session, name string) (store.Link, bool, error) {
	team, _ := active.Set.Team(name)
	link, linked, err := d.link(ctx, s, f, team)
	if err != nil || linked {
		return link, linked, err
	}
	for i := range f.KnownGroupTasks() {
		task := &f.KnownGroupTasks()[i].Task
		link, ok := claimed(f, task, s, team)
		if !ok {
			continue
		}
		if link, ok, err = d.complete(ctx, f, link); err != nil || ok {
			return link, ok, err
		}
	}
	return store.Link{}, false, nil
}

// claimed is what a task of a group says of its patchset, in a route or in extra.gerrit.
func claimed(f *facts.Session, task *taskcluster.Task, s *subject, team interface {
	TrustsTask(schedulerID, projectID, taskQueueID string) bool
}) (store.Link, bool) {
	for _, route := range task.Routes {
		if l, ok := parseRoute(route); ok {
			return l, true
		}
	}
	said := f.SaidBy(task)
	if said == nil || !team.TrustsTask(said.SchedulerID, said.ProjectID, said.TaskQueueID) {
		return store.Link{}, false
	}
	return store.Link{
		Server: said.Server, Change: said.Change, Patchset: said.Patchset, Project: said.Project, Branch: said.Branch, Revision: said.Revision,
	}, true
}

// settled ends the wait for a group whose settling was decided, unless it has changed since, or a rule failed: then
// another event follows, or this one is decided again.
func (d *Decider) settled(ctx context.Context, active Active, s *subject, f *facts.Session, v *store.Verdict) error {
	if s.Source != "group" || s.Type != "settled" || v.Event.Error != "" || d.Shadow {
		return nil
	}
	rows, err := d.Store.AwaitedGroup(ctx, s.GroupID)
	if err != nil || len(rows) == 0 {
		return err
	}
	if _, err := f.GroupTasks(ctx); err != nil && !errors.Is(err, facts.ErrNone) {
		return err
	}
	why, err := d.superseded(ctx, s, f)
	if err != nil || why != "" {
		return err
	}
	generation := s.derived.Generation
	if generation == 0 { // an earlier release told it
		known, _, err := d.Store.Group(ctx, s.GroupID)
		if err != nil {
			return err
		}
		generation = known.Generation
	}
	v.Settled = append(v.Settled, store.SettledGroup{GroupID: s.GroupID, Generation: generation})
	for _, a := range rows {
		if a.Waits() {
			v.Actions = append(v.Actions, look(s.ID, a))
		}
	}
	return nil
}

// look has a change looked at: what stands on it may show otherwise now.
func look(eventID string, a store.Awaited) store.Action {
	version, body, _ := deliver.Args{}.Encode() // nothing that can't be written
	lane := fmt.Sprintf("%s~%d", a.Server, a.Change)
	return store.Action{
		ID:      ingest.ID("action", eventID, "", "", deliver.KindReconcile, lane),
		EventID: eventID, Key: deliver.KindReconcile + ":" + lane, Kind: deliver.KindReconcile, State: store.ActionPending, Lane: lane,
		Server: a.Server, Change: a.Change, Patchset: a.Patchset, Revision: a.Revision,
		Project: a.Project, Branch: a.Branch, ArgsVersion: version, Args: body,
	}
}
