package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"verdict/taskcluster"
	"verdict/taskcluster/api/tcauth"
	"verdict/taskcluster/api/tcawsprovisioner"
	"verdict/taskcluster/api/tcindex"
	"verdict/taskcluster/api/tcqueue"
)

// request is one that the server saw.
type request struct {
	method, path, query, body, authorization string
}

// server answers as said and keeps what it was asked.
func server(t *testing.T, answer func(r *http.Request) (status int, body string)) (rootURL string, seen *[]request) {
	t.Helper()
	seen = &[]request{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*seen = append(*seen, request{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, string(body), r.Header.Get("Authorization")})
		status, text := answer(r)
		if status == http.StatusSeeOther {
			w.Header().Set("Location", "https://elsewhere.example.org/file")
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		io.WriteString(w, text)
	}))
	t.Cleanup(s.Close)
	return s.URL, seen
}

func always(status int, body string) func(*http.Request) (int, string) {
	return func(*http.Request) (int, string) { return status, body }
}

var credentials = &taskcluster.Credentials{ClientID: "bot", AccessToken: "not a token"}

func TestCallEscapesItsArguments(t *testing.T) {
	rootURL, seen := server(t, always(200, `{"storageType":"s3","url":"https://x.example.org"}`))
	got, err := tcqueue.New(nil, rootURL).GetArtifact(t.Context(), "a/b", "0", "public/tests & more/ü?#%.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got.StorageType != "s3" || got.URL != "https://x.example.org" {
		t.Errorf("answered %+v", got)
	}
	want := "/api/queue/v1/task/a%2Fb/runs/0/artifacts/public%2Ftests%20&%20more%2F%C3%BC%3F%23%25.txt"
	if r := (*seen)[0]; r.method != "GET" || r.path != want || r.authorization != "" {
		t.Errorf("sent %+v, want GET %s, not signed", r, want)
	}
}

func TestCallSendsItsPayload(t *testing.T) {
	rootURL, seen := server(t, always(200, `{"status":{}}`))
	created, _ := time.Parse(time.RFC3339, "2026-11-23T10:00:00.250Z")
	_, err := tcqueue.New(credentials, rootURL).CreateTask(t.Context(), "DDMaDVSGQ7abyaPzkrFH8Q", &tcqueue.CreateTaskRequest{
		Created:  taskcluster.Time(created),
		Deadline: taskcluster.Time(created.Add(time.Hour)),
		Metadata: tcqueue.TaskMetadata{Name: "build", Owner: "a@example.org", Source: "https://example.org"},
		Priority: tcqueue.TaskPriorityLow,
		Retries:  new(int64(0)),
		Routes:   []string{},
	})
	if err != nil {
		t.Fatal(err)
	}
	// No payload is an empty object; no retries aren't the same as none said, nor
	// are no routes; what isn't said isn't sent.
	want := `{"created":"2026-11-23T10:00:00.250Z","deadline":"2026-11-23T11:00:00.250Z",` +
		`"metadata":{"description":"","name":"build","owner":"a@example.org","source":"https://example.org"},` +
		`"payload":{},"priority":"low","retries":0,"routes":[]}`
	r := (*seen)[0]
	if r.method != "PUT" || r.path != "/api/queue/v1/task/DDMaDVSGQ7abyaPzkrFH8Q" || r.body != want {
		t.Errorf("sent %s %s\n%s\nwant\n%s", r.method, r.path, r.body, want)
	}
	if !strings.HasPrefix(r.authorization, `Hawk id="bot"`) {
		t.Errorf("signed by %q, want bot", r.authorization)
	}
}

func TestCallSendsRequiredListsThatAreEmpty(t *testing.T) {
	rootURL, seen := server(t, always(200, `{}`))
	auth := tcauth.New(credentials, rootURL)
	if _, err := auth.CreateRole(t.Context(), "x", &tcauth.CreateRoleRequest{Description: "d"}); err != nil {
		t.Fatal(err)
	}
	if got, want := (*seen)[0].body, `{"description":"d","scopes":[]}`; got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
}

func TestCallSendsItsQuery(t *testing.T) {
	rootURL, seen := server(t, always(200, `{"clients":[]}`))
	auth := tcauth.New(nil, rootURL)
	for _, opts := range []*tcauth.ListClientsOptions{nil, {}, {Prefix: "a b&c", Limit: 5, ContinuationToken: "t/1"}} {
		if _, err := auth.ListClients(t.Context(), opts); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []string{"", "", "continuationToken=t%2F1&limit=5&prefix=a+b%26c"} {
		if got := (*seen)[i].query; got != want {
			t.Errorf("query %d is %q, want %q", i, got, want)
		}
	}
}

func TestAsSignsWithTheCallersScopes(t *testing.T) {
	rootURL, seen := server(t, always(200, `{"scopes":[]}`))
	auth := tcauth.New(credentials, rootURL)
	if _, err := auth.As(taskcluster.Caller{Name: "gfx/rule", Scopes: []string{"a:b"}}).CurrentScopes(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := auth.CurrentScopes(t.Context()); err != nil {
		t.Fatal(err)
	}
	if first, second := (*seen)[0].authorization, (*seen)[1].authorization; !strings.Contains(first, `id="bot/gfx/rule"`) || !strings.Contains(second, `id="bot"`) {
		t.Errorf("signed by %q, then %q; want bot/gfx/rule, then bot again", first, second)
	}
}

func TestCallGivesWhatTheReferenceDoesntSay(t *testing.T) {
	rootURL, seen := server(t, always(http.StatusSeeOther, ``))
	answer, err := tcindex.New(credentials, rootURL).FindArtifactFromTask(t.Context(), "a.b", "public/x")
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusSeeOther || answer.Header.Get("Location") != "https://elsewhere.example.org/file" || len(*seen) != 1 {
		t.Errorf("answered %v after %d requests, want the address and that it isn't followed", answer, len(*seen))
	}
}

func TestCallWithoutAnswerTakesAnEmptyOne(t *testing.T) {
	rootURL, seen := server(t, always(http.StatusNoContent, ``))
	if err := tcauth.New(credentials, rootURL).DeleteClient(t.Context(), "a/b"); err != nil {
		t.Fatal(err)
	}
	if r := (*seen)[0]; r.method != "DELETE" || r.path != "/api/auth/v1/clients/a%2Fb" {
		t.Errorf("sent %+v", r)
	}
}

func TestCallTellsWhatWentWrong(t *testing.T) {
	rootURL, _ := server(t, always(404, `{"code":"ResourceNotFound","message":"no such task"}`))
	status, err := tcqueue.New(nil, rootURL).Status(t.Context(), "x")
	if !errors.Is(err, taskcluster.ErrNotFound) || status != nil {
		t.Errorf("answered %v, %v; want nothing and ErrNotFound", status, err)
	}
}

func TestSignedURLIsOfTheSameCall(t *testing.T) {
	queue := tcqueue.New(credentials, "https://tc.example.org")
	signed, err := queue.GetLatestArtifactSignedURL(t.Context(), "x", "public/a b", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := signed.EscapedPath(), "/api/queue/v1/task/x/artifacts/public%2Fa%20b"; got != want || signed.Host != "tc.example.org" {
		t.Errorf("the path is %s at %s, want %s", got, signed.Host, want)
	}
	if len(signed.Query()["bewit"]) != 1 {
		t.Errorf("the query is %s, want a bewit", signed.RawQuery)
	}
	listed, err := queue.ListTaskGroupSignedURL(t.Context(), "g", &tcqueue.ListTaskGroupOptions{Limit: 7}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if q := listed.Query(); q.Get("limit") != "7" || q.Get("bewit") == "" {
		t.Errorf("the query is %s, want limit=7 and a bewit", listed.RawQuery)
	}
}

func TestServicesOf2018KeepTheirAddress(t *testing.T) {
	past := tcawsprovisioner.New(nil)
	if got, want := past.API.BaseURL, "https://aws-provisioner.taskcluster.net/v1"; got != want {
		t.Errorf("calls go to %s, want %s", got, want)
	}
	address, seen := server(t, always(200, `["a","b"]`))
	past.API.BaseURL = address + "/v1"
	types, err := past.ListWorkerTypes(t.Context())
	if err != nil || fmt.Sprint(types) != "[a b]" || (*seen)[0].path != "/v1/list-worker-types" {
		t.Errorf("answered %v, %v after %+v", types, err, *seen)
	}
}

// pages answers pages by their tokens.
func pages(t *testing.T, byToken map[string]string) (*tcqueue.Queue, *[]request) {
	rootURL, seen := server(t, func(r *http.Request) (int, string) {
		page, ok := byToken[r.URL.Query().Get("continuationToken")]
		if !ok {
			return 404, `{"code":"ResourceNotFound","message":"no such page"}`
		}
		return 200, page
	})
	return tcqueue.New(nil, rootURL), seen
}

func TestPagesGoThroughAll(t *testing.T) {
	queue, seen := pages(t, map[string]string{
		"":  `{"taskGroupId":"g","tasks":[{"status":{"taskId":"one"}}],"continuationToken":"2"}`,
		"2": `{"taskGroupId":"g","tasks":[],"continuationToken":"3"}`, // empty, and not the last
		"3": `{"taskGroupId":"g","tasks":[{"status":{"taskId":"two"}},{"status":{"taskId":"three"}}]}`,
	})
	opts := &tcqueue.ListTaskGroupOptions{Limit: 2}
	var got []string
	for page, err := range queue.ListTaskGroupPages(t.Context(), "g", opts) {
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range page.Tasks {
			got = append(got, task.Status.TaskID)
		}
	}
	if fmt.Sprint(got) != "[one two three]" {
		t.Errorf("the tasks are %v", got)
	}
	for i, want := range []string{"limit=2", "continuationToken=2&limit=2", "continuationToken=3&limit=2"} {
		if (*seen)[i].query != want || (*seen)[i].path != "/api/queue/v1/task-group/g/list" {
			t.Errorf("request %d is %+v, want query %s", i, (*seen)[i], want)
		}
	}
	if opts.ContinuationToken != "" {
		t.Error("the caller's options were changed")
	}
}

func TestPagesOfAPostSendThePayloadEachTime(t *testing.T) {
	queue, seen := pages(t, map[string]string{"": `{"tasks":[],"continuationToken":"2"}`, "2": `{"tasks":[]}`})
	for _, err := range queue.TasksPages(t.Context(), &tcqueue.TasksRequest{TaskIDs: []string{"x"}}, nil) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(*seen) != 2 || (*seen)[0].body != `{"taskIds":["x"]}` || (*seen)[1].body != (*seen)[0].body {
		t.Errorf("sent %+v, want the payload twice", *seen)
	}
}

func TestPagesEnd(t *testing.T) {
	circle := map[string]string{"": `{"tasks":[],"continuationToken":"2"}`, "2": `{"tasks":[],"continuationToken":"2"}`}
	lost := map[string]string{"": `{"tasks":[],"continuationToken":"gone"}`}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, test := range map[string]struct {
		ctx    context.Context
		pages  map[string]string
		breaks bool
		count  int
		err    error
	}{
		"with the error of a page":     {t.Context(), lost, false, 1, taskcluster.ErrNotFound},
		"when a token comes again":     {t.Context(), circle, false, 2, taskcluster.ErrUnavailable},
		"when nobody wants the others": {t.Context(), circle, true, 1, nil},
		"with ctx":                     {cancelled, circle, false, 0, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			queue, seen := pages(t, test.pages)
			count, last := 0, error(nil)
			for _, err := range queue.ListTaskGroupPages(test.ctx, "g", nil) {
				if last = err; err == nil {
					count++
				}
				if test.breaks {
					break
				}
			}
			if count != test.count || !errors.Is(last, test.err) || test.breaks && len(*seen) != 1 {
				t.Errorf("%d pages by %d requests, then %v; want %d and %v", count, len(*seen), last, test.count, test.err)
			}
		})
	}
}

func TestPayloadAsJSONStaysAsItIs(t *testing.T) {
	definition := json.RawMessage(`{"big":12345678901234567890,"a":[1,  2]}`)
	text, err := json.Marshal(tcqueue.CreateTaskRequest{Payload: definition})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), `"payload":{"big":12345678901234567890,"a":[1,2]}`) {
		t.Errorf("written as %s, want the payload's numbers as they were", text)
	}
}
