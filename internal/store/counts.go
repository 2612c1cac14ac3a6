package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Counts counts rows by state. It reads one index from end to end: not for every second.
func (s *Store) Counts(ctx context.Context) (Counts, error) {
	c := Counts{Events: map[EventState]int64{}, Actions: map[ActionState]int64{}}
	type count struct {
		state string
		n     int64
	}
	scan := func(row scanner) (count, error) {
		var c count
		err := row.Scan(&c.state, &c.n)
		return c, err
	}
	matched, err := all(ctx, s.read, scan, "SELECT state, COUNT(*) FROM events WHERE state <> 'unmatched' GROUP BY state")
	if err != nil {
		return Counts{}, fmt.Errorf("count events: %w", err)
	}
	var others int64
	if err := s.read.QueryRowContext(ctx, "SELECT COUNT(*) FROM events").Scan(&others); err != nil {
		return Counts{}, fmt.Errorf("count events: %w", err)
	}
	for _, e := range matched {
		c.Events[EventState(e.state)] = e.n
		others -= e.n
	}
	if others > 0 { // what was taken in between the two counts is left for the next
		c.Events[EventUnmatched] = others
	}
	actions, err := all(ctx, s.read, scan, "SELECT state, COUNT(*) FROM actions GROUP BY state")
	if err != nil {
		return Counts{}, fmt.Errorf("count actions: %w", err)
	}
	for _, a := range actions {
		c.Actions[ActionState(a.state)] = a.n
	}
	var oldest int64
	err = s.read.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM lanes WHERE due_ms > 0 AND due_ms <= (SELECT ms FROM clock)),
		(SELECT COALESCE(MIN(received_ms), 0) FROM events WHERE state IN ('received', 'deciding'))`).Scan(&c.Lanes, &oldest)
	if err != nil {
		return Counts{}, fmt.Errorf("count lanes: %w", err)
	}
	c.Parked, c.Oldest = c.Events[EventParked], timeOf(oldest)
	c.Waiting, err = s.waiting(ctx)
	return c, err
}

// waiting are the events that wait for a server, by server: what each was told of it differs.
func (s *Store) waiting(ctx context.Context) ([]Waiting, error) {
	reasons, err := all(ctx, s.read, func(row scanner) (Waiting, error) {
		var w Waiting
		var oldest int64
		err := row.Scan(&w.For, &w.Events, &oldest)
		w.Oldest = timeOf(oldest)
		return w, err
	}, "SELECT error, COUNT(*), MIN(received_ms) FROM events WHERE state IN ('received', 'deciding') AND error LIKE $1 GROUP BY error ORDER BY error", WaitsFor+"%")
	if err != nil {
		return nil, fmt.Errorf("count what waits: %w", err)
	}
	var out []Waiting
	for _, w := range reasons {
		w.For, _, _ = strings.Cut(strings.TrimPrefix(w.For, WaitsFor), ":")
		i := slices.IndexFunc(out, func(o Waiting) bool { return o.For == w.For })
		if i < 0 {
			out = append(out, w)
			continue
		}
		out[i].Events += w.Events
		if w.Oldest.Before(out[i].Oldest) {
			out[i].Oldest = w.Oldest
		}
	}
	return out, nil
}
