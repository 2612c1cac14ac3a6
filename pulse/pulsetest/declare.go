package pulsetest

import (
	"fmt"
	"reflect"
	"regexp"
)

// allowed refuses what the user may not do.
func (ch *channel) allowed(right *regexp.Regexp, kind, name string) *fault {
	if right.MatchString(name) {
		return nil
	}
	return refusal(codeAccessRefused, "ACCESS_REFUSED - access to %s '%s' in vhost '%s' refused for user '%s'",
		kind, name, ch.conn.broker.opts.Vhost, ch.conn.user.name)
}

// noSuch is the fault of a name that isn't there.
func (ch *channel) noSuch(kind, name string) *fault {
	return refusal(codeNotFound, "NOT_FOUND - no %s '%s' in vhost '%s'", kind, name, ch.conn.broker.opts.Vhost)
}

// queueNamed finds a queue; an empty name is that of the last one declared.
func (ch *channel) queueNamed(name string) (*queue, *fault) {
	if name == "" {
		name = ch.lastQueue
	}
	q := ch.conn.broker.queues[name]
	if q == nil {
		return nil, ch.noSuch("queue", name)
	}
	if q.owner != nil && q.owner != ch.conn {
		return nil, refusal(codeLocked, "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '%s' in vhost '%s'", name, ch.conn.broker.opts.Vhost)
	}
	return q, nil
}

func (ch *channel) exchangeDeclare(d *decoder) *fault {
	d.uint16()
	name, kind := d.shortstr(), d.shortstr()
	passive, durable, _, _, noWait := d.bit(), d.bit(), d.bit(), d.bit(), d.bit()
	d.table(0)
	if d.err != nil {
		return syntax(d.err)
	}
	b := ch.conn.broker
	ex := b.exchanges[name]
	switch {
	case passive && ex == nil:
		return ch.noSuch("exchange", name)
	case passive: // needs no right
	case name == "":
		return refusal(codeAccessRefused, "ACCESS_REFUSED - operation not permitted on the default exchange")
	case kind != "topic" && kind != "direct" && kind != "fanout":
		return refusal(codeCommandInvalid, "COMMAND_INVALID - unknown exchange type '%s'", kind)
	default:
		if f := ch.allowed(ch.conn.user.configure, "exchange", name); f != nil {
			return f
		}
		if ex != nil && (ex.kind != kind || ex.durable != durable) {
			return refusal(codePrecondition, "PRECONDITION_FAILED - inequivalent arg for exchange '%s' in vhost '%s'", name, b.opts.Vhost)
		}
		if ex == nil && len(b.exchanges) >= maxNames {
			return refusal(codePrecondition, "PRECONDITION_FAILED - more than %d exchanges", maxNames)
		}
		if ex == nil {
			b.exchanges[name] = &exchange{name: name, kind: kind, durable: durable}
		}
	}
	if !noWait {
		ch.reply(exchangeDeclareOK, nil)
	}
	return nil
}

func (ch *channel) exchangeDelete(d *decoder) *fault {
	d.uint16()
	name := d.shortstr()
	unused, noWait := d.bit(), d.bit()
	if d.err != nil {
		return syntax(d.err)
	}
	b := ch.conn.broker
	if name == "" {
		return refusal(codeAccessRefused, "ACCESS_REFUSED - operation not permitted on the default exchange")
	}
	if f := ch.allowed(ch.conn.user.configure, "exchange", name); f != nil {
		return f
	}
	if ex := b.exchanges[name]; unused && ex != nil && len(ex.bindings) > 0 {
		return refusal(codePrecondition, "PRECONDITION_FAILED - exchange '%s' in vhost '%s' in use", name, b.opts.Vhost)
	}
	delete(b.exchanges, name)
	if !noWait {
		ch.reply(exchangeDeleteOK, nil)
	}
	return nil
}

func (ch *channel) queueDeclare(d *decoder) *fault {
	d.uint16()
	name := d.shortstr()
	passive, durable, exclusive, autoDelete, noWait := d.bit(), d.bit(), d.bit(), d.bit(), d.bit()
	args := d.table(0)
	if d.err != nil {
		return syntax(d.err)
	}
	b := ch.conn.broker
	var q *queue
	if passive || b.queues[name] != nil {
		var f *fault
		if q, f = ch.queueNamed(name); f != nil {
			return f
		}
	}
	if !passive {
		if name == "" {
			b.names++
			name = fmt.Sprintf("amq.gen-%d", b.names)
		}
		if f := ch.allowed(ch.conn.user.configure, "queue", name); f != nil {
			return f
		}
		asked := queue{name: name, durable: durable, autoDelete: autoDelete, args: args}
		if exclusive {
			asked.owner = ch.conn
		}
		if q != nil {
			if f := q.differs(&asked, b.opts.Vhost); f != nil {
				return f
			}
		}
		if q == nil {
			if len(b.queues) >= maxNames {
				return refusal(codePrecondition, "PRECONDITION_FAILED - more than %d queues", maxNames)
			}
			q = &asked
			b.queues[name] = q
		}
	}
	ch.lastQueue = q.name
	b.changed.Broadcast()
	if !noWait {
		ch.reply(queueDeclareOK, func(out *encoder) {
			out.shortstr(q.name)
			out.uint32(uint32(q.waiting()))
			out.uint32(uint32(len(q.consumers)))
		})
	}
	return nil
}

// differs refuses a declaration that asks for another queue than there is.
func (q *queue) differs(asked *queue, vhost string) *fault {
	arg := ""
	switch {
	case q.durable != asked.durable:
		arg = "durable"
	case q.autoDelete != asked.autoDelete:
		arg = "auto_delete"
	case q.owner != asked.owner:
		arg = "exclusive"
	case len(q.args)+len(asked.args) > 0 && !reflect.DeepEqual(q.args, asked.args):
		arg = "arguments"
	default:
		return nil
	}
	return refusal(codePrecondition, "PRECONDITION_FAILED - inequivalent arg '%s' for queue '%s' in vhost '%s'", arg, q.name, vhost)
}

func (ch *channel) queueBind(d *decoder) *fault {
	d.uint16()
	name, exchangeName, key := d.shortstr(), d.shortstr(), d.shortstr()
	noWait := d.bit()
	d.table(0)
	if d.err != nil {
		return syntax(d.err)
	}
	q, ex, f := ch.bindable(name, exchangeName)
	if f != nil {
		return f
	}
	if ex == nil {
		return ch.noSuch("exchange", exchangeName)
	}
	if len(ex.bindings) >= maxBindings {
		return refusal(codePrecondition, "PRECONDITION_FAILED - more than %d bindings", maxBindings)
	}
	ex.bind(q, key)
	ch.conn.broker.changed.Broadcast()
	if !noWait {
		ch.reply(queueBindOK, nil)
	}
	return nil
}

// queueUnbind takes a binding away. One that isn't there is no fault, nor is an exchange that isn't.
func (ch *channel) queueUnbind(d *decoder) *fault {
	d.uint16()
	name, exchangeName, key := d.shortstr(), d.shortstr(), d.shortstr()
	d.table(0)
	if d.err != nil {
		return syntax(d.err)
	}
	q, ex, f := ch.bindable(name, exchangeName)
	if f != nil {
		return f
	}
	if ex != nil {
		if i := ex.find(q, key); i >= 0 {
			ex.bindings = append(ex.bindings[:i], ex.bindings[i+1:]...)
		}
	}
	ch.conn.broker.changed.Broadcast()
	ch.reply(queueUnbindOK, nil)
	return nil
}

// bindable finds what is to be bound, and checks that the user may: write the queue, read the exchange. A
// missing exchange is nil.
func (ch *channel) bindable(name, exchangeName string) (*queue, *exchange, *fault) {
	if name == "" {
		name = ch.lastQueue
	}
	if f := ch.allowed(ch.conn.user.write, "queue", name); f != nil {
		return nil, nil, f
	}
	if exchangeName == "" {
		return nil, nil, refusal(codeAccessRefused, "ACCESS_REFUSED - operation not permitted on the default exchange")
	}
	if f := ch.allowed(ch.conn.user.read, "exchange", exchangeName); f != nil {
		return nil, nil, f
	}
	q, f := ch.queueNamed(name)
	return q, ch.conn.broker.exchanges[exchangeName], f
}

func (ch *channel) queuePurge(d *decoder) *fault {
	d.uint16()
	name := d.shortstr()
	noWait := d.bit()
	if d.err != nil {
		return syntax(d.err)
	}
	if f := ch.allowed(ch.conn.user.read, "queue", name); f != nil {
		return f
	}
	q, f := ch.queueNamed(name)
	if f != nil {
		return f
	}
	n := q.purge()
	ch.conn.broker.changed.Broadcast()
	if !noWait {
		ch.reply(queuePurgeOK, func(out *encoder) { out.uint32(uint32(n)) })
	}
	return nil
}

// queueDelete deletes a queue; one that isn't there counts as deleted.
func (ch *channel) queueDelete(d *decoder) *fault {
	d.uint16()
	name := d.shortstr()
	unused, empty, noWait := d.bit(), d.bit(), d.bit()
	if d.err != nil {
		return syntax(d.err)
	}
	if f := ch.allowed(ch.conn.user.configure, "queue", name); f != nil {
		return f
	}
	n := 0
	if ch.conn.broker.queues[name] != nil {
		q, f := ch.queueNamed(name)
		if f != nil {
			return f
		}
		if unused && len(q.consumers) > 0 || empty && q.waiting() > 0 {
			return refusal(codePrecondition, "PRECONDITION_FAILED - queue '%s' in vhost '%s' in use or not empty", name, ch.conn.broker.opts.Vhost)
		}
		n = ch.conn.broker.deleteQueue(q)
	}
	if !noWait {
		ch.reply(queueDeleteOK, func(out *encoder) { out.uint32(uint32(n)) })
	}
	return nil
}
