package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

const actionColumns = `id, event_id, team, rule, action_key, kind, lane, seq, server, change_num, patchset, revision, project, branch,
	state, args_version, args, attempts, due_ms, created_ms, started_ms, deadline_ms, last_message, reason, result, done_ms,
	approve, approved_by, approved_ms`

func scanAction(row scanner) (Action, error) {
	var a Action
	var due, created, started, deadline, done, approved int64
	err := row.Scan(&a.ID, &a.EventID, &a.Team, &a.Rule, &a.Key, &a.Kind, &a.Lane, &a.Seq, &a.Server, &a.Change, &a.Patchset,
		&a.Revision, &a.Project, &a.Branch, &a.State, &a.ArgsVersion, &a.Args, &a.Attempts, &due, &created, &started, &deadline,
		&a.LastMessage, &a.Reason, &a.Result, &done, &a.Approve, &a.ApprovedBy, &approved)
	a.Due, a.Created, a.Started, a.Deadline, a.Done = timeOf(due), timeOf(created), timeOf(started), timeOf(deadline), timeOf(done)
	a.Approved = timeOf(approved)
	return a, err
}

// AddActions adds actions that no decision made, such as a look at a change after its rule has gone. One that is
// known is left as it is.
func (s *Store) AddActions(ctx context.Context, actions []Action) error {
	return s.write(ctx, func(t *tx) error { return t.addActions(ctx, actions) })
}

// addActions puts actions at the ends of their lanes, and makes the lanes due. Lanes are locked in one order.
func (t *tx) addActions(ctx context.Context, actions []Action) error {
	byLane := slices.SortedStableFunc(slices.Values(actions), func(a, b Action) int { return cmp.Compare(a.Lane, b.Lane) })
	for len(byLane) > 0 {
		n := slices.IndexFunc(byLane, func(a Action) bool { return a.Lane != byLane[0].Lane })
		if n < 0 {
			n = len(byLane)
		}
		if err := t.addToLane(ctx, byLane[0].Lane, byLane[:n]); err != nil {
			return err
		}
		byLane = byLane[n:]
	}
	return nil
}

func (t *tx) addToLane(ctx context.Context, lane string, actions []Action) error {
	// The row is created, or locked: whoever releases the lane comes before or after, and sees these actions.
	var seq, now int64
	err := t.QueryRowContext(ctx, `INSERT INTO lanes (id, due_ms) VALUES ($1, 0)
		ON CONFLICT (id) DO UPDATE SET due_ms = lanes.due_ms RETURNING next_seq, (SELECT ms FROM clock)`, lane).Scan(&seq, &now)
	if err != nil {
		return fmt.Errorf("lock lane %s: %w", lane, err)
	}
	first, due := seq, int64(0)
	for _, a := range actions {
		at := msOf(a.Due)
		if a.State = cmp.Or(a.State, ActionPending); a.State != ActionWaiting {
			at = cmp.Or(at, now)
		}
		added, err := t.insertAction(ctx, a, seq, at, now)
		if err != nil {
			return err
		}
		if !added {
			continue
		}
		seq++
		if a.State == ActionPending && (due == 0 || at < due) {
			due = at
		}
	}
	if seq == first {
		return nil
	}
	if _, err := t.exec(ctx, "UPDATE lanes SET next_seq = $1 WHERE id = $2", seq, lane); err != nil {
		return fmt.Errorf("write lane %s: %w", lane, err)
	}
	return t.makeDue(ctx, lane, due)
}

func (t *tx) insertAction(ctx context.Context, a Action, seq, due, now int64) (added bool, err error) {
	n, err := t.exec(ctx, `INSERT INTO actions (id, event_id, team, rule, action_key, kind, lane, seq, server, change_num, patchset, revision,
			project, branch, state, args_version, args, due_ms, created_ms, reason, approve)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21) ON CONFLICT DO NOTHING`,
		a.ID, a.EventID, a.Team, a.Rule, a.Key, a.Kind, a.Lane, seq, a.Server, a.Change, a.Patchset, a.Revision,
		a.Project, a.Branch, string(a.State), a.ArgsVersion, bytesOf(a.Args), due, now, a.Reason, a.Approve)
	if err != nil {
		return false, fmt.Errorf("add action %s: %w", a.ID, err)
	}
	return n > 0, nil
}

// makeDue brings a lane's due time forward, never back. The lane is locked by the caller.
func (t *tx) makeDue(ctx context.Context, lane string, due int64) error {
	if due == 0 {
		return nil
	}
	_, err := t.exec(ctx, "UPDATE lanes SET due_ms = $1 WHERE id = $2 AND (due_ms = 0 OR due_ms > $1)", due, lane)
	if err != nil {
		return fmt.Errorf("make lane %s due: %w", lane, err)
	}
	t.woke = true
	return nil
}

// Action reads one action, by its id or a beginning of it that fits no other.
func (s *Store) Action(ctx context.Context, id string) (Action, error) {
	found, err := all(ctx, s.read, scanAction, "SELECT "+actionColumns+" FROM actions WHERE id >= $1 AND id < $2 ORDER BY id LIMIT 2", id, after(id))
	if err != nil {
		return Action{}, fmt.Errorf("read action: %w", err)
	}
	a, err := only(found, id, func(a Action) string { return a.ID })
	if err != nil {
		return Action{}, fmt.Errorf("read action: %w", err)
	}
	return a, nil
}

// Actions lists actions in the order in which they were made.
func (s *Store) Actions(ctx context.Context, f Filter) ([]Action, error) {
	var w where
	if f.State != "" {
		w.and("state = ?", f.State)
	}
	if f.Change != "" {
		w.and("lane = ?", f.Change)
	}
	if f.TaskID != "" {
		w.and("event_id IN (SELECT id FROM events WHERE task_id <> '' AND state <> 'unmatched' AND task_id = ?)", f.TaskID)
	}
	if f.Team != "" {
		w.and("team = ?", f.Team)
	}
	if f.Rule != "" {
		w.and("rule = ?", f.Rule)
	}
	if f.EventID != "" {
		w.and("event_id >= ? AND event_id < ?", f.EventID, after(f.EventID))
	}
	if f.ActionID != "" {
		w.and("id >= ? AND id < ?", f.ActionID, after(f.ActionID))
	}
	if !f.Since.IsZero() {
		w.and("created_ms >= ?", msOf(f.Since))
	}
	actions, err := all(ctx, s.read, scanAction, "SELECT "+actionColumns+" FROM actions"+w.String()+f.order("created_ms"), w.args...)
	if err != nil {
		return nil, fmt.Errorf("list actions: %w", err)
	}
	return actions, nil
}

// UnfinishedOn are the actions of a lane that somebody may ask for: those that are not over, and those that are dead.
func (s *Store) UnfinishedOn(ctx context.Context, lane string) ([]Action, error) {
	unfinished, err := all(ctx, s.read, scanAction, "SELECT "+actionColumns+` FROM actions
		WHERE lane = $1 AND state NOT IN ('done', 'cancelled', 'superseded') ORDER BY seq`, lane)
	if err != nil {
		return nil, fmt.Errorf("list what is unfinished of lane %s: %w", lane, err)
	}
	return unfinished, nil
}

// OpenOf are the actions of a kind that are decided and not over, those that are held too. Of one that waits for
// approval nobody knows whether it will be done.
func (s *Store) OpenOf(ctx context.Context, kind string) ([]Action, error) {
	open, err := all(ctx, s.read, scanAction, "SELECT "+actionColumns+` FROM actions
		WHERE state IN ('pending', 'running', 'retrying', 'held') AND kind = $1`, kind)
	if err != nil {
		return nil, fmt.Errorf("list the open actions of kind %s: %w", kind, err)
	}
	return open, nil
}

// RetryAction lets an action that is held, dead, cancelled, superseded or waits for its next attempt be tried at
// once, its attempts counted anew. One that nobody has approved waits for that again, with no end.
func (s *Store) RetryAction(ctx context.Context, id string) error {
	return s.changeAction(ctx, id, "retried", func(t *tx, a Action) (int64, error) {
		n, err := t.exec(ctx, `UPDATE actions SET attempts = 0, done_ms = 0,
				state = CASE WHEN `+unapproved+` THEN 'waiting' ELSE 'pending' END,
				reason = CASE WHEN `+unapproved+` THEN CAST($2 AS TEXT) || approve ELSE '' END,
				due_ms = CASE WHEN `+unapproved+` THEN 0 ELSE (SELECT ms FROM clock) END
			WHERE id = $1 AND state IN ('pending', 'retrying', 'held', 'dead', 'cancelled', 'superseded')`, a.ID, ForApproval)
		if err != nil || n == 0 || a.Approve != "" && a.Approved.IsZero() {
			return n, err
		}
		now, err := t.now(ctx)
		if err != nil {
			return 0, err
		}
		return n, t.makeDue(ctx, a.Lane, now)
	})
}

// CancelAction ends an action whose effect is not on its way.
func (s *Store) CancelAction(ctx context.Context, id string) error {
	return s.changeAction(ctx, id, "cancelled", func(t *tx, a Action) (int64, error) {
		return t.exec(ctx, `UPDATE actions SET state = 'cancelled', reason = 'cancelled by hand', done_ms = (SELECT ms FROM clock)
			WHERE id = $1 AND state IN ('pending', 'retrying', 'held', 'waiting', 'dead')`, a.ID)
	})
}

// changeAction changes one action under its lane's lock, whoever has the lane.
func (s *Store) changeAction(ctx context.Context, id, word string, change func(t *tx, a Action) (int64, error)) error {
	a, err := s.Action(ctx, id)
	if err != nil {
		return err
	}
	return s.write(ctx, func(t *tx) error {
		if _, _, err := first(ctx, t, text, "SELECT id FROM lanes WHERE id = $1"+s.dialect.lock, a.Lane); err != nil {
			return fmt.Errorf("lock lane %s: %w", a.Lane, err)
		}
		n, err := change(t, a)
		if err != nil {
			return fmt.Errorf("write action %s: %w", a.ID, err)
		}
		if n == 0 {
			return fmt.Errorf("action %s can't be %s: it is %s", a.ID, word, a.State)
		}
		t.woke = true // a claim may have passed over the lane while it was locked
		return nil
	})
}

// ends tells whether an action in this state is over.
func (s ActionState) ends() bool {
	switch s {
	case ActionDone, ActionDead, ActionCancelled, ActionSuperseded:
		return true
	}
	return false
}

func ms(d time.Duration) int64 { return d.Milliseconds() }
