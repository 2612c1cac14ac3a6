package gerrit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"time"
)

// Retry says how often and when a call is tried again. Only what can't be done
// twice by that is: calls that read, or set what they set before, after a 5xx,
// a connection that broke or an answer that was cut or late; any call if Gerrit
// said 429 or wasn't reached. The zero value tries once.
type Retry struct {
	// Attempts is how often a call is tried at most; zero: once.
	Attempts int
	// Pause is how long to wait before the second attempt, doubled before each
	// further one, with jitter; zero: 250 ms.
	Pause time.Duration
	// MaxPause is the longest wait. A server that asks for more (Retry-After)
	// gets no further attempt; see RetryAfter. Zero: 5 s.
	MaxPause time.Duration
}

// again waits for the time of the next attempt, after as many as tries of which
// the last gave err. It answers nil when it is time, and otherwise the error
// that the call ends with.
func (r Retry) again(ctx context.Context, tries int, err error) error {
	if tries >= r.Attempts {
		return err
	}
	pause, longest := r.pause(tries), cmp.Or(r.MaxPause, 5*time.Second)
	if asked := RetryAfter(err); asked > 0 {
		pause = asked
	}
	if deadline, ok := ctx.Deadline(); pause > longest || ok && time.Until(deadline) < pause {
		return err // it would wait for too long, or for nothing
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

func (r Retry) pause(tries int) time.Duration {
	pause := min(cmp.Or(r.Pause, 250*time.Millisecond)<<min(tries-1, 20), cmp.Or(r.MaxPause, 5*time.Second))
	return pause/2 + rand.N(pause/2+1)
}

// mayRepeat tells whether the same call may fare better a moment later, and
// can't have its effect twice.
func (call call) mayRepeat(err error) bool {
	var dial *net.OpError
	if errors.Is(err, ErrTooManyRequests) || errors.As(err, &dial) && dial.Op == "dial" {
		return true // it didn't begin
	}
	if call.method != http.MethodGet && !call.repeatable {
		return false
	}
	var nothing *NoAnswerError
	if errors.As(err, &nothing) {
		return !nothing.lasting
	}
	return errors.Is(err, ErrUnavailable)
}
