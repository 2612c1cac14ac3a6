package gerrit_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"verdict/gerrit"
)

type serveFunc func(s *teller, n int, to, errors io.Writer) uint32

// teller is an SSH server that tells what a test has it tell, byte by byte.
type teller struct {
	addr   string
	client ssh.Signer
	key    atomic.Pointer[string] // the client's, as in its file

	// serve is handed itself and the output of each stream-events, with a count from 1; the
	// status is what it returns.
	serve    serveFunc
	commands chan string
	deaf     atomic.Bool // answers no keepalives
	mute     atomic.Bool // lets log in, and answers nothing more
	answers  chan struct{}

	mu       sync.Mutex
	hostKeys []ssh.Signer
	conns    map[net.Conn]bool
	n        int
	ended    chan struct{}
}

func newSigner(t *testing.T) (ssh.Signer, string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	signer, err := ssh.NewSignerFromKey(private)
	must(t, err)
	block, err := ssh.MarshalPrivateKey(private, "test")
	must(t, err)
	return signer, string(pem.EncodeToMemory(block))
}

func newTeller(t *testing.T, serve serveFunc) *teller {
	t.Helper()
	host, _ := newSigner(t)
	client, key := newSigner(t)
	s := &teller{hostKeys: []ssh.Signer{host}, client: client, serve: serve, commands: make(chan string, 100), answers: make(chan struct{}, 1000), conns: map[net.Conn]bool{}, ended: make(chan struct{})}
	s.key.Store(&key)
	s.listen(t)
	return s
}

func (s *teller) listen(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s.addr = l.Addr().String()
	var running sync.WaitGroup
	t.Cleanup(func() {
		close(s.ended)
		l.Close()
		s.cut()
		running.Wait()
	})
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns[conn] = true
			s.mu.Unlock()
			running.Go(func() { s.handle(conn) })
		}
	})
}

func (s *teller) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		conn.Close()
		delete(s.conns, conn)
	}
}

func (s *teller) handle(conn net.Conn) {
	cfg := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if string(key.Marshal()) != string(s.client.PublicKey().Marshal()) {
			return nil, fmt.Errorf("unknown key")
		}
		return &ssh.Permissions{}, nil
	}}
	s.mu.Lock()
	for _, k := range s.hostKeys {
		cfg.AddHostKey(k)
	}
	s.mu.Unlock()
	_, channels, requests, err := ssh.NewServerConn(conn, cfg)
	if err != nil {
		conn.Close()
		return
	}
	go func() {
		for r := range requests {
			if r.WantReply && !s.deaf.Load() {
				_ = r.Reply(false, nil)
				s.answers <- struct{}{}
			}
		}
	}()
	if s.mute.Load() {
		<-s.ended
		return
	}
	for offered := range channels {
		channel, asked, err := offered.Accept()
		if err != nil {
			return
		}
		go s.session(channel, asked)
	}
}

func (s *teller) session(channel ssh.Channel, asked <-chan *ssh.Request) {
	for r := range asked {
		if r.Type != "exec" {
			_ = r.Reply(false, nil)
			continue
		}
		var command struct{ Line string }
		_ = ssh.Unmarshal(r.Payload, &command)
		_ = r.Reply(true, nil)
		s.commands <- command.Line
		s.mu.Lock()
		s.n++
		n := s.n
		s.mu.Unlock()
		go func() {
			status := s.serve(s, n, channel, channel.Stderr())
			_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{status}))
			channel.Close()
		}()
	}
}

// addHostKey gives the server another key.
func (s *teller) addHostKey(k ssh.Signer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hostKeys = append(s.hostKeys, k)
}

// stay holds a session open until the test ends.
func (s *teller) stay() uint32 { <-s.ended; return 0 }

// knownHosts writes a file with these keys for the server.
func (s *teller) knownHosts(t *testing.T, keys ...ssh.Signer) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "known_hosts")
	var lines []string
	for _, k := range keys {
		lines = append(lines, knownhosts.Line([]string{s.addr}, k.PublicKey()))
	}
	must(t, os.WriteFile(file, []byte("# known hosts\n"+strings.Join(lines, "\n")+"\n"), 0o600))
	return file
}

// heard is a Stream and what it says.
type heard struct {
	*gerrit.Stream
	hints  chan gerrit.Hint
	polls  chan struct{}
	states chan gerrit.StreamStatus
}

func (s *teller) stream(t *testing.T) *heard {
	t.Helper()
	h := &heard{hints: make(chan gerrit.Hint, 1000), polls: make(chan struct{}, 1000), states: make(chan gerrit.StreamStatus, 1000)}
	h.Stream = &gerrit.Stream{
		Addr: s.addr, User: "ci-bot", Key: func() (string, error) { return *s.key.Load(), nil }, KnownHostsFile: s.knownHosts(t, s.hostKeys...),
		Hint: func(hint gerrit.Hint) { h.hints <- hint }, Poll: func() { h.polls <- struct{}{} },
		Changed: func(st gerrit.StreamStatus) { h.states <- st },
	}
	return h
}

// listen runs the stream until the test ends.
func (h *heard) listen(t *testing.T) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- h.Run(t.Context()) }()
	t.Cleanup(func() { // the test's context has ended by now
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("Run doesn't end")
		}
	})
}

// next gives what comes next.
func next[T any](t *testing.T, from <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(20 * time.Second):
		t.Fatalf("no %s comes", what)
		panic("unreachable")
	}
}

// until gives the next state that is wanted.
func (h *heard) until(t *testing.T, what string, wanted func(gerrit.StreamStatus) bool) gerrit.StreamStatus {
	t.Helper()
	for {
		if st := next(t, h.states, what); wanted(st) {
			return st
		}
	}
}

func stands(st gerrit.StreamStatus) bool { return st.Connected }
func lost(st gerrit.StreamStatus) bool   { return !st.Connected }

func newECDSASigner(t *testing.T) ssh.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	signer, err := ssh.NewSignerFromKey(key)
	must(t, err)
	return signer
}

// lockedKey is a key with a passphrase.
func lockedKey(t *testing.T) string {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	block, err := ssh.MarshalPrivateKeyWithPassphrase(private, "test", []byte("phrase"))
	must(t, err)
	return string(pem.EncodeToMemory(block))
}

// hanging is the address of a server that accepts and says nothing.
func hanging(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}
