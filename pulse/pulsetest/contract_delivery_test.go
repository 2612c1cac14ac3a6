package pulsetest_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"verdict/pulse/pulsetest"
)

// fill makes the queue, bound to everything, and publishes n messages "0", "1", …
func fill(t *testing.T, b *bench, c *pulsetest.Client, n int) {
	t.Helper()
	must(t, c.DeclareQueue(b.queue, nil))
	must(t, c.Bind(b.queue, pulsetest.Binding{Exchange: b.exchange, RoutingKey: "#"}))
	for i := range n {
		must(t, b.admin.Publish(b.exchange, "k", nil, fmt.Append(nil, i)))
	}
}

// receive takes n messages and gives their bodies, with ! where redelivered, and the last tag.
func receive(t *testing.T, c *pulsetest.Client, n int) (bodies string, last uint64) {
	t.Helper()
	var list []string
	for range n {
		d, err := c.Receive()
		must(t, err)
		body := string(d.Body)
		if d.Redelivered {
			body += "!"
		}
		list, last = append(list, body), d.Tag
	}
	return strings.Join(list, " "), last
}

func keepsPrefetch(t *testing.T, b *bench) {
	c := b.connect(t)
	fill(t, b, c, 7)
	must(t, c.Prefetch(3))
	_, err := c.Consume(b.queue)
	must(t, err)
	got, last := receive(t, c, 3)
	if q, err := b.admin.InspectQueue(b.queue); err != nil || q.Ready != 4 {
		t.Errorf("after 3 of 7: got %+v (%v), want 4 ready", q, err)
	}
	must(t, c.Ack(last, true))
	more, last := receive(t, c, 3)
	must(t, c.Ack(last, true))
	rest, last := receive(t, c, 1)
	must(t, c.Ack(last, false))
	if all := got + " " + more + " " + rest; all != "0 1 2 3 4 5 6" {
		t.Errorf("got %s", all)
	}
	must(t, c.Close())
	if q, err := b.admin.InspectQueue(b.queue); err != nil || q.Ready != 0 {
		t.Errorf("at the end: got %+v (%v), want none ready", q, err)
	}
}

func refusesUnknownTag(t *testing.T, b *bench) {
	c := b.connect(t)
	fill(t, b, c, 3)
	_, err := c.Consume(b.queue)
	must(t, err)
	_, last := receive(t, c, 3)
	must(t, c.Ack(last-2, false))
	must(t, c.Ack(last-2, false)) // for the second time
	_, err = c.Receive()
	wantCode(t, "a tag twice", err, 406)
	_, err = c.Consume(b.queue)
	must(t, err)
	if got, _ := receive(t, c, 2); got != "1! 2!" {
		t.Errorf("got %s, want 1! 2!", got)
	}
	must(t, c.Ack(99, true))
	_, err = c.Receive()
	wantCode(t, "a tag never given", err, 406)
}

func deliversAgain(t *testing.T, b *bench) {
	c := b.connect(t)
	fill(t, b, c, 5)
	must(t, c.Prefetch(3))
	_, err := c.Consume(b.queue)
	must(t, err)
	receive(t, c, 3)
	must(t, c.Ack(1, false))
	if _, err := c.InspectQueue(b.queue); err != nil { // the ack has arrived
		t.Fatal(err)
	}
	c.Drop()
	c = b.connect(t)
	_, err = c.Consume(b.queue)
	must(t, err)
	// RabbitMQ sends 3 as soon as the ack makes room.
	if got, _ := receive(t, c, 4); got != "1! 2! 3! 4" {
		t.Errorf("got %s, want 1! 2! 3! 4", got)
	}
}

func putsBack(t *testing.T, b *bench) {
	c := b.connect(t)
	fill(t, b, c, 3)
	must(t, c.Prefetch(2))
	_, err := c.Consume(b.queue)
	must(t, err)
	_, last := receive(t, c, 2)
	must(t, c.Nack(last, true, true))
	got, last := receive(t, c, 2)
	if got != "0! 1!" {
		t.Errorf("put back: got %s, want 0! 1!", got)
	}
	must(t, c.Nack(last, true, false))
	if got, _ := receive(t, c, 1); got != "2" {
		t.Errorf("after dropping them: got %s, want 2", got)
	}
}

func tellsOfDeletedQueue(t *testing.T, b *bench) {
	c := b.connect(t)
	fill(t, b, c, 1)
	_, err := c.Consume(b.queue)
	must(t, err)
	_, last := receive(t, c, 1)
	must(t, b.admin.DeleteQueue(b.queue))
	if _, err := c.Receive(); !errors.Is(err, pulsetest.ErrCancelled) {
		t.Fatalf("got %v, want ErrCancelled", err)
	}
	must(t, c.Ack(last, true)) // harmless
	_, err = c.InspectQueue(b.queue)
	wantCode(t, "inspect", err, 404)
}

func carriesLargeMessage(t *testing.T, b *bench) {
	c := b.connect(t)
	fill(t, b, c, 0)
	body := bytes.Repeat([]byte("0123456789abcdef"), 5<<20/16)
	must(t, b.admin.Publish(b.exchange, "k", nil, body))
	must(t, b.admin.Publish(b.exchange, "k", nil, nil))
	for _, want := range [][]byte{body, nil} {
		got, ok, err := c.Get(b.queue)
		must(t, err)
		if !ok || !bytes.Equal(got.Body, want) {
			t.Errorf("got %d bytes (%t), want %d", len(got.Body), ok, len(want))
		}
	}
}

func endsConsumer(t *testing.T, b *bench) {
	c := b.connect(t)
	fill(t, b, c, 1)
	must(t, c.Prefetch(1))
	tag, err := c.Consume(b.queue)
	must(t, err)
	_, last := receive(t, c, 1)
	must(t, c.Cancel(tag))
	must(t, c.Ack(last, false)) // still ours
	must(t, b.admin.Publish(b.exchange, "k", nil, []byte("more")))
	if q, err := c.InspectQueue(b.queue); err != nil || q.Ready != 1 || q.Consumers != 0 {
		t.Errorf("got %+v (%v), want 1 ready and no consumers", q, err)
	}
}
