package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"verdict/internal/app"
	"verdict/internal/sandbox"
)

// demoOptions are what the demonstration is told.
type demoOptions struct {
	// For is how long it runs; zero: on a terminal until Ctrl-C, else unattended.
	For time.Duration
	// JSON makes each line an object, the last one the figures.
	JSON bool
	Out  io.Writer
}

// unattended is how long it runs where nobody said and nobody watches.
const unattended = 20 * time.Second

// pace is how long a worker takes, so that a spectator can follow.
const pace = 300 * time.Millisecond

func newDemo(g *global) *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the whole bot against a Gerrit and a Taskcluster that it plays itself",
		Long: `Demo runs the bot in a temporary folder, with a sandbox in the same process that plays Gerrit, Taskcluster and
pulse. A scripted team pushes patch sets, tasks run and fail, rules react; it prints what happens, and a summary.

What ought to come of each story is written in the script beforehand, and compared with what its Gerrit and its
Taskcluster saw. It exits with 0 when nothing was lost and nothing came twice.

On a terminal it goes on until Ctrl-C, elsewhere for 20 seconds.`,
		Example: `  bot demo
  bot demo --for 20s --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.JSON, o.Out = g.json, cmd.OutOrStdout()
			return demo(cmd.Context(), o)
		},
	}
	cmd.Flags().DurationVar(&o.For, "for", 0, "end after about this long")
	return cmd
}

func demo(ctx context.Context, o demoOptions) error {
	watched := isTerminal(o.Out)
	if o.For == 0 && !watched {
		o.For = unattended
	}
	asked, _, stop := app.Signals(ctx)
	defer stop()
	p := &sandbox.Printer{Out: o.Out, JSON: o.JSON, Colour: watched && os.Getenv("NO_COLOR") == "", Endless: o.For == 0}
	p.Begin()
	defer context.AfterFunc(asked, p.Stopping)()
	sum, err := sandbox.Demo(ctx, sandbox.Performance{For: o.For, Pace: pace, Version: release(), OnSight: p.Sight}, asked.Done())
	if errors.Is(err, sandbox.ErrTooShort) {
		return fmt.Errorf("--for %w", err)
	}
	if err != nil {
		return fmt.Errorf("%w; the bot's log and store are in %s", err, sum.Folder)
	}
	p.End(sum)
	if !sum.Fine() {
		return errFindings
	}
	return nil
}

func isTerminal(out io.Writer) bool {
	if o, ok := out.(*outlet); ok {
		out = o.Writer
	}
	f, ok := out.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
