package app

import (
	"context"
	"slices"
	"sync"
	"time"

	"verdict/internal/app/rulefiles"
	"verdict/internal/deliver"
	"verdict/internal/store"
)

// loads remembers how the last load of the rules ended.
type loads struct {
	mu   sync.Mutex
	last string // its error, empty when it worked
}

func (l *loads) note(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = ""
	if err != nil {
		l.last = err.Error()
	}
}

func (l *loads) error() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// firstRules loads the rules at the start: without any there is nothing to run.
func (b *bot) firstRules(ctx context.Context) error {
	if b.fetcher != nil {
		return b.fetcher.first(ctx)
	}
	b.watcher = &rulefiles.Watcher{Dir: b.cfg.Rules.Dir, Teams: b.cfg.Rules.Teams, Log: b.log, Changed: b.loadRules}
	b.watcher.Since = b.watcher.Look()
	return frugally(func() error { return b.rules.Load(ctx) })
}

// unasked is how often auth is asked again what roles give, if it couldn't be.
const unasked = time.Minute

// syncing is how often a replica looks whether all are to be on another set: one that was published, or is pinned.
const syncing = 2 * time.Second

// remind is how often what is broken is looked at again: it is told once a day.
const remind = time.Hour

// watchRules loads the rules again when they change, and when asked to.
func (b *bot) watchRules(ctx context.Context) error {
	b.remindHeld(ctx)
	watching := make(chan error, 1)
	go func() { watching <- b.watch(ctx) }()
	again := time.NewTicker(unasked)
	defer again.Stop()
	still := time.NewTicker(remind)
	defer still.Stop()
	sync := time.NewTicker(syncing)
	defer sync.Stop()
	for {
		select {
		case err := <-watching:
			return err
		case <-again.C:
			if b.rules.Active().Unasked {
				b.loadRules(ctx)
			}
		case <-sync.C:
			b.syncRules(ctx)
		case <-still.C:
			b.rules.Remind(ctx)
			b.remindHeld(ctx)
		case <-b.reload:
			b.log.Info().Msg("the rules are read anew, as asked")
			b.loadRules(ctx)
		}
	}
}

// remindHeld says again which rules a guard holds, so that each is told on every day that it is, though whoever held it
// died before it told.
func (b *bot) remindHeld(ctx context.Context) {
	holds, err := b.store.Holds(ctx)
	if err != nil && ctx.Err() == nil {
		b.log.Warn().Err(err).Msg("it can't be told which rules are held")
	}
	for _, r := range b.set().Rules() { // a hold of a rule is there under its former names too
		i := slices.IndexFunc(holds, func(h store.Hold) bool { return h.By == store.HeldByGuard && h.Scope == "rule:"+r.Team+"/"+r.Name })
		if i >= 0 {
			b.problems.Still(ctx, deliver.HeldProblem(holds[i]))
		}
	}
}

// watch tells of changed rules, or has them fetched, until ctx ends.
func (b *bot) watch(ctx context.Context) error {
	if b.fetcher != nil {
		return b.fetcher.run(ctx)
	}
	return b.watcher.Run(ctx)
}

// loadRules puts changed rules into force. Those of a repository are fetched by whoever is next.
func (b *bot) loadRules(ctx context.Context) {
	if b.fetcher == nil {
		b.loaded(ctx, frugally(func() error { return b.rules.Load(ctx) }))
		return
	}
	b.fetcher.again.Store(true)
	if err := b.fetcher.store.FetchNow(ctx); err != nil && ctx.Err() == nil {
		b.log.Error().Err(err).Msg("the rules could not be asked for")
	}
}

// syncRules puts into force what all replicas are to be on.
func (b *bot) syncRules(ctx context.Context) {
	behind, err := b.rules.Behind(ctx)
	if err != nil && ctx.Err() == nil {
		b.log.Warn().Err(err).Msg("it can't be told whether other rules were published")
	}
	if behind {
		b.loaded(ctx, frugally(func() error { return b.rules.Sync(ctx) }))
	}
}

// loaded notes how a load ended, and has the queue bound to what the rules in force need.
func (b *bot) loaded(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	b.loads.note(err)
	if err != nil {
		b.log.Error().Err(err).Msg("the rules could not be loaded; those before stay in force")
	}
	if b.replicas == nil { // at the start
		return
	}
	select {
	case b.replicas.changed <- struct{}{}:
	default: // a beat is due already
	}
}
