package store

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// wake tells whoever waits that something became due.
type wake struct {
	mu   sync.Mutex
	next chan struct{}
}

func (w *wake) init() { w.next = make(chan struct{}) }

func (w *wake) signal() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.next)
	w.next = make(chan struct{})
}

// Wake gives a channel that is closed when an event or a lane next becomes due, here or, on PostgreSQL, in
// another replica. Who takes the channel before looking for work misses nothing. What becomes due by the clock
// alone wakes nobody: look once in a while too.
func (s *Store) Wake() <-chan struct{} {
	s.wake.mu.Lock()
	defer s.wake.mu.Unlock()
	return s.wake.next
}

// listen hears the notifications of other replicas until the store is closed, on a connection of its own.
func (s *Store) listen(ctx context.Context) error {
	conn, err := s.dialect.listen(ctx)
	if err == nil {
		_, err = conn.Exec(ctx, "LISTEN verdict")
	}
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.hear(ctx, conn)
	}()
	s.closers = append(s.closers, func() error {
		stop()
		<-ended
		return nil
	})
	return nil
}

// hear reads notifications, and connects again when the connection is lost.
func (s *Store) hear(ctx context.Context, conn *pgx.Conn) {
	wait := time.Second
	for {
		for conn != nil {
			n, err := conn.WaitForNotification(ctx)
			if err != nil {
				s.endListening(ctx, conn, err)
				conn = nil
				break
			}
			wait = time.Second
			if n.Payload != s.id {
				s.wake.signal()
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		wait = min(2*wait, 30*time.Second)
		fresh, err := s.dialect.listen(ctx)
		if err == nil {
			_, err = fresh.Exec(ctx, "LISTEN verdict")
			conn = fresh
		}
		if err == nil {
			s.log.Info().Msg("the store's notifications are heard again")
			s.wake.signal() // for what was missed meanwhile
		}
	}
}

func (s *Store) endListening(ctx context.Context, conn *pgx.Conn, err error) {
	if ctx.Err() == nil {
		s.log.Warn().Err(err).Msg("the store's notifications are not heard; it is polled until they are")
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = conn.Close(closing) // it is lost, or we are done with it
}
