package store

import (
	"context"
	"fmt"
	"time"
)

// lookAgain is when an action is looked at again that was to be held by a hold which the store doesn't have: one
// released that very moment, or that of a process in mode hold.
const lookAgain = 5 * time.Second

// covers tells, of a row h of holds, whether it stops the row a of actions.
const covers = `(h.scope = 'all' OR h.scope = 'team:' || a.team OR h.scope = 'rule:' || a.team || '/' || a.rule OR h.scope = 'server:' || a.server)`

// isHeld tells whether a hold stops an action. The hold can't be released before the transaction ends, so its
// release finds the action held.
func (t *tx) isHeld(ctx context.Context, actionID string) (bool, error) {
	scopes, err := all(ctx, t, text, "SELECT h.scope FROM holds h JOIN actions a ON a.id = $1 WHERE "+covers+shareOf(t.s.dialect.shareLock), actionID)
	if err != nil {
		return false, fmt.Errorf("look for a hold: %w", err)
	}
	return len(scopes) > 0, nil
}

func shareOf(lock string) string {
	if lock == "" {
		return ""
	}
	return lock + " OF h"
}

func scanHold(row scanner) (Hold, error) {
	var h Hold
	var since int64
	err := row.Scan(&h.Scope, &h.Reason, &h.By, &since)
	h.Since = timeOf(since)
	return h, err
}

// Holds are those in force, by scope.
func (s *Store) Holds(ctx context.Context) ([]Hold, error) {
	holds, err := all(ctx, s.read, scanHold, "SELECT scope, reason, held_by, since_ms FROM holds ORDER BY scope")
	if err != nil {
		return nil, fmt.Errorf("read the holds: %w", err)
	}
	return holds, nil
}

// Hold stops a scope's deliveries; who held it first, and why, stays.
func (s *Store) Hold(ctx context.Context, h Hold) error {
	return s.write(ctx, func(t *tx) error { return t.writeHolds(ctx, []Hold{h}) })
}

// Release ends a hold, and makes due what no other hold stops. ErrNotFound when nothing held the scope.
func (s *Store) Release(ctx context.Context, scope string) error {
	return s.write(ctx, func(t *tx) error {
		// A renamed rule's hold is there under its former names too, for what was decided under these.
		n, err := t.exec(ctx, `DELETE FROM holds WHERE scope = $1 OR scope IN
			(SELECT 'rule:' || team || '/' || was FROM renames WHERE 'rule:' || team || '/' || rule = $1)`, scope)
		if err != nil {
			return fmt.Errorf("release %s: %w", scope, err)
		}
		if n == 0 {
			return fmt.Errorf("release %s: %w", scope, ErrNotFound)
		}
		if err := t.countAnew(ctx, scope); err != nil {
			return err
		}
		return t.freeHeld(ctx)
	})
}

// freeHeld makes every held action pending that no hold stops.
func (t *tx) freeHeld(ctx context.Context) error {
	const free = "a.state = 'held' AND NOT EXISTS (SELECT 1 FROM holds h WHERE " + covers + ")"
	lanes, err := all(ctx, t, text, "SELECT id FROM lanes WHERE id IN (SELECT a.lane FROM actions a WHERE "+free+") ORDER BY id"+t.s.dialect.lock)
	if err != nil {
		return fmt.Errorf("lock the lanes of what was held: %w", err)
	}
	now, err := t.now(ctx)
	if err != nil {
		return err
	}
	for _, lane := range lanes {
		_, err := t.exec(ctx, "UPDATE actions SET state = 'pending', reason = '', due_ms = $1 WHERE id IN (SELECT a.id FROM actions a WHERE a.lane = $2 AND "+free+")", now, lane)
		if err != nil {
			return fmt.Errorf("free what was held in lane %s: %w", lane, err)
		}
		if err := t.makeDue(ctx, lane, now); err != nil {
			return err
		}
	}
	return nil
}
