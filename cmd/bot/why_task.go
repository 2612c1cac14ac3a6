package main

import (
	"cmp"
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

// ofTask tells what rules made of a task's events, the latest last; of a single one, all.
func (w *why) ofTask(ctx context.Context, cmd *cobra.Command, a admin.Admin) error {
	back, err := yamlfile.ParseDuration(w.since)
	if err != nil {
		return fmt.Errorf("--since: %w", err)
	}
	events, more, err := w.history(ctx, a, store.Filter{TaskID: w.task, LookedAt: true})
	if err != nil {
		return err
	}
	unmatched, others, err := w.history(ctx, a, store.Filter{TaskID: w.task, State: string(store.EventUnmatched), Since: time.Now().Add(-back)})
	if err != nil {
		return err
	}
	events, more = append(events, unmatched...), more || others
	slices.SortFunc(events, func(a, b admin.EventDetail) int {
		return cmp.Or(a.Received.Compare(b.Received), a.Time.Compare(b.Time), strings.Compare(a.ID, b.ID))
	})
	all, out := events, cmd.OutOrStdout()
	events = telling(all)
	switch {
	case len(all) == 0 && w.rule != "":
		return fmt.Errorf("rule %s looked at nothing that is known of task %s", w.rule, w.task)
	case len(all) == 0:
		return fmt.Errorf("nothing is known of task %s: no rule looked at it, nor was it heard of in the last %s; --since looks further back, bot taskcluster call queue status %s asks the queue", w.task, w.since, w.task)
	case w.asTest:
		return w.record(ctx, cmd, a, ids(events))
	case w.g.json:
		return printJSON(cmd, all)
	case len(events) == 1 && !more:
		return w.ofEvent(ctx, cmd, a, events[0].ID)
	}
	if err := printHistory(out, events); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nbot why %s tells all of the latest", short(events[len(events)-1].ID))
	if more {
		fmt.Fprintf(out, "; there are more, --limit %d shows them", 5*w.limit)
	}
	fmt.Fprintln(out)
	return nil
}

func ids(events []admin.EventDetail) []string {
	out := make([]string, len(events))
	for i, e := range events {
		out[i] = e.ID
	}
	return out
}
