package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"verdict/internal/app/admin"
)

func newActions(g *global) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "actions",
		Short: "What was done, and is still to do: list, show, retry, cancel, approve",
		Example: `  bot actions list --state dead
  bot actions show 7f3k2m9q4x
  bot actions retry 7f3k2m9q4x
  bot actions approve 7f3k2m9q4x`,
	}
	cmd.AddCommand(newActionsList(g), newActionsShow(g),
		newActionsVerb(g, "retry", "Try an action at once, also one that is dead or cancelled", "retried", admin.Admin.RetryAction),
		newActionsVerb(g, "cancel", "End an action that is not done", "cancelled", admin.Admin.CancelAction),
		newActionsVerb(g, "approve", "Let an action be done that waits for approval; it is kept who said so", "approved", func(a admin.Admin, ctx context.Context, id string) error {
			return a.ApproveAction(ctx, id, whoami())
		}),
	)
	return cmd
}

func newActionsList(g *global) *cobra.Command {
	var f filterFlags
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List actions, the newest first",
		Example: `  bot actions list --state dead
  bot actions list --change main~1234
  bot actions list --rule graphics/shader-task --since 24h`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			filter, err := f.filter(time.Now())
			if err != nil {
				return err
			}
			return show(g, cmd, func(ctx context.Context, a admin.Admin) ([]admin.Action, error) { return a.Actions(ctx, filter) }, printActions)
		},
	}
	f.register(cmd, "pending", "running", "done", "waiting", "held", "retrying", "dead", "cancelled", "superseded")
	cmd.Flags().StringVar(&f.event, "event", "", "of this event")
	return cmd
}

func printActions(cmd *cobra.Command, actions []admin.Action) error {
	rows := make([][]string, 0, len(actions))
	for _, a := range actions {
		rows = append(rows, []string{short(a.ID), a.State, when(a.Created), a.Key, orDash(a.Rule), a.Lane, short(a.EventID), oneLine(a.Reason)})
	}
	return printTable(cmd, []string{"ID", "STATE", "CREATED", "ACTION", "RULE", "ON", "EVENT", "REASON"}, rows)
}

func newActionsShow(g *global) *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "Show an action; the beginning of its id, as in a post's last line, is enough",
		Example: `  bot actions show 7f3k2m9q4x
  bot actions show 7f3k --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return show(g, cmd, func(ctx context.Context, a admin.Admin) (admin.ActionDetail, error) { return a.Action(ctx, args[0]) }, printAction)
		},
	}
}

func printAction(cmd *cobra.Command, a admin.ActionDetail) error {
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "action %s: %s\n", a.ID, a.State)
	printPairs(out, [][2]string{
		{"action", a.Key}, {"rule", a.Rule}, {"event", a.EventID}, {"on", a.Lane}, {"project", a.Project}, {"branch", a.Branch},
		{"patch set", number(a.Patchset)}, {"revision", a.Revision}, {"created", when(a.Created)}, {"started", when(a.Started)},
		{"done", when(a.Done)}, {"attempts", number(a.Attempts)}, {"reason", a.Reason},
		{"approved", approval(a)},
	})
	if len(a.Args) > 0 {
		fmt.Fprintf(out, "what:\n%s\n", indented(a.Args))
	}
	if len(a.Result) > 0 {
		fmt.Fprintf(out, "result:\n%s\n", indented(a.Result))
	}
	return nil
}

// approval says who has approved an action, or has to.
func approval(a admin.ActionDetail) string {
	switch {
	case a.Approve == "":
		return ""
	case a.Approved.IsZero():
		return "not yet"
	}
	return "by " + a.ApprovedBy + ", " + when(a.Approved)
}

func newActionsVerb(g *global, verb, doc, done string, do func(admin.Admin, context.Context, string) error) *cobra.Command {
	return &cobra.Command{
		Use:     verb + " ID",
		Short:   doc,
		Example: "  bot actions " + verb + " 7f3k2m9q4x",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.atDesk(cmd, func(ctx context.Context, a admin.Admin) error {
				if err := do(a, ctx, args[0]); err != nil {
					return err
				}
				return g.say(cmd, map[string]string{done: args[0]}, "action "+args[0]+" is "+done)
			})
		},
	}
}
