package rulegit

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

func newKey(t *testing.T) (ssh.Signer, string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	return signer, string(pem.EncodeToMemory(block))
}

// serveSSH runs git for whoever has the key; it gives its address.
func serveSSH(t *testing.T, host ssh.Signer, user ssh.PublicKey) string {
	t.Helper()
	config := &ssh.ServerConfig{PublicKeyCallback: func(c ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if c.User() == "verdict" && string(key.Marshal()) == string(user.Marshal()) {
			return nil, nil
		}
		return nil, ssh.ErrNoAuth
	}}
	config.AddHostKey(host)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(func() { l.Close(); all.Wait() })
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close()
				serveOne(conn, config)
			})
		}
	})
	return l.Addr().String()
}

func serveOne(conn net.Conn, config *ssh.ServerConfig) {
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for c := range channels {
		channel, asked, err := c.Accept()
		if err != nil {
			return
		}
		for req := range asked {
			req.Reply(req.Type == "exec", nil)
			if req.Type == "exec" {
				cmd := exec.Command("sh", "-c", string(req.Payload[4:]))
				cmd.Stdout, cmd.Stderr = channel, channel.Stderr()
				if in, err := cmd.StdinPipe(); err == nil {
					go func() { io.Copy(in, channel); in.Close() }() // the client may not end it before it has an answer
				}
				cmd.Run() // how it ends is the client's affair
				channel.Close()
			}
		}
	}
}

func TestSSHTakesOnlyTheKeysThatAreKnown(t *testing.T) {
	r := newRepo(t)
	r.dir = filepath.Join(filepath.Dir(r.dir), "it's odd.git")
	r.git("init", "-q", "-b", "main", ".")
	r.write("teams.yaml", "teams: {}")
	r.write("rules/gfx/ci.yaml", "rules: []")
	id := r.commit("first")
	host, _ := newKey(t)
	user, private := newKey(t)
	other, wrong := newKey(t)
	addr := serveSSH(t, host, user.PublicKey())
	hosts := filepath.Join(t.TempDir(), "known_hosts")
	trust := func(key ssh.PublicKey) {
		t.Helper()
		if err := os.WriteFile(hosts, []byte(knownhosts.Line([]string{addr}, key)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	key := private
	at := r.at()
	at.URL = "ssh://verdict@" + addr + strings.ReplaceAll(r.dir, " ", "%20")
	at.Key, at.KnownHostsFile = func() (string, error) { return key, nil }, hosts
	trust(host.PublicKey())
	if c := fetch(t, at); c.ID != id {
		t.Errorf("got %+v", c)
	}
	fails := func(what, want string) {
		t.Helper()
		if _, err := at.Fetch(t.Context()); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "PRIVATE") {
			t.Errorf("%s: %v, want %q in it", what, err, want)
		}
	}
	trust(other.PublicKey())
	fails("another host", "the host key of "+addr+" has changed, or another server answers")
	trust(host.PublicKey())
	key = wrong
	fails("another key", "the key isn't one of verdict's")
	key = private
	at.URL += "/nowhere"
	fails("no repository", "does not appear to be a git repository")
}
