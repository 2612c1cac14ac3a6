package integration

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"verdict/gerrit/gerrittest"
	"verdict/internal/testservers"
)

// night is a Gerrit full of changes that slept for days, and three replicas on one PostgreSQL. A rule on cron, whose
// queries are answered when all three are there, finds every one of them, on either of two branches the most that one
// query may give; another team's rule greets what is pushed to a project of its own.
type night struct {
	t        *testing.T
	gerrit   *gerrittest.Server
	replicas [3]*bot

	mu     sync.Mutex
	asleep bool                // the clock is days back
	posts  map[int][]time.Time // of the bot on a change, as Gerrit saw them
	woken  chan struct{}       // closed when the query may be answered
	starts map[string]bool     // of the pages of the rule's queries that were asked for
}

const sleepers, sleepersProject, greetedProject = 2000, "demo", "infra/tools/demo"

// newNight makes a night with these guards, in which Gerrit takes its time for each review.
func newNight(t *testing.T, guards string, review time.Duration) *night {
	t.Helper()
	n := &night{t: t, asleep: true, posts: map[int][]time.Time{}, woken: make(chan struct{}), starts: map[string]bool{}}
	n.gerrit = gerrittest.NewServer(gerrittest.Config{
		Clock: n.now,
		OnRequest: func(r gerrittest.Request) {
			switch {
			case strings.Contains(r.Query.Get("q"), "age:2d"):
				n.asked(cmp.Or(r.Query.Get("S"), r.Query.Get("start"), "0"))
			case r.Method == http.MethodPost && strings.HasSuffix(r.Path, "/review"):
				time.Sleep(review)
			}
		},
		OnMessage: n.said,
	})
	t.Cleanup(n.gerrit.Close)
	for i := range sleepers {
		n.gerrit.Push(gerrittest.Push{Project: sleepersProject, Branch: []string{"main", "release/1.0"}[i%2], Subject: "Asleep", Files: map[string]string{"a": "b"}})
	}
	n.mu.Lock()
	n.asleep = false
	n.mu.Unlock()
	n.start(guards)
	return n
}

func (n *night) now() time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.asleep {
		return time.Now().Add(-72 * time.Hour)
	}
	return time.Now()
}

func (n *night) asked(start string) {
	<-n.woken
	n.mu.Lock()
	defer n.mu.Unlock()
	n.starts[start] = true
}

// pages is in how many pages the longest answer to a query came.
func (n *night) pages() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.starts)
}

func (n *night) said(c gerrittest.Change, m gerrittest.Message) {
	if m.Author != "ci-bot" {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.posts[c.Number] = append(n.posts[c.Number], time.Now())
}

// start starts the replicas, and lets the tick of a minute ago, which they make up for, find its changes. The next one
// is an hour away.
func (n *night) start(guards string) {
	n.t.Helper()
	database := testservers.OwnPostgres(n.t)
	password, _ := database.User.Password()
	database.User = url.User(database.User.Username())
	minute := time.Now().Add(-time.Minute).Minute()
	for i := range n.replicas {
		n.replicas[i] = startBot(n.t, map[string]string{
			"config.yaml": fmt.Sprintf(`
instance: it
begin: 2h
store: {url: '%s', passwordFile: store-password}
listen: {web: '', hooks: '', metrics: ''}
admin: {socket: admin.sock}
log: {format: json}
guards: {%s}
gerrit:
  main: {url: '%s', user: ci-bot, tokenFile: gerrit-token, poll: {cron: '@every 1s'}, limits: {requestsPerSecond: 0, concurrent: 8}}
`, database, guards, n.gerrit.URL()),
			"store-password": password,
			"gerrit-token":   testservers.Accounts["ci-bot"],
			"teams.yaml": fmt.Sprintf(`
teams:
  night: {folder: night/, contact: {email: night@example.org}, gerrit: [{server: main, projects: [%s], actions: [comment]}]}
  day: {folder: day/, contact: {email: day@example.org}, gerrit: [{server: main, projects: [%s], actions: [comment]}]}
`, sleepersProject, greetedProject),
			"rules/night/asleep.yaml": fmt.Sprintf(`
defaults: {server: main, project: %s}
rules:
  - name: asleep
    on:
      - {cron: '%[2]d * * * *', query: 'status:open age:2d branch:main', atMost: 1000}
      - {cron: '%[2]d * * * *', query: 'status:open age:2d branch:release/1.0', atMost: 1000}
    do: [{comment: still asleep}]
`, sleepersProject, minute),
			"rules/day/greet.yaml": fmt.Sprintf(`
rules:
  - name: greet
    on: {gerrit: patchset-created, server: main, project: %s}
    do: [{comment: good morning}]
`, greetedProject),
		})
	}
	for _, b := range n.replicas {
		b.awaitSources(n.t)
	}
	close(n.woken)
}

// touched is how many of the sleeping changes the bot posted on, and when it last did.
func (n *night) touched() (changes int, last time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for change, at := range n.posts {
		if change > sleepers {
			continue
		}
		changes++
		if at := slices.MaxFunc(at, time.Time.Compare); at.After(last) {
			last = at
		}
	}
	return changes, last
}

// awaitTouched waits until so many of the sleeping changes were posted on.
func (n *night) awaitTouched(most int) {
	n.t.Helper()
	eventually(n.t, fmt.Sprintf("%d changes touched", most), func() (any, bool) {
		changes, _ := n.touched()
		return changes, changes >= most
	})
}

// expectOnce looks that nobody was told anything twice.
func (n *night) expectOnce() {
	n.t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	for change, at := range n.posts {
		if len(at) != 1 {
			n.t.Errorf("change %d has %d posts, want one", change, len(at))
		}
	}
}

// greeted pushes a change to the other team's project, and waits for its rule.
func (n *night) greeted() {
	n.t.Helper()
	change := n.gerrit.Push(gerrittest.Push{Project: greetedProject, Subject: "Awake", Files: map[string]string{"a": "b"}}).Change
	eventually(n.t, "the other team's comment", func() (any, bool) {
		n.mu.Lock()
		defer n.mu.Unlock()
		return n.posts[change], len(n.posts[change]) > 0
	})
}

// await waits for a status that the bot gives by any of its replicas.
func (n *night) await(what string, reached func(status) bool) (s status) {
	n.t.Helper()
	eventually(n.t, what, func() (any, bool) {
		var err error
		s, err = n.replicas[0].status()
		return s.Counts, err == nil && reached(s)
	})
	return s
}

// command runs a command of the bot's beside a replica.
func (b *bot) command(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.Command(b.binary, append(args, "--config", filepath.Join(b.dir, "config.yaml"))...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("bot %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// logged are the lines of a replica's log in which all of these texts are.
func (b *bot) logged(t *testing.T, texts ...string) (lines []string) {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(b.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(log)) {
		if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(line, text) }) {
			lines = append(lines, line)
		}
	}
	return lines
}

// A rule that finds 2 000 changes at night has touched 100, whichever replica did; the rest is kept, its team knows,
// and other teams' rules go on.
func TestARuleThatFindsTwoThousandChangesTouchesAHundred(t *testing.T) {
	const most = 100
	n := newNight(t, fmt.Sprintf("changesPerRulePerHour: %d", most), 0)
	n.awaitTouched(1)
	n.greeted()
	s := n.await("all the others held", func(s status) bool { return s.Counts.Actions["held"] >= sleepers-most })
	n.greeted()
	s = n.await("two greetings done", func(s status) bool { return s.Counts.Actions["done"] >= most+2 })

	if changes, _ := n.touched(); changes != most {
		t.Errorf("%d changes were touched, want %d", changes, most)
	}
	n.expectOnce()
	if s.Counts.Actions["held"] != sleepers-most || s.Counts.Actions["done"] != most+2 || s.Counts.Events["parked"] > 0 {
		t.Errorf("the counts are %+v, want %d held, %d done, nothing parked", s.Counts, sleepers-most, most+2)
	}
	if len(s.Holds) != 1 || s.Holds[0].Scope != "rule:night/asleep" || !strings.Contains(s.Holds[0].Reason, "guards.changesPerRulePerHour") {
		t.Errorf("the holds are %+v", s.Holds)
	}
	if len(s.Problems) != 1 || s.Problems[0].Team != "night" || !strings.Contains(s.Problems[0].Do, "bot release rule:night/asleep") {
		t.Errorf("the problems are %+v", s.Problems)
	}
	var told []string
	for i, b := range n.replicas {
		told = append(told, b.logged(t, "somebody has to mend this", "rule asleep is held", "night@example.org")...)
		if len(b.logged(t, `"rule":"night/asleep"`, `"message":"action"`)) == 0 {
			t.Errorf("replica %d had no part in it", i)
		}
	}
	if len(told) != 1 {
		t.Errorf("the team was told %d times, want once: %q", len(told), told)
	}
	if pages := n.pages(); pages < 2 {
		t.Errorf("the queries were answered in %d page each", pages)
	}
}

// held is how soon a hold is obeyed by all replicas.
const held = 5 * time.Second

// `bot hold` by one replica stops a rule in the middle of 2 000 changes on all three within five seconds; `bot release`
// lets it go on where it was.
func TestAHoldStopsThreeReplicasWithinFiveSeconds(t *testing.T) {
	n := newNight(t, "changesPerRulePerHour: 0", 200*time.Millisecond)
	n.awaitTouched(100)
	n.replicas[1].command(t, "hold", "rule:night/asleep", "--reason", "it comments on everything")
	at := time.Now()
	time.Sleep(held) // that is the promise
	before, _ := n.touched()
	time.Sleep(held) // and as long again, in which hundreds would be touched
	after, last := n.touched()
	t.Logf("%d changes were touched, the last %s after the hold", after, last.Sub(at))
	if after != before || after >= sleepers-100 {
		t.Errorf("%d changes were touched %s after the hold, and %d later; want no more, and many of %d left", before, held, after, sleepers)
	}
	for i, b := range n.replicas {
		if len(b.logged(t, `"rule":"night/asleep"`, `"state":"done"`)) == 0 {
			t.Errorf("replica %d had no part in it", i)
		}
	}
	n.greeted()
	s := n.await("all the others held", func(s status) bool { return s.Counts.Actions["held"] >= sleepers-after })
	if s.Counts.Actions["held"] != sleepers-after || s.Counts.Actions["done"] != after+1 {
		t.Errorf("the counts are %+v, want %d held and %d done", s.Counts, sleepers-after, after+1)
	}

	n.replicas[2].command(t, "release", "rule:night/asleep")
	n.awaitTouched(after + 100)
	n.expectOnce()
}
