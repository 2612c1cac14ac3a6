package store

import (
	"context"
	"strings"
)

// PruneSets is what Prune does of rules that are no longer in force, with the decisions left as they are.
var PruneSets = (*Store).pruneSets

// Plan is how the database goes about a listing of events. PostgreSQL knows, as it does by itself in time, how many
// there are; SQLite never does.
func (s *Store) Plan(ctx context.Context, f Filter) (string, error) {
	query, args := f.query()
	explain, skipped := "EXPLAIN QUERY PLAN ", []any{new(int), new(int), new(int)}
	if s.dialect.name != sqliteDialect.name {
		explain, skipped = "EXPLAIN ", nil
		if _, err := s.db.ExecContext(ctx, "ANALYZE"); err != nil {
			return "", err
		}
	}
	steps, err := all(ctx, s.read, func(row scanner) (step string, err error) {
		err = row.Scan(append(skipped, &step)...)
		return step, err
	}, explain+query, args...)
	return strings.Join(steps, "\n"), err
}
