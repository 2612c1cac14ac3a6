package launch

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestWaitTellsTheLogOfAProcessThatEnded(t *testing.T) {
	p := startShell(t, "echo port is taken; exit 3")
	err := p.wait(t.Context(), func(context.Context) bool { return false })
	if err == nil || !strings.Contains(err.Error(), "port is taken") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("got %v, want the exit status and what the process said", err)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	p := startShell(t, "exec sleep 60")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.wait(ctx, func(context.Context) bool { return false }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
	p.end(time.Minute)
}

func TestEndLeavesNoChildBehind(t *testing.T) {
	pid := filepath.Join(t.TempDir(), "pid")
	p := startShell(t, "trap '' TERM; sleep 60 & echo $! > "+pid+".new; mv "+pid+".new "+pid+"; wait; wait")
	err := p.wait(t.Context(), func(context.Context) bool { _, err := os.Stat(pid); return err == nil })
	if err != nil {
		t.Fatal(err)
	}
	p.end(10 * time.Millisecond)
	for deadline := time.Now().Add(10 * time.Second); !gone(t, pid); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("its child is still there after 10 s")
		}
	}
}

// gone says whether the process whose id is in a file has ended; it may wait
// to be reaped by whoever adopted it.
func gone(t *testing.T, pidFile string) bool {
	t.Helper()
	pid, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	stat, err := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/stat")
	return err != nil || strings.Contains(string(stat), ") Z ")
}

func startShell(t *testing.T, script string) *process {
	t.Helper()
	p, err := start(program{
		Name: "sh", Path: "/bin/sh", Args: []string{"-c", script},
		Log: filepath.Join(t.TempDir(), "log"), Stop: syscall.SIGTERM,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestNewRunRemovesWhatKilledRunsLeft(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	left := filepath.Join(os.TempDir(), runs+"killed")
	if err := os.Mkdir(left, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(left, "lock"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	first, err := Start(t.Context(), nil, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Stop()
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", left, err)
	}
	for range 10 { // a lock whose file nothing refers to goes with the garbage
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	second, err := Start(t.Context(), nil, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Stop()
	if _, err := os.Stat(first.dir); err != nil {
		t.Errorf("a run in progress lost its folder: %v", err)
	}
}
