package deliver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"verdict/internal/problems"
	"verdict/internal/store"
	"verdict/rules"
)

// Guards stop a rule that does too much; a field that is zero limits nothing. They are counted in the store, in the
// transaction that begins an attempt, for all replicas together.
type Guards struct {
	// ChangesPerHour is how many changes a rule on cron may touch in an hour, and every rule in its first day.
	ChangesPerHour int
	// PostsPerDay is how many posts there may be on one change in a day; one rule may have a part in half of them.
	PostsPerDay int
}

// limited adds what the actions' rules and teams may do.
func (r *laneRun) limited(starts []store.Start) {
	for i := range starts {
		at := slices.IndexFunc(r.open, func(a store.Action) bool { return a.ID == starts[i].ActionID })
		if at < 0 {
			continue
		}
		a, g := r.open[at], r.d.Guards
		starts[i].Limits = store.Limits{
			Changes: g.ChangesPerHour, Always: onClock(r.set.Rule(a.Team, a.Rule)),
			Posts: g.PostsPerDay, RulePosts: (g.PostsPerDay + 1) / 2, Actions: r.perMinute(a.Team),
		}
	}
}

// onClock tells whether a rule looks by the clock: then nobody is there when it finds a thousand changes.
func onClock(rule *rules.Rule) bool {
	return rule != nil && slices.ContainsFunc(rule.On, func(t rules.Trigger) bool { return t.Source == "cron" })
}

// perMinute is how many actions a team may begin in a minute; 0: as many as it likes.
func (r *laneRun) perMinute(team string) int {
	t, ok := r.set.Team(team)
	if !ok {
		return 0
	}
	return t.ActionsPerMinute
}

// takeTurns has the teams wait that began as much in this minute as they may, before any server is asked about it.
func (r *laneRun) takeTurns(ctx context.Context) error {
	var outcomes []store.Outcome
	var ready []work
	waits := map[string]time.Duration{} // by team
	for _, w := range r.pending {
		wait, asked := waits[w.Team]
		if limit := r.perMinute(w.Team); limit > 0 && w.Attempts == 0 && !asked {
			var err error
			if wait, err = r.d.Store.TeamTurn(ctx, w.Team, limit); err != nil {
				return err
			}
			waits[w.Team] = wait
		}
		if wait > 0 && w.Attempts == 0 {
			outcomes = append(outcomes, store.WaitForTurn(w.ID, wait))
			continue
		}
		ready = append(ready, w)
	}
	r.pending = ready
	return r.finish(ctx, outcomes, store.Effects{})
}

// notBegun tells whether an attempt wasn't made: the lane is another's, or a guard is against it.
func notBegun(err error) bool {
	return errors.Is(err, store.ErrLeaseLost) || errors.Is(err, store.ErrGuarded)
}

// guarded tells of the rules that a guard held.
func (r *laneRun) guarded(ctx context.Context, err error) {
	var guarded *store.GuardedError
	if !errors.As(err, &guarded) {
		return
	}
	for _, h := range guarded.Held {
		r.d.Log.Warn().Str("lane", r.lane.ID).Str("scope", h.Scope).Str("reason", h.Reason).Msg("a guard holds a rule")
		if r.d.Tell != nil {
			r.d.Tell(ctx, HeldProblem(h))
		}
	}
}

// HeldProblem is what a team is told of a rule that a guard holds.
func HeldProblem(h store.Hold) problems.Problem {
	team, rule, _ := strings.Cut(strings.TrimPrefix(h.Scope, "rule:"), "/")
	return problems.Problem{
		Team: team, Name: fmt.Sprintf("rule %s is held", rule), Said: h.Reason,
		Remedy: fmt.Sprintf("what it waits to do is kept: bot actions list --state held; bot release %s lets it go on, counted anew", h.Scope),
	}
}

// heldBack leaves out what rules that are held think anew: an opinion whose action is held may keep up what shows
// already, but neither bring anything about nor take anything back, though another rule's action has the change looked
// at.
func (r *laneRun) heldBack(c *change, opinions []store.Opinion) []store.Opinion {
	var out []store.Opinion
	for _, o := range opinions {
		if o.Revision != c.info.CurrentRevision || !r.isHeld(o) {
			out = append(out, o)
			continue
		}
		shows := o.Value != 0 && c.vote(o.Target) == o.Value
		if o.Kind == store.OpinionHashtag {
			shows = slices.Contains(c.info.Hashtags, o.Target)
		}
		if shows {
			o.Stands = true
			out = append(out, o)
		}
	}
	return out
}

// isHeld tells whether the action that came with an opinion is held.
func (r *laneRun) isHeld(o store.Opinion) bool {
	return slices.ContainsFunc(r.open, func(a store.Action) bool {
		mine := a.Rule == o.Rule || r.nameOf(work{Action: a}) == o.Rule
		of := a.EventID == o.EventID && a.Team == o.Team && mine && (opines(a.Kind) || a.Kind == KindHashtags)
		return of && (a.State == store.ActionHeld || r.heldBy(a) != "")
	})
}
