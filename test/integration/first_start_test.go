package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/streadway/amqp"

	"verdict/gerrit/gerrittest"
)

const (
	oldChanges  = 5_000
	oldMessages = 100_000
	// firstStartMemory bounds the bot's peak: the backlog passes through it, and isn't gathered in it.
	firstStartMemory = 160 << 20
)

// A bot that starts where much has happened before: it takes all of it in, answers none of it, asks nobody about
// it, and stays small.
func TestFirstStartAnswersNothingOld(t *testing.T) {
	t.Parallel()
	broker, tasks := newPulse(t), newDeployment(t)
	review, err := gerrittest.Start(gerrittest.Config{Clock: func() time.Time { return time.Now().Add(-10 * time.Minute) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(review.Close)
	review.AddAccount(gerrittest.Account{Username: "ci-bot", Password: "bot-secret", Groups: []string{gerrittest.ServiceUsers}})
	review.AddAccount(gerrittest.Account{Username: "alice", Password: "secret"})
	review.AddProject("demo", "main")
	for n := range oldChanges {
		review.Push(gerrittest.Push{Project: "demo", Branch: "main", Subject: fmt.Sprintf("Change %d", n), Files: map[string]string{"a": "b"}})
	}
	fillWithOld(t, broker)

	bot := startBot(t, map[string]string{
		"config.yaml": fmt.Sprintf(`
instance: it
begin: now
store: {url: 'sqlite:verdict.db'}
listen: {web: '', hooks: '', metrics: ''}
admin: {socket: admin.sock}
taskcluster: {rootURL: '%s', clientId: %s, accessTokenFile: taskcluster-token}
gerrit:
  main: {url: '%s', user: ci-bot, tokenFile: gerrit-token, poll: {cron: '@every 1s'}}
pulse: {url: '%s', vhost: %s, user: %s, passwordFile: pulse-password}
`, tasks.url, clientID, review.URL(), broker.url, broker.vhost, broker.user),
		"pulse-password":    broker.password,
		"gerrit-token":      "bot-secret",
		"taskcluster-token": accessToken,
		"teams.yaml":        graphicsMayVote("demo"),
		"rules/graphics/ci.yaml": failedTaskVotes + `
  - name: greet
    on: {gerrit: patchset-created, project: demo}
    do: [{comment: hello}]
  - name: raw
    on: {exchange: queue/task-failed}
    do: [{comment: failed}]
  - name: whole
    on: {group: settled}
    do: [{comment: settled}]
`,
	})
	bot.awaitSources(t)
	broker.awaitDrained(t)
	bot.awaitRest(t, oldChanges+oldMessages)
	peak := bot.peak(t)
	t.Logf("peak memory %d MiB", peak>>20)
	if peak > firstStartMemory {
		t.Errorf("peak memory %d MiB, want at most %d", peak>>20, firstStartMemory>>20)
	}
	for _, r := range review.Requests() {
		if r.Method != "GET" {
			t.Fatalf("the bot wrote to Gerrit: %s %s %s", r.Method, r.Path, r.Body)
		}
	}
	if calls := tasks.Calls(); len(calls) > 0 {
		t.Errorf("the bot asked Taskcluster %d times about what it does not answer, first %+v", len(calls), calls[0])
	}
	s, err := bot.status()
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Counts.Events["too old"]; got < oldMessages {
		t.Errorf("%d events are too old, want %d at least: %+v", got, oldMessages, s.Counts)
	}
	for state, n := range s.Counts.Actions {
		if n > 0 {
			t.Errorf("%d actions are %s", n, state)
		}
	}
}

// fillWithOld makes the bot's queue as it was left a week ago, full.
func fillWithOld(t *testing.T, p *pulse) {
	t.Helper()
	queue, exchange := "queue/"+p.user+"/it", "exchange/taskcluster-queue/v1/task-failed"
	if _, err := p.channel.QueueDeclare(queue, true, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	if err := p.channel.QueueBind(queue, "#", exchange, false, nil); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-7 * 24 * time.Hour).UTC().Format("2006-01-02T15:04:05.000Z")
	for n := range oldMessages {
		id := fmt.Sprintf("A%020dQ", n)
		body := fmt.Appendf(nil, `{"status":{"taskId":%q,"provisionerId":"gfx","workerType":"ci","taskQueueId":"gfx/ci","schedulerId":"bot-1","taskGroupId":%q,"state":"failed","runs":[{"runId":0,"state":"failed","scheduled":%q,"started":%q,"resolved":%q}]},"runId":0,"task":{"tags":{}},"version":1}`, id, id, at, at, at)
		err := p.channel.Publish(exchange, "primary."+id+".0.lab.w1.gfx.ci.bot-1."+id+"._", false, false, amqp.Publishing{ContentType: "application/json", Body: body})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// peak is the most memory that the bot has had resident, in bytes.
func (b *bot) peak(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(b.cmd.Process.Pid), "status"))
	if err != nil {
		t.Skip("needs Linux's /proc to read the peak memory")
	}
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(text)
	kb, err := strconv.ParseInt(string(m[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kb << 10
}
