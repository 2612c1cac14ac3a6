package gerrittest

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// listener is somebody who listens to events by SSH.
type listener struct {
	server *Server
	of     *account
	types  []string // nil: all
	news   chan struct{}

	mu      sync.Mutex
	waiting [][]byte
}

// offer keeps an event for the listener, if it is one that he may see and asked
// for.
func (l *listener) offer(e Event) {
	if len(l.types) > 0 && !slices.Contains(l.types, e.Type) || !e.visible(l.of) {
		return
	}
	l.mu.Lock()
	l.waiting = append(l.waiting, e.JSON)
	l.mu.Unlock()
	select {
	case l.news <- struct{}{}:
	default:
	}
}

// take gives what waits.
func (l *listener) take() [][]byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	waiting := l.waiting
	l.waiting = nil
	return waiting
}

// WaitForListeners returns when at least so many sessions listen to events: what
// happens from then on they hear. The error is the context's.
func (s *Server) WaitForListeners(ctx context.Context, n int) error {
	for {
		s.mu.Lock()
		listening, changed := len(s.listeners), s.changed
		s.mu.Unlock()
		if listening >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for %d listeners, have %d: %w", n, listening, context.Cause(ctx))
		}
	}
}
