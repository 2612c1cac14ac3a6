package app

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"verdict/gerrit/gerrittest"
	"verdict/internal/app/admin"
	"verdict/pulse/pulsetest"
	"verdict/taskcluster/taskclustertest"
)

// world is a Gerrit, a Taskcluster and a broker, with a bot that has the rules of rules/examples.
type world struct {
	t      *testing.T
	gerrit *gerrittest.Server
	tasks  *taskclustertest.Server
	bot    *running
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOf(t, examples(t))
}

// newWorldOf has the rules of a folder, with teams.yaml in it.
func newWorldOf(t *testing.T, rules string) *world {
	t.Helper()
	broker, err := pulsetest.Start(pulsetest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
	broker.AddUser("verdict", "pulse-pw")
	for _, name := range []string{"defined", "pending", "running", "completed", "failed", "exception", "group-resolved"} {
		broker.DeclareExchange("exchange/taskcluster-queue/v1/task-" + name)
	}
	w := &world{t: t}
	w.tasks, err = taskclustertest.NewServer(taskclustertest.Config{
		Publish: func(exchange, key string, cc []string, body []byte) {
			if _, err := broker.Publish(exchange, key, cc, body); err != nil {
				t.Errorf("publish on %s: %v", exchange, err)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.tasks.Close)
	w.tasks.AddClient("project/verdict/test", "tc-token", "auth:create-client:project/verdict/test/*", "queue:create-task:low:gfx/*", "queue:create-task:project:gfx", "queue:scheduler-id:verdict")
	w.gerrit = gerrittest.NewServer(gerrittest.Config{})
	t.Cleanup(w.gerrit.Close)
	w.gerrit.AddProject("platform/gfx", "main")
	w.gerrit.AddAccount(gerrittest.Account{Username: "carol", Password: "pw", Groups: []string{"gfx-committers"}})

	dir := folder(t, map[string]string{
		"token": "bot-secret", "tc": "tc-token", "pulse": "pulse-pw",
		"config.yaml": fmt.Sprintf(`
instance: test
admin: {socket: admin.sock}
pulse: {url: 'amqp://%s', user: verdict, passwordFile: pulse}
taskcluster: {rootURL: '%s', clientId: project/verdict/test, accessTokenFile: tc}
gerrit: {main: {url: '%s', user: ci-bot, tokenFile: token, poll: {cron: '@every 1s'}}}
rules: {dir: %s, teams: %[4]s/teams.yaml}
`, strings.TrimPrefix(broker.URL(), "amqp://"), w.tasks.URL, w.gerrit.URL(), rules),
	})
	w.bot = start(t, Options{Config: load(t, dir)})
	w.bot.status(t, "connections", func(s admin.Status) bool {
		return len(s.Degraded) == 0 && !slices.ContainsFunc(s.Sources, func(s admin.Source) bool { return !s.Connected })
	})
	return w
}

func examples(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../rules/examples")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// until waits for a state of the world.
func (w *world) until(what string, holds func() bool) {
	w.t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if holds() {
			return
		}
	}
	s, err := w.bot.admin.Status(w.t.Context())
	w.t.Fatalf("waited in vain for %s\nstatus %+v, %v\n%s", what, s, err, w.bot.log)
}

// task is the id of the task of that name, "" while there is none.
func (w *world) task(name string) string {
	for _, task := range w.tasks.Tasks() {
		if task.Definition.Metadata.Name == name {
			return task.ID
		}
	}
	return ""
}

func (w *world) run(id, state string) {
	w.t.Helper()
	run, err := w.tasks.Start(id)
	if err == nil {
		err = w.tasks.Resolve(id, run, state, state)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestAPushBecomesATaskAndItsFailureAVoteUntilItsRerunPasses(t *testing.T) {
	w := newWorld(t)
	p := w.gerrit.Push(gerrittest.Push{Project: "platform/gfx", Subject: "Faster shaders", Uploader: "carol", Files: map[string]string{"shaders/a.glsl": "x"}})
	w.until("two tasks", func() bool { return len(w.tasks.Tasks()) == 2 })
	for _, task := range w.tasks.Tasks() {
		if !strings.HasPrefix(task.CreatedBy, "project/verdict/test/graphics/") {
			t.Errorf("%s was created by %q", task.Definition.Metadata.Name, task.CreatedBy)
		}
	}
	verified := func(want int) func() bool {
		return func() bool { return w.gerrit.Change(p.Change).Votes["Verified"]["ci-bot"] == want }
	}
	w.run(w.task("shaders-linux"), "failed")
	w.until("Verified -1", verified(-1))
	if err := w.tasks.Rerun(w.task("shaders-linux")); err != nil {
		t.Fatal(err)
	}
	w.run(w.task("shaders-linux"), "completed")
	w.until("no vote", verified(0))

	change := w.gerrit.Change(p.Change)
	var ours []string
	for _, m := range change.Messages {
		if strings.Contains(m.Text, "Verdict test/") {
			ours = append(ours, m.Text)
		}
	}
	if len(ours) != 1 || !strings.Contains(ours[0], "shaders-linux failed: failed") {
		t.Errorf("our posts are %q", ours)
	}
	w.until("every action done or superseded", func() bool {
		s, err := w.bot.admin.Status(t.Context())
		if err != nil {
			return false
		}
		for state, n := range s.Counts.Actions {
			if state != "done" && state != "superseded" && n > 0 {
				return false
			}
		}
		return true
	})
	if err := w.bot.stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
	for _, secret := range []string{"bot-secret", "tc-token", "pulse-pw"} {
		if strings.Contains(w.bot.log.String(), secret) {
			t.Errorf("%s is in the log", secret)
		}
	}
}
