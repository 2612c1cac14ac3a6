package store

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// remembered is how long a replica that is gone is still listed: its bindings stay so long, over a restart too.
const remembered = 10 * time.Minute

// Beat says that a replica lives, and answers all that did within the last ten minutes, this one among them; Seen
// says when.
func (s *Store) Beat(ctx context.Context, r Replica) (live []Replica, err error) {
	err = s.write(ctx, func(t *tx) error {
		_, err := t.exec(ctx, `INSERT INTO replicas (id, set_hash, bindings, seen_ms) VALUES ($1, $2, $3, (SELECT ms FROM clock))
			ON CONFLICT (id) DO UPDATE SET set_hash = excluded.set_hash, bindings = excluded.bindings, seen_ms = excluded.seen_ms`,
			r.ID, r.SetHash, strings.Join(r.Bindings, "\n"))
		if err != nil {
			return fmt.Errorf("write replica %s: %w", r.ID, err)
		}
		if _, err := t.exec(ctx, "DELETE FROM replicas WHERE seen_ms < (SELECT ms FROM clock) - CAST($1 AS BIGINT)", ms(remembered)); err != nil {
			return fmt.Errorf("forget old replicas: %w", err)
		}
		live, err = all(ctx, t, scanReplica, "SELECT id, set_hash, bindings, seen_ms FROM replicas ORDER BY id")
		return err
	})
	if err != nil {
		return nil, err
	}
	return live, nil
}

func scanReplica(row scanner) (Replica, error) {
	var r Replica
	var bindings string
	var seen int64
	err := row.Scan(&r.ID, &r.SetHash, &bindings, &seen)
	if bindings != "" {
		r.Bindings = strings.Split(bindings, "\n")
	}
	r.Seen = timeOf(seen)
	return r, err
}
