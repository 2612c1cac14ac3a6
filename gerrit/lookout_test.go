package gerrit_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"verdict/gerrit"
)

// looks notes how a Lookout looks.
type looks struct {
	mu     sync.Mutex
	hints  []gerrit.Hint
	at     []time.Duration
	now    int
	most   int
	began  time.Time
	takes  time.Duration
	err    error
	failed []gerrit.Hint
}

func (l *looks) look(ctx context.Context, h gerrit.Hint) error {
	l.mu.Lock()
	l.hints, l.at = append(l.hints, h), append(l.at, time.Since(l.began))
	l.now++
	l.most = max(l.most, l.now)
	err := l.err
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.now--
	}()
	select {
	case <-time.After(l.takes):
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// watch runs a Lookout in a bubble while hint is called.
func watch(t *testing.T, l *looks, hints func(*gerrit.Lookout)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		l.began = time.Now()
		out := &gerrit.Lookout{Look: l.look, Failed: func(h gerrit.Hint, _ error) { l.failed = append(l.failed, h) }}
		ended := make(chan error)
		go func() { ended <- out.Run(ctx) }()
		hints(out)
		time.Sleep(time.Hour)
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func comment(change int) gerrit.Hint {
	return gerrit.Hint{Type: gerrit.CommentAdded, Project: "demo", Change: change}
}

func TestHintsThatComeTogetherAreOneLook(t *testing.T) {
	l := &looks{}
	watch(t, l, func(out *gerrit.Lookout) {
		for range 100 {
			out.Hint(comment(1))
			out.Hint(comment(2))
		}
	})
	if len(l.hints) != 2 || l.at[1] > 100*time.Millisecond {
		t.Errorf("%d looks at %v; want one for each change, at once", len(l.hints), l.at)
	}
}

func TestHintDuringALookLeadsToAnother(t *testing.T) {
	l := &looks{takes: time.Second}
	watch(t, l, func(out *gerrit.Lookout) {
		out.Hint(comment(1))
		time.Sleep(500 * time.Millisecond)
		out.Hint(comment(1))
		out.Hint(comment(1))
	})
	if len(l.hints) != 2 || l.at[1] < time.Second || l.most != 1 {
		t.Errorf("looks at %v, %d at once; want the second after the first", l.at, l.most)
	}
}

func TestFoldingKeepsWhatNobodyElseSays(t *testing.T) {
	private := gerrit.Hint{Type: gerrit.PrivateStateChanged, Change: 1}
	deleted := gerrit.Hint{Type: gerrit.ChangeDeleted, Change: 1}
	for _, c := range []struct {
		hints []gerrit.Hint
		want  string
	}{
		{[]gerrit.Hint{comment(1), private, comment(1)}, gerrit.PrivateStateChanged},
		{[]gerrit.Hint{deleted, private, comment(1)}, gerrit.ChangeDeleted},
		{[]gerrit.Hint{private, deleted}, gerrit.ChangeDeleted},
	} {
		l := &looks{}
		watch(t, l, func(out *gerrit.Lookout) {
			for _, h := range c.hints {
				out.Hint(h)
			}
		})
		if len(l.hints) != 1 || l.hints[0].Type != c.want {
			t.Errorf("%+v: looked for %+v, want one %s", c.hints, l.hints, c.want)
		}
		if c.hints[0].Project != "" && l.hints[0].Project != "demo" {
			t.Errorf("%+v: the project is lost: %+v", c.hints, l.hints)
		}
	}
}

func TestFoldingDuringALookKeepsItToo(t *testing.T) {
	l := &looks{takes: time.Second}
	watch(t, l, func(out *gerrit.Lookout) {
		out.Hint(comment(1))
		time.Sleep(500 * time.Millisecond)
		out.Hint(gerrit.Hint{Type: gerrit.ChangeDeleted, Change: 1})
		out.Hint(comment(1))
	})
	if len(l.hints) != 2 || l.hints[1].Type != gerrit.ChangeDeleted {
		t.Errorf("looked for %+v", l.hints)
	}
}

func TestFailedLookIsTriedAgainAndLeftToThePoll(t *testing.T) {
	l := &looks{err: errors.New("away")}
	watch(t, l, func(out *gerrit.Lookout) { out.Hint(comment(1)) })
	if len(l.hints) != 5 || len(l.failed) != 1 || l.at[4] > 10*time.Second {
		t.Errorf("%d looks at %v, left to the poll: %v", len(l.hints), l.at, l.failed)
	}
	l = &looks{err: errors.New("away"), takes: time.Second}
	watch(t, l, func(out *gerrit.Lookout) {
		out.Hint(comment(1))
		time.Sleep(1200 * time.Millisecond) // it has failed once
		l.mu.Lock()
		l.err = nil
		l.mu.Unlock()
	})
	if len(l.hints) != 2 || len(l.failed) != 0 {
		t.Errorf("%d looks, left to the poll: %v", len(l.hints), l.failed)
	}
}

func TestHintDuringAFailingLookKeepsItsWord(t *testing.T) {
	l := &looks{err: errors.New("away"), takes: time.Second}
	watch(t, l, func(out *gerrit.Lookout) {
		out.Hint(gerrit.Hint{Type: gerrit.ChangeDeleted, Change: 1})
		time.Sleep(500 * time.Millisecond)
		out.Hint(comment(1))
	})
	if !slices.ContainsFunc(l.failed, func(h gerrit.Hint) bool { return h.Type == gerrit.ChangeDeleted }) {
		t.Errorf("left to the poll: %v", l.failed)
	}
}

func TestLooksAreBounded(t *testing.T) {
	l := &looks{takes: time.Second}
	watch(t, l, func(out *gerrit.Lookout) {
		for n := range 40 {
			out.Hint(comment(n + 1))
		}
	})
	if len(l.hints) != 40 || l.most != 4 {
		t.Errorf("%d looks, %d at once; want 40, 4 at once", len(l.hints), l.most)
	}
}

func TestHintNeverBlocksAndHasALimit(t *testing.T) {
	out := &gerrit.Lookout{Look: (&looks{}).look} // that nobody runs
	for n := range 12_000 {
		out.Hint(comment(n + 1))
	}
	if n := out.Dropped(); n != 2_000 {
		t.Errorf("%d hints were dropped, want 2000", n)
	}
}

func TestOneChangeThatFailsHoldsNoOther(t *testing.T) {
	l := &looks{}
	failing := func(ctx context.Context, h gerrit.Hint) error {
		if h.Change == 1 {
			return errors.New("away")
		}
		return l.look(ctx, h)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		l.began = time.Now()
		out := &gerrit.Lookout{Look: failing, Concurrent: 1}
		ended := make(chan error)
		go func() { ended <- out.Run(ctx) }()
		out.Hint(comment(1))
		out.Hint(comment(2))
		time.Sleep(time.Second)
		cancel()
		<-ended
	})
	if len(l.hints) != 1 || l.at[0] > 100*time.Millisecond {
		t.Errorf("looked for %v at %v", l.hints, l.at)
	}
}
