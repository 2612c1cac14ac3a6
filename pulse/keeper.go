package pulse

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/streadway/amqp"
)

// reassert is how many inspections pass between two times that all bindings are made anew: an exchange that was
// deleted and declared again has lost them, and nobody tells.
const reassert = 20

// keeper looks after the queue and its bindings during one session. It works on a channel of its own, which a
// refusal closes; it then opens another.
type keeper struct {
	c    *Consumer
	link *link
	ch   *amqp.Channel // nil: to be opened
	over int           // inspections in a row that saw more consumers than ours
}

// run keeps the bindings as they are wanted until ctx ends or the connection or the queue is lost.
func (k *keeper) run(ctx context.Context) error {
	if err := k.bindAll(ctx); err != nil {
		return err
	}
	ticker := time.NewTicker(k.c.cfg.Inspect)
	defer ticker.Stop()
	for round := 0; ; {
		var err error
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-k.c.changed:
			err = k.bindMissing(ctx)
		case <-ticker.C:
			if err = k.inspect(); err != nil {
				break
			}
			if round++; round%reassert == 0 {
				err = k.bindAll(ctx)
			} else {
				err = k.bindMissing(ctx)
			}
		}
		if err != nil {
			return err
		}
	}
}

// declareQueue makes sure that the queue exists, and remembers a gap where it didn't. A queue that exists is
// taken as it is: declaring it with other arguments than it has would be refused.
func (k *keeper) declareQueue() error {
	name, temporary := k.c.cfg.Queue, k.c.cfg.Temporary
	var q amqp.Queue
	var err error
	if !temporary {
		err = k.call(func(ch *amqp.Channel) (err error) {
			q, err = ch.QueueDeclarePassive(name, true, false, false, false, nil)
			return err
		})
	}
	if temporary || isCode(err, amqp.NotFound) {
		err = k.call(func(ch *amqp.Channel) (err error) {
			q, err = ch.QueueDeclare(name, !temporary, temporary, temporary, false, nil)
			return err
		})
		if err == nil {
			k.c.rememberGap()
		}
	}
	if err != nil {
		return fmt.Errorf("declare queue %q: %w", name, err)
	}
	k.c.inspected(q.Messages, q.Consumers)
	return nil
}

// inspect asks how the queue is.
func (k *keeper) inspect() error {
	var q amqp.Queue
	err := k.call(func(ch *amqp.Channel) (err error) {
		q, err = ch.QueueDeclarePassive(k.c.cfg.Queue, true, false, false, false, nil)
		return err
	})
	if isCode(err, amqp.NotFound) {
		return errQueueGone
	}
	if err != nil {
		return k.unlessRefused(fmt.Errorf("inspect queue %q: %w", k.c.cfg.Queue, err))
	}
	k.c.inspected(q.Messages, q.Consumers)
	k.countConsumers(q.Consumers)
	return nil
}

// countConsumers tells of consumers that aren't ours when two inspections in a row saw them: one alone may have
// seen a connection of our own that the broker hasn't given up yet.
func (k *keeper) countConsumers(n int) {
	if n <= k.c.cfg.Replicas() {
		k.over = 0
		if k.c.setForeign(false) {
			k.c.tell(Notice{Kind: ForeignGone, Consumers: n})
		}
		return
	}
	if k.over++; k.over >= 2 && k.c.setForeign(true) {
		k.c.tell(Notice{Kind: ForeignConsumers, Consumers: n})
	}
}

// call does one thing on the keeper's channel. After an error the channel is not to be used any more.
func (k *keeper) call(do func(*amqp.Channel) error) error {
	if k.ch == nil {
		ch, err := k.link.Channel()
		if err != nil {
			return fmt.Errorf("open a channel: %w", err)
		}
		k.ch = ch
	}
	err := do(k.ch)
	if err != nil {
		k.ch = nil
	}
	return err
}

// unlessRefused passes on an error that ends the session. One that cost only the channel is recorded; the next
// round tries again.
func (k *keeper) unlessRefused(err error) error {
	if k.link.IsClosed() {
		return err
	}
	k.c.failed(err)
	return nil
}

// isCode tells whether the broker answered with that code.
func isCode(err error, code int) bool {
	var e *amqp.Error
	return errors.As(err, &e) && e.Server && e.Code == code
}
