package main

import (
	"context"
	"fmt"
	"os/user"

	"github.com/spf13/cobra"

	"verdict/internal/app/admin"
)

func newHold(g *global) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "hold all|team:T|rule:T/R|server:S",
		Short: "Stop doing things: deliveries wait until they are released",
		Long: `Hold stops deliveries, for all, a team, a rule or a server. Events are still taken in and decided; what they
lead to waits. Every replica sees it within 5 seconds, and it outlives restarts, until bot release.`,
		Example: `  bot hold all --reason "Gerrit is being upgraded"
  bot hold team:graphics
  bot hold rule:graphics/shader-task --reason "votes on the wrong patch set"
  bot hold server:main`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := admin.CheckScope(args[0]); err != nil {
				return err
			}
			return g.atDesk(cmd, func(ctx context.Context, a admin.Admin) error {
				held, err := a.Hold(ctx, admin.Hold{Scope: args[0], Reason: reason, By: whoami()})
				if err != nil {
					return err
				}
				if held.Stranger != "" {
					fmt.Fprintln(cmd.ErrOrStderr(), held.Stranger)
				}
				return g.say(cmd, map[string]string{"held": args[0]}, fmt.Sprintf("%s is held; bot release %s lets it go on", args[0], args[0]))
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who wonder")
	return cmd
}

// whoami is the user that a hold or an approval is kept under.
func whoami() string {
	u, err := user.Current()
	if err != nil {
		return "unknown"
	}
	return u.Username
}

// say prints what was done: as JSON, or as a sentence.
func (g *global) say(cmd *cobra.Command, v any, sentence string) error {
	if g.json {
		return printJSON(cmd, v)
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), sentence)
	return err
}
