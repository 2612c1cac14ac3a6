package store

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
)

// statements keeps a pool's statements prepared: SQLite spends half of a short transaction on reading its SQL.
// PostgreSQL's driver does the same by itself.
type statements struct {
	db *sql.DB

	mu       sync.Mutex
	prepared map[string]*sql.Stmt
	wanted   []string // used, and to be prepared
}

// mostStatements bounds what is kept: the text of a listing is as varied as its filters.
const mostStatements = 200

// get gives the prepared statement of a query; where there is none yet, it is noted and nil.
func (s *statements) get(query string) *sql.Stmt {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	stmt, known := s.prepared[query]
	if !known && len(s.prepared) < mostStatements {
		s.prepared[query] = nil
		s.wanted = append(s.wanted, query)
	}
	return stmt
}

// prepare prepares what get has noted. It is called outside of transactions: the pool that writes to SQLite has one
// connection.
func (s *statements) prepare(ctx context.Context) error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	wanted := s.wanted
	s.wanted = nil
	s.mu.Unlock()
	for _, query := range wanted {
		stmt, err := s.db.PrepareContext(ctx, query)
		if err != nil {
			s.mu.Lock()
			delete(s.prepared, query)
			s.mu.Unlock()
			return fmt.Errorf("prepare a statement: %w", err)
		}
		s.mu.Lock()
		s.prepared[query] = stmt
		s.mu.Unlock()
	}
	return nil
}

// reader is the pool that reads.
type reader struct {
	*sql.DB
	statements *statements // nil: the driver prepares by itself
}

// QueryContext runs a query by its prepared statement.
func (r reader) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	stmt := r.statements.get(query)
	if stmt == nil {
		if err := r.statements.prepare(ctx); err != nil {
			return nil, err
		}
		return r.DB.QueryContext(ctx, query, args...)
	}
	return stmt.QueryContext(ctx, args...)
}

// A transaction may be shared, so no caller's ctx interrupts a statement: SQLite would take all of it back.

// ExecContext runs a statement by its prepared form.
func (t *tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	ctx = t.lasting(ctx)
	if stmt := t.s.writes.get(query); stmt != nil {
		return t.StmtContext(ctx, stmt).ExecContext(ctx, args...)
	}
	return t.Tx.ExecContext(ctx, query, args...)
}

// QueryContext runs a query by its prepared statement.
func (t *tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	ctx = t.lasting(ctx)
	if stmt := t.s.writes.get(query); stmt != nil {
		return t.StmtContext(ctx, stmt).QueryContext(ctx, args...)
	}
	return t.Tx.QueryContext(ctx, query, args...)
}

// QueryRowContext runs a query of one row by its prepared statement.
func (t *tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	ctx = t.lasting(ctx)
	if stmt := t.s.writes.get(query); stmt != nil {
		return t.StmtContext(ctx, stmt).QueryRowContext(ctx, args...)
	}
	return t.Tx.QueryRowContext(ctx, query, args...)
}

func (t *tx) lasting(ctx context.Context) context.Context {
	if t.s.group == nil {
		return ctx
	}
	return context.WithoutCancel(ctx)
}
