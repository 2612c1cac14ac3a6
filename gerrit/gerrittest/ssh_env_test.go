package gerrittest_test

import (
	"bufio"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"verdict/internal/testservers"
)

// shell is how ci-bot logs in by SSH.
type shell struct {
	addr string
	key  ssh.Signer
	host ssh.HostKeyCallback
}

func (f fake) shell(t *testing.T) shell {
	t.Helper()
	key := newKey(t)
	f.s.AddSSHKey("ci-bot", key.PublicKey())
	h, err := f.s.ListenSSH("")
	if err != nil {
		t.Fatal(err)
	}
	return shell{h.Addr(), key, ssh.FixedHostKey(h.HostKey())}
}

func (r *real) shell(t *testing.T) shell {
	t.Helper()
	at := testservers.GerritSSH(t)
	text, err := os.ReadFile(at.KeyFiles["ci-bot"])
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.ParsePrivateKey(text)
	if err != nil {
		t.Fatal(err)
	}
	host, err := knownhosts.New(at.KnownHostsFile)
	if err != nil {
		t.Fatal(err)
	}
	return shell{at.Addr, key, host}
}

func newKey(t *testing.T) ssh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// dial logs in as somebody.
func (sh shell) dial(user string) (*ssh.Client, error) {
	return ssh.Dial("tcp", sh.addr, &ssh.ClientConfig{
		User: user, Auth: []ssh.AuthMethod{ssh.PublicKeys(sh.key)}, HostKeyCallback: sh.host, Timeout: time.Minute,
	})
}

// run runs a command as ci-bot.
func (sh shell) run(t *testing.T, command string) (out, errors string, status int) {
	t.Helper()
	c, err := sh.dial("ci-bot")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	session, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	var o, e strings.Builder
	session.Stdout, session.Stderr = &o, &e
	if err := session.Run(command); err != nil {
		exit, ok := err.(*ssh.ExitError)
		if !ok {
			t.Fatalf("%s: %v", command, err)
		}
		status = exit.ExitStatus()
	}
	return strings.TrimSpace(o.String()), strings.TrimSpace(e.String()), status
}

// stream is what ci-bot hears.
type stream struct {
	client *ssh.Client
	events chan map[string]any
}

// stream listens to types of events, or to all. It hears what happens once it
// has returned.
func (e *env) stream(t *testing.T, types ...string) *stream {
	t.Helper()
	c, err := e.host.shell(t).dial("ci-bot")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	session, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	out, err := session.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	command := "gerrit stream-events"
	if len(types) > 0 {
		command += " -s topic-changed"
	}
	for _, kind := range types {
		command += " -s " + kind
	}
	if err := session.Start(command); err != nil {
		t.Fatal(err)
	}
	s := &stream{client: c, events: make(chan map[string]any, 1000)}
	go func() {
		defer close(s.events)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var event map[string]any
			if json.Unmarshal(lines.Bytes(), &event) == nil {
				s.events <- event
			}
		}
	}()
	s.awaitBegin(t, e)
	return s
}

// awaitBegin sets topics until one is heard: the server doesn't say when it
// begins to tell.
func (s *stream) awaitBegin(t *testing.T, e *env) {
	t.Helper()
	p := e.change(t)
	for i := range 200 {
		if _, err := e.alice.SetTopic(t.Context(), p.id(), fmt.Sprintf("begin-%d", i)); err != nil {
			t.Fatal(err)
		}
		soon := time.After(100 * time.Millisecond)
		for waiting := true; waiting; {
			select {
			case event := <-s.events:
				if numberOf(event) == p.number {
					return
				}
			case <-soon:
				waiting = false
			}
		}
	}
	t.Fatal("the stream tells nothing")
}

func numberOf(event map[string]any) int {
	change, _ := event["change"].(map[string]any)
	n, _ := change["number"].(float64)
	return int(n)
}

// next gives the next event of a change; others pass.
func (s *stream) next(t *testing.T, p pushed) map[string]any {
	t.Helper()
	return s.until(t, func(event map[string]any) bool { return numberOf(event) == p.number })
}

func (s *stream) until(t *testing.T, wanted func(event map[string]any) bool) map[string]any {
	t.Helper()
	late := time.After(time.Minute)
	for {
		select {
		case event, ok := <-s.events:
			if !ok {
				t.Fatal("the stream ended")
			}
			if wanted(event) {
				return event
			}
		case <-late:
			t.Fatal("the event doesn't come")
		}
	}
}

// expect takes the next event of a change, of which nothing but the change and
// its project need be told here, and gives it.
func (s *stream) expect(t *testing.T, p pushed, kind string, keys ...string) map[string]any {
	t.Helper()
	event := s.next(t, p)
	want := append(keys, "change", "changeKey", "eventCreatedOn", "project", "refName", "type")
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(event)); event["type"] != kind || !slices.Equal(got, want) {
		t.Errorf("got %v with %q, want %s with %q", event["type"], got, kind, want)
	}
	return event
}

// who is the username of an account in an event.
func who(event map[string]any, key string) any {
	account, _ := event[key].(map[string]any)
	return account["username"]
}
