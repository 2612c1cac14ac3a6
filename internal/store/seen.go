package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// SeenState says where a change that was seen stands.
type SeenState int

// The states of a change that was seen.
const (
	SeenClosed SeenState = iota
	SeenOpen
	SeenGone // it was there, and our account can't see it any more
)

// SeenChange is what was last seen of a change, known by (Server, Change).
type SeenChange struct {
	Server string
	Change int
	// Version is that of the row that this one was made from, 0 where there was none. Accept refuses it with
	// ErrMoved if the row has another one by now.
	Version int64
	// Name is Gerrit's own name of this state of the change.
	Name  string
	State SeenState
	// Body is the poller's.
	Body []byte
}

// writeSeen replaces what was seen before. What somebody else wrote meanwhile is newer than what led to this.
func (t *tx) writeSeen(ctx context.Context, seen []SeenChange) error {
	if len(seen) == 0 {
		return nil
	}
	now, err := t.now(ctx)
	if err != nil {
		return err
	}
	inOrder := func(a, b SeenChange) int {
		return cmp.Or(cmp.Compare(a.Server, b.Server), cmp.Compare(a.Change, b.Change))
	}
	for _, c := range slices.SortedFunc(slices.Values(seen), inOrder) {
		query := `UPDATE seen_changes SET version = version + 1, name = $4, state = $5, seen_ms = $6, body = $7
			WHERE server = $1 AND change_num = $2 AND version = $3`
		if c.Version == 0 {
			query = `INSERT INTO seen_changes (server, change_num, version, name, state, seen_ms, body)
				VALUES ($1, $2, CAST($3 AS BIGINT) + 1, $4, $5, $6, $7) ON CONFLICT DO NOTHING`
		}
		n, err := t.exec(ctx, query, c.Server, c.Change, c.Version, c.Name, int(c.State), now, bytesOf(c.Body))
		if err != nil {
			return fmt.Errorf("write what was seen of change %d of %s: %w", c.Change, c.Server, err)
		}
		if n == 0 {
			return fmt.Errorf("change %d of %s: %w", c.Change, c.Server, ErrMoved)
		}
	}
	return nil
}

func scanSeen(row scanner) (SeenChange, error) {
	var c SeenChange
	err := row.Scan(&c.Server, &c.Change, &c.Version, &c.Name, &c.State, &c.Body)
	return c, err
}

// SeenChanges gives what was last seen of those of the changes that were.
func (s *Store) SeenChanges(ctx context.Context, server string, changes []int) ([]SeenChange, error) {
	if len(changes) == 0 {
		return nil, nil
	}
	args := []any{server}
	var list strings.Builder
	for i, n := range padded(changes) {
		args = append(args, n)
		fmt.Fprintf(&list, ", $%d", i+2)
	}
	seen, err := all(ctx, s.read, scanSeen, `SELECT server, change_num, version, name, state, body FROM seen_changes
		WHERE server = $1 AND change_num IN (`+list.String()[2:]+")", args...)
	if err != nil {
		return nil, fmt.Errorf("read what was seen of %d changes of %s: %w", len(changes), server, err)
	}
	return seen, nil
}

// padded repeats the last number until there are a power of two: so there are few texts of the query to prepare.
func padded(numbers []int) []int {
	size := 1
	for size < len(numbers) {
		size *= 2
	}
	out := slices.Clone(numbers)
	for len(out) < size {
		out = append(out, numbers[len(numbers)-1])
	}
	return out
}

// OpenSeen gives the numbers of up to limit changes that were open when they were last seen, from the one after
// the given one on, in their order.
func (s *Store) OpenSeen(ctx context.Context, server string, after, limit int) ([]int, error) {
	numbers, err := all(ctx, s.read, func(row scanner) (n int, err error) {
		err = row.Scan(&n)
		return n, err
	}, "SELECT change_num FROM seen_changes WHERE server = $1 AND state = 1 AND change_num > $2 ORDER BY change_num LIMIT $3", server, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read which changes of %s are open: %w", server, err)
	}
	return numbers, nil
}

// pruneSeen forgets changes that are closed or gone for a while; one that moves after all is seen for the first time.
func (s *Store) pruneSeen(ctx context.Context, keep time.Duration) error {
	_, err := s.pruneAll(ctx, `DELETE FROM seen_changes WHERE (server, change_num) IN (SELECT server, change_num FROM seen_changes
		WHERE state <> 1 AND seen_ms < (SELECT ms FROM clock) - CAST($2 AS BIGINT) ORDER BY seen_ms LIMIT $1)`, ms(keep))
	return err
}

// pruneChanges forgets what reports said and wait for, and who lets patchsets be tested, of changes that are forgotten
// and on which nothing came of it for so long. Zero keeps it.
func (s *Store) pruneChanges(ctx context.Context, keep time.Duration) error {
	if keep == 0 {
		return nil
	}
	const forgotten = ` AND NOT EXISTS (SELECT 1 FROM seen_changes c WHERE c.server = o.server AND c.change_num = o.change_num) LIMIT $1)`
	for _, query := range []string{
		`DELETE FROM reported WHERE (server, change_num, revision, team, rule, label) IN (SELECT server, change_num, revision, team, rule, label
			FROM reported AS o WHERE said_ms < (SELECT ms FROM clock) - CAST($2 AS BIGINT)`,
		`DELETE FROM awaited WHERE (group_id, team, server, change_num, revision) IN (SELECT group_id, team, server, change_num, revision
			FROM awaited AS o WHERE NOT EXISTS (SELECT 1 FROM task_groups g WHERE g.group_id = o.group_id
				AND (g.due_ms > 0 OR g.since_ms >= (SELECT ms FROM clock) - CAST($2 AS BIGINT)))`,
		`DELETE FROM ok_to_tests WHERE (server, change_num, revision, account) IN (SELECT server, change_num, revision, account
			FROM ok_to_tests AS o WHERE said_ms < (SELECT ms FROM clock) - CAST($2 AS BIGINT)`,
	} {
		if _, err := s.pruneAll(ctx, query+forgotten, ms(keep)); err != nil {
			return fmt.Errorf("forget what was said on changes that are over: %w", err)
		}
	}
	return nil
}
