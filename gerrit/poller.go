package gerrit

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"
)

// Poller finds what changed since a stored cursor. A poll gives an event for
// each patchset created and each change merged or abandoned since the cursor
// less an overlap, and one for the current patchset of each open change that
// was updated, as it may have become visible only now. So it gives things more
// than once; what they are known by (the patchset's revision, the message's
// id) is the same each time.
//
// The first poll, without a cursor, gives the current patchset of every open
// change. Which of them are old is for the taker to know.
type Poller struct {
	Client *Client
	// Server is the server's name in events and in the cursor's name.
	Server string
	// Query limits what is looked at, such as "project:a OR project:b"; "" is
	// everything that our account sees. It has no status, as a set that
	// changes leave is one where they can't be seen to leave.
	Query string
	// Overlap is how far before the cursor each poll begins again: longer than
	// the server's index lags behind. 1 minute when zero.
	Overlap time.Duration
	// PageSize is how many changes are asked for at once; 100 when zero.
	PageSize int

	Cursors CursorReader
	Inbox   Inbox
}

// CursorReader gives what was stored as a cursor, "" when there is none yet.
type CursorReader interface {
	Cursor(ctx context.Context, name string) (string, error)
}

// Inbox takes what was found. When it returns nil, events and cursor are
// stored, in one transaction.
type Inbox interface {
	AcceptChanges(ctx context.Context, found Found) error
}

// Found is a page of events. Only the last page of a poll has a cursor.
type Found struct {
	Server     string
	CursorName string
	// Cursor is where the next poll begins; "" leaves it where it is.
	Cursor string
	Events []Event
}

const cursorLayout = time.RFC3339

// CursorName is the name under which the poller's cursor is kept.
func (p *Poller) CursorName() string { return "gerrit/" + p.Server }

// Poll hands on what happened since the last poll. Running it twice is
// harmless: the cursor moves in the transaction that stores the last page's
// events.
func (p *Poller) Poll(ctx context.Context) error {
	stored, err := p.Cursors.Cursor(ctx, p.CursorName())
	if err != nil {
		return fmt.Errorf("read cursor of %q: %w", p.CursorName(), err)
	}
	r := p.round()
	if stored == "" {
		r.cursor, err = r.sight(ctx)
	} else {
		r.cursor, err = time.Parse(cursorLayout, stored)
	}
	if err != nil {
		return fmt.Errorf("poll %s from cursor %q: %w", p.Server, stored, err)
	}
	if err := r.window(ctx); err != nil {
		return fmt.Errorf("poll %s from cursor %q: %w", p.Server, stored, err)
	}
	return r.close(ctx, stored)
}

// Full hands on the current patchset of every open change and leaves the
// cursor where it is: now and then it finds what no poll could.
func (p *Poller) Full(ctx context.Context) error {
	r := p.round()
	if _, err := r.sight(ctx); err != nil {
		return fmt.Errorf("poll all open changes of %s: %w", p.Server, err)
	}
	return r.flush(ctx, "")
}

func (p *Poller) round() *round {
	return &round{Poller: p, overlap: cmp.Or(p.Overlap, time.Minute)}
}

// round is one run of a poller.
type round struct {
	*Poller
	overlap time.Duration
	cursor  time.Time
	seen    map[int]string // the state of each change that was looked at
	events  []Event        // of the page before: the last page goes with the cursor
}

// sight hands on the current patchset of every open change. It answers the
// server's time when it began.
func (r *round) sight(ctx context.Context) (time.Time, error) {
	r.seen = map[int]string{}
	s := r.scan("status:open", "CURRENT_REVISION", "DETAILED_ACCOUNTS")
	for !s.over {
		if _, err := r.page(ctx, s, time.Time{}); err != nil {
			return time.Time{}, err
		}
	}
	return serverTime(s.header)
}

// window hands on what happened since the cursor less the overlap, and moves
// the cursor. A pass of several pages isn't a picture of one moment: what was
// updated while it ran may have been missed. So what was updated since it
// began is read again, until a pass fits on one page or brings nothing new.
func (r *round) window(ctx context.Context) error {
	r.seen = map[int]string{}
	since := r.cursor.Add(-r.overlap)
	for from := since; ; from = r.cursor {
		s := r.scan("after:"+queryTime(from), "ALL_REVISIONS", "MESSAGES", "DETAILED_ACCOUNTS")
		fresh := 0
		for !s.over {
			n, err := r.page(ctx, s, since)
			if err != nil {
				return err
			}
			fresh += n
		}
		if s.pages == 1 || fresh == 0 {
			return nil
		}
	}
}

func (r *round) scan(q string, fields ...string) *scan {
	if r.Query != "" {
		q = "(" + r.Query + ") " + q
	}
	return &scan{client: r.Client, query: q, fields: fields, size: cmp.Or(r.PageSize, defaultPage)}
}

// page reads and hands on one page, and answers how many of its changes were
// not as they were seen before.
func (r *round) page(ctx context.Context, s *scan, since time.Time) (fresh int, err error) {
	changes, err := s.next(ctx)
	if err != nil {
		return 0, err
	}
	now, err := serverTime(s.header)
	if err != nil {
		return 0, err
	}
	var events []Event
	for _, c := range changes {
		state := stateOf(c)
		if r.seen[c.ChangeNumber] == state {
			continue
		}
		r.seen[c.ChangeNumber] = state
		fresh++
		events = append(events, eventsOf(r.Server, c, since)...)
		// A change from the future, which a wrong clock makes, must not take
		// the cursor along.
		if at := c.Updated.Time().Truncate(time.Second); at.After(r.cursor) && !at.After(now) {
			r.cursor = at
		}
	}
	if len(events) == 0 {
		return fresh, nil
	}
	err = r.flush(ctx, "")
	r.events = events
	return fresh, err
}

// stateOf is another one whenever the change is. Queries of older servers
// (seen on 3.10) don't give the name of the state.
func stateOf(c *ChangeInfo) string {
	if c.MetaRevID != "" {
		return c.MetaRevID
	}
	return fmt.Sprintf("%d %s %d", c.Updated.Time().Unix(), c.CurrentRevision, len(c.Messages))
}

// flush hands on what is held back.
func (r *round) flush(ctx context.Context, cursor string) error {
	if len(r.events) == 0 && cursor == "" {
		return nil
	}
	found := Found{Server: r.Server, CursorName: r.CursorName(), Cursor: cursor, Events: r.events}
	r.events = nil
	if err := r.Inbox.AcceptChanges(ctx, found); err != nil {
		return fmt.Errorf("hand on %d events of %s: %w", len(found.Events), r.Server, err)
	}
	return nil
}

// close hands on the last page with the cursor, if either says anything.
func (r *round) close(ctx context.Context, stored string) error {
	cursor := r.cursor.UTC().Format(cursorLayout)
	if cursor == stored {
		cursor = ""
	}
	return r.flush(ctx, cursor)
}

// serverTime is the time at the server when it answered.
func serverTime(h http.Header) (time.Time, error) {
	t, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return time.Time{}, fmt.Errorf("the server's answer doesn't say its Date: %w", err)
	}
	return t, nil
}
