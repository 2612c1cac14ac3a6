package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"verdict/internal/app/admin"
	"verdict/rules"
)

func newWhy(g *global) *cobra.Command {
	var rule string
	cmd := &cobra.Command{
		Use:   "why EVENT",
		Short: "Explain what was decided on an event, clause by clause",
		Long: `Why prints what each rule made of an event, and while the bot runs also which rules weren't looked at, since the
event itself says that one of their clauses is false.`,
		Example: `  bot why 7f3k2m9q4x
  bot why 7f3k --rule graphics/shader-task
  bot why 7f3k --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.atDesk(cmd, func(ctx context.Context, a admin.Admin) error {
				e, err := a.Event(ctx, args[0])
				if err != nil {
					return err
				}
				if rule != "" {
					other := func(d admin.Decision) bool { return d.Rule != rule }
					e.Decisions, e.Passed = slices.DeleteFunc(e.Decisions, other), slices.DeleteFunc(e.Passed, other)
				}
				if g.json {
					return printJSON(cmd, append(e.Decisions, e.Passed...))
				}
				return explain(cmd.OutOrStdout(), e)
			})
		},
	}
	cmd.Flags().StringVar(&rule, "rule", "", "only this rule, as TEAM/RULE")
	return cmd
}

// mostPassed is how many rules that weren't looked at are shown.
const mostPassed = 20

func explain(out io.Writer, e admin.EventDetail) error {
	fmt.Fprintf(out, "%s %s, %s, %s\n", short(e.ID), e.Type, orDash(about(e.Event)), e.State)
	if e.Error != "" {
		fmt.Fprintf(out, "  %s\n", e.Error)
	}
	if len(e.Decisions) == 0 {
		fmt.Fprintln(out, "  no rule looked at it")
	}
	for _, d := range e.Decisions {
		if err := explainDecision(out, d, verdictOf(d)); err != nil {
			return err
		}
	}
	for i, d := range e.Passed {
		if i == mostPassed {
			fmt.Fprintf(out, "%d more were not looked at; --rule TEAM/RULE shows one\n", len(e.Passed)-i)
			break
		}
		if err := explainDecision(out, d, "not looked at"); err != nil {
			return err
		}
	}
	for _, a := range e.Actions {
		fmt.Fprintf(out, "action %s: %s by %s on %s: %s\n", short(a.ID), a.Key, a.Rule, a.Lane, stateOf(a))
	}
	return nil
}

func explainDecision(out io.Writer, d admin.Decision, verdict string) error {
	fmt.Fprintf(out, "%s: %s\n", d.Rule, verdict)
	var made rules.Decision
	if err := json.Unmarshal(d.Explanation, &made); err != nil {
		return fmt.Errorf("read the explanation of %s: %w", d.Rule, err)
	}
	explainClauses(out, made.Clauses, "  ")
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
