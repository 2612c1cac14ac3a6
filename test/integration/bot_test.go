package integration

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary builds the bot as it is shipped, once for all stories.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "verdict-integration-")
	if err != nil {
		return "", err
	}
	builtIn = dir
	file := filepath.Join(dir, "bot")
	build := exec.Command("go", "build", "-o", file, "verdict/cmd/bot")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", build, err, out)
	}
	return file, nil
})

var builtIn string // the folder that TestMain removes

func TestMain(m *testing.M) {
	status := m.Run()
	if builtIn != "" {
		os.RemoveAll(builtIn)
	}
	os.Exit(status)
}

// bot is a running `bot run`.
type bot struct {
	dir, binary string
	cmd         *exec.Cmd
	ended       chan error
}

// startBot runs the bot on these files, by their path in its folder; one of
// them is config.yaml. It ends with the test, by SIGTERM, and in order.
func startBot(t *testing.T, files map[string]string) *bot {
	t.Helper()
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	b := &bot{dir: t.TempDir(), binary: program, ended: make(chan error, 1)}
	for name, text := range files {
		file := filepath.Join(b.dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log, err := os.Create(filepath.Join(b.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	b.cmd = exec.Command(program, "run", "--config", filepath.Join(b.dir, "config.yaml"))
	b.cmd.Stdout, b.cmd.Stderr = log, log
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { b.ended <- b.cmd.Wait() }()
	t.Cleanup(func() { b.stop(t) })
	return b
}

// stop ends the bot as an administrator would, and shows its log where the
// test failed.
func (b *bot) stop(t *testing.T) {
	t.Helper()
	b.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-b.ended:
		if err != nil {
			t.Errorf("bot run ended with %v on SIGTERM, want 0", err)
		}
	case <-time.After(30 * time.Second):
		b.cmd.Process.Kill()
		<-b.ended
		t.Error("bot run was still there 30 s after SIGTERM")
	}
	if log, err := os.ReadFile(filepath.Join(b.dir, "log")); err == nil && t.Failed() {
		t.Logf("the bot's log:\n%s", log)
	}
}

// status is what `bot status --json` says, as far as the stories ask.
type status struct {
	Running  bool
	Degraded []string
	Sources  []struct {
		Name      string
		Connected bool
		Error     string
	}
	Holds    []struct{ Scope, Reason string }
	Problems []struct{ Team, Name, Do string }
	Counts   struct{ Events, Actions map[string]int }
}

func (b *bot) status() (s status, err error) {
	cmd := exec.Command(b.binary, "status", "--json", "--config", filepath.Join(b.dir, "config.yaml"))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 {
		err = nil // findings: the status says which
	}
	if err != nil {
		return s, fmt.Errorf("bot status: %w: %s", err, stderr.String())
	}
	return s, json.Unmarshal(out, &s)
}

// awaitSources waits until every source of events is connected.
func (b *bot) awaitSources(t *testing.T) {
	t.Helper()
	eventually(t, "all sources connected", func() (any, bool) {
		s, err := b.status()
		if err != nil {
			return err, false
		}
		for _, source := range s.Sources {
			if !source.Connected {
				return s, false
			}
		}
		return s, s.Running && len(s.Sources) > 0
	})
}

// awaitRest waits until the bot has nothing to decide and nothing to do, and
// has kept so many events at least.
func (b *bot) awaitRest(t *testing.T, events int) {
	t.Helper()
	open := []string{"received", "deciding", "pending", "running", "retrying"}
	eventually(t, "the bot at rest", func() (any, bool) {
		s, err := b.status()
		if err != nil {
			return err, false
		}
		kept := 0
		for _, n := range s.Counts.Events {
			kept += n
		}
		for _, state := range open {
			if s.Counts.Events[state]+s.Counts.Actions[state] > 0 {
				return s, false
			}
		}
		return s, kept >= events
	})
	if s, err := b.status(); err != nil || s.Counts.Events["parked"]+s.Counts.Actions["dead"] > 0 {
		t.Errorf("status %+v, %v; want nothing parked, nothing dead", s, err)
	}
}

// eventually waits for a state; if it doesn't come, the test ends and shows
// the last one seen.
func eventually(t *testing.T, what string, reached func() (any, bool)) {
	t.Helper()
	deadline := time.After(60 * time.Second)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		last, ok := reached()
		if ok {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("not reached within a minute: %s; last seen %+v", what, last)
		case <-tick.C:
		}
	}
}
