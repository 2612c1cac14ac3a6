package pulsetest

import "slices"

// route puts a message into every queue that a binding of its exchange leads to, by its own routing key or a
// carbon copy's.
func (b *Broker) route(m *message, cc []string) (queues int, err error) {
	total := 0
	for _, q := range b.queues {
		total += q.bytes
	}
	if total+m.size() > b.opts.MaxBytes {
		return 0, ErrFull
	}
	targets := make(map[*queue]bool)
	b.targets(m.exchange, m.key, targets)
	for _, key := range cc {
		b.targets(m.exchange, key, targets)
	}
	for q := range targets {
		q.push(m)
		q.deliver()
		if b.opts.QueueLimit > 0 && q.depth() >= b.opts.QueueLimit {
			b.deleteQueue(q)
		}
	}
	b.changed.Broadcast()
	return len(targets), nil
}

func (b *Broker) targets(name, key string, into map[*queue]bool) {
	if name == "" {
		if q := b.queues[key]; q != nil {
			into[q] = true
		}
		return
	}
	ex := b.exchanges[name]
	split := words(key)
	for _, binding := range ex.bindings {
		switch {
		case into[binding.queue]:
		case ex.kind == "fanout",
			ex.kind == "direct" && binding.key == key,
			ex.kind == "topic" && topicMatches(binding.words, split):
			into[binding.queue] = true
		}
	}
}

// bind makes a binding; one that exists stays.
func (ex *exchange) bind(q *queue, key string) {
	if ex.find(q, key) < 0 {
		ex.bindings = append(ex.bindings, exchangeBinding{queue: q, key: key, words: words(key)})
	}
}

func (ex *exchange) find(q *queue, key string) int {
	return slices.IndexFunc(ex.bindings, func(b exchangeBinding) bool { return b.queue == q && b.key == key })
}

// deleteQueue deletes a queue with its messages and bindings, and tells its consumers.
func (b *Broker) deleteQueue(q *queue) (messages int) {
	messages = q.waiting()
	q.deleted = true
	delete(b.queues, q.name)
	for _, ex := range b.exchanges {
		ex.bindings = slices.DeleteFunc(ex.bindings, func(binding exchangeBinding) bool { return binding.queue == q })
	}
	for _, c := range q.consumers {
		c.cancelled()
	}
	q.consumers = nil
	b.changed.Broadcast()
	return messages
}

// leave takes a consumer off its queue, which goes too if it lived for its consumers.
func (b *Broker) leave(c *consumer) {
	c.queue.remove(c)
	if c.queue.autoDelete && len(c.queue.consumers) == 0 && !c.queue.deleted {
		b.deleteQueue(c.queue)
	}
	b.changed.Broadcast()
}
