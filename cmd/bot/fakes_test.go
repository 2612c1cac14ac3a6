package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"verdict/pulse/pulsetest"
	"verdict/taskcluster/taskclustertest"
)

// fakes are a Taskcluster and a broker that a script speaks to.
type fakes struct {
	tasks  *taskclustertest.Server
	broker *pulsetest.Broker
}

// started are the fakes by the script that started them.
var started sync.Map

// The task that the fake Taskcluster has, and a task queue.
const fakeTask = "fN1SbArXTPSVFNUvaOlinQ"

// startFakes starts both and writes a config.yaml for them: fakes. The bot's client may read tasks by its name alone,
// not by the role anonymous, and rerun those of the scheduler verdict.
func startFakes(ts *testscript.TestScript, _ bool, _ []string) {
	tasks, err := taskclustertest.NewServer(taskclustertest.Config{})
	ts.Check(err)
	ts.Defer(tasks.Close)
	tasks.SetRole("anonymous")
	tasks.AddClient("verdict", "t0ken", "auth:create-client:verdict/*", "auth:current-scopes", "queue:get-task:*", "queue:status:*",
		"queue:rerun-task:verdict/*", "queue:rerun-task-in-project:*", "queue:create-task:*", "queue:scheduler-id:*")
	ts.Check(tasks.AddTask(fakeTask, map[string]any{
		"taskQueueId": "gfx/ci", "schedulerId": "verdict", "projectId": "gfx", "taskGroupId": fakeTask, "payload": map[string]any{},
		"metadata": map[string]any{"name": "a", "description": "a", "owner": "a@example.org", "source": "https://example.org"},
	}))
	broker, err := pulsetest.Start(pulsetest.Options{Users: map[string]string{"bot": "hunter2"}})
	ts.Check(err)
	ts.Defer(broker.Close)
	broker.DeclareExchange("exchange/taskcluster-queue/v1/task-failed")
	broker.DeclareExchange("exchange/verdict/v1/example")
	started.Store(ts, &fakes{tasks, broker})
	ts.Setenv("TASK", fakeTask)
	ts.Setenv("FAKE_ROOT_URL", tasks.URL)
	for name, text := range map[string]string{
		"config.yaml":  fmt.Sprintf("pulse: {url: '%s', user: bot, passwordFile: pulse.secret}\ntaskcluster: {rootURL: '%s', clientId: verdict, accessTokenFile: taskcluster.secret}\n", broker.URL(), tasks.URL),
		"pulse.secret": "hunter2\n", "taskcluster.secret": "t0ken\n",
	} {
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
	}
}

func fakesOf(ts *testscript.TestScript) *fakes {
	f, ok := started.Load(ts)
	if !ok {
		ts.Fatalf("begin with fakes")
	}
	return f.(*fakes)
}

// arrived checks what the last call of a method was signed with: arrived METHOD CLIENT [SCOPE...], where - is nobody.
func arrived(ts *testscript.TestScript, neg bool, args []string) {
	calls := fakesOf(ts).tasks.Calls()
	slices.Reverse(calls)
	i := slices.IndexFunc(calls, func(c taskclustertest.Call) bool { return c.Method == args[0] })
	if neg || i < 0 {
		if neg != (i < 0) {
			ts.Fatalf("%s arrived: %t", args[0], i >= 0)
		}
		return
	}
	got, want := append([]string{calls[i].ClientID}, calls[i].Scopes...), slices.Clone(args[1:])
	if want[0] == "-" {
		want[0] = ""
	}
	slices.Sort(got[1:])
	slices.Sort(want[1:])
	if !slices.Equal(got, want) {
		ts.Fatalf("%s arrived from %q, want %q", args[0], got, want)
	}
}

// publish sends a message as soon as a queue is bound for it: publish EXCHANGE ROUTINGKEY BODY [ROUTE...].
func publish(ts *testscript.TestScript, _ bool, args []string) {
	var routes []string
	for _, r := range args[3:] {
		routes = append(routes, "route."+r)
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		queues, err := fakesOf(ts).broker.Publish(args[0], args[1], routes, []byte(args[2]))
		ts.Check(err)
		if queues > 0 {
			return
		}
	}
	ts.Fatalf("nobody is bound to %s of %s", args[1], args[0])
}

// gone waits until nobody is connected to the broker, and checks that no queue was left behind.
func gone(ts *testscript.TestScript, _ bool, _ []string) {
	f := fakesOf(ts)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ts.Check(f.broker.AwaitConnections(ctx, 0))
	if queues, err := f.broker.Publish("exchange/taskcluster-queue/v1/task-failed", strings.Repeat("a.", 8)+"a", nil, []byte("{}")); err != nil || queues > 0 {
		ts.Fatalf("%d queues are left, %v", queues, err)
	}
}

// fetch gets the address that was printed last.
func fetch(ts *testscript.TestScript, _ bool, _ []string) {
	resp, err := http.Get(strings.TrimSpace(ts.ReadFile("stdout")))
	ts.Check(err)
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		ts.Fatalf("answered %s", resp.Status)
	}
}
