package pulse

import (
	"slices"
	"time"
)

// Status is how a Consumer fares.
type Status struct {
	Connected bool
	Since     time.Time // since when Connected is as it is
	Connects  int       // how many times it connected
	Stalled   bool      // Handle refuses a batch at present; nothing goes on behind it

	// Ready, Consumers and Inspected are what the queue looked like when it was last asked: messages that wait at
	// the broker (up to Prefetch more are on their way to us), consumers, and the time. Foreign tells that the
	// consumers are more than ours.
	Ready     int
	Consumers int
	Foreign   bool
	Inspected time.Time

	Acked       uint64 // messages handled and acknowledged since the start
	Redelivered uint64 // how many of them the broker had sent before

	Bindings []BindingStatus // those wanted, by exchange and routing key

	LastError   string // the latest trouble, which may be over
	LastErrorAt time.Time
}

// BindingStatus is how one binding fares.
type BindingStatus struct {
	Binding
	Bound bool
	Since time.Time // since when Bound is as it is
	Err   string    // why it isn't bound
}

// Status tells how the consumer fares.
func (c *Consumer) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.status
	for b, state := range c.bindings {
		if state.wanted {
			s.Bindings = append(s.Bindings, BindingStatus{Binding: b, Bound: state.bound, Since: state.since, Err: state.err})
		}
	}
	slices.SortFunc(s.Bindings, func(a, b BindingStatus) int { return compareBindings(a.Binding, b.Binding) })
	return s
}

// failed records an error.
func (c *Consumer) failed(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status.LastError, c.status.LastErrorAt = err.Error(), time.Now()
}

// connected records the begin or the end of a session.
func (c *Consumer) connected(yes bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status.Connected, c.status.Since = yes, time.Now()
	if yes {
		c.status.Connects++
	}
}

// inspected records what the queue looked like.
func (c *Consumer) inspected(ready, consumers int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = time.Now()
	c.status.Ready, c.status.Consumers, c.status.Inspected = ready, consumers, c.seen
}

// acknowledged counts a batch.
func (c *Consumer) acknowledged(b *batch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = b.messages[len(b.messages)-1].Received
	c.status.Acked += uint64(len(b.messages))
	c.status.Redelivered += b.redelivered
}

// setForeign records whether there are foreign consumers, and tells whether that is news.
func (c *Consumer) setForeign(yes bool) (changed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	changed = c.status.Foreign != yes
	c.status.Foreign = yes
	return changed
}

// rememberGap notes that the queue wasn't there. It is told only when the bindings are made, which may take
// another session.
func (c *Consumer) rememberGap() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gap == nil {
		since := c.seen
		c.gap = &since
	}
}

// tellGap tells of a gap that is remembered, once the bindings are known.
func (c *Consumer) tellGap() {
	c.mu.Lock()
	var gap *time.Time
	if c.bindingsSet {
		gap, c.gap = c.gap, nil
	}
	c.mu.Unlock()
	if gap != nil {
		c.tell(Notice{Kind: Gap, Since: *gap})
	}
}
