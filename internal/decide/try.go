package decide

import (
	"context"
	"time"

	"verdict/internal/store"
	"verdict/rules"
)

// Try works out what an event leads to, as deciding it does, and writes nothing. Of the Decider's store it reads the
// links and the state of groups. What is derived of the event is in the verdict's Derived, to be tried in turn.
func (d *Decider) Try(ctx context.Context, ev store.Event, now time.Time) (store.Verdict, error) {
	return d.decide(ctx, ev, now)
}

// match are the rules that the event may concern.
func (d *Decider) match(set *rules.Set, o rules.Occurrence) []rules.Candidate {
	if d.Match != nil {
		return d.Match(set, o)
	}
	return set.Match(o, nil)
}

// Occurrence is an event as the index of rules sees it. A body that can't be read is an error.
func (d *Decider) Occurrence(ev store.Event) (rules.Occurrence, error) {
	s, err := d.read(ev)
	if err != nil {
		return rules.Occurrence{}, err
	}
	return s.occurrence(), nil
}
