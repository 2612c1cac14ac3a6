package deliver_test

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"verdict/gerrit"
	"verdict/gerrit/gerrittest"
	"verdict/internal/decide"
	"verdict/internal/deliver"
	"verdict/internal/facts"
	"verdict/internal/ingest"
	"verdict/internal/store"
	"verdict/pulse"
	"verdict/rules"
	"verdict/taskcluster"
	"verdict/taskcluster/taskclustertest"
)

const teamsYAML = `teams:
  gfx:
    folder: gfx/
    contact: {email: gfx@example.org}
    gerrit:
      - {server: main, projects: [demo], labels: {Verified: [-1, 1]}, hashtags: ['ci-*'], actions: [vote, comment, hashtags]}
    taskcluster:
      scopes: ['queue:create-task:low:gfx/*', 'queue:create-task:project:gfx', 'queue:scheduler-id:verdict']
      trustTasks: [{schedulerId: gfx-level-1}]
      trust:
        - {who: ['group:committers'], scopes: ['queue:create-task:low:gfx/*', 'queue:create-task:project:gfx', 'queue:scheduler-id:verdict']}
  docs:
    folder: docs/
    contact: {email: docs@example.org}
    gerrit:
      - {server: main, projects: [demo], labels: {Verified: [-1, 1], Docs: [-1, 1]}, actions: [vote, comment]}
`

const buildRules = `defaults: {server: main, project: demo}
rules:
  - name: build
    on: {task: settled}
    do:
      - vote: {Verified: -1}
        while: 'task.state != "completed"'
        message: '${task.name} failed: ${run.reason}'
      - hashtags: [ci-failed]
        while: 'task.state != "completed"'
`

// world is the real stages on the real store, between a Gerrit and a Taskcluster of our own.
type world struct {
	t      *testing.T
	gerrit *gerrittest.Server
	tc     *taskclustertest.Server
	store  *store.Store
	inbox  *ingest.Inbox
	decide *decide.Decider
	*deliver.Deliverer

	query string        // limits what is polled
	path  string        // the store's
	ahead time.Duration // of the machine's clock, the database's

	mu    sync.Mutex
	heard []pulse.Message
	set   *rules.Set
	begin time.Time
}

func newWorld(t *testing.T, files map[string]string) *world {
	t.Helper()
	return newWorldOf(t, gerrittest.Config{}, loadTeams(t, teamsYAML), files)
}

func loadTeams(t *testing.T, text string) *rules.Teams {
	t.Helper()
	teams, problems := rules.LoadTeams("teams.yaml", []byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return teams
}

func newWorldOf(t *testing.T, config gerrittest.Config, teams *rules.Teams, files map[string]string) *world {
	t.Helper()
	server, err := gerrittest.Start(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	w := newStages(t, gerrit.NewClient(server.URL(), gerrit.BasicAuth("bot", "secret")), server.URL(), teams, files)
	w.gerrit = server
	w.gerrit.AddAccount(gerrittest.Account{Username: "bot", Password: "secret", Groups: []string{gerrittest.ServiceUsers}})
	w.gerrit.AddAccount(gerrittest.Account{Username: "alice", Password: "secret", Groups: []string{"committers"}})
	w.gerrit.AddAccount(gerrittest.Account{Username: "eve", Password: "secret"})
	w.gerrit.AddProject("demo", "main")
	return w
}

// newStages is a world whose Gerrit is somebody else's.
func newStages(t *testing.T, client *gerrit.Client, url string, teams *rules.Teams, files map[string]string) *world {
	t.Helper()
	w := &world{t: t, begin: time.Now().Add(-time.Hour)}
	var err error
	w.tc, err = taskclustertest.NewServer(taskclustertest.Config{Publish: w.hear})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.tc.Close)
	w.tc.AddClient("verdict", "token", "queue:*", "auth:create-client:verdict/*")
	w.path = filepath.Join(t.TempDir(), "verdict.db")
	w.store, err = store.Open(t.Context(), store.Options{URL: "sqlite:" + w.path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.store.Close() })
	w.loadOf(teams, files)

	queue, err := taskcluster.NewQueue(w.tc.URL, &taskcluster.Credentials{ClientID: "verdict", AccessToken: "token"}, taskcluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.inbox = &ingest.Inbox{Store: w.store, Rules: func() *rules.Set { return w.set }, ExchangePrefix: "exchange/taskcluster-"}
	source := &facts.Source{Gerrit: map[string]facts.Gerrit{"main": client}, URLs: map[string]string{"main": url}, Queue: queue, RootURL: w.tc.URL}
	w.decide = &decide.Decider{
		Store: w.store, Facts: source, ExchangePrefix: "exchange/taskcluster-", SchedulerID: "verdict", Holder: "test", Log: zerolog.Nop(),
		Active: func() decide.Active { return decide.Active{Set: w.set, Begins: w.begins(), Commit: "c0ffee"} },
	}
	w.Deliverer = w.deliverer("test")
	w.Gerrit = map[string]deliver.Gerrit{"main": client}
	w.Tasks, w.People = queue, source
	w.Services, err = taskcluster.NewServices(w.tc.URL, &taskcluster.Credentials{ClientID: "verdict", AccessToken: "token"}, taskcluster.Options{Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) deliverer(holder string) *deliver.Deliverer {
	return &deliver.Deliverer{
		Store: w.store, Rules: func() *rules.Set { return w.set }, Marker: deliver.Marker{Instance: "test"}, Holder: holder, Log: zerolog.Nop(),
		Window: time.Nanosecond, MaxWindow: time.Nanosecond, Timeout: 2 * time.Second,
	}
}

// loadOf puts rules into force that nobody compared with the grants, as those that had more when they were loaded.
func (w *world) loadOf(teams *rules.Teams, files map[string]string) {
	w.t.Helper()
	in := rules.Sources{Files: map[string][]byte{}, Teams: teams, Methods: deliver.Methods()}
	for name, text := range files {
		in.Files[name] = []byte(text)
	}
	set, problems := rules.Load(in)
	if len(problems) > 0 {
		w.t.Fatal(problems)
	}
	w.set = set
}

// begins are an hour ago for every rule.
func (w *world) begins() map[store.BeginKey]time.Time {
	out := map[store.BeginKey]time.Time{}
	for _, r := range w.set.Rules() {
		for _, on := range r.On {
			for _, project := range append([]string{""}, on.Projects...) {
				out[decide.BeginOf(r, on, project)] = w.begin
			}
		}
	}
	return out
}

func (w *world) hear(exchange, routingKey string, cc []string, body []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	m := pulse.Message{Exchange: exchange, RoutingKey: routingKey, Body: slices.Clone(body), Received: time.Now()}
	for _, c := range cc {
		if route, ok := strings.CutPrefix(c, "route."); ok {
			m.Routes = append(m.Routes, route)
		}
	}
	w.heard = append(w.heard, m)
}

// messages takes what Taskcluster published since the last call.
func (w *world) messages() []pulse.Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.heard
	w.heard = nil
	return out
}

// bring takes messages in, in this order, and settles.
func (w *world) bring(messages ...pulse.Message) {
	w.t.Helper()
	if err := w.inbox.AcceptMessages(w.t.Context(), messages); err != nil {
		w.t.Fatal(err)
	}
	w.settle()
}

// settle lets decide and deliver work until nothing is due.
func (w *world) settle() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	for {
		decided, err := w.decide.Next(ctx)
		if err != nil {
			w.t.Fatal(err)
		}
		delivered, err := w.Next(ctx)
		if err != nil {
			w.t.Fatal(err)
		}
		if decided == 0 && !delivered {
			return
		}
	}
}

// await settles again and again until the actions are as wanted: some wait for their next attempt.
func (w *world) await(what string, holds func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(40 * time.Second); ; {
		w.settle()
		if holds() {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("never %s; actions:\n%s", what, w.actions())
		}
		select {
		case <-w.store.Wake():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// task adds a task of a change, as a decision task of the team's would.
func (w *world) task(name string, change int, patchset int) string {
	w.t.Helper()
	id := taskcluster.NewID()
	err := w.tc.AddTask(id, map[string]any{
		"taskQueueId": "gfx/ci", "schedulerId": "gfx-level-1", "metadata": map[string]any{"name": name, "description": "d", "owner": "o@example.org", "source": "https://example.org"},
		"payload": map[string]any{}, "extra": map[string]any{"gerrit": map[string]any{"change": change, "patchset": patchset}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// run lets a task's pending run end.
func (w *world) run(id, state, reason string) {
	w.t.Helper()
	run, err := w.tc.Start(id)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.tc.Resolve(id, run, state, reason); err != nil {
		w.t.Fatal(err)
	}
}

// lasted is how long a run took, which is the clock's here; how it is said is internal/report's to hold.
var lasted = regexp.MustCompile(`(: failed) after \d+ (?:s|min)`)

// said are the bot's own messages on a change that end in a marker.
func (w *world) said(change int) []string {
	var out []string
	for _, m := range w.gerrit.Change(change).Messages {
		if m.Author == "bot" && strings.Contains(m.Text, "Verdict test/") {
			out = append(out, lasted.ReplaceAllString(m.Text, "$1"))
		}
	}
	return out
}

func (w *world) vote(change int) int { return w.gerrit.Change(change).Votes["Verified"]["bot"] }

func (w *world) push(files ...string) gerrittest.Patchset {
	p := gerrittest.Push{Project: "demo", Branch: "main", Subject: "A change", Files: map[string]string{}}
	for _, f := range append(files, "a.txt") {
		p.Files[f] = f
	}
	return w.gerrit.Push(p)
}

// poll takes in what the poller finds, and settles.
func (w *world) poll() {
	w.t.Helper()
	w.pollOnly()
	w.settle()
}

func (w *world) pollOnly() {
	w.t.Helper()
	p := gerrit.Poller{Client: w.Gerrit["main"].(*gerrit.Client), Server: "main", Query: w.query, Overlap: time.Minute, Cursors: w.inbox, Seen: w.inbox, Inbox: w.inbox}
	if err := p.Poll(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// actions tells the state of every action, for failures of tests.
func (w *world) actions() string {
	all, err := w.store.Actions(w.t.Context(), store.Filter{Limit: 100})
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, a := range all {
		fmt.Fprintf(&b, "%s %s/%s %s ps%d: %s %s %s\n", a.ID[:6], a.Team, a.Rule, a.Key, a.Patchset, a.State, a.Reason, a.Result)
	}
	events, _ := w.store.Events(w.t.Context(), store.Filter{Limit: 100})
	for _, e := range events {
		fmt.Fprintf(&b, "event %s %s %s: %s %s\n", e.ID[:6], e.Source, e.Type, e.State, e.Error)
		decisions, _ := w.store.Decisions(w.t.Context(), e.ID)
		for _, d := range decisions {
			fmt.Fprintf(&b, "  %s/%s matched %t %s\n", d.Team, d.Rule, d.Matched, d.Stopped)
		}
	}
	return b.String()
}

func (w *world) states() map[store.ActionState]int {
	counts := map[store.ActionState]int{}
	all, err := w.store.Actions(w.t.Context(), store.Filter{Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, a := range all {
		counts[a.State]++
	}
	return counts
}

func (w *world) expect(change, vote int, hashtags []string, said ...string) {
	w.t.Helper()
	c := w.gerrit.Change(change)
	if got := w.vote(change); got != vote {
		w.t.Errorf("change %d: Verified %+d, want %+d\n%s", change, got, vote, w.actions())
	}
	if !slices.Equal(c.Hashtags, hashtags) && len(c.Hashtags)+len(hashtags) > 0 {
		w.t.Errorf("change %d: hashtags %v, want %v\n%s", change, c.Hashtags, hashtags, w.actions())
	}
	got := w.said(change)
	if len(got) != len(said) {
		w.t.Errorf("change %d: %d posts, want %d: %q\n%s", change, len(got), len(said), got, w.actions())
		return
	}
	for i, text := range said {
		if !strings.Contains(got[i], text) {
			w.t.Errorf("change %d: post %d is %q, want %q in it", change, i, got[i], text)
		}
	}
}

func (w *world) expectStates(want map[store.ActionState]int) {
	w.t.Helper()
	if got := w.states(); !maps.Equal(got, want) {
		w.t.Errorf("actions %v, want %v:\n%s", got, want, w.actions())
	}
}

// expectNotified looks whom the message with a text lets Gerrit send mail to, and what its tag is.
func (w *world) expectNotified(change int, text, notify, tag string) {
	w.t.Helper()
	messages := w.gerrit.Change(change).Messages
	i := slices.IndexFunc(messages, func(m gerrittest.Message) bool { return strings.Contains(m.Text, text) })
	if i < 0 {
		w.t.Fatalf("change %d: no message has %q in it: %+v", change, text, messages)
	}
	if m := messages[i]; m.Notify != notify || m.Tag != tag {
		w.t.Errorf("change %d: %q has notify %s and tag %s, want %s and %s", change, m.Text, m.Notify, m.Tag, notify, tag)
	}
}
