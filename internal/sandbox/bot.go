package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"verdict/internal/app"
	"verdict/internal/app/admin"
	"verdict/internal/config"
	"verdict/internal/store"
)

// Bot is the bot in a World, run by internal/app as bot run does.
type Bot struct {
	world *World
	admin *admin.Client
	log   *os.File
	stop  context.CancelFunc
	ended chan struct{} // closed when it has ended
	err   error         // why; read after ended
}

// connecting is how long the bot may take to find pulse and Gerrit.
const connecting = 20 * time.Second

// StartBot runs a bot in the world and waits until it has found its servers. wrap may replace parts of it; nil: none.
// Stop ends it.
func StartBot(ctx context.Context, w *World, version string, wrap func(*app.Parts)) (*Bot, error) {
	cfg, err := config.Load(w.ConfigFile())
	if err != nil {
		return nil, err
	}
	b := &Bot{world: w, ended: make(chan struct{})}
	if b.log, err = os.Create(w.LogFile()); err != nil {
		return nil, fmt.Errorf("open the bot's log: %w", err)
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	b.stop = stop
	ready := make(chan struct{})
	go func() {
		defer close(b.ended)
		b.err = app.Run(running, app.Options{
			Config: cfg, Log: app.NewLog(cfg, b.log), Version: version, Wrap: wrap, Ready: func() { close(ready) },
		})
	}()
	select {
	case <-ready:
	case <-b.ended:
		return nil, errors.Join(b.err, b.log.Close())
	}
	if err := b.connected(ctx, cfg.Admin.Socket); err != nil {
		return nil, errors.Join(err, b.Stop())
	}
	return b, nil
}

// LogFile is where the bot's log goes.
func (w *World) LogFile() string { return filepath.Join(w.Dir, "bot.log") }

func (b *Bot) connected(ctx context.Context, socket string) (err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, connecting, errors.New("the bot does not find its servers"))
	defer cancel()
	if b.admin, err = admin.Dial(ctx, socket); err != nil {
		return err
	}
	return b.until(ctx, func() (bool, error) {
		s, err := b.admin.Status(ctx)
		away := slices.ContainsFunc(s.Sources, func(s admin.Source) bool { return !s.Connected })
		return err == nil && len(s.Degraded) == 0 && !away, err
	})
}

// Stop ends the bot, which ends what it has in hand. It may be called twice.
func (b *Bot) Stop() error {
	b.stop()
	<-b.ended
	b.log.Close() // nothing is written to it any more
	return b.err
}

// until asks the bot now and then until it is so.
func (b *Bot) until(ctx context.Context, holds func() (bool, error)) error {
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		ok, err := holds()
		if err != nil || ok {
			return err
		}
		select {
		case <-again.C:
		case <-b.ended:
			return fmt.Errorf("the bot has ended: %w", b.err)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// decided tells whether the bot has heard of a change, and has no event of it in hand.
func (b *Bot) decided(ctx context.Context, change int) (bool, error) {
	events, err := b.admin.Events(ctx, store.Filter{Change: fmt.Sprintf("%s~%d", serverName, change), Limit: 1000})
	open := slices.ContainsFunc(events, func(e admin.Event) bool {
		return e.State == string(store.EventReceived) || e.State == string(store.EventDeciding)
	})
	return len(events) > 0 && !open, err
}

// idle tells whether the bot has nothing to do: it is asked for when to look at what it did, not for what it did.
func (b *Bot) idle(ctx context.Context) (bool, error) {
	s, err := b.admin.Status(ctx)
	if err != nil {
		return false, err
	}
	q, ok := b.world.Broker.Queue(pulseQueue)
	drained := ok && q.Ready == 0 && q.Unacked == 0 && b.world.wire.idle()
	var open int64
	for _, state := range []store.EventState{store.EventReceived, store.EventDeciding} {
		open += s.Counts.Events[string(state)]
	}
	for _, state := range []store.ActionState{store.ActionPending, store.ActionRunning, store.ActionRetrying} {
		open += s.Counts.Actions[string(state)]
	}
	return drained && open == 0, nil
}

// Counts are what the store of a bot holds that has ended.
type Counts struct {
	// Events is how many were taken in, Matched how many of them a rule matched.
	Events, Matched int
}

// Counts reads the store, once the bot has ended.
func (b *Bot) Counts(ctx context.Context) (c Counts, err error) {
	cfg, err := config.Load(b.world.ConfigFile())
	if err != nil {
		return c, err
	}
	s, err := store.Open(ctx, store.Options{URL: cfg.Store.URL, Migrate: "off"})
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	counts, err := s.Counts(ctx)
	if err != nil {
		return c, err
	}
	for _, n := range counts.Events {
		c.Events += int(n)
	}
	matched, err := s.Events(ctx, store.Filter{MatchedOnly: true, Limit: 1_000_000})
	c.Matched = len(matched)
	return c, err
}
