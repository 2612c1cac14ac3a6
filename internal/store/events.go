package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

const eventColumns = `id, source, type, routing_key, routes, change, task_id, group_id, time_ms, received_ms,
	state, set_hash, parent, body_version, body, error, attempts, epoch, bundle, place`

func scanEvent(row scanner) (Event, error) {
	var ev Event
	var at, received int64
	err := row.Scan(&ev.ID, &ev.Source, &ev.Type, &ev.RoutingKey, &ev.Routes, &ev.Change, &ev.TaskID, &ev.GroupID, &at, &received,
		&ev.State, &ev.SetHash, &ev.Parent, &ev.BodyVersion, &ev.Body, &ev.Error, &ev.Attempts, &ev.Epoch, &ev.bundle, &ev.place)
	ev.Time, ev.Received = timeOf(at), timeOf(received)
	return ev, err
}

// eventByBeginning finds any event by a beginning of its id. It reads an index of all events from end to end: for
// people, who ask now and then.
const eventByBeginning = "key_ms IN (SELECT key_ms FROM events WHERE id >= ? AND id < ?) AND id >= ? AND id < ?"

// Event reads one event, by its id or a beginning of it that fits no other. Those that no rule matched are looked at
// only when none of the others fits.
func (s *Store) Event(ctx context.Context, id string) (Event, error) {
	var matched, every where
	matched.and("id >= ? AND id < ? AND state <> 'unmatched'", id, after(id))
	every.and(eventByBeginning, id, after(id), id, after(id))
	var found []Event
	for _, w := range []where{matched, every} {
		var err error
		found, err = all(ctx, s.read, scanEvent, "SELECT "+eventColumns+" FROM events"+w.String()+" ORDER BY id LIMIT 2", w.args...)
		if err != nil {
			return Event{}, fmt.Errorf("read event: %w", err)
		}
		if len(found) > 0 {
			break
		}
	}
	ev, err := only(found, id, func(ev Event) string { return ev.ID })
	if err != nil {
		return Event{}, fmt.Errorf("read event: %w", err)
	}
	if err := unbundle(ctx, s.read, found); err != nil {
		return Event{}, fmt.Errorf("read event %s: %w", ev.ID, err)
	}
	return found[0], nil
}

// Events lists events in the order of their intake.
func (s *Store) Events(ctx context.Context, f Filter) ([]Event, error) {
	query, args := f.query()
	events, err := all(ctx, s.read, scanEvent, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	if err := unbundle(ctx, s.read, events); err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	return events, nil
}

func (f Filter) query() (query string, args []any) {
	w := f.events()
	return "SELECT " + eventColumns + " FROM events" + w.String() + f.order("received_ms"), w.args
}

func (f Filter) events() where {
	var w where
	if f.State != "" {
		w.and("state = ?", f.State)
	}
	if f.Team != "" || f.Rule != "" || f.MatchedOnly {
		w.and(`EXISTS (SELECT 1 FROM decisions d WHERE d.event_id = events.id AND (? = '' OR d.team = ?)
			AND (? = '' OR d.rule = ?) AND d.matched >= ?)`, f.Team, f.Team, f.Rule, f.Rule, intOf(f.MatchedOnly))
	}
	if (len(w.conditions) > 0 || f.LookedAt) && f.State != string(EventUnmatched) {
		w.and("state <> 'unmatched'") // says which index to use: one in a hundred is in it
	}
	if f.Change != "" {
		w.and("change <> '' AND change = ?", f.Change)
	}
	switch {
	case f.TaskID == "":
	case f.LookedAt:
		w.and("task_id <> '' AND task_id = ?", f.TaskID)
	default: // reads the index of intake, from Since on
		w.and("received_ms IN (SELECT received_ms FROM events WHERE received_ms >= ? AND task_id = ?) AND task_id = ?", msOf(f.Since), f.TaskID, f.TaskID)
	}
	if f.EventID != "" {
		w.and(eventByBeginning, f.EventID, after(f.EventID), f.EventID, after(f.EventID))
	}
	if !f.Since.IsZero() {
		w.and("received_ms >= ?", msOf(f.Since))
	}
	return w
}

func (f Filter) order(column string) string {
	direction := ""
	if f.NewestFirst {
		direction = " DESC"
	}
	return fmt.Sprintf(" ORDER BY %s%s, id%s LIMIT %d", column, direction, direction, cmp.Or(f.Limit, 50))
}

// RecentHint finds the newest hint whose id begins with prefix and that was received within so long. Hints are kept
// by the minute in which they came, so it looks once a minute.
func (s *Store) RecentHint(ctx context.Context, prefix string, within time.Duration) (id string, ok bool, err error) {
	now, err := s.Now(ctx)
	if err != nil {
		return "", false, err
	}
	var w where
	keys := []any{0}
	for at := now.Add(-within); at.Before(now.Add(time.Minute)); at = at.Add(time.Minute) {
		keys = append(keys, minuteOf(msOf(at)))
	}
	w.and("key_ms IN (?"+strings.Repeat(", ?", len(keys)-1)+")", keys...)
	w.and("id >= ? AND id < ? AND received_ms >= ?", prefix, after(prefix), msOf(now.Add(-within)))
	id, ok, err = first(ctx, s.read, text, "SELECT id FROM events"+w.String()+" ORDER BY received_ms DESC LIMIT 1", w.args...)
	if err != nil {
		return "", false, fmt.Errorf("look for a hint: %w", err)
	}
	return id, ok, nil
}

// ClaimEvents takes up to n events for holder to decide: those that are due, oldest first, and those whose holder
// let its lease lapse. Each has a new epoch, without which nothing can be written about it.
func (s *Store) ClaimEvents(ctx context.Context, holder string, n int, lease time.Duration) ([]Event, error) {
	// A claimed event is due again when its lease ends: one index serves both.
	query := `WITH due AS MATERIALIZED (
			SELECT id FROM events WHERE state IN ('received', 'deciding') AND due_ms <= (SELECT ms FROM clock)
			ORDER BY due_ms, received_ms LIMIT $1` + s.dialect.skipLocked + `)
		UPDATE events SET state = 'deciding', holder = $2, epoch = epoch + 1, attempts = attempts + 1,
			lease_ms = (SELECT ms FROM clock) + CAST($3 AS BIGINT), due_ms = (SELECT ms FROM clock) + CAST($3 AS BIGINT)
		WHERE id IN (SELECT id FROM due) AND state <> 'unmatched' RETURNING ` + eventColumns
	events, _, err := claim(ctx, s, `SELECT 1 FROM events WHERE state IN ('received', 'deciding') AND due_ms <= (SELECT ms FROM clock) LIMIT 1`,
		func(t *tx) ([]Event, bool, error) {
			events, err := all(ctx, t, scanEvent, query, n, holder, lease.Milliseconds())
			return events, true, err
		})
	if err != nil {
		return nil, fmt.Errorf("claim events: %w", err)
	}
	slices.SortStableFunc(events, func(a, b Event) int { return a.Received.Compare(b.Received) })
	return events, nil
}

// PostponeEvent gives a claimed event back, to be claimed again after retryIn.
func (s *Store) PostponeEvent(ctx context.Context, id string, epoch int64, reason string, retryIn time.Duration) error {
	return s.giveBack(ctx, id, epoch, reason, retryIn, 0)
}

// ReturnEvent is PostponeEvent for an event that nothing failed on: that it was claimed is no attempt at it.
func (s *Store) ReturnEvent(ctx context.Context, id string, epoch int64, reason string, retryIn time.Duration) error {
	return s.giveBack(ctx, id, epoch, reason, retryIn, 1)
}

func (s *Store) giveBack(ctx context.Context, id string, epoch int64, reason string, retryIn time.Duration, fewer int) error {
	return s.write(ctx, func(t *tx) error {
		n, err := t.exec(ctx, `UPDATE events SET state = 'received', error = $1, holder = '', lease_ms = 0, attempts = attempts - $2,
			due_ms = (SELECT ms FROM clock) + CAST($3 AS BIGINT) WHERE id = $4 AND epoch = $5 AND state = 'deciding' AND state <> 'unmatched'`,
			reason, fewer, retryIn.Milliseconds(), id, epoch)
		if err != nil {
			return fmt.Errorf("write event %s: %w", id, err)
		}
		if n == 0 {
			return fmt.Errorf("event %s: %w", id, ErrLeaseLost)
		}
		t.woke = retryIn <= 0
		return nil
	})
}

// RetryEvent lets a parked event be decided again, and one that waits, at once.
func (s *Store) RetryEvent(ctx context.Context, id string) error {
	ev, err := s.Event(ctx, id)
	if err != nil {
		return err
	}
	return s.write(ctx, func(t *tx) error {
		n, err := t.exec(ctx, `UPDATE events SET state = 'received', attempts = 0, due_ms = 0
			WHERE id = $1 AND state IN ('parked', 'received') AND state <> 'unmatched'`, ev.ID)
		if err != nil {
			return fmt.Errorf("retry event %s: %w", ev.ID, err)
		}
		if n == 0 {
			return fmt.Errorf("event %s is %s; only a parked one can be retried", ev.ID, ev.State)
		}
		t.woke = true
		return nil
	})
}
