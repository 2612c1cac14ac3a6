package pulsetest

import (
	"bytes"
	"crypto/subtle"
	"fmt"
	"time"
)

// fault is a refusal: it closes the channel, or the connection.
type fault struct {
	code uint16
	text string
}

// refusal makes a fault; RabbitMQ's texts begin with the code's name.
func refusal(code uint16, format string, args ...any) *fault {
	return &fault{code: code, text: fmt.Sprintf(format, args...)}
}

// hard tells whether the fault closes the connection.
func (f *fault) hard() bool { return f.code >= 500 }

// syntax is the fault of arguments that can't be read.
func syntax(err error) *fault { return refusal(codeSyntaxError, "SYNTAX_ERROR - %v", err) }

// control acts on a frame of channel 0: the login, and the end.
func (c *conn) control(f frame) (methodID, *fault) {
	if f.kind != frameMethod {
		return 0, refusal(codeUnexpected, "UNEXPECTED_FRAME - kind %d on channel 0", f.kind)
	}
	d := decoder{rest: f.payload}
	m := methodID(d.uint32())
	switch {
	case m == connectionClose && c.phase != starting:
		c.end() // before the answer, so that who has it finds everything given back
		c.out.method(0, connectionCloseOK, nil)
		c.phase, c.closing = closed, true
		c.flush()
	case m == connectionCloseOK && c.phase == closed:
		c.closing = true
		c.flush()
	case c.phase == closed:
	case m == connectionStartOK && c.phase == starting:
		return m, c.startOK(&d)
	case m == connectionTuneOK && c.phase == tuning:
		return m, c.tuneOK(&d)
	case m == connectionOpen && c.phase == opening:
		return m, c.open(&d)
	default:
		return m, refusal(codeCommandInvalid, "COMMAND_INVALID - method %d.%d is not expected now", m.class(), uint16(m))
	}
	return m, nil
}

// startOK looks at name and password. As RabbitMQ does, it tells a client that can hear it why it was refused,
// and hangs up on others.
func (c *conn) startOK(d *decoder) *fault {
	capabilities, _ := d.table(0)["capabilities"].(map[string]any)
	mechanism, response := d.shortstr(), d.longstr()
	if d.err != nil {
		return syntax(d.err)
	}
	c.cancels, _ = capabilities["consumer_cancel_notify"].(bool)
	parts := bytes.Split(response, []byte{0})
	if mechanism == "PLAIN" && len(parts) == 3 {
		u := c.broker.users[string(parts[1])]
		if u != nil && subtle.ConstantTimeCompare([]byte(u.password), parts[2]) == 1 {
			c.user = u
		}
	}
	if c.user == nil {
		if told, _ := capabilities["authentication_failure_close"].(bool); told {
			return refusal(codeAccessRefused, "ACCESS_REFUSED - Login was refused using authentication mechanism %s. For details see the broker logfile.", mechanism)
		}
		c.closing = true
		c.flush()
		return nil
	}
	c.phase = tuning
	c.out.method(0, connectionTune, func() {
		c.out.uint16(maxChannels)
		c.out.uint32(frameMax)
		c.out.uint16(heartbeat)
	})
	c.flush()
	return nil
}

// tuneOK takes the client's limits.
func (c *conn) tuneOK(d *decoder) *fault {
	d.uint16() // its number of channels; ours is the limit
	size, seconds := int(d.uint32()), d.uint16()
	if d.err != nil {
		return syntax(d.err)
	}
	if size != 0 && (size < frameMin || size > frameMax) {
		return refusal(codeNotAllowed, "NOT_ALLOWED - negotiated frame_max = %d is not within %d and %d", size, frameMin, frameMax)
	}
	if size != 0 {
		c.frameMax = size
	}
	if seconds > 0 {
		interval := time.Duration(seconds) * time.Second
		c.silence = 2 * interval
		c.startHeartbeats(interval / 2)
	}
	c.phase = opening
	return nil
}

// open enters the virtual host.
func (c *conn) open(d *decoder) *fault {
	vhost := d.shortstr()
	if d.err != nil {
		return syntax(d.err)
	}
	if vhost != c.broker.opts.Vhost {
		return refusal(codeNotAllowed, "NOT_ALLOWED - vhost %s not found", vhost)
	}
	c.phase = open
	if c.silence == 0 {
		c.socket.SetReadDeadline(time.Time{})
	}
	c.out.method(0, connectionOpenOK, func() { c.out.shortstr("") })
	c.broker.changed.Broadcast()
	return nil
}
