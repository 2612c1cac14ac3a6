package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"
)

// demoOptions are what the sandbox's demonstration is told.
type demoOptions struct {
	// For is how long it runs; zero: until the script ends, or Ctrl-C.
	For time.Duration
	// JSON ends the output in one line of figures.
	JSON bool
	Out  io.Writer
}

func newDemo(g *global) *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the whole bot against a Gerrit and a Taskcluster that it plays itself",
		Long: `Demo runs the bot in a temporary folder, with a sandbox in the same process that plays Gerrit, Taskcluster and
pulse. A scripted team pushes patch sets, tasks run and fail, rules react; it prints what happens, and a summary.`,
		Example: `  bot demo
  bot demo --for 20s --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.JSON, o.Out = g.json, cmd.OutOrStdout()
			return demo(cmd.Context(), o)
		},
	}
	cmd.Flags().DurationVar(&o.For, "for", 0, "end after this long")
	return cmd
}

// demo is where internal/sandbox is called.
func demo(_ context.Context, _ demoOptions) error {
	return errors.New("the demonstration is not built in yet")
}
