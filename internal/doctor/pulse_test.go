package doctor

import (
	"strings"
	"testing"

	"verdict/internal/testservers"
	"verdict/pulse"
	"verdict/pulse/pulsetest"
)

const failed = "exchange/taskcluster-queue/v1/task-failed"

// consumer is what a bot is to have on a broker.
func consumer(url, user, password string) Pulse {
	return Pulse{
		Config: pulse.Config{
			URL: url, User: user, Queue: "queue/" + user + "/prod", Password: func() (string, error) { return password, nil },
		},
		Exchanges: []string{failed},
	}
}

func broker(t *testing.T) *pulsetest.Broker {
	t.Helper()
	b, err := pulsetest.Start(pulsetest.Options{Users: map[string]string{"bot": "hunter2"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	b.DeclareExchange(failed)
	return b
}

func TestPulseIsFine(t *testing.T) {
	b := broker(t)
	r := consumer(b.URL(), "bot", "hunter2").Examine(t.Context())
	const want = "fine configure: queue/bot/… can be declared\nfine bind: 1 exchange that the rules need\n"
	if got := lines(r); r.Findings() > 0 || !strings.HasPrefix(got, "fine connect: ") || !containsLines(got, want) || !strings.Contains(got, "note queue: queue/bot/prod isn't there yet") {
		t.Errorf("got\n%s\nwant in it\n%s", got, want)
	}
	told(t, r)
}

// containsLines tells whether each line of some is in a text.
func containsLines(text, some string) bool {
	for line := range strings.Lines(some) {
		if !strings.Contains(text, line) {
			return false
		}
	}
	return true
}

func TestPulseLacksWhatTheBotNeeds(t *testing.T) {
	b := broker(t)
	p := consumer(b.URL(), "bot", "hunter2")
	p.Exchanges = append(p.Exchanges, "exchange/taskcluster-queue/v1/task-faild", "amq.topic")
	r := p.Examine(t.Context())
	if got := lines(r); r.Findings() != 2 || !strings.Contains(got, "missing bind: bind exchange/taskcluster-queue/v1/task-faild: ") || !strings.Contains(got, "fine bind: 1 exchange") {
		t.Errorf("got\n%s", got)
	}
	if i := index(r, "bind"); i < 0 || !strings.Contains(r[i].Remedy, "spelled as in Taskcluster's reference") {
		t.Errorf("got %+v", r)
	}
	told(t, r)

	r = consumer(b.URL(), "bot", "wrong").Examine(t.Context())
	if got := lines(r); r.Findings() != 1 || !strings.HasPrefix(got, "missing connect: ") || strings.Contains(got, "wrong") {
		t.Errorf("a wrong password: got\n%s", got)
	}
	told(t, r)
	b.Down()
	r = consumer(b.URL(), "bot", "hunter2").Examine(t.Context())
	if got := lines(r); r.Findings() != 1 || !strings.HasPrefix(got, "missing connect: ") {
		t.Errorf("away: got\n%s", got)
	}
	told(t, r)
}

func TestQueueIsJudged(t *testing.T) {
	base := Pulse{Config: pulse.Config{Queue: "queue/bot/prod"}, Warn: 1000, Delete: 8000}
	for name, c := range map[string]struct {
		found   pulse.Probed
		running bool
		want    string
	}{
		"empty":            {pulse.Probed{Exists: true, Consumers: 1}, true, "fine queue: 0 messages, 1 consumer"},
		"not there":        {pulse.Probed{}, false, "note queue: queue/bot/prod isn't there yet; the bot declares it when it starts"},
		"behind":           {pulse.Probed{Exists: true, Messages: 1000, Consumers: 1}, true, "missing queue: 1000 messages, 1 consumer: the bot falls behind"},
		"soon deleted":     {pulse.Probed{Exists: true, Messages: 4000}, false, "missing queue: 4000 messages, 0 consumers: the broker deletes the queue at 8000"},
		"of somebody else": {pulse.Probed{Exists: true, Messages: 1, Consumers: 1}, false, "missing queue: 1 message, 1 consumer, and no bot answers on the admin socket: somebody else reads from it"},
		"stopped":          {pulse.Probed{Exists: true, Messages: 999}, false, "fine queue: 999 messages, 0 consumers"},
	} {
		f := &findings{service: "pulse"}
		p := base
		p.Running = c.running
		p.queue(f, c.found)
		if got := lines(f.report); got != c.want+"\n" {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
		told(t, f.report)
	}
}

func TestARealBrokerIsExamined(t *testing.T) {
	url := testservers.AMQP(t)
	user, password := testservers.PulseUser(t)
	p := consumer(url, user, password)
	p.Exchanges = []string{"exchange/" + user + "/v1/not-there"}
	r := p.Examine(t.Context())
	if got := lines(r); r.Findings() != 1 || !strings.Contains(got, "missing bind: ") || !strings.Contains(got, "fine read: ") {
		t.Errorf("a pulse user: got\n%s", got)
	}
	told(t, r)
	testservers.Rabbit(t, "set_permissions", "-p", "/", user, "^$", "^$", "^$")
	r = p.Examine(t.Context())
	if i := index(r, "configure"); i < 0 || r[i].Level != Missing || !strings.Contains(r[i].Remedy, "configure and write ^(queue/"+user+"/.*|exchange/"+user+"/.*), read ^(queue/"+user+"/.*|exchange/.*)") {
		t.Errorf("a user without rights: got %+v", r)
	}
	told(t, r)
	if queues := testservers.Rabbit(t, "list_queues", "-q", "name"); strings.Contains(queues, "queue/"+user+"/") {
		t.Errorf("a queue was left behind:\n%s", queues)
	}
}
