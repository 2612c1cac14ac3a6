package store

import (
	"context"
	"fmt"
)

// ForApproval begins the reason of an action that waits; who has to approve it follows.
const ForApproval = "for approval by "

// unapproved tells, of a row of actions, whether somebody still has to approve it.
const unapproved = "approve <> '' AND approved_ms = 0"

// ApproveAction lets an action that waits for approval be done, and keeps who said so.
func (s *Store) ApproveAction(ctx context.Context, id, by string) error {
	return s.changeAction(ctx, id, "approved", func(t *tx, a Action) (int64, error) {
		n, err := t.exec(ctx, `UPDATE actions SET state = 'pending', reason = '', approved_by = $2,
				approved_ms = (SELECT ms FROM clock), due_ms = (SELECT ms FROM clock)
			WHERE id = $1 AND state = 'waiting' AND approve <> '' AND (due_ms = 0 OR due_ms > (SELECT ms FROM clock))`, a.ID, by)
		if err != nil || n == 0 {
			return n, err
		}
		now, err := t.now(ctx)
		if err != nil {
			return 0, err
		}
		return n, t.makeDue(ctx, a.Lane, now)
	})
}

// ExpireWaiting cancels the actions that waited for approval for as long as they may, and gives them.
func (s *Store) ExpireWaiting(ctx context.Context) ([]Action, error) {
	var expired []Action
	err := s.write(ctx, func(t *tx) (err error) {
		expired, err = all(ctx, t, scanAction, `UPDATE actions SET state = 'cancelled', reason = 'nobody approved it in time', done_ms = (SELECT ms FROM clock)
			WHERE state = 'waiting' AND due_ms > 0 AND due_ms <= (SELECT ms FROM clock) RETURNING `+actionColumns)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("end what waited for approval: %w", err)
	}
	return expired, nil
}
