package sandbox

import "sync"

// wire carries Taskcluster's messages to the broker, in order, as pulse does: at least once.
type wire struct {
	world *World
	twice int
	work  sync.WaitGroup

	mu      sync.Mutex // guards what follows
	waiting []message
	inHand  bool
	more    sync.Cond
	closed  bool
	carried int
}

type message struct {
	exchange, routingKey string
	cc                   []string
	body                 []byte
}

func newWire(w *World, twice int) *wire {
	c := &wire{world: w, twice: twice}
	c.more.L = &c.mu
	return c
}

func (c *wire) start() { c.work.Go(c.carry) }

// publish takes a message; the caller is Taskcluster, which must not wait for the broker.
func (c *wire) publish(exchange, routingKey string, cc []string, body []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = append(c.waiting, message{exchange, routingKey, cc, body})
	c.more.Broadcast()
}

func (c *wire) carry() {
	for {
		m, again, ok := c.take()
		if !ok {
			return
		}
		c.world.onTaskMessage(m, false)
		c.world.send(m)
		if again {
			c.world.onTaskMessage(m, true)
			c.world.send(m)
		}
		c.done()
	}
}

// take waits for a message. again says that it is one of those that come twice.
func (c *wire) take() (m message, again, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.waiting) == 0 && !c.closed {
		c.more.Wait()
	}
	if len(c.waiting) == 0 {
		return message{}, false, false
	}
	m, c.waiting, c.inHand = c.waiting[0], c.waiting[1:], true
	if !tells(m) {
		return m, false, true
	}
	c.carried++
	return m, c.twice > 0 && c.carried%c.twice == 0, true
}

func (c *wire) done() {
	c.mu.Lock()
	c.inHand = false
	c.mu.Unlock()
	c.world.see(Sight{})
}

// idle tells whether all messages have been handed to the broker.
func (c *wire) idle() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.waiting) == 0 && !c.inHand
}

func (c *wire) close() {
	c.mu.Lock()
	c.closed = true
	c.more.Broadcast()
	c.mu.Unlock()
	c.work.Wait()
}

// send publishes a message. A broker that is full has been left alone by the bot: what is lost then shows.
func (w *World) send(m message) {
	_, _ = w.Broker.Publish(m.exchange, m.routingKey, m.cc, m.body)
}
