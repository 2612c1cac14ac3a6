package facts

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"

	"verdict/gerrit"
	"verdict/taskcluster"
)

const (
	// guardLimit is how long one answer may take, guardPause how long a server is left alone that gave none.
	guardLimit, guardPause = 10 * time.Second, 5 * time.Second
	// guardLosses is after how many calls in a row that were lost, with whatever answer, a kind of call is left alone.
	guardLosses = 5
	// findLimit is how long all pages of a query may take.
	findLimit = time.Minute
)

// AwayError says that a server does its part for nobody now. Nothing is wrong with what was to be asked for: it waits.
type AwayError struct {
	// Server is its name: gerrit main, taskcluster.
	Server string
	Err    error
}

// Error names the server, and what it did last.
func (e *AwayError) Error() string { return e.Server + " is away: " + e.Err.Error() }

// Unwrap gives what it did.
func (e *AwayError) Unwrap() error { return e.Err }

// guard tells what is wrong with a server from what is wrong with a single thing that it was asked for. Of calls of one
// kind that are lost in a row the first may be that thing's fault, and is told as it is; the others are the server's, an
// *AwayError. What always fails, on a server that serves others in between, is so the first each time.
//
// A server is left alone for a moment when it gave no answer at all, and then tried by one call; a kind of call also
// when several were lost in a row. Meanwhile calls fail at once: events of all servers are decided by a few workers,
// many at a time, so one server that hangs delays those of another once, by one call.
type guard struct {
	server string
	gate   *gobreaker.CircuitBreaker[any]

	mu    sync.Mutex
	calls map[string]fared // by kind
}

// fared is how the last call of a kind did.
type fared struct {
	served bool
	lost   int       // in a row
	err    error     // what it was lost by
	until  time.Time // leave it alone
}

func newGuard(server string) *guard {
	return &guard{server: server, calls: map[string]fared{}, gate: gobreaker.NewCircuitBreaker[any](gobreaker.Settings{
		Timeout:      guardPause,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures > 0 },
		IsSuccessful: answered,
		IsExcluded:   func(err error) bool { return errors.Is(err, context.Canceled) }, // a stop of ours says nothing
	})}
}

// answered tells whether anything came back: what a server or its proxy tells itself is an answer.
func answered(err error) bool {
	var foreign *gerrit.NoAnswerError
	if errors.As(err, &foreign) {
		return foreign.Status != 0
	}
	return !lost(err) || errors.As(err, new(*gerrit.HTTPError)) || errors.As(err, new(*taskcluster.APIError))
}

// lost tells whether a call failed in a way in which all may fail at that moment: nobody answered, or with an error of
// the server's own, or it doesn't take our credentials, or not now.
func lost(err error) bool {
	if errors.Is(err, gerrit.ErrTooLarge) {
		return false // it says that nothing came, and is about what was asked for
	}
	for _, meaning := range []error{
		gerrit.ErrUnavailable, gerrit.ErrTooManyRequests, gerrit.ErrNotAuthorized, gerrit.ErrForbidden,
		taskcluster.ErrUnavailable, taskcluster.ErrAuth, taskcluster.ErrScopes, context.DeadlineExceeded,
	} {
		if errors.Is(err, meaning) {
			return true
		}
	}
	return false
}

// judge notes how a call fared that was made, and tells whose fault it is.
func (g *guard) judge(kind string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	before := g.calls[kind]
	if !lost(err) {
		g.calls[kind] = fared{served: true}
		return err
	}
	now := fared{lost: before.lost + 1, err: err}
	if now.lost >= guardLosses {
		now.until = time.Now().Add(guardPause)
	}
	g.calls[kind] = now
	if before.served {
		return err
	}
	return &AwayError{g.server, err}
}

// leave is why a call isn't to be made now; nil: it is. What happened to another call is told, and means nothing here.
func (g *guard) leave(kind string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c := g.calls[kind]; time.Now().Before(c.until) {
		return &AwayError{g.server, fmt.Errorf("%v; it is left alone for a moment", c.err)}
	}
	return nil
}

// through makes a call if the server isn't to be left alone.
func through[T any](ctx context.Context, g *guard, kind string, call func(context.Context) (T, error)) (value T, err error) {
	return limited(ctx, g, kind, guardLimit, call)
}

func limited[T any](ctx context.Context, g *guard, kind string, limit time.Duration, call func(context.Context) (T, error)) (value T, err error) {
	if err := g.leave(kind); err != nil {
		return value, err
	}
	_, err = g.gate.Execute(func() (any, error) {
		limited, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		var err error
		value, err = call(limited)
		return nil, err
	})
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return value, &AwayError{g.server, errors.New("the call before had no answer; it is left alone for a moment")}
	}
	return value, g.judge(kind, err)
}
