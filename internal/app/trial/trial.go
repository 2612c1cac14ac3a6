// Package trial decides events without a store: what would follow, and why.
//
// It goes through the very code of internal/decide, with the facts of a recording or those that servers tell now, and
// does nothing about what comes of it. Every rule that looks at an event is asked, also those that the index would pass
// over. It persists nothing. cmd/bot calls it for bot try and bot why --as-test, internal/sandbox to replay recordings.
package trial

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"time"

	"github.com/rs/zerolog"

	"verdict/internal/decide"
	"verdict/internal/facts"
	"verdict/internal/store"
	"verdict/rules"
)

// Trial says by what events are decided.
type Trial struct {
	Set   *rules.Set
	Facts *facts.Source
	// Link is the patchset that events of tasks and groups belong to; nil: what the task says decides, if its team trusts
	// that.
	Link *store.Link
	// Spent is, by TEAM/RULE, what was done before and is done once.
	Spent map[string][]rules.Spent
	// ExchangePrefix and SchedulerID are those of the configuration; the usual ones when empty.
	ExchangePrefix, SchedulerID string
}

// Outcome is what one event would lead to.
type Outcome struct {
	Event      store.Event
	Occurrence rules.Occurrence
	Decisions  []store.Decision
	// Error is what a rule failed with, empty where none did.
	Error string
}

// Try decides an event, and what is derived of it: a message of a task may tell that it, or its group,
// has settled, or that the group can't go on: how long that has been so isn't asked.
func (t Trial) Try(ctx context.Context, ev store.Event) ([]Outcome, error) {
	d := t.decider()
	var out []Outcome
	for queue := []store.Event{ev}; len(queue) > 0; queue = queue[1:] {
		v, err := d.Try(ctx, queue[0], cmp.Or(queue[0].Time, time.Now()))
		if err != nil {
			return out, fmt.Errorf("try %s: %w", queue[0].Type, err)
		}
		o := Outcome{Event: v.Event, Decisions: v.Decisions, Error: v.Event.Error}
		if o.Occurrence, err = d.Occurrence(queue[0]); err != nil {
			return out, err
		}
		if t.Link != nil && o.Occurrence.Project == "" {
			o.Occurrence.Server, o.Occurrence.Project, o.Occurrence.Branch = t.Link.Server, t.Link.Project, t.Link.Branch
		}
		if queue[0].Type != decide.Look {
			out = append(out, o)
		}
		queue = append(queue, v.Derived...)
		for _, h := range v.Heard {
			queue = append(queue, d.Look(store.GroupState{GroupID: h.GroupID, BodyVersion: h.BodyVersion, Body: h.Body, Due: queue[0].Time, Heard: true}))
		}
	}
	return out, nil
}

func (t Trial) decider() *decide.Decider {
	prefix := cmp.Or(t.ExchangePrefix, rules.DefaultExchangePrefix)
	return &decide.Decider{
		Store: nothingStored{link: t.Link, spent: t.Spent}, Facts: t.Facts, ExchangePrefix: prefix, SchedulerID: cmp.Or(t.SchedulerID, "verdict"),
		Holder: "trial", Log: zerolog.Nop(), MaxAge: math.MaxInt64,
		Active: func() decide.Active { return decide.Active{Set: t.Set, Begins: Begins(t.Set)} },
		Match: func(set *rules.Set, o rules.Occurrence) []rules.Candidate {
			return set.Looking(o, prefix)
		},
	}
}

// Begins has every rule of a set answer whatever happened at any time.
func Begins(set *rules.Set) map[store.BeginKey]time.Time {
	out := map[store.BeginKey]time.Time{}
	for _, r := range set.Rules() {
		for _, t := range r.On {
			for _, project := range append([]string{""}, t.Projects...) {
				out[decide.BeginOf(r, t, project)] = time.Time{}
			}
		}
	}
	return out
}

// nothingStored knows one link at most, and what was done once.
type nothingStored struct {
	decide.Store // nil: what Try calls is below
	link         *store.Link
	spent        map[string][]rules.Spent
}

// Link implements decide.Store.
func (s nothingStored) Link(context.Context, string, string) (store.Link, bool, error) {
	if s.link == nil {
		return store.Link{}, false, nil
	}
	return *s.link, true, nil
}

// Group implements decide.Store.
func (nothingStored) Group(context.Context, string) (store.GroupState, bool, error) {
	return store.GroupState{}, false, nil
}

// GroupsOf implements decide.Store.
func (nothingStored) GroupsOf(context.Context, string, int, string) ([]string, error) {
	return nil, nil
}

// AwaitedGroup implements decide.Store.
func (nothingStored) AwaitedGroup(context.Context, string) ([]store.Awaited, error) { return nil, nil }

// AwaitedOn implements decide.Store.
func (nothingStored) AwaitedOn(context.Context, string, int) ([]store.Awaited, error) {
	return nil, nil
}

// Reported implements decide.Store.
func (nothingStored) Reported(context.Context, string, int) ([]store.Reported, error) {
	return nil, nil
}

// ReportedClosed implements decide.Store.
func (nothingStored) ReportedClosed(context.Context, string, string, string, int) ([]store.Reported, []store.SeenChange, error) {
	return nil, nil, nil
}

// OpenOf implements decide.Store.
func (nothingStored) OpenOf(context.Context, string) ([]store.Action, error) { return nil, nil }

// WaitForOk implements decide.Store.
func (nothingStored) WaitForOk(context.Context, string) ([]store.Action, error) { return nil, nil }

// Undecided implements decide.Store.
func (nothingStored) Undecided(context.Context, string) (bool, error) { return false, nil }

// Hops implements decide.Store.
func (nothingStored) Hops(context.Context, string, string) (int, error) { return 0, nil }

// LastOnce implements decide.Store.
func (s nothingStored) LastOnce(_ context.Context, o store.Once) (store.Once, bool, error) {
	for _, spent := range s.spent[o.Team+"/"+o.Rule] {
		if spent.Key == o.Key {
			return store.Once{Acted: spent.Acted, EventID: spent.EventID}, true, nil
		}
	}
	return store.Once{}, false, nil
}

// Opinions implements decide.Store.
func (nothingStored) Opinions(context.Context, string, int) ([]store.Opinion, error) { return nil, nil }
