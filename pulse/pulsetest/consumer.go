package pulsetest

import "slices"

// consumer is a client's wish for a queue's messages.
type consumer struct {
	ch        *channel
	queue     *queue
	tag       string
	noAck     bool
	exclusive bool
	prefetch  int // 0: without limit
	unacked   int
}

// delivery is a message that a channel has to acknowledge.
type delivery struct {
	tag      uint64
	queue    *queue
	consumer *consumer // nil after basic.get
	entry
}

// hasRoom tells whether the consumer can be sent a message now.
func (c *consumer) hasRoom() bool {
	ch := c.ch
	if c.prefetch > 0 && c.unacked >= c.prefetch || ch.prefetch > 0 && len(ch.unacked) >= ch.prefetch {
		return false
	}
	return ch.active && ch.conn.hasRoom()
}

// send delivers a message.
func (c *consumer) send(e entry) {
	ch := c.ch
	tag := ch.track(c.queue, c, e, c.noAck)
	ch.conn.out.method(ch.id, basicDeliver, func() {
		out := &ch.conn.out
		out.shortstr(c.tag)
		out.uint64(tag)
		out.bits(e.redelivered)
		out.shortstr(e.exchange)
		out.shortstr(e.key)
	})
	ch.conn.out.content(ch.id, e.props, e.body, ch.conn.frameMax)
	ch.conn.flush()
}

// track gives a delivery its tag, and keeps it until it is acknowledged.
func (ch *channel) track(q *queue, c *consumer, e entry, noAck bool) (tag uint64) {
	ch.lastTag++
	if noAck {
		q.settle(e)
		return ch.lastTag
	}
	ch.unacked = append(ch.unacked, delivery{tag: ch.lastTag, queue: q, consumer: c, entry: e})
	if c != nil {
		c.unacked++
	}
	return ch.lastTag
}

// untrack takes the deliveries that an acknowledgement means: one, or all up to the tag, tag 0 being the latest.
// It tells whether there is such a delivery.
func (ch *channel) untrack(tag uint64, multiple bool) (gone []delivery, known bool) {
	if multiple && tag == 0 {
		gone, ch.unacked = ch.unacked, nil
		return released(gone), true
	}
	at, found := slices.BinarySearchFunc(ch.unacked, tag, func(d delivery, tag uint64) int {
		switch {
		case d.tag < tag:
			return -1
		case d.tag > tag:
			return 1
		}
		return 0
	})
	if !found {
		return nil, false
	}
	first := at
	if multiple {
		first = 0
	}
	gone = slices.Clone(ch.unacked[first : at+1])
	ch.unacked = slices.Delete(ch.unacked, first, at+1)
	return released(gone), true
}

// released lets the consumers of deliveries have room for others.
func released(gone []delivery) []delivery {
	for _, d := range gone {
		if d.consumer != nil {
			d.consumer.unacked--
		}
	}
	return gone
}

// settle ends deliveries: they are done, or go back to their queues. It gives the queues concerned.
func settle(gone []delivery, requeue bool) (queues []*queue) {
	back := make(map[*queue][]entry)
	for _, d := range gone {
		if requeue {
			back[d.queue] = append(back[d.queue], d.entry)
		} else {
			d.queue.settle(d.entry)
		}
		if !slices.Contains(queues, d.queue) {
			queues = append(queues, d.queue)
		}
	}
	for q, entries := range back {
		// A redelivered message has a later tag than one that arrived after it.
		slices.SortFunc(entries, func(a, b entry) int {
			if a.seq < b.seq {
				return -1
			}
			return 1
		})
		q.requeue(entries)
	}
	return queues
}
