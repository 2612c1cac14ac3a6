package pulsetest

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"time"
)

// answerLimit is how long a Client waits for the broker.
const answerLimit = 20 * time.Second

// ErrCancelled says that the broker has cancelled a consumer: its queue is gone.
var ErrCancelled = errors.New("the broker cancelled the consumer")

// Refused is a broker's refusal.
type Refused struct {
	Code       int
	Text       string
	Connection bool // the connection is closed, not only a channel
}

func (r *Refused) Error() string { return fmt.Sprintf("%d %s", r.Code, r.Text) }

// Client is a plain AMQP client, for tests: it plays Taskcluster's services towards any broker, and looks at what
// is there. It works on one channel, has no goroutines and no heartbeats, and is not safe for concurrent use.
// After a refusal that closed the channel it goes on with a new one.
type Client struct {
	socket    net.Conn
	frames    frameReader
	out       encoder
	open      bool // the channel is
	confirms  bool // it confirms what is published
	received  []Delivery
	cancelled int // consumers that the broker has cancelled and nobody was told of
}

// Delivery is a message that a Client received.
type Delivery struct {
	Tag         uint64
	Redelivered bool
	Exchange    string
	RoutingKey  string
	ContentType string
	Headers     map[string]any
	Body        []byte
}

// Connect logs in to the broker at an amqp URL, into the virtual host "/".
func Connect(brokerURL, user, password string) (*Client, error) {
	u, err := url.Parse(brokerURL)
	if err != nil || u.Scheme != "amqp" {
		return nil, errors.New("the broker's URL is not of the form amqp://host:port")
	}
	socket, err := net.DialTimeout("tcp", u.Host, answerLimit)
	if err != nil {
		return nil, err
	}
	c := &Client{socket: socket, frames: frameReader{from: bufio.NewReader(socket)}}
	if err := c.login(user, password, "/"); err != nil {
		socket.Close()
		return nil, fmt.Errorf("log in as %s: %w", user, err)
	}
	return c, nil
}

func (c *Client) login(user, password, vhost string) error {
	c.out = append(c.out, protocolHeader...)
	if _, err := c.await(connectionStart); err != nil {
		return err
	}
	c.out.method(0, connectionStartOK, func() {
		c.out.table(map[string]any{"capabilities": map[string]any{
			"consumer_cancel_notify": true, "authentication_failure_close": true,
		}})
		c.out.shortstr("PLAIN")
		c.out.longstr("\x00" + user + "\x00" + password)
		c.out.shortstr("en_US")
	})
	d, err := c.await(connectionTune)
	if err != nil {
		return err
	}
	channels := d.uint16()
	c.out.method(0, connectionTuneOK, func() {
		c.out.uint16(channels)
		c.out.uint32(frameMax)
		c.out.uint16(0)
	})
	c.out.method(0, connectionOpen, func() {
		c.out.shortstr(vhost)
		c.out.shortstr("")
		c.out.bits(false)
	})
	_, err = c.await(connectionOpenOK)
	return err
}

// Close says goodbye.
func (c *Client) Close() error {
	defer c.socket.Close()
	c.out.method(0, connectionClose, func() {
		c.out.uint16(200)
		c.out.shortstr("bye")
		c.out.uint32(0)
	})
	_, err := c.await(connectionCloseOK)
	return err
}

// Drop cuts the connection without a word.
func (c *Client) Drop() { c.socket.Close() }

// call sends a method and waits for its answer, 0 being none.
func (c *Client) call(m, reply methodID, fill func(out *encoder)) (*answer, error) {
	if !c.open {
		c.confirms, c.received, c.cancelled = false, nil, 0
		c.out.method(1, channelOpen, func() { c.out.shortstr("") })
		if _, err := c.await(channelOpenOK); err != nil {
			return nil, err
		}
		c.open = true
	}
	c.out.method(1, m, func() { fill(&c.out) })
	if reply == 0 {
		return nil, c.flush()
	}
	return c.await(reply)
}

// flush writes what is to be written.
func (c *Client) flush() error {
	c.socket.SetDeadline(time.Now().Add(answerLimit))
	_, err := c.socket.Write(c.out)
	c.out = c.out[:0]
	return err
}

// answer is a method that was waited for, with its arguments.
type answer struct {
	decoder
	method methodID
}

// await reads until one of the methods comes. Messages that come before are kept for Receive.
func (c *Client) await(wanted ...methodID) (*answer, error) {
	if err := c.flush(); err != nil {
		return nil, err
	}
	for {
		f, err := c.frames.next()
		if err != nil {
			return nil, fmt.Errorf("wait for the broker's answer: %w", err)
		}
		if f.kind != frameMethod {
			continue
		}
		a := &answer{decoder: decoder{rest: f.payload}}
		a.method = methodID(a.uint32())
		if slices.Contains(wanted, a.method) {
			return a, nil
		}
		if err := c.handle(a); err != nil {
			return nil, err
		}
	}
}

// handle acts on a method that wasn't asked for.
func (c *Client) handle(a *answer) error {
	switch a.method {
	case basicDeliver:
		a.shortstr()
		received, err := c.message(a)
		c.received = append(c.received, received)
		return err
	case basicCancel:
		c.cancelled++
	case channelClose:
		c.open = false
		c.out.method(1, channelCloseOK, nil)
		return errors.Join(&Refused{Code: int(a.uint16()), Text: a.shortstr()}, c.flush())
	case connectionClose:
		c.out.method(0, connectionCloseOK, nil)
		return errors.Join(&Refused{Code: int(a.uint16()), Text: a.shortstr(), Connection: true}, c.flush())
	}
	return nil
}

// message reads the rest of a delivery, and its content.
func (c *Client) message(a *answer) (Delivery, error) {
	msg := Delivery{Tag: a.uint64(), Redelivered: a.bit(), Exchange: a.shortstr(), RoutingKey: a.shortstr()}
	f, err := c.frames.next()
	if err != nil {
		return msg, err
	}
	head := decoder{rest: f.payload}
	head.uint32()
	size := head.uint64()
	props := head.properties()
	msg.ContentType, msg.Headers = props.contentType, props.headers
	for uint64(len(msg.Body)) < size && head.err == nil {
		if f, err = c.frames.next(); err != nil {
			return msg, err
		}
		msg.Body = append(msg.Body, f.payload...)
	}
	return msg, head.err
}
