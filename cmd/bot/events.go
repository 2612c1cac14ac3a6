package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"verdict/internal/app/admin"
	"verdict/internal/store"
	"verdict/rules/yamlfile"
)

func newEvents(g *global) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "events",
		Short: "What happened: list, show, retry",
		Example: `  bot events list --state parked
  bot events show 7f3k2m9q4x
  bot events retry 7f3k2m9q4x`,
	}
	cmd.AddCommand(newEventsList(g), newEventsShow(g), newEventsRetry(g))
	return cmd
}

func newEventsList(g *global) *cobra.Command {
	var f filterFlags
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List events, the newest first",
		Example: `  bot events list --state parked
  bot events list --change main~1234 --since 24h
  bot events list --task XyZ`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			filter, err := f.filter(time.Now())
			if err != nil {
				return err
			}
			return show(g, cmd, func(ctx context.Context, a admin.Admin) ([]admin.Event, error) { return a.Events(ctx, filter) }, printEvents)
		},
	}
	f.register(cmd, "received", "deciding", "decided", "unmatched", "too old", "parked")
	cmd.Flags().StringVar(&f.task, "task", "", "of this task id")
	cmd.Flags().BoolVar(&f.matched, "matched", false, "only those that a rule matched")
	return cmd
}

func printEvents(cmd *cobra.Command, events []admin.Event) error {
	rows := make([][]string, 0, len(events))
	for _, e := range events {
		rows = append(rows, []string{short(e.ID), e.State, when(e.Received), orDash(e.Type), orDash(about(e)), oneLine(e.Error)})
	}
	return printTable(cmd, []string{"ID", "STATE", "RECEIVED", "TYPE", "ABOUT", "ERROR"}, rows)
}

// about is the change, task or group of an event.
func about(e admin.Event) string {
	switch {
	case e.Change != "":
		return e.Change
	case e.TaskID != "":
		return "task " + e.TaskID
	case e.GroupID != "":
		return "group " + e.GroupID
	}
	return ""
}

func newEventsShow(g *global) *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "Show an event with its decisions and actions; the beginning of the id is enough",
		Example: `  bot events show 7f3k2m9q4x
  bot events show 7f3k --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return show(g, cmd, func(ctx context.Context, a admin.Admin) (admin.EventDetail, error) { return a.Event(ctx, args[0]) }, printEvent)
		},
	}
}

func printEvent(cmd *cobra.Command, e admin.EventDetail) error {
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "event %s: %s\n", e.ID, e.State)
	printPairs(out, [][2]string{
		{"source", e.Source}, {"type", e.Type}, {"routing key", e.RoutingKey}, {"change", e.Change}, {"task", e.TaskID},
		{"group", e.GroupID}, {"time", when(e.Time)}, {"received", when(e.Received)}, {"from event", e.Parent},
		{"rules", e.Set}, {"error", e.Error},
	})
	for _, d := range e.Decisions {
		fmt.Fprintf(out, "rule %s: %s\n", d.Rule, verdictOf(d))
	}
	for _, a := range e.Actions {
		printActionLine(out, a, "")
	}
	if len(e.Body) > 0 {
		fmt.Fprintf(out, "body:\n%s\n", indented(e.Body))
	}
	return nil
}

func verdictOf(d admin.Decision) string {
	text := "matched"
	if !d.Matched {
		text = "did not match: " + d.Stopped
	}
	if d.Shadow {
		text += " (shadow: nothing is done)"
	}
	return text
}

func newEventsRetry(g *global) *cobra.Command {
	return &cobra.Command{
		Use:     "retry ID",
		Short:   "Have a parked event decided again",
		Example: "  bot events retry 7f3k2m9q4x",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.atDesk(cmd, func(ctx context.Context, a admin.Admin) error {
				if err := a.RetryEvent(ctx, args[0]); err != nil {
					return err
				}
				return g.say(cmd, map[string]string{"retried": args[0]}, "event "+args[0]+" is decided again")
			})
		},
	}
}

// filterFlags are the flags of the two lists.
type filterFlags struct {
	state, change, task, rule, event, since string
	limit                                   int
	matched                                 bool
	states                                  []string // that there are
}

func (f *filterFlags) register(cmd *cobra.Command, states ...string) {
	f.states = states
	cmd.Flags().StringVar(&f.state, "state", "", "in this state: "+strings.Join(states, ", "))
	cmd.Flags().StringVar(&f.change, "change", "", "of this change, SERVER~NUMBER")
	cmd.Flags().StringVar(&f.rule, "rule", "", "of this rule, TEAM/RULE, or TEAM/ for all of a team")
	cmd.Flags().StringVar(&f.since, "since", "", "not older than this: 90s, 24h, 30 days")
	cmd.Flags().IntVar(&f.limit, "limit", 50, "at most so many")
}

func (f *filterFlags) filter(now time.Time) (store.Filter, error) {
	filter := store.Filter{
		State: f.state, Change: f.change, TaskID: f.task, EventID: f.event, Limit: f.limit, MatchedOnly: f.matched, NewestFirst: true,
	}
	if f.state != "" && !slices.Contains(f.states, f.state) {
		return filter, fmt.Errorf("--state %q: %s", f.state, yamlfile.DidYouMean(f.state, f.states))
	}
	if f.change != "" && !strings.Contains(f.change, "~") {
		return filter, fmt.Errorf("--change %q: write SERVER~NUMBER, as in main~%s", f.change, f.change)
	}
	if f.limit < 1 {
		return filter, fmt.Errorf("--limit %d: at least 1", f.limit)
	}
	if f.rule != "" {
		team, rule, ok := cut(f.rule)
		if !ok {
			return filter, fmt.Errorf("--rule %q: write TEAM/RULE", f.rule)
		}
		filter.Team, filter.Rule = team, rule
	}
	if f.since != "" {
		d, err := yamlfile.ParseDuration(f.since)
		if err != nil {
			return filter, fmt.Errorf("--since: %w", err)
		}
		filter.Since = now.Add(-d)
	}
	return filter, nil
}
