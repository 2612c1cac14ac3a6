package decide

import (
	"context"
	"slices"
	"time"

	"verdict/rules"
)

// leave has an event that the bot itself made wait where it was made for rules that the set in force here doesn't have,
// and others may be on a newer set that has them: here it would be decided for nobody. What is too old to be answered is
// left to nobody.
func (d *Decider) leave(ctx context.Context, active Active, s *subject, candidates []rules.Candidate, now time.Time) error {
	if d.Newest == nil || d.longAgo(s, now) || s.isWanted(active, candidates) {
		return nil
	}
	newest, err := d.Newest(ctx, active.Set)
	if err != nil || newest {
		return err
	}
	return waiting(s, now, "left to the replicas that are on newer rules than this one")
}

// isWanted tells whether there are rules for which an event is made: those that a tick found a change for, or any on its
// like. What others tell isn't made.
func (s *subject) isWanted(active Active, candidates []rules.Candidate) bool {
	switch {
	case s.Source == "pulse" || s.Source == "gerrit":
		return true
	case s.found != nil:
		return !slices.ContainsFunc(s.found.Rules, func(name string) bool {
			return !slices.ContainsFunc(candidates, func(c rules.Candidate) bool { return isCalled(c.Rule, name) })
		})
	case s.Source == "group" && s.Type == Look:
		return watches(active)
	case s.Type == Look:
		return active.Set.Wants(s.Source, "settled")
	}
	return len(candidates) > 0 || active.Set.Wants(s.Source, s.occurrence().Type)
}
