package taskcluster_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"verdict/taskcluster"
)

// script is an HTTP client whose answers are given beforehand: an *http.Response
// or an error each. It keeps the time and the nonce of each request.
type script struct {
	answers []any
	at      []time.Time
	nonces  []string
}

var nonce = regexp.MustCompile(`nonce="([^"]+)"`)

func (s *script) Do(req *http.Request) (*http.Response, error) {
	s.at = append(s.at, time.Now())
	if m := nonce.FindStringSubmatch(req.Header.Get("Authorization")); m != nil {
		s.nonces = append(s.nonces, m[1])
	}
	if len(s.answers) < len(s.at) {
		return nil, errors.New("the script is over")
	}
	switch a := s.answers[len(s.at)-1].(type) {
	case error:
		return nil, a
	case *http.Response:
		return a, nil
	default:
		return nil, fmt.Errorf("%T in the script", a)
	}
}

// pauses are the times between the requests.
func (s *script) pauses() []time.Duration {
	var all []time.Duration
	for i := 1; i < len(s.at); i++ {
		all = append(all, s.at[i].Sub(s.at[i-1]))
	}
	return all
}

func (s *script) client() *taskcluster.Client {
	client := taskcluster.NewClient(bot(), "https://tc.example.org", "queue")
	client.HTTPClient = s
	return client
}

func response(status int, header ...string) *http.Response {
	h := http.Header{}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		h.Set(name, value)
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(`{}`))}
}

var errReset = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}

func TestServerErrorsAndResetsAreTriedAgainSignedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []any{response(500), errReset, response(503), response(200)}}
		if err := s.client().Do(t.Context(), ping, nil); err != nil {
			t.Fatal(err)
		}
		different := map[string]bool{}
		for _, n := range s.nonces {
			different[n] = true
		}
		if len(s.nonces) != 4 || len(different) != 4 {
			t.Errorf("nonces %q, want 4 different ones", s.nonces)
		}
		for i, pause := range s.pauses() {
			if most := 250 * time.Millisecond << i; pause < most/2 || pause > most {
				t.Errorf("pause %d was %s, want %s to %s", i, pause, most/2, most)
			}
		}
	})
}

func TestWhatIsRefusedIsNotTriedAgain(t *testing.T) {
	for _, status := range []int{302, 307, 400, 401, 403, 404, 405, 408, 409, 410, 413, 424, 429, 431} {
		s := &script{answers: []any{response(status, "Retry-After: 1", "Location: https://elsewhere.example.org")}}
		err := s.client().Do(t.Context(), ping, nil)
		var answer *taskcluster.APIError
		if !errors.As(err, &answer) || answer.StatusCode != status || len(s.at) != 1 {
			t.Errorf("%d: got %v after %d requests, want its error after one", status, err, len(s.at))
		}
	}
}

func TestAttemptsEnd(t *testing.T) {
	for _, c := range []struct {
		retry taskcluster.Retry
		want  int
	}{{taskcluster.Retry{}, 4}, {taskcluster.Retry{Attempts: 1}, 1}, {taskcluster.Retry{Attempts: 3, Pause: time.Hour, MaxPause: time.Second}, 3}} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{answers: []any{errReset, response(500), errReset, response(500), errReset, response(500)}}
			client := s.client()
			client.Retry = c.retry
			if err := client.Do(t.Context(), ping, nil); !errors.Is(err, taskcluster.ErrUnavailable) || len(s.at) != c.want {
				t.Errorf("%+v: got %v after %d requests, want it unavailable after %d", c.retry, err, len(s.at), c.want)
			}
			for _, pause := range s.pauses() {
				if pause > 5*time.Second {
					t.Errorf("%+v: paused for %s", c.retry, pause)
				}
			}
		})
	}
}

func TestATryWithOtherCredentialsIsNoneOfTheAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []any{response(401), response(500), response(200)}}
		client := s.client()
		client.Retry.Attempts = 2
		read := 0
		client.Source = &taskcluster.RotatingCredentials{ClientID: "bot", AccessToken: func() (string, error) {
			read++
			return fmt.Sprint("token ", read), nil
		}}
		if err := client.Do(t.Context(), ping, nil); err != nil || len(s.at) != 3 {
			t.Errorf("got %v after %d requests, want an answer to the third", err, len(s.at))
		}
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inFour := time.Now().Add(4 * time.Second).UTC().Format(http.TimeFormat)
		s := &script{answers: []any{response(503, "Retry-After: 3"), response(200), response(503, "Retry-After: "+inFour), response(200)}}
		for range 2 {
			if err := s.client().Do(t.Context(), ping, nil); err != nil {
				t.Fatal(err)
			}
		}
		if got := s.pauses(); got[0] != 3*time.Second || got[2] != time.Second {
			t.Errorf("paused for %s and %s, want 3s, and 1s until a time", got[0], got[2])
		}
	})
}

func TestALongerRetryAfterThanMaxPauseIsLeftToTheCaller(t *testing.T) {
	s := &script{answers: []any{response(503, "Retry-After: 6")}}
	err := s.client().Do(t.Context(), ping, nil)
	var answer *taskcluster.APIError
	if !errors.As(err, &answer) || answer.RetryAfter != 6*time.Second || len(s.at) != 1 {
		t.Errorf("got %v after %d requests, want an error that asks for 6s after one", err, len(s.at))
	}
}

func TestCancellingEndsAPauseAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []any{response(503, "Retry-After: 5")}}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		err := s.client().Do(ctx, ping, nil)
		if !errors.Is(err, context.Canceled) || time.Since(start) != time.Second || len(s.at) != 1 {
			t.Errorf("got %v after %s and %d requests, want it cancelled after 1s and one", err, time.Since(start), len(s.at))
		}
	})
}

func TestNoPauseIsBegunThatTheDeadlineEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []any{response(503, "Retry-After: 5")}}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		err := s.client().Do(ctx, ping, nil)
		if !errors.Is(err, taskcluster.ErrUnavailable) || time.Since(start) != 0 {
			t.Errorf("got %v after %s, want it unavailable at once", err, time.Since(start))
		}
	})
}

func TestAKeptConnectionThatBreaksIsAnotherSignature(t *testing.T) {
	for _, method := range []string{"GET", "PUT", "POST", "DELETE"} {
		server := record(t, func(w http.ResponseWriter, r *http.Request, before int) {
			if before != 1 {
				alive(w, r, before)
				return
			}
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			conn.(*net.TCPConn).SetLinger(0) // a reset
			conn.Close()
		})
		client := taskcluster.NewClient(bot(), server.URL, "queue")
		client.Retry.Pause = time.Nanosecond
		for range 2 {
			if err := client.Do(t.Context(), taskcluster.Call{Method: method, Path: "/x"}, nil); err != nil {
				t.Fatalf("%s: %v", method, err)
			}
		}
		requests, nonces := server.got(), map[string]bool{}
		for _, r := range requests {
			nonces[nonce.FindString(r.Header.Get("Authorization"))] = true
		}
		if len(requests) != 3 || len(nonces) != 3 {
			t.Errorf("%s: %d requests with %d signatures, want 3 with 3", method, len(requests), len(nonces))
		}
		if requests[0].RemoteAddr != requests[1].RemoteAddr {
			t.Errorf("%s: the first connection wasn't kept, so nothing was tried", method)
		}
		if r := requests[0]; method == "GET" && (r.ContentLength != 0 || len(r.TransferEncoding) != 0) {
			t.Errorf("a GET was sent with a body: length %d, %v", r.ContentLength, r.TransferEncoding)
		}
	}
}
