package pulsetest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"verdict/pulse/pulsetest"
)

// start starts a broker with a user bot and connects as that one.
func start(t *testing.T, opts pulsetest.Options) (*pulsetest.Broker, *pulsetest.Client) {
	t.Helper()
	opts.Users = map[string]string{"bot": "secret"}
	b, err := pulsetest.Start(opts)
	must(t, err)
	t.Cleanup(b.Close)
	c, err := pulsetest.Connect(b.URL(), "bot", "secret")
	must(t, err)
	t.Cleanup(c.Drop)
	return b, c
}

func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

const (
	testExchange = "exchange/taskcluster-queue/v1/task-failed"
	testQueue    = "queue/bot/q"
)

func TestPublishTellsHowManyQueuesTookIt(t *testing.T) {
	b, c := start(t, pulsetest.Options{})
	if n, err := b.Publish(testExchange, "a", nil, []byte("lost")); n != 0 || err != nil {
		t.Errorf("unbound: got %d, %v", n, err)
	}
	for _, name := range []string{testQueue, testQueue + "2"} {
		must(t, c.DeclareQueue(name, nil))
		must(t, c.Bind(name, pulsetest.Binding{Exchange: testExchange, RoutingKey: "a"}))
		must(t, c.Bind(name, pulsetest.Binding{Exchange: testExchange, RoutingKey: "route.#"}))
	}
	if n, err := b.Publish(testExchange, "a", []string{"route.x"}, []byte("kept")); n != 2 || err != nil {
		t.Errorf("two queues: got %d, %v", n, err)
	}
	q, ok := b.Queue(testQueue)
	if !ok || q.Ready != 1 || fmt.Sprint(q.Bindings) != fmt.Sprintf("[{%[1]s a} {%[1]s route.#}]", testExchange) {
		t.Errorf("got %+v, %t", q, ok)
	}
}

func TestAwaitDrainedWaitsForAcks(t *testing.T) {
	b, c := start(t, pulsetest.Options{})
	must(t, c.DeclareQueue(testQueue, nil))
	b.DeclareExchange(testExchange)
	must(t, c.Bind(testQueue, pulsetest.Binding{Exchange: testExchange, RoutingKey: "#"}))
	_, err := b.Publish(testExchange, "a", nil, nil)
	must(t, err)
	drained := make(chan error, 1)
	go func() { drained <- b.AwaitDrained(patient(t), testQueue) }()
	msg, ok, err := c.Get(testQueue)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	select {
	case err := <-drained:
		t.Fatalf("drained too early: %v", err)
	default:
	}
	must(t, c.Ack(msg.Tag, false))
	must(t, <-drained)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.AwaitDrained(ctx, "nope"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestGuardianDeletesFullQueue(t *testing.T) {
	b, c := start(t, pulsetest.Options{QueueLimit: 3})
	b.DeclareExchange(testExchange)
	must(t, c.DeclareQueue(testQueue, nil))
	must(t, c.Bind(testQueue, pulsetest.Binding{Exchange: testExchange, RoutingKey: "#"}))
	must(t, c.Prefetch(1))
	_, err := c.Consume(testQueue)
	must(t, err)
	for range 3 {
		_, err := b.Publish(testExchange, "a", nil, nil)
		must(t, err)
	}
	if _, ok := b.Queue(testQueue); ok {
		t.Error("the queue is still there")
	}
	if _, err := c.Receive(); err != nil { // what was delivered before
		t.Error(err)
	}
	if _, err := c.Receive(); !errors.Is(err, pulsetest.ErrCancelled) {
		t.Errorf("got %v", err)
	}
}

func TestPublishRefusesWhatDoesNotFit(t *testing.T) {
	b, c := start(t, pulsetest.Options{MaxBytes: 10_000})
	b.DeclareExchange(testExchange)
	must(t, c.DeclareQueue(testQueue, nil))
	must(t, c.Bind(testQueue, pulsetest.Binding{Exchange: testExchange, RoutingKey: "#"}))
	body := make([]byte, 6000)
	_, err := b.Publish(testExchange, "a", nil, body)
	must(t, err)
	if _, err := b.Publish(testExchange, "a", nil, body); !errors.Is(err, pulsetest.ErrFull) {
		t.Errorf("got %v", err)
	}
	msg, _, err := c.Get(testQueue)
	must(t, err)
	must(t, c.Ack(msg.Tag, false))
	must(t, b.AwaitDrained(patient(t), testQueue))
	_, err = b.Publish(testExchange, "a", nil, body)
	must(t, err)
}

func TestDownAndUpKeepMessages(t *testing.T) {
	b, c := start(t, pulsetest.Options{})
	b.DeclareExchange(testExchange)
	must(t, c.DeclareQueue(testQueue, nil))
	must(t, c.Bind(testQueue, pulsetest.Binding{Exchange: testExchange, RoutingKey: "#"}))
	_, err := b.Publish(testExchange, "a", nil, []byte("x"))
	must(t, err)
	b.Down()
	must(t, b.AwaitConnections(patient(t), 0))
	if _, err := c.InspectQueue(testQueue); err == nil {
		t.Error("the connection is still good")
	}
	if _, err := pulsetest.Connect(b.URL(), "bot", "secret"); err == nil {
		t.Error("connected to a broker that is down")
	}
	b.Up()
	c, err = pulsetest.Connect(b.URL(), "bot", "secret")
	must(t, err)
	defer c.Drop()
	if msg, ok, err := c.Get(testQueue); !ok || err != nil || string(msg.Body) != "x" {
		t.Errorf("got %+v, %t, %v", msg, ok, err)
	}
}

func TestFrozenBrokerAnswersAfterThaw(t *testing.T) {
	b, c := start(t, pulsetest.Options{})
	b.Freeze()
	answered := make(chan error, 1)
	go func() { answered <- c.DeclareQueue(testQueue, nil) }()
	q := func() bool { _, ok := b.Queue(testQueue); return ok }
	if q() {
		t.Error("a frozen broker works")
	}
	b.Thaw()
	must(t, <-answered)
	if !q() {
		t.Error("a thawed broker doesn't")
	}
	b.Freeze() // and Close still works
}

func TestDeliveryWaitsForSlowReader(t *testing.T) {
	b, c := start(t, pulsetest.Options{})
	b.DeclareExchange(testExchange)
	must(t, c.DeclareQueue(testQueue, nil))
	must(t, c.Bind(testQueue, pulsetest.Binding{Exchange: testExchange, RoutingKey: "#"}))
	_, err := c.Consume(testQueue) // without a prefetch
	must(t, err)
	const n = 400
	for i := range n {
		_, err := b.Publish(testExchange, "a", nil, fmt.Appendf(nil, "%d%s", i, make([]byte, 100_000)))
		must(t, err)
	}
	// Nobody has read: most of it waits in the queue, not on its way.
	if q, _ := b.Queue(testQueue); q.Ready < n/4 {
		t.Errorf("only %d of %d wait in the queue", q.Ready, n)
	}
	for i := range n {
		msg, err := c.Receive()
		must(t, err)
		if want := fmt.Sprint(i); string(msg.Body[:len(want)]) != want {
			t.Fatalf("message %d is %q", i, msg.Body[:8])
		}
	}
}

func TestHundredsOfConnections(t *testing.T) {
	b, _ := start(t, pulsetest.Options{})
	for range 300 { // more than it takes at once
		c, err := pulsetest.Connect(b.URL(), "guest", "guest")
		if err != nil {
			break
		}
		defer c.Drop()
	}
	b.DropConnections()
	must(t, b.AwaitConnections(patient(t), 0))
	c, err := pulsetest.Connect(b.URL(), "guest", "guest")
	must(t, err)
	c.Drop()
}
