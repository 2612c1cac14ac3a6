package taskclustertest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
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
	// PageLimit is the most tasks on a page, whatever a caller asks for;
	// zero: 1000.
	PageLimit int
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
	roles   map[string][]string
	tasks   map[string]*task
	groups  map[string]*group
	pages   map[string]int // continuation token → where it goes on
	nonces  map[string]bool
	calls   []Call
	faults  []*Fault
	outbox  []message

	publishing sync.Mutex // held while the outbox is emptied, which keeps its order
}

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
		roles: map[string][]string{"anonymous": {
			"queue:get-task:*", "queue:status:*", "queue:list-task-group:*", "queue:list-artifacts:*", "queue:get-artifact:public/*",
		}},
		tasks:  map[string]*task{},
		groups: map[string]*group{},
		pages:  map[string]int{},
		nonces: map[string]bool{},
	}
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

// AddClient makes a permanent client known, or replaces it. Scopes may assume
// roles: assume:<role>.
func (s *Server) AddClient(clientID, accessToken string, scopes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients[clientID] = &client{accessToken: accessToken, scopes: scopes}
}

// RemoveClient makes a client unknown.
func (s *Server) RemoveClient(clientID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.clients, clientID)
}

// SetRole gives a role its scopes. The role anonymous is every caller's; until
// set, it allows to read tasks, groups and public artifacts.
func (s *Server) SetRole(role string, scopes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roles[role] = scopes
}
