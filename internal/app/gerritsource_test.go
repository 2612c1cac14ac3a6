package app

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"verdict/gerrit"
	"verdict/gerrit/gerrittest"
	"verdict/internal/app/admin"
	"verdict/internal/store"
	"verdict/rules"
)

// told is a bot that hears of its Gerrit's changes by a stream and by webhooks, and polls once an hour.
type told struct {
	*world
	dir, hooks string
	ssh        *gerrittest.SSH
}

const hookSecret = "c4nary-of-the-webhooks"

func newTold(t *testing.T) *told {
	t.Helper()
	w := &told{world: &world{t: t, gerrit: gerrittest.NewServer(gerrittest.Config{})}, hooks: freeAddress(t)}
	t.Cleanup(w.gerrit.Close)
	var err error
	if w.ssh, err = w.gerrit.ListenSSH(""); err != nil {
		t.Fatal(err)
	}
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
	w.gerrit.AddSSHKey("ci-bot", signer.PublicKey())
	w.dir = folder(t, map[string]string{
		"token": "bot-secret", "key": string(pem.EncodeToMemory(block)), "hook": hookSecret,
		"known_hosts": knownhosts.Line([]string{w.ssh.Addr()}, w.ssh.HostKey()) + "\n",
		"config.yaml": fmt.Sprintf(`
admin: {socket: admin.sock}
listen: {hooks: '%s'}
gerrit:
  main:
    url: '%s'
    user: ci-bot
    tokenFile: token
    poll: {cron: '@every 1h'}
    stream: {ssh: '%s', keyFile: key, knownHostsFile: known_hosts}
    webhook: {secretFiles: [hook]}
`, w.hooks, w.gerrit.URL(), w.ssh.Addr()),
		"teams.yaml": strings.ReplaceAll(teams, "platform/gfx", "demo"), "rules/graphics/ci.yaml": strings.ReplaceAll(tagRule, "platform/gfx", "demo"),
	})
	return w
}

// run starts the bot and waits until it hears the stream.
func (w *told) run() *told {
	w.t.Helper()
	w.bot = start(w.t, Options{Config: load(w.t, w.dir)})
	if err := w.gerrit.WaitForListeners(w.t.Context(), 1); err != nil {
		w.t.Fatal(err)
	}
	w.bot.status(w.t, "a stream and polls", func(s admin.Status) bool {
		return source(s, "gerrit:main").Connected && source(s, "gerrit:main/stream").Connected && source(s, "gerrit:main/webhook").Connected
	})
	return w
}

func source(s admin.Status, name string) admin.Source {
	for _, src := range s.Sources {
		if src.Name == name {
			return src
		}
	}
	return admin.Source{}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (w *told) post(secret, body string) int {
	w.t.Helper()
	resp, err := http.Post("http://"+w.hooks+"/gerrit/main/"+secret, "application/json", strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// tagged merges a change and waits for what the rule does then. No poll is due for an hour.
func (w *told) tagged() {
	w.t.Helper()
	change := merged(w.t, w.gerrit)
	w.until("the rule's hashtag", func() bool { return len(w.gerrit.Change(change).Hashtags) == 1 })
}

func TestWhatAStreamTellsIsActedOnBeforeAPoll(t *testing.T) {
	w := newTold(t).run()
	w.tagged()
	s := w.bot.status(t, "events by hints", func(s admin.Status) bool { return source(s, "gerrit:main").Found.Hinted > 0 })
	if src := source(s, "gerrit:main/stream"); src.LastEvent.IsZero() || src.Error != "" || len(s.Degraded) > 0 {
		t.Errorf("%+v, degraded: %q", src, s.Degraded)
	}
}

func TestPollsGoOnWithoutAStream(t *testing.T) {
	w := newTold(t).run()
	w.ssh.Refuse(true)
	w.ssh.Cut()
	w.bot.status(t, "a stream that is away", func(s admin.Status) bool {
		return len(s.Degraded) == 1 && strings.HasPrefix(s.Degraded[0], "gerrit main: no stream, polls go on: ") && source(s, "gerrit:main").Connected
	})
	change := merged(t, w.gerrit)
	w.ssh.Refuse(false) // the poll after the connect finds it
	w.until("the rule's hashtag", func() bool { return len(w.gerrit.Change(change).Hashtags) == 1 })
	w.bot.status(t, "no trouble", func(s admin.Status) bool { return len(s.Degraded) == 0 && source(s, "gerrit:main").Found.Polled > 0 })
}

func TestWhatAWebhookTellsIsActedOnBeforeAPoll(t *testing.T) {
	w := newTold(t)
	config := filepath.Join(w.dir, "config.yaml")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	withoutStream := strings.Replace(string(text), "    stream:", "    #stream:", 1)
	if err := os.WriteFile(config, []byte(withoutStream), 0o600); err != nil {
		t.Fatal(err)
	}
	w.bot = start(t, Options{Config: load(t, w.dir)})
	w.bot.status(t, "polls", func(s admin.Status) bool { return source(s, "gerrit:main").Connected })
	change := merged(t, w.gerrit)
	event := fmt.Sprintf(`{"type":"change-merged","change":{"project":"demo","number":%d}}`, change)
	if status := w.post("not-the-secret-of-it", event); status != http.StatusForbidden {
		t.Errorf("a wrong secret: %d", status)
	}
	w.bot.status(t, "a refused webhook", func(s admin.Status) bool {
		return strings.Contains(source(s, "gerrit:main/webhook").Error, "the last was refused") && len(s.Degraded) == 0
	})
	if status := w.post(hookSecret, event); status != http.StatusNoContent {
		t.Errorf("the secret: %d", status)
	}
	w.until("the rule's hashtag", func() bool { return len(w.gerrit.Change(change).Hashtags) == 1 })

	if err := os.WriteFile(filepath.Join(w.dir, "hook"), []byte("another-one-of-16"), 0o600); err != nil {
		t.Fatal(err)
	}
	if old, now := w.post(hookSecret, event), w.post("another-one-of-16", event); old != http.StatusForbidden || now != http.StatusNoContent {
		t.Errorf("after a rotation: the old one %d, the new one %d", old, now)
	}
	if err := w.bot.stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
	for _, secret := range []string{hookSecret, "another-one-of-16", "not-the-secret-of-it"} {
		if strings.Contains(w.bot.log.String(), secret) {
			t.Errorf("%s is in the log:\n%s", secret, w.bot.log)
		}
	}
}

func filterOf(change int) store.Filter {
	return store.Filter{Change: fmt.Sprint("main~", change)}
}

// withStore gives the store of the bot, which doesn't run.
func (w *told) withStore(do func(*store.Store)) {
	w.t.Helper()
	s, err := store.Open(w.t.Context(), store.Options{URL: load(w.t, w.dir).Store.URL, Migrate: "auto"})
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.Close()
	do(s)
}

func TestAScanOfAllIsMadeUpForAfterAStop(t *testing.T) {
	w := newTold(t).run()
	p := w.gerrit.Push(gerrittest.Push{Project: "demo", Subject: "A change"})
	w.until("an event", func() bool {
		s, err := w.bot.admin.Status(t.Context())
		return err == nil && s.Counts.Events["unmatched"] > 0
	})
	if err := w.bot.stop(); err != nil {
		t.Fatal(err)
	}
	w.gerrit.Delete(p.Change) // that is seen by a scan of all only
	const cursor = "gerrit/main/full"
	w.withStore(func(s *store.Store) {
		twoDaysAgo := time.Now().Add(-48 * time.Hour).UTC().Format(time.RFC3339)
		if err := s.SetCursor(t.Context(), cursor, twoDaysAgo); err != nil {
			t.Fatal(err)
		}
	})
	w.run()
	w.until("the end of the change", func() bool {
		c, err := w.bot.admin.Events(t.Context(), filterOf(p.Change))
		return err == nil && strings.Contains(fmt.Sprint(c), gerrit.ChangeVanished)
	})
	if err := w.bot.stop(); err != nil {
		t.Fatal(err)
	}
	w.withStore(func(s *store.Store) {
		text, err := s.Cursor(t.Context(), cursor)
		if err != nil {
			t.Fatal(err)
		}
		if at, err := time.Parse(time.RFC3339, text); err != nil || time.Since(at) > 25*time.Hour {
			t.Errorf("the last scan was for %q", text)
		}
	})
}

func TestScopeIsWhatRulesAndGrantsName(t *testing.T) {
	const grants = `teams:
  a: {folder: a/, contact: {email: a@example.org}, gerrit: [{server: main, projects: [one, 'two/**', '!two/x'], actions: [comment]}]}
  b: {folder: b/, contact: {email: b@example.org}, gerrit: [{server: other, projects: [three], actions: [comment]}, {server: main, projects: ['four-*'], actions: [comment]}]}
  c: {folder: c/, contact: {email: c@example.org}, gerrit: [{server: main, projects: [five], actions: [comment]}]}
`
	rule := func(on, mode string) []byte {
		return []byte("rules:\n  - name: r\n    mode: " + mode + "\n    on: " + on + "\n    do: [{comment: hello}]\n")
	}
	parsed, diagnostics := rules.LoadTeams("teams.yaml", []byte(grants))
	if len(diagnostics) > 0 {
		t.Fatal(diagnostics)
	}
	for _, c := range []struct {
		files       map[string][]byte
		main, other string
	}{
		{map[string][]byte{"a/a.yaml": rule("{gerrit: change-merged, server: main, project: one}", "live")}, `project:"one" OR projects:"two"`, ""},
		{map[string][]byte{"a/a.yaml": rule("{gerrit: change-merged, server: main, project: one}", "live"), "b/b.yaml": rule("{gerrit: change-merged, server: other, project: three}", "shadow")},
			`project:"one" OR projects:"four-" OR projects:"two"`, `project:"three"`},
		{map[string][]byte{"a/a.yaml": rule("{gerrit: change-merged, server: main, project: one}", "off"), "c/c.yaml": rule("{gerrit: change-merged, server: main, project: five}", "live")}, `project:"five"`, ""},
		{nil, "", ""},
	} {
		set, diagnostics := rules.Load(rules.Sources{Files: c.files, Teams: parsed})
		for _, d := range diagnostics {
			t.Log(d)
		}
		get := func() *rules.Set { return set }
		if main, other := scopeOf(get, "main")().Query(), scopeOf(get, "other")().Query(); main != c.main || other != c.other {
			t.Errorf("%d files: got %s and %s, want %s and %s", len(c.files), main, other, c.main, c.other)
		}
	}
}
