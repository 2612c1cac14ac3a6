package pulsetest

import "slices"

// entry is a message's place in a queue.
type entry struct {
	*message
	seq         uint64 // its place in the order of arrival, which redelivery keeps
	redelivered bool
}

// queue keeps messages until somebody acknowledges them. The broker's lock guards it.
type queue struct {
	name       string
	durable    bool
	autoDelete bool
	args       map[string]any
	owner      *conn // of an exclusive queue

	ready     []entry // oldest first, from head on
	head      int
	unacked   int
	bytes     int // what its messages take, ready and unacknowledged
	nextSeq   uint64
	consumers []*consumer
	turn      int // which consumer is served next
	deleted   bool
}

func (q *queue) waiting() int { return len(q.ready) - q.head }

// depth counts what the queue answers for: waiting and unacknowledged messages.
func (q *queue) depth() int { return q.waiting() + q.unacked }

// push adds a new message.
func (q *queue) push(m *message) {
	q.ready = append(q.ready, entry{message: m, seq: q.nextSeq})
	q.nextSeq++
	q.bytes += m.size()
}

// pop takes the oldest message, which counts as unacknowledged from now on.
func (q *queue) pop() entry {
	e := q.ready[q.head]
	q.ready[q.head] = entry{}
	q.head++
	if q.head > 1024 && q.head > len(q.ready)/2 {
		q.ready = slices.Delete(q.ready, 0, q.head)
		q.head = 0
	}
	q.unacked++
	return e
}

// settle forgets an unacknowledged message.
func (q *queue) settle(e entry) {
	q.unacked--
	q.bytes -= e.size()
}

// requeue puts unacknowledged messages, oldest first, back to where they were.
func (q *queue) requeue(back []entry) {
	q.unacked -= len(back)
	merged := make([]entry, 0, q.waiting()+len(back))
	rest := q.ready[q.head:]
	for len(back) > 0 {
		if len(rest) > 0 && rest[0].seq < back[0].seq {
			merged, rest = append(merged, rest[0]), rest[1:]
			continue
		}
		e := back[0]
		e.redelivered = true
		merged, back = append(merged, e), back[1:]
	}
	q.ready, q.head = append(merged, rest...), 0
}

// purge drops what waits.
func (q *queue) purge() (dropped int) {
	for _, e := range q.ready[q.head:] {
		q.bytes -= e.size()
	}
	dropped = q.waiting()
	q.ready, q.head = nil, 0
	return dropped
}

// deliver hands out what waits, to one consumer after the other, as far as they have room.
func (q *queue) deliver() {
	for idle := 0; q.waiting() > 0 && idle < len(q.consumers); {
		c := q.consumers[q.turn%len(q.consumers)]
		q.turn = (q.turn + 1) % len(q.consumers)
		if !c.hasRoom() {
			idle++
			continue
		}
		idle = 0
		c.send(q.pop())
	}
}

// remove takes a consumer away.
func (q *queue) remove(c *consumer) {
	q.consumers = slices.DeleteFunc(q.consumers, func(other *consumer) bool { return other == c })
}
