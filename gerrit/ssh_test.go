package gerrit_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"verdict/gerrit"
)

func TestSSHCommandEndsWithItsContext(t *testing.T) {
	s := newTeller(t, func(s *teller, _ int, _, _ io.Writer) uint32 { return s.stay() })
	account := gerrit.SSH{
		Addr: s.addr, User: "ci-bot", Key: func() (string, error) { return *s.key.Load(), nil }, KnownHostsFile: s.knownHosts(t, s.hostKeys...),
	}
	ends := func(t *testing.T, begin func(context.Context) error) error {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		ended := make(chan error, 1)
		go func() { ended <- begin(ctx) }()
		select {
		case err := <-ended:
			return err
		case <-time.After(10 * time.Second):
			t.Fatal("it goes on")
			return nil
		}
	}
	t.Run("while it runs", func(t *testing.T) {
		err := ends(t, func(ctx context.Context) error {
			c, err := account.Start(ctx, "upload")
			if err != nil {
				return err
			}
			defer c.Close()
			_, err = io.ReadAll(c.Stdout)
			return errors.Join(err, ctx.Err())
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("while it begins", func(t *testing.T) {
		s.mute.Store(true)
		err := ends(t, func(ctx context.Context) error {
			_, err := account.Start(ctx, "upload")
			return err
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}
