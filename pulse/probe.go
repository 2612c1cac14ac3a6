package pulse

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/streadway/amqp"
)

// probeLimit is how long a probe may take, the connect left out.
const probeLimit = 30 * time.Second

// Probed is what a look at the broker found.
type Probed struct {
	// Trials are what was tried, in its order. Without a connection there is one.
	Trials []Trial
	// Exists tells that the queue is there, with so many messages and consumers.
	Exists              bool
	Messages, Consumers int
}

// Trial is one thing that a consumer has to be able to do.
type Trial struct {
	// Name is what was tried, one of the constants beside it.
	Name string
	// Of is the exchange or queue.
	Of string
	// Err is nil where it worked. Refused tells that the user lacks the permission, Missing that there is nothing of
	// that name.
	Err              error
	Refused, Missing bool
}

// What Probe tries.
const (
	TrialConnect   = "connect"
	TrialConfigure = "configure" // to declare a queue of ours
	TrialBind      = "bind"      // to write to that queue, and to read an exchange
	TrialRead      = "read"      // to read that queue
	TrialInspect   = "inspect"   // to look at the consumer's own queue
)

// Probe tries all that a consumer with this configuration does, on a queue of its own that goes with the connection:
// the consumer's queue is only looked at, and nothing is bound that could bring a message. Exchanges are full names.
// The error is that of a configuration that can't be right; what the broker refuses is told in the answer. Handle isn't
// needed.
func Probe(ctx context.Context, cfg Config, exchanges []string) (Probed, error) {
	cfg.Handle = func(context.Context, []Message) error { return errors.New("pulse: a probe has no messages") }
	c, err := New(cfg)
	if err != nil {
		return Probed{}, err
	}
	var p Probed
	l, err := c.dial(ctx)
	p.add(TrialConnect, c.to.addr, err)
	if err != nil {
		return p, nil
	}
	defer l.close(closeLimit)
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	defer l.dropAfter(ctx)()

	k := &keeper{c: c, link: l}
	own := "queue/" + c.cfg.User + "/probe-" + strings.ToLower(rand.Text()[:10])
	err = k.call(func(ch *amqp.Channel) error {
		_, err := ch.QueueDeclare(own, false, true, true, false, nil)
		return err
	})
	p.add(TrialConfigure, own, err)
	if err == nil {
		p.onOwn(k, own, exchanges)
	}
	err = k.call(func(ch *amqp.Channel) error {
		q, err := ch.QueueDeclarePassive(c.cfg.Queue, true, false, false, false, nil)
		p.Exists, p.Messages, p.Consumers = err == nil, q.Messages, q.Consumers
		return err
	})
	if isCode(err, amqp.NotFound) {
		err = nil // it is declared at the first start
	}
	p.add(TrialInspect, c.cfg.Queue, err)
	return p, nil
}

// onOwn tries what needs a queue.
func (p *Probed) onOwn(k *keeper, own string, exchanges []string) {
	for _, exchange := range exchanges {
		p.add(TrialBind, exchange, k.call(func(ch *amqp.Channel) error {
			return ch.QueueBind(own, "verdict.probe.that.nobody.sends", exchange, false, nil)
		}))
	}
	p.add(TrialRead, own, k.call(func(ch *amqp.Channel) error {
		_, _, err := ch.Get(own, true)
		return err
	}))
}

func (p *Probed) add(name, of string, err error) {
	t := Trial{Name: name, Of: of, Refused: isCode(err, amqp.AccessRefused), Missing: isCode(err, amqp.NotFound)}
	if err != nil {
		t.Err = fmt.Errorf("%s %s: %w", name, of, err)
	}
	p.Trials = append(p.Trials, t)
}
