package facts

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"verdict/gerrit"
)

// answers is a Gerrit of which each call is answered by the next of them; without one it hangs.
type answers struct {
	Gerrit
	next  []error
	calls int
}

func (a *answers) GetAccountGroups(ctx context.Context, _ string) ([]string, error) {
	a.calls++
	if len(a.next) == 0 {
		<-ctx.Done()
		if errors.Is(ctx.Err(), context.Canceled) {
			return nil, ctx.Err()
		}
		return nil, &gerrit.NoAnswerError{Err: ctx.Err()}
	}
	err := a.next[0]
	a.next = a.next[1:]
	return nil, err
}

func TestAServerThatHangsIsLeftAloneAndTriedNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &answers{}
		g := Guard(server)
		began := time.Now()
		for n, want := range []time.Duration{guardLimit, guardLimit, guardLimit} {
			if _, err := g.GetAccountGroups(t.Context(), "1"); !errors.Is(err, gerrit.ErrUnavailable) || time.Since(began) != want {
				t.Errorf("call %d: got %v after %s, want that it is unavailable, after %s", n, err, time.Since(began), want)
			}
		}
		if server.calls != 1 {
			t.Errorf("%d calls reached it, want the first alone", server.calls)
		}
		time.Sleep(guardPause + time.Millisecond)
		server.next = []error{nil, nil}
		for n := range 2 {
			if _, err := g.GetAccountGroups(t.Context(), "1"); err != nil {
				t.Errorf("call %d after the pause: %v", n, err)
			}
		}
	})
}

func TestAnAnswerIsNoTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, err := range map[string]error{"a refusal": gerrit.ErrForbidden, "nothing there": gerrit.ErrChangeNotExist, "a proxy's page": &gerrit.NoAnswerError{Status: 502}} {
			server := &answers{next: []error{err, err, err, nil}}
			g := Guard(server)
			for range 3 {
				if _, got := g.GetAccountGroups(t.Context(), "1"); !errors.Is(got, err) {
					t.Errorf("%s: got %v, want it as it is", name, got)
				}
			}
			if _, got := g.GetAccountGroups(t.Context(), "1"); got != nil {
				t.Errorf("after %s: %v", name, got)
			}
		}
		server := &answers{}
		g := Guard(server)
		for range 3 {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			if _, err := g.GetAccountGroups(ctx, "1"); !errors.Is(err, context.Canceled) {
				t.Errorf("a stop of ours: %v", err)
			}
		}
		server.next = []error{nil}
		if _, err := g.GetAccountGroups(t.Context(), "1"); err != nil {
			t.Errorf("after three stops of ours: %v", err)
		}
	})
}
