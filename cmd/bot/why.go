package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"verdict/internal/app/admin"
	"verdict/rules"
)

func newWhy(g *global) *cobra.Command {
	return &cobra.Command{
		Use:   "why EVENT",
		Short: "Explain what was decided on an event, clause by clause",
		Example: `  bot why 7f3k2m9q4x
  bot why 7f3k --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.atDesk(cmd, func(ctx context.Context, a admin.Admin) error {
				e, err := a.Event(ctx, args[0])
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(cmd, e.Decisions)
				}
				return explain(cmd.OutOrStdout(), e)
			})
		},
	}
}

func explain(out io.Writer, e admin.EventDetail) error {
	fmt.Fprintf(out, "%s %s, %s, %s\n", short(e.ID), e.Type, orDash(about(e.Event)), e.State)
	if e.Error != "" {
		fmt.Fprintf(out, "  %s\n", e.Error)
	}
	if len(e.Decisions) == 0 {
		fmt.Fprintln(out, "  no rule looked at it")
	}
	for _, d := range e.Decisions {
		fmt.Fprintf(out, "%s: %s\n", d.Rule, verdictOf(d))
		var made rules.Decision
		if err := json.Unmarshal(d.Explanation, &made); err != nil {
			return fmt.Errorf("read the explanation of %s: %w", d.Rule, err)
		}
		explainClauses(out, made.Clauses, "  ")
	}
	for _, a := range e.Actions {
		fmt.Fprintf(out, "action %s: %s by %s on %s: %s\n", short(a.ID), a.Key, a.Rule, a.Lane, stateOf(a))
	}
	return nil
}

func explainClauses(out io.Writer, clauses []rules.Clause, indent string) {
	for _, c := range clauses {
		mark := "no "
		if c.Held {
			mark = "yes"
		}
		line := fmt.Sprintf("%s%s %s", indent, mark, oneLine(c.Text))
		if len(indent) > 2 { // a field, with its value
			line = fmt.Sprintf("%s%s = %s", indent, c.Text, c.Value)
		}
		if c.Error != "" {
			line += ": " + c.Error
		}
		fmt.Fprintln(out, strings.TrimRight(line, " "))
		explainClauses(out, c.Children, indent+"      ")
	}
}

// stateOf is an action's state, with the reason where there is one.
func stateOf(a admin.Action) string {
	if a.Reason == "" {
		return a.State
	}
	return a.State + ", " + oneLine(a.Reason)
}
