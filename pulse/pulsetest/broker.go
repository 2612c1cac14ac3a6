package pulsetest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"regexp"
	"sync"
	"time"
)

// Options are a broker's settings. The zero value is a broker with a user guest, password guest, who may do all.
type Options struct {
	// Users are names and passwords of users with pulse's rights. More can be added later.
	Users map[string]string
	// Vhost is the name of the only virtual host; "" is "/".
	Vhost string
	// TLS makes it an amqps broker.
	TLS *tls.Config
	// QueueLimit is the number of messages, waiting and unacknowledged, at which a queue is deleted, as pulse's
	// guardian does; 0: never.
	QueueLimit int
	// MaxBytes is what the messages in all queues may take together; 0 is 256 MiB. What goes beyond is refused.
	MaxBytes int
}

// The broker's other limits.
const (
	maxConnections = 256
	maxChannels    = 256      // of a connection
	maxNames       = 10_000   // queues, and exchanges
	maxBindings    = 100_000  // of an exchange
	maxMessage     = 16 << 20 // bytes of a body
	heartbeat      = 60       // seconds; what the broker proposes
)

// Broker is an AMQP 0-9-1 server in this process. Its methods are safe for concurrent use.
type Broker struct {
	opts     Options
	listener net.Listener
	work     sync.WaitGroup

	mu        sync.Mutex // guards what follows, and all queues, exchanges, connections and channels
	changed   *sync.Cond // told of every change that somebody might wait for
	users     map[string]*user
	exchanges map[string]*exchange
	queues    map[string]*queue
	conns     map[*conn]bool
	names     int // of queues that the broker has named
	down      bool
	frozen    bool
	closed    bool
}

// user is who may log in, and what he may do.
type user struct {
	name, password         string
	configure, write, read *regexp.Regexp
}

// exchange passes messages on to the queues bound to it.
type exchange struct {
	name     string
	kind     string // topic, direct or fanout
	durable  bool
	bindings []exchangeBinding
}

type exchangeBinding struct {
	queue *queue
	key   string
	words []string
}

// Start starts a broker on a free port of the loopback interface.
func Start(opts Options) (*Broker, error) {
	if opts.Vhost == "" {
		opts.Vhost = "/"
	}
	if opts.MaxBytes == 0 {
		opts.MaxBytes = 256 << 20
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for AMQP: %w", err)
	}
	b := &Broker{
		opts:      opts,
		listener:  listener,
		users:     make(map[string]*user),
		exchanges: map[string]*exchange{"": {kind: "direct", durable: true}},
		queues:    make(map[string]*queue),
		conns:     make(map[*conn]bool),
	}
	b.changed = sync.NewCond(&b.mu)
	b.addUser("guest", "guest", ".*", ".*", ".*")
	for name, password := range opts.Users {
		b.AddUser(name, password)
	}
	b.work.Go(b.accept)
	return b, nil
}

// URL is where clients connect to, without credentials.
func (b *Broker) URL() string {
	if b.opts.TLS != nil {
		return "amqps://" + b.listener.Addr().String()
	}
	return "amqp://" + b.listener.Addr().String()
}

// Close drops all connections and returns when nothing of the broker runs any more.
func (b *Broker) Close() {
	b.mu.Lock()
	b.closed, b.frozen = true, false
	b.dropAll()
	b.changed.Broadcast()
	b.mu.Unlock()
	b.listener.Close()
	b.work.Wait()
}

// accept takes connections until the broker is closed.
func (b *Broker) accept() {
	for {
		socket, err := b.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // too many open files, say
			time.Sleep(10 * time.Millisecond)
			continue
		}
		b.serve(socket)
	}
}

// serve starts a connection, unless the broker plays dead or has too many.
func (b *Broker) serve(socket net.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || b.down || len(b.conns) >= maxConnections {
		socket.Close()
		return
	}
	c := newConn(b, socket)
	b.conns[c] = true
	b.work.Go(c.write)
	b.work.Go(c.read)
}

// dropAll drops all connections without a word.
func (b *Broker) dropAll() {
	for c := range b.conns {
		c.drop()
	}
}

// await blocks until holds is true, which is called with the lock held.
func (b *Broker) await(ctx context.Context, holds func() bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	stop := context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.changed.Broadcast()
	})
	defer stop()
	for !holds() {
		if b.closed {
			return errors.New("the broker is closed")
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		b.changed.Wait()
	}
	return nil
}
