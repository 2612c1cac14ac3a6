package pulse

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/streadway/amqp"
)

// binding is what is known about a binding of our queue.
type binding struct {
	wanted bool
	tried  bool // it may be on the queue
	bound  bool
	since  time.Time // since when bound is as it is
	err    string
}

// SetBindings says what the queue is to hear from now on: new bindings are made, those no longer wanted are
// taken away, at once if connected, else with the next connection. An exchange that doesn't exist is tried again
// at each inspection while the others work. Until the first call no binding is touched.
func (c *Consumer) SetBindings(wanted []Binding) {
	c.mu.Lock()
	for _, state := range c.bindings {
		state.wanted = false
	}
	for _, b := range wanted {
		state := c.bindings[b]
		if state == nil {
			state = &binding{since: time.Now()}
			c.bindings[b] = state
		}
		state.wanted = true
	}
	c.bindingsSet = true
	c.mu.Unlock()
	select {
	case c.changed <- struct{}{}:
	default: // the keeper will look anyway
	}
}

// bindAll makes all wanted bindings, also those that are thought to be there.
func (k *keeper) bindAll(ctx context.Context) error {
	return k.reconcile(ctx, func(*binding) bool { return true })
}

// bindMissing makes the wanted bindings that aren't there.
func (k *keeper) bindMissing(ctx context.Context) error {
	return k.reconcile(ctx, func(state *binding) bool { return !state.bound })
}

// reconcile makes of the wanted bindings those that due names, tells of a gap, now that the bindings stand, and
// takes away what isn't wanted. It returns an error only if the session can't go on.
func (k *keeper) reconcile(ctx context.Context, due func(*binding) bool) error {
	bind, unbind := k.c.plan(due)
	for _, group := range bind {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		err := k.bind(group)
		if err != nil && k.link.IsClosed() {
			return err
		}
		k.c.bound(group, err)
	}
	k.c.tellGap()
	for _, b := range unbind {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		err := k.call(func(ch *amqp.Channel) error {
			return ch.QueueUnbind(k.c.cfg.Queue, b.RoutingKey, b.Exchange, nil)
		})
		if err == nil || isCode(err, amqp.NotFound) {
			k.c.unbound(b)
			continue
		}
		if err := k.unlessRefused(fmt.Errorf("unbind %q from %s: %w", b.RoutingKey, b.Exchange, err)); err != nil {
			return err
		}
	}
	return nil
}

// bind makes the bindings of one exchange. The first one's answer tells whether it can be bound at all; those in
// between aren't waited for, which makes thousands of them cheap, and the last one's answer speaks for them.
func (k *keeper) bind(group []Binding) error {
	return k.call(func(ch *amqp.Channel) error {
		for i, b := range group {
			unwaited := 0 < i && i < len(group)-1
			if err := ch.QueueBind(k.c.cfg.Queue, b.RoutingKey, b.Exchange, unwaited, nil); err != nil {
				return fmt.Errorf("bind %q to %s: %w", b.RoutingKey, b.Exchange, err)
			}
		}
		return nil
	})
}

// plan gives the bindings to make, in groups of one exchange, and those to take away, each in order.
func (c *Consumer) plan(due func(*binding) bool) (bind [][]Binding, unbind []Binding) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []Binding
	for b, state := range c.bindings {
		switch {
		case !state.wanted && !state.tried:
			delete(c.bindings, b)
		case !state.wanted && c.bindingsSet:
			unbind = append(unbind, b)
		case state.wanted && due(state):
			if len(b.Exchange) > maxName || len(b.RoutingKey) > maxName {
				state.err = fmt.Sprintf("a name or routing key of more than %d bytes is impossible", maxName)
				continue
			}
			state.tried = true
			all = append(all, b)
		}
	}
	slices.SortFunc(all, compareBindings)
	slices.SortFunc(unbind, compareBindings)
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].Exchange == all[0].Exchange {
			n++
		}
		bind, all = append(bind, all[:n]), all[n:]
	}
	return bind, unbind
}

// bound records how binding a group went, and tells when its exchange has become missing or is there again.
func (c *Consumer) bound(group []Binding, err error) {
	exchange, now, text := group[0].Exchange, time.Now(), ""
	if err != nil {
		text = err.Error()
		c.failed(err)
	}
	c.mu.Lock()
	for _, b := range group {
		state := c.bindings[b]
		if state.bound != (err == nil) {
			state.bound, state.since = err == nil, now
		}
		state.err = text
	}
	since, missing := c.missing[exchange]
	if err != nil && !missing {
		c.missing[exchange] = now
	}
	if err == nil {
		delete(c.missing, exchange)
	}
	c.mu.Unlock()

	if err != nil && !missing {
		c.tell(Notice{Kind: BindingMissing, Exchange: exchange, Err: err})
	}
	if err == nil && missing {
		c.tell(Notice{Kind: BindingBound, Exchange: exchange, Since: since})
	}
}

// unbound records that a binding is off the queue. It may be wanted again meanwhile.
func (c *Consumer) unbound(b Binding) {
	c.mu.Lock()
	defer c.mu.Unlock()
	state := c.bindings[b]
	if !state.wanted {
		delete(c.bindings, b)
		return
	}
	state.bound, state.tried, state.since = false, false, time.Now()
}

func compareBindings(a, b Binding) int {
	if n := strings.Compare(a.Exchange, b.Exchange); n != 0 {
		return n
	}
	return strings.Compare(a.RoutingKey, b.RoutingKey)
}
