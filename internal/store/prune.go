package store

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// Retention says how long what is over is kept; zero keeps it.
type Retention struct {
	// Events is how long the bodies of events are kept, and what was last seen of changes that are over; the ids of
	// events, and what was made of them, stay.
	Events time.Duration
	// Decisions is how long decisions are kept, with their facts and explanations, problems that aren't met any more, and
	// rules that are no longer in force.
	Decisions time.Duration
}

// pruned is how many rows one transaction of Prune changes: others write in between.
const pruned = 500

// Prune empties the bodies of events, and deletes decisions, that are over and older than their retention. It tells
// how many there were. An event that still waits to be decided, and a parked one, keeps its body.
func (s *Store) Prune(ctx context.Context, r Retention) (events, decisions int64, err error) {
	if r.Events > 0 {
		if events, err = s.pruneBodies(ctx, r.Events); err != nil {
			return events, 0, fmt.Errorf("prune events: %w", err)
		}
		inBundles, err := s.pruneBundles(ctx, r.Events)
		events += inBundles
		if err != nil {
			return events, 0, fmt.Errorf("prune events: %w", err)
		}
		if err := s.pruneSeen(ctx, r.Events); err != nil {
			return events, 0, fmt.Errorf("prune what was seen of changes: %w", err)
		}
	}
	if err := s.pruneCauses(ctx, r.Events); err != nil {
		return events, 0, err
	}
	if err := s.pruneOnces(ctx, r.Events); err != nil {
		return events, 0, err
	}
	if err := s.pruneChanges(ctx, r.Events); err != nil {
		return events, 0, err
	}
	if r.Decisions <= 0 {
		return events, 0, nil
	}
	if err := s.pruneProblems(ctx, r.Decisions); err != nil {
		return events, 0, err
	}
	decisions, err = s.pruneAll(ctx, `DELETE FROM decisions WHERE (event_id, team, rule) IN (SELECT event_id, team, rule FROM decisions
		WHERE decided_ms < (SELECT ms FROM clock) - CAST($2 AS BIGINT) ORDER BY decided_ms LIMIT $1)`, ms(r.Decisions))
	if err != nil {
		return events, decisions, fmt.Errorf("prune decisions: %w", err)
	}
	return events, decisions, s.pruneSets(ctx, r.Decisions)
}

// pruneAll repeats a query, whose $1 is how many rows it may take, until it finds less.
func (s *Store) pruneAll(ctx context.Context, query string, args ...any) (all int64, err error) {
	for {
		var n int64
		err := s.write(ctx, func(t *tx) (err error) {
			n, err = t.exec(ctx, query, append([]any{pruned}, args...)...)
			return err
		})
		all += n
		if err != nil || n < pruned {
			return all, err
		}
	}
}

// prunedTo is the cursor that says up to which time of intake bodies are gone, so that each is looked at once.
const prunedTo = "store/pruned"

func (s *Store) pruneBodies(ctx context.Context, keep time.Duration) (n int64, err error) {
	for {
		more, changed, err := s.pruneSome(ctx, keep)
		n += changed
		if err != nil || !more {
			return n, err
		}
	}
}

func (s *Store) pruneSome(ctx context.Context, keep time.Duration) (more bool, changed int64, err error) {
	from, err := s.Cursor(ctx, prunedTo)
	if err != nil {
		return false, 0, err
	}
	since, _ := strconv.ParseInt(from, 10, 64) // none yet: from the beginning
	err = s.write(ctx, func(t *tx) error {
		now, err := t.now(ctx)
		if err != nil {
			return err
		}
		// All of one millisecond go together, so that the cursor can stand between two.
		var until int64
		err = t.QueryRowContext(ctx, `SELECT COALESCE(MAX(received_ms), 0) FROM (SELECT received_ms FROM events
			WHERE received_ms >= $1 AND received_ms < $2 ORDER BY received_ms LIMIT $3) AS batch`, since, now-ms(keep), pruned).Scan(&until)
		if err != nil || until == 0 {
			more = false
			return err
		}
		changed, err = t.exec(ctx, `UPDATE events SET body = $1, body_version = 0 WHERE received_ms >= $2 AND received_ms <= $3
			AND body_version <> 0 AND state NOT IN ('received', 'deciding', 'parked')`, []byte{}, since, until)
		if err != nil {
			return err
		}
		more = true
		return t.setCursor(ctx, Cursor{prunedTo, strconv.FormatInt(until+1, 10)})
	})
	return more, changed, err
}

// bundlesPruned is how many bundles, each a batch's, one transaction of Prune deletes.
const bundlesPruned = 10

func (s *Store) pruneBundles(ctx context.Context, keep time.Duration) (n int64, err error) {
	for {
		var some int64
		err := s.write(ctx, func(t *tx) error {
			now, err := t.now(ctx)
			if err != nil {
				return err
			}
			counts, err := all(ctx, t, func(row scanner) (n int64, err error) {
				err = row.Scan(&n)
				return n, err
			}, `DELETE FROM bundles WHERE id IN (SELECT id FROM bundles WHERE id < $1 ORDER BY id LIMIT $2) RETURNING events`,
				firstBundle(now-ms(keep)), bundlesPruned)
			some = 0
			for _, events := range counts {
				some += events
			}
			return err
		})
		n += some
		if err != nil || some == 0 {
			return n, err
		}
	}
}
