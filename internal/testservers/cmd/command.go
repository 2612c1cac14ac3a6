package main

import (
	"bytes"
	"context"
	"io"
	"os/exec"
	"syscall"
	"time"
)

// newCommand makes a command that runs in a process group of its own and ends
// with all its children when ctx does: first by SIGINT, on which test
// programs clean up, a little later by force.
func newCommand(ctx context.Context, dir string, env []string, argv ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = dir, env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		group := -cmd.Process.Pid
		time.AfterFunc(5*time.Second, func() { syscall.Kill(group, syscall.SIGKILL) })
		return syscall.Kill(group, syscall.SIGINT)
	}
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// output runs a command to its end and gives what it printed.
func output(ctx context.Context, dir string, env []string, argv ...string) (string, error) {
	var out bytes.Buffer
	cmd := newCommand(ctx, dir, env, argv...)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// stream runs a command and hands on what it prints, as it comes.
func stream(ctx context.Context, env []string, to io.Writer, argv ...string) error {
	cmd := newCommand(ctx, "", env, argv...)
	cmd.Stdout, cmd.Stderr = to, to
	return cmd.Run()
}
