package taskcluster

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Retry says how often and when a call is tried again after a 5xx, or an answer
// that didn't come, or not whole, or isn't the service's. What the service
// refuses (4xx) is never tried again. The zero value is right for most.
type Retry struct {
	// Attempts is how often a call is tried at most; zero: 4. One is for a call
	// that may happen only once, like triggerHook.
	Attempts int
	// Pause is how long to wait before the second attempt, doubled before each
	// further one, with jitter; zero: 250ms.
	Pause time.Duration
	// MaxPause is the longest wait. A server that asks for more (Retry-After)
	// gets no further attempt; the error says how long it asked for. Zero: 5s.
	MaxPause time.Duration
}

func (r Retry) withDefaults() Retry {
	if r.Attempts <= 0 {
		r.Attempts = 4
	}
	r.Pause = defaulted(r.Pause, 250*time.Millisecond)
	r.MaxPause = defaulted(r.MaxPause, 5*time.Second)
	return r
}

func defaulted(d, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}
	return d
}

// again waits for the time of the next attempt, after as many as tries of which
// the last gave err. It answers nil when it is time, and otherwise the error
// that the call ends with.
func (r Retry) again(ctx context.Context, tries int, err error) error {
	r = r.withDefaults()
	if !transient(err) || tries >= r.Attempts {
		return err
	}
	pause := r.pause(tries, err)
	if pause > r.MaxPause {
		return err
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < pause {
		return err // it would wait for nothing
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("%w, before another attempt after: %w", ctx.Err(), err)
	case <-timer.C:
		return nil
	}
}

// transient reports whether the same request may fare better a moment later.
func transient(err error) bool {
	var answer *APIError
	if errors.As(err, &answer) {
		return answer.StatusCode >= 500
	}
	return errors.Is(err, ErrUnavailable)
}

// pause is what the server asks for, or one of the policy's own.
func (r Retry) pause(tries int, err error) time.Duration {
	var answer *APIError
	if errors.As(err, &answer) && answer.RetryAfter > 0 {
		return answer.RetryAfter
	}
	pause := min(r.Pause<<min(tries-1, 20), r.MaxPause)
	return pause/2 + rand.N(pause/2+1)
}
