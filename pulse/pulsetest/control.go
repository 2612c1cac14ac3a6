package pulsetest

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
)

// ErrFull says that the queues hold as many bytes as Options.MaxBytes allows.
var ErrFull = errors.New("the broker's queues are full")

// AddUser adds a user with the rights that pulse gives: to configure and write queue/<name>/… and
// exchange/<name>/…, to read those and every exchange/…
func (b *Broker) AddUser(name, password string) {
	quoted := regexp.QuoteMeta(name)
	own := "^(queue/" + quoted + "/.*|exchange/" + quoted + "/.*)"
	b.addUser(name, password, own, own, "^(queue/"+quoted+"/.*|exchange/.*)")
}

func (b *Broker) addUser(name, password, configure, write, read string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.users[name] = &user{
		name: name, password: password,
		configure: regexp.MustCompile(configure), write: regexp.MustCompile(write), read: regexp.MustCompile(read),
	}
}

// DeclareExchange makes a durable topic exchange, as Taskcluster's services do. One that exists stays as it is.
func (b *Broker) DeclareExchange(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.exchanges[name] == nil {
		b.exchanges[name] = &exchange{name: name, kind: "topic", durable: true}
	}
}

// DeleteExchange deletes an exchange and the bindings to it. Queues aren't told.
func (b *Broker) DeleteExchange(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.exchanges, name)
	b.changed.Broadcast()
}

// Publish sends a message as Taskcluster's services do: JSON, persistent, with cc in the header CC, whose keys
// count as further routing keys. An exchange that doesn't exist is made. It tells how many queues took the
// message; each takes one, however many of its bindings match. The error is ErrFull.
func (b *Broker) Publish(exchange, routingKey string, cc []string, body []byte) (queues int, err error) {
	b.DeclareExchange(exchange)
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.route(&message{exchange: exchange, key: routingKey, props: pulseProperties(cc), body: body}, cc)
}

// Queue is what a queue looks like at one moment.
type Queue struct {
	Name      string
	Ready     int // messages that wait
	Unacked   int // messages that were delivered and not acknowledged
	Consumers int
	Bindings  []Binding // in the order in which they were made, exchange by exchange
}

// Binding is what makes an exchange pass messages on to a queue.
type Binding struct{ Exchange, RoutingKey string }

// Queue tells about a queue; ok is false if it doesn't exist.
func (b *Broker) Queue(name string) (q Queue, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.queues[name] == nil {
		return Queue{Name: name}, false
	}
	return b.look(b.queues[name]), true
}

// AwaitQueue waits until a queue looks as holds wants it. A queue that doesn't exist is shown as its name alone.
// holds must not call the broker.
func (b *Broker) AwaitQueue(ctx context.Context, name string, holds func(Queue) bool) error {
	err := b.await(ctx, func() bool {
		if q := b.queues[name]; q != nil {
			return holds(b.look(q))
		}
		return holds(Queue{Name: name})
	})
	if err != nil {
		q, ok := b.Queue(name)
		return fmt.Errorf("wait for queue %q, which exists: %t, and looks like %+v: %w", name, ok, q, err)
	}
	return nil
}

// AwaitDrained waits until a queue exists and everything in it has been acknowledged.
func (b *Broker) AwaitDrained(ctx context.Context, name string) error {
	return b.await(ctx, func() bool { return b.queues[name] != nil && b.queues[name].depth() == 0 })
}

func (b *Broker) look(q *queue) Queue {
	look := Queue{Name: q.name, Ready: q.waiting(), Unacked: q.unacked, Consumers: len(q.consumers)}
	for _, name := range b.exchangeNames() {
		for _, binding := range b.exchanges[name].bindings {
			if binding.queue == q {
				look.Bindings = append(look.Bindings, Binding{name, binding.key})
			}
		}
	}
	return look
}

func (b *Broker) exchangeNames() []string {
	names := make([]string, 0, len(b.exchanges))
	for name := range b.exchanges {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// DeleteQueue deletes a queue with what is in it; its consumers are told. It tells whether there was one.
func (b *Broker) DeleteQueue(name string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	q := b.queues[name]
	if q == nil {
		return false
	}
	b.deleteQueue(q)
	return true
}

// DropConnections drops every connection without a word, as a network does. Clients may connect again.
func (b *Broker) DropConnections() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dropAll()
}

// Connections tells how many there are.
func (b *Broker) Connections() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.conns)
}

// AwaitConnections waits until there are n of them.
func (b *Broker) AwaitConnections(ctx context.Context, n int) error {
	return b.await(ctx, func() bool { return len(b.conns) == n })
}

// Down makes the broker drop its connections and refuse new ones; Up ends it. Queues and messages are kept, so
// it is what a restart looks like.
func (b *Broker) Down() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.down = true
	b.dropAll()
}

// Up ends Down.
func (b *Broker) Up() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.down = false
}

// Freeze makes the broker fall silent without closing anything, as a cut cable does: it neither reads nor
// writes, and sends no heartbeats. Thaw ends it.
func (b *Broker) Freeze() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.frozen = true
}

// Thaw ends Freeze.
func (b *Broker) Thaw() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.frozen = false
	b.changed.Broadcast()
}
