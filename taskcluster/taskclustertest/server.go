package taskclustertest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"verdict/taskcluster"
)

// Config is how a server behaves; the zero value is a server without listeners
// to its messages, whose tasks anybody may read.
type Config struct {
	// Publish is given each message, one after the other, before the call that
	// caused it returns. It must not call the server. Nil: messages are dropped.
	Publish func(exchange, routingKey string, cc []string, body []byte)
	// Now is the server's clock; nil: time.Now.
	Now func() time.Time
	// ExchangePrefix begins the names of exchanges; "": exchange/taskcluster-.
	ExchangePrefix string
	// PageLimit is the most items on a page, whatever a caller asks for;
	// zero: 1000.
	PageLimit int
	// EmptyPages puts a page without items, but with a token, before each page
	// that isn't the first, as some listings do.
	EmptyPages bool
}

// Server is a running deployment. Its methods are safe for use by many
// goroutines.
type Server struct {
	// URL is the root URL.
	URL string

	config Config
	http   *http.Server
	served chan struct{}

	mu      sync.Mutex // guards what follows
	clients map[string]*client
	roles   map[string]*role
	tasks   map[string]*task
	created int                // how many tasks ever
	waiting map[string][]*task // what depends on a task, in the order it came
	groups  map[string]*group
	index   map[string]*indexed // by namespace
	hooks   map[string]*hook    // by hookGroupId/hookId
	secrets map[string]secret
	nonces  map[string]bool
	calls   []Call
	faults  []*Fault
	outbox  []message
	// What LoseNext and DelayNext spoke of, by exchange, and what was kept back.
	losing, delaying map[string]int
	delayed          []message

	publishing sync.Mutex // held while the outbox is emptied, which keeps its order
}

// queueClient is the client by which the queue makes the credentials of tasks.
const queueClient = "static/taskcluster/queue"

// NewServer starts a server on a free port of 127.0.0.1. Close ends it.
func NewServer(c Config) (*Server, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.ExchangePrefix == "" {
		c.ExchangePrefix = "exchange/taskcluster-"
	}
	if c.PageLimit <= 0 {
		c.PageLimit = 1000
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start taskcluster stand-in: %w", err)
	}
	s := &Server{
		URL:     "http://" + listener.Addr().String(),
		config:  c,
		served:  make(chan struct{}),
		clients: map[string]*client{},
		roles:   map[string]*role{},
		tasks:   map[string]*task{},
		waiting: map[string][]*task{},
		groups:  map[string]*group{},
		index:   map[string]*indexed{},
		hooks:   map[string]*hook{},
		secrets: map[string]secret{},
		nonces:  map[string]bool{},

		losing: map[string]int{}, delaying: map[string]int{},
	}
	s.AddClient(queueClient, taskcluster.NewID(), "*")
	s.SetRole("anonymous",
		"queue:get-task:*", "queue:status:*", "queue:list-task-group:*", "queue:list-dependent-tasks:*",
		"queue:list-artifacts:*", "queue:get-artifact:public/*", "index:find-task:*", "index:list-tasks:*", "index:list-namespaces:*")
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(s.served)
		_ = s.http.Serve(listener) // always ends with ErrServerClosed, by Close
	}()
	return s, nil
}

// Close ends the server and the requests in progress. It may be called twice.
func (s *Server) Close() {
	s.Heal()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		s.http.Close()
	}
	<-s.served
}

// now is the server's time, in the form in which services write it.
func (s *Server) now() taskcluster.Time { return taskcluster.Time(s.config.Now()) }
