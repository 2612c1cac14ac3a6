package gerrit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Hint is word that something may have happened to a change, from a stream or
// a webhook. Nothing in it is believed but what makes the Poller look; only
// whether a change that is gone was deleted or made private nobody else says.
type Hint struct {
	// Type is what is said to have happened, in the stream's words.
	Type    string
	Project string // may be empty
	Change  int
}

// lookAttempts is how often a change that others look at, too, is looked at.
const lookAttempts = 10

// Look reads the change that a hint names once, and hands on what happened to
// it since it was last seen, as a poll would. A change beyond Scope isn't read.
func (p *Poller) Look(ctx context.Context, h Hint) error {
	if h.Project != "" && !p.scope().Has(h.Project) {
		return nil
	}
	since := time.Now()
	if stored, err := p.Cursors.Cursor(ctx, p.CursorName()); err != nil {
		return fmt.Errorf("read cursor of %q: %w", p.CursorName(), err)
	} else if at, _, err := readCursor(stored); err == nil {
		since = at
	}
	return p.look(ctx, h, since.Add(-p.overlap()), true)
}

// look reads a change and stores what is new; since is where it begins if it
// was never seen.
func (p *Poller) look(ctx context.Context, h Hint, since time.Time, hinted bool) error {
	for attempt := 1; ; attempt++ {
		known, err := p.lastSeen(ctx, []int{h.Change})
		if err != nil {
			return err
		}
		s, err := p.view(ctx, h, known[h.Change], since)
		if err != nil {
			return fmt.Errorf("look at change %d of %s: %w", h.Change, p.Server, err)
		}
		found := Found{Server: p.Server, CursorName: p.CursorName(), Events: s.events, Seen: s.seen}
		if found.nothing() {
			return nil
		}
		err = p.accept(ctx, found)
		if err == nil {
			s.news = s.news || hinted
			p.count(s, hinted)
			return nil
		}
		if !errors.Is(err, ErrMoved) || attempt == lookAttempts {
			return fmt.Errorf("hand on %d events of change %d of %s: %w", len(s.events), h.Change, p.Server, err)
		}
	}
}

// sighting is what one look at a change gives.
type sighting struct {
	events []Event
	seen   []Seen // one, or none if nothing is to be kept
	news   bool   // the events happened since the Poller looked before
}

func (p *Poller) count(s sighting, hinted bool) {
	switch n := int64(len(s.events)); {
	case !s.news:
	case hinted:
		p.counts.hinted.Add(n)
	default:
		p.counts.polled.Add(n)
	}
}

// lookedAt are the fields of a change that are compared.
var lookedAt = []string{"ALL_REVISIONS", "MESSAGES", "DETAILED_LABELS", "DETAILED_ACCOUNTS"}

// view reads a change. What is known of it was read before that: so what is
// stored meanwhile can't be older than what is read.
func (p *Poller) view(ctx context.Context, h Hint, known Seen, since time.Time) (sighting, error) {
	id := strconv.Itoa(h.Change)
	if h.Project != "" {
		id = h.Project + "~" + id
	}
	c, err := p.Client.GetChange(ctx, id, QueryChangesOpt{Fields: lookedAt})
	if errors.Is(err, ErrChangeNotExist) {
		return p.gone(h, known, dateOf(err))
	}
	if err != nil {
		return sighting{}, err
	}
	s, err := p.compare(c, known, since)
	if err == nil && h.Type == PrivateStateChanged {
		s.events = append(s.events, privateEvents(p.Server, c, since)...)
	}
	return s, err
}

// compare tells what is new about a change.
func (p *Poller) compare(c *ChangeInfo, known Seen, since time.Time) (s sighting, err error) {
	before, err := known.snapshot()
	if err != nil {
		return s, err
	}
	name := stateOf(c)
	if before != nil && known.Name == name && known.State != SeenGone {
		return sighting{}, nil
	}
	if before != nil && before.outdates(c, time.Now().Add(-p.overlap())) {
		return sighting{}, nil // the next poll looks again, as this isn't what is known
	}
	if before == nil {
		s.events = eventsOf(p.Server, c, since)
	} else {
		s.news, s.events = true, changedEvents(p.Server, before, c, known.State == SeenGone)
	}
	seen, err := snapshotOf(c).seen(known.Version, name)
	s.seen = []Seen{seen}
	return s, err
}

// gone tells that a change isn't there any more: it was deleted, or hidden
// from our account.
func (p *Poller) gone(h Hint, known Seen, at time.Time) (sighting, error) {
	before, err := known.snapshot()
	if err != nil || before == nil || known.State == SeenGone {
		return sighting{}, err
	}
	e := Event{Type: ChangeVanished, Server: p.Server, Change: before.Change, Patchset: before.Patchset, Time: at, State: known.Name}
	if h.Type == ChangeDeleted || h.Type == PrivateStateChanged {
		e.Type = h.Type
	}
	known.State = SeenGone
	return sighting{news: true, events: []Event{e}, seen: []Seen{known}}, nil
}

// privateEvents gives the changes of a change's private state since a time, and
// the last one in any case, where a stream said that there was one and they are
// still to be seen. Several hints may have been folded into one.
func privateEvents(server string, c *ChangeInfo, since time.Time) []Event {
	d := differ{server: server, c: c, now: snapshotOf(c)}
	for _, m := range slices.Backward(c.Messages) {
		if m.Tag != tagPrivate && m.Tag != tagUnprivate {
			continue
		}
		if len(d.events) > 0 && m.Time.Time().Before(since) {
			break
		}
		d.add(Event{Type: PrivateStateChanged, Message: eventMessage(&m), Time: m.Time.Time()})
	}
	return d.sorted()
}

// dateOf is the server's time when it refused.
func dateOf(err error) time.Time {
	var refusal *HTTPError
	if errors.As(err, &refusal) {
		if at, err := serverTime(refusal.Res.Header); err == nil {
			return at
		}
	}
	return time.Now().UTC().Truncate(time.Second)
}
