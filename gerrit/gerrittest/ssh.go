package gerrittest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
)

// SSH is a Server's SSH: it takes the keys that AddSSHKey was told and serves
// `gerrit version` and `gerrit stream-events [-s TYPE]…`, which needs the
// capability streamEvents: that of Administrators and ServiceUsers. Its methods
// may be used by many goroutines.
type SSH struct {
	server   *Server
	config   *ssh.ServerConfig
	key      ssh.PublicKey
	listener net.Listener
	running  sync.WaitGroup

	mu       sync.Mutex
	conns    map[net.Conn]*sshConn
	refusing bool
	closed   bool
}

// sshConn is a connection; once it is silent it says nothing anymore.
type sshConn struct {
	user   *account
	silent chan struct{}
	once   sync.Once
}

func (c *sshConn) isSilent() bool {
	select {
	case <-c.silent:
		return true
	default:
		return false
	}
}

// ListenSSH begins to serve SSH at an address, 127.0.0.1:0 when empty. Its host
// key is the same each time for one Server, as after a restart. The Server's
// Close ends it.
func (s *Server) ListenSSH(addr string) (*SSH, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	signer, err := s.hostKey()
	if err != nil {
		return nil, fmt.Errorf("gerrittest: %w", err)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("gerrittest: %w", err)
	}
	h := &SSH{server: s, key: signer.PublicKey(), listener: l, conns: map[net.Conn]*sshConn{}}
	h.config = &ssh.ServerConfig{PublicKeyCallback: h.authorize, ServerVersion: "SSH-2.0-GerritCodeReview_" + s.config.Version}
	h.config.AddHostKey(signer)
	h.running.Go(h.accept)
	s.mu.Lock()
	s.shells = append(s.shells, h)
	s.mu.Unlock()
	return h, nil
}

func (s *Server) hostKey() (ssh.Signer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.signer == nil {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		if s.signer, err = ssh.NewSignerFromKey(private); err != nil {
			return nil, err
		}
	}
	return s.signer, nil
}

// Addr is where it listens.
func (h *SSH) Addr() string { return h.listener.Addr().String() }

// HostKey is the key by which clients know the server.
func (h *SSH) HostKey() ssh.PublicKey { return h.key }

// Connections tells how many connections are open and logged in.
func (h *SSH) Connections() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, c := range h.conns {
		if c != nil {
			n++
		}
	}
	return n
}

// Cut breaks all connections at once.
func (h *SSH) Cut() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for conn := range h.conns {
		_ = conn.Close()
	}
}

// Silence makes the connections that are open hang: they stay open and look
// alive, but no event and no answer to a keepalive comes from them anymore.
// Connections made later are not concerned.
func (h *SSH) Silence() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.conns {
		if c != nil {
			c.once.Do(func() { close(c.silent) })
		}
	}
}

// Refuse makes new connections end before they begin, or takes that back.
func (h *SSH) Refuse(refuse bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refusing = refuse
}

// Close ends it, its connections and all that it started.
func (h *SSH) Close() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	_ = h.listener.Close()
	h.Cut()
	h.running.Wait()
}

func (h *SSH) accept() {
	for {
		conn, err := h.listener.Accept()
		if err != nil {
			return
		}
		h.mu.Lock()
		unwanted := h.refusing || h.closed
		if !unwanted {
			h.conns[conn] = nil // until it has logged in
		}
		h.mu.Unlock()
		if unwanted {
			_ = conn.Close()
			continue
		}
		h.running.Go(func() {
			defer func() {
				_ = conn.Close()
				h.mu.Lock()
				delete(h.conns, conn)
				h.mu.Unlock()
			}()
			h.serve(conn)
		})
	}
}

func (h *SSH) authorize(meta ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
	h.server.mu.Lock()
	defer h.server.mu.Unlock()
	for _, a := range h.server.accounts {
		if a.Username == meta.User() && !a.inactive && slices.ContainsFunc(a.keys, func(k sshKey) bool { return bytes.Equal(k.key.Marshal(), key.Marshal()) }) {
			return &ssh.Permissions{}, nil
		}
	}
	return nil, errors.New("unknown key")
}

// serve serves one connection until it ends.
func (h *SSH) serve(conn net.Conn) {
	logged, channels, requests, err := ssh.NewServerConn(conn, h.config)
	if err != nil {
		return
	}
	h.server.mu.Lock()
	c := &sshConn{user: h.server.account(logged.User(), nil), silent: make(chan struct{})}
	h.server.mu.Unlock()
	h.mu.Lock()
	h.conns[conn] = c
	h.mu.Unlock()
	var sessions sync.WaitGroup
	defer sessions.Wait()
	sessions.Go(func() {
		for r := range requests { // keepalives
			if r.WantReply && !c.isSilent() {
				_ = r.Reply(false, nil)
			}
		}
	})
	for offered := range channels {
		if offered.ChannelType() != "session" {
			_ = offered.Reject(ssh.UnknownChannelType, "only sessions")
			continue
		}
		channel, asked, err := offered.Accept()
		if err != nil {
			return
		}
		sessions.Go(func() { h.session(c, channel, asked) })
	}
}

// session runs the one command of a session.
func (h *SSH) session(c *sshConn, channel ssh.Channel, asked <-chan *ssh.Request) {
	defer channel.Close()
	ended := make(chan struct{})
	var rest sync.WaitGroup
	defer rest.Wait()
	for r := range asked {
		if r.Type != "exec" && r.Type != "shell" {
			_ = r.Reply(r.Type == "env", nil)
			continue
		}
		var command struct{ Line string }
		if r.Type == "exec" && ssh.Unmarshal(r.Payload, &command) != nil {
			_ = r.Reply(false, nil)
			continue
		}
		_ = r.Reply(true, nil)
		rest.Go(func() { // until the client ends the session
			defer close(ended)
			for r := range asked {
				if r.WantReply && !c.isSilent() {
					_ = r.Reply(false, nil)
				}
			}
		})
		status := h.run(c, command.Line, channel, ended)
		_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{status}))
		_ = channel.Close()
		return
	}
}

// run runs a command and answers its exit status.
func (h *SSH) run(c *sshConn, line string, channel ssh.Channel, ended <-chan struct{}) uint32 {
	fatal := func(format string, args ...any) uint32 {
		fmt.Fprintf(channel.Stderr(), format+"\n", args...)
		return 1
	}
	words := strings.Fields(strings.NewReplacer(`"`, "", "'", "").Replace(line))
	if len(words) == 0 {
		fmt.Fprintf(channel.Stderr(), "\n  ****    Welcome to Gerrit Code Review    ****\n\n  Hi %s, you have successfully connected over SSH.\n\n", c.user.Name)
		return 127
	}
	if words[0] != "gerrit" {
		return fatal("fatal: Gerrit Code Review: %s: not found", words[0])
	}
	switch words = append(words[1:], ""); words[0] {
	case "version":
		if words[1] != "" {
			return fatal("fatal: No argument is allowed: %s", words[1])
		}
		fmt.Fprintf(channel, "gerrit version %s\n", h.server.config.Version)
		return 0
	case "stream-events":
		types, err := readTypes(words[1 : len(words)-1])
		if err != nil {
			return fatal("fatal: %s", err)
		}
		if !c.user.is(ServiceUsers) && !c.user.is(Administrators) {
			return fatal("stream events not permitted")
		}
		h.stream(c, types, channel, ended)
		return 0
	}
	return fatal("fatal: gerrit: %s: not found", words[0])
}

// readTypes reads what stream-events is to tell; nothing is everything.
func readTypes(args []string) ([]string, error) {
	var types []string
	for i := 0; i < len(args); i++ {
		name, value, given := strings.Cut(args[i], "=")
		if name != "-s" && name != "--subscribe" {
			return nil, fmt.Errorf("%q is not a valid option", args[i])
		}
		if !given {
			if i++; i == len(args) {
				return nil, fmt.Errorf("%s %q takes an operand", "Option", "--subscribe (-s)")
			}
			value = args[i]
		}
		types = append(types, value)
	}
	return types, nil
}

// stream writes events until the client or the connection ends.
func (h *SSH) stream(c *sshConn, types []string, to io.Writer, ended <-chan struct{}) {
	l := &listener{server: h.server, of: c.user, types: types, news: make(chan struct{}, 1)}
	h.server.mu.Lock()
	h.server.listeners[l] = true
	close(h.server.changed) // for those who wait for a listener
	h.server.changed = make(chan struct{})
	h.server.mu.Unlock()
	defer func() {
		h.server.mu.Lock()
		defer h.server.mu.Unlock()
		delete(h.server.listeners, l)
	}()
	for {
		select {
		case <-ended:
			return
		case <-c.silent:
			<-ended
			return
		case <-l.news:
		}
		for _, line := range l.take() {
			if c.isSilent() {
				break
			}
			if _, err := to.Write(append(line, '\n')); err != nil {
				return
			}
		}
	}
}
