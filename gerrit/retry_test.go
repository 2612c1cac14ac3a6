package gerrit_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"verdict/gerrit"
)

var discard = log.New(io.Discard, "", 0)

// waitFor looks until something holds, for ten seconds at most.
func waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited for %s", what)
		case <-tick.C:
		}
	}
}

// script is a transport that answers as told, in turn, and the last for ever.
type script struct {
	answers []reply
	asked   []time.Time
}

type reply struct {
	status     int
	retryAfter string
	text       string
	err        error
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	a := s.answers[min(len(s.asked), len(s.answers)-1)]
	s.asked = append(s.asked, time.Now())
	if a.err != nil {
		return nil, a.err
	}
	h := http.Header{"Content-Type": {"application/json"}}
	if a.status >= 400 {
		h.Set("Content-Type", "text/plain")
	}
	if a.retryAfter != "" {
		h.Set("Retry-After", a.retryAfter)
	}
	return &http.Response{StatusCode: a.status, Status: http.StatusText(a.status), Header: h, Body: io.NopCloser(strings.NewReader(a.text)), Request: r}, nil
}

var (
	down    = reply{status: 503, text: "down"}
	quota   = reply{status: 429, text: "quota"}
	reset   = reply{err: io.ErrUnexpectedEOF}
	page    = reply{status: 200, text: "hello"}
	refused = reply{status: 403, text: "no"}
	hashtag = reply{status: 200, text: ")]}'\n[\"a\"]"}
)

func TestOnlyWhatIsSafeIsRepeated(t *testing.T) {
	read := func(ctx context.Context, c *gerrit.Client) error { _, err := c.GetHashtags(ctx, "demo~1"); return err }
	write := func(ctx context.Context, c *gerrit.Client) error {
		_, err := c.AddHashtags(ctx, "demo~1", "a")
		return err
	}
	for _, c := range []struct {
		name    string
		call    func(context.Context, *gerrit.Client) error
		retry   gerrit.Retry
		answers []reply
		tries   int
		want    error
	}{
		{"none by default", read, gerrit.Retry{}, []reply{down}, 1, gerrit.ErrUnavailable},
		{"5xx to a read", read, gerrit.Retry{Attempts: 3}, []reply{down, down, hashtag}, 3, nil},
		{"no more than that", read, gerrit.Retry{Attempts: 3}, []reply{down}, 3, gerrit.ErrUnavailable},
		{"a reset read", read, gerrit.Retry{Attempts: 3}, []reply{reset, hashtag}, 2, nil},
		{"5xx to a write", write, gerrit.Retry{Attempts: 3}, []reply{down, hashtag}, 1, gerrit.ErrUnavailable},
		{"a reset write", write, gerrit.Retry{Attempts: 3}, []reply{reset, hashtag}, 1, gerrit.ErrUnavailable},
		{"429 to a write", write, gerrit.Retry{Attempts: 3}, []reply{quota, hashtag}, 2, nil},
		{"what isn't Gerrit", read, gerrit.Retry{Attempts: 3}, []reply{page, hashtag}, 1, gerrit.ErrUnavailable},
		{"a refusal", read, gerrit.Retry{Attempts: 3}, []reply{refused, hashtag}, 1, gerrit.ErrForbidden},
		{"a short Retry-After", read, gerrit.Retry{Attempts: 2}, []reply{{status: 503, retryAfter: "3"}, hashtag}, 2, nil},
		{"a long Retry-After", read, gerrit.Retry{Attempts: 2}, []reply{{status: 503, retryAfter: "30"}, hashtag}, 1, gerrit.ErrUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{answers: c.answers}
				client := gerrit.NewClient("http://gerrit.example.org", gerrit.NoAuth)
				client.HTTPClient, client.Retry = &http.Client{Transport: s}, c.retry
				err := c.call(t.Context(), client)
				if len(s.asked) != c.tries || !errors.Is(err, c.want) {
					t.Errorf("got %v after %d tries, want %v after %d", err, len(s.asked), c.want, c.tries)
				}
			})
		})
	}
}

func TestPausesDouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []reply{down}}
		client := gerrit.NewClient("http://gerrit.example.org", gerrit.NoAuth)
		client.HTTPClient, client.Retry = &http.Client{Transport: s}, gerrit.Retry{Attempts: 6, Pause: time.Second, MaxPause: 5 * time.Second}
		_, _ = client.GetHashtags(t.Context(), "demo~1")
		for i, longest := range []time.Duration{1, 2, 4, 5, 5} {
			longest *= time.Second
			if got := s.asked[i+1].Sub(s.asked[i]); got < longest/2 || got > longest {
				t.Errorf("pause %d is %s, want %s to %s", i+1, got, longest/2, longest)
			}
		}
	})
}

func TestRetryAfterIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []reply{{status: 429, retryAfter: "4"}, hashtag}}
		client := gerrit.NewClient("http://gerrit.example.org", gerrit.NoAuth)
		client.HTTPClient, client.Retry = &http.Client{Transport: s}, gerrit.Retry{Attempts: 2}
		_, err := client.GetHashtags(t.Context(), "demo~1")
		if err != nil || s.asked[1].Sub(s.asked[0]) != 4*time.Second {
			t.Errorf("got %v after %s", err, s.asked[1].Sub(s.asked[0]))
		}
	})
}

func TestRetryEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []reply{down}}
		client := gerrit.NewClient("http://gerrit.example.org", gerrit.NoAuth)
		client.HTTPClient, client.Retry = &http.Client{Transport: s}, gerrit.Retry{Attempts: 10, Pause: 4 * time.Second}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := client.GetHashtags(ctx, "demo~1")
		if !errors.Is(err, gerrit.ErrUnavailable) || time.Since(began) > 0 || len(s.asked) != 1 {
			t.Errorf("got %v after %s", err, time.Since(began))
		}
		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, stop)
		if _, err = client.GetHashtags(ctx, "demo~1"); !errors.Is(err, context.Canceled) || !errors.Is(err, gerrit.ErrUnavailable) {
			t.Errorf("cancelled in a pause: got %v", err)
		}
	})
}
