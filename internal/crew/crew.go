// Package crew runs the workers of a stage: they look for work when something wakes them.
//
// What the work is, and that two workers don't take the same, is left to the stage's claim in internal/store. It
// persists nothing. internal/decide and internal/deliver call it.
package crew

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
)

// Crew is some workers and what they do.
type Crew struct {
	Workers int
	// Wake gives a channel that is closed when there may be work. It is taken before the work is looked for, so
	// that no wake-up is lost.
	Wake func() <-chan struct{}
	// Idle is how often one worker looks though nothing woke it: for what becomes due by the clock.
	Idle time.Duration
	// Work does some of what there is and tells whether there was any. An error is reported and ends the
	// worker's round, not the worker.
	Work func(ctx context.Context) (bool, error)
	// Ease says that others need the machine more at the moment: then one worker works and its colleagues wait.
	// Nil: never.
	Ease func() bool
	// Failed is told of Work's errors.
	Failed func(error)
}

// Run works until ctx ends and every worker has come back. One worker is woken for each wake-up; who finds work
// wakes a colleague, so that a crew is as many as the work needs.
func (c Crew) Run(ctx context.Context) error {
	calls := make(chan struct{}, c.Workers)
	call := func() {
		select {
		case calls <- struct{}{}:
		default:
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		tick := time.NewTicker(c.Idle)
		defer tick.Stop()
		for {
			woken := c.Wake()
			call()
			select {
			case <-ctx.Done():
				return nil
			case <-woken:
			case <-tick.C:
			}
		}
	})
	for n := range c.Workers {
		g.Go(func() error {
			for {
				select {
				case <-ctx.Done():
					return nil
				case <-calls:
				}
				if n > 0 && c.eased() {
					continue // the tick wakes somebody when it is over
				}
				c.round(ctx, n, call)
			}
		})
	}
	return g.Wait()
}

func (c Crew) eased() bool { return c.Ease != nil && c.Ease() }

func (c Crew) round(ctx context.Context, n int, call func()) {
	for ctx.Err() == nil && (n == 0 || !c.eased()) {
		worked, err := c.Work(ctx)
		if err != nil && ctx.Err() == nil {
			c.Failed(err)
			return
		}
		if !worked {
			return
		}
		if c.eased() {
			continue
		}
		call()
	}
}
