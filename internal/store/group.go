package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// group commits together what several callers write at the same time. SQLite has one writer, and a commit waits for
// the disk: while one is under way the others gather, and the next carries them all. Each caller's part is a
// savepoint of its own, so that one that fails takes only itself back.
type group struct {
	mu      sync.Mutex
	waiting []*part
	leader  chan struct{} // holds one token: whose turn it is to commit
}

// part is what one caller writes.
type part struct {
	fn   func(t *tx) error
	err  error
	done chan struct{}
}

// most bounds how many parts one commit carries, so that the first need not wait long for the last.
const mostParts = 64

func newGroup() *group { return &group{leader: make(chan struct{}, 1)} }

// write runs fn in a transaction that it may share with others, and returns after the commit.
func (g *group) write(ctx context.Context, s *Store, fn func(t *tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p := &part{fn: fn, done: make(chan struct{})}
	g.mu.Lock()
	g.waiting = append(g.waiting, p)
	g.mu.Unlock()
	for {
		select {
		case <-p.done:
			return p.err
		case g.leader <- struct{}{}:
			g.commit(context.WithoutCancel(ctx), s, g.take())
			<-g.leader
		}
	}
}

func (g *group) take() []*part {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(g.waiting), mostParts)
	parts := g.waiting[:n:n]
	g.waiting = g.waiting[n:]
	return parts
}

func (g *group) commit(ctx context.Context, s *Store, parts []*part) {
	if len(parts) == 0 {
		return
	}
	if err := g.run(ctx, s, parts); err != nil {
		for _, p := range parts {
			p.err = errors.Join(p.err, err)
		}
	}
	for _, p := range parts {
		close(p.done)
	}
}

// run writes the parts. Its error is of all of them: nothing was committed.
func (g *group) run(ctx context.Context, s *Store, parts []*part) error {
	if err := s.writes.prepare(ctx); err != nil {
		return err
	}
	inner, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer inner.Rollback() // after the commit it does nothing
	woke := false
	for _, p := range parts {
		t := &tx{Tx: inner, s: s}
		if len(parts) == 1 {
			if p.err = p.fn(t); p.err != nil {
				return nil // rolled back, and told
			}
		} else if err := t.part(ctx, p); err != nil {
			return err
		}
		woke = woke || t.woke && p.err == nil
	}
	if err := inner.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	if woke {
		s.wake.signal()
	}
	return nil
}

// part runs one caller's part, and takes it back where it fails.
func (t *tx) part(ctx context.Context, p *part) error {
	if _, err := t.exec(ctx, "SAVEPOINT part"); err != nil {
		return err
	}
	if p.err = p.fn(t); p.err != nil {
		if _, err := t.exec(ctx, "ROLLBACK TO part"); err != nil {
			return fmt.Errorf("take a part back: %w", err)
		}
	}
	_, err := t.exec(ctx, "RELEASE part")
	return err
}
