package app

import (
	"context"
	"errors"
	stdlog "log"
	"net"
	"net/http"
	"time"
)

// hooked is how the webhooks of a server go.
type hooked struct {
	// last is when one was accepted last, and refused when one wasn't.
	last, refused time.Time
	why           string
	// told is when a refusal was logged last.
	told time.Time
}

// refusalsEvery is how often a refused webhook is logged at most: who knocks doesn't fill the log.
const refusalsEvery = time.Minute

// hookAnswered notes how a webhook was answered. The URL has the secret in it, so it isn't told.
func (s *gerritSource) hookAnswered(status int, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if status == http.StatusNoContent {
		s.hooked.last = now
		return
	}
	s.hooked.refused, s.hooked.why = now, why
	if now.Sub(s.hooked.told) >= refusalsEvery {
		s.hooked.told = now
		s.log.Warn().Int("status", status).Str("why", why).Msg("a webhook was refused")
	}
}

// listenForHooks opens the address where webhooks arrive, if any are configured.
func (b *bot) listenForHooks(ctx context.Context) (err error) {
	for _, g := range b.cfg.Gerrit {
		if len(g.Webhook.Secrets) > 0 && b.hooks == nil {
			if b.hooks, err = (&net.ListenConfig{}).Listen(ctx, "tcp", b.cfg.Listen.Hooks); err != nil {
				return errors.Join(errors.New("listen.hooks can't be used"), err)
			}
		}
	}
	return nil
}

// serveHooks takes webhooks until ctx ends.
func (b *bot) serveHooks(ctx context.Context) error {
	mux := http.NewServeMux()
	for name, s := range b.polls.sources {
		if s.hook != nil {
			mux.Handle("/gerrit/"+name+"/", s.hook)
		}
	}
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: stdlog.New(b.log, "", 0),
	}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(b.hooks); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
