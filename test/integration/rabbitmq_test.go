package integration

import (
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/streadway/amqp"

	"verdict/internal/testservers"
)

// pulse is a virtual host on the real RabbitMQ, with Taskcluster's exchanges
// and a user with the rights that pulse gives.
type pulse struct {
	url, vhost     string
	user, password string
	channel        *amqp.Channel // the administrator's: publishes as Taskcluster would
}

// exchanges are those of the queue's that the stories' rules look at.
var exchanges = []string{"task-defined", "task-pending", "task-running", "task-completed", "task-failed", "task-exception", "task-group-resolved"}

func newPulse(t *testing.T) *pulse {
	t.Helper()
	p := &pulse{url: testservers.AMQP(t)}
	p.user, p.password = testservers.PulseUser(t)
	p.vhost = "pulse-" + strings.ToLower(rand.Text()[:8])
	own := fmt.Sprintf("^(queue/%s/.*|exchange/%s/.*)", p.user, p.user)
	testservers.Rabbit(t, "add_vhost", p.vhost)
	t.Cleanup(func() { testservers.Rabbit(t, "delete_vhost", p.vhost) })
	testservers.Rabbit(t, "set_permissions", "-p", p.vhost, "guest", ".*", ".*", ".*")
	testservers.Rabbit(t, "set_permissions", "-p", p.vhost, p.user, own, own, fmt.Sprintf("^(queue/%s/.*|exchange/.*)", p.user))

	conn, err := amqp.DialConfig(p.url, amqp.Config{
		Vhost: p.vhost, SASL: []amqp.Authentication{&amqp.PlainAuth{Username: "guest", Password: "guest"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if p.channel, err = conn.Channel(); err != nil {
		t.Fatal(err)
	}
	for _, name := range exchanges {
		if err := p.channel.ExchangeDeclare("exchange/taskcluster-queue/v1/"+name, "topic", true, false, false, false, nil); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// publish sends a message as Taskcluster's queue does.
func (p *pulse) publish(t *testing.T, m message) {
	t.Helper()
	cc := make([]any, len(m.CC))
	for i, route := range m.CC {
		cc[i] = route
	}
	err := p.channel.Publish(m.Exchange, m.RoutingKey, false, false, amqp.Publishing{
		ContentType: "application/json", ContentEncoding: "utf-8", DeliveryMode: amqp.Persistent,
		Headers: amqp.Table{"CC": cc}, Body: m.Payload,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// awaitDrained waits until the bot has taken and acked every message.
func (p *pulse) awaitDrained(t *testing.T) {
	t.Helper()
	eventually(t, "an empty queue", func() (any, bool) {
		out := testservers.Rabbit(t, "list_queues", "-q", "--no-table-headers", "-p", p.vhost, "messages")
		n, err := strconv.Atoi(strings.TrimSpace(out))
		return out, err == nil && n == 0
	})
}
