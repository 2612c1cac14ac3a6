package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"verdict/gerrit"
	"verdict/rules/yamlfile"
)

// fullEvery is how often all open changes are looked at: only that finds those that are gone.
const fullEvery = 10 * time.Minute

func newGerritEvents(g *global, server *string) *cobra.Command {
	var f followFlags
	var projects, types []string
	every := lifetime(5 * time.Second)
	cmd := &cobra.Command{
		Use:   "events",
		Short: "Print what happens on Gerrit as it happens, until Ctrl-C",
		Long: `Events prints what happens to changes, a line each: the time, the type, the change, and what is to say of it. With
--json each line is an event as rules see it.

It asks Gerrit every few seconds, as the bot's poll does, with a memory of its own: a bot that runs isn't touched. First
it reads all open changes that it may see, which --project makes fewer, and says when it follows. What happened before
isn't told. Changes that are gone (change-vanished) are noticed within ten minutes.`,
		Example: `  bot gerrit events
  bot gerrit events --project platform/gfx --type patchset-created --type vote-changed
  bot gerrit events --for 10m --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, t := range types {
				if !slices.Contains(gerrit.EventTypes, t) {
					return fmt.Errorf("no event type %q; %s", t, yamlfile.DidYouMean(t, gerrit.EventTypes))
				}
			}
			r, err := g.reviews(*server)
			if err != nil {
				return err
			}
			ctx, left, stop, err := f.begin(cmd.Context())
			if err != nil {
				return err
			}
			defer stop()
			w := &watcher{g: g, cmd: cmd, reviews: r, types: types, left: left}
			return w.run(ctx, limitedTo(projects), max(time.Duration(every), time.Second))
		},
	}
	f.register(cmd, "event")
	cmd.Flags().StringArrayVar(&projects, "project", nil, "only of this project; may be repeated")
	cmd.Flags().StringArrayVar(&types, "type", nil, "only of this type; may be repeated: "+strings.Join(gerrit.EventTypes, ", "))
	cmd.Flags().Var(&every, "every", "how often Gerrit is asked, 1s at least")
	_ = cmd.RegisterFlagCompletionFunc("type", cobra.FixedCompletions(gerrit.EventTypes, cobra.ShellCompDirectiveNoFileComp)) // the flag is there
	return cmd
}

// limitedTo is a query for the changes of projects; of none it is for all.
func limitedTo(projects []string) string {
	terms := make([]string, len(projects))
	for i, p := range projects {
		terms[i] = fmt.Sprintf("project:%q", p)
	}
	return strings.Join(terms, " OR ")
}

// watcher prints the events that a poller finds until it has had enough. It is the poller's inbox and keeps its cursor.
type watcher struct {
	g       *global
	cmd     *cobra.Command
	reviews *reviews
	types   []string // none: all
	left    *countdown
	// hints is word of changes from elsewhere, such as a stream: each is looked at at once. nil: Gerrit is only asked.
	hints <-chan gerrit.Hint

	cursor string
	begun  time.Time // by the server's clock; zero while what there is already is read
	told   occurrences
}

func (w *watcher) run(ctx context.Context, query string, every time.Duration) error {
	poller := &gerrit.Poller{Client: w.reviews.client, Server: w.reviews.server, Query: query, Cursors: w, Inbox: w}
	if err := poller.Poll(ctx); err != nil {
		return w.ended(ctx, err)
	}
	begun, err := time.Parse(time.RFC3339, w.cursor)
	if err != nil {
		return fmt.Errorf("read the poll's cursor: %w", err)
	}
	w.begun = begun
	fmt.Fprintln(w.cmd.ErrOrStderr(), "following")
	ticks, fulls := time.NewTicker(every), time.NewTicker(fullEvery)
	defer ticks.Stop()
	defer fulls.Stop()
	failing := false
	for {
		var step func(context.Context) error
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
			step = poller.Poll
		case <-fulls.C:
			step = poller.Full
		case h := <-w.hints:
			step = func(ctx context.Context) error { return poller.Look(ctx, h) }
		}
		err := step(ctx)
		switch {
		case err == nil && failing:
			fmt.Fprintln(w.cmd.ErrOrStderr(), "following again; nothing was missed")
		case errors.Is(err, errEnough), ctx.Err() != nil:
			return nil
		case errors.Is(err, errPrint):
			return err
		case err != nil && !failing:
			fmt.Fprintln(w.cmd.ErrOrStderr(), w.reviews.clean(err.Error()))
		}
		failing = err != nil
	}
}

// ended is what it ends with where it couldn't begin.
func (w *watcher) ended(ctx context.Context, err error) error {
	if ctx.Err() != nil && asWanted(context.Cause(ctx)) {
		return nil
	}
	return w.reviews.told(ctx, err)
}

// Cursor implements gerrit.CursorReader.
func (w *watcher) Cursor(context.Context, string) (string, error) { return w.cursor, nil }

// AcceptChanges implements gerrit.Inbox: it prints what is new.
func (w *watcher) AcceptChanges(_ context.Context, found gerrit.Found) error {
	for _, e := range found.Events {
		// Of a change that is seen for the first time there is what was before, too.
		if w.begun.IsZero() || e.Time.Before(w.begun) || !w.told.first(&e) || len(w.types) > 0 && !slices.Contains(w.types, e.Type) {
			continue
		}
		if w.left.over() {
			return errEnough
		}
		if err := w.print(&e); err != nil {
			return err
		}
		w.left.one()
	}
	if found.Cursor != "" {
		w.cursor = found.Cursor
	}
	if w.left.over() {
		return errEnough
	}
	return nil
}

// errPrint means that what is printed goes nowhere.
var errPrint = errors.New("print")

func (w *watcher) print(e *gerrit.Event) error {
	line := []byte(eventLine(e))
	if w.g.json {
		var err error
		if line, err = json.Marshal(e); err != nil {
			return fmt.Errorf("write an event of change %d: %w", e.Change.Number, err)
		}
	}
	if _, err := fmt.Fprintf(w.cmd.OutOrStdout(), "%s\n", line); err != nil {
		return fmt.Errorf("%w: %w", errPrint, err)
	}
	return nil
}

// occurrences are those that were told, the last some thousands of them: a poll tells some more than once.
type occurrences struct{ now, before map[string]bool }

const occurrencesKept = 4096

// first tells whether an event isn't known yet, and knows it from then on.
func (o *occurrences) first(e *gerrit.Event) bool {
	names := e.Occurrence()
	if len(names) == 0 {
		return true
	}
	key := fmt.Sprint(e.Change.Number, e.Type, names)
	if o.now[key] || o.before[key] {
		return false
	}
	if len(o.now) >= occurrencesKept || o.now == nil {
		o.now, o.before = map[string]bool{}, o.now
	}
	o.now[key] = true
	return true
}
