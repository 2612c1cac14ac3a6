package app

import (
	"context"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"verdict/gerrit"
	"verdict/internal/config"
	"verdict/internal/ingest"
	"verdict/internal/schedule"
)

// polls asks each Gerrit, on its schedule, what changed.
type polls struct {
	log  zerolog.Logger
	jobs []schedule.Job

	mu     sync.Mutex
	health map[string]*pollHealth
}

// pollHealth is how the polls of one server go.
type pollHealth struct {
	ok    bool
	since time.Time
	err   string
}

// jitter spreads the polls of several bots; a schedule closer than this many of it isn't spread.
const jitter, spreadFrom = 2 * time.Second, 10

func newPolls(cfg *config.Config, clients map[string]*gerrit.Client, inbox *ingest.Inbox, log zerolog.Logger) *polls {
	p := &polls{log: log, health: map[string]*pollHealth{}}
	for name, g := range cfg.Gerrit {
		poller := &gerrit.Poller{Client: clients[name], Server: name, Overlap: g.Poll.Overlap, Cursors: inbox, Seen: inbox, Inbox: inbox}
		p.health[name] = &pollHealth{}
		job := schedule.Job{Name: "poll " + name, When: g.Poll.When, AtStart: true, Do: func(ctx context.Context, _ time.Time) error {
			p.note(ctx, name, poller.Poll(ctx))
			return nil
		}}
		if first := g.Poll.When.Next(time.Now()); g.Poll.When.Next(first).Sub(first) >= spreadFrom*jitter {
			job.Jitter = jitter
		}
		p.jobs = append(p.jobs, job)
	}
	return p
}

func (p *polls) run(ctx context.Context) error { return schedule.Run(ctx, p.log, p.jobs) }

// note keeps how a poll went, and logs when that changes.
func (p *polls) note(ctx context.Context, server string, err error) {
	if ctx.Err() != nil {
		return // we stopped it
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.health[server]
	before := *h
	h.ok, h.err = err == nil, ""
	if err != nil {
		h.err = err.Error()
	}
	if before.since.IsZero() || before.ok != h.ok {
		h.since = time.Now()
	}
	switch {
	case err != nil && before.err != h.err:
		p.log.Warn().Str("server", server).Err(err).Msg("Gerrit could not be polled")
	case err == nil && !before.ok:
		p.log.Info().Str("server", server).Msg("Gerrit is polled")
	}
}

// of is how the polls of a server go.
func (p *polls) of(server string) pollHealth {
	p.mu.Lock()
	defer p.mu.Unlock()
	return *p.health[server]
}
