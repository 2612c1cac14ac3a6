package main

import (
	"context"

	"github.com/spf13/cobra"

	"verdict/internal/app/admin"
)

func newRelease(g *global) *cobra.Command {
	return &cobra.Command{
		Use:   "release all|team:T|rule:T/R|server:S",
		Short: "End a hold: what waited is looked at again and done",
		Example: `  bot release all
  bot release rule:graphics/shader-task`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := admin.CheckScope(args[0]); err != nil {
				return err
			}
			return g.atDesk(cmd, func(ctx context.Context, a admin.Admin) error {
				if err := a.Release(ctx, args[0]); err != nil {
					return err
				}
				return g.say(cmd, map[string]string{"released": args[0]}, args[0]+" is released")
			})
		},
	}
}
