package app

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"verdict/internal/app/admin"
	"verdict/internal/config"
	"verdict/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// folder is a folder with a configuration, rules and teams.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func load(t *testing.T, dir string) *config.Config {
	t.Helper()
	cfg, err := config.Load(filepath.Join(dir, "config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

const teams = "teams:\n  graphics:\n    folder: graphics/\n    contact: {email: gfx-ci@example.org}\n" +
	"    gerrit:\n      - {server: main, projects: [platform/gfx], labels: {Verified: [-1, 1]}, hashtags: ['ci-*'], actions: [vote, comment, hashtags]}\n"

const tagRule = `rules:
  - name: tag
    on: {gerrit: change-merged, server: main, project: platform/gfx}
    do:
      - hashtags: {add: [ci-merged]}
`

// away is a bot whose Gerrit is away.
func away(t *testing.T) string {
	return folder(t, map[string]string{
		"config.yaml":            "admin: {socket: admin.sock}\nlog: {level: debug}\ngerrit: {main: {url: 'http://127.0.0.1:1', user: u, tokenFile: token}}\n",
		"token":                  "c4nary\n",
		"teams.yaml":             teams,
		"rules/graphics/ci.yaml": tagRule,
	})
}

// buffer is a log that may be read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// running is a bot in this process; stop ends it and gives Run's error.
type running struct {
	admin *admin.Client
	log   *buffer
	stop  func() error
}

func start(t *testing.T, o Options) *running {
	t.Helper()
	r := &running{log: &buffer{}}
	o.Log, o.Version = NewLog(o.Config, r.log), "test"
	ready := make(chan struct{})
	o.Ready = func() { close(ready) }
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, o) }()
	select {
	case <-ready:
	case err := <-ended:
		cancel()
		t.Fatalf("Run: %v", err)
	}
	var once sync.Once
	var err error
	r.stop = func() error {
		once.Do(func() { cancel(); err = <-ended })
		return err
	}
	t.Cleanup(func() { r.stop() })
	c, err := admin.Dial(t.Context(), o.Config.Admin.Socket)
	if err != nil {
		t.Fatal(err)
	}
	r.admin = c
	return r
}

// status waits until the status is as wanted.
func (r *running) status(t *testing.T, what string, wanted func(admin.Status) bool) admin.Status {
	t.Helper()
	var s admin.Status
	var err error
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if s, err = r.admin.Status(t.Context()); err == nil && wanted(s) {
			return s
		}
	}
	t.Fatalf("waited in vain for %s; the status is %+v, %v\n%s", what, s, err, r.log)
	return s
}

func TestRunWorksOnThoughGerritIsAway(t *testing.T) {
	r := start(t, Options{Config: load(t, away(t))})
	s := r.status(t, "a degraded Gerrit", func(s admin.Status) bool { return len(s.Degraded) > 0 })
	if !s.Running || s.Version != "test" || s.Mode != "live" || len(s.Replicas) != 1 || !strings.Contains(s.Degraded[0], "gerrit main is away") {
		t.Errorf("the status is %+v", s)
	}
	if err := r.stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
	if strings.Contains(r.log.String(), "c4nary") {
		t.Errorf("the secret is in the log:\n%s", r.log)
	}
}

func TestRunRefusesWhatCanNeverWork(t *testing.T) {
	for name, c := range map[string]struct {
		remove, write, text string
		want                string
	}{
		"no rules":      {remove: "rules", want: "rules"},
		"no teams":      {remove: "teams.yaml", want: "teams.yaml"},
		"no secret":     {remove: "token", want: "config.yaml:3:64: secret file: "},
		"broken teams":  {write: "teams.yaml", text: "teams: 1\n", want: "teams.yaml:1:"},
		"bad CA":        {write: "config.yaml", text: "tls: {caFile: token}\nadmin: {socket: admin.sock}\ngerrit: {main: {url: 'http://127.0.0.1:1', user: u, tokenFile: token}}\n", want: "no certificate"},
		"foreign store": {write: "verdict.db", text: strings.Repeat("this is no database", 100), want: "verdict.db"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := away(t)
			if c.remove != "" {
				os.RemoveAll(filepath.Join(dir, c.remove))
			}
			if c.write != "" {
				os.WriteFile(filepath.Join(dir, c.write), []byte(c.text), 0o600)
			}
			cfg := load(t, dir)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			err := Run(ctx, Options{Config: cfg, Log: zerolog.Nop()})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
			if _, err := os.Stat(cfg.Admin.Socket); err == nil {
				t.Error("the socket is still there")
			}
		})
	}
}

func TestRunRefusesASecondBot(t *testing.T) {
	cfg := load(t, away(t))
	start(t, Options{Config: cfg})
	if err := Run(t.Context(), Options{Config: cfg, Log: zerolog.Nop()}); !errors.Is(err, admin.ErrInUse) {
		t.Errorf("the same socket: %v", err)
	}
	other := *cfg
	other.Admin.Socket += "2"
	if err := Run(t.Context(), Options{Config: &other, Log: zerolog.Nop()}); !errors.Is(err, store.ErrInUse) {
		t.Errorf("the same store: %v", err)
	}
}

func TestChangedRulesAreInForceSoon(t *testing.T) {
	dir := away(t)
	reload := make(chan struct{})
	r := start(t, Options{Config: load(t, dir), Reload: reload})
	first := r.status(t, "one rule", func(s admin.Status) bool { return s.Rules.Count == 1 }).Rules
	more := tagRule + strings.Replace(strings.TrimPrefix(tagRule, "rules:\n"), "name: tag", "name: tag2", 1)
	if err := os.WriteFile(filepath.Join(dir, "rules/graphics/ci.yaml"), []byte(more), 0o600); err != nil {
		t.Fatal(err)
	}
	second := r.status(t, "two rules", func(s admin.Status) bool { return s.Rules.Count == 2 }).Rules
	if second.Hash == first.Hash {
		t.Error("the set has the same hash")
	}
	if err := os.WriteFile(filepath.Join(dir, "rules/graphics/ci.yaml"), []byte("rules: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := r.status(t, "a broken team", func(s admin.Status) bool { return len(s.Rules.Broken["graphics"]) > 0 })
	if broken.Rules.Count != 2 || !strings.Contains(strings.Join(broken.Degraded, "\n"), "rules of team graphics") {
		t.Errorf("the status is %+v", broken)
	}
	reload <- struct{}{}
	r.status(t, "rules that were read anew", func(s admin.Status) bool { return s.Rules.Loaded.After(broken.Rules.Loaded) })
}

func TestRunGivesUpAfterTheDrainLimit(t *testing.T) {
	cfg := load(t, away(t))
	stuck := make(chan struct{})
	entered := make(chan struct{}, 1)
	r := start(t, Options{Config: cfg, Drain: 50 * time.Millisecond, Wrap: func(p *Parts) {
		p.Deliveries = stuckStore{p.Deliveries.(*store.Store), stuck, entered}
	}})
	<-entered
	if err := r.stop(); !errors.Is(err, ErrDrain) {
		t.Errorf("got %v, want ErrDrain", err)
	}
	close(stuck)
}

// stuckStore hangs when a lane is claimed, as a database that doesn't answer.
type stuckStore struct {
	*store.Store
	stuck   chan struct{}
	entered chan struct{}
}

func (s stuckStore) ClaimLane(context.Context, string, time.Duration, ...string) (*store.Lane, error) {
	select {
	case s.entered <- struct{}{}:
	default:
	}
	<-s.stuck
	return nil, errors.New("stuck")
}
