// Package decide makes decisions of events.
//
// A replica claims events that were received, fetches the facts that the matching rules name, evaluates the
// rules, and writes what they decided: a decision each, with its explanation, and the actions and opinions that
// follow, in one transaction with the event's state. An action exists once per (event, team, rule, key), so
// deciding an event again changes nothing. It writes the tables decisions, actions, opinions, links,
// task_groups and events. What is done about it is internal/deliver's; internal/app runs it.
package decide

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"verdict/internal/crew"
	"verdict/internal/facts"
	"verdict/internal/problems"
	"verdict/internal/store"
	"verdict/rules"
)

// Store is what deciding needs of internal/store.
type Store interface {
	ClaimEvents(ctx context.Context, holder string, n int, lease time.Duration) ([]store.Event, error)
	FinishEvents(ctx context.Context, verdicts []store.Verdict) error
	PostponeEvent(ctx context.Context, id string, epoch int64, reason string, retryIn time.Duration) error
	ReturnEvent(ctx context.Context, id string, epoch int64, reason string, retryIn time.Duration) error
	WakeGroups(ctx context.Context, n int, look func(store.GroupState) store.Event) (int, error)
	Link(ctx context.Context, kind, id string) (store.Link, bool, error)
	GroupsOf(ctx context.Context, server string, change int, revision string) ([]string, error)
	OpenOf(ctx context.Context, kind string) ([]store.Action, error)
	WaitForOk(ctx context.Context, lane string) ([]store.Action, error)
	Undecided(ctx context.Context, groupID string) (bool, error)
	AwaitedGroup(ctx context.Context, groupID string) ([]store.Awaited, error)
	AwaitedOn(ctx context.Context, server string, change int) ([]store.Awaited, error)
	Reported(ctx context.Context, server string, change int) ([]store.Reported, error)
	ReportedClosed(ctx context.Context, server, project, branch string, n int) ([]store.Reported, []store.SeenChange, error)
	Group(ctx context.Context, id string) (store.GroupState, bool, error)
	Opinions(ctx context.Context, server string, change int) ([]store.Opinion, error)
	Decisions(ctx context.Context, eventID string) ([]store.Decision, error)
	Hops(ctx context.Context, thing, groupID string) (int, error)
	LastOnce(ctx context.Context, o store.Once) (store.Once, bool, error)
	Now(ctx context.Context) (time.Time, error)
	Wake() <-chan struct{}
}

// Active is the rule set in force, with the time from which on each rule answers.
type Active struct {
	Set    *rules.Set
	Begins map[store.BeginKey]time.Time
	// Commit is that of the rules, empty where they are a folder's. It is kept with each decision.
	Commit string
}

// Decider decides events. Its fields are set once, before Run.
type Decider struct {
	Store Store
	Facts *facts.Source
	// Active gives the rule set in force. An event is matched anew with it when it is decided.
	Active func() Active
	// Ahead tells whether another replica lives that is on newer rules than a set that Active gave; nil: none ever is.
	Ahead func(ctx context.Context, set *rules.Set) (bool, error)
	// Match gives the rules that an event may concern; nil: the set's index does. Set.Looking tells more, at a price.
	Match func(*rules.Set, rules.Occurrence) []rules.Candidate
	// ExchangePrefix is what Taskcluster's exchanges begin with.
	ExchangePrefix string
	// SchedulerID is that of the tasks which rules create.
	SchedulerID string
	// Shadow records every decision of this process as a shadow's.
	Shadow bool
	// MaxAge is how old an event may be to be answered; 24 h when zero.
	MaxAge time.Duration
	// Quiet is how long a group must have been as it is to be settled, Stuck to be stuck where it can't go on.
	Quiet, Stuck time.Duration
	// Window is how long a comment waits for neighbours at least; internal/deliver knows how long at most.
	Window time.Duration
	Holder string
	Log    zerolog.Logger
	// Workers is how many batches of events are decided at once, each of up to 200; 4 when zero.
	Workers int
	// Lease is how long events are claimed for; 30 s when zero.
	Lease time.Duration
	// Ease says that intake needs the machine: then one worker works alone. Nil: never.
	Ease func() bool
	// Tell tells a team what it has to mend; nil: nobody is told.
	Tell func(ctx context.Context, p problems.Problem)
	// Over says that a problem of a team, by its name, is mended; nil: nobody is told.
	Over func(ctx context.Context, team, name string)
	// Decided is told of each event that was decided; nil: nobody is.
	Decided func(ev store.Event, v store.Verdict)

	late atomic.Bool // it was behind at the last look
}

const (
	batch = 200
	// defaultLease is how long an event waits whose replica died. A batch whose facts take longer is cut short.
	defaultLease = 30 * time.Second
	// patience is how often an event is tried whose facts can't be had before it is parked: about an hour with the
	// backoff below. That a server is away is no try.
	patience = 12
	idle     = time.Second
	// together is how long a decision waits for others to be written with it.
	together = 50 * time.Millisecond
)

// forEver is a MaxAge that nothing reaches.
const forEver = 100 * 365 * 24 * time.Hour

func (d *Decider) maxAge() time.Duration { return cmp.Or(d.MaxAge, 24*time.Hour) }

// Run decides until ctx ends and what was claimed is finished or given up.
func (d *Decider) Run(ctx context.Context) error {
	workers := d.Workers
	if workers == 0 {
		workers = 4
	}
	return crew.Crew{
		Workers: workers, Wake: d.Store.Wake, Idle: idle, Ease: d.Ease,
		Work: func(ctx context.Context) (bool, error) {
			n, err := d.Next(ctx)
			return n > 0, err
		},
		Failed: func(err error) { d.Log.Error().Err(err).Msg("events could not be decided") },
	}.Run(ctx)
}

// Next claims some events and decides each. It tells how many there were.
func (d *Decider) Next(ctx context.Context) (int, error) {
	lease := cmp.Or(d.Lease, defaultLease)
	if d.late.Load() {
		if behind, err := d.behind(ctx); err != nil || behind {
			return 0, err
		}
	}
	began := time.Now()
	if _, err := d.Store.WakeGroups(ctx, batch, d.Look); err != nil {
		return 0, err
	}
	events, err := d.Store.ClaimEvents(ctx, d.Holder, batch, lease)
	if err != nil {
		return 0, fmt.Errorf("claim events: %w", err)
	}
	if len(events) == 0 {
		return 0, nil
	}
	if behind, err := d.behind(ctx); err != nil || behind {
		return 0, errors.Join(err, d.letGo(ctx, events))
	}
	now, err := d.Store.Now(ctx)
	if err != nil {
		return 0, err
	}
	var made []store.Verdict
	first := time.Now() // of what is made and not written
	for i, ev := range events {
		if ctx.Err() != nil || time.Since(began) > lease/2 {
			return len(events), errors.Join(d.finish(ctx, made), d.letGo(ctx, events[i:]))
		}
		v, err := d.one(ctx, ev, now)
		if err != nil {
			return len(events), err
		}
		if v == nil {
			continue
		}
		if len(made) == 0 {
			first = time.Now()
		}
		made = append(made, *v)
		if !leadsToNothing(*v) && time.Since(first) > together {
			if err := d.finish(ctx, made); err != nil {
				return len(events), err
			}
			made = nil
		}
	}
	return len(events), d.finish(ctx, made)
}

// behind tells whether a replica lives that is on newer rules than this one: what happens is decided by those, since here
// it would be decided without the rules that are new. Where nobody is on them any more, it is decided by those that are here.
// It is looked at once events are claimed, so that what they are for is published by then; and before the next claim where
// it was so the last time.
func (d *Decider) behind(ctx context.Context) (bool, error) {
	if d.Ahead == nil {
		return false, nil
	}
	behind, err := d.Ahead(ctx, d.Active().Set)
	d.late.Store(behind || err != nil)
	return behind, err
}

// finish writes events that were decided, in one transaction. Where a group was moved on by another replica
// meanwhile, nothing is written, and each is looked at by itself.
func (d *Decider) finish(ctx context.Context, made []store.Verdict) error {
	if len(made) == 0 {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	err := d.Store.FinishEvents(ctx, made)
	if err == nil {
		d.told(made...)
		return nil
	}
	if len(made) == 1 {
		return d.giveBack(ctx, made[0].Event, err)
	}
	for _, v := range made {
		if err := d.finish(ctx, []store.Verdict{v}); err != nil {
			return err
		}
	}
	return nil
}

// letGo gives events back that there is no time for: whoever comes next needn't wait for their leases.
func (d *Decider) letGo(ctx context.Context, events []store.Event) error {
	ctx = context.WithoutCancel(ctx)
	for _, ev := range events {
		if err := d.Store.ReturnEvent(ctx, ev.ID, ev.Epoch, "", 0); err != nil && !errors.Is(err, store.ErrLeaseLost) {
			return fmt.Errorf("give event %s back: %w", ev.ID, err)
		}
	}
	return nil
}

// one decides an event; what can't be decided now is given back.
func (d *Decider) one(ctx context.Context, ev store.Event, now time.Time) (*store.Verdict, error) {
	v, err := d.decide(ctx, ev, now)
	var away *facts.AwayError
	if errors.As(err, &away) {
		err = &waitsError{store.WaitsFor + away.Error(), longer(now.Sub(ev.Received), time.Minute)}
	}
	if err != nil {
		return nil, d.giveBack(ctx, ev, err)
	}
	return &v, nil
}

func leadsToNothing(v store.Verdict) bool {
	return len(v.Actions)+len(v.Opinions)+len(v.Derived)+len(v.Links)+len(v.Groups)+len(v.Kept)+len(v.OkToTests) == 0
}

func (d *Decider) told(verdicts ...store.Verdict) {
	if d.Decided == nil {
		return
	}
	for _, v := range verdicts {
		d.Decided(v.Event, v)
	}
}

// giveBack has an event decided again later, or parks it.
func (d *Decider) giveBack(ctx context.Context, ev store.Event, err error) error {
	var unreadable *unreadableError
	var waits *waitsError
	switch {
	case errors.Is(err, store.ErrLeaseLost):
		return nil // another replica has it
	case ctx.Err() != nil:
		return d.letGo(ctx, []store.Event{ev})
	case errors.Is(err, store.ErrMoved) && ev.Attempts < patience:
		return d.Store.PostponeEvent(ctx, ev.ID, ev.Epoch, "", 0) // to be looked at as it is now
	case errors.As(err, &waits):
		if ev.Error == "" { // it is looked at often
			d.Log.Info().Str("event", ev.ID).Str("reason", err.Error()).Msg("event waits")
		}
		return d.Store.ReturnEvent(ctx, ev.ID, ev.Epoch, err.Error(), waits.wait)
	case errors.As(err, &unreadable) || ev.Attempts >= patience && ev.Type != Look:
		d.Log.Error().Err(err).Str("event", ev.ID).Msg("event parked; bot events retry " + ev.ID)
		return d.park(ctx, ev, err)
	}
	wait := min(time.Second<<min(max(ev.Attempts-1, 0), 10), 10*time.Minute)
	wait += time.Duration(rand.Int64N(int64(wait / 4)))
	d.Log.Warn().Err(err).Str("event", ev.ID).Dur("next", wait).Msg("event postponed")
	return d.Store.PostponeEvent(ctx, ev.ID, ev.Epoch, err.Error(), wait)
}

// park gives up on an event until somebody retries it. What became of its task in the end is looked at all the same:
// a rule that can't be decided on a run keeps none on what settled from being.
func (d *Decider) park(ctx context.Context, ev store.Event, err error) error {
	v := store.Verdict{Event: ev, State: store.EventParked}
	v.Event.Error = err.Error()
	if s, err := d.read(ev); err == nil && ev.Source == "task" && ev.Type != "settled" {
		v.Derived = []store.Event{d.derivedTask(s, Look, s.derived.Run, ev.Time)}
	}
	return d.Store.FinishEvents(ctx, []store.Verdict{v})
}

// waitsError says why nothing failed on an event and it can't be decided yet, and how long to wait until it is looked at
// again.
type waitsError struct {
	why  string
	wait time.Duration
}

func (e *waitsError) Error() string { return e.why }

// waiting has an event wait: the longer, the longer ago it came.
func waiting(s *subject, now time.Time, why string) error {
	return &waitsError{why, longer(now.Sub(s.Received), 30*time.Second)}
}

// longer is how long an event waits that has waited for so long.
func longer(waited, most time.Duration) time.Duration { return min(max(waited/4, time.Second), most) }

// unreadableError is a body that no retry will make readable.
type unreadableError struct{ error }

func (e *unreadableError) Unwrap() error { return e.error }
