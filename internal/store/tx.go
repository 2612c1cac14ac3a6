package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// tx is a writing transaction.
type tx struct {
	*sql.Tx
	s *Store
	// woke is set where something became due.
	woke bool
}

// attempts is how often a transaction that was in another's way is tried.
const txAttempts = 5

// write runs fn in a transaction; fn may run several times. It returns nil only after the commit.
func (s *Store) write(ctx context.Context, fn func(t *tx) error) error {
	if s.group != nil {
		return s.group.write(ctx, s, fn)
	}
	for attempt := 1; ; attempt++ {
		err := s.writeOnce(ctx, fn)
		if err == nil || attempt == txAttempts || !s.dialect.transient(err) {
			return err
		}
	}
}

func (s *Store) writeOnce(ctx context.Context, fn func(t *tx) error) error {
	inner, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer inner.Rollback() // after the commit it does nothing
	t := &tx{Tx: inner, s: s}
	if err := fn(t); err != nil {
		return err
	}
	if t.woke && s.dialect.notify != "" {
		if _, err := t.ExecContext(ctx, s.dialect.notify, s.id); err != nil {
			return fmt.Errorf("notify: %w", err)
		}
	}
	if err := inner.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	if t.woke {
		s.wake.signal()
	}
	return nil
}

// exec runs a statement and tells how many rows it changed.
func (t *tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	r, err := t.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (t *tx) now(ctx context.Context) (ms int64, err error) {
	if err := t.QueryRowContext(ctx, "SELECT ms FROM clock").Scan(&ms); err != nil {
		return 0, fmt.Errorf("read the database's clock: %w", err)
	}
	return ms, nil
}

// querier is a pool or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// scanner is a row.
type scanner interface{ Scan(dest ...any) error }

// all reads every row of a query.
func all[T any](ctx context.Context, q querier, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// first reads the first row of a query; ok is false when there is none.
func first[T any](ctx context.Context, q querier, scan func(scanner) (T, error), query string, args ...any) (v T, ok bool, err error) {
	found, err := all(ctx, q, scan, query, args...)
	if err != nil || len(found) == 0 {
		return v, false, err
	}
	return found[0], true, nil
}

func text(row scanner) (string, error) {
	var v string
	err := row.Scan(&v)
	return v, err
}

// where collects the conditions of a listing.
type where struct {
	conditions []string
	args       []any
}

// and adds a condition, in which each ? stands for the next of args.
func (w *where) and(condition string, args ...any) {
	for _, arg := range args {
		w.args = append(w.args, arg)
		condition = strings.Replace(condition, "?", "$"+strconv.Itoa(len(w.args)), 1)
	}
	w.conditions = append(w.conditions, condition)
}

func (w *where) String() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conditions, " AND ")
}

// only picks the one row whose id is, or begins with, what was asked for; found are the first two.
func only[T any](found []T, asked string, id func(T) string) (T, error) {
	var none T
	switch {
	case len(found) == 0 || asked == "":
		return none, fmt.Errorf("%w: %q", ErrNotFound, asked)
	case len(found) == 1 || id(found[0]) == asked:
		return found[0], nil
	}
	return none, fmt.Errorf("%w: %q; write more of it", ErrAmbiguous, asked)
}

// after is greater than all ids that begin with prefix, and less than all others that are greater: ids are made
// of digits and letters, and compared byte by byte.
func after(prefix string) string { return prefix + "~" }

// msOf is a time as it is kept: milliseconds since 1970, 0 for none.
func msOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func intOf(b bool) int {
	if b {
		return 1
	}
	return 0
}

// bytesOf gives no bytes where there are none: the columns are NOT NULL.
func bytesOf(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
