package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"verdict/internal/app/admin"
	"verdict/internal/app/trial"
)

func newWhy(g *global) *cobra.Command {
	var rule string
	var asTest bool
	cmd := &cobra.Command{
		Use:   "why EVENT",
		Short: "Explain what was decided on an event, clause by clause",
		Long: `Why shows what each rule made of an event: its clauses with ✓ or ✗, below each the values that it looked at, and what
was done; while the bot runs also which rules weren't looked at, since the event itself says that one of their clauses
is false. The beginning of the event's id is enough.

--as-test prints the event with the facts of then, which bot test and bot try decide again: a file to keep beside the
rules. It holds what people and tasks wrote, as the event does.`,
		Example: `  bot why 7f3k2m9q4x
  bot why 7f3k --rule graphics/shader-task
  bot why 7f3k --json
  bot why 7f3k --as-test > rules/graphics/testdata/7f3k.json`,
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
					e.Actions = slices.DeleteFunc(e.Actions, func(a admin.Action) bool { return a.Rule != rule })
				}
				switch {
				case asTest:
					return printRecording(cmd, e)
				case g.json:
					return printJSON(cmd, append(e.Decisions, e.Passed...))
				}
				if rule != "" && len(e.Decisions)+len(e.Passed) == 0 {
					fmt.Fprintf(cmd.OutOrStdout(), "%s did not look at it: it is on other events, or was not in force\n", rule)
					return nil
				}
				return explain(cmd.OutOrStdout(), e)
			})
		},
	}
	cmd.Flags().StringVar(&rule, "rule", "", "only this rule, as TEAM/RULE")
	cmd.Flags().BoolVar(&asTest, "as-test", false, "print a recording of the event, for a test")
	return cmd
}

// printRecording prints what a test needs, and says on the side how a test names it.
func printRecording(cmd *cobra.Command, e admin.EventDetail) error {
	r, err := trial.Record(e)
	if err != nil {
		return err
	}
	if err := printJSON(cmd, r); err != nil {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), `keep it beside the rules, and write in a file *.test.yaml there:
  - name: recorded in production
    recorded: testdata/%s.json
    expect: {rule: RULE, stopped: CLAUSE}    # or actions: […], or: expect: nothing
`, short(e.ID))
	return nil
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
	last := ""
	for _, d := range e.Decisions {
		fmt.Fprintln(out)
		if set := setName(d.Set, d.Commit); set != last && d.Set != "" { // one that was decided again may have several
			fmt.Fprintf(out, "by rules %s\n", set)
			last = set
		}
		if err := (explained{rule: d.Rule, shadow: d.Shadow, explanation: d.Explanation}).print(out); err != nil {
			return err
		}
	}
	for i, d := range e.Passed {
		fmt.Fprintln(out)
		if i == mostPassed {
			fmt.Fprintf(out, "%d more were not looked at; --rule TEAM/RULE shows one\n", len(e.Passed)-i)
			break
		}
		if err := (explained{rule: d.Rule, verdict: "not looked at", explanation: d.Explanation}).print(out); err != nil {
			return err
		}
	}
	if len(e.Actions) > 0 {
		fmt.Fprintln(out)
	}
	for _, a := range e.Actions {
		fmt.Fprintf(out, "action %s: %s by %s on %s: %s\n", short(a.ID), a.Key, a.Rule, a.Lane, stateOf(a))
	}
	return nil
}

// stateOf is an action's state, with the reason where there is one.
func stateOf(a admin.Action) string {
	if a.Reason == "" {
		return a.State
	}
	return a.State + ", " + oneLine(a.Reason)
}
