package gerrit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// Poller finds what changed on a server. It keeps what it last saw of each
// change, and tells the difference to what it sees now as Events: of two
// looks at a change the later one builds on the earlier, whoever took it, a
// poll or a hint, in this process or another.
//
// A change that is seen for the first time gives its current patchset, and the
// patchsets and messages since the cursor less an overlap: what else it shows
// is where it begins. The first poll of all, without a cursor, gives the
// current patchset of every open change. Which of them are old is for the
// taker to know. Some events are given more than once, then with the same
// Event.Occurrence.
//
// Its methods may be called at the same time, Poll and Full once each.
type Poller struct {
	Client *Client
	// Server is the server's name in events and in the cursor's name.
	Server string
	// Query limits what is looked at, such as "project:a OR project:b"; "" is
	// everything that our account sees. It has no status, as a set that
	// changes leave is one where they can't be seen to leave.
	Query string
	// Scope gives the projects that are looked at, beside that, as of now; nil:
	// all. When it has grown since the last poll, the next one looks at every
	// open change first, as the first of all does.
	Scope func() Scope
	// Overlap is how far before the cursor each poll begins again: longer than
	// the server's index, or another server behind the same address, lags
	// behind. 1 minute when zero.
	Overlap time.Duration
	// PageSize is how many changes are asked for at once; 100 when zero.
	PageSize int

	Cursors CursorReader
	// Seen gives what was last seen of changes. When nil, the Poller keeps it
	// itself, as long as it lives.
	Seen  SeenReader
	Inbox Inbox

	memory memory
	counts struct{ polled, hinted atomic.Int64 }
}

// CursorReader gives what was stored as a cursor, "" when there is none yet.
type CursorReader interface {
	Cursor(ctx context.Context, name string) (string, error)
}

// SeenReader gives what was stored of changes.
type SeenReader interface {
	// SeenChanges gives what is kept of those of the changes that something is
	// kept of.
	SeenChanges(ctx context.Context, server string, changes []int) ([]Seen, error)
	// OpenSeen gives the numbers of up to limit changes whose state is
	// SeenOpen and whose number is greater than after, in their order.
	OpenSeen(ctx context.Context, server string, after, limit int) ([]int, error)
}

// Inbox takes what was found. When it returns nil, events, cursor and what was
// seen are stored, in one transaction. It refuses with ErrMoved, and stores
// nothing, where a Seen's Version is no longer that of what it has.
type Inbox interface {
	AcceptChanges(ctx context.Context, found Found) error
}

// ErrMoved means that somebody else looked at a change meanwhile.
var ErrMoved = errors.New("gerrit: somebody else saw the change meanwhile")

// Found is what was found at once. Only the last of a poll has a cursor.
type Found struct {
	Server     string
	CursorName string
	// Cursor is where the next poll begins; "" leaves it where it is.
	Cursor string
	Events []Event
	// Seen replaces what is kept of these changes.
	Seen []Seen
}

func (f Found) nothing() bool { return len(f.Events)+len(f.Seen) == 0 && f.Cursor == "" }

// Counts is how many events were found each way, but for those of a first
// sight of all.
type Counts struct {
	Polled int64 // by a poll: no hint came, or it came later
	Hinted int64
}

const cursorLayout = time.RFC3339

// CursorName is the name under which the poller's cursor is kept.
func (p *Poller) CursorName() string { return "gerrit/" + p.Server }

// Counts tells how many events were found each way since the start.
func (p *Poller) Counts() Counts {
	return Counts{Polled: p.counts.polled.Load(), Hinted: p.counts.hinted.Load()}
}

// Poll hands on what happened since the last poll. Running it twice is
// harmless: the cursor moves in the transaction that stores the last page's
// events.
func (p *Poller) Poll(ctx context.Context) error {
	stored, err := p.Cursors.Cursor(ctx, p.CursorName())
	if err != nil {
		return fmt.Errorf("read cursor of %q: %w", p.CursorName(), err)
	}
	r := p.round()
	if err := r.poll(ctx, stored); err != nil {
		return fmt.Errorf("poll %s from cursor %q: %w", p.Server, stored, err)
	}
	return r.close(ctx, stored)
}

// Full looks at every open change, and at those that were open and aren't
// among them any more, and leaves the cursor where it is: now and then it
// finds what no poll could. It hands on the current patchset of each.
func (p *Poller) Full(ctx context.Context) error {
	stored, err := p.Cursors.Cursor(ctx, p.CursorName())
	if err != nil {
		return fmt.Errorf("read cursor of %q: %w", p.CursorName(), err)
	}
	r := p.round()
	if r.cursor, _, err = readCursor(stored); err != nil {
		r.cursor = time.Now() // nothing is polled yet: what is seen here begins here
	}
	if _, err := r.sight(ctx); err != nil {
		return fmt.Errorf("poll all open changes of %s: %w", p.Server, err)
	}
	if err := r.flush(ctx, ""); err != nil {
		return err
	}
	if err := r.missing(ctx); err != nil {
		return fmt.Errorf("look for changes of %s that are gone: %w", p.Server, err)
	}
	return nil
}

func (p *Poller) round() *round {
	return &round{Poller: p, scope: p.scope()}
}

func (p *Poller) overlap() time.Duration { return cmp.Or(p.Overlap, time.Minute) }

func (p *Poller) scope() Scope {
	if p.Scope == nil {
		return Scope{}
	}
	return p.Scope()
}

// seen is where what was seen is read.
func (p *Poller) seen() SeenReader {
	if p.Seen != nil {
		return p.Seen
	}
	return &p.memory
}

func (p *Poller) accept(ctx context.Context, found Found) error {
	if p.Seen == nil {
		return p.memory.accept(ctx, p.Inbox, found)
	}
	return p.Inbox.AcceptChanges(ctx, found)
}

func (p *Poller) lastSeen(ctx context.Context, changes []int) (map[int]Seen, error) {
	all, err := p.seen().SeenChanges(ctx, p.Server, changes)
	if err != nil {
		return nil, fmt.Errorf("read what was seen of %d changes of %s: %w", len(changes), p.Server, err)
	}
	known := make(map[int]Seen, len(all))
	for _, s := range all {
		known[s.Change] = s
	}
	return known, nil
}

// serverTime is the time at the server when it answered.
func serverTime(h http.Header) (time.Time, error) {
	t, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return time.Time{}, fmt.Errorf("the server's answer doesn't say its Date: %w", err)
	}
	return t, nil
}
