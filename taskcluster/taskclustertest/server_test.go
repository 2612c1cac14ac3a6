package taskclustertest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"verdict/taskcluster"
	"verdict/taskcluster/taskclustertest"
)

// published is what a server sent, one line a message.
type published struct {
	lines  []string
	bodies []json.RawMessage
}

func start(t *testing.T, c taskclustertest.Config) (*taskclustertest.Server, *published) {
	t.Helper()
	sent := &published{}
	if c.Publish == nil {
		c.Publish = func(exchange, key string, cc []string, body []byte) {
			name := exchange[strings.LastIndexByte(exchange, '/')+1:]
			var m struct {
				Status struct{ State string }
			}
			if err := json.Unmarshal(body, &m); err != nil {
				t.Error(err)
			}
			fields := strings.Split(key, ".")
			run := ""
			if len(fields) > 4 {
				run = " run " + fields[2]
			}
			sent.lines = append(sent.lines, strings.TrimSpace(name+run+" "+m.Status.State))
			sent.bodies = append(sent.bodies, body)
		}
	}
	server, err := taskclustertest.NewServer(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return server, sent
}

// add makes a task; changes may be nil.
func add(t *testing.T, server *taskclustertest.Server, changes map[string]any) string {
	t.Helper()
	id := taskcluster.NewID()
	task := map[string]any{"taskQueueId": "lab/ci", "metadata": map[string]any{"name": "n", "description": "", "owner": "o", "source": "https://x"}}
	for k, v := range changes {
		task[k] = v
	}
	if err := server.AddTask(id, task); err != nil {
		t.Fatal(err)
	}
	return id
}

func run(t *testing.T, server *taskclustertest.Server, id, state, reason string) {
	t.Helper()
	n, err := server.Start(id)
	if err == nil {
		err = server.Resolve(id, n, state, reason)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (p *published) expect(t *testing.T, want ...string) {
	t.Helper()
	if fmt.Sprintf("%q", p.lines) != fmt.Sprintf("%q", want) {
		t.Errorf("published\n%s\nwant\n%s", strings.Join(p.lines, "\n"), strings.Join(want, "\n"))
	}
	p.lines = nil
}

func TestATaskFailsAndIsRerun(t *testing.T) {
	server, sent := start(t, taskclustertest.Config{})
	id := add(t, server, nil)
	run(t, server, id, taskcluster.Failed, "")
	sent.expect(t, "task-defined run _ unscheduled", "task-pending run 0 pending", "task-running run 0 running", "task-failed run 0 failed", "task-group-resolved")
	if err := server.Rerun(id); err != nil {
		t.Fatal(err)
	}
	if err := server.Rerun(id); err != nil { // while pending: told again, nothing changes
		t.Fatal(err)
	}
	run(t, server, id, taskcluster.Completed, "")
	sent.expect(t, "task-pending run 1 pending", "task-pending run 1 pending", "task-running run 1 running", "task-completed run 1 completed", "task-group-resolved")
	if err := server.Resolve(id, 1, taskcluster.Completed, ""); err != nil { // reported once more
		t.Fatal(err)
	}
	sent.expect(t, "task-completed run 1 completed", "task-group-resolved")
	task, _ := server.Task(id)
	if len(task.Status.Runs) != 2 || task.Status.Runs[1].ReasonCreated != "rerun" || task.Status.State != taskcluster.Completed {
		t.Errorf("status %+v, want two runs, the second a rerun, completed", task.Status)
	}
}

func TestALostWorkerIsRetriedUntilRetriesAreUsedUp(t *testing.T) {
	server, sent := start(t, taskclustertest.Config{})
	id := add(t, server, map[string]any{"retries": 1})
	run(t, server, id, taskcluster.Exception, "worker-shutdown")
	run(t, server, id, taskcluster.Exception, "worker-shutdown")
	sent.expect(t, "task-defined run _ unscheduled", "task-pending run 0 pending",
		"task-running run 0 running", "task-exception run 0 pending", "task-pending run 1 pending",
		"task-running run 1 running", "task-exception run 1 exception", "task-group-resolved")
	task, _ := server.Task(id)
	if task.Status.RetriesLeft != 0 || task.Status.Runs[1].ReasonCreated != "retry" {
		t.Errorf("status %+v, want no retries left and a retry", task.Status)
	}
}

func TestDependentsStartOrWait(t *testing.T) {
	server, sent := start(t, taskclustertest.Config{})
	group := taskcluster.NewID()
	first := add(t, server, map[string]any{"taskGroupId": group})
	needs := add(t, server, map[string]any{"taskGroupId": group, "dependencies": []string{first}})
	anyEnd := add(t, server, map[string]any{"taskGroupId": group, "dependencies": []string{first}, "requires": "all-resolved"})
	sent.lines = nil
	run(t, server, first, taskcluster.Failed, "")
	sent.expect(t, "task-running run 0 running", "task-failed run 0 failed", "task-pending run 0 pending")
	for id, want := range map[string]string{needs: taskcluster.Unscheduled, anyEnd: taskcluster.Pending} {
		if task, _ := server.Task(id); task.Status.State != want {
			t.Errorf("task %s is %s, want %s", id, task.Status.State, want)
		}
	}
	run(t, server, anyEnd, taskcluster.Completed, "")
	sent.expect(t, "task-running run 0 running", "task-completed run 0 completed")
	if err := server.MissDeadline(needs); err != nil {
		t.Fatal(err)
	}
	sent.expect(t, "task-exception run 0 exception", "task-group-resolved")
}

func TestCancelledTasksCanRunAgain(t *testing.T) {
	server, sent := start(t, taskclustertest.Config{})
	id := taskcluster.NewID()
	waiting := map[string]any{"taskQueueId": "lab/ci", "dependencies": []string{id}, "metadata": map[string]any{
		"name": "n", "description": "", "owner": "o", "source": "https://x"}}
	if err := server.AddTask(id, waiting); err != nil { // waits for itself: it is scheduled by hand
		t.Fatal(err)
	}
	for range 2 {
		if err := server.Cancel(id); err != nil {
			t.Fatal(err)
		}
	}
	if err := server.Rerun(id); err != nil {
		t.Fatal(err)
	}
	sent.expect(t, "task-defined run _ unscheduled", "task-exception run 0 exception", "task-group-resolved",
		"task-exception run 0 exception", "task-group-resolved", "task-pending run 1 pending")
	if _, err := server.Start(id); err != nil {
		t.Fatal(err)
	}
	if err := server.Rerun(id); err != nil {
		t.Fatal(err)
	}
	sent.expect(t, "task-running run 1 running")
}

func TestStepsThatAreNoneAreRefused(t *testing.T) {
	server, _ := start(t, taskclustertest.Config{})
	id := add(t, server, nil)
	_, unknown := server.Start(taskcluster.NewID())
	notRunning := server.Resolve(id, 0, taskcluster.Completed, "")
	if _, err := server.Start(id); err != nil {
		t.Fatal(err)
	}
	_, twice := server.Start(id)
	otherRun := server.Resolve(id, 1, taskcluster.Completed, "")
	noRun := server.AddArtifact(id, 3, "public/x", taskclustertest.Artifact{})
	for name, err := range map[string]error{
		"start what isn't there": unknown, "complete what isn't running": notRunning, "start twice": twice, "resolve another run": otherRun, "artifact of no run": noRun,
	} {
		if err == nil {
			t.Errorf("%s was done", name)
		}
	}
	if err := server.AddTask(taskcluster.NewID(), map[string]any{"taskQueueId": "lab/ci"}); err == nil {
		t.Error("a task without metadata was added")
	}
}

func TestFaults(t *testing.T) {
	server, _ := start(t, taskclustertest.Config{})
	id := add(t, server, nil)
	// Connections aren't kept: net/http would repeat a GET that breaks on one.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	queue, err := taskcluster.NewQueue(server.URL, nil, taskcluster.Options{Attempts: 1, Timeout: 5 * time.Second, HTTPClient: client})
	if err != nil {
		t.Fatal(err)
	}
	status := func() error {
		_, err := queue.Status(t.Context(), id)
		return err
	}
	for name, fault := range map[string]taskclustertest.Fault{
		"closed":            {},
		"closed afterwards": {AfterEffect: true},
		"a page":            {Status: 502},
		"JSON":              {Status: 500, Body: `{"code":"InternalServerError","message":"x"}`},
		"only this call":    {Method: "status", Status: 503},
	} {
		server.Fail(fault)
		if err := status(); !errors.Is(err, taskcluster.ErrUnavailable) {
			t.Errorf("%s: %v, want unavailable", name, err)
		}
		if err := status(); err != nil {
			t.Errorf("after %s: %v", name, err)
		}
	}
	server.Fail(taskclustertest.Fault{Method: "createTask", Status: 500})
	if err := status(); err != nil {
		t.Errorf("a fault of another call hit: %v", err)
	}
	server.Fail(taskclustertest.Fault{Hang: true})
	hanging := make(chan error)
	go func() { hanging <- status() }()
	for len(server.Calls()) < 12 { // the request is there once it is recorded
		select {
		case err := <-hanging:
			t.Fatalf("it didn't hang: %v", err)
		default:
			runtime.Gosched()
		}
	}
	server.Heal()
	if err := <-hanging; !errors.Is(err, taskcluster.ErrUnavailable) {
		t.Errorf("healed while hanging: %v, want unavailable", err)
	}
}

func TestRolesAreExpanded(t *testing.T) {
	server, _ := start(t, taskclustertest.Config{})
	server.AddClient("c", "t", "assume:project:*")
	server.SetRole("project:gfx", "assume:team:gfx", "a:b")
	server.SetRole("team:*", "auth:current-scopes")
	server.SetRole("other", "x:y")
	server.SetRole("anonymous", "public")
	req, err := http.NewRequest("GET", server.URL+"/api/auth/v1/scopes/current", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := (&taskcluster.Credentials{ClientID: "c", AccessToken: "t"}).SignRequest(req); err != nil {
		t.Fatal(err)
	}
	if got, want := body(t, req), `{"scopes":["a:b","assume:anonymous","assume:project:*","assume:team:gfx","auth:current-scopes","public"]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	server.RemoveClient("c")
	if got := body(t, req); !strings.Contains(got, "Client with clientId 'c' not found") {
		t.Errorf("a removed client got %s", got)
	}
}

func TestArtifactsAreRedirects(t *testing.T) {
	server, _ := start(t, taskclustertest.Config{})
	id := add(t, server, nil)
	for name, a := range map[string]taskclustertest.Artifact{
		"public/log": {Content: []byte("hello"), ContentType: "text/plain"},
		"public/ref": {Redirect: "https://example.com/a"},
		"public/err": {Error: "nope"},
		"private/x":  {Content: []byte("x")},
	} {
		if err := server.AddArtifact(id, 0, name, a); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"public/log": "303 " + server.URL + "/_content/" + id + "/0/public/log", "public/ref": "303 https://example.com/a",
		"public/err": "424 ", "public/none": "404 ", "private/x": "403 ",
	} {
		req, err := http.NewRequest("GET", server.URL+"/api/queue/v1/task/"+id+"/runs/0/artifacts/"+name, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := fmt.Sprint(resp.StatusCode, " ", resp.Header.Get("Location")); got != want {
			t.Errorf("%s: answered %s, want %s", name, got, want)
		}
	}
	req, err := http.NewRequest("GET", server.URL+"/_content/"+id+"/0/public/log", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := body(t, req); got != "hello" {
		t.Errorf("content %q, want hello", got)
	}
}

func body(t *testing.T, req *http.Request) string {
	t.Helper()
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}
