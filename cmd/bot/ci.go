package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"verdict/internal/app/trial"
	"verdict/internal/config"
	"verdict/internal/facts"
	"verdict/internal/store"
	"verdict/rules"
	"verdict/taskcluster"
)

func newCI(g *global) *cobra.Command {
	cmd := &cobra.Command{
		Use: "ci", Short: "For those whose project says its tasks itself, in a .taskcluster.yml",
		Example: "  bot ci render .taskcluster.yml",
	}
	cmd.AddCommand(newCIRender(g))
	return cmd
}

func newCIRender(g *global) *cobra.Command {
	o := &renderOptions{}
	cmd := &cobra.Command{
		Use:   "render FILE",
		Short: "Show which tasks a .taskcluster.yml comes to, and which scopes they need",
		Long: `Render does with a .taskcluster.yml what the bot does with that of a patchset, on this machine and with no secrets. It
prints the tasks in the order in which they are created, and the scopes that each needs; or what is wrong, with its line.

It is rendered for a patchset that was made up. --event takes what happened, and the change, from a recording of
bot why --as-test; --change asks Gerrit for a change as it is now: that of the configuration, or the one that --server
names, as anybody may. With --teams it also shows which team, and which of its rows of trust, may create each task.

The ids are made up too: those of the bot depend on the event. It exits with 1 if something is wrong with the file, or
no team may create one of its tasks.`,
		Example: `  bot ci render .taskcluster.yml
  bot ci render .taskcluster.yml --teams teams.yaml
  bot ci render .taskcluster.yml --change 1234 --server https://review.example.org --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(g, cmd, args[0]) },
	}
	f := cmd.Flags()
	f.StringVar(&o.event, "event", "", "a recording of what happened; - is what comes in")
	f.StringVar(&o.change, "change", "", "a change's number, or SERVER~NUMBER")
	f.StringVar(&o.server, "server", "", "the address of the Gerrit, to be asked without credentials")
	f.StringVar(&o.teams, "teams", "", "the administrators' file of teams and grants")
	cmd.MarkFlagsMutuallyExclusive("event", "change")
	return cmd
}

// renderOptions say for what a file is rendered.
type renderOptions struct{ event, change, server, teams string }

func (o *renderOptions) run(g *global, cmd *cobra.Command, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("render: %w", err)
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), time.Minute)
	defer cancel()
	in, err := o.input(ctx, g, cmd)
	if err != nil {
		return err
	}
	var teams *rules.Teams
	if o.teams != "" { // one that happens to lie near isn't asked
		var found []rules.Diagnostic
		if teams, found, err = loadTeams("", o.teams); err != nil {
			return err
		}
		if rules.HasErrors(found) {
			return printFindings(cmd, g, found)
		}
	}
	tasks, found := rules.RenderTaskFile(file, data, in)
	if len(found) > 0 {
		return printFindings(cmd, g, found)
	}
	view, err := viewOfTasks(tasks, teams)
	if err != nil {
		return err
	}
	if g.json {
		err = printJSON(cmd, view)
	} else {
		view.print(cmd.OutOrStdout(), in.Context["tasks_for"])
	}
	if err == nil && view.refused() {
		return errFindings
	}
	return err
}

// input is what the file is rendered with.
func (o *renderOptions) input(ctx context.Context, g *global, cmd *cobra.Command) (rules.TaskFileInput, error) {
	in := rules.TaskFileInput{Now: time.Now().UTC().Truncate(time.Second), Slug: func(label string) string {
		return taskcluster.TaskIDFrom([]byte("bot ci render " + label))
	}}
	known, event, on, err := madeUp()
	if o.event != "" || o.change != "" {
		known, event, on, err = o.happened(ctx, g, cmd)
	}
	if err != nil {
		return in, err
	}
	in.Context = rules.TaskFileContext(on, known, event, "https://tc.example.org")
	return in, nil
}

// madeUp is a patchset that nobody pushed.
func madeUp() (known map[string]any, event any, on rules.Trigger, err error) {
	person := map[string]any{"username": "alice", "name": "Alice", "email": "alice@example.org", "id": int64(1000001)}
	known = map[string]any{
		"change": map[string]any{
			"server": "main", "number": int64(1234), "id": "project~1234", "project": "project", "branch": "main", "subject": "A change",
			"message": "A change\n", "topic": "", "status": "NEW", "changeId": "I0123456789012345678901234567890123456789", "owner": person,
			"wip": false, "private": false, "url": "https://review.example.org/c/project/+/1234", "hashtags": []any{},
			"currentPatchset": int64(3), "currentRevision": strings.Repeat("0123456789", 4), "footers": []any{},
		},
		"patchset": map[string]any{
			"number": int64(3), "revision": strings.Repeat("0123456789", 4), "ref": "refs/changes/34/1234/3", "kind": "REWORK",
			"uploader": person, "author": person,
		},
	}
	event = map[string]any{"type": "patchset-created", "server": "main", "change": known["change"], "patchset": known["patchset"]}
	return known, event, rules.Trigger{Source: "gerrit", Type: "patchset-created"}, nil
}

// happened is what a recording has, or a change's current patchset.
func (o *renderOptions) happened(ctx context.Context, g *global, cmd *cobra.Command) (known map[string]any, event any, on rules.Trigger, err error) {
	asked := &tryOptions{event: o.event, change: o.change, server: o.server}
	t := &trying{}
	none, _ := rules.Load(rules.Sources{})
	t.Trial = trial.Trial{Set: none}
	var cfg *config.Config
	if o.change != "" && o.server == "" {
		if cfg, err = config.Load(g.config); err != nil {
			return nil, nil, on, fmt.Errorf("%w, or name the Gerrit with --server", err)
		}
	}
	if err := asked.gather(ctx, g, cmd, cfg, t); err != nil {
		return nil, nil, on, err
	}
	if len(t.events) == 0 {
		return nil, nil, on, errors.New("nothing happened on it yet")
	}
	ev := t.events[0]
	on = rules.Trigger{Source: ev.Source, Type: ev.Type}
	if event, err = facts.Decode(ev.Body); err != nil {
		return nil, nil, on, fmt.Errorf("read the event: %w", err)
	}
	link, err := linkOf(t.Link, ev)
	if err != nil {
		return nil, nil, on, err
	}
	known, err = t.Facts.Session(facts.About{EventID: ev.ID, Run: -1}).Fetch(ctx, link, true, []string{"change", "patchset"})
	if err != nil {
		return nil, nil, on, fmt.Errorf("the facts of %s: %w", ev.Type, err)
	}
	return known, event, on, nil
}

// linkOf is the patchset that an event belongs to: the recorded one, or that of which it tells.
func linkOf(recorded *store.Link, ev store.Event) (store.Link, error) {
	if recorded != nil {
		return *recorded, nil
	}
	var told struct {
		Server string
		Change struct {
			Number          int
			Project, Branch string
		}
		Patchset struct {
			Number   int
			Revision string
		}
	}
	if err := json.Unmarshal(ev.Body, &told); err != nil || told.Patchset.Revision == "" {
		return store.Link{}, errors.New("the event tells of no patchset")
	}
	return store.Link{
		Server: told.Server, Change: told.Change.Number, Project: told.Change.Project, Branch: told.Change.Branch,
		Patchset: told.Patchset.Number, Revision: told.Patchset.Revision,
	}, nil
}
