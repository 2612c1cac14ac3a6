package pulsetest

// channel is one conversation within a connection.
type channel struct {
	conn      *conn
	id        uint16
	closing   bool // close is sent; everything but the answer to it is ignored
	active    bool // the client wants deliveries
	prefetch  int  // for all its consumers together; 0: without limit
	each      int  // for each consumer made from now on
	consumers map[string]*consumer
	unacked   []delivery // by tag
	lastTag   uint64
	lastQueue string // what an empty name means

	confirming bool
	published  uint64
	incoming   *publication // a message whose content is still coming
}

// publication is a message that is being received.
type publication struct {
	message
	mandatory bool
	size      uint64 // of the body
	headed    bool   // its properties have come
	copies    []string
}

// onChannel acts on a frame of a channel.
func (c *conn) onChannel(f frame) (methodID, *fault) {
	ch := c.channels[f.channel]
	d := &decoder{rest: f.payload}
	if f.kind != frameMethod {
		if ch == nil {
			return 0, refusal(codeChannelError, "CHANNEL_ERROR - expected 'channel.open'")
		}
		if ch.closing {
			return 0, nil
		}
		return basicPublish, ch.refuse(basicPublish, ch.receive(f.kind, d))
	}
	m := methodID(d.uint32())
	if d.err != nil {
		return 0, syntax(d.err)
	}
	switch {
	case ch == nil && m == channelOpen:
		return m, c.openChannel(f.channel)
	case ch == nil && m == channelCloseOK:
		return m, nil
	case ch == nil:
		return m, refusal(codeChannelError, "CHANNEL_ERROR - expected 'channel.open'")
	case m == channelClose:
		ch.end()
		delete(c.channels, ch.id)
		c.out.method(ch.id, channelCloseOK, nil)
		c.flush()
		return m, nil
	case m == channelCloseOK && ch.closing:
		delete(c.channels, ch.id)
		return m, nil
	case ch.closing:
		return m, nil
	case ch.incoming != nil:
		return m, refusal(codeUnexpected, "UNEXPECTED_FRAME - expected the content of a message, got method %d.%d", m.class(), uint16(m))
	}
	return m, ch.refuse(m, ch.act(m, d))
}

func (c *conn) openChannel(id uint16) *fault {
	if len(c.channels) >= maxChannels {
		return refusal(codeNotAllowed, "NOT_ALLOWED - number of channels opened (%d) has reached the maximum", len(c.channels))
	}
	c.channels[id] = &channel{conn: c, id: id, active: true, consumers: make(map[string]*consumer)}
	c.out.method(id, channelOpenOK, func() { c.out.longstr("") })
	c.flush()
	return nil
}

// act carries out a method.
func (ch *channel) act(m methodID, d *decoder) *fault {
	switch m {
	case exchangeDeclare:
		return ch.exchangeDeclare(d)
	case exchangeDelete:
		return ch.exchangeDelete(d)
	case queueDeclare:
		return ch.queueDeclare(d)
	case queueBind:
		return ch.queueBind(d)
	case queueUnbind:
		return ch.queueUnbind(d)
	case queuePurge:
		return ch.queuePurge(d)
	case queueDelete:
		return ch.queueDelete(d)
	case basicQos:
		return ch.basicQos(d)
	case basicConsume:
		return ch.basicConsume(d)
	case basicCancel:
		return ch.basicCancel(d)
	case basicPublish:
		return ch.basicPublish(d)
	case basicGet:
		return ch.basicGet(d)
	case basicAck:
		return ch.basicAck(d)
	case basicReject:
		return ch.basicReject(d)
	case basicNack:
		return ch.basicNack(d)
	case basicRecover:
		return ch.basicRecover(d)
	case confirmSelect:
		return ch.confirmSelect(d)
	case channelFlow:
		return ch.flow(d)
	case basicCancelOK:
		return nil
	case channelOpen:
		return refusal(codeChannelError, "CHANNEL_ERROR - second 'channel.open' seen")
	}
	return refusal(codeNotImplemented, "NOT_IMPLEMENTED - method %d.%d", m.class(), uint16(m))
}

// refuse closes the channel over a fault that isn't worth the connection, and passes others on.
func (ch *channel) refuse(m methodID, f *fault) *fault {
	if f == nil || f.hard() {
		return f
	}
	ch.end()
	ch.closing = true
	ch.reply(channelClose, func(out *encoder) {
		out.uint16(f.code)
		out.shortstr(f.text)
		out.uint16(m.class())
		out.uint16(uint16(m))
	})
	return nil
}

// reply sends a method to the client.
func (ch *channel) reply(m methodID, fill func(out *encoder)) {
	out := &ch.conn.out
	out.method(ch.id, m, func() {
		if fill != nil {
			fill(out)
		}
	})
	ch.conn.flush()
}

// end takes the channel's consumers away and gives back what they hadn't acknowledged.
func (ch *channel) end() {
	ch.active, ch.incoming = false, nil
	for tag, c := range ch.consumers {
		delete(ch.consumers, tag)
		ch.conn.broker.leave(c)
	}
	gone, _ := ch.untrack(0, true)
	ch.settle(gone, true)
}

// settle ends deliveries, and lets their queues go on.
func (ch *channel) settle(gone []delivery, requeue bool) {
	for _, q := range settle(gone, requeue) {
		q.deliver()
	}
	for _, c := range ch.consumers { // they have room again
		c.queue.deliver()
	}
	ch.conn.broker.changed.Broadcast()
}

// flow stops or resumes deliveries.
func (ch *channel) flow(d *decoder) *fault {
	active := d.bit()
	if d.err != nil {
		return syntax(d.err)
	}
	ch.active = active
	ch.reply(channelFlowOK, func(out *encoder) { out.bits(active) })
	ch.settle(nil, false)
	return nil
}
