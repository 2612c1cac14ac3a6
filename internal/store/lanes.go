package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// open are the states of an action that its lane still has to do with.
const open = "('pending', 'running', 'retrying', 'held')"

func scanLane(row scanner) (Lane, error) {
	var l Lane
	var until, now int64
	err := row.Scan(&l.ID, &l.Holder, &l.Epoch, &until, &now)
	l.Until, l.Now = timeOf(until), timeOf(now)
	return l, err
}

// ClaimLane takes a lane for holder that is due and that nobody has, or whose holder let its lease lapse; nil when
// there is none. Its epoch is new: whatever an earlier holder still writes is refused. Lanes of the servers in except
// are left alone.
func (s *Store) ClaimLane(ctx context.Context, holder string, lease time.Duration, except ...string) (*Lane, error) {
	due := `SELECT id FROM lanes WHERE due_ms > 0 AND due_ms <= (SELECT ms FROM clock) AND lease_ms <= (SELECT ms FROM clock)`
	var names []any
	for i, server := range except {
		due += fmt.Sprintf(` AND substr(id, 1, %d) <> $%d`, len(server)+1, i+1)
		names = append(names, server+"~")
	}
	query := fmt.Sprintf(`WITH due AS MATERIALIZED (%s ORDER BY due_ms LIMIT 1%s)
		UPDATE lanes SET holder = $%d, lease_ms = (SELECT ms FROM clock) + CAST($%d AS BIGINT), epoch = epoch + 1
		WHERE id IN (SELECT id FROM due) RETURNING id, holder, epoch, lease_ms, (SELECT ms FROM clock)`,
		due, s.dialect.skipLocked, len(names)+1, len(names)+2)
	l, ok, err := claim(ctx, s, due+` LIMIT 1`,
		func(t *tx) (Lane, bool, error) {
			return first(ctx, t, scanLane, query, slices.Concat(names, []any{holder, ms(lease)})...)
		}, names...)
	if err != nil {
		return nil, fmt.Errorf("claim a lane: %w", err)
	}
	if !ok {
		return nil, nil
	}
	return &l, nil
}

// claim takes something in a transaction, if a look that takes no turn among the writers says that there is any:
// most looks find nothing.
func claim[T any](ctx context.Context, s *Store, look string, take func(t *tx) (T, bool, error), args ...any) (v T, ok bool, err error) {
	if _, any, err := first(ctx, s.read, text, look, args...); err != nil || !any {
		return v, false, err
	}
	err = s.write(ctx, func(t *tx) error {
		v, ok, err = take(t)
		return err
	})
	return v, ok && err == nil, err
}

// RenewLane makes a claimed lane's lease end so long after now.
func (s *Store) RenewLane(ctx context.Context, l *Lane, lease time.Duration) error {
	var renewed Lane
	var ok bool
	err := s.write(ctx, func(t *tx) (err error) {
		renewed, ok, err = first(ctx, t, scanLane, `UPDATE lanes SET lease_ms = (SELECT ms FROM clock) + CAST($1 AS BIGINT)
			WHERE id = $2 AND holder = $3 AND epoch = $4 RETURNING id, holder, epoch, lease_ms, (SELECT ms FROM clock)`,
			ms(lease), l.ID, l.Holder, l.Epoch)
		return err
	})
	if err != nil {
		return fmt.Errorf("renew lane %s: %w", l.ID, err)
	}
	if !ok {
		return fmt.Errorf("lane %s: %w", l.ID, ErrLeaseLost)
	}
	*l = renewed
	return nil
}

// LaneActions are the open actions of a lane (pending, running, retrying, held), in the order in which they were
// added, whether due or not.
func (s *Store) LaneActions(ctx context.Context, l Lane) ([]Action, error) {
	actions, err := all(ctx, s.read, scanAction, "SELECT "+actionColumns+" FROM actions WHERE lane = $1 AND state IN "+open+" ORDER BY seq", l.ID)
	if err != nil {
		return nil, fmt.Errorf("read the actions of lane %s: %w", l.ID, err)
	}
	return actions, nil
}

// under runs fn in a transaction that holds the lane's lock, or answers ErrLeaseLost when somebody else has claimed
// the lane since, or it was released. A lease that lapsed and that nobody took is still ours.
func (s *Store) under(ctx context.Context, l Lane, fn func(t *tx) error) error {
	return s.write(ctx, func(t *tx) error {
		_, ok, err := first(ctx, t, text, "SELECT id FROM lanes WHERE id = $1 AND holder = $2 AND epoch = $3"+s.dialect.lock, l.ID, l.Holder, l.Epoch)
		if err != nil {
			return fmt.Errorf("lock lane %s: %w", l.ID, err)
		}
		if !ok {
			return fmt.Errorf("lane %s: %w", l.ID, ErrLeaseLost)
		}
		return fn(t)
	})
}

// StartActions writes the intention of an attempt: the actions run, what they send is frozen, and their requests
// end within the timeout. ErrMoved when one of them was cancelled meanwhile. ErrGuarded where that would be more than
// their limits allow: then none is started, and what is held, or waits, is written.
func (s *Store) StartActions(ctx context.Context, l Lane, starts []Start) error {
	if len(starts) == 0 {
		return nil
	}
	var guarded *GuardedError
	err := s.under(ctx, l, func(t *tx) error {
		now, err := t.now(ctx)
		if err != nil {
			return err
		}
		if guarded, err = t.guard(ctx, l, now, starts); err != nil || guarded != nil {
			return err
		}
		for _, start := range starts {
			n, err := t.exec(ctx, `UPDATE actions SET state = 'running', attempts = attempts + 1, args = COALESCE($1, args), last_message = $2,
					started_ms = $6, deadline_ms = $6 + CAST($3 AS BIGINT), first_ms = CASE WHEN first_ms = 0 THEN $6 ELSE first_ms END,
					said_ms = CASE WHEN CAST($7 AS INTEGER) = 1 AND said_ms = 0 THEN $6 ELSE said_ms END
				WHERE id = $4 AND lane = $5 AND state IN `+open,
				nullable(start.Args), start.LastMessage, ms(start.Timeout), start.ActionID, l.ID, now, intOf(start.Speaks))
			if err != nil {
				return fmt.Errorf("start action %s: %w", start.ActionID, err)
			}
			if n == 0 {
				return fmt.Errorf("start action %s: %w", start.ActionID, ErrMoved)
			}
		}
		return nil
	})
	if err == nil && guarded != nil {
		return guarded
	}
	return err
}

// nullable gives NULL where there are no bytes.
func nullable(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

// FinishActions writes how attempts ended, and what they changed, in one transaction. An action that somebody
// cancelled before it began stays so. One to be held whose hold was released meanwhile is looked at again instead.
func (s *Store) FinishActions(ctx context.Context, l Lane, outcomes []Outcome, effects Effects) error {
	if len(outcomes) == 0 && effects.Empty() {
		return nil
	}
	return s.under(ctx, l, func(t *tx) error {
		for _, o := range outcomes {
			if err := t.finishAction(ctx, l, o); err != nil {
				return fmt.Errorf("finish action %s: %w", o.ActionID, err)
			}
		}
		return t.writeEffects(ctx, effects)
	})
}

// waitsForOk is how long an action waits for somebody's "ok to test": whoever would care has closed the change by then.
const waitsForOk = 60 * 24 * time.Hour

func (t *tx) finishAction(ctx context.Context, l Lane, o Outcome) error {
	state, retryIn := o.State, o.RetryIn
	if state == ActionHeld {
		held, err := t.isHeld(ctx, o.ActionID)
		if err != nil {
			return err
		}
		if !held {
			state, retryIn = ActionPending, max(retryIn, lookAgain)
		}
	}
	if state == ActionWaiting {
		heard, err := t.heardOf(ctx, o.ActionID, o.OkToTests)
		if err != nil {
			return err
		}
		retryIn = waitsForOk
		if heard {
			state, retryIn = ActionPending, 0
		}
	}
	if state == ActionRunning || state == "" {
		return errors.New("an attempt doesn't end as " + string(state))
	}
	_, err := t.exec(ctx, `UPDATE actions SET state = $1, reason = $2, result = COALESCE($3, result),
			due_ms = (SELECT ms FROM clock) + CAST($4 AS BIGINT), done_ms = CASE WHEN CAST($5 AS INTEGER) = 1 THEN (SELECT ms FROM clock) ELSE 0 END
		WHERE id = $6 AND lane = $7 AND state IN `+open,
		string(state), o.Reason, nullable(o.Result), ms(retryIn), intOf(state.ends()), o.ActionID, l.ID)
	if err != nil || o.Made == "" {
		return err
	}
	return t.nameCause(ctx, o.ActionID, o.Made)
}

// ReleaseLane gives a lane back. It is due again after next if anything in it is open; where next is negative, when
// the first of its open actions is: a held one never is, a running one when its deadline has passed. Both are found
// under the lane's lock, so an action that was added meanwhile is never forgotten.
func (s *Store) ReleaseLane(ctx context.Context, l Lane, next time.Duration) error {
	return s.under(ctx, l, func(t *tx) error {
		now, err := t.now(ctx)
		if err != nil {
			return err
		}
		var due int64
		err = t.QueryRowContext(ctx, `SELECT COALESCE(MIN(CASE WHEN state = 'running' THEN deadline_ms ELSE due_ms END), 0)
			FROM actions WHERE lane = $1 AND state IN `+open+` AND state <> 'held'`, l.ID).Scan(&due)
		if err != nil {
			return fmt.Errorf("look what is open in lane %s: %w", l.ID, err)
		}
		if due != 0 && next >= 0 {
			due = now + ms(next)
		}
		if _, err := t.exec(ctx, "UPDATE lanes SET holder = '', lease_ms = 0, due_ms = $1 WHERE id = $2", due, l.ID); err != nil {
			return fmt.Errorf("release lane %s: %w", l.ID, err)
		}
		t.woke = due != 0 && due <= now
		return nil
	})
}
