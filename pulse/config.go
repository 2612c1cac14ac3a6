package pulse

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net"
	"net/url"
	"time"
)

// maxName is the length of the longest name or routing key in AMQP. The library would drop the connection over
// a longer one.
const maxName = 255

// Config says where to consume and what to do with what arrives. The zero value of a field that isn't marked as
// needed is a sensible default.
type Config struct {
	// URL is amqps://host:port or amqp://host:port; without a port 5671 or 5672. Credentials in it are refused,
	// since errors quote URLs. Needed.
	URL string
	// Vhost is the broker's virtual host; "" is "/".
	Vhost string
	// User is the name to log in with. Needed.
	User string
	// Password is asked at every connect, so that a new one is found without a restart. Needed.
	Password func() (string, error)
	// Queue is the queue's name; pulse wants queue/<user>/<any>. It is declared durable where it is missing, and
	// used as it is where it exists, whatever its arguments. Needed.
	Queue string
	// Temporary makes the queue part of the connection: nobody else can read it, and the broker deletes it when the
	// connection ends. For looking at what is sent; a Gap is told at each connect.
	Temporary bool
	// TLS is for amqps; nil trusts the system's roots. Its ServerName defaults to the URL's host.
	TLS *tls.Config

	// Prefetch is how many messages the broker sends before it waits for acknowledgements; 0 is 1000.
	Prefetch int
	// BatchSize is the most messages in one batch; 0 is 250, or half of a smaller Prefetch. More than half of
	// Prefetch is refused: such a batch would wait for its timer.
	BatchSize int
	// BatchWait is how long the first message of a batch waits for more; 0 is 10 ms.
	BatchWait time.Duration

	// Heartbeat is the interval at which both sides prove that they live; 0 is 10 s, less than 1 s is refused.
	// After three missed ones the connection is given up.
	Heartbeat time.Duration
	// WriteTimeout is how long one write to the broker may take; 0 is 30 s.
	WriteTimeout time.Duration
	// Inspect is the interval at which the queue's depth and consumers are asked, and missing bindings tried
	// again; 0 is 30 s.
	Inspect time.Duration
	// Drain is how long a batch in hand may take after Run's context has ended; 0 is 10 s.
	Drain time.Duration

	// Replicas gives the number of consumers that our queue ought to have; nil means one. More of them, at two
	// inspections in a row, are foreign.
	Replicas func() int
	// Former are bindings that an earlier process may have left on the queue: AMQP has no way to list them. What
	// of it isn't wanted at the first connect is unbound.
	Former []Binding

	// Handle is given each batch. It returns nil only when the batch is safe, which is then acknowledged. After
	// an error the same batch comes again, with growing pauses, as long as the connection lives; after that the
	// broker sends its messages anew. The slice is used again after Handle returned. Needed.
	Handle func(ctx context.Context, batch []Message) error
	// Notice is told what happens to the connection, the queue and the bindings, one call at a time, from the
	// goroutines that do the work: it must not block. nil: nobody is told.
	Notice func(Notice)
}

// target is where Config.URL points.
type target struct {
	addr, host string
	tls        bool
}

// complete checks the configuration and fills in its defaults.
func (c *Config) complete() (target, error) {
	to, err := parseURL(c.URL)
	if err != nil {
		return target{}, err
	}
	switch {
	case c.User == "":
		return target{}, errors.New("pulse: no user")
	case c.Password == nil:
		return target{}, errors.New("pulse: no password")
	case c.Handle == nil:
		return target{}, errors.New("pulse: no handler")
	case c.Queue == "" || len(c.Queue) > maxName:
		return target{}, fmt.Errorf("pulse: queue name %q has %d bytes; it needs 1 to %d", c.Queue, len(c.Queue), maxName)
	case len(c.Vhost) > maxName:
		return target{}, fmt.Errorf("pulse: vhost name has %d bytes; at most %d are possible", len(c.Vhost), maxName)
	case c.Prefetch < 0 || c.Prefetch == 1 || c.Prefetch > math.MaxUint16:
		return target{}, fmt.Errorf("pulse: prefetch %d is not within 2 and %d", c.Prefetch, math.MaxUint16)
	case c.Heartbeat != 0 && c.Heartbeat < time.Second:
		return target{}, fmt.Errorf("pulse: heartbeat %s is less than 1s", c.Heartbeat)
	}
	if c.Prefetch == 0 {
		c.Prefetch = 1000
	}
	if c.BatchSize == 0 {
		c.BatchSize = min(250, c.Prefetch/2)
	}
	if c.BatchSize < 0 || c.BatchSize > c.Prefetch/2 {
		return target{}, fmt.Errorf("pulse: batch size %d is not within 1 and half of prefetch %d", c.BatchSize, c.Prefetch)
	}
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&c.BatchWait, 10 * time.Millisecond},
		{&c.Heartbeat, 10 * time.Second},
		{&c.WriteTimeout, 30 * time.Second},
		{&c.Inspect, 30 * time.Second},
		{&c.Drain, 10 * time.Second},
	} {
		if *d.field < 0 {
			return target{}, fmt.Errorf("pulse: %s is a negative duration", *d.field)
		}
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if c.Vhost == "" {
		c.Vhost = "/"
	}
	if c.Replicas == nil {
		c.Replicas = func() int { return 1 }
	}
	if c.Notice == nil {
		c.Notice = func(Notice) {}
	}
	return to, nil
}

// parseURL reads an amqp or amqps URL. Its errors don't quote what may be a password.
func parseURL(text string) (target, error) {
	u, err := url.Parse(text)
	if err != nil {
		return target{}, errors.New("pulse: the URL can't be read; write amqps://host:port")
	}
	if u.User != nil {
		return target{}, errors.New("pulse: the URL has credentials in it; give the user and the password on their own")
	}
	port := map[string]string{"amqp": "5672", "amqps": "5671"}[u.Scheme]
	if port == "" || u.Hostname() == "" {
		return target{}, errors.New("pulse: the URL is not of the form amqps://host:port or amqp://host:port")
	}
	if (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "" {
		return target{}, errors.New("pulse: the URL has more than a host and a port; give the vhost on its own")
	}
	if u.Port() != "" {
		port = u.Port()
	}
	return target{addr: net.JoinHostPort(u.Hostname(), port), host: u.Hostname(), tls: u.Scheme == "amqps"}, nil
}
