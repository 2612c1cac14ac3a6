package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// Cause is something that the bot does, and whatever is heard of it next.
type Cause struct {
	// Thing is task:TASKID or attention:SERVER~CHANGE, or, of an action that says only afterwards which task it made,
	// action:ACTIONID. GroupID is a task's group.
	Thing, GroupID string
	// Hops is how many of the bot's own doings follow from each other up to this one.
	Hops int
}

// writeCauses keeps the last cause of each thing: what is heard of it next comes from that.
func (t *tx) writeCauses(ctx context.Context, causes []Cause) error {
	for _, c := range slices.SortedFunc(slices.Values(causes), func(a, b Cause) int { return cmp.Compare(a.Thing, b.Thing) }) {
		_, err := t.exec(ctx, `INSERT INTO causes (thing, group_id, hops, made_ms) VALUES ($1, $2, $3, (SELECT ms FROM clock))
			ON CONFLICT (thing) DO UPDATE SET group_id = excluded.group_id, hops = excluded.hops, made_ms = excluded.made_ms`, c.Thing, c.GroupID, c.Hops)
		if err != nil {
			return fmt.Errorf("keep what causes %s: %w", c.Thing, err)
		}
	}
	return nil
}

// nameCause has a task come from the action that made it, and that group too of which it is the first task. What was
// heard of it already stays.
func (t *tx) nameCause(ctx context.Context, actionID, taskID string) error {
	_, err := t.exec(ctx, `INSERT INTO causes (thing, group_id, hops, made_ms) SELECT $1, $2, hops, (SELECT ms FROM clock) FROM causes WHERE thing = $3
		ON CONFLICT (thing) DO NOTHING`, "task:"+taskID, taskID, "action:"+actionID)
	if err != nil {
		return fmt.Errorf("keep what causes task %s: %w", taskID, err)
	}
	return nil
}

// Hops is how many of the bot's own doings stand behind what is heard of a thing; of a group, behind any of its tasks.
func (s *Store) Hops(ctx context.Context, thing, groupID string) (int, error) {
	n, _, err := first(ctx, s.read, func(row scanner) (n int, err error) {
		err = row.Scan(&n)
		return n, err
	}, "SELECT COALESCE(MAX(hops), 0) FROM causes WHERE thing = $1 OR group_id <> '' AND group_id = $2", thing, groupID)
	if err != nil {
		return 0, fmt.Errorf("look what causes %s: %w", thing, err)
	}
	return n, nil
}

// pruneCauses forgets what nothing more is to be heard of.
func (s *Store) pruneCauses(ctx context.Context, keep time.Duration) error {
	if keep == 0 {
		return nil
	}
	_, err := s.pruneAll(ctx, `DELETE FROM causes WHERE thing IN (SELECT thing FROM causes WHERE made_ms < (SELECT ms FROM clock) - CAST($2 AS BIGINT) LIMIT $1)`,
		ms(max(keep, tasksLive)))
	if err != nil {
		return fmt.Errorf("forget causes: %w", err)
	}
	return nil
}
