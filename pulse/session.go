package pulse

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/streadway/amqp"
)

// errQueueGone ends a session whose queue was deleted. The library tells it by a cancelled consumer; deliveries
// end without an error then.
var errQueueGone = errors.New("the queue was deleted")

// errStopped ends the session when Run's context has ended.
var errStopped = errors.New("the consumer was stopped")

// session is one connection's life, until ctx ends or anything that it needs is lost: then all of it is given
// up. It tells how long it was consuming; 0 if it never did.
//
// Two goroutines share the connection, each with a channel of its own: this one consumes and owns all
// acknowledgements; the keeper does what may cost it its channel.
func (c *Consumer) session(ctx, handling context.Context) (lasted time.Duration, err error) {
	l, err := c.dial(ctx)
	if err != nil {
		return 0, err
	}
	alive, end := context.WithCancelCause(context.WithoutCancel(ctx))
	var work sync.WaitGroup
	defer work.Wait()
	defer l.close(closeLimit)
	defer end(nil)
	defer context.AfterFunc(ctx, func() { end(errStopped) })()

	unhurried := l.dropAfter(alive)
	k := &keeper{c: c, link: l}
	if err := k.declareQueue(); err != nil {
		return 0, err
	}
	ch, deliveries, err := c.consume(l, func(ch *amqp.Channel) { work.Go(watch(alive, l, ch, end)) })
	if err != nil {
		return 0, err
	}
	unhurried()

	begin := time.Now()
	c.connected(true)
	c.tell(Notice{Kind: Connected})
	work.Go(func() { end(k.run(alive)) })
	err = c.receive(alive, handling, ch, deliveries)
	if cause := context.Cause(alive); cause != nil {
		err = cause // says more than the ack that failed
	}
	c.connected(false)
	return time.Since(begin) + 1, err
}

// consume starts the deliveries.
func (c *Consumer) consume(l *link, watch func(*amqp.Channel)) (*amqp.Channel, <-chan amqp.Delivery, error) {
	ch, err := l.Channel()
	if err != nil {
		return nil, nil, fmt.Errorf("open a channel: %w", err)
	}
	watch(ch)
	// Without a prefetch the library would take the whole backlog into memory.
	if err := ch.Qos(c.cfg.Prefetch, 0, false); err != nil {
		return nil, nil, fmt.Errorf("set the prefetch to %d: %w", c.cfg.Prefetch, err)
	}
	deliveries, err := ch.Consume(c.cfg.Queue, "verdict-"+rand.Text()[:10], false, false, false, false, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("consume queue %q: %w", c.cfg.Queue, err)
	}
	return ch, deliveries, nil
}

// watch ends the session when the broker takes the connection, the channel or the queue away.
//
// A Notify channel that nobody reads blocks the library under its locks. Each of these has room for the only
// value that it can be given (one consumer on the channel, one close of each) and is made before the consumer.
func watch(alive context.Context, l *link, ch *amqp.Channel, end context.CancelCauseFunc) (wait func()) {
	lost := l.NotifyClose(make(chan *amqp.Error, 1))
	closed := ch.NotifyClose(make(chan *amqp.Error, 1))
	cancelled := ch.NotifyCancel(make(chan string, 1))
	return func() {
		select {
		case <-alive.Done():
		case err := <-lost:
			end(reason("connection", err))
		case err := <-closed:
			end(reason("channel", err))
		case _, told := <-cancelled:
			if !told { // closed along with the channel, which says why
				end(reason("channel", <-closed))
				return
			}
			end(errQueueGone)
		}
	}
}

// reason makes an error of what a Notify channel told, which is nothing after a close of our own.
func reason(what string, err *amqp.Error) error {
	if err == nil {
		return fmt.Errorf("the %s was closed", what)
	}
	return fmt.Errorf("the %s was lost: %w", what, err)
}

// receive is the hot path: it makes batches of deliveries and has them handled, until the session ends. If that
// is the end of Run, the batch in hand is finished first; else its messages will come again, and their tags mean
// nothing any more.
func (c *Consumer) receive(alive, handling context.Context, ch *amqp.Channel, deliveries <-chan amqp.Delivery) error {
	b := batch{messages: make([]Message, 0, c.cfg.BatchSize)}
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	defer timer.Stop()
	for {
		select {
		case d, ok := <-deliveries:
			if !ok {
				<-alive.Done() // the watcher knows why
				return context.Cause(alive)
			}
			b.add(&d)
			if len(b.messages) == 1 {
				timer.Reset(c.cfg.BatchWait)
			}
			if len(b.messages) < c.cfg.BatchSize && b.bytes < maxBatchBytes {
				continue
			}
			timer.Stop()
		case <-timer.C:
		case <-alive.Done():
			if context.Cause(alive) == errStopped && len(b.messages) > 0 {
				c.deliver(alive, handling, ch, &b)
			}
			return context.Cause(alive)
		}
		if err := c.deliver(alive, handling, ch, &b); err != nil {
			return err
		}
	}
}
