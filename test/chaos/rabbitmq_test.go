package chaos

import (
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"verdict/internal/testservers"
	"verdict/internal/testservers/launch"
	"verdict/pulse/pulsetest"
)

// rabbit is a RabbitMQ of this test's own, since others don't expect theirs to stop.
type rabbit struct {
	t      *testing.T
	url    string
	client *pulsetest.Client // Taskcluster's
}

func newRabbit(t *testing.T) *rabbit {
	t.Helper()
	testservers.AMQP(t) // where there is none, none can be started
	servers, err := launch.Start(t.Context(), []string{"rabbitmq"}, io.Discard)
	t.Cleanup(func() {
		if err := servers.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, variable := range servers.Env() {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	r := &rabbit{t: t, url: testservers.AMQP(t)}
	r.connect()
	for _, name := range exchanges {
		if err := r.client.DeclareExchange("exchange/taskcluster-queue/v1/" + name); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func (r *rabbit) connect() {
	r.t.Helper()
	var err error
	if r.client, err = pulsetest.Connect(r.url, "guest", "guest"); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(r.client.Drop)
}

// publish sends a message and waits until RabbitMQ has it on its disk.
func (r *rabbit) publish(exchange, key string, cc []string, body []byte) {
	if err := r.client.Publish(exchange, key, cc, body); err != nil {
		r.t.Errorf("publish on %s: %v", exchange, err)
	}
}

// restart stops RabbitMQ, lets something happen meanwhile, and starts it.
func (r *rabbit) restart(meanwhile func()) {
	r.t.Helper()
	r.client.Drop()
	testservers.Rabbit(r.t, "stop_app")
	meanwhile()
	testservers.Rabbit(r.t, "start_app")
	r.connect()
}

// TestRabbitMQStopsInTheMiddle: it stops while the bot has messages in hand, stored and not acknowledged or not even
// stored, and others wait; when it is there again it delivers all of them again.
func TestRabbitMQStopsInTheMiddle(t *testing.T) {
	r := newRabbit(t)
	for _, at := range []string{"ingest.pulse.Accept#1:before", "ingest.pulse.Accept#1:after"} {
		t.Run(at, func(t *testing.T) {
			user, password := testservers.PulseUser(t)
			w := newWorldOn(t, r.url, user, password, r.publish)
			changes := []int{w.push(), w.push(), w.push(), w.push()}
			s := w.armed(at, "STOP")
			b := startBot(t, w.files, s, true)
			w.until("connections", func() bool { return b.connected(t) })
			for _, change := range changes {
				w.until("task and notice", func() bool { return w.started(change) })
			}
			w.run(changes[0], "failed")
			w.until("the bot frozen with a message in hand", s.happened)
			w.run(changes[1], "failed") // these wait in the queue
			w.run(changes[2], "failed")
			r.restart(func() { b.signal(t, syscall.SIGCONT) })
			w.run(changes[3], "failed") // and this comes after
			for _, change := range changes {
				w.until("Verified -1", func() bool { return w.failed(change) })
				w.run(change, "completed")
			}
			for _, change := range changes {
				w.until("no vote", func() bool { return w.passed(change) })
			}
			r.awaitDrained("queue/" + user + "/chaos")
			w.until("rest", func() bool { return b.resting(t) })
			for _, change := range changes {
				w.expect(change, onSuccess)
			}
		})
	}
}

// awaitDrained waits until the bot has acknowledged everything.
func (r *rabbit) awaitDrained(queue string) {
	r.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; {
		queues := testservers.Rabbit(r.t, "list_queues", "-q", "--no-table-headers", "name", "messages")
		if strings.Contains(queues, queue+"\t0\n") {
			return
		}
		if time.Now().After(end) {
			r.t.Fatalf("messages are left:\n%s", queues)
		}
	}
}
