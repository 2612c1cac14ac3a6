package taskcluster_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"verdict/taskcluster"
	"verdict/taskcluster/api/methods"
	"verdict/taskcluster/scopes"
	"verdict/taskcluster/taskclustertest"
)

// team is what the client bot of these tests may do.
var team = []string{
	"auth:create-client:bot/*", "queue:create-task:low:gfx/*", "queue:create-task:project:gfx",
	"queue:scheduler-id:verdict", "queue:route:bot.*", "queue:cancel-task:verdict/*",
}

var quick = taskcluster.Options{Pause: time.Millisecond}

func newServer(t *testing.T, c taskclustertest.Config) *taskclustertest.Server {
	t.Helper()
	server, err := taskclustertest.NewServer(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	server.AddClient("bot", "bot-token", team...)
	return server
}

func newQueue(t *testing.T, rootURL string, source taskcluster.CredentialSource) *taskcluster.Queue {
	t.Helper()
	queue, err := taskcluster.NewQueue(rootURL, source, quick)
	if err != nil {
		t.Fatal(err)
	}
	return queue
}

func botOn(t *testing.T, server *taskclustertest.Server) *taskcluster.Queue {
	return newQueue(t, server.URL, &taskcluster.Credentials{ClientID: "bot", AccessToken: "bot-token"})
}

// definition is a task that the team may create.
func definition(t *testing.T, changes map[string]any) json.RawMessage {
	t.Helper()
	now := time.Now()
	task := map[string]any{
		"taskQueueId": "gfx/ci-linux", "projectId": "gfx", "schedulerId": "verdict", "priority": "low",
		"created": taskcluster.Time(now), "deadline": taskcluster.Time(now.Add(time.Hour)),
		"payload":  map[string]any{"command": []string{"true"}},
		"metadata": map[string]any{"name": "shaders", "description": "d", "owner": "a@example.org", "source": "https://example.org"},
	}
	for k, v := range changes {
		task[k] = v
	}
	text, err := json.Marshal(task)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func callerFor(t *testing.T, def json.RawMessage) taskcluster.Caller {
	t.Helper()
	needed, err := scopes.Find(methods.All, "queue", "createTask").Needed(scopes.Request{Payload: def}, team)
	if err != nil {
		t.Fatal(err)
	}
	return taskcluster.Caller{Name: "gfx/build-shaders", Scopes: needed}
}

func TestCreateTaskSignsWithTheScopesOfThatCallAlone(t *testing.T) {
	server := newServer(t, taskclustertest.Config{})
	def := definition(t, map[string]any{"routes": []string{"bot.gerrit.main.1.2"}})
	id := taskcluster.TaskIDFrom([]byte("event/gfx/build-shaders/linux"))
	status, err := botOn(t, server).CreateTask(t.Context(), id, def, callerFor(t, def))
	if err != nil {
		t.Fatal(err)
	}
	if status.TaskID != id || status.State != taskcluster.Pending || len(status.Runs) != 1 {
		t.Errorf("status %+v, want %s pending with one run", status, id)
	}
	call := server.Calls()[0]
	if call.ClientID != "bot/gfx/build-shaders" || call.Issuer != "bot" {
		t.Errorf("signed by %q of %q, want bot/gfx/build-shaders of bot", call.ClientID, call.Issuer)
	}
	want := "[queue:route:bot.gerrit.main.1.2 queue:create-task:project:gfx queue:scheduler-id:verdict queue:create-task:low:gfx/ci-linux]"
	if fmt.Sprint(call.Scopes) != want {
		t.Errorf("certificate has %v, want %s", call.Scopes, want)
	}
}

func TestATaskIsCancelledAndRerunWithTheScopesOfThatCallAlone(t *testing.T) {
	server := newServer(t, taskclustertest.Config{})
	server.AddClient("bot", "bot-token", "queue:*", "auth:create-client:bot/*")
	def := definition(t, nil)
	id, queue := taskcluster.NewID(), botOn(t, server)
	if _, err := queue.CreateTask(t.Context(), id, def, callerFor(t, def)); err != nil {
		t.Fatal(err)
	}
	task, err := queue.Task(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		verb, state string
		runs        int
		call        func(context.Context, string, taskcluster.Caller) (*taskcluster.TaskStatus, error)
	}{
		{"cancel", taskcluster.Exception, 1, queue.CancelTask},
		{"rerun", taskcluster.Pending, 2, queue.RerunTask},
	} {
		scope := "queue:" + step.verb + "-task:" + task.SchedulerID + "/" + task.TaskGroupID + "/" + id
		if _, err := step.call(t.Context(), id, taskcluster.Caller{Name: "gfx/r", Scopes: []string{scope + "x"}}); !errors.Is(err, taskcluster.ErrScopes) {
			t.Errorf("%s with another task's scope: %v, want ErrScopes", step.verb, err)
		}
		status, err := step.call(t.Context(), id, taskcluster.Caller{Name: "gfx/r", Scopes: []string{scope}})
		if err != nil {
			t.Fatal(err)
		}
		if status.State != step.state || len(status.Runs) != step.runs {
			t.Errorf("%s: status %+v, want %s with %d runs", step.verb, status, step.state, step.runs)
		}
	}
}

func TestCreateTaskTwiceIsOneTask(t *testing.T) {
	server := newServer(t, taskclustertest.Config{})
	queue, def, id := botOn(t, server), definition(t, nil), taskcluster.NewID()
	for range 2 {
		if _, err := queue.CreateTask(t.Context(), id, def, callerFor(t, def)); err != nil {
			t.Fatal(err)
		}
	}
	if tasks := server.Tasks(); len(tasks) != 1 || tasks[0].Sent != 2 {
		t.Errorf("the server has %+v, want one task sent twice", tasks)
	}
}

func TestConflictTellsWhetherItIsTheSameTask(t *testing.T) {
	server := newServer(t, taskclustertest.Config{})
	queue, id := botOn(t, server), taskcluster.NewID()
	first := definition(t, nil)
	if _, err := queue.CreateTask(t.Context(), id, first, callerFor(t, first)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		changes map[string]any
		want    string
	}{
		{"other times", map[string]any{"deadline": taskcluster.Time(time.Now().Add(2 * time.Hour))}, ""},
		{"another command", map[string]any{"payload": map[string]any{"command": []string{"false"}}}, "payload.command[0]"},
		{"one more route", map[string]any{"routes": []string{"bot.x"}}, "routes"},
	} {
		again := definition(t, c.changes)
		_, err := queue.CreateTask(t.Context(), id, again, callerFor(t, again))
		if !errors.Is(err, taskcluster.ErrConflict) {
			t.Errorf("%s: %v, want a conflict", c.name, err)
			continue
		}
		existing, err := queue.Task(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := taskcluster.Difference(id, again, existing.Raw); err != nil || got != c.want {
			t.Errorf("%s: differs in %q (%v), want %q", c.name, got, err, c.want)
		}
	}
}

func TestErrorsTellWhatTheyMean(t *testing.T) {
	server := newServer(t, taskclustertest.Config{})
	queue, id := botOn(t, server), taskcluster.NewID()
	stranger := newQueue(t, server.URL, &taskcluster.Credentials{ClientID: "nobody", AccessToken: "x"})
	good := definition(t, nil)
	_, notThere := queue.Status(t.Context(), id)
	_, notAnID := queue.Status(t.Context(), "../../secrets")
	_, unknown := stranger.Status(t.Context(), id)
	_, invalid := queue.CreateTask(t.Context(), id, definition(t, map[string]any{"foo": 1}), callerFor(t, good))
	_, lacking := queue.CreateTask(t.Context(), id, good, taskcluster.Caller{Name: "gfx/x", Scopes: []string{"queue:scheduler-id:verdict"}})
	_, beyond := queue.CreateTask(t.Context(), id, good, taskcluster.Caller{Name: "gfx/x", Scopes: []string{"queue:create-task:highest:gfx/ci-linux"}})
	for _, c := range []struct {
		name string
		err  error
		want error
	}{
		{"no such task", notThere, taskcluster.ErrNotFound},
		{"not an id", notAnID, taskcluster.ErrInvalid},
		{"unknown client", unknown, taskcluster.ErrAuth},
		{"unknown property", invalid, taskcluster.ErrInvalid},
		{"a certificate with too little", lacking, taskcluster.ErrScopes},
		{"a certificate beyond the client's scopes", beyond, taskcluster.ErrScopes},
	} {
		for _, kind := range []error{
			taskcluster.ErrNotFound, taskcluster.ErrConflict, taskcluster.ErrScopes, taskcluster.ErrAuth, taskcluster.ErrInvalid, taskcluster.ErrUnavailable,
		} {
			if got := errors.Is(c.err, kind); got != (kind == c.want) {
				t.Errorf("%s: errors.Is(%v, %v) is %v", c.name, c.err, kind, got)
			}
		}
	}
	var answer *taskcluster.APIError
	if !errors.As(lacking, &answer) || answer.Service != "queue" || answer.Method != "createTask" || answer.TraceID == "" {
		t.Fatalf("got %#v, want an APIError of queue.createTask with its trace id", lacking)
	}
	if want := "[queue:create-task:project:gfx"; !strings.HasPrefix(fmt.Sprint(answer.Missing), want) {
		t.Errorf("missing %v, want it to begin with %s", answer.Missing, want)
	}
}

func TestA404OfAnotherServerIsNotAMissingTask(t *testing.T) {
	for name, body := range map[string]string{
		"a web server's page": "<html>Not Found</html>",
		"an unknown path":     `{"error":"Not found"}`,
	} {
		other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, body)
		}))
		_, err := newQueue(t, other.URL, nil).Status(t.Context(), taskcluster.NewID())
		other.Close()
		if errors.Is(err, taskcluster.ErrNotFound) || !errors.Is(err, taskcluster.ErrUnavailable) {
			t.Errorf("%s: %v, want unavailable and not missing", name, err)
		}
	}
}

func TestACallWithoutCredentialsIsNotSigned(t *testing.T) {
	server := newServer(t, taskclustertest.Config{})
	if err := server.AddTask(taskcluster.NewID(), map[string]any{"taskQueueId": "a/b", "metadata": map[string]any{
		"name": "n", "description": "", "owner": "o", "source": "https://x"}}); err != nil {
		t.Fatal(err)
	}
	id := server.Tasks()[0].ID
	if _, err := newQueue(t, server.URL, nil).Status(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if call := server.Calls()[0]; call.ClientID != "" {
		t.Errorf("signed by %q", call.ClientID)
	}
}

func TestErrorsShowNoSecretAndNoPayload(t *testing.T) {
	creds := &taskcluster.Credentials{ClientID: "bot", AccessToken: "canary-token"}
	var seen atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Store(r.Header.Get("Authorization"))
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"code":"InsufficientScopes","message":"Client ID bot does not have sufficient scopes and is missing the following scopes:\n\n`+
			"```\\na:b\\n```\\n\\nThis request requires the client to satisfy the following scope expression:\\n\\n```\\npayload-canary\\n```"+
			`\n\n---\n\n* method: x","requestInfo":{"payload":{"env":"payload-canary"}}}`)
	}))
	defer server.Close()
	_, err := newQueue(t, server.URL, creds).CreateTask(t.Context(), taskcluster.NewID(), definition(t, nil), taskcluster.Caller{Name: "a/b", Scopes: []string{"s"}})
	text := fmt.Sprintf("%v %+v %#v", err, err, err)
	var answer *taskcluster.APIError
	if errors.As(err, &answer) {
		text += fmt.Sprintf("%+v", *answer)
	}
	for _, secret := range []string{"canary", seen.Load().(string)} {
		if strings.Contains(text, secret) {
			t.Errorf("the error shows %q: %s", secret, text)
		}
	}
	if !strings.Contains(text, "missing the following scopes: a:b") {
		t.Errorf("the error doesn't say what is missing: %s", text)
	}
}

func TestTooLargeAPayloadIsNotSent(t *testing.T) {
	server := newServer(t, taskclustertest.Config{})
	def := definition(t, map[string]any{"payload": map[string]any{"x": strings.Repeat("x", 10<<20)}})
	_, err := botOn(t, server).CreateTask(t.Context(), taskcluster.NewID(), def, taskcluster.Caller{})
	if !errors.Is(err, taskcluster.ErrInvalid) || len(server.Calls()) != 0 {
		t.Errorf("got %v after %d calls, want invalid after none", err, len(server.Calls()))
	}
}

func TestScopesThatMakeTooLongAHeaderAreRefusedBeforeSending(t *testing.T) {
	server := newServer(t, taskclustertest.Config{})
	caller := taskcluster.Caller{Name: "gfx/x"}
	for i := range 100 {
		caller.Scopes = append(caller.Scopes, fmt.Sprintf("queue:route:bot.a.rather.long.route.%d", i))
	}
	_, err := botOn(t, server).CreateTask(t.Context(), taskcluster.NewID(), definition(t, nil), caller)
	if !errors.Is(err, taskcluster.ErrHeaderTooLong) || len(server.Calls()) != 0 {
		t.Errorf("got %v after %d calls, want too long a header after none", err, len(server.Calls()))
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	var followed atomic.Bool
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Store(true) }))
	defer elsewhere.Close()
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusSeeOther))
	defer server.Close()
	if err := newQueue(t, server.URL, nil).Ping(t.Context()); err == nil || followed.Load() {
		t.Errorf("got %v, followed %v; want an error and not followed", err, followed.Load())
	}
}

func TestRootURLsThatAreNone(t *testing.T) {
	for _, bad := range []string{"", "tc.example.org", "ftp://tc.example.org", "https://user:canary@tc.example.org", "https://tc.example.org/?x=1", "ht!tp://canary"} {
		_, err := taskcluster.NewQueue(bad, nil, taskcluster.Options{})
		if err == nil {
			t.Errorf("%q was taken", bad)
		} else if strings.Contains(err.Error(), "canary") {
			t.Errorf("%v shows the password", err)
		}
	}
}
