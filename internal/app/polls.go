package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"verdict/gerrit"
	"verdict/internal/config"
	"verdict/internal/ingest"
	"verdict/internal/schedule"
	"verdict/rules"
)

// polls asks each Gerrit, on its schedule, what changed, and listens to those that tell.
type polls struct {
	log     zerolog.Logger
	sources map[string]*gerritSource
	jobs    []schedule.Job
}

// cursors keep a text by a name.
type cursors interface {
	Cursor(ctx context.Context, name string) (string, error)
	SetCursor(ctx context.Context, name, value string) error
}

// pollsOf is what polls are made of.
type pollsOf struct {
	cfg     *config.Config
	clients map[string]*gerrit.Client
	inbox   *ingest.Inbox
	cursors cursors
	set     func() *rules.Set
	log     zerolog.Logger
}

const (
	// jitter spreads the polls of several bots; a schedule closer than this many of it isn't spread.
	jitter, spreadFrom = 2 * time.Second, 10
	// fullJitter spreads scans of everything; of several replicas the first does for all.
	fullJitter = 30 * time.Second
)

func newPolls(ctx context.Context, of pollsOf) (*polls, error) {
	p := &polls{log: of.log, sources: map[string]*gerritSource{}}
	for _, name := range slices.Sorted(maps.Keys(of.cfg.Gerrit)) {
		g := of.cfg.Gerrit[name]
		s := newGerritSource(name, g, of)
		last, err := s.lastFull(ctx)
		if err != nil {
			return nil, err
		}
		p.sources[name] = s
		p.jobs = append(p.jobs, schedule.Job{
			Name: "poll " + name, When: g.Poll.When, Jitter: min(jitter, spread(g.Poll.When)), AtStart: true,
			Do: func(ctx context.Context, _ time.Time) error { s.poll(ctx); return nil },
		}, schedule.Job{
			Name: "full scan of " + name, When: g.Poll.WhenFull, Jitter: spread(g.Poll.WhenFull), Last: last,
			Do: s.full,
		})
	}
	return p, nil
}

// spread is by how much the firings of a schedule may be late.
func spread(when schedule.Expression) time.Duration {
	first := when.Next(time.Now())
	between := when.Next(first).Sub(first)
	switch {
	case between < spreadFrom*jitter:
		return 0
	case between < spreadFrom*fullJitter:
		return jitter
	}
	return fullJitter
}

// run polls and listens until ctx ends.
func (p *polls) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return schedule.Run(ctx, p.log, p.jobs) })
	for name, s := range p.sources {
		g.Go(func() error {
			if err := s.run(ctx); err != nil {
				return fmt.Errorf("gerrit %s: %w", name, err)
			}
			return nil
		})
	}
	return g.Wait()
}
