package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"verdict/internal/app/admin"
	"verdict/internal/decide"
	"verdict/internal/deliver"
	"verdict/internal/store"
	"verdict/rules"
)

// history reads up to limit events, the newest first; more says that there are others.
func (w *why) history(ctx context.Context, a admin.Admin, f store.Filter) (events []admin.EventDetail, more bool, err error) {
	if w.limit < 1 {
		return nil, false, fmt.Errorf("--limit %d: at least 1", w.limit)
	}
	if w.rule != "" {
		var ok bool
		if f.Team, f.Rule, ok = cut(w.rule); !ok || f.Rule == "" {
			return nil, false, fmt.Errorf("--rule %q: write TEAM/RULE", w.rule)
		}
	}
	f.NewestFirst, f.Limit = true, w.limit+1
	events, err = a.History(ctx, f)
	if more = len(events) > w.limit; more {
		events = events[:w.limit]
	}
	return events, more, err
}

// printHistory prints a line an event, below it one for each rule that looked.
func printHistory(out io.Writer, events []admin.EventDetail) error {
	for _, e := range events {
		line := fmt.Sprintf("%s %s %s%s, %s", short(e.ID), when(e.Received), eventName(e.Event), taskOf(e.Event), e.State)
		switch {
		case e.Error != "":
			line += ": " + oneLine(e.Error)
		case e.State == string(store.EventUnmatched) && len(e.Passed) == 0:
			line += ": no rule looked at it"
		case e.State == string(store.EventDecided) && len(e.Decisions)+len(e.Passed)+len(e.Actions) == 0:
			line += ": no rule is on this message itself"
		}
		fmt.Fprintln(out, line)
		for _, d := range append(e.Decisions, e.Passed...) {
			said, err := inShort(d, e.Actions)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "  %s %s\n", d.Rule, said)
		}
		for _, a := range e.Actions {
			if a.Kind == deliver.KindReconcile {
				fmt.Fprintf(out, "  what stands is looked at again: %s\n", stateOf(a))
			}
		}
	}
	return nil
}

// eventName is the kind of an event, in the words of `on`.
func eventName(e admin.Event) string {
	if e.Source == "task" || e.Source == "group" {
		return e.Source + ": " + e.Type
	}
	return orDash(e.Type)
}

// taskOf names the task and run of an event, or its group.
func taskOf(e admin.Event) string {
	switch {
	case e.TaskID != "" && e.Run != nil:
		return fmt.Sprintf(", task %s run %d", e.TaskID, *e.Run)
	case e.TaskID != "":
		return ", task " + e.TaskID
	case e.GroupID != "":
		return ", group " + e.GroupID
	}
	return ""
}

// inShort is a decision on one line: what was done, and how far that is, or the clause that was false with its values.
func inShort(d admin.Decision, actions []admin.Action) (string, error) {
	var made rules.Decision
	if err := json.Unmarshal(d.Explanation, &made); err != nil {
		return "", fmt.Errorf("read the explanation of %s: %w", d.Rule, err)
	}
	said := "matches"
	switch {
	case d.Passed:
		said = "not looked at: " + oneLine(made.Stopped)
	case !made.Matched:
		said = "stops at " + oneLine(made.Stopped)
	}
	for _, c := range made.Clauses {
		if values := valuesOf(c); !c.Held && values != "" {
			if made.Matched { // it doesn't stop the rule
				said += ", " + oneLine(c.Text) + " is false"
			}
			said += " (" + values + ")"
		}
	}
	for _, a := range made.Actions {
		said += "; " + oneLine(a.Line(made))
		for _, done := range actions {
			if done.Rule == d.Rule && done.Key == a.Key {
				said += ": " + stateOf(done)
			}
		}
	}
	if d.Shadow {
		said += " (shadow: nothing is done)"
	}
	return said, nil
}

// valuesOf are what a clause looked at, or what went wrong with it.
func valuesOf(c rules.Clause) string {
	if c.Error != "" {
		return oneLine(c.Error)
	}
	var values []string
	for _, child := range c.Children {
		values = append(values, child.Text+" = "+child.Value)
	}
	if len(values) == 0 && c.Value != "false" {
		return oneLine(c.Value)
	}
	return oneLine(strings.Join(values, ", "))
}

// telling leaves out what only led to other events: the bot's own looks, and messages of a run on which some rule looked
// at another event. Where there is nothing else, it is all there is to tell.
func telling(events []admin.EventDetail) []admin.EventDetail {
	looked := map[string]bool{}
	for _, e := range events {
		looked[taskOf(e.Event)] = looked[taskOf(e.Event)] || len(e.Decisions) > 0
	}
	told := slices.DeleteFunc(slices.Clone(events), func(e admin.EventDetail) bool {
		silent := e.State == string(store.EventDecided) && e.Error == "" && len(e.Decisions)+len(e.Passed)+len(e.Actions) == 0
		return silent && (e.Type == decide.Look || looked[taskOf(e.Event)])
	})
	if len(told) == 0 {
		return events
	}
	return told
}
