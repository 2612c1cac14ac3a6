package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"verdict/internal/app/admin"
	"verdict/internal/app/trial"
)

func newWhy(g *global) *cobra.Command {
	var f whyFlags
	cmd := &cobra.Command{
		Use:   "why (EVENT | --change N | --task ID | --action ID)",
		Short: "Explain what was decided on an event, clause by clause",
		Long: `Why shows what each rule made of an event: its clauses with ✓ or ✗, below each the values that it looked at, and what
was done; while the bot runs also which rules weren't looked at, since the event itself says that one of their clauses
is false. The beginning of the event's id is enough.

--action shows the event that an action came of; its id stands in the last line of a post. --change and --task show the
latest events of a change or task, the newest first, without those that no rule looked at.

--as-test prints the event with the facts of then, which bot test and bot try decide again: a file to keep beside the
rules. It holds what people and tasks wrote, as the event does.`,
		Example: `  bot why 7f3k2m9q4x
  bot why 7f3k --rule graphics/shader-task
  bot why --change 1234 --rule graphics/shader-task
  bot why 7f3k --json
  bot why 7f3k --as-test > rules/graphics/testdata/7f3k.json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if named := slices.DeleteFunc([]string{strings.Join(args, ""), f.action, f.change, f.task}, func(s string) bool { return s == "" }); len(named) != 1 {
				return errors.New("name one of an event, --change, --task and --action; bot why --help tells more")
			}
			return g.atDesk(cmd, func(ctx context.Context, a admin.Admin) error {
				if f.change != "" || f.task != "" {
					return g.whySeveral(ctx, cmd, a, f)
				}
				id := strings.Join(args, "")
				if f.action != "" {
					of, err := a.Action(ctx, f.action)
					if err != nil {
						return err
					}
					id = of.EventID
				}
				return g.whyOne(ctx, cmd, a, id, f)
			})
		},
	}
	cmd.Flags().StringVar(&f.rule, "rule", "", "only this rule, as TEAM/RULE")
	cmd.Flags().StringVar(&f.change, "change", "", "the latest events of this change, NUMBER or SERVER~NUMBER")
	cmd.Flags().StringVar(&f.task, "task", "", "the latest events of the task with this id")
	cmd.Flags().StringVar(&f.action, "action", "", "the event that the action with this id came of")
	cmd.Flags().IntVar(&f.limit, "limit", 10, "with --change or --task, at most so many events")
	cmd.Flags().BoolVar(&f.asTest, "as-test", false, "print a recording of the event, for a test")
	return cmd
}

// whyFlags say what is explained.
type whyFlags struct {
	rule, change, task, action string
	limit                      int
	asTest                     bool
}

// event reads one, with the named rule's part alone where one is named.
func (f whyFlags) event(ctx context.Context, a admin.Admin, id string) (admin.EventDetail, error) {
	e, err := a.Event(ctx, id)
	if err != nil || f.rule == "" {
		return e, err
	}
	other := func(d admin.Decision) bool { return d.Rule != f.rule }
	e.Decisions, e.Passed = slices.DeleteFunc(e.Decisions, other), slices.DeleteFunc(e.Passed, other)
	e.Actions = slices.DeleteFunc(e.Actions, func(a admin.Action) bool { return a.Rule != f.rule })
	return e, nil
}

func (g *global) whyOne(ctx context.Context, cmd *cobra.Command, a admin.Admin, id string, f whyFlags) error {
	e, err := f.event(ctx, a, id)
	switch {
	case err != nil:
		return err
	case f.asTest:
		return printRecording(cmd, e)
	case g.json:
		return printJSON(cmd, append(e.Decisions, e.Passed...))
	case f.rule != "" && len(e.Decisions)+len(e.Passed) == 0:
		fmt.Fprintf(cmd.OutOrStdout(), "%s did not look at it: it is on other events, or was not in force\n", f.rule)
		return nil
	}
	return explain(cmd.OutOrStdout(), e)
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
		fmt.Fprintf(out, "action %s: %s by %s on %s: %s\n", short(a.ID), a.Key, cmp.Or(a.Rule, "the bot itself"), a.Lane, stateOf(a))
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
