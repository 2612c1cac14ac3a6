package pulsetest

// DeclareExchange makes a durable topic exchange.
func (c *Client) DeclareExchange(name string) error { return c.exchange(name, false) }

// HasExchange asks whether an exchange exists; if not, it is Refused with 404.
func (c *Client) HasExchange(name string) error { return c.exchange(name, true) }

func (c *Client) exchange(name string, passive bool) error {
	_, err := c.call(exchangeDeclare, exchangeDeclareOK, func(out *encoder) {
		out.uint16(0)
		out.shortstr(name)
		out.shortstr("topic")
		out.bits(passive, true)
		out.table(nil)
	})
	return err
}

// DeleteExchange deletes an exchange.
func (c *Client) DeleteExchange(name string) error {
	_, err := c.call(exchangeDelete, exchangeDeleteOK, func(out *encoder) {
		out.uint16(0)
		out.shortstr(name)
		out.bits(false)
	})
	return err
}

// DeclareQueue makes a durable queue with these arguments.
func (c *Client) DeclareQueue(name string, args map[string]any) error {
	_, err := c.queue(name, false, args)
	return err
}

// InspectQueue tells how many messages wait in a queue, and how many consumers it has.
func (c *Client) InspectQueue(name string) (Queue, error) { return c.queue(name, true, nil) }

func (c *Client) queue(name string, passive bool, args map[string]any) (Queue, error) {
	d, err := c.call(queueDeclare, queueDeclareOK, func(out *encoder) {
		out.uint16(0)
		out.shortstr(name)
		out.bits(passive, true)
		out.table(args)
	})
	if err != nil {
		return Queue{}, err
	}
	return Queue{Name: d.shortstr(), Ready: int(d.uint32()), Consumers: int(d.uint32())}, d.err
}

// DeleteQueue deletes a queue with what is in it.
func (c *Client) DeleteQueue(name string) error {
	_, err := c.call(queueDelete, queueDeleteOK, func(out *encoder) {
		out.uint16(0)
		out.shortstr(name)
		out.bits(false)
	})
	return err
}

// Bind binds a queue.
func (c *Client) Bind(queue string, b Binding) error {
	_, err := c.call(queueBind, queueBindOK, func(out *encoder) {
		out.uint16(0)
		out.shortstr(queue)
		out.shortstr(b.Exchange)
		out.shortstr(b.RoutingKey)
		out.bits(false)
		out.table(nil)
	})
	return err
}

// Unbind takes a binding away.
func (c *Client) Unbind(queue string, b Binding) error {
	_, err := c.call(queueUnbind, queueUnbindOK, func(out *encoder) {
		out.uint16(0)
		out.shortstr(queue)
		out.shortstr(b.Exchange)
		out.shortstr(b.RoutingKey)
		out.table(nil)
	})
	return err
}

// Publish sends a message as Taskcluster's services do, and returns when the broker has it.
func (c *Client) Publish(exchange, routingKey string, cc []string, body []byte) error {
	if !c.open || !c.confirms {
		if _, err := c.call(confirmSelect, confirmSelectOK, func(out *encoder) { out.bits(false) }); err != nil {
			return err
		}
		c.confirms = true
	}
	if err := c.Send(exchange, routingKey, cc, body); err != nil {
		return err
	}
	_, err := c.await(basicAck)
	return err
}

// Send sends a message without waiting. Once Publish was called, don't mix the two.
func (c *Client) Send(exchange, routingKey string, cc []string, body []byte) error {
	_, err := c.call(basicPublish, 0, func(out *encoder) {
		out.uint16(0)
		out.shortstr(exchange)
		out.shortstr(routingKey)
		out.bits(false)
	})
	if err != nil {
		return err
	}
	c.out.content(1, pulseProperties(cc), body, frameMax)
	return c.flush()
}

// Prefetch says how many messages each consumer made from now on may have unacknowledged.
func (c *Client) Prefetch(n int) error {
	_, err := c.call(basicQos, basicQosOK, func(out *encoder) {
		out.uint32(0)
		out.uint16(uint16(n))
		out.bits(false)
	})
	return err
}

// Consume starts a consumer and gives its tag.
func (c *Client) Consume(queue string) (tag string, err error) {
	d, err := c.call(basicConsume, basicConsumeOK, func(out *encoder) {
		out.uint16(0)
		out.shortstr(queue)
		out.shortstr("")
		out.bits(false)
		out.table(nil)
	})
	if err != nil {
		return "", err
	}
	return d.shortstr(), d.err
}

// Cancel ends a consumer.
func (c *Client) Cancel(tag string) error {
	_, err := c.call(basicCancel, basicCancelOK, func(out *encoder) {
		out.shortstr(tag)
		out.bits(false)
	})
	return err
}

// Receive waits for the next message of any consumer. It returns ErrCancelled when there is none and a consumer
// was cancelled.
func (c *Client) Receive() (Delivery, error) {
	if len(c.received) > 0 {
		first := c.received[0]
		c.received = c.received[1:]
		return first, nil
	}
	if c.cancelled > 0 {
		c.cancelled--
		return Delivery{}, ErrCancelled
	}
	d, err := c.await(basicDeliver, basicCancel)
	if err != nil {
		return Delivery{}, err
	}
	if d.method == basicCancel {
		return Delivery{}, ErrCancelled
	}
	d.shortstr()
	return c.message(d)
}

// Get takes one message from a queue; ok is false if it has none.
func (c *Client) Get(queue string) (msg Delivery, ok bool, err error) {
	_, err = c.call(basicGet, 0, func(out *encoder) {
		out.uint16(0)
		out.shortstr(queue)
		out.bits(false)
	})
	if err != nil {
		return Delivery{}, false, err
	}
	d, err := c.await(basicGetOK, basicGetEmpty)
	if err != nil || d.method == basicGetEmpty {
		return Delivery{}, false, err
	}
	msg, err = c.message(d)
	return msg, err == nil, err
}

// Ack acknowledges a message, or all up to it.
func (c *Client) Ack(tag uint64, multiple bool) error {
	_, err := c.call(basicAck, 0, func(out *encoder) {
		out.uint64(tag)
		out.bits(multiple)
	})
	return err
}

// Nack gives a message back, or all up to it; without requeue they are dropped.
func (c *Client) Nack(tag uint64, multiple, requeue bool) error {
	_, err := c.call(basicNack, 0, func(out *encoder) {
		out.uint64(tag)
		out.bits(multiple, requeue)
	})
	return err
}
