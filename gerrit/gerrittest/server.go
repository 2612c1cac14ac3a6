package gerrittest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// Config is what a Server may be told. The zero value is fine.
type Config struct {
	// Addr is where to listen; 127.0.0.1:0 when empty.
	Addr string
	// Clock gives the time; time.Now when nil. Gerrit keeps whole seconds.
	Clock func() time.Time
	// FirstChange is the number of the first change; 1 when zero.
	FirstChange int
	// Labels are what can be voted; DefaultLabels() when nil.
	Labels []Label
	// Version is what the server says it is; 3.13.5 when empty.
	Version string
	// LoseHashtags makes writes of hashtags that come at the same time lose
	// each other's tags, as on the real server; otherwise they queue.
	LoseHashtags bool
	// OnRequest is called before each request is answered, and may use the
	// Server's methods.
	OnRequest func(Request)
	// OnMessage is called after each message on a change, in order, and may
	// not use the Server's methods.
	OnMessage func(change Change, m Message)
	// OnEvent is called with each event that the server tells on its streams,
	// in order, and may not use the Server's methods.
	OnEvent func(Event)
}

// Server is a Gerrit. Its methods may be used by many goroutines.
type Server struct {
	config Config
	http   *http.Server
	url    string

	closing sync.Once
	done    chan struct{} // closed by Close: releases hanging requests

	mu        sync.Mutex
	changed   chan struct{} // closed and made anew whenever mu guarded a change
	salt      string
	ids       int
	projects  map[string]*project
	commits   map[string]*commit
	accounts  []*account
	groups    []*group
	changes   []*change // by number, which begins at config.FirstChange
	faults    []*Fault
	requests  []Request
	tagging   chan struct{} // a writer of hashtags that waits for another; see meet
	listeners map[*listener]bool
	shells    []*SSH
	signer    ssh.Signer // the host key, once there is one
}

// Start starts a server without accounts and projects.
func Start(config Config) (*Server, error) {
	if config.Addr == "" {
		config.Addr = "127.0.0.1:0"
	}
	if config.Clock == nil {
		config.Clock = time.Now
	}
	if config.Labels == nil {
		config.Labels = DefaultLabels()
	}
	if config.FirstChange == 0 {
		config.FirstChange = 1
	}
	if config.Version == "" {
		config.Version = "3.13.5"
	}
	l, err := net.Listen("tcp", config.Addr)
	if err != nil {
		return nil, fmt.Errorf("gerrittest: %w", err)
	}
	s := &Server{
		config: config, url: "http://" + l.Addr().String(), done: make(chan struct{}), changed: make(chan struct{}),
		salt: rand.Text(), projects: map[string]*project{}, commits: map[string]*commit{}, listeners: map[*listener]bool{},
	}
	s.projects[allProjects] = &project{name: allProjects, head: "refs/meta/config", branches: map[string]string{}, tags: map[string]*tag{}}
	s.group(Administrators)
	s.group(ServiceUsers)
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	go func() {
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			panic(fmt.Sprintf("gerrittest: %v", err)) // the listener is ours: nobody else closes it
		}
	}()
	return s, nil
}

// NewServer starts a server with accounts and projects to begin with: admin,
// password "secret", an administrator; ci-bot, "bot-secret", a service user;
// alice, "alice-secret", and bob, "bob-secret"; the projects demo and
// infra/tools/demo, each with the branches main and release/1.0. It panics
// when there is no port to listen on.
func NewServer(config Config) *Server {
	s, err := Start(config)
	if err != nil {
		panic(err)
	}
	s.AddAccount(Account{Username: "admin", Name: "Administrator", Password: "secret", Groups: []string{Administrators}})
	s.AddAccount(Account{Username: "ci-bot", Name: "CI Bot", Password: "bot-secret", Groups: []string{ServiceUsers}})
	s.AddAccount(Account{Username: "alice", Name: "Alice Author", Password: "alice-secret"})
	s.AddAccount(Account{Username: "bob", Name: "Bob NoVote", Password: "bob-secret"})
	s.AddProject("demo", "main", "release/1.0")
	s.AddProject("infra/tools/demo", "main", "release/1.0")
	return s
}

// URL is the server's address, without a slash at the end.
func (s *Server) URL() string { return s.url }

// Close stops the server, its SSH too, and cuts all connections.
func (s *Server) Close() {
	s.closing.Do(func() { close(s.done) })
	_ = s.http.Close()
	s.mu.Lock()
	shells := s.shells
	s.shells = nil
	s.mu.Unlock()
	for _, h := range shells {
		h.Close()
	}
}

// update runs f with the server to itself, and wakes those who wait for a
// change.
func (s *Server) update(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.changed)
	s.changed = make(chan struct{})
}

// Wait returns the change when it is as wanted, or the context's error.
func (s *Server) Wait(ctx context.Context, number int, wanted func(Change) bool) (Change, error) {
	for {
		s.mu.Lock()
		c, changed := s.snapshotLocked(number), s.changed
		s.mu.Unlock()
		if c.Number != 0 && wanted(c) {
			return c, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return c, fmt.Errorf("wait for change %d: %w", number, context.Cause(ctx))
		}
	}
}
