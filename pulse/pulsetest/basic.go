package pulsetest

import (
	"fmt"
	"slices"
)

func (ch *channel) basicQos(d *decoder) *fault {
	size, count, global := d.uint32(), d.uint16(), d.bit()
	if d.err != nil {
		return syntax(d.err)
	}
	if size != 0 {
		return refusal(codeNotImplemented, "NOT_IMPLEMENTED - prefetch_size!=0 (%d)", size)
	}
	if global {
		ch.prefetch = int(count)
	} else {
		ch.each = int(count)
	}
	ch.reply(basicQosOK, nil)
	ch.settle(nil, false)
	return nil
}

func (ch *channel) basicConsume(d *decoder) *fault {
	d.uint16()
	name, tag := d.shortstr(), d.shortstr()
	_, noAck, exclusive, noWait := d.bit(), d.bit(), d.bit(), d.bit()
	d.table(0)
	if d.err != nil {
		return syntax(d.err)
	}
	if name == "" {
		name = ch.lastQueue
	}
	b := ch.conn.broker
	if f := ch.allowed(ch.conn.user.read, "queue", name); f != nil {
		return f
	}
	q, f := ch.queueNamed(name)
	if f != nil {
		return f
	}
	if tag == "" {
		b.names++
		tag = fmt.Sprintf("amq.ctag-%d", b.names)
	}
	if ch.consumers[tag] != nil {
		return refusal(codeNotAllowed, "NOT_ALLOWED - attempt to reuse consumer tag '%s'", tag)
	}
	if len(q.consumers) > 0 && (exclusive || q.consumers[0].exclusive) {
		return refusal(codeAccessRefused, "ACCESS_REFUSED - queue '%s' in vhost '%s' in exclusive use", name, b.opts.Vhost)
	}
	c := &consumer{ch: ch, queue: q, tag: tag, noAck: noAck, exclusive: exclusive, prefetch: ch.each}
	ch.consumers[tag] = c
	q.consumers = append(q.consumers, c)
	if !noWait {
		ch.reply(basicConsumeOK, func(out *encoder) { out.shortstr(tag) })
	}
	b.changed.Broadcast()
	q.deliver()
	return nil
}

// cancelled tells a client that a consumer has lost its queue, if it wants to know.
func (c *consumer) cancelled() {
	delete(c.ch.consumers, c.tag)
	if c.ch.conn.cancels && !c.ch.closing {
		c.ch.reply(basicCancel, func(out *encoder) {
			out.shortstr(c.tag)
			out.bits(true)
		})
	}
}

func (ch *channel) basicCancel(d *decoder) *fault {
	tag, noWait := d.shortstr(), d.bit()
	if d.err != nil {
		return syntax(d.err)
	}
	if c := ch.consumers[tag]; c != nil {
		delete(ch.consumers, tag)
		ch.conn.broker.leave(c)
	}
	if !noWait {
		ch.reply(basicCancelOK, func(out *encoder) { out.shortstr(tag) })
	}
	return nil
}

func (ch *channel) basicGet(d *decoder) *fault {
	d.uint16()
	name, noAck := d.shortstr(), d.bit()
	if d.err != nil {
		return syntax(d.err)
	}
	if name == "" {
		name = ch.lastQueue
	}
	if f := ch.allowed(ch.conn.user.read, "queue", name); f != nil {
		return f
	}
	q, f := ch.queueNamed(name)
	if f != nil {
		return f
	}
	if q.waiting() == 0 {
		ch.reply(basicGetEmpty, func(out *encoder) { out.shortstr("") })
		return nil
	}
	e := q.pop()
	tag := ch.track(q, nil, e, noAck)
	ch.reply(basicGetOK, func(out *encoder) {
		out.uint64(tag)
		out.bits(e.redelivered)
		out.shortstr(e.exchange)
		out.shortstr(e.key)
		out.uint32(uint32(q.waiting()))
	})
	ch.conn.out.content(ch.id, e.props, e.body, ch.conn.frameMax)
	ch.conn.broker.changed.Broadcast()
	return nil
}

func (ch *channel) basicAck(d *decoder) *fault {
	tag, multiple := d.uint64(), d.bit()
	return ch.acknowledge(d.err, tag, multiple, false)
}

func (ch *channel) basicReject(d *decoder) *fault {
	tag, requeue := d.uint64(), d.bit()
	return ch.acknowledge(d.err, tag, false, requeue)
}

func (ch *channel) basicNack(d *decoder) *fault {
	tag, multiple, requeue := d.uint64(), d.bit(), d.bit()
	return ch.acknowledge(d.err, tag, multiple, requeue)
}

func (ch *channel) acknowledge(err error, tag uint64, multiple, requeue bool) *fault {
	if err != nil {
		return syntax(err)
	}
	gone, known := ch.untrack(tag, multiple)
	if !known {
		return refusal(codePrecondition, "PRECONDITION_FAILED - unknown delivery tag %d", tag)
	}
	ch.settle(gone, requeue)
	return nil
}

func (ch *channel) basicRecover(d *decoder) *fault {
	requeue := d.bit()
	if d.err != nil {
		return syntax(d.err)
	}
	if !requeue {
		return refusal(codeNotImplemented, "NOT_IMPLEMENTED - basic.recover without requeue")
	}
	ch.reply(basicRecoverOK, nil)
	gone, _ := ch.untrack(0, true)
	ch.settle(gone, true)
	return nil
}

func (ch *channel) confirmSelect(d *decoder) *fault {
	noWait := d.bit()
	if d.err != nil {
		return syntax(d.err)
	}
	ch.confirming = true
	if !noWait {
		ch.reply(confirmSelectOK, nil)
	}
	return nil
}

// basicPublish begins a message; its content follows.
func (ch *channel) basicPublish(d *decoder) *fault {
	d.uint16()
	exchangeName, key := d.shortstr(), d.shortstr()
	mandatory, immediate := d.bit(), d.bit()
	if d.err != nil {
		return syntax(d.err)
	}
	if immediate {
		return refusal(codeNotImplemented, "NOT_IMPLEMENTED - immediate=true")
	}
	named := exchangeName
	if named == "" {
		named = "amq.default"
	}
	if f := ch.allowed(ch.conn.user.write, "exchange", named); f != nil {
		return f
	}
	if ch.conn.broker.exchanges[exchangeName] == nil {
		return ch.noSuch("exchange", exchangeName)
	}
	ch.incoming = &publication{message: message{exchange: exchangeName, key: key}, mandatory: mandatory}
	return nil
}

// receive takes a part of a message's content.
func (ch *channel) receive(kind byte, d *decoder) *fault {
	p := ch.incoming
	switch {
	case p != nil && !p.headed && kind == frameHeader:
		if f := p.head(d); f != nil {
			return f
		}
	case p != nil && p.headed && kind == frameBody:
		if uint64(len(p.body)+len(d.rest)) > p.size {
			return refusal(codeFrameError, "FRAME_ERROR - the body is longer than its header says")
		}
		p.body = append(p.body, d.rest...)
	default:
		return refusal(codeUnexpected, "UNEXPECTED_FRAME - kind %d", kind)
	}
	if uint64(len(p.body)) < p.size {
		return nil
	}
	ch.incoming = nil
	return ch.publish(p)
}

// head takes the content header.
func (p *publication) head(d *decoder) *fault {
	class := d.uint16()
	d.uint16()
	p.size = d.uint64()
	p.props = slices.Clone(d.rest)
	p.copies = d.properties().carbonCopies()
	p.headed = true
	switch {
	case d.err != nil:
		return syntax(d.err)
	case class != classBasic:
		return refusal(codeUnexpected, "UNEXPECTED_FRAME - content of class %d", class)
	case p.size > maxMessage:
		return refusal(codePrecondition, "PRECONDITION_FAILED - message size %d is larger than configured max size %d", p.size, maxMessage)
	}
	return nil
}

// publish passes a complete message on, and confirms it.
func (ch *channel) publish(p *publication) *fault {
	b := ch.conn.broker
	if b.exchanges[p.exchange] == nil { // deleted meanwhile
		return ch.noSuch("exchange", p.exchange)
	}
	n, err := b.route(&p.message, p.copies)
	if err != nil {
		return refusal(codePrecondition, "PRECONDITION_FAILED - %v", err)
	}
	if n == 0 && p.mandatory {
		ch.reply(basicReturn, func(out *encoder) {
			out.uint16(codeNoRoute)
			out.shortstr("NO_ROUTE")
			out.shortstr(p.exchange)
			out.shortstr(p.key)
		})
		ch.conn.out.content(ch.id, p.props, p.body, ch.conn.frameMax)
	}
	if ch.confirming {
		ch.published++
		ch.reply(basicAck, func(out *encoder) {
			out.uint64(ch.published)
			out.bits(false)
		})
	}
	return nil
}
