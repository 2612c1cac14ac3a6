// Command cmd starts the real servers that tests ask for, runs something with
// them, and stops them again: a command of one's own, or all that the
// project checks about itself.
//
//	go run ./internal/testservers/cmd up [--only gerrit,postgres] -- go test ./gerrit/...
//	go run ./internal/testservers/cmd test [PACKAGES]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"verdict/internal/testservers/launch"
)

const usage = `usage:
  cmd up [--only NAMES] -- COMMAND...   run a command with servers started for it
  cmd test [PACKAGES]                   run every check, with all servers
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	ctx, orphaned := context.WithCancel(ctx)
	go func() {
		awaitOrphaned()
		orphaned()
	}()
	os.Exit(command(ctx, os.Args[1:]))
}

func command(ctx context.Context, args []string) int {
	if len(args) > 0 {
		switch args[0] {
		case "up":
			return up(ctx, args[1:])
		case "test":
			return test(ctx, args[1:])
		}
	}
	fmt.Fprint(os.Stderr, usage)
	return 2
}

// awaitOrphaned returns when the program's parent is gone. `go run` dies of
// SIGTERM without passing it on.
func awaitOrphaned() {
	parent := os.Getppid()
	for os.Getppid() == parent {
		time.Sleep(500 * time.Millisecond)
	}
}

// up starts servers, runs a command with them, stops them, and gives the
// command's exit status.
func up(ctx context.Context, args []string) int {
	flags := flag.NewFlagSet("up", flag.ContinueOnError)
	only := flags.String("only", strings.Join(launch.Names(), ","), "which servers, separated by commas")
	if err := flags.Parse(args); err != nil || flags.NArg() == 0 {
		fmt.Fprint(os.Stderr, usage)
		return 2
	}
	names := strings.Split(*only, ",")
	if err := launch.Install(ctx, launch.Missing(names...), os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	s, err := launch.Start(ctx, names, os.Stderr)
	defer s.Stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	// It stays in this program's process group, so that it may read the terminal.
	cmd := exec.CommandContext(ctx, flags.Arg(0), flags.Args()[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), s.Env()...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return max(exit.ExitCode(), 1)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	return 0
}
