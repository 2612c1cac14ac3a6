// Package app wires the stages to each other and to the world, and runs them as one process.
//
// It opens the store, loads the rules, connects the sources to internal/ingest, runs internal/decide and
// internal/deliver, reloads rules when they change, tells other replicas that it lives, and answers on the admin
// socket. It does nothing by itself to an event. It persists, through internal/store, the replicas and the bindings
// of the queue. cmd/bot runs it, internal/sandbox too, and test/chaos with failpoints around its parts.
package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"verdict/internal/config"
)

// Options say what to run.
type Options struct {
	Config  *config.Config
	Log     zerolog.Logger
	Version string
	// Reload has the rules read anew, whatever the watcher thinks; nil: nobody asks for it.
	Reload <-chan struct{}
	// Drain is how long what is in hand may take when ctx ends; 25 s when zero.
	Drain time.Duration
	// Wrap may replace parts before anything runs, for tests; nil: nothing is replaced.
	Wrap func(*Parts)
	// Ready is called once, when all stages are about to run; nil: nobody is told.
	Ready func()
}

const defaultDrain = 25 * time.Second

// ErrDrain means that something was still in hand when the limit was over. It is taken up again at the next start.
var ErrDrain = errors.New("not everything in hand could be ended in time; the next start takes it up")

// Run runs the bot until ctx ends and what was in hand has ended.
func Run(ctx context.Context, o Options) error {
	if o.Drain == 0 {
		o.Drain = defaultDrain
	}
	b, err := assemble(ctx, o)
	if err != nil {
		return err
	}
	defer b.close()
	b.log.Info().Str("version", o.Version).Str("instance", o.Config.Instance).Str("mode", string(o.Config.Mode)).
		Str("replica", b.replica).Msg("running")
	if o.Ready != nil {
		o.Ready()
	}
	err = b.run(ctx, o.Drain)
	if err == nil {
		b.log.Info().Msg("stopped")
	}
	return err
}

// run runs the stages. The first one that fails stops the others: a process that can't do its work ends, and is
// started again by whoever watches it.
func (b *bot) run(ctx context.Context, drain time.Duration) error {
	g, stages := errgroup.WithContext(ctx)
	for _, s := range b.stages() {
		g.Go(func() error {
			if err := s.run(stages); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			return nil
		})
	}
	ended := make(chan error, 1)
	go func() { ended <- g.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-stages.Done():
	}
	if ctx.Err() != nil {
		b.log.Info().Dur("limit", drain).Msg("stopping: ending what is in hand")
	}
	limit := time.NewTimer(drain)
	defer limit.Stop()
	select {
	case err := <-ended:
		return err
	case <-limit.C:
		if ctx.Err() == nil { // a stage failed: that is the news
			return errors.Join(context.Cause(stages), ErrDrain)
		}
		return ErrDrain
	}
}

// stage is something that runs until its ctx ends.
type stage struct {
	name string
	run  func(ctx context.Context) error
}

// stages are all that run at once.
func (b *bot) stages() []stage {
	all := []stage{
		{"decide", b.decider.Run},
		{"deliver", b.deliverer.Run},
		{"rules", b.watchRules},
		{"replica", b.replicas.run},
		{"prune", b.prune},
		{"expire approvals", b.expire},
		{"admin socket", b.serveAdmin},
		{"polls", b.polls.run},
		{"ticks", ticksOf(b, b.store).run},
	}
	if b.consumer != nil {
		all = append(all, stage{"pulse", b.consumer.Run})
	}
	if b.hooks != nil {
		all = append(all, stage{"webhooks", b.serveHooks})
	}
	return all
}
