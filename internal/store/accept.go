package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
)

// insert is a prepared INSERT of so many events at once.
type insert struct {
	rows int
	stmt *sql.Stmt
}

// eventInsertColumns are those that intake writes, in the order of eventArgs.
var eventInsertColumns = []string{
	"key_ms", "id", "source", "type", "routing_key", "routes", "change", "task_id", "group_id", "time_ms", "received_ms",
	"state", "set_hash", "parent", "body_version", "body", "error",
}

// minuteOf is the part of a hint's key that says when it came.
func minuteOf(ms int64) int64 { return ms - ms%60_000 }

func eventArgs(args []any, ev *Event, now int64) []any {
	at, key := msOf(ev.Time), msOf(ev.Time)
	if ev.Time.IsZero() || ev.Time.Equal(ev.Received) {
		at, key = now, 0
	}
	if ev.Hint {
		key = minuteOf(now)
	}
	return append(args, key, ev.ID, ev.Source, ev.Type, ev.RoutingKey, ev.Routes, ev.Change, ev.TaskID, ev.GroupID, at, now,
		string(ev.State), ev.SetHash, ev.Parent, ev.BodyVersion, bytesOf(ev.Body), ev.Error)
}

// insertText is the INSERT of so many events. Parameters without numbers are SQLite's alone: it spells the names of
// the others out each time, which is a third of what an insert allocates.
func insertText(rows int, numbered bool) string {
	var b strings.Builder
	b.WriteString("INSERT INTO events (" + strings.Join(eventInsertColumns, ", ") + ") VALUES ")
	for n := range rows * len(eventInsertColumns) {
		switch {
		case n == 0:
			b.WriteString("(")
		case n%len(eventInsertColumns) == 0:
			b.WriteString("), (")
		default:
			b.WriteString(", ")
		}
		if !numbered {
			b.WriteString("?")
			continue
		}
		b.WriteString("$" + strconv.Itoa(n+1))
	}
	b.WriteString(") ON CONFLICT DO NOTHING")
	if rows > 1 {
		b.WriteString(" RETURNING id")
	}
	return b.String()
}

func (s *Store) prepareInserts(ctx context.Context) error {
	for _, rows := range s.dialect.insertSizes {
		stmt, err := s.db.PrepareContext(ctx, insertText(rows, s.dialect.numbered))
		if err != nil {
			return fmt.Errorf("prepare the insert of %d events: %w", rows, err)
		}
		s.closers = append(s.closers, stmt.Close)
		s.inserts = append(s.inserts, insert{rows, stmt})
	}
	return nil
}

// Accept makes a batch durable: its events and its cursors, in one transaction. An event whose id is known is
// left as it is; added are the ids that were not. When Accept returns nil, all of it is on the disk.
func (s *Store) Accept(ctx context.Context, in Intake) (added []string, err error) {
	err = s.write(ctx, func(t *tx) error {
		if added, err = t.accept(ctx, in.Events); err != nil {
			return err
		}
		for _, c := range in.Cursors {
			if err := t.setCursor(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return added, nil
}

func (t *tx) accept(ctx context.Context, events []Event) (added []string, err error) {
	if len(events) == 0 {
		return nil, nil
	}
	now, err := t.now(ctx)
	if err != nil {
		return nil, err
	}
	// The transaction ends with ctx; that each statement watches it too costs more than the statement.
	ctx = context.WithoutCancel(ctx)
	added = make([]string, 0, len(events))
	args := make([]any, 0, min(len(events), t.s.inserts[0].rows)*len(eventInsertColumns))
	for _, in := range t.s.inserts {
		if len(events) < in.rows {
			continue
		}
		stmt := t.StmtContext(ctx, in.stmt)
		for len(events) >= in.rows {
			args = args[:0]
			for i := range events[:in.rows] {
				args = eventArgs(args, &events[i], now)
			}
			if added, err = t.insertEvents(ctx, stmt, events[:in.rows], args, added); err != nil {
				return nil, fmt.Errorf("store %d events: %w", in.rows, err)
			}
			events = events[in.rows:]
		}
	}
	return added, nil
}

// insertEvents appends the ids of those that were new. They come in the order of the rows; should a database ever
// answer in another order, they are found all the same.
func (t *tx) insertEvents(ctx context.Context, stmt *sql.Stmt, events []Event, args []any, added []string) ([]string, error) {
	if len(events) == 1 {
		r, err := stmt.ExecContext(ctx, args...)
		if err != nil {
			return nil, err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return added, err
		}
		t.woke = t.woke || events[0].State == EventReceived
		return append(added, events[0].ID), nil
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var id sql.RawBytes
	for next := 0; rows.Next(); {
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		for range events {
			ev := &events[next%len(events)]
			next++
			if ev.ID == string(id) {
				added = append(added, ev.ID)
				t.woke = t.woke || ev.State == EventReceived
				break
			}
		}
	}
	return added, rows.Err()
}
