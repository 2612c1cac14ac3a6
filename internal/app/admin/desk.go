package admin

import (
	"context"
	"fmt"
	"time"

	"verdict/internal/store"
	"verdict/rules"
)

// Store is what a desk needs of internal/store.
type Store interface {
	Event(ctx context.Context, id string) (store.Event, error)
	Events(ctx context.Context, f store.Filter) ([]store.Event, error)
	RetryEvent(ctx context.Context, id string) error
	Decisions(ctx context.Context, eventID string) ([]store.Decision, error)
	SeenChanges(ctx context.Context, server string, changes []int) ([]store.SeenChange, error)
	Opinions(ctx context.Context, server string, change int) ([]store.Opinion, error)
	PostedVotes(ctx context.Context, server string, change int) ([]store.Posted, error)
	AwaitedOn(ctx context.Context, server string, change int) ([]store.Awaited, error)
	UnfinishedOn(ctx context.Context, lane string) ([]store.Action, error)
	Action(ctx context.Context, id string) (store.Action, error)
	Actions(ctx context.Context, f store.Filter) ([]store.Action, error)
	RetryAction(ctx context.Context, id string) error
	CancelAction(ctx context.Context, id string) error
	ApproveAction(ctx context.Context, id, by string) error
	Holds(ctx context.Context) ([]store.Hold, error)
	Hold(ctx context.Context, h store.Hold) error
	Release(ctx context.Context, scope string) error
	Problems(ctx context.Context) ([]store.Problem, error)
	RuleSource(ctx context.Context) (store.RuleSource, error)
	Publications(ctx context.Context, n int) ([]store.Publication, error)
	Publication(ctx context.Context, seq int64) (store.Publication, error)
	PublicationOf(ctx context.Context, asked string) (store.Publication, error)
	PinRules(ctx context.Context, p store.Pin) error
	ReleaseRules(ctx context.Context) error
	Counts(ctx context.Context) (store.Counts, error)
}

// Desk answers and acts on the store.
type Desk struct {
	Store Store
	// Version and Instance are told with the status.
	Version, Instance string
	// Process tells what only the running process knows; nil where there is none.
	Process func(ctx context.Context) Status
	// Contact gives a team's address in teams.yaml, or ""; nil where there is no process.
	Contact func(team string) string
	// Stranger says of a scope that the process knows no such team, rule or server; nil where there is no process.
	Stranger func(scope string) string
	// Passed tells which rules passed over an event; nil where there are none.
	Passed func(e store.Event) []rules.Passed
}

var _ Admin = (*Desk)(nil)

// Status adds the store's figures to what the process tells of itself.
func (d *Desk) Status(ctx context.Context) (Status, error) {
	s := Status{Degraded: []string{}, Replicas: []Replica{}}
	if d.Process != nil {
		s = d.Process(ctx)
	}
	s.Version, s.Instance = d.Version, d.Instance
	counts, err := d.Store.Counts(ctx)
	if err != nil {
		return s, fmt.Errorf("count what is stored: %w", err)
	}
	holds, err := d.Store.Holds(ctx)
	if err != nil {
		return s, fmt.Errorf("read holds: %w", err)
	}
	found, err := d.Store.Problems(ctx)
	if err != nil {
		return s, err
	}
	s.Counts, s.Holds, s.Problems = viewCounts(counts), views(holds, viewHold), views(found, d.viewProblem)
	for _, w := range counts.Waiting {
		s.Degraded = append(s.Degraded, fmt.Sprintf("%s; events that wait for it: %d, the oldest since %s", w.For, w.Events, w.Oldest.UTC().Format("2006-01-02 15:04:05Z")))
	}
	return s, d.addSource(ctx, &s)
}

// Events lists events.
func (d *Desk) Events(ctx context.Context, f store.Filter) ([]Event, error) {
	events, err := d.Store.Events(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	return views(events, viewEvent), nil
}

// Event shows one event, by its id or the beginning of it, with its decisions and actions.
func (d *Desk) Event(ctx context.Context, id string) (EventDetail, error) {
	e, err := d.event(ctx, id)
	if err != nil {
		return EventDetail{}, err
	}
	detail, err := d.detail(ctx, e)
	if err != nil {
		return EventDetail{}, err
	}
	detail.Passed, err = d.passedOver(e)
	return detail, err
}

// detail adds to an event what came of it.
func (d *Desk) detail(ctx context.Context, e store.Event) (EventDetail, error) {
	decisions, err := d.Store.Decisions(ctx, e.ID)
	if err != nil {
		return EventDetail{}, fmt.Errorf("decisions on event %s: %w", e.ID, err)
	}
	actions, err := d.Store.Actions(ctx, store.Filter{EventID: e.ID})
	if err != nil {
		return EventDetail{}, fmt.Errorf("actions of event %s: %w", e.ID, err)
	}
	return viewEventDetail(e, decisions, actions), nil
}

// RetryEvent has a parked event decided again.
func (d *Desk) RetryEvent(ctx context.Context, id string) error {
	e, err := d.event(ctx, id)
	if err != nil {
		return err
	}
	if err := d.Store.RetryEvent(ctx, e.ID); err != nil {
		return fmt.Errorf("retry event %s: %w", id, err)
	}
	return nil
}

func (d *Desk) event(ctx context.Context, id string) (store.Event, error) {
	e, err := d.Store.Event(ctx, id)
	if err != nil {
		return e, absent(fmt.Errorf("event %s: %w", id, err), fmt.Sprintf("no event's id begins with %q; bot events list shows them", id))
	}
	return e, nil
}

// Actions lists actions.
func (d *Desk) Actions(ctx context.Context, f store.Filter) ([]Action, error) {
	actions, err := d.Store.Actions(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("list actions: %w", err)
	}
	return views(actions, viewAction), nil
}

// Action shows one action, by its id or the beginning of it.
func (d *Desk) Action(ctx context.Context, id string) (ActionDetail, error) {
	a, err := d.action(ctx, id)
	if err != nil {
		return ActionDetail{}, err
	}
	return viewActionDetail(a), nil
}

// RetryAction has an action that ended, or waits for its next attempt, tried at once.
func (d *Desk) RetryAction(ctx context.Context, id string) error {
	return d.onAction(ctx, id, "retry", d.Store.RetryAction)
}

// CancelAction ends an action that is not done.
func (d *Desk) CancelAction(ctx context.Context, id string) error {
	return d.onAction(ctx, id, "cancel", d.Store.CancelAction)
}

// ApproveAction lets an action that waits for approval be done.
func (d *Desk) ApproveAction(ctx context.Context, id, by string) error {
	return d.onAction(ctx, id, "approve", func(ctx context.Context, id string) error { return d.Store.ApproveAction(ctx, id, by) })
}

func (d *Desk) onAction(ctx context.Context, id, verb string, do func(context.Context, string) error) error {
	a, err := d.action(ctx, id)
	if err != nil {
		return err
	}
	if err := do(ctx, a.ID); err != nil {
		return fmt.Errorf("%s action %s: %w", verb, id, err)
	}
	return nil
}

func (d *Desk) action(ctx context.Context, id string) (store.Action, error) {
	a, err := d.Store.Action(ctx, id)
	if err != nil {
		return a, absent(fmt.Errorf("action %s: %w", id, err), fmt.Sprintf("no action's id begins with %q; bot actions list shows them", id))
	}
	return a, nil
}

// Hold stops deliveries of a scope until it is released; all replicas see it within seconds.
func (d *Desk) Hold(ctx context.Context, h Hold) (Held, error) {
	if err := CheckScope(h.Scope); err != nil {
		return Held{}, err
	}
	err := d.Store.Hold(ctx, store.Hold{Scope: h.Scope, Reason: h.Reason, By: h.By, Since: time.Now()})
	if err != nil {
		return Held{}, fmt.Errorf("hold %s: %w", h.Scope, err)
	}
	if d.Stranger == nil {
		return Held{}, nil
	}
	return Held{Stranger: d.Stranger(h.Scope)}, nil
}

// Release ends a hold.
func (d *Desk) Release(ctx context.Context, scope string) error {
	if err := CheckScope(scope); err != nil {
		return err
	}
	if err := d.Store.Release(ctx, scope); err != nil {
		return absent(fmt.Errorf("release %s: %w", scope, err), scope+" is not held; bot status lists what is")
	}
	return nil
}
