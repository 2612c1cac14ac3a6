package chaos

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"verdict/internal/app/admin"
)

// bot is a bot in a folder of its own. While it is watched over it is started again whenever it was killed, as a
// service manager would.
type bot struct {
	dir  string
	args []string

	ending   sync.Once
	stopping chan struct{}
	over     chan error // how the last process ended
	left     bool       // it was killed while it stopped, and not started again
	turn     int        // how many points it had passed when its story came to what it is about

	mu     sync.Mutex
	cmd    *exec.Cmd
	deaths int
}

// strike is what happens to a bot at a point; the zero value is nothing.
type strike struct {
	at     string
	signal string // KILL or STOP
	once   string // a file that is there until it happened
}

// startBot runs a bot until the test ends: then it stops in order. Where restart is false one that is killed stays
// dead.
func startBot(t *testing.T, files map[string]string, s strike, restart bool) *bot {
	t.Helper()
	b := &bot{dir: t.TempDir(), stopping: make(chan struct{}), over: make(chan error, 1)}
	for name, text := range files {
		write(t, filepath.Join(b.dir, name), text)
	}
	b.args = []string{"-config", filepath.Join(b.dir, "config.yaml"), "-trace", b.file("trace"), "-at", s.at, "-signal", s.signal, "-once", s.once}
	if err := b.start(); err != nil {
		t.Fatal(err)
	}
	go func() { b.over <- b.watch(restart) }()
	t.Cleanup(func() { b.stop(t) })
	return b
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (b *bot) file(name string) string { return filepath.Join(b.dir, name) }

func (b *bot) start() error {
	log, err := os.OpenFile(b.file("log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(program, b.args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cmd = cmd
	return cmd.Start()
}

// watch waits for the process, and starts another one when it was killed. It gives how the last one ended.
func (b *bot) watch(restart bool) error {
	for {
		err := b.cmd.Wait()
		if !killed(err) {
			return err
		}
		b.mu.Lock()
		b.deaths++
		b.mu.Unlock()
		select {
		case <-b.stopping:
			return err
		default:
		}
		if !restart {
			return nil
		}
		if err := b.start(); err != nil {
			return err
		}
	}
}

func killed(err error) bool {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// died is how often the bot was killed.
func (b *bot) died() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.deaths
}

// frozen tells whether the process is stopped: its state in proc(5) is T.
func (b *bot) frozen() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	stat := read(fmt.Sprintf("/proc/%d/stat", b.cmd.Process.Pid))
	return strings.HasPrefix(stat[strings.LastIndexByte(stat, ')')+1:], " T ")
}

func (b *bot) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.cmd.Process.Signal(s); err != nil {
		t.Error(err)
	}
}

// stop ends the bot as an administrator would, and shows its log where the test failed. Once is enough.
func (b *bot) stop(t *testing.T) {
	b.ending.Do(func() { b.end(t) })
}

func (b *bot) end(t *testing.T) {
	t.Helper()
	close(b.stopping)
	b.mu.Lock()
	process := b.cmd.Process
	b.mu.Unlock()
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGCONT} { // it may be frozen
		if err := process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Error(err)
		}
	}
	select {
	case err := <-b.over:
		if b.left = killed(err); err != nil && !b.left {
			t.Errorf("the bot ended with %v", err)
		}
	case <-time.After(30 * time.Second):
		_ = process.Kill()
		<-b.over
		t.Error("the bot was still there 30 s after SIGTERM")
	}
	if t.Failed() {
		t.Logf("the bot's points:\n%s\nthe bot's log:\n%s", strings.Join(b.trace(), "\n"), read(b.file("log")))
	}
}

// trace are the points that the bot passed, over all its lives.
func (b *bot) trace() []string { return strings.Fields(read(b.file("trace"))) }

// passed tells whether the bot passed a point of a step.
func (b *bot) passed(step string) bool {
	return slices.ContainsFunc(b.trace(), func(point string) bool { return strings.HasPrefix(point, step+"#") })
}

func read(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	return string(bytes.TrimSpace(text))
}

// status asks the bot itself; only to know when it is done.
func (b *bot) status(t *testing.T) (admin.Status, error) {
	client, err := admin.Dial(t.Context(), b.file("admin.sock"))
	if err != nil {
		return admin.Status{}, err
	}
	return client.Status(t.Context())
}

// release ends a hold, as an administrator does.
func (b *bot) release(t *testing.T, scope string) {
	t.Helper()
	client, err := admin.Dial(t.Context(), b.file("admin.sock"))
	if err == nil {
		err = client.Release(t.Context(), scope)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// connected tells whether the bot hears of everything that happens.
func (b *bot) connected(t *testing.T) bool {
	s, err := b.status(t)
	return err == nil && len(s.Sources) == 2 && !slices.ContainsFunc(s.Sources, func(s admin.Source) bool { return !s.Connected })
}

// resting tells whether nothing is left to decide or to do.
func (b *bot) resting(t *testing.T) bool {
	s, err := b.status(t)
	if err != nil {
		return false
	}
	for _, state := range []string{"received", "deciding", "parked", "pending", "running", "retrying", "held"} {
		if s.Counts.Events[state]+s.Counts.Actions[state] > 0 {
			return false
		}
	}
	return s.Counts.Lanes == 0
}
