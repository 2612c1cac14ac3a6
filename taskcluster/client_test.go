package taskcluster_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"verdict/taskcluster"
)

// recorder answers each request by a function and keeps what it got.
type recorder struct {
	URL string

	mu       sync.Mutex
	requests []*http.Request
}

// record starts a server that keeps its requests, bodies apart, and answers them
// by answer, which is told how many there were before.
func record(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, before int)) *recorder {
	t.Helper()
	rec := &recorder{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec.mu.Lock()
		before := len(rec.requests)
		rec.requests = append(rec.requests, r)
		rec.mu.Unlock()
		answer(w, r, before)
	}))
	t.Cleanup(server.Close)
	rec.URL = server.URL
	return rec
}

// got are the requests so far.
func (rec *recorder) got() []*http.Request {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return append([]*http.Request(nil), rec.requests...)
}

func alive(w http.ResponseWriter, _ *http.Request, _ int) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, `{"alive":true}`)
}

var ping = taskcluster.Call{Name: "ping", Path: "/ping"}

func bot() *taskcluster.Credentials {
	return &taskcluster.Credentials{ClientID: "bot", AccessToken: "canary-token"}
}

func TestCallsGoToTheBaseURLElseBelowTheRoot(t *testing.T) {
	server := record(t, alive)
	for _, c := range []struct {
		client taskcluster.Client
		want   string
	}{
		{taskcluster.Client{RootURL: server.URL, Service: "queue"}, "/api/queue/v1/ping"},
		{taskcluster.Client{RootURL: server.URL + "/", Service: "auth"}, "/api/auth/v1/ping"},
		{taskcluster.Client{RootURL: server.URL + "/tc", Service: "auth"}, "/tc/api/auth/v1/ping"},
		{taskcluster.Client{RootURL: "https://elsewhere.example.org", Service: "queue", BaseURL: server.URL + "/v1"}, "/v1/ping"},
		{taskcluster.Client{BaseURL: server.URL + "/v1/"}, "/v1/ping"},
	} {
		if err := c.client.Do(t.Context(), ping, nil); err != nil {
			t.Errorf("%v: %v", c.client, err)
			continue
		}
		requests := server.got()
		if got := requests[len(requests)-1].URL.Path; got != c.want {
			t.Errorf("%v called %s, want %s", c.client, got, c.want)
		}
	}
}

func TestAddressesThatAreNoneAreToldWithoutTheirPassword(t *testing.T) {
	for _, client := range []taskcluster.Client{
		{}, {RootURL: "tc.example.org", Service: "queue"}, {RootURL: "https://tc.example.org"},
		{RootURL: "https://bot:canary@tc.example.org", Service: "queue"}, {BaseURL: "https://bot:canary@tc.example.org/v1"},
		{BaseURL: "https://tc.example.org/v1?x=canary#"}, {BaseURL: "ht!tp://canary"},
	} {
		err := client.Do(t.Context(), ping, nil)
		if err == nil || errors.Is(err, taskcluster.ErrUnavailable) {
			t.Errorf("%v: got %v, want an error of the address", client, err)
		} else if strings.Contains(err.Error(), "bot:canary") || strings.Contains(fmt.Sprint(client), "canary") {
			t.Errorf("the error of %v shows a password: %v", client, err)
		}
	}
}

func TestTheEnvironmentSaysWhereAndAsWhom(t *testing.T) {
	root, proxy := record(t, alive), record(t, alive)
	t.Setenv("TASKCLUSTER_ROOT_URL", root.URL)
	t.Setenv("TASKCLUSTER_CLIENT_ID", "bot")
	t.Setenv("TASKCLUSTER_ACCESS_TOKEN", "token")
	t.Setenv("TASKCLUSTER_CERTIFICATE", "")
	t.Setenv("TASKCLUSTER_PROXY_URL", "")
	send := func(name string, server *recorder, signed bool) {
		t.Helper()
		before := len(server.got())
		if err := taskcluster.NewClientFromEnv("queue").Do(t.Context(), ping, nil); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		requests := server.got()
		if len(requests) != before+1 {
			t.Fatalf("%s: the call went elsewhere", name)
		}
		last := requests[len(requests)-1]
		if got := last.Header.Get("Authorization") != ""; got != signed || last.URL.Path != "/api/queue/v1/ping" {
			t.Errorf("%s: %s, signed %v; want /api/queue/v1/ping, signed %v", name, last.URL.Path, got, signed)
		}
	}
	send("credentials", root, true)
	t.Setenv("TASKCLUSTER_PROXY_URL", proxy.URL)
	send("a proxy beside credentials", proxy, false)
	t.Setenv("TASKCLUSTER_PROXY_URL", "")
	t.Setenv("TASKCLUSTER_CLIENT_ID", "")
	send("no credentials", root, false)
}

func TestAsIsACopyThatIsSignedForTheCaller(t *testing.T) {
	server := record(t, alive)
	client := taskcluster.NewClient(bot(), server.URL, "queue")
	as := client.As(taskcluster.Caller{Name: "gfx/rule", Scopes: []string{"a:b"}})
	for _, c := range []*taskcluster.Client{as, client, as.As(taskcluster.Caller{})} {
		if err := c.Do(t.Context(), ping, nil); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []string{`id="bot/gfx/rule"`, `id="bot"`, `id="bot"`} {
		if header := server.got()[i].Header.Get("Authorization"); !strings.Contains(header, want) {
			t.Errorf("call %d: signed %s, want %s", i, header, want)
		}
	}
}

func TestACallerNeedsSomethingToBeSignedWith(t *testing.T) {
	server := record(t, alive)
	named := taskcluster.Caller{Name: "gfx/rule", Scopes: []string{"a:b"}}
	for name, client := range map[string]*taskcluster.Client{
		"a proxy":           taskcluster.NewClient(nil, server.URL, "queue").As(named),
		"no credentials":    {RootURL: server.URL, Service: "queue", Authenticate: true},
		"scopes, no name":   taskcluster.NewClient(bot(), server.URL, "queue").As(taskcluster.Caller{Scopes: []string{}}),
		"an empty token":    taskcluster.NewClient(&taskcluster.Credentials{ClientID: "bot"}, server.URL, "queue"),
		"a name of its own": taskcluster.NewClient(bot(), server.URL, "queue").As(taskcluster.Caller{Name: `"`}),
	} {
		if err := client.Do(t.Context(), ping, nil); err == nil {
			t.Errorf("%s: the call was made", name)
		}
	}
	if n := len(server.got()); n != 0 {
		t.Errorf("%d requests were sent, want none", n)
	}
}

func TestTheClientsOwnContextEndsItsCalls(t *testing.T) {
	reached := make(chan struct{})
	server := record(t, func(_ http.ResponseWriter, r *http.Request, _ int) {
		close(reached)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	client := taskcluster.NewClient(nil, server.URL, "queue")
	client.Context = ctx
	go func() { <-reached; cancel() }()
	if err := client.Do(t.Context(), ping, nil); !errors.Is(err, context.Canceled) || errors.Is(err, taskcluster.ErrUnavailable) {
		t.Errorf("got %v, want it cancelled and not the service's fault", err)
	}
}

func TestAnAttemptThatTakesTooLongIsTriedAgain(t *testing.T) {
	server := record(t, func(w http.ResponseWriter, r *http.Request, before int) {
		if before == 0 {
			<-r.Context().Done()
			return
		}
		alive(w, r, before)
	})
	client := taskcluster.NewClient(nil, server.URL, "queue")
	client.Timeout, client.Retry.Pause = 50*time.Millisecond, time.Millisecond
	if err := client.Do(t.Context(), ping, nil); err != nil || len(server.got()) != 2 {
		t.Errorf("got %v after %d requests, want an answer to the second", err, len(server.got()))
	}
}
