package decide

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"verdict/internal/facts"
	"verdict/internal/store"
	"verdict/rules"
	"verdict/taskcluster"
)

// saidByRule says which patchset a task belongs to for one rule by its `change`: the last thing that is asked, and only
// of tasks that the team trusts. why tells that it is none, and the reason.
func (d *Decider) saidByRule(ctx context.Context, s *subject, f *facts.Session, c rules.Candidate, team *rules.Team) (store.Link, string, error) {
	var link store.Link
	if d.Facts.Recorded != nil {
		return link, "the recording has none", nil
	}
	for _, route := range s.routes() {
		if _, ok := parseRoute(route); ok {
			return link, "its route says another, which isn't there: " + route, nil
		}
	}
	task, err := f.Definition(ctx)
	if errors.Is(err, facts.ErrNone) {
		return link, fmt.Sprintf("task %s is gone, so nothing tells whether it is to be believed", s.TaskID), nil
	}
	if err != nil {
		return link, "", err
	}
	if why := distrust(team, task); why != "" {
		return link, why, nil
	}
	if f.SaidBy(task) != nil {
		return link, "its extra.gerrit says another, which isn't there", nil
	}
	trigger := &c.Rule.On[c.On]
	known, err := f.Fetch(ctx, store.Link{}, false, fetched(trigger.ChangeNeeds()))
	if missing := (*facts.MissingError)(nil); errors.As(err, &missing) {
		return link, missing.Error(), nil
	}
	if err != nil {
		return link, "", err
	}
	if route := trigger.Route(s.routes()); route != nil {
		known["route"] = route
	}
	link.Server = trigger.Server
	var bad error
	if link.Change, link.Patchset, bad = c.Rule.ChangeOf(rules.Input{Event: s.payload, Facts: known, Now: s.Time, On: c.On}); bad != nil {
		return store.Link{}, bad.Error(), nil
	}
	return d.named(ctx, f, link)
}

// named completes a link of which only the server and the number are known, and the patchset where it isn't 0.
func (d *Decider) named(ctx context.Context, f *facts.Session, link store.Link) (store.Link, string, error) {
	full, err := f.Named(ctx, link)
	if errors.Is(err, facts.ErrNone) {
		why := fmt.Sprintf("%s has no change %d, or hides it", full.Server, link.Change)
		if link.Patchset > 0 {
			why = fmt.Sprintf("%s has no change %d with patch set %d, or hides it", full.Server, link.Change, link.Patchset)
		}
		return store.Link{}, why, nil
	}
	return full, "", err
}

// distrust tells why the team doesn't believe what a task says of its change, "" where it does.
func distrust(team *rules.Team, task *taskcluster.Task) string {
	kind := facts.KindOf(task)
	if team != nil && team.TrustsTask(kind.SchedulerID, kind.ProjectID, kind.TaskQueueID) {
		return ""
	}
	return fmt.Sprintf("trustTasks in the team's grant doesn't trust a task of scheduler %s, project %s and queue %s", kind.SchedulerID, kind.ProjectID, kind.TaskQueueID)
}

// fetched are the facts among some that are asked for: route is in the message.
func fetched(needs []string) []string {
	return slices.DeleteFunc(slices.Clone(needs), func(fact string) bool { return fact == "route" })
}

// because adds a reason, if there is one.
func because(what, why string) string {
	if why == "" {
		return what
	}
	return what + ", since " + why
}
