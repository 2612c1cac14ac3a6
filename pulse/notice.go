package pulse

import "time"

// NoticeKind says what a Notice is about; the list is closed.
type NoticeKind string

// What a Consumer tells.
const (
	// Connected: logged in, the queue is there, messages are coming.
	Connected NoticeKind = "connected"
	// Disconnected: what was connected is lost, for the reason in Err.
	Disconnected NoticeKind = "disconnected"
	// ConnectFailed: an attempt to connect ended with Err; there will be another.
	ConnectFailed NoticeKind = "connect failed"
	// Gap: the queue had to be declared. Between Since and the notice's time nothing was kept for us. It is told
	// after the bindings are in place again, so that a sweep which begins now leaves nothing out.
	Gap NoticeKind = "gap"
	// BindingMissing: the exchange can't be bound, for the reason in Err. It is tried again at each inspection.
	BindingMissing NoticeKind = "binding missing"
	// BindingBound: the exchange of an earlier BindingMissing is bound now; what it sent between is lost.
	BindingBound NoticeKind = "binding bound"
	// ForeignConsumers: more consumers than ours read from our queue and take messages away. Consumers tells
	// how many there are in all.
	ForeignConsumers NoticeKind = "foreign consumers"
	// ForeignGone: they don't any more.
	ForeignGone NoticeKind = "foreign consumers gone"
	// HandleFailed: Handle refused a batch with Err, and is given it again.
	HandleFailed NoticeKind = "handle failed"
	// HandleRecovered: it took the batch at last.
	HandleRecovered NoticeKind = "handle recovered"
)

// Notice is something that an operator may want to know.
type Notice struct {
	Kind NoticeKind
	Time time.Time
	// Exchange is set for BindingMissing and BindingBound.
	Exchange string
	// Since is, for Gap, when the queue was last known to exist, and zero if this process never saw it; for
	// BindingBound, when the exchange was found missing.
	Since time.Time
	// Consumers is set for ForeignConsumers and ForeignGone.
	Consumers int
	// Err is the reason, where there is one. It holds no password.
	Err error
}

// tell hands a notice to whoever is listening.
func (c *Consumer) tell(n Notice) {
	n.Time = time.Now()
	c.telling.Lock()
	defer c.telling.Unlock()
	c.cfg.Notice(n)
}
