package gerrit

import (
	"context"
	"sync"

	"golang.org/x/time/rate"
)

// turns hold a client to its limits.
type turns struct {
	once  sync.Once
	rate  *rate.Limiter
	slots chan struct{}
}

// wait returns when a call may begin; end is called when it is over.
func (t *turns) wait(ctx context.Context, perSecond float64, concurrent int) (end func(), err error) {
	t.once.Do(func() {
		if perSecond > 0 {
			t.rate = rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond)))
		}
		if concurrent > 0 {
			t.slots = make(chan struct{}, concurrent)
		}
	})
	end = func() {}
	if t.slots != nil {
		select {
		case t.slots <- struct{}{}:
			end = func() { <-t.slots }
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if t.rate != nil {
		if err := t.rate.Wait(ctx); err != nil {
			end()
			return nil, err
		}
	}
	return end, nil
}
