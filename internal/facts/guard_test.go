package facts

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"verdict/gerrit"
	"verdict/taskcluster"
)

// answers is a Gerrit of which each call is answered by the next of them; without one it hangs.
type answers struct {
	Gerrit
	next  []error
	calls int
}

func (a *answers) GetAccountGroups(ctx context.Context, _ string) ([]string, error) {
	return nil, a.answer(ctx)
}

func (a *answers) GetAccountInfo(ctx context.Context, _ string) (gerrit.AccountInfo, error) {
	return gerrit.AccountInfo{}, a.answer(ctx)
}

func (a *answers) answer(ctx context.Context) error {
	a.calls++
	if len(a.next) == 0 {
		<-ctx.Done()
		if errors.Is(ctx.Err(), context.Canceled) {
			return ctx.Err()
		}
		return &gerrit.NoAnswerError{Err: ctx.Err()}
	}
	err := a.next[0]
	a.next = a.next[1:]
	return err
}

func TestAServerThatHangsIsLeftAloneAndTriedNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &answers{}
		g := Guard("gerrit main", server)
		began := time.Now()
		for n, want := range []time.Duration{guardLimit, guardLimit, guardLimit} {
			if err := groups(t, g); !isAway(err) || time.Since(began) != want {
				t.Errorf("call %d: got %v after %s, want that it is away, after %s", n, err, time.Since(began), want)
			}
		}
		if _, err := g.GetAccountInfo(t.Context(), "self"); !isAway(err) || server.calls != 1 {
			t.Errorf("a call of another kind: %v; %d calls reached it, want the first alone", err, server.calls)
		}
		time.Sleep(guardPause + time.Millisecond)
		server.next = []error{nil, nil}
		for n := range 2 {
			if err := groups(t, g); err != nil {
				t.Errorf("call %d after the pause: %v", n, err)
			}
		}
	})
}

func groups(t *testing.T, g Gerrit) error {
	_, err := g.GetAccountGroups(t.Context(), "1")
	return err
}

func isAway(err error) bool { return errors.As(err, new(*AwayError)) }

// refusals are errors of the server's own, which any call would meet.
var refusals = map[string]error{
	"a proxy's page": &gerrit.NoAnswerError{Status: 502}, "no answer": &gerrit.NoAnswerError{}, "an error of its own": httpError(500), "too many": httpError(429),
	"our password": httpError(401), "our account": httpError(403), "taskcluster's": &taskcluster.APIError{StatusCode: 503},
	"no connection": taskcluster.ErrUnavailable, "our credentials": &taskcluster.APIError{StatusCode: 401}, "our time is over": context.DeadlineExceeded,
}

func httpError(status int) error { return &gerrit.HTTPError{Res: &http.Response{StatusCode: status}} }

func TestWhatServesNobodyIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, refusal := range refusals {
			server := &answers{next: append([]error{nil}, slices.Repeat([]error{refusal}, guardLosses+3)...)}
			g := Guard("gerrit main", server)
			if err := groups(t, g); err != nil {
				t.Fatal(err)
			}
			if err := groups(t, g); !errors.Is(err, refusal) || isAway(err) {
				t.Errorf("%s: the first after one that was served may be about what was asked for, got %v", name, err)
			}
			began := time.Now()
			for len(server.next) > 0 {
				before := server.calls
				err := groups(t, g)
				if asked := server.calls > before; !isAway(err) || !strings.HasPrefix(err.Error(), "gerrit main is away: ") || errors.Is(err, refusal) != asked {
					t.Errorf("%s: asked %t, got %v; want that it is away, and nobody else's answer", name, asked, err)
				}
				time.Sleep(100 * time.Millisecond)
			}
			if time.Since(began) < 3*guardPause {
				t.Errorf("%s: it was asked %d times in %s", name, server.calls, time.Since(began))
			}
			time.Sleep(guardPause)
			server.next = []error{nil}
			if err := groups(t, g); err != nil {
				t.Errorf("after %s: %v", name, err)
			}
		}
	})
}

func TestWhatFailsBesideOthersThatAreServedIsItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, refusal := range refusals {
			g := Guard("gerrit main", &answers{next: []error{nil, refusal, nil, refusal, nil, refusal}})
			for n := range 6 {
				if err := groups(t, g); isAway(err) || (err == nil) != (n%2 == 0) {
					t.Errorf("%s: call %d: %v", name, n, err)
				}
				time.Sleep(guardPause + time.Millisecond)
			}
		}
	})
}

func TestAnAnswerIsNoTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, err := range map[string]error{"a refusal": httpError(400), "nothing there": gerrit.ErrChangeNotExist, "a conflict": httpError(409), "a large file": &gerrit.NoAnswerError{Status: 200, Err: gerrit.ErrTooLarge}, "no task": taskcluster.ErrNotFound} {
			g := Guard("gerrit main", &answers{next: []error{err, err, err, nil}})
			for range 3 {
				if got := groups(t, g); got != err {
					t.Errorf("%s: got %v, want it as it is", name, got)
				}
			}
			if got := groups(t, g); got != nil {
				t.Errorf("after %s: %v", name, got)
			}
		}
		server := &answers{}
		g := Guard("gerrit main", server)
		for range 3 {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			if _, err := g.GetAccountGroups(ctx, "1"); !errors.Is(err, context.Canceled) {
				t.Errorf("a stop of ours: %v", err)
			}
		}
		server.next = []error{nil}
		if err := groups(t, g); err != nil {
			t.Errorf("after three stops of ours: %v", err)
		}
	})
}

func TestOneKindOfCallThatIsLostLeavesTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refusal := httpError(500)
		g := Guard("gerrit main", &answers{next: []error{refusal, nil, refusal}})
		if err := groups(t, g); !isAway(err) {
			t.Errorf("the first since the start: %v", err)
		}
		if _, err := g.GetAccountInfo(t.Context(), "self"); err != nil {
			t.Errorf("another kind: %v", err)
		}
		time.Sleep(guardPause + time.Millisecond)
		if err := groups(t, g); !isAway(err) {
			t.Errorf("it serves others only: %v", err)
		}
	})
}

func TestAQueueThatIsAwayIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := GuardQueue(&deadQueue{})
		_, err := q.Status(t.Context(), "T")
		if !isAway(err) || !strings.HasPrefix(err.Error(), "taskcluster is away: ") {
			t.Errorf("status: %v", err)
		}
		if _, err := q.Task(t.Context(), "T"); !isAway(err) {
			t.Errorf("task: %v", err)
		}
		if _, err := q.ListTaskGroup(t.Context(), "G", 1); !isAway(err) {
			t.Errorf("group: %v", err)
		}
		time.Sleep(guardPause + time.Millisecond)
		if _, err := q.Artifact(t.Context(), "T", 0, "a", taskcluster.Caller{}, 1); !isAway(err) {
			t.Errorf("artifact: %v", err)
		}
		began := time.Now()
		if _, err := q.Status(t.Context(), "T"); !isAway(err) || time.Since(began) != guardLimit {
			t.Errorf("after an artifact of another host: %v after %s, want that the queue is asked", err, time.Since(began))
		}
	})
}

// deadQueue hangs; the hosts of artifacts are away.
type deadQueue struct{ Queue }

func (*deadQueue) Status(ctx context.Context, _ string) (*taskcluster.TaskStatus, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (*deadQueue) Artifact(context.Context, string, int, string, taskcluster.Caller, int64) ([]byte, error) {
	return nil, taskcluster.ErrUnavailable
}
