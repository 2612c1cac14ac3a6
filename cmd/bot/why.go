package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"verdict/internal/app/admin"
	"verdict/internal/app/trial"
	"verdict/internal/store"
)

func newWhy(g *global) *cobra.Command {
	w := &why{g: g}
	cmd := &cobra.Command{
		Use:   "why (EVENT | --change N | --task ID | --action ID)",
		Short: "Explain what was decided, clause by clause: on an event, a change, a task, or by the last line of a post",
		Long: `Why shows what each rule made of an event: its clauses with ✓ or ✗, below each the values that it looked at, and what
was done; while the bot runs also which rules weren't looked at, since the event itself says that one of their clauses
is false. The beginning of the event's id is enough.

--change tells of a change what stands on its current patchset and by whose opinions, what waits, is held or dead, and
then its events, the newest first, with a line for each rule that looked: what it did, or the clause that was false. N is
the change's number, SERVER~NUMBER, or the address of its page.

--task tells the same of a task's events, of each run, the latest last. Messages of a task that no rule looked at are
kept without an index: they are looked for among what came in the last 24 hours, with --since further back.

--action shows the decision that made an action, and what became of that. ID is what stands in the last line of a post,
as 7f3k2m9q4x or prod/7f3k2m9q4x.

--as-test prints the event with the facts of then, which bot test and bot try decide again: a file to keep beside the
rules. It holds what people and tasks wrote, as the event does.`,
		Example: `  bot why --change 1234
  bot why --task fN1SbArXTPSVFNUvaOlinQ
  bot why --action prod/7f3k2m9q4x
  bot why 7f3k2m9q4x
  bot why --change main~1234 --rule graphics/shader-task --limit 50
  bot why 7f3k --as-test > rules/graphics/testdata/7f3k.json`,
		Args: func(_ *cobra.Command, args []string) error {
			asked := slices.DeleteFunc(slices.Concat(args, []string{w.change, w.task, w.action}), func(text string) bool { return text == "" })
			if len(asked) != 1 {
				return errors.New("one of them") // the usage is told
			}
			return nil
		},
		RunE: w.run,
	}
	f := cmd.Flags()
	f.StringVar(&w.change, "change", "", "a change: its number, SERVER~NUMBER, or the address of its page")
	f.StringVar(&w.server, "server", "", "the change's Gerrit, by its name in config.yaml or its address; not needed where there is one")
	f.StringVar(&w.task, "task", "", "a task's id")
	f.StringVar(&w.action, "action", "", "an action, by the last line of a post")
	f.StringVar(&w.rule, "rule", "", "only this rule, as TEAM/RULE")
	f.IntVar(&w.limit, "limit", 20, "with --change or --task: how many events at most")
	f.StringVar(&w.since, "since", "24h", "with --task: how far back to look for messages that no rule looked at")
	f.BoolVar(&w.asTest, "as-test", false, "print a recording of the event, for a test")
	return cmd
}

// why is what is asked.
type why struct {
	g                                         *global
	change, server, task, action, rule, since string
	limit                                     int
	asTest                                    bool
}

func (w *why) run(cmd *cobra.Command, args []string) error {
	return w.g.atDesk(cmd, func(ctx context.Context, a admin.Admin) error {
		switch {
		case w.change != "":
			return w.ofChange(ctx, cmd, a)
		case w.task != "":
			return w.ofTask(ctx, cmd, a)
		case w.action != "":
			return w.ofAction(ctx, cmd, a)
		}
		return w.ofEvent(ctx, cmd, a, args[0])
	})
}

func (w *why) ofEvent(ctx context.Context, cmd *cobra.Command, a admin.Admin, id string) error {
	e, err := a.Event(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%w; a change is asked for with --change, a task with --task, the last line of a post with --action", err)
	}
	if err != nil {
		return err
	}
	if w.rule != "" {
		e.Of(w.rule)
	}
	switch {
	case w.asTest:
		return printRecording(cmd, e)
	case w.g.json:
		return printJSON(cmd, append(e.Decisions, e.Passed...))
	case w.rule != "" && len(e.Decisions)+len(e.Passed) == 0:
		fmt.Fprintf(cmd.OutOrStdout(), "%s did not look at it: it is on other events, or was not in force\n", w.rule)
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
	fmt.Fprintln(out, headOf(e.Event))
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
		printActionLine(out, a, " on "+a.Lane)
	}
	return nil
}

// headOf is an event with what it is about.
func headOf(e admin.Event) string {
	return fmt.Sprintf("%s %s, %s, %s", short(e.ID), e.Type, orDash(about(e)), e.State)
}

// printActionLine prints whose action it is, and its state; on says where, unless that is known.
func printActionLine(out io.Writer, a admin.Action, on string) {
	fmt.Fprintf(out, "action %s: %s by %s%s: %s\n", short(a.ID), a.Key, cmp.Or(a.Rule, "the bot itself"), on, stateOf(a))
}

// stateOf is an action's state, with the reason where there is one.
func stateOf(a admin.Action) string {
	if a.Reason == "" {
		return a.State
	}
	return a.State + ", " + oneLine(a.Reason)
}
