package chaos

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"verdict/gerrit/gerrittest"
	"verdict/pulse/pulsetest"
	"verdict/taskcluster/taskclustertest"
)

// world is a Gerrit, a Taskcluster and a pulse, which the bot finds by its files.
type world struct {
	t      *testing.T
	gerrit *gerrittest.Server
	tasks  *taskclustertest.Server
	files  map[string]string
}

// exchanges are those of Taskcluster's queue.
var exchanges = []string{
	"task-defined", "task-pending", "task-running", "task-completed", "task-failed", "task-exception", "task-group-resolved",
}

// newWorld is a world whose pulse is a stand-in.
func newWorld(t *testing.T) *world {
	t.Helper()
	broker, err := pulsetest.Start(pulsetest.Options{Users: map[string]string{"verdict": "pulse-pw"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
	for _, name := range exchanges {
		broker.DeclareExchange("exchange/taskcluster-queue/v1/" + name)
	}
	return newWorldOn(t, broker.URL(), "verdict", "pulse-pw", func(exchange, key string, cc []string, body []byte) {
		if _, err := broker.Publish(exchange, key, cc, body); err != nil {
			t.Errorf("publish on %s: %v", exchange, err)
		}
	})
}

func newWorldOn(t *testing.T, pulseURL, user, password string, publish func(exchange, key string, cc []string, body []byte)) *world {
	t.Helper()
	w := &world{t: t, gerrit: gerrittest.NewServer(gerrittest.Config{})}
	t.Cleanup(w.gerrit.Close)
	var err error
	if w.tasks, err = taskclustertest.NewServer(taskclustertest.Config{Publish: publish}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.tasks.Close)
	w.tasks.AddClient("project/verdict/chaos", "tc-token", "auth:create-client:project/verdict/chaos/*",
		"queue:create-task:*", "queue:scheduler-id:verdict")
	w.files = map[string]string{
		"gerrit-token": "bot-secret", "taskcluster-token": "tc-token", "pulse-password": password,
		"teams.yaml": teams, "rules/gfx/ci.yaml": rules,
		"config.yaml": fmt.Sprintf(config, pulseURL, user, w.tasks.URL, w.gerrit.URL()),
	}
	return w
}

// Gerrit's times are whole seconds, so begin lies a little back.
const config = `
instance: chaos
begin: 10m
store: {url: 'sqlite:verdict.db'}
listen: {web: '', hooks: '', metrics: ''}
admin: {socket: admin.sock}
pulse: {url: '%s', user: %s, passwordFile: pulse-password}
taskcluster: {rootURL: '%s', clientId: project/verdict/chaos, accessTokenFile: taskcluster-token}
gerrit:
  main: {url: '%s', user: ci-bot, tokenFile: gerrit-token, poll: {cron: '@every 1s'}}
log: {level: debug, format: json}
`

const teams = `
teams:
  gfx:
    folder: gfx/
    contact: {email: gfx@example.org}
    gerrit:
      - {server: main, projects: [demo], labels: {Verified: [-1, 1]}, hashtags: ['ci-*'], actions: [vote, comment, hashtags]}
    taskcluster:
      scopes: ['queue:create-task:low:*', 'queue:create-task:project:none', 'queue:scheduler-id:verdict']
      trust:
        - {who: ['group:deployers'], scopes: ['queue:create-task:low:*', 'queue:create-task:project:none', 'queue:scheduler-id:verdict']}
        - {who: anyone, scopes: ['queue:create-task:low:lab/*', 'queue:create-task:project:none', 'queue:scheduler-id:verdict']}
`

// Who pushed is not trusted with the task deploy: it is refused, and the change told so.
const rules = `
defaults: {server: main, project: demo}
rules:
  - name: start
    on: {gerrit: patchset-created}
    do:
      - task:
          key: build
          taskQueueId: lab/ci
          priority: low
          deadline: {$fromNow: 2 hours}
          metadata: {name: build, description: Builds the patchset}
          payload: {maxRunTime: 600, command: [/usr/local/bin/build]}
      - task:
          key: deploy
          taskQueueId: prod/deploy
          priority: low
          deadline: {$fromNow: 2 hours}
          metadata: {name: deploy, description: Deploys the patchset}
          payload: {maxRunTime: 600, command: [/usr/local/bin/deploy]}
  - name: verdict
    on: {task: settled}
    do:
      - vote: {Verified: -1}
        while: 'task.state != "completed"'
        message: '${task.name} failed: ${run.reason}'
      - hashtags: [ci-failed]
        while: 'task.state != "completed"'
`

// until waits for a state of the world.
func (w *world) until(what string, holds func() bool) {
	w.t.Helper()
	deadline := time.After(45 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			var all strings.Builder
			for _, c := range w.gerrit.Changes() {
				fmt.Fprintf(&all, "%d: %v %q %q\n", c.Number, c.Votes, c.Hashtags, w.posts(c.Number))
			}
			w.t.Fatalf("waited in vain for: %s; the changes:\n%s", what, &all)
		}
	}
}

// push makes a change.
func (w *world) push() (change int) {
	p := w.gerrit.Push(gerrittest.Push{Project: "demo", Subject: "Faster", Files: map[string]string{"a": "b"}})
	return p.Change
}

// task is the id of the change's task, "" while there is none.
func (w *world) task(change int) string {
	ids := w.tasksOf(change)
	if len(ids) == 0 {
		return ""
	}
	return ids[0]
}

func (w *world) tasksOf(change int) (ids []string) {
	for _, task := range w.tasks.Tasks() {
		if strings.HasSuffix(task.Definition.Metadata.Source, fmt.Sprintf("/+/%d", change)) {
			ids = append(ids, task.ID)
		}
	}
	return ids
}

// run lets the change's task run to its end, again where it did before.
func (w *world) run(change int, state string) {
	w.t.Helper()
	id := w.task(change)
	task, _ := w.tasks.Task(id)
	if task.Status.Final() {
		if err := w.tasks.Rerun(id); err != nil {
			w.t.Fatal(err)
		}
	}
	run, err := w.tasks.Start(id)
	if err == nil {
		err = w.tasks.Resolve(id, run, state, state)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// started, failed and passed tell whether all is visible that ought to be after a push, a failure, its green rerun.
func (w *world) started(change int) bool {
	return w.task(change) != "" && len(w.posts(change)) >= 1
}

func (w *world) failed(change int) bool {
	c := w.gerrit.Change(change)
	return c.Votes["Verified"]["ci-bot"] == -1 && slices.Contains(c.Hashtags, "ci-failed")
}

func (w *world) passed(change int) bool {
	c := w.gerrit.Change(change)
	return c.Votes["Verified"]["ci-bot"] == 0 && len(c.Hashtags) == 0
}

// What is on a change after a push, after its task failed, and after that passed. Markers are cut.
var (
	onPush = []string{
		"Patch Set 1:\n\nCI waits for a maintainer: you are not in deployers\n\n" +
			"A member comments \"ok to test\" to start it for this patch set.",
	}
	onFailure = append(slices.Clone(onPush), "Hashtag added: ci-failed", "Patch Set 1: Verified-1\n\nbuild failed: failed")
	onSuccess = append(slices.Clone(onFailure), "Hashtag removed: ci-failed", "Patch Set 1: -Verified")
)

var marker = regexp.MustCompile(`\nVerdict chaos/\w+$`)

// posts are the bot's messages on a change, those that Gerrit wrote for what it did among them.
func (w *world) posts(change int) (posts []string) {
	for _, m := range w.gerrit.Change(change).Messages {
		if m.Author == "ci-bot" {
			posts = append(posts, marker.ReplaceAllString(m.Text, ""))
		}
	}
	return posts
}

// expect compares a change, and how many tasks it has, with what ought to be there, each once.
func (w *world) expect(change int, posts []string) {
	w.t.Helper()
	w.expectPosts(change, posts)
	if ids := w.tasksOf(change); len(ids) != 1 {
		w.t.Errorf("change %d: tasks %q, want one", change, ids)
	}
}

func (w *world) expectPosts(change int, posts []string) {
	w.t.Helper()
	if got := w.posts(change); !slices.Equal(got, posts) {
		w.t.Errorf("change %d: posts\n%q\nwant\n%q", change, got, posts)
	}
}

// armed is a strike at a point that hasn't happened yet.
func (w *world) armed(at, signal string) strike {
	w.t.Helper()
	s := strike{at: at, signal: signal, once: filepath.Join(w.t.TempDir(), "armed")}
	write(w.t, s.once, "")
	return s
}

// happened tells whether the point was reached.
func (s strike) happened() bool {
	_, err := os.Stat(s.once)
	return err != nil
}

// unwell makes Gerrit refuse the next look at a change. That it is away is no failure of an event.
func (w *world) unwell() {
	w.gerrit.Fail(gerrittest.Fault{Method: http.MethodGet, Path: "/detail", Status: http.StatusBadRequest, Text: "what?"})
}
