package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"verdict/gerrit"
	"verdict/internal/app"
	"verdict/internal/app/trial"
	"verdict/internal/config"
	"verdict/internal/facts"
	"verdict/internal/store"
	"verdict/rules"
	"verdict/taskcluster"
)

// gather finds out what is tried, and where its facts come from.
func (o *tryOptions) gather(ctx context.Context, g *global, cmd *cobra.Command, cfg *config.Config, t *trying) error {
	if o.event != "" {
		f, err := o.ofFile(ctx, cmd, t)
		if err != nil {
			return err
		}
		t.events = []store.Event{f.Event}
		if f.Recording != nil {
			return t.Recall(*f.Recording)
		}
	}
	if err := o.servers(g, cmd, cfg, t); err != nil {
		return err
	}
	switch {
	case o.task != "":
		return t.ofTask(ctx, o.task)
	case o.change != "":
		return o.ofChange(ctx, t)
	}
	return nil
}

// servers are those of the configuration, or the one that was named.
func (o *tryOptions) servers(g *global, cmd *cobra.Command, cfg *config.Config, t *trying) error {
	t.Facts = &facts.Source{Gerrit: map[string]facts.Gerrit{}, URLs: map[string]string{}, Queue: trial.NoQueue{}}
	if o.server != "" && o.change != "" {
		name := gerritName(o.change, t.Set)
		t.Facts.Gerrit[name], t.Facts.URLs[name] = gerrit.NewClient(strings.TrimRight(o.server, "/"), nil), o.server
		return nil
	}
	if cfg != nil && o.server == "" {
		trusted, err := cfg.TLS.Client()
		if err != nil {
			return err
		}
		for name, of := range cfg.Gerrit {
			t.Facts.Gerrit[name], t.Facts.URLs[name] = app.GerritClient(of, trusted), of.URL
		}
		t.Facts.DashboardURL = cfg.DashboardURL
	}
	if err := o.taskcluster(g, cmd, cfg, t); err != nil {
		return err
	}
	if _, nobody := t.Facts.Queue.(trial.NoQueue); nobody && len(t.Facts.Gerrit) == 0 {
		fmt.Fprintln(cmd.ErrOrStderr(), "no server is asked: what the event itself doesn't say counts as absent. Name a --config or a --server")
	}
	return nil
}

func (o *tryOptions) taskcluster(g *global, cmd *cobra.Command, cfg *config.Config, t *trying) error {
	d := &deployment{rootURL: o.server}
	if o.server == "" {
		if cfg != nil && cfg.Taskcluster.RootURL == "" && o.task == "" {
			return nil
		}
		var err error
		if d, err = g.deployment(cmd); err != nil && o.task == "" {
			return nil // there is nobody to ask; a rule that needs a task's facts says so
		} else if err != nil {
			return err
		}
	}
	options := taskcluster.Options{}
	if d.http != nil {
		options.HTTPClient = d.http
	}
	queue, err := taskcluster.NewQueue(d.rootURL, d.source, options)
	if err != nil {
		return fmt.Errorf("taskcluster: %w", err)
	}
	t.Facts.Queue, t.Facts.RootURL = queue, d.rootURL
	return nil
}

// gerritName is how the rules call the server of a change.
func gerritName(change string, set *rules.Set) string {
	if server, _, ok := strings.Cut(change, "~"); ok {
		return server
	}
	for _, r := range set.Rules() {
		for _, on := range r.On {
			if on.Server != "" {
				return on.Server
			}
		}
	}
	return "main"
}

// ofTask tries a task as it is now.
func (t *trying) ofTask(ctx context.Context, id string) error {
	status, err := t.Facts.Queue.Status(ctx, id)
	if err != nil {
		return fmt.Errorf("ask for task %s: %w", id, err)
	}
	task, err := t.Facts.Queue.Task(ctx, id)
	if err != nil {
		return fmt.Errorf("ask for task %s: %w", id, err)
	}
	t.Link = t.ownLink(task)
	ev, err := trial.OfTask(ctx, status, task, t.ExchangePrefix)
	t.events = []store.Event{ev}
	return err
}

// ownLink is what a task of the bot's own says of its change: the bot wrote it. The running bot looks it up.
func (t *trying) ownLink(task *taskcluster.Task) *store.Link {
	var extra struct{ Gerrit *trial.Link }
	if task.SchedulerID != cmp.Or(t.SchedulerID, "verdict") || json.Unmarshal(task.Extra, &extra) != nil || extra.Gerrit == nil || extra.Gerrit.Revision == "" {
		return nil
	}
	return extra.Gerrit.Stored()
}

// ofChange tries a change as it is now.
func (o *tryOptions) ofChange(ctx context.Context, t *trying) error {
	server, number, named := strings.Cut(o.change, "~")
	if !named {
		server, number = "", o.change
	}
	if n, err := strconv.Atoi(number); err != nil || n < 1 {
		return fmt.Errorf("--change %q: write its number, or SERVER~NUMBER", o.change)
	}
	names := slices.Sorted(maps.Keys(t.Facts.Gerrit))
	switch {
	case len(names) == 0:
		return errors.New("there is no Gerrit to ask: name one with --server, or a --config that has some")
	case server == "" && len(names) > 1:
		return fmt.Errorf("which server? write --change %s~%s; there are %s", names[0], number, strings.Join(names, ", "))
	case server == "":
		server = names[0]
	}
	client, ok := t.Facts.Gerrit[server]
	if !ok {
		return fmt.Errorf("no Gerrit is called %q; there are %s", server, strings.Join(names, ", "))
	}
	c, err := client.GetChangeDetail(ctx, number, gerrit.QueryChangesOpt{Fields: []string{"ALL_REVISIONS", "ALL_COMMITS", "DETAILED_ACCOUNTS"}})
	if err != nil {
		return fmt.Errorf("ask %s for change %s: %w", server, number, err)
	}
	t.events, err = trial.OfChange(ctx, server, c)
	return err
}
