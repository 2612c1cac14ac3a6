package gerrit

import (
	"cmp"
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// Stream listens to what a server tells of itself over SSH, by Gerrit's
// command stream-events, and hands it on as Hints. Nothing is repeated that is
// told while no connection stands: a Poll after each connect finds it. See
// https://gerrit-review.googlesource.com/Documentation/cmd-stream-events.html.
type Stream struct {
	// Addr is the server's SSH, host:port.
	Addr string
	// User is our account's name. It needs the capability streamEvents.
	User string
	// Key gives our private key, as in OpenSSH's files and without a
	// passphrase. It is asked at each connect.
	Key func() (string, error)
	// KnownHostsFile has the server's keys, as OpenSSH's known_hosts. It is read
	// at each connect; a server with another key isn't spoken to.
	KnownHostsFile string
	// Types are what is subscribed to; StreamTypes when nil.
	Types []string

	// Hint takes what is told. It must not block.
	Hint func(Hint)
	// Poll is asked for a poll: a connection stands anew, has stood for a moment,
	// or the server says that it left something out. It must not block.
	Poll func()
	// Changed is told when a connection stands, and when there is none any
	// more or none to be had; nil: nobody is.
	Changed func(StreamStatus)

	// KeepAlive is how often the server is asked whether it is there; 15 s when
	// zero. If neither an answer nor an event comes for Silence, 45 s when
	// zero, the connection is made anew.
	KeepAlive, Silence time.Duration
	// Quiet is after how long without an event a connection is made anew though
	// the server answers: one that hangs looks the same. 30 minutes when zero.
	Quiet time.Duration
	// Timeout is how long a connect may take; 30 s when zero.
	Timeout time.Duration

	mu     sync.Mutex // guards what follows
	status StreamStatus
}

// StreamStatus is how a Stream goes.
type StreamStatus struct {
	Connected bool
	// Since is when it was connected, or when the connection was lost; zero
	// before the first connect has ended.
	Since time.Time
	// Err is why there is no connection; nil while there is one.
	Err error
	// LastEvent is when an event came last; zero: none did.
	LastEvent time.Time
	// Events is how many came since the start, and Skipped how many lines were
	// too long, or no events.
	Events, Skipped int64
	// Connects is how many connections stood since the start.
	Connects int64
}

// Status tells how it goes.
func (s *Stream) Status() StreamStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

const (
	// steady is how long a connection has to last for its loss to be answered by
	// connecting again at once; after one that told something at least the pause
	// doesn't grow.
	steady       = 10 * time.Second
	firstPause   = 250 * time.Millisecond
	longestPause = time.Minute
)

// Run listens until ctx ends, connecting again whenever it has to: at once,
// then with growing pauses. It returns nil once all that it started has
// returned.
func (s *Stream) Run(ctx context.Context) error {
	for attempt := 0; pause(ctx, backoff(attempt)); attempt++ {
		events := s.Status().Events
		lasted, err := s.session(ctx)
		if ctx.Err() != nil {
			break
		}
		s.lost(err)
		switch {
		case lasted >= steady:
			attempt = -1
		case s.Status().Events > events:
			attempt = 0 // it works, but for being cut
		}
	}
	return nil
}

// backoff is the pause before an attempt: none before the first, then doubling
// ones, of which a random half is taken away, so that many clients don't come
// back in step.
func backoff(attempt int) time.Duration {
	if attempt <= 0 {
		return 0
	}
	d := min(firstPause<<min(attempt-1, 16), longestPause)
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

// stands notes that a connection stands.
func (s *Stream) stands() {
	s.change(func(st *StreamStatus) {
		st.Connected, st.Since, st.Err = true, time.Now(), nil
		st.Connects++
	})
	if s.Poll != nil {
		s.Poll()
	}
}

// lost notes why there is no connection.
func (s *Stream) lost(err error) {
	s.change(func(st *StreamStatus) {
		if st.Connected || st.Since.IsZero() {
			st.Since = time.Now()
		}
		st.Connected, st.Err = false, err
	})
}

func (s *Stream) change(how func(*StreamStatus)) {
	s.mu.Lock()
	how(&s.status)
	now := s.status
	s.mu.Unlock()
	if s.Changed != nil {
		s.Changed(now)
	}
}

// told takes a line; one that is too long comes as nil.
func (s *Stream) told(line []byte) {
	h, err := ParseEvent(line)
	s.mu.Lock()
	if err != nil {
		s.status.Skipped++
	} else {
		s.status.Events++
		s.status.LastEvent = time.Now()
	}
	s.mu.Unlock()
	switch {
	case err != nil:
	case h.Type == droppedOutput:
		if s.Poll != nil {
			s.Poll()
		}
	case h.Change != 0:
		s.Hint(h)
	}
}

// lastHeard is when an event came last on this connection, or when it began.
func (s *Stream) lastHeard() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status.LastEvent.After(s.status.Since) {
		return s.status.LastEvent
	}
	return s.status.Since
}

func (s *Stream) keepAlive() time.Duration { return cmp.Or(s.KeepAlive, 15*time.Second) }
func (s *Stream) silence() time.Duration   { return cmp.Or(s.Silence, 45*time.Second) }
func (s *Stream) quiet() time.Duration     { return cmp.Or(s.Quiet, 30*time.Minute) }
func (s *Stream) timeout() time.Duration   { return cmp.Or(s.Timeout, 30*time.Second) }
