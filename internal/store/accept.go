package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// form is one way to write an event's row.
type form struct {
	// columns are those that are given, in the order of args; literals are what else there is, and its values.
	columns          []string
	literals, values string
	args             func(args []any, ev *Event, now int64) []any
}

var (
	// whole is the row of an event that a rule looks at, or that came from Gerrit or another event.
	whole = form{
		columns: []string{
			"key_ms", "id", "source", "type", "routing_key", "routes", "change", "task_id", "group_id", "time_ms", "received_ms",
			"state", "set_hash", "parent", "body_version", "body", "error",
		},
		args: func(args []any, ev *Event, now int64) []any {
			key, at := keyOf(ev, now)
			return append(args, key, ev.ID, ev.Source, ev.Type, ev.RoutingKey, ev.Routes, ev.Change, ev.TaskID, ev.GroupID, at, now,
				string(ev.State), ev.SetHash, ev.Parent, ev.BodyVersion, bytesOf(ev.Body), ev.Error)
		},
	}
	// short is that of one whose message is in a bundle.
	short = form{
		columns:  []string{"key_ms", "id", "task_id", "time_ms", "received_ms", "bundle", "place"},
		literals: ", source, type, state, body_version, body", values: ", '', '', 'unmatched', 0, ''",
		args: func(args []any, ev *Event, now int64) []any {
			key, at := keyOf(ev, now)
			return append(args, key, ev.ID, ev.TaskID, at, now, ev.bundle, ev.place)
		},
	}
)

// minuteOf is the part of a hint's key that says when it came.
func minuteOf(ms int64) int64 { return ms - ms%60_000 }

// keyOf is the time that an event is known by, and its own.
func keyOf(ev *Event, now int64) (key, at int64) {
	key, at = msOf(ev.Time), msOf(ev.Time)
	if ev.Time.IsZero() || ev.Time.Equal(ev.Received) {
		key, at = 0, now
	}
	if ev.Hint {
		key = minuteOf(now)
	}
	return key, at
}

// text is the INSERT of so many events. Parameters without numbers are SQLite's alone: it spells the names of the
// others out each time, which is a third of what an insert allocates.
func (f form) text(rows int, numbered bool) string {
	var b strings.Builder
	b.WriteString("INSERT INTO events (" + strings.Join(f.columns, ", ") + f.literals + ") VALUES ")
	for row := range rows {
		if row > 0 {
			b.WriteString(", ")
		}
		b.WriteString("(")
		for n := range f.columns {
			if n > 0 {
				b.WriteString(", ")
			}
			if numbered {
				b.WriteString("$" + strconv.Itoa(row*len(f.columns)+n+1))
			} else {
				b.WriteString("?")
			}
		}
		b.WriteString(f.values + ")")
	}
	b.WriteString(" ON CONFLICT DO NOTHING")
	return b.String()
}

// inserts are the prepared INSERTs of one form, from the largest down to one of a single row.
type inserts struct {
	form
	sizes []insert
}

// insert is a prepared INSERT of so many events at once.
type insert struct {
	rows int
	stmt *sql.Stmt
}

func (s *Store) prepareInserts(ctx context.Context) error {
	s.whole, s.short = inserts{form: whole}, inserts{form: short}
	for _, in := range []*inserts{&s.whole, &s.short} {
		for _, rows := range s.dialect.insertSizes {
			stmt, err := s.db.PrepareContext(ctx, in.text(rows, s.dialect.numbered))
			if err != nil {
				return fmt.Errorf("prepare the insert of %d events: %w", rows, err)
			}
			s.closers = append(s.closers, stmt.Close)
			in.sizes = append(in.sizes, insert{rows, stmt})
		}
	}
	return nil
}

// Accept makes a batch durable: its events, its cursors and what was seen of changes, in one transaction. An event
// whose id is known is left as it is; added is how many were not. When Accept returns nil, all of it is on the disk.
// ErrMoved means that somebody else saw one of the changes meanwhile, and that nothing was written.
func (s *Store) Accept(ctx context.Context, in Intake) (added int, err error) {
	packed := newBundle(in.Events)
	defer packed.done()
	err = s.write(ctx, func(t *tx) error {
		if err := t.writeSeen(ctx, in.Seen); err != nil {
			return err
		}
		if added, err = t.accept(ctx, in.Events, packed); err != nil {
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
		return 0, err
	}
	return added, nil
}

// accept inserts events; those that newBundle gave a place get short rows, and their bundle is written where one of
// them was new.
func (t *tx) accept(ctx context.Context, events []Event, packed *bundle) (added int, err error) {
	if len(events) == 0 {
		return 0, nil
	}
	now, err := t.now(ctx)
	if err != nil {
		return 0, err
	}
	// The transaction ends with ctx; that each statement watches it too costs more than the statement.
	ctx = context.WithoutCancel(ctx)
	var whole, short []*Event
	for i := range events {
		if packed != nil && bundled(&events[i]) {
			short = append(short, &events[i])
			continue
		}
		whole = append(whole, &events[i])
	}
	if added, err = t.insert(ctx, &t.s.whole, whole, now); err != nil {
		return 0, err
	}
	t.woke = t.woke || added > 0 && slices.ContainsFunc(whole, func(ev *Event) bool { return ev.State == EventReceived })
	if len(short) == 0 {
		return added, nil
	}
	id := bundleID(now)
	for _, ev := range short {
		ev.bundle = id
	}
	n, err := t.insert(ctx, &t.s.short, short, now)
	if err != nil || n == 0 {
		return added, err
	}
	return added + n, t.writeBundle(ctx, id, packed)
}

// insert tells how many events were new.
func (t *tx) insert(ctx context.Context, in *inserts, events []*Event, now int64) (added int, err error) {
	args := make([]any, 0, min(len(events), in.sizes[0].rows)*len(in.columns))
	for _, size := range in.sizes {
		if len(events) < size.rows {
			continue
		}
		stmt := t.StmtContext(ctx, size.stmt)
		for len(events) >= size.rows {
			args = args[:0]
			for _, ev := range events[:size.rows] {
				args = in.args(args, ev, now)
			}
			r, err := stmt.ExecContext(ctx, args...)
			if err != nil {
				return added, fmt.Errorf("store %d events: %w", size.rows, err)
			}
			n, err := r.RowsAffected()
			if err != nil {
				return added, err
			}
			added += int(n)
			events = events[size.rows:]
		}
	}
	return added, nil
}
