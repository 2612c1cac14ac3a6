package app

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"verdict/gerrit"
	"verdict/internal/config"
)

// gerritSource is one Gerrit that events come from. Polls find all of them; a stream and webhooks hint at what is
// looked at at once. When those fail, the polls go on.
type gerritSource struct {
	name    string
	log     zerolog.Logger
	poller  *gerrit.Poller
	lookout *gerrit.Lookout
	stream  *gerrit.Stream  // nil: none is configured
	hook    *gerrit.Webhook // nil: none is configured
	cursors cursors
	began   time.Time

	asked   chan struct{} // holds one entry when a poll is asked for
	polling sync.Mutex    // one poll at a time

	mu     sync.Mutex // guards what follows
	health health
	missed int64 // hints that were left to a poll
	hooked hooked
	said   string // why there is no stream, as logged last
}

// health is how the polls of a server go.
type health struct {
	ok    bool
	since time.Time
	err   string
}

func newGerritSource(name string, g config.Gerrit, of pollsOf) *gerritSource {
	s := &gerritSource{name: name, log: of.log.With().Str("server", name).Logger(), cursors: of.cursors, began: time.Now(), asked: make(chan struct{}, 1)}
	s.poller = &gerrit.Poller{
		Client: of.clients[name], Server: name, Overlap: g.Poll.Overlap, Scope: scopeOf(of.set, name),
		Cursors: of.inbox, Seen: of.inbox, Inbox: of.inbox,
	}
	s.lookout = &gerrit.Lookout{Look: s.poller.Look, Failed: s.leftToPoll}
	if g.Stream.SSH != "" {
		s.stream = &gerrit.Stream{
			Addr: g.Stream.SSH, User: g.User, Key: g.Stream.Key.Read, KnownHostsFile: g.Stream.KnownHostsFile,
			Hint: s.lookout.Hint, Poll: s.askForPoll, Changed: s.streamChanged,
		}
	}
	if len(g.Webhook.Secrets) > 0 {
		s.hook = &gerrit.Webhook{Secrets: g.Webhook.Read, Hint: s.lookout.Hint, Answered: s.hookAnswered}
	}
	return s
}

// hinted says whether anything tells of changes before a poll does.
func (s *gerritSource) hinted() bool { return s.stream != nil || s.hook != nil }

// run listens until ctx ends.
func (s *gerritSource) run(ctx context.Context) error {
	if !s.hinted() {
		return nil
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.lookout.Run(ctx) })
	g.Go(func() error { return s.pollWhenAsked(ctx) })
	if s.stream != nil {
		g.Go(func() error { return s.stream.Run(ctx) })
	}
	return g.Wait()
}

func (s *gerritSource) askForPoll() {
	select {
	case s.asked <- struct{}{}:
	default: // one is asked for already
	}
}

func (s *gerritSource) pollWhenAsked(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.asked:
			s.poll(ctx)
		}
	}
}

func (s *gerritSource) poll(ctx context.Context) {
	s.polling.Lock()
	defer s.polling.Unlock()
	if ctx.Err() == nil {
		s.note(ctx, s.poller.Poll(ctx))
	}
}

// full looks at everything, unless a replica has since it was due.
func (s *gerritSource) full(ctx context.Context, due time.Time) error {
	last, err := s.lastFull(ctx)
	if err != nil || !last.Before(due) {
		return err
	}
	if err := s.poller.Full(ctx); err != nil {
		return err
	}
	return s.cursors.SetCursor(ctx, s.fullCursor(), due.UTC().Format(time.RFC3339))
}

func (s *gerritSource) fullCursor() string { return s.poller.CursorName() + "/full" }

// lastFull is for when the last scan of everything was due. The first poll is one, so a bot that starts for the first
// time has just done it.
func (s *gerritSource) lastFull(ctx context.Context) (time.Time, error) {
	text, err := s.cursors.Cursor(ctx, s.fullCursor())
	if err != nil {
		return time.Time{}, fmt.Errorf("read when %s was scanned last: %w", s.name, err)
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	now := time.Now().Truncate(time.Second)
	return now, s.cursors.SetCursor(ctx, s.fullCursor(), now.UTC().Format(time.RFC3339))
}

// note keeps how a poll went, and logs when that changes.
func (s *gerritSource) note(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return // we stopped it
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.health
	s.health.ok, s.health.err = err == nil, ""
	if err != nil {
		s.health.err = err.Error()
	}
	if before.since.IsZero() || before.ok != s.health.ok {
		s.health.since = time.Now()
	}
	switch {
	case err != nil && before.err != s.health.err:
		s.log.Warn().Err(err).Msg("Gerrit could not be polled")
	case err == nil && !before.ok:
		s.log.Info().Msg("Gerrit is polled")
	}
}

// leftToPoll notes a hint that led to nothing.
func (s *gerritSource) leftToPoll(h gerrit.Hint, err error) {
	s.log.Warn().Int("change", h.Change).Str("hint", h.Type).Err(err).Msg("a change could not be looked at; the next poll will see it")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.missed++
}

// streamChanged logs how the stream goes, a reason once.
func (s *gerritSource) streamChanged(st gerrit.StreamStatus) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st.Connected {
		s.said = ""
		s.log.Info().Int64("connects", st.Connects).Msg("Gerrit's stream of events is connected")
		return
	}
	if why := st.Err.Error(); why != s.said {
		s.said = why
		s.log.Warn().Err(st.Err).Msg("Gerrit's stream of events is away; polls go on")
	}
}
