package gerrit_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"verdict/gerrit"
)

const json = "application/json;charset=utf-8"

// hostile are servers that mean no good. Each is asked to post a review, and
// for a page of changes.
var hostile = []struct {
	name   string
	answer http.HandlerFunc
	want   []error
	says   string
	check  func(t *testing.T, err error)
	waits  bool // it answers too late, so the time limit is a short one
}{
	{"html", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<html>Sign in</html>")
	}, []error{gerrit.ErrUnavailable}, "an HTML page came instead of Gerrit's answer", isNoAnswer(200), false},

	{"500 MB of JSON", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", json)
		_, _ = io.WriteString(w, ")]}'\n[")
		element := []byte(`{"_number":1,"subject":"` + strings.Repeat("x", 64<<10) + `"},`)
		for range 500 << 20 / len(element) {
			if _, err := w.Write(element); err != nil {
				return // hung up, as it should be
			}
		}
		_, _ = io.WriteString(w, `{"_number":2}]`)
	}, []error{gerrit.ErrTooLarge, gerrit.ErrUnavailable}, "more than 8388608 bytes", isNoAnswer(200), false},

	{"more changes than there are", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", json)
		_, _ = io.WriteString(w, ")]}'\n["+strings.Repeat("{},", 120_000)+"{}]")
	}, []error{gerrit.ErrUnavailable}, "the answer can't be read", isNoAnswer(200), false},

	{"one string of 500 MB", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", json)
		_, _ = io.WriteString(w, ")]}'\n[{\"subject\":\"")
		piece := []byte(strings.Repeat("x", 64<<10))
		for range 500 << 20 / len(piece) {
			if _, err := w.Write(piece); err != nil {
				return
			}
		}
	}, []error{gerrit.ErrTooLarge, gerrit.ErrUnavailable}, "more than 8388608 bytes", isNoAnswer(200), false},

	{"a body without end", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", json)
		_, _ = io.WriteString(w, ")]}'\n[")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}, []error{gerrit.ErrUnavailable, context.DeadlineExceeded}, "the answer was cut short", isNoAnswer(200), true},

	{"a body that drips", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", json)
		_, _ = io.WriteString(w, ")]}'\n[")
		for tick := time.NewTicker(10 * time.Millisecond); ; {
			select {
			case <-r.Context().Done():
				tick.Stop()
				return
			case <-tick.C:
				_, _ = io.WriteString(w, " ")
				_ = http.NewResponseController(w).Flush()
			}
		}
	}, []error{gerrit.ErrUnavailable, context.DeadlineExceeded}, "the answer was cut short", isNoAnswer(200), true},

	{"no answer", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		[]error{gerrit.ErrUnavailable, context.DeadlineExceeded}, "deadline exceeded", isNoAnswer(0), true},

	{"429", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "17")
		http.Error(w, "quota exceeded", http.StatusTooManyRequests)
	}, []error{gerrit.ErrTooManyRequests}, "quota exceeded", func(t *testing.T, err error) {
		if got := gerrit.RetryAfter(err); got != 17*time.Second {
			t.Errorf("retry after %s", got)
		}
		isRefusal(429)(t, err)
	}, false},

	{"409", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "change is merged", http.StatusConflict) },
		[]error{gerrit.ErrConflict}, "change is merged", isRefusal(409), false},

	{"an error without end", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, strings.Repeat("x", 64<<10)); err != nil {
				return
			}
		}
	}, []error{gerrit.ErrUnavailable}, "500 Internal Server Error: xxx", isRefusal(500), false},

	{"closed after the effect", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		[]error{gerrit.ErrUnavailable}, "EOF", isNoAnswer(0), false},

	{"a header of 1 MB", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("x", 1<<20))
	}, []error{gerrit.ErrUnavailable}, "", isNoAnswer(0), false},

	{"deep nesting", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", json)
		_, _ = io.WriteString(w, ")]}'\n"+strings.Repeat("[", 1<<20))
	}, []error{gerrit.ErrUnavailable}, "the answer can't be read", isNoAnswer(200), false},
}

func isNoAnswer(status int) func(*testing.T, error) {
	return func(t *testing.T, err error) {
		var nothing *gerrit.NoAnswerError
		if !errors.As(err, &nothing) || nothing.Status != status {
			t.Errorf("got %#v", err)
		}
	}
}

func isRefusal(status int) func(*testing.T, error) {
	return func(t *testing.T, err error) {
		var answer *gerrit.HTTPError
		if !errors.As(err, &answer) || answer.Res.StatusCode != status {
			t.Errorf("got %#v", err)
		}
	}
}

func TestHostileServers(t *testing.T) {
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			var posts atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body) // else the server doesn't notice that nobody listens
				if r.Method == http.MethodPost {
					posts.Add(1)
				}
				w.Header().Set("X-Gerrit-Trace", "1-abc")
				h.answer(w, r)
			}))
			defer server.Close()
			server.Config.ErrorLog = nil
			client := gerrit.NewClient(server.URL, gerrit.BasicAuth("ci-bot", "canary"))
			client.Timeout, client.MaxAnswer = 30*time.Second, 8<<20
			if h.waits {
				client.Timeout = 300 * time.Millisecond
			}
			client.Retry = gerrit.Retry{Attempts: 2, Pause: time.Millisecond, MaxPause: time.Second}

			began := time.Now()
			_, query := client.QueryChanges(t.Context(), "status:open")
			_, review := client.Review(t.Context(), "demo~1", "current", gerrit.ReviewInput{Message: "m"})
			if took := time.Since(began); took > 3*client.Timeout+2*time.Second {
				t.Errorf("took %s", took)
			}
			for _, err := range []error{query, review} {
				for _, want := range h.want {
					if !errors.Is(err, want) {
						t.Errorf("got %v, which isn't %v", err, want)
					}
				}
				if err == nil || !strings.Contains(err.Error(), h.says) || strings.Contains(err.Error(), "canary") {
					t.Fatalf("got %v", err)
				}
				h.check(t, err)
				var nothing *gerrit.NoAnswerError
				if headless := errors.As(err, &nothing) && nothing.Status == 0; !headless && !strings.Contains(err.Error(), "(trace 1-abc)") {
					t.Errorf("%v has no trace", err)
				}
			}
			if n := posts.Load(); n != 1 {
				t.Errorf("the review was posted %d times", n)
			}
		})
	}
}

// Of an answer that is too long no more than the limit is read, and what that
// takes in memory is bounded by it, too.
func TestHugeAnswersTakeBoundedMemory(t *testing.T) {
	for _, h := range hostile {
		if !slices.Contains(h.want, gerrit.ErrTooLarge) && h.name != "more changes than there are" {
			continue
		}
		server := httptest.NewServer(h.answer)
		client := gerrit.NewClient(server.URL, nil)
		client.MaxAnswer = 8 << 20
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := client.QueryChanges(t.Context(), "status:open")
		runtime.ReadMemStats(&after)
		server.Close()
		if took := (after.TotalAlloc - before.TotalAlloc) >> 20; err == nil || took > 100 {
			t.Errorf("%s: took %d MiB for %d, %v", h.name, took, client.MaxAnswer>>20, err)
		}
	}
}

func TestRedirectToAnotherHostIsToldAndNotFollowed(t *testing.T) {
	var asked atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+"/login?token=canary", status)
		}))
		client := gerrit.NewClient(server.URL, gerrit.BasicAuth("ci-bot", "canary"))
		client.HTTPClient = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }} // ours counts
		_, query := client.QueryChanges(t.Context(), "status:open")
		review := client.SetReview(t.Context(), "demo~1", "current", gerrit.ReviewInput{Message: "m"})
		server.Close()
		for _, err := range []error{query, review} {
			isNoAnswer(status)(t, err)
			if err == nil || !strings.Contains(err.Error(), "redirects to "+elsewhere.URL+"/login;") || strings.Contains(err.Error(), "canary") {
				t.Errorf("%d: got %v", status, err)
			}
		}
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("%d requests went elsewhere", n)
	}
}

func TestUntrustedCertificateIsTold(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", json)
		_, _ = io.WriteString(w, ")]}'\n\"3.13.5\"")
	}))
	server.Config.ErrorLog = discard
	server.StartTLS()
	defer server.Close()
	client := gerrit.NewClient(server.URL, gerrit.BasicAuth("ci-bot", "canary"))
	client.Retry.Attempts = 5
	_, err := client.Version(t.Context())
	var untrusted *tls.CertificateVerificationError
	if !errors.As(err, &untrusted) || !errors.Is(err, gerrit.ErrUnavailable) || !strings.Contains(err.Error(), "certificate is not trusted") {
		t.Errorf("got %v", err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	client.HTTPClient = &http.Client{Transport: gerrit.NewTransport(&tls.Config{RootCAs: roots})}
	if _, err := client.Version(t.Context()); err != nil {
		t.Errorf("with its authority: %v", err)
	}
}

// TestErrorsLeakNoConnection makes a thousand calls that fail in all ways, and
// looks how many connections are open then.
func TestErrorsLeakNoConnection(t *testing.T) {
	var made, open, most atomic.Int32
	endless := `{"subject":"` + strings.Repeat("x", 1<<20) + `"},`
	n := atomic.Int32{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Gerrit-Trace", "1-abc")
		switch n.Add(1) % 8 {
		case 0:
			http.Error(w, strings.Repeat("long ", 4000), http.StatusInternalServerError)
		case 1:
			http.NotFound(w, r)
		case 2:
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, strings.Repeat("<p>", 10000))
		case 3:
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		case 4:
			w.Header().Set("Content-Type", json)
			_, _ = io.WriteString(w, ")]}'\n["+strings.Repeat("{},", 100)+"x")
		case 5:
			w.Header().Set("Content-Type", json)
			_, _ = io.WriteString(w, ")]}'\n["+endless)
		case 6:
			http.Error(w, "change is merged", http.StatusConflict)
		case 7:
			panic(http.ErrAbortHandler)
		}
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			made.Add(1)
			most.Store(max(most.Load(), open.Add(1)))
		case http.StateClosed, http.StateHijacked:
			open.Add(-1)
		}
	}
	server.Config.ErrorLog = discard
	server.Start()
	defer server.Close()
	client := gerrit.NewClient(server.URL, gerrit.BasicAuth("ci-bot", "secret"))
	client.MaxAnswer = 100 << 10
	transport := gerrit.NewTransport(nil)
	client.HTTPClient = &http.Client{Transport: transport}
	for range 1000 {
		if _, err := client.QueryChanges(t.Context(), "status:open"); err == nil {
			t.Fatal("no error")
		}
	}
	transport.CloseIdleConnections()
	waitFor(t, "all connections to be closed", func() bool { return open.Load() == 0 })
	// An answer that is cut and one that is far too long cost their connection,
	// a quarter of all. While one is closed the next may be there already.
	if made.Load() > 400 || most.Load() > 4 {
		t.Errorf("1000 calls made %d connections, %d at once", made.Load(), most.Load())
	}
}
