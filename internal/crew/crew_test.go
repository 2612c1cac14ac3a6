package crew

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// bell is a Wake as internal/store gives it.
type bell struct {
	mu   sync.Mutex
	next chan struct{}
}

func (b *bell) wake() <-chan struct{} { b.mu.Lock(); defer b.mu.Unlock(); return b.next }
func (b *bell) ring()                 { b.mu.Lock(); defer b.mu.Unlock(); close(b.next); b.next = make(chan struct{}) }

func TestACrewIsAsManyAsTheWorkNeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bell{next: make(chan struct{})}
		var left, atOnce, most atomic.Int64
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- Crew{Workers: 4, Wake: b.wake, Idle: time.Hour, Failed: func(error) {}, Work: func(context.Context) (bool, error) {
				if left.Add(-1) < 0 {
					return false, nil
				}
				most.Store(max(most.Load(), atOnce.Add(1)))
				time.Sleep(time.Second)
				atOnce.Add(-1)
				return true, nil
			}}.Run(ctx)
		}()
		synctest.Wait()
		left.Store(20)
		b.ring()
		time.Sleep(time.Minute)
		if left.Load() >= 0 {
			t.Errorf("%d pieces of work are left", left.Load()+1)
		}
		if most.Load() < 2 {
			t.Errorf("at most %d worked at once, want colleagues called", most.Load())
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestAFailureIsReportedAndTriedAtTheNextTick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bell{next: make(chan struct{})}
		var tries, failures atomic.Int64
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- Crew{Workers: 1, Wake: b.wake, Idle: time.Second, Failed: func(error) { failures.Add(1) }, Work: func(context.Context) (bool, error) {
				tries.Add(1)
				return true, errors.New("the store is away")
			}}.Run(ctx)
		}()
		time.Sleep(3500 * time.Millisecond)
		if got := tries.Load(); got != 4 {
			t.Errorf("tried %d times in 3.5 s, want 4: at once and at each tick", got)
		}
		if failures.Load() != tries.Load() {
			t.Errorf("%d failures reported of %d", failures.Load(), tries.Load())
		}
		stop()
		<-ended
	})
}
