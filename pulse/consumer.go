package pulse

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// settled is how long a connection has to last for its loss to be answered by connecting again at once.
const settled = 10 * time.Second

// Consumer consumes one queue. Its methods are safe for concurrent use.
type Consumer struct {
	cfg     Config
	to      target
	running atomic.Bool
	changed chan struct{} // holds one entry when the wanted bindings have changed
	telling sync.Mutex    // one call of cfg.Notice at a time

	mu          sync.Mutex // guards what follows
	status      Status     // but for its bindings
	bindings    map[Binding]*binding
	bindingsSet bool                 // SetBindings was called
	missing     map[string]time.Time // exchanges that can't be bound, since when
	seen        time.Time            // when the queue was last known to exist
	gap         *time.Time           // a gap to tell of: when the queue was last known before it
}

// New checks the configuration. It doesn't connect; Run does.
func New(cfg Config) (*Consumer, error) {
	to, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	c := &Consumer{
		cfg:      cfg,
		to:       to,
		changed:  make(chan struct{}, 1),
		status:   Status{Since: time.Now()},
		bindings: make(map[Binding]*binding),
		missing:  make(map[string]time.Time),
	}
	for _, b := range cfg.Former {
		c.bindings[b] = &binding{tried: true}
	}
	return c, nil
}

// Run consumes until ctx ends, connecting again whenever it has to. When ctx ends it takes no more messages,
// gives the batch in hand the time of Config.Drain to be handled and acknowledged, and returns nil once all that
// it started has returned. What was not acknowledged the broker delivers again. Only one Run at a time may be
// active; another returns an error.
func (c *Consumer) Run(ctx context.Context) error {
	if !c.running.CompareAndSwap(false, true) {
		return errors.New("pulse: the consumer is running already")
	}
	defer c.running.Store(false)
	handling, stop := outlive(ctx, c.cfg.Drain)
	defer stop()

	for attempt := 0; pause(ctx, backoff(attempt, 500*time.Millisecond, 30*time.Second)); attempt++ {
		lasted, err := c.session(ctx, handling)
		if ctx.Err() != nil {
			break
		}
		c.failed(err)
		if errors.Is(err, errQueueGone) {
			c.rememberGap() // whoever declares it again
		}
		kind := ConnectFailed
		if lasted > 0 {
			kind = Disconnected
		}
		c.tell(Notice{Kind: kind, Err: err})
		if lasted >= settled {
			attempt = -1 // the next one at once
		}
	}
	return nil
}

// outlive gives a context that ends only the grace after ctx has ended.
func outlive(ctx context.Context, grace time.Duration) (context.Context, func()) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(grace):
			cancel()
		case <-longer.Done():
		}
	})
	return longer, func() { stop(); cancel() }
}

// backoff is the pause before an attempt: none before the first, then from first on doubling up to the limit,
// of which a random half is taken away, so that many clients don't come back in step.
func backoff(attempt int, first, limit time.Duration) time.Duration {
	if attempt <= 0 {
		return 0
	}
	d := min(first<<min(attempt-1, 16), limit)
	return d/2 + rand.N(d/2+1)
}

// pause waits, and tells whether ctx is still alive.
func pause(ctx context.Context, d time.Duration) bool {
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	return ctx.Err() == nil
}
