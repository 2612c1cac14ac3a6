package pulse

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/streadway/amqp"
)

const (
	// handshakeLimit is how long a connect may take, from the first packet to the open vhost.
	handshakeLimit = 30 * time.Second
	// closeLimit is how long the broker may take to answer our goodbye.
	closeLimit = 5 * time.Second
)

// link is a connection to the broker together with the socket under it. The library waits for answers without
// limit; dropping the socket is what ends such a wait.
type link struct {
	*amqp.Connection
	socket net.Conn
}

// dial connects and logs in, with the password as it is now.
func (c *Consumer) dial(ctx context.Context) (*link, error) {
	password, err := c.cfg.Password()
	if err != nil {
		return nil, fmt.Errorf("read the password of %s: %w", c.cfg.User, err)
	}
	ctx, cancel := context.WithTimeout(ctx, handshakeLimit)
	defer cancel()
	socket, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.to.addr)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", c.to.addr, err)
	}
	stop := context.AfterFunc(ctx, func() { socket.Close() })
	defer stop()

	transport := net.Conn(&deadlineConn{Conn: socket, timeout: c.cfg.WriteTimeout})
	if c.to.tls {
		if transport, err = c.handshake(ctx, transport); err != nil {
			socket.Close()
			return nil, fmt.Errorf("start TLS with %s: %w", c.to.addr, err)
		}
	}
	conn, err := amqp.Open(transport, amqp.Config{
		SASL:      []amqp.Authentication{&amqp.PlainAuth{Username: c.cfg.User, Password: password}},
		Vhost:     c.cfg.Vhost,
		Heartbeat: c.cfg.Heartbeat,
		Locale:    "en_US",
		// The library writes into this table: each connection needs its own.
		Properties: amqp.Table{"product": "verdict", "connection_name": c.cfg.Queue},
	})
	l := &link{Connection: conn, socket: socket}
	if err == nil {
		return l, nil
	}
	l.close(0)
	switch {
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case errors.Is(err, amqp.ErrCredentials): // the library says so too when the connection is lost at this point
		err = fmt.Errorf("log in as %s: refused, or the connection was lost: %w", c.cfg.User, err)
	case errors.Is(err, amqp.ErrVhost):
		err = fmt.Errorf("open vhost %q as %s: %w", c.cfg.Vhost, c.cfg.User, err)
	}
	return nil, fmt.Errorf("open AMQP at %s: %w", c.to.addr, err)
}

func (c *Consumer) handshake(ctx context.Context, socket net.Conn) (net.Conn, error) {
	cfg := &tls.Config{}
	if c.cfg.TLS != nil {
		cfg = c.cfg.TLS.Clone()
	}
	if cfg.ServerName == "" {
		cfg.ServerName = c.to.host
	}
	conn := tls.Client(socket, cfg)
	return conn, conn.HandshakeContext(ctx)
}

// close says goodbye, and drops the socket when the answer takes longer than the limit. It returns when the
// library has let go of the connection, or after a second limit without it: its reader can block on an answer
// that nobody asked for, and then only the process's end frees it.
func (l *link) close(limit time.Duration) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.Connection.Close()
		for range l.NotifyClose(make(chan *amqp.Error, 1)) { // a close that is under way elsewhere
		}
	}()
	select {
	case <-done:
	case <-time.After(limit):
	}
	l.socket.Close()
	select {
	case <-done:
	case <-time.After(closeLimit):
	}
}

// dropAfter drops the socket when ctx ends before stop is called, for requests that have no limit of their own.
func (l *link) dropAfter(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() { l.socket.Close() })
}

// deadlineConn gives each write a deadline: the library sets none, and a write to a peer that has stopped
// reading would hold its locks for ever.
type deadlineConn struct {
	net.Conn
	timeout time.Duration
}

func (c *deadlineConn) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}
