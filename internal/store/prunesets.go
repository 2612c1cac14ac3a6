package store

import (
	"context"
	"fmt"
	"time"
)

// lastSets is how many publications stay whatever their age, to go back to.
const lastSets = 10

// pruneSets forgets the rules that came out of force so long ago: publications that aren't pinned, and of which no
// decision is kept, and what no publication names any more. More than a run takes is left to the next.
func (s *Store) pruneSets(ctx context.Context, keep time.Duration) error {
	// Whether a decision names it is asked outside of the transaction: it is a look at all of them.
	old, err := all(ctx, s.read, scanPublication, selectPublications+` AS p
		WHERE (SELECT n.published_ms FROM publications n WHERE n.seq > p.seq ORDER BY n.seq LIMIT 1) < (SELECT ms FROM clock) - CAST($1 AS BIGINT)
			AND seq <= (SELECT MAX(seq) FROM publications) - $3 AND seq <> (SELECT pin_seq FROM rule_source WHERE name = 'rules')
			AND (hash, commit_id) NOT IN (SELECT DISTINCT set_hash, commit_id FROM decisions)
		ORDER BY seq LIMIT $2`, ms(keep), pruned, lastSets)
	if err == nil && len(old) > 0 {
		err = s.write(ctx, func(t *tx) error { return t.forgetSets(ctx, old, keep) })
	}
	if err != nil {
		return fmt.Errorf("forget rules that were in force: %w", err)
	}
	return nil
}

// forgetSets takes its turn among those who publish and pin: what they go back to may be old.
func (t *tx) forgetSets(ctx context.Context, old []Publication, keep time.Duration) error {
	if err := t.lockRules(ctx); err != nil {
		return err
	}
	for _, p := range old {
		_, err := t.exec(ctx, "DELETE FROM publications WHERE seq = $1 AND seq <> (SELECT pin_seq FROM rule_source WHERE name = 'rules')", p.Seq)
		if err != nil {
			return err
		}
	}
	_, err := t.exec(ctx, `DELETE FROM rule_sets AS r WHERE NOT EXISTS (SELECT 1 FROM publications p WHERE p.hash = r.hash)
		AND loaded_ms < (SELECT ms FROM clock) - CAST($1 AS BIGINT)`, ms(keep))
	return err
}
