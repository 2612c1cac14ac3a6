package taskcluster_test

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"verdict/taskcluster"
)

// hasty is a client that tries twice, at once.
func hasty(rootURL string) *taskcluster.Client {
	client := taskcluster.NewClient(nil, rootURL, "queue")
	client.Retry = taskcluster.Retry{Attempts: 2, Pause: time.Nanosecond}
	return client
}

// meanings are the package's errors that err is.
func meanings(err error) []error {
	var is []error
	for _, kind := range []error{
		taskcluster.ErrNotFound, taskcluster.ErrConflict, taskcluster.ErrScopes, taskcluster.ErrAuth, taskcluster.ErrInvalid,
		taskcluster.ErrUnavailable, taskcluster.ErrTooLarge, taskcluster.ErrArtifact,
	} {
		if errors.Is(err, kind) {
			is = append(is, kind)
		}
	}
	return is
}

func answering(status int, contentType, body string) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

const asJSON = "application/json; charset=utf-8"

func TestAnswersOtherThanAskedFor(t *testing.T) {
	const page = "<!doctype html><h1>Please sign in</h1>"
	var into struct{ Alive bool }
	for _, c := range []struct {
		name     string
		answer   func(http.ResponseWriter, *http.Request, int)
		into     any
		want     error
		requests int
	}{
		{"an answer", alive, &into, nil, 1},
		{"a page", answering(200, "text/html", page), &into, taskcluster.ErrUnavailable, 2},
		{"a page where nothing is wanted", answering(200, "Text/HTML; charset=utf-8", page), nil, taskcluster.ErrUnavailable, 2},
		{"a page that says it is JSON", answering(200, asJSON, page), &into, taskcluster.ErrUnavailable, 2},
		{"a page with a 404", answering(404, "text/html", page), &into, taskcluster.ErrUnavailable, 1},
		{"a page with a 502", answering(502, "text/html", page), &into, taskcluster.ErrUnavailable, 2},
		{"an unknown path", answering(404, asJSON, `{"error":"Not found"}`), &into, taskcluster.ErrUnavailable, 1},
		{"nothing", answering(200, asJSON, ""), &into, taskcluster.ErrUnavailable, 2},
		{"nothing where nothing is wanted", answering(200, asJSON, ""), nil, nil, 1},
		{"no content", answering(204, "", ""), nil, nil, 1},
		{"half of it", answering(200, asJSON, `{"alive":tr`), &into, taskcluster.ErrUnavailable, 2},
		{"cut off", cutOff, &into, taskcluster.ErrUnavailable, 2},
		{"cut off where nothing is wanted", cutOff, nil, taskcluster.ErrUnavailable, 2},
		{"another shape", answering(200, asJSON, `{"alive":"canary"}`), &into, taskcluster.ErrUnavailable, 1},
		{"a list", answering(200, asJSON, `["canary"]`), &into, taskcluster.ErrUnavailable, 1},
		{"a picture", answering(200, "image/svg+xml", "<svg/>"), nil, nil, 1},
		{"a redirect of a proxy", answering(302, "text/html", page), &into, taskcluster.ErrUnavailable, 1},
		{"a redirect of a proxy where nothing is wanted", answering(302, "", ""), nil, taskcluster.ErrUnavailable, 1},
		{"a redirect to nowhere", answering(303, asJSON, `{"alive":true}`), &into, taskcluster.ErrUnavailable, 1},
		{"a redirect to a page", toSignIn, nil, taskcluster.ErrUnavailable, 1},
		{"not modified", answering(304, "", ""), &into, taskcluster.ErrUnavailable, 1},
	} {
		server := record(t, c.answer)
		err := hasty(server.URL).Do(t.Context(), ping, c.into)
		if is := meanings(err); (c.want == nil) != (err == nil) || c.want != nil && (len(is) != 1 || is[0] != c.want) {
			t.Errorf("%s: got %v, which means %v, want %v", c.name, err, is, c.want)
		}
		if err != nil && (strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), "queue.ping")) {
			t.Errorf("%s: the error shows what came, or doesn't name the call: %v", c.name, err)
		}
		if n := len(server.got()); n != c.requests {
			t.Errorf("%s: %d requests, want %d", c.name, n, c.requests)
		}
	}
}

func toSignIn(w http.ResponseWriter, r *http.Request, _ int) {
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
}

// cutOff promises more than it sends.
func cutOff(w http.ResponseWriter, _ *http.Request, _ int) {
	w.Header().Set("Content-Type", asJSON)
	w.Header().Set("Content-Length", "100")
	fmt.Fprint(w, `{"alive":true}`)
}

func TestAnArtifactsAddressIsAnAnswerAndNotFollowed(t *testing.T) {
	elsewhere := record(t, alive)
	server := record(t, func(w http.ResponseWriter, _ *http.Request, before int) {
		w.Header().Set("Location", elsewhere.URL)
		w.WriteHeader(http.StatusSeeOther)
		if before == 0 {
			fmt.Fprintf(w, `{"storageType":"reference","url":%q}`, elsewhere.URL)
		}
	})
	client := taskcluster.NewClient(bot(), server.URL, "queue")
	call := taskcluster.Call{Name: "getArtifact", Path: "/task/x/runs/0/artifacts/public%2Fa"}
	var artifact struct{ StorageType, URL string }
	if err := client.Do(t.Context(), call, &artifact); err != nil || artifact.StorageType != "reference" || artifact.URL != elsewhere.URL {
		t.Errorf("got %+v (%v), want a reference to %s", artifact, err, elsewhere.URL)
	}
	answer, err := client.Send(t.Context(), call) // the index sends the address alone
	if err != nil || answer.StatusCode != 303 || answer.Header.Get("Location") != elsewhere.URL {
		t.Errorf("got %v (%v), want a 303 to %s", answer, err, elsewhere.URL)
	}
	if n := len(elsewhere.got()); n != 0 {
		t.Errorf("followed %d times", n)
	}
}

func TestAnErrorArtifactTellsItsReason(t *testing.T) {
	server := record(t, answering(424, asJSON, `{"reason":"file-missing-on-worker","message":"no such file"}`))
	err := hasty(server.URL).Do(t.Context(), ping, nil)
	var answer *taskcluster.APIError
	if !errors.As(err, &answer) || fmt.Sprint(meanings(err)) != fmt.Sprint([]error{taskcluster.ErrArtifact}) {
		t.Fatalf("got %v, which means %v", err, meanings(err))
	}
	if answer.Code != "file-missing-on-worker" || answer.Message != "no such file" || len(server.got()) != 1 {
		t.Errorf("got %+v after %d requests, want the worker's reason after one", *answer, len(server.got()))
	}
}

func TestPayloadsUpToTenMegabytesAreSent(t *testing.T) {
	var size int64
	server := record(t, func(w http.ResponseWriter, r *http.Request, before int) {
		size, _ = io.Copy(io.Discard, r.Body)
		alive(w, r, before)
	})
	for length, sent := range map[int]bool{10 << 20: true, 10<<20 + 1: false} {
		before := len(server.got())
		payload := json.RawMessage(`"` + strings.Repeat("x", length-2) + `"`)
		err := hasty(server.URL).Do(t.Context(), taskcluster.Call{Method: "PUT", Path: "/x", Payload: payload}, nil)
		if sent && (err != nil || size != int64(length)) {
			t.Errorf("%d bytes: got %v, %d arrived", length, err, size)
		}
		if !sent && (!errors.Is(err, taskcluster.ErrInvalid) || len(server.got()) != before) {
			t.Errorf("%d bytes: got %v after %d requests, want invalid after none", length, err, len(server.got())-before)
		}
	}
}

func TestTooLargeAnAnswerIsNotTaken(t *testing.T) {
	text := `"` + strings.Repeat("x", 998) + `"`
	for name, answer := range map[string]func(w http.ResponseWriter, size int){
		"with its length": func(w http.ResponseWriter, size int) {
			w.Header().Set("Content-Length", strconv.Itoa(size))
			fmt.Fprint(w, text+strings.Repeat(" ", size-len(text)))
		},
		"in chunks": func(w http.ResponseWriter, size int) {
			w.(http.Flusher).Flush()
			fmt.Fprint(w, text+strings.Repeat(" ", size-len(text)))
		},
		"compressed": func(w http.ResponseWriter, size int) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			defer z.Close()
			fmt.Fprint(z, text+strings.Repeat(" ", size-len(text)))
		},
	} {
		for size, taken := range map[int]bool{1000: true, 1001: false} {
			server := record(t, func(w http.ResponseWriter, _ *http.Request, _ int) { answer(w, size) })
			client := hasty(server.URL)
			client.MaxAnswer = 1000
			var got string
			err := client.Do(t.Context(), ping, &got)
			if taken && (err != nil || len(got) != 998) || !taken && !errors.Is(err, taskcluster.ErrTooLarge) {
				t.Errorf("%d bytes %s: got %v", size, name, err)
			}
			if n := len(server.got()); n != 1 {
				t.Errorf("%d bytes %s: %d requests, want one", size, name, n)
			}
		}
	}
}

func TestPayloadsAreSentAsJSON(t *testing.T) {
	type task struct {
		Name string `json:"name"`
	}
	for _, c := range []struct {
		payload any
		want    string
	}{
		{nil, ""},
		{(*task)(nil), ""},
		{map[string]any(nil), ""},
		{&task{"a<b>&c"}, `{"name":"a<b>&c"}`},
		{json.RawMessage(`{ "name" : "kept" }`), `{ "name" : "kept" }`},
		{[]string{}, `[]`},
	} {
		for _, method := range []string{"GET", "POST"} {
			checkSent(t, method, c.payload, c.want)
		}
	}
	if err := hasty("http://127.0.0.1:1").Do(t.Context(), taskcluster.Call{Path: "/x", Payload: func() {}}, nil); !errors.Is(err, taskcluster.ErrInvalid) {
		t.Errorf("got %v of a payload that isn't JSON, want invalid", err)
	}
}

func checkSent(t *testing.T, method string, payload any, want string) {
	t.Helper()
	var got, contentType string
	server := record(t, func(w http.ResponseWriter, r *http.Request, before int) {
		text, _ := io.ReadAll(r.Body)
		got, contentType = string(text), r.Header.Get("Content-Type")
		alive(w, r, before)
	})
	if err := hasty(server.URL).Do(t.Context(), taskcluster.Call{Method: method, Path: "/x", Payload: payload}, nil); err != nil {
		t.Fatal(err)
	}
	if wantType := map[bool]string{false: "application/json"}[want == ""]; got != want || contentType != wantType {
		t.Errorf("%s of %#v: sent %q as %q, want %q as %q", method, payload, got, contentType, want, wantType)
	}
}

func TestPathsThatLeadElsewhereAreNotSent(t *testing.T) {
	server := record(t, alive)
	for path, good := range map[string]bool{
		"/clients/": true, "/task/a%2Fb": true, "/task/a.b": true, "/task/...": true, "/x?a=b": true,
		"": false, "task": false, "/task/../secret": false, "/task/..": false, "/task/%2e%2E/x": false, "/task/./x": false,
		"/task//status": false, "//host/x": false, "/x#y": false, "/task/%zz": false,
	} {
		before := len(server.got())
		err := hasty(server.URL).Do(t.Context(), taskcluster.Call{Path: path}, nil)
		if good && err != nil || !good && (!errors.Is(err, taskcluster.ErrInvalid) || len(server.got()) != before) {
			t.Errorf("%q: got %v after %d requests", path, err, len(server.got())-before)
		}
	}
}

func FuzzPath(f *testing.F) {
	f.Add("/task/a%2Fb/status")
	f.Add("/task/../x?y")
	f.Add("/task/%2e./")
	f.Add("/task/a\\..\\b")
	client := &taskcluster.Client{BaseURL: "https://tc.example.org/api/queue/v1", Authenticate: true, Credentials: bot()}
	f.Fuzz(func(t *testing.T, path string) {
		signed, err := client.SignedURL(path, nil, time.Minute)
		if err != nil {
			return
		}
		if signed.Host != "tc.example.org" || signed.User != nil || !strings.HasPrefix(signed.Path, "/api/queue/v1/") {
			t.Errorf("%q leads to %s", path, signed)
		}
		if cleaned := signed.JoinPath().Path; !strings.HasPrefix(cleaned, "/api/queue/v1/") {
			t.Errorf("%q, cleaned, leads to %s", path, cleaned)
		}
	})
}

func TestTraceAndRequestIDsAreKept(t *testing.T) {
	server := record(t, func(w http.ResponseWriter, r *http.Request, before int) {
		w.Header().Set("x-for-trace-id", r.Header.Get("x-taskcluster-trace-id"))
		w.Header().Set("x-for-request-id", fmt.Sprint("request-", before))
		switch before {
		case 0:
			w.WriteHeader(502)
		case 3:
			answering(404, asJSON, `{"code":"ResourceNotFound","message":"no"}`)(w, r, before)
		default:
			alive(w, r, before)
		}
	})
	client := hasty(server.URL)
	first, err := client.Send(t.Context(), ping)
	if err != nil {
		t.Fatal(err)
	}
	if first.TraceID == "" || first.RequestID != "request-1" || first.Attempts != 2 {
		t.Errorf("got trace %q, %q, %d attempts; want a trace, request-1, 2", first.TraceID, first.RequestID, first.Attempts)
	}
	second, err := client.Send(t.Context(), ping)
	if err != nil || second.TraceID == first.TraceID {
		t.Errorf("got trace %v (%v) again", second, err)
	}
	client.TraceID = "mine"
	var answer *taskcluster.APIError
	if err := client.Do(t.Context(), ping, nil); !errors.As(err, &answer) || answer.TraceID != "mine" || answer.RequestID != "request-3" {
		t.Errorf("got %+v, want trace mine, request-3", answer)
	}
	for i, want := range []string{first.TraceID, first.TraceID, second.TraceID, "mine"} {
		if got := server.got()[i].Header.Get("x-taskcluster-trace-id"); got != want {
			t.Errorf("request %d has trace %q, want %q", i, got, want)
		}
	}
}
