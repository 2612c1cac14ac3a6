package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// writeHeard has groups looked at that something was heard of: so long after now, or at the time that they are due
// anyway. However much is heard until then, it is one look.
func (t *tx) writeHeard(ctx context.Context, heard []HeardGroup) error {
	for _, h := range slices.SortedFunc(slices.Values(heard), func(a, b HeardGroup) int { return cmp.Compare(a.GroupID, b.GroupID) }) {
		_, err := t.exec(ctx, `INSERT INTO task_groups (group_id, hash, generation, settled, since_ms, due_ms, heard, body_version, body)
			VALUES ($1, '', 0, 0, (SELECT ms FROM clock), (SELECT ms FROM clock) + CAST($2 AS BIGINT), 1, $3, $4)
			ON CONFLICT (group_id) DO UPDATE SET heard = 1, body_version = excluded.body_version, body = excluded.body,
				due_ms = CASE WHEN task_groups.due_ms > 0 AND task_groups.due_ms < excluded.due_ms THEN task_groups.due_ms ELSE excluded.due_ms END`,
			h.GroupID, ms(h.After), h.BodyVersion, bytesOf(h.Body))
		if err != nil {
			return fmt.Errorf("keep what was heard of group %s: %w", h.GroupID, err)
		}
	}
	return nil
}

// writeGroups keeps what looks at groups found. One that another replica moved on meanwhile is ErrMoved, to be read
// again by the caller. What was heard since the look began stays due.
func (t *tx) writeGroups(ctx context.Context, groups []GroupState) error {
	for _, g := range slices.SortedFunc(slices.Values(groups), func(a, b GroupState) int { return cmp.Compare(a.GroupID, b.GroupID) }) {
		n, err := t.exec(ctx, `INSERT INTO task_groups (group_id, hash, generation, settled, stuck, since_ms, due_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (group_id) DO UPDATE SET hash = excluded.hash, generation = excluded.generation, settled = excluded.settled,
				stuck = excluded.stuck, since_ms = excluded.since_ms,
				due_ms = CASE WHEN excluded.due_ms = 0 OR task_groups.due_ms > 0 AND task_groups.due_ms < excluded.due_ms
					THEN task_groups.due_ms ELSE excluded.due_ms END,
				body = CASE WHEN excluded.due_ms = 0 AND task_groups.due_ms = 0 THEN '' ELSE task_groups.body END
			WHERE task_groups.generation < excluded.generation OR task_groups.hash = excluded.hash AND task_groups.generation = excluded.generation`,
			g.GroupID, g.Hash, g.Generation, intOf(g.Settled), intOf(g.Stuck), msOf(g.Since), msOf(g.Due))
		if err != nil {
			return fmt.Errorf("write group %s: %w", g.GroupID, err)
		}
		if n == 0 {
			return fmt.Errorf("group %s: %w", g.GroupID, ErrMoved)
		}
	}
	return nil
}

const groupColumns = "group_id, hash, generation, settled, stuck, since_ms, due_ms, heard, body_version, body"

func scanGroup(row scanner) (GroupState, error) {
	var g GroupState
	var settled, stuck, heard int
	var since, due int64
	err := row.Scan(&g.GroupID, &g.Hash, &g.Generation, &settled, &stuck, &since, &due, &heard, &g.BodyVersion, &g.Body)
	g.Settled, g.Stuck, g.Heard = settled != 0, stuck != 0, heard != 0
	g.Since, g.Due = timeOf(since), timeOf(due)
	return g, err
}

// Group is what was last known of a task group; ok is false where nothing was.
func (s *Store) Group(ctx context.Context, id string) (g GroupState, ok bool, err error) {
	g, ok, err = first(ctx, s.read, scanGroup, "SELECT "+groupColumns+" FROM task_groups WHERE group_id = $1", id)
	if err != nil {
		return GroupState{}, false, fmt.Errorf("read group %s: %w", id, err)
	}
	return g, ok, nil
}

// WakeGroups makes events of the looks at groups that are due, up to n, in one transaction with taking their times
// away: whenever the process dies, a look is due or it is an event. It tells how many there were.
func (s *Store) WakeGroups(ctx context.Context, n int, look func(GroupState) Event) (int, error) {
	const due = "FROM task_groups WHERE due_ms > 0 AND due_ms <= (SELECT ms FROM clock)"
	woken, _, err := claim(ctx, s, "SELECT group_id "+due+" LIMIT 1", func(t *tx) (int, bool, error) {
		groups, err := all(ctx, t, scanGroup, "SELECT "+groupColumns+" "+due+" ORDER BY due_ms, group_id LIMIT $1"+s.dialect.skipLocked, n)
		if err != nil {
			return 0, false, err
		}
		var events []Event
		for _, g := range groups {
			if _, err := t.exec(ctx, "UPDATE task_groups SET due_ms = 0, heard = 0 WHERE group_id = $1", g.GroupID); err != nil {
				return 0, false, err
			}
			events = append(events, look(g))
		}
		_, err = t.accept(ctx, events, nil)
		return len(groups), true, err
	})
	if err != nil {
		return 0, fmt.Errorf("wake groups: %w", err)
	}
	return woken, nil
}
