package pulse

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/streadway/amqp"
)

// maxBatchBytes closes a batch early: 250 messages of some megabytes are too much for one transaction.
const maxBatchBytes = 4 << 20

// batch is what is handed to Handle and then acknowledged as a whole. Its slices are used again.
type batch struct {
	messages    []Message
	routes      []string // what the messages' Routes are cut from
	bytes       int
	redelivered uint64 // messages that the broker had sent before
	lastTag     uint64
}

// add appends a delivery.
func (b *batch) add(d *amqp.Delivery) {
	b.messages = append(b.messages, Message{
		Exchange:    d.Exchange,
		RoutingKey:  d.RoutingKey,
		Routes:      b.routesOf(d.Headers),
		Redelivered: d.Redelivered,
		ContentType: d.ContentType,
		Body:        d.Body,
		Received:    time.Now(),
	})
	b.bytes += len(d.Body)
	b.lastTag = d.DeliveryTag
	if d.Redelivered {
		b.redelivered++
	}
}

// routesOf gives the task's routes that the header CC names.
func (b *batch) routesOf(headers amqp.Table) []string {
	entries, _ := headers["CC"].([]any)
	start := len(b.routes)
	for _, entry := range entries {
		text, _ := entry.(string)
		if route, ok := strings.CutPrefix(text, "route."); ok {
			b.routes = append(b.routes, route)
		}
	}
	if len(b.routes) == start {
		return nil
	}
	return b.routes[start:len(b.routes):len(b.routes)]
}

// reset empties the batch and lets go of the bodies.
func (b *batch) reset() {
	clear(b.messages)
	clear(b.routes)
	*b = batch{messages: b.messages[:0], routes: b.routes[:0]}
}

// deliver has a batch handled, again and again if need be, and acknowledges it. It gives up when the session
// ends: the broker will send the messages again, and Handle knows them by what they say.
func (c *Consumer) deliver(alive, handling context.Context, ch *amqp.Channel, b *batch) error {
	defer b.reset()
	for attempt := 1; ; attempt++ {
		err := c.cfg.Handle(handling, b.messages)
		c.handled(err)
		if err == nil {
			break
		}
		if !pause(alive, backoff(attempt, 100*time.Millisecond, 10*time.Second)) {
			return context.Cause(alive)
		}
	}
	// An ack that the broker never sees is a repeat later. One of a tag that it doesn't know would close the
	// channel, so tags stay within the channel they came from.
	if err := ch.Ack(b.lastTag, true); err != nil {
		return fmt.Errorf("acknowledge %d messages: %w", len(b.messages), err)
	}
	c.acknowledged(b)
	return nil
}

// handled records how Handle fared, and tells when it begins or ends to fail.
func (c *Consumer) handled(err error) {
	c.mu.Lock()
	stalled := c.status.Stalled
	c.status.Stalled = err != nil
	if err != nil {
		c.status.LastError, c.status.LastErrorAt = fmt.Sprintf("handle a batch: %v", err), time.Now()
	}
	c.mu.Unlock()
	if err != nil && !stalled {
		c.tell(Notice{Kind: HandleFailed, Err: err})
	}
	if err == nil && stalled {
		c.tell(Notice{Kind: HandleRecovered})
	}
}
