package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"verdict/internal/app/admin"
	"verdict/internal/config"
	"verdict/internal/deliver"
	"verdict/internal/store"
)

// whyAction is an action with the decision that made it.
type whyAction struct {
	Action admin.ActionDetail `json:"action"`
	// Event and Decision are absent where no event or rule made it, or what was decided is no longer kept.
	Event    *admin.Event    `json:"event,omitempty"`
	Decision *admin.Decision `json:"decision,omitempty"`
}

// ofAction tells of the actions of a post, most often one, how they came about.
func (w *why) ofAction(ctx context.Context, cmd *cobra.Command, a admin.Admin) error {
	ids, err := w.actionIDs()
	if err != nil {
		return err
	}
	var found []whyAction
	var events []string
	for _, id := range ids {
		action, err := a.Action(ctx, id)
		if err != nil {
			return err
		}
		made := whyAction{Action: action}
		e, err := a.Event(ctx, action.EventID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err == nil {
			made.Event = &e.Event
			events = append(events, e.ID)
			for _, d := range e.Decisions {
				if d.Rule == action.Rule {
					made.Decision = &d
				}
			}
		}
		found = append(found, made)
	}
	switch {
	case w.asTest:
		return w.record(ctx, cmd, a, events)
	case w.g.json:
		return printJSON(cmd, found)
	}
	for i, made := range found {
		if i > 0 {
			fmt.Fprintln(cmd.OutOrStdout())
		}
		if err := made.print(cmd); err != nil {
			return err
		}
	}
	return nil
}

// actionIDs reads the beginning of an action's id, or what stands in the last line of a post.
func (w *why) actionIDs() ([]string, error) {
	text := strings.TrimPrefix(w.action, "Verdict ")
	if !strings.Contains(text, "/") {
		return []string{text}, nil
	}
	instance, ids := deliver.Posted("Verdict " + text)
	if instance == "" {
		return nil, fmt.Errorf("--action %q: write what stands in the last line of a post, as prod/7f3k2m9q4x", w.action)
	}
	cfg, err := config.Load(w.g.config)
	if err == nil && instance != cfg.Instance {
		err = fmt.Errorf("that is a post of the bot %q; the configuration %s is of %q", instance, w.g.config, cfg.Instance)
	}
	return ids, err
}

func (made whyAction) print(cmd *cobra.Command) error {
	out, action := cmd.OutOrStdout(), made.Action
	switch {
	case made.Event == nil:
		fmt.Fprintln(out, "no event made it")
		printActionLine(out, action.Action, " on "+action.Lane)
	case made.Decision == nil:
		fmt.Fprintf(out, "%s\n  no rule's decision made it, or that is no longer kept\n", headOf(*made.Event))
		printActionLine(out, action.Action, " on "+action.Lane)
	default:
		e := admin.EventDetail{Event: *made.Event, Decisions: []admin.Decision{*made.Decision}, Actions: []admin.Action{action.Action}}
		if err := explain(out, e); err != nil {
			return err
		}
	}
	printPairs(out, [][2]string{
		{"created", when(action.Created)}, {"attempts", number(action.Attempts)}, {"last began", when(action.Started)},
		{"done", when(action.Done)}, {"approved", approval(action)},
	})
	fmt.Fprintf(out, "bot actions show %s tells what was sent\n", short(action.ID))
	return nil
}

// record prints the recording of the one event that was found.
func (w *why) record(ctx context.Context, cmd *cobra.Command, a admin.Admin, ids []string) error {
	seen := map[string]bool{}
	var commands []string
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			commands = append(commands, "bot why "+short(id)+" --as-test")
		}
	}
	switch len(commands) {
	case 0:
		return errors.New("there is no event to be recorded")
	case 1:
		return w.ofEvent(ctx, cmd, a, ids[0])
	}
	return fmt.Errorf("a recording is of one event, and these are %d; take one:\n  %s", len(commands), strings.Join(commands, "\n  "))
}
