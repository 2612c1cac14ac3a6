package gerrit

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Lookout has the changes looked at that hints name. Hints of one change that
// come close together are one look; a hint that comes during a look leads to
// another one after it. A look that fails is tried again a few times; then the
// change is left to the next poll.
type Lookout struct {
	// Look reads a change and hands on what is new: Poller.Look.
	Look func(context.Context, Hint) error
	// Failed is told of each hint that was left to the poll, and why; nil:
	// nobody is.
	Failed func(Hint, error)
	// Fold is for how long a look waits for further hints; 50 ms when zero.
	Fold time.Duration
	// Concurrent is how many looks there are at once; 4 when zero.
	Concurrent int

	once   sync.Once
	wakeUp chan struct{} // holds one entry when the queue has changed

	mu      sync.Mutex
	changes map[int]*lookedFor
	queue   []*lookedFor // by due; those that are being looked at are not in it
	dropped int64
}

// lookedFor is a change that hints name.
type lookedFor struct {
	hint    Hint
	due     time.Time
	attempt int
	next    *Hint // came during the look
}

const (
	// lookTries is how often a look is tried, and lookPause how long after the
	// first failure; then it doubles.
	lookTries = 5
	lookPause = 500 * time.Millisecond
	// mostLooks is how many changes may wait: of more, a poll reads faster.
	mostLooks = 10_000
)

func (l *Lookout) init() {
	l.once.Do(func() {
		l.wakeUp, l.changes = make(chan struct{}, 1), map[int]*lookedFor{}
	})
}

// Hint has a change looked at soon. It doesn't block. What is told while Run
// doesn't run waits for it.
func (l *Lookout) Hint(h Hint) {
	l.init()
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.changes[h.Change]
	switch {
	case c == nil && len(l.changes) >= mostLooks:
		l.dropped++
	case c == nil:
		c = &lookedFor{hint: h}
		l.changes[h.Change] = c
		l.enqueue(c, cmp.Or(l.Fold, 50*time.Millisecond))
	case c.due.IsZero(): // it is being looked at
		if c.next != nil {
			h = fold(*c.next, h)
		}
		c.next = &h
	default:
		c.hint = fold(c.hint, h)
	}
}

// Dropped tells how many hints were left to the poll since the start as too
// many changes waited.
func (l *Lookout) Dropped() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dropped
}

// fold gives one hint for two. What nobody else can say is kept.
func fold(a, b Hint) Hint {
	weight := func(h Hint) int { return slices.Index([]string{PrivateStateChanged, ChangeDeleted}, h.Type) }
	if weight(a) > weight(b) {
		a, b = b, a
	}
	b.Project = cmp.Or(b.Project, a.Project)
	return b
}

// Run looks until ctx ends, and returns nil when the last look has returned.
func (l *Lookout) Run(ctx context.Context) error {
	l.init()
	var looks sync.WaitGroup
	defer looks.Wait()
	turns := make(chan struct{}, cmp.Or(l.Concurrent, 4))
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case turns <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		c, wait := l.take(time.Now())
		if c == nil {
			<-turns
			timer.Reset(wait)
			select {
			case <-l.wakeUp:
			case <-timer.C:
			case <-ctx.Done():
				return nil
			}
			continue
		}
		looks.Go(func() {
			defer func() { <-turns }()
			l.done(ctx, c, l.Look(ctx, c.hint))
		})
	}
}

// take gives what is due, or says how long until something is.
func (l *Lookout) take(now time.Time) (*lookedFor, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) == 0 {
		return nil, time.Hour
	}
	c := l.queue[0]
	if wait := c.due.Sub(now); wait > 0 {
		return nil, wait
	}
	l.queue = l.queue[1:]
	c.due = time.Time{}
	return c, 0
}

// done takes a change off the list, unless it has to be looked at again.
func (l *Lookout) done(ctx context.Context, c *lookedFor, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		c.attempt++
	} else {
		c.attempt = 0
	}
	switch next := c.next; {
	case err != nil && ctx.Err() == nil && c.attempt < lookTries:
		if c.next = nil; next != nil {
			c.hint = fold(c.hint, *next)
		}
		d := lookPause << (c.attempt - 1)
		l.enqueue(c, d/2+rand.N(d/2+1))
	case err == nil && next != nil:
		c.hint, c.next = *next, nil
		l.enqueue(c, cmp.Or(l.Fold, 50*time.Millisecond))
	default:
		delete(l.changes, c.hint.Change)
		if err != nil && ctx.Err() == nil && l.Failed != nil {
			l.Failed(c.hint, err)
		}
	}
}

// enqueue has a change looked at after a while. The lock is held.
func (l *Lookout) enqueue(c *lookedFor, after time.Duration) {
	c.due = time.Now().Add(after)
	at, _ := slices.BinarySearchFunc(l.queue, c.due, func(q *lookedFor, due time.Time) int {
		if q.due.After(due) {
			return 1
		}
		return -1
	})
	l.queue = slices.Insert(l.queue, at, c)
	select {
	case l.wakeUp <- struct{}{}:
	default:
	}
}
