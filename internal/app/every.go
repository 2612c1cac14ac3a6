package app

import (
	"context"
	"time"
)

// every does something each time an interval has passed, or now tells to at once, until ctx ends; a nil now never does.
func every(ctx context.Context, interval time.Duration, now <-chan struct{}, do func(context.Context)) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-now:
		}
		do(ctx)
	}
}
