package gerrit_test

import (
	"compress/gzip"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"verdict/gerrit"
	"verdict/gerrit/gerrittest"
)

const password = "bot-secret"

// bot is a client of a fake Gerrit with one change, demo~1.
func bot(t *testing.T) (*gerrit.Client, *gerrittest.Server) {
	t.Helper()
	s := gerrittest.NewServer(gerrittest.Config{})
	t.Cleanup(s.Close)
	s.Push(gerrittest.Push{Project: "demo", Subject: "A change", Files: map[string]string{"a.txt": "x\n"}})
	return gerrit.NewClient(s.URL(), gerrit.BasicAuth("ci-bot", password)), s
}

func TestFailuresHaveAMeaning(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault gerrittest.Fault
		want  error
		isNot []error
		says  string
		retry time.Duration
	}{
		{"503", gerrittest.Fault{Status: 503, Text: "down", RetryAfter: "7"}, gerrit.ErrUnavailable, nil, "503 Service Unavailable: down", 7 * time.Second},
		{"500", gerrittest.Fault{Status: 500, Text: "Internal server error"}, gerrit.ErrUnavailable, nil, "Internal server error", 0},
		{"429", gerrittest.Fault{Status: 429, Text: "quota", RetryAfter: "3600000"}, gerrit.ErrTooManyRequests, []error{gerrit.ErrUnavailable}, "quota", 24 * time.Hour},
		{"401", gerrittest.Fault{Status: 401, Text: "Unauthorized"}, gerrit.ErrNotAuthorized, nil, "401", 0},
		{"403", gerrittest.Fault{Status: 403, Text: "no"}, gerrit.ErrForbidden, nil, "no", 0},
		{"409", gerrittest.Fault{Status: 409, Text: "change is closed"}, gerrit.ErrConflict, nil, "change is closed", 0},
		{"404", gerrittest.Fault{Status: 404, Text: "Not found: demo~1"}, gerrit.ErrChangeNotExist, []error{gerrit.ErrUnavailable}, "Not found", 0},
		{"404 of a proxy", gerrittest.Fault{Status: 404, Page: true}, gerrit.ErrUnavailable, []error{gerrit.ErrResourceNotExist, gerrit.ErrChangeNotExist}, "an HTML page", 0},
		{"403 of a proxy", gerrittest.Fault{Status: 403, Page: true}, gerrit.ErrUnavailable, []error{gerrit.ErrForbidden}, "status 403", 0},
		{"401 of a proxy", gerrittest.Fault{Status: 401, Page: true}, gerrit.ErrNotAuthorized, nil, "401", 0},
		{"502 of a proxy", gerrittest.Fault{Status: 502, Page: true, RetryAfter: "5"}, gerrit.ErrUnavailable, nil, "status 502", 5 * time.Second},
		{"a login page", gerrittest.Fault{Status: 200, Page: true}, gerrit.ErrUnavailable, nil, "a login page", 0},
		{"something else", gerrittest.Fault{Status: 200, Text: "hello"}, gerrit.ErrUnavailable, nil, "it doesn't begin with )]}'", 0},
		{"cut", gerrittest.Fault{Cut: true}, gerrit.ErrUnavailable, nil, "cut short", 0},
		{"reset", gerrittest.Fault{Cut: true, AfterEffect: true}, gerrit.ErrUnavailable, nil, "EOF", 0},
		{"redirect", gerrittest.Fault{Redirect: "https://user:pw@elsewhere.example.org/login?token=abc"}, gerrit.ErrUnavailable, nil, "it redirects to https://elsewhere.example.org/login;", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, s := bot(t)
			s.Fail(c.fault)
			_, err := client.Review(t.Context(), "demo~1", "current", gerrit.ReviewInput{Message: "canary"})
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %v that says %q", err, c.want, c.says)
			}
			for _, other := range c.isNot {
				if errors.Is(err, other) {
					t.Errorf("%v is %v", err, other)
				}
			}
			if got := gerrit.RetryAfter(err); got != c.retry {
				t.Errorf("got retry after %s, want %s", got, c.retry)
			}
			for _, secret := range []string{password, "canary", "pw@", "token"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%q has %q in it", err, secret)
				}
			}
			if !strings.Contains(err.Error(), "POST /changes/demo~1/revisions/current/review") {
				t.Errorf("%q doesn't name the call", err)
			}
		})
	}
}

func TestErrorsNameTheTrace(t *testing.T) {
	client, s := bot(t)
	for _, fault := range []gerrittest.Fault{{Status: 500}, {Status: 200, Page: true}} {
		s.Fail(fault)
		_, err := client.GetChange(t.Context(), "demo~1")
		if err == nil || !strings.Contains(err.Error(), "(trace ") {
			t.Errorf("got %v", err)
		}
	}
}

func TestTimeoutIsUnavailable(t *testing.T) {
	client, s := bot(t)
	s.Fail(gerrittest.Fault{Hang: true, Times: -1})
	client.Timeout = 20 * time.Millisecond
	_, err := client.GetChange(t.Context(), "demo~1")
	if !errors.Is(err, gerrit.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the client's: got %v", err)
	}
	client.Timeout = 0
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err = client.GetChange(ctx, "demo~1"); !errors.Is(err, gerrit.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the caller's: got %v", err)
	}
}

func TestCancellationIsTheCallersOwn(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := gerrittest.NewServer(gerrittest.Config{OnRequest: func(gerrittest.Request) { cancel() }})
	defer s.Close()
	s.Fail(gerrittest.Fault{Hang: true})
	_, err := gerrit.NewClient(s.URL(), nil).GetChange(ctx, "demo~1")
	if !errors.Is(err, context.Canceled) || errors.Is(err, gerrit.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}

func TestNoServerIsUnavailable(t *testing.T) {
	client, s := bot(t)
	s.Close()
	_, err := client.QueryChanges(t.Context(), "project:secretproject")
	if !errors.Is(err, gerrit.ErrUnavailable) || strings.Contains(err.Error(), "secretproject") {
		t.Errorf("got %v", err)
	}
}

func TestReviewWithoutAnswerMayHaveHadItsEffect(t *testing.T) {
	client, s := bot(t)
	s.Fail(gerrittest.Fault{AfterEffect: true, Cut: true})
	err := client.SetReview(t.Context(), "demo~1", "current", gerrit.ReviewInput{Message: "there"})
	if !errors.Is(err, gerrit.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	if got := s.Change(1).Messages; len(got) != 2 || len(s.Requests()) != 1 {
		t.Errorf("got %d messages after %d requests", len(got), len(s.Requests()))
	}
}

func TestCredentialsDontFollowRedirects(t *testing.T) {
	var asked atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked.Add(1) }))
	defer elsewhere.Close()
	client, s := bot(t)
	client.HTTPClient = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
	s.Fail(gerrittest.Fault{Redirect: elsewhere.URL + "/a/changes/", Times: -1})
	if _, err := client.QueryChanges(t.Context(), "status:open"); err == nil || asked.Load() != 0 {
		t.Errorf("got %v after %d requests elsewhere", err, asked.Load())
	}
}

func TestURLsThatCantBeUsedAreRefused(t *testing.T) {
	for url, want := range map[string]string{
		"https://bot:canary@review.example.org": "credentials",
		"review.example.org":                    "is not one",
		"ssh://review.example.org":              "is not one",
		"https://\x7fcanary":                    "is not one",
		"https://review.example.org/?canary=1":  "query or fragment",
		"":                                      "is not one",
	} {
		_, err := gerrit.NewClient(url, nil).Version(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: got %v", url, err)
		}
	}
}

func TestLongAnswerIsRefused(t *testing.T) {
	client, s := bot(t)
	for range 20 {
		s.Comment(1, "alice", strings.Repeat("many words ", 1000))
	}
	client.MaxAnswer = 100 << 10 // unpacked: it is much less on the way
	_, err := client.GetChangeDetail(t.Context(), "demo~1")
	if !errors.Is(err, gerrit.ErrTooLarge) || !errors.Is(err, gerrit.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}

func TestAnswersTravelPacked(t *testing.T) {
	var packed atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			t.Errorf("asked with Accept-Encoding %q", r.Header.Get("Accept-Encoding"))
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		zip := gzip.NewWriter(w)
		_, _ = zip.Write([]byte(")]}'\n\"3.13.5\""))
		_ = zip.Close()
		packed.Add(1)
	}))
	defer server.Close()
	if version, err := gerrit.NewClient(server.URL, nil).Version(t.Context()); err != nil || version != "3.13.5" || packed.Load() != 1 {
		t.Errorf("got %q, %v", version, err)
	}
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	client, s := bot(t)
	var dials atomic.Int32
	transport := gerrit.NewTransport(nil)
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		dials.Add(1)
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
	client.HTTPClient = &http.Client{Transport: transport}
	defer transport.CloseIdleConnections()
	for range 20 {
		for _, fault := range []gerrittest.Fault{{Status: 500, Text: strings.Repeat("long ", 10000)}, {Status: 404, Text: "no"}, {Status: 200, Page: true}} {
			s.Fail(fault)
			if _, err := client.GetChange(t.Context(), "demo~1"); err == nil {
				t.Fatal("no error")
			}
		}
		if _, err := client.GetChange(t.Context(), "demo~1"); err != nil {
			t.Fatal(err)
		}
	}
	if n := dials.Load(); n != 1 {
		t.Errorf("80 calls made %d connections", n)
	}
}

func TestConcurrentCallsAreLimited(t *testing.T) {
	const calls, limit = 20, 2
	var now, most atomic.Int32
	arrived, gate := make(chan struct{}, calls), make(chan struct{})
	s := gerrittest.NewServer(gerrittest.Config{OnRequest: func(gerrittest.Request) {
		most.Store(max(most.Load(), now.Add(1)))
		arrived <- struct{}{}
		<-gate
		now.Add(-1)
	}})
	defer s.Close()
	client := gerrit.NewClient(s.URL(), gerrit.NoAuth)
	client.Concurrent = limit
	errs := make(chan error, calls)
	for range calls {
		go func() { _, err := client.Version(t.Context()); errs <- err }()
	}
	for n := range calls {
		if n < limit {
			<-arrived
			continue
		}
		gate <- struct{}{} // one ends, another comes
		<-arrived
	}
	close(gate)
	for range calls {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if most.Load() > limit {
		t.Errorf("%d at once", most.Load())
	}
}

func TestRateIsLimited(t *testing.T) {
	client, s := bot(t)
	client.RequestsPerSecond = 1.0 / 3600 // the next one would come after the deadline
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var err error
	for range 3 {
		_, err = client.Version(ctx)
	}
	if err == nil || !strings.Contains(err.Error(), "wait for a turn") || len(s.Requests()) != 1 {
		t.Errorf("got %v after %d requests", err, len(s.Requests()))
	}
}

func TestNewPasswordIsTakenUpAfter401(t *testing.T) {
	_, s := bot(t)
	current, reads := password, 0
	client := gerrit.NewClient(s.URL(), gerrit.PasswordAuth("ci-bot", func() (string, error) { reads++; return current, nil }))
	ask := func() error { _, err := client.GetAccountInfo(t.Context(), "self"); return err }
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	current = "next-secret" // written before Gerrit knows it: the old one is still used
	if err := ask(); err != nil || reads != 1 {
		t.Fatalf("%v, read %d times", err, reads)
	}
	s.AddAccount(gerrittest.Account{Username: "ci-bot", Password: "next-secret", Groups: []string{gerrittest.ServiceUsers}})
	if err := ask(); err != nil || reads != 2 {
		t.Errorf("%v, read %d times", err, reads)
	}
	s.AddAccount(gerrittest.Account{Username: "ci-bot", Password: "third-secret", Groups: []string{gerrittest.ServiceUsers}})
	s.ForgetRequests()
	if err := ask(); !errors.Is(err, gerrit.ErrNotAuthorized) || len(s.Requests()) != 1 {
		t.Errorf("%v after %d requests: the same password is not tried again", err, len(s.Requests()))
	}
}

func TestMissingPasswordIsTold(t *testing.T) {
	client := gerrit.NewClient("http://127.0.0.1:1", gerrit.PasswordAuth("ci-bot", func() (string, error) { return "", errors.New("no such file") }))
	if _, err := client.GetAccountInfo(t.Context(), "self"); err == nil || !strings.Contains(err.Error(), `read the password of "ci-bot": no such file`) {
		t.Errorf("got %v", err)
	}
}

func TestReadyChecksTheCredentials(t *testing.T) {
	client, s := bot(t)
	if err := client.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	if err := gerrit.NewClient(s.URL(), gerrit.BasicAuth("ci-bot", "wrong")).Ready(t.Context()); !errors.Is(err, gerrit.ErrNotAuthorized) {
		t.Errorf("got %v", err)
	}
	if err := gerrit.NewClient(s.URL(), nil).Ready(t.Context()); err != nil {
		t.Error(err)
	}
}
