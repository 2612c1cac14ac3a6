package pulsetest

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"
)

const (
	highWater    = 512 << 10 // bytes that wait for the network beyond which nothing more is delivered or read
	writeTimeout = 10 * time.Second
	loginTimeout = 30 * time.Second
	closeTimeout = 5 * time.Second
)

// conn is a client's connection. One goroutine reads and acts, with the broker's lock held; another writes what
// has gathered in out.
type conn struct {
	broker *Broker
	socket net.Conn // with TLS on it
	raw    net.Conn // without
	phase  phase
	user   *user

	out      encoder // what is to be written
	closing  bool    // no more is to be sent after what is in out
	gone     bool    // reading has ended
	left     int     // how many of the two goroutines have ended
	frameMax int
	channels map[uint16]*channel
	cancels  bool          // the client wants to be told of cancelled consumers
	silence  time.Duration // how long the client may be silent; 0: for ever
	pulse    *time.Timer   // sends heartbeats
}

// phase is how far a connection has come.
type phase int

const (
	starting phase = iota // start is sent
	tuning                // tune is sent
	opening               // the client has agreed to it
	open
	closed // one side has said close
)

func newConn(b *Broker, raw net.Conn) *conn {
	c := &conn{broker: b, socket: raw, raw: raw, frameMax: frameMax, channels: make(map[uint16]*channel)}
	if b.opts.TLS != nil {
		c.socket = tls.Server(raw, b.opts.TLS)
	}
	return c
}

// drop cuts the connection off.
func (c *conn) drop() {
	c.closing = true
	c.out = nil
	c.raw.Close()
	c.broker.changed.Broadcast()
}

// flush wakes the writer.
func (c *conn) flush() { c.broker.changed.Broadcast() }

// hasRoom tells whether more messages may be put into out.
func (c *conn) hasRoom() bool { return !c.closing && len(c.out) < highWater }

// write sends what gathers in out until the connection is closing, and then closes it.
func (c *conn) write() {
	b := c.broker
	var sending encoder
	b.mu.Lock()
	defer b.mu.Unlock()
	defer c.leave()
	defer c.raw.Close()
	for {
		for (len(c.out) == 0 && !c.closing && !c.gone) || (b.frozen && !c.closing) {
			b.changed.Wait()
		}
		if len(c.out) == 0 {
			return
		}
		sending, c.out = c.out, sending[:0]
		b.mu.Unlock()
		c.socket.SetWriteDeadline(time.Now().Add(writeTimeout))
		_, err := c.socket.Write(sending)
		b.mu.Lock()
		if err != nil {
			c.drop()
			return
		}
		if len(sending) >= highWater { // deliveries were held back, and perhaps the reader
			c.deliver()
			b.changed.Broadcast()
		}
	}
}

// deliver lets the queues that the client consumes go on.
func (c *conn) deliver() {
	for _, ch := range c.channels {
		for _, consumer := range ch.consumers {
			consumer.queue.deliver()
		}
	}
}

// read acts on what the client sends, until it or the broker ends the connection; then what it held goes back.
func (c *conn) read() {
	c.socket.SetReadDeadline(time.Now().Add(loginTimeout))
	from := bufio.NewReaderSize(c.socket, 32<<10)
	err := c.greet(from)
	for frames := (frameReader{from: from}); err == nil; {
		var f frame
		if f, err = frames.next(); err == nil {
			err = c.take(f)
		}
	}
	if errors.Is(err, errFrame) {
		c.hangUp(err)
	}
	c.broker.mu.Lock()
	defer c.broker.mu.Unlock()
	c.end()
	c.gone = true
	c.leave()
}

// hangUp says what is wrong with a frame, and reads on for a moment: closing the socket at once might take the
// words with it.
func (c *conn) hangUp(err error) {
	c.broker.mu.Lock()
	if c.phase == open {
		c.refuse(refusal(codeFrameError, "FRAME_ERROR - %v", err), 0)
	}
	c.broker.mu.Unlock()
	c.socket.SetReadDeadline(time.Now().Add(closeTimeout))
	io.Copy(io.Discard, io.LimitReader(c.socket, 16<<20))
}

// greet expects the protocol header, and answers with the first method.
func (c *conn) greet(from io.Reader) error {
	var header [len(protocolHeader)]byte
	if _, err := io.ReadFull(from, header[:]); err != nil {
		return err
	}
	b := c.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	if string(header[:]) != protocolHeader {
		c.out = append(c.out, protocolHeader...) // what we would have liked
		c.flush()
		return errFrame
	}
	c.out.method(0, connectionStart, func() {
		c.out.uint8(0)
		c.out.uint8(9)
		c.out.table(map[string]any{
			"product":      "Verdict pulsetest",
			"capabilities": map[string]any{"consumer_cancel_notify": true, "basic.nack": true, "publisher_confirms": true},
		})
		c.out.longstr("PLAIN")
		c.out.longstr("en_US")
	})
	c.flush()
	return nil
}

// take acts on one frame. What it refuses it answers itself; an error ends the connection.
func (c *conn) take(f frame) error {
	b := c.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	for !c.closing && (b.frozen || len(c.out) >= highWater) {
		b.changed.Wait()
	}
	if c.closing {
		return net.ErrClosed
	}
	if c.silence > 0 && c.phase != closed {
		c.socket.SetReadDeadline(time.Now().Add(c.silence))
	}
	var fault *fault
	var m methodID
	switch {
	case f.kind == frameHeartbeat:
	case f.channel == 0:
		m, fault = c.control(f)
	case c.phase == closed: // it was on its way when one side said close
	case c.phase != open:
		fault = refusal(codeCommandInvalid, "COMMAND_INVALID - the connection is not open yet")
	default:
		m, fault = c.onChannel(f)
	}
	if fault != nil {
		c.refuse(fault, m)
	}
	if c.closing {
		return net.ErrClosed
	}
	return nil
}

// end gives back what the connection held.
func (c *conn) end() {
	if c.pulse != nil {
		c.pulse.Stop()
	}
	for id, ch := range c.channels {
		delete(c.channels, id)
		ch.end()
	}
	for _, q := range c.broker.queues {
		if q.owner == c {
			c.broker.deleteQueue(q)
		}
	}
	c.broker.changed.Broadcast()
}

// leave is called by both goroutines when they end.
func (c *conn) leave() {
	if c.left++; c.left == 2 {
		delete(c.broker.conns, c)
	}
	c.broker.changed.Broadcast()
}

// startHeartbeats sends a heartbeat at every interval, whatever else is sent.
func (c *conn) startHeartbeats(interval time.Duration) {
	c.pulse = time.AfterFunc(interval, func() {
		c.broker.mu.Lock()
		defer c.broker.mu.Unlock()
		if c.closing || c.gone {
			return
		}
		if len(c.out) < highWater {
			c.out.frame(frameHeartbeat, 0, func() {})
			c.flush()
		}
		c.pulse.Reset(interval)
	})
}

// refuse says why the connection is closed, and waits a moment for the client to agree.
func (c *conn) refuse(f *fault, m methodID) {
	c.phase = closed
	c.socket.SetReadDeadline(time.Now().Add(closeTimeout))
	c.out.method(0, connectionClose, func() {
		c.out.uint16(f.code)
		c.out.shortstr(f.text)
		c.out.uint16(m.class())
		c.out.uint16(uint16(m))
	})
	c.flush()
}
