package gerrit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// fullPage is how many changes a full scan asks for at once, if not
	// Poller.PageSize: there are many, and little of each.
	fullPage = 500
	// together is how many new changes are read by one query, and atOnce how
	// many that are known are read at the same time, each by itself: a query's
	// answer may be older than what is known, if the index lags behind.
	together, atOnce = 50, 4
)

// round is one run of a poller.
type round struct {
	*Poller
	scope  Scope
	cursor time.Time
	since  time.Time      // where changes begin that were never seen
	sights bool           // it isn't about what happened, but about what there is
	read   map[int]string // the state of each change that was looked at
	held   []sighting     // of the page before: the last page goes with the cursor
}

// poll goes on where the last one ended. What is in scope only now was never
// looked at: that is seen first.
func (r *round) poll(ctx context.Context, stored string) (err error) {
	if stored == "" {
		if r.cursor, err = r.sight(ctx); err != nil {
			return err
		}
		return r.window(ctx)
	}
	at, before, err := readCursor(stored)
	if err != nil {
		return err
	}
	r.cursor = at
	if !before.covers(r.scope) {
		if _, err := r.sight(ctx); err != nil {
			return err
		}
	}
	return r.window(ctx)
}

// sight looks at every open change, and hands on its current patchset. It
// answers the server's time when it began. A round without a cursor begins
// with what it sees here.
func (r *round) sight(ctx context.Context) (time.Time, error) {
	r.since, r.sights = r.cursor.Add(-r.overlap()), true
	if r.cursor.IsZero() {
		r.since = never
	}
	r.read = map[int]string{}
	s := r.scan("status:open", fullPage, "CURRENT_REVISION", "DETAILED_ACCOUNTS")
	for !s.over {
		changes, err := s.next(ctx)
		if err != nil {
			return time.Time{}, err
		}
		if err := r.page(ctx, changes); err != nil {
			return time.Time{}, err
		}
	}
	return serverTime(s.header)
}

// never is after everything that happens.
var never = time.Date(9999, time.January, 1, 0, 0, 0, 0, time.UTC)

// window hands on what happened since the cursor less the overlap, and moves
// the cursor. A pass of several pages isn't a picture of one moment: what was
// updated while it ran may have been missed. So what was updated since it
// began is read again, until a pass fits on one page or brings nothing new.
func (r *round) window(ctx context.Context) error {
	r.read = map[int]string{}
	r.since, r.sights = r.cursor.Add(-r.overlap()), false
	for from := r.since; ; from = r.cursor {
		s := r.scan("after:"+queryTime(from), defaultPage, "CURRENT_REVISION")
		fresh := false
		for !s.over {
			changes, err := s.next(ctx)
			if err != nil {
				return err
			}
			now, err := serverTime(s.header)
			if err != nil {
				return err
			}
			fresh = r.move(changes, now) || fresh
			if err := r.page(ctx, changes); err != nil {
				return err
			}
		}
		if s.pages == 1 || !fresh {
			return nil
		}
	}
}

// move takes the cursor to the last update, and says whether any of the
// changes is not as this round has read it. A change from the future, which a
// wrong clock makes, must not take the cursor along.
func (r *round) move(changes []*ChangeInfo, now time.Time) (fresh bool) {
	for _, c := range changes {
		fresh = fresh || r.read[c.ChangeNumber] != stateOf(c)
		if at := c.Updated.Time().Truncate(time.Second); at.After(r.cursor) && !at.After(now) {
			r.cursor = at
		}
	}
	return fresh
}

func (r *round) scan(q string, size int, fields ...string) *scan {
	return &scan{client: r.Client, query: r.limited(q), fields: fields, size: cmp.Or(r.PageSize, size)}
}

func (r *round) limited(q string) string {
	for _, limit := range []string{r.scope.Query(), r.Query} {
		if limit != "" {
			q = "(" + limit + ") " + q
		}
	}
	return q
}

// page looks at what is new on a page and holds it back, having handed on the
// page before. A round that is about what there is tells the current patchset
// of each change, known or not.
func (r *round) page(ctx context.Context, changes []*ChangeInfo) error {
	var fresh []*ChangeInfo
	var numbers []int
	for _, c := range changes {
		if state := stateOf(c); r.read[c.ChangeNumber] != state {
			r.read[c.ChangeNumber] = state
			fresh, numbers = append(fresh, c), append(numbers, c.ChangeNumber)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	if err := r.flush(ctx, ""); err != nil {
		return err
	}
	known, err := r.lastSeen(ctx, numbers)
	if err != nil {
		return err
	}
	var unknown []int
	var other []*ChangeInfo
	for _, c := range fresh {
		was, ok := known[c.ChangeNumber]
		switch {
		case !ok:
			unknown = append(unknown, c.ChangeNumber)
		case was.Name != stateOf(c) || was.State == SeenGone:
			other = append(other, c)
		}
		if r.sights && ok {
			r.held = append(r.held, sighting{events: []Event{currentEvent(r.Server, c)}})
		}
	}
	if err := r.meet(ctx, unknown); err != nil {
		return err
	}
	return r.again(ctx, other, known)
}

func currentEvent(server string, c *ChangeInfo) Event {
	p := currentPatchset(c)
	return Event{Type: PatchsetCreated, Server: server, Change: eventChange(c), Patchset: p, Time: p.Created, State: stateOf(c)}
}

// meet reads changes that were never seen, several at once.
func (r *round) meet(ctx context.Context, numbers []int) error {
	for len(numbers) > 0 {
		n := min(len(numbers), together)
		found, err := r.readAll(ctx, numbers[:n])
		if err != nil {
			return err
		}
		for _, c := range found {
			s, err := r.compare(c, Seen{}, r.since)
			if err != nil {
				return err
			}
			s.news = !r.sights
			r.held = append(r.held, s)
		}
		numbers = numbers[n:]
	}
	return nil
}

// readAll reads changes by one query, or by several if they are too large for
// one answer. One that it doesn't give is read by itself, or is gone.
func (r *round) readAll(ctx context.Context, numbers []int) ([]*ChangeInfo, error) {
	terms := make([]string, len(numbers))
	missing := map[int]bool{}
	for i, n := range numbers {
		terms[i], missing[n] = fmt.Sprintf("change:%d", n), true
	}
	found, _, err := r.Client.queryChanges(ctx, r.limited("("+strings.Join(terms, " OR ")+")"), QueryChangesOpt{N: len(numbers), Fields: lookedAt}, pageLimit)
	if errors.Is(err, ErrTooLarge) && len(numbers) > 1 {
		half := len(numbers) / 2
		first, err := r.readAll(ctx, numbers[:half])
		if err != nil {
			return nil, err
		}
		second, err := r.readAll(ctx, numbers[half:])
		return append(first, second...), err
	}
	if err != nil {
		return nil, err
	}
	for _, c := range found {
		delete(missing, c.ChangeNumber)
	}
	for n := range missing {
		c, err := r.Client.GetChange(ctx, fmt.Sprint(n), QueryChangesOpt{Fields: lookedAt})
		if errors.Is(err, ErrChangeNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, c)
	}
	return found, nil
}

// again looks at changes that aren't as they are known, some at a time.
func (r *round) again(ctx context.Context, changes []*ChangeInfo, known map[int]Seen) error {
	found := make([]sighting, len(changes))
	g, looks := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i, c := range changes {
		g.Go(func() (err error) {
			found[i], err = r.view(looks, Hint{Project: c.Project, Change: c.ChangeNumber}, known[c.ChangeNumber], r.since)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	r.held = append(r.held, found...)
	return nil
}

// missing looks at changes in scope that were open and that the round didn't
// read.
func (r *round) missing(ctx context.Context) error {
	for after := 0; ; {
		numbers, err := r.seen().OpenSeen(ctx, r.Server, after, fullPage)
		if err != nil {
			return fmt.Errorf("read which changes were open: %w", err)
		}
		if len(numbers) == 0 {
			return nil
		}
		after = numbers[len(numbers)-1]
		known, err := r.lastSeen(ctx, numbers)
		if err != nil {
			return err
		}
		for _, n := range numbers {
			was, err := known[n].snapshot()
			if err != nil {
				return err
			}
			if _, read := r.read[n]; read || was != nil && !r.scope.Has(was.Change.Project) {
				continue
			}
			if err := r.look(ctx, Hint{Change: n}, r.since, false); err != nil {
				return err
			}
		}
	}
}

// flush hands on what is held back.
func (r *round) flush(ctx context.Context, cursor string) error {
	held := r.held
	r.held = nil
	found := Found{Server: r.Server, CursorName: r.CursorName(), Cursor: cursor}
	for _, s := range held {
		found.Events, found.Seen = append(found.Events, s.events...), append(found.Seen, s.seen...)
	}
	if found.nothing() {
		return nil
	}
	err := r.accept(ctx, found)
	if errors.Is(err, ErrMoved) {
		return r.apart(ctx, held, cursor)
	}
	if err != nil {
		return fmt.Errorf("hand on %d events of %s: %w", len(found.Events), r.Server, err)
	}
	for _, s := range held {
		r.count(s, false)
	}
	return nil
}

// apart looks again, one by one, at the changes that were held back, as
// somebody else saw one of them meanwhile, and hands on the rest.
func (r *round) apart(ctx context.Context, held []sighting, cursor string) error {
	rest := Found{Server: r.Server, CursorName: r.CursorName(), Cursor: cursor}
	for _, s := range held {
		if len(s.seen) == 0 {
			rest.Events = append(rest.Events, s.events...)
		}
		for _, seen := range s.seen {
			if err := r.look(ctx, Hint{Change: seen.Change}, r.since, false); err != nil {
				return err
			}
		}
	}
	if rest.nothing() {
		return nil
	}
	if err := r.accept(ctx, rest); err != nil {
		return fmt.Errorf("hand on %d events of %s: %w", len(rest.Events), r.Server, err)
	}
	return nil
}

// close hands on the last page with the cursor, if either says anything.
func (r *round) close(ctx context.Context, stored string) error {
	cursor := cursorText(r.cursor, r.scope)
	if cursor == stored {
		cursor = ""
	}
	return r.flush(ctx, cursor)
}
