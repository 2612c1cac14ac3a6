package taskcluster_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"verdict/taskcluster"
	"verdict/taskcluster/taskclustertest"
)

// store is a host that keeps artifacts, and remembers what it was asked with.
func store(t *testing.T, handler http.HandlerFunc) (host string, asked *[]http.Header) {
	t.Helper()
	asked = &[]http.Header{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked = append(*asked, r.Header.Clone())
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host, asked
}

func TestAnArtifactIsFetchedFromWhereTheQueueSaysItIs(t *testing.T) {
	elsewhere, _ := store(t, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("not for us")) })
	allowed, asked := store(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/text":
			w.Write([]byte("kept here"))
		case r.URL.Path == "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case r.URL.Path == "/on":
			http.Redirect(w, r, "/text", http.StatusFound)
		case r.URL.Path == "/out":
			http.Redirect(w, r, "http://"+elsewhere+"/", http.StatusFound)
		case r.URL.Path == "/file":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		case r.URL.Path == "/busy":
			w.WriteHeader(http.StatusServiceUnavailable)
		case r.URL.Path == "/denied":
			w.WriteHeader(http.StatusForbidden)
		}
	})
	server := newServer(t, taskclustertest.Config{})
	id := taskcluster.NewID()
	if err := server.AddTask(id, map[string]any{"taskQueueId": "p/w", "metadata": map[string]any{"name": "n", "description": "d", "owner": "o@example.org", "source": "https://example.org"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Start(id); err != nil {
		t.Fatal(err)
	}
	text := taskclustertest.Artifact{Content: []byte("a text")}
	for name, a := range map[string]taskclustertest.Artifact{
		"public/a b/ü.txt": text, "private/a.txt": text, "public/exact": {Content: []byte("0123456789")}, "public/long": {Content: []byte("0123456789+")},
		"public/link": {Link: "public/a b/ü.txt"}, "public/secret": {Link: "private/a.txt"}, "public/error": {Error: "it broke"},
		"public/there": {Redirect: "http://" + allowed + "/text"}, "public/on": {Redirect: "http://" + allowed + "/on"},
		"public/round": {Redirect: "http://" + allowed + "/round"}, "public/out": {Redirect: "http://" + allowed + "/out"},
		"public/file": {Redirect: "http://" + allowed + "/file"}, "public/busy": {Redirect: "http://" + allowed + "/busy"},
		"public/denied": {Redirect: "http://" + allowed + "/denied"}, "public/elsewhere": {Redirect: "http://" + elsewhere + "/"},
		"public/user": {Redirect: "http://user:pw@" + allowed + "/text"}, "public/gone": {Redirect: "http://127.0.0.1:1/"},
	} {
		if err := server.AddArtifact(id, 0, name, a); err != nil {
			t.Fatal(err)
		}
	}
	server.AddClient("bot", "token", "auth:create-client:bot/*", "queue:get-artifact:*")
	q, err := taskcluster.NewQueue(server.URL, &taskcluster.Credentials{ClientID: "bot", AccessToken: "token"}, taskcluster.Options{Attempts: 1, ArtifactHosts: []string{allowed, "127.0.0.1:1"}})
	if err != nil {
		t.Fatal(err)
	}
	as := func(scope string) taskcluster.Caller {
		return taskcluster.Caller{Name: "team/rule", Scopes: []string{scope}}
	}
	for name, c := range map[string]struct {
		caller taskcluster.Caller
		want   string
		err    error
	}{
		"public/a b/ü.txt": {want: "a text"},
		"public/exact":     {want: "0123456789"},
		"public/long":      {err: taskcluster.ErrTooLarge},
		"public/link":      {want: "a text"},
		"public/secret":    {err: taskcluster.ErrScopes}, // a link to it lends nobody what the bot itself may read
		"private/a.txt":    {want: "a text", caller: as("queue:get-artifact:private/a.txt")},
		"public/error":     {err: taskcluster.ErrArtifact},
		"public/none":      {err: taskcluster.ErrNotFound},
		"public/there":     {want: "kept here"},
		"public/on":        {want: "kept here"},
		"public/round":     {err: taskcluster.ErrUnavailable},
		"public/out":       {err: taskcluster.ErrArtifactHost},
		"public/file":      {err: taskcluster.ErrArtifactHost},
		"public/elsewhere": {err: taskcluster.ErrArtifactHost},
		"public/user":      {err: taskcluster.ErrArtifactHost},
		"public/busy":      {err: taskcluster.ErrUnavailable},
		"public/gone":      {err: taskcluster.ErrUnavailable},
		"public/denied":    {err: taskcluster.ErrNotFound},
		"public/../a":      {err: taskcluster.ErrInvalid},
		"":                 {err: taskcluster.ErrInvalid},
	} {
		got, err := q.Artifact(t.Context(), id, 0, name, c.caller, 10)
		if string(got) != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: got %q, %v; want %q, %v", name, got, err, c.want, c.err)
		}
		if err != nil && strings.Contains(err.Error(), "pw") {
			t.Errorf("%s: the error holds an address's password: %v", name, err)
		}
	}
	if _, err := q.Artifact(t.Context(), id, 0, "public/secret", as("queue:get-artifact:public/secret"), 10); !errors.Is(err, taskcluster.ErrScopes) {
		t.Errorf("a caller that may read the link alone: %v, want ErrScopes", err)
	}
	if len(*asked) == 0 {
		t.Fatal("the store was never asked")
	}
	for _, h := range *asked {
		if h.Get("Authorization") != "" {
			t.Errorf("the store was asked with credentials: %v", h)
		}
	}
}
