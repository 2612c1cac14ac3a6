package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"verdict/internal/app/rulefiles"
	"verdict/internal/app/ruleset"
	"verdict/internal/config"
	"verdict/rules"
	"verdict/rules/yamlfile"
	"verdict/taskcluster/scopes"
)

func newScopes(g *global) *cobra.Command {
	var o scopesOptions
	cmd := &cobra.Command{
		Use:   "scopes [RULE]",
		Short: "Show which Taskcluster scopes rules need, and which the bot's own client needs",
		Long: `Scopes shows for each rule, or for one, which scopes its tasks need, which of them the team was granted, and what
each trust row allows. At the end it prints all that the bot's own client needs, as a list and as a role, to be pasted.

The rules and teams.yaml are those of the configuration, or of --rules and --teams. No server is asked but that of
rules.git, where the configuration names one. A scope that depends on the event is shown with a * in its place. It exits with 1 if a team lacks something that a rule needs.`,
		Example: `  bot scopes
  bot scopes graphics/build-shaders
  bot scopes --teams teams.yaml --rules rules --json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.complete(g, cmd); err != nil {
				return err
			}
			if len(args) > 0 {
				o.rule = args[0]
			}
			view, err := o.view(cmd)
			if err != nil {
				return err
			}
			if g.json {
				err = printJSON(cmd, view)
			} else {
				err = view.print(cmd)
			}
			if err == nil && view.lacking() {
				return errFindings
			}
			return err
		},
	}
	cmd.Flags().StringVar(&o.teams, "teams", "", "the administrators' file of teams and grants")
	cmd.Flags().StringVar(&o.rules, "rules", "", "the folder of the rules")
	return cmd
}

// scopesOptions say whose scopes are shown.
type scopesOptions struct {
	rules, teams, rule              string
	clientID, schedulerID, exchange string
	// fetched is the configuration where its repository is asked for both files.
	fetched *config.Config
}

// noClient stands for the bot's client where there is no configuration.
const noClient = "CLIENT"

// complete takes from the configuration what isn't said. Without one both files have to be named.
func (o *scopesOptions) complete(g *global, cmd *cobra.Command) error {
	o.clientID = noClient
	cfg, err := config.Load(g.config)
	if err != nil && (cmd.Flags().Changed("config") || o.rules == "" || o.teams == "") {
		return fmt.Errorf("%w, or --teams FILE and --rules FOLDER", err)
	}
	if err != nil {
		return nil
	}
	switch {
	case cfg.Rules.Git.URL == "":
		o.rules, o.teams = cmp.Or(o.rules, cfg.Rules.Dir), cmp.Or(o.teams, cfg.Rules.Teams)
	case o.rules == "" && o.teams == "":
		o.fetched = cfg
	case o.rules == "" || o.teams == "":
		return errHalfNamed
	}
	o.schedulerID, o.exchange = cfg.Taskcluster.SchedulerID, cfg.Pulse.ExchangePrefix
	if cfg.Taskcluster.ClientID != "" {
		o.clientID = cfg.Taskcluster.ClientID
	}
	return nil
}

// view works out what is needed.
func (o *scopesOptions) view(cmd *cobra.Command) (*scopesView, error) {
	teams, files, found, err := o.sources(cmd.Context())
	if err != nil {
		return nil, err
	}
	var set *rules.Set
	if teams != nil {
		var more []rules.Diagnostic
		set, more = ruleset.Load(rules.Sources{
			Files: files, Teams: teams, ExchangePrefix: o.exchange, SchedulerID: o.schedulerID, ShowScopes: true,
		})
		found = append(found, more...)
	}
	for _, d := range found {
		if d.Severity == rules.Error {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s\n", d)
		}
	}
	if rules.HasErrors(found) {
		return nil, errors.New("rules with errors are not shown; bot check tells more")
	}
	v := &scopesView{Client: clientNeeds(o.clientID, teams)}
	for _, r := range set.Rules() {
		if len(r.Tasks()) > 0 && (o.rule == "" || o.rule == r.Team+"/"+r.Name) {
			v.Rules = append(v.Rules, viewOfRule(r))
		}
	}
	if o.rule != "" && len(v.Rules) == 0 {
		return nil, noSuchRule(o.rule, set)
	}
	return v, nil
}

func (o *scopesOptions) sources(ctx context.Context) (teams *rules.Teams, files map[string][]byte, found []rules.Diagnostic, err error) {
	if o.fetched != nil {
		return configuredRules(ctx, o.fetched)
	}
	if teams, found, err = loadTeams("", o.teams); err == nil && teams != nil {
		files, _, err = rulefiles.Read(o.rules)
	}
	return teams, files, found, err
}

func noSuchRule(name string, set *rules.Set) error {
	team, rule, _ := cut(name)
	if set.Rule(team, rule) != nil {
		return fmt.Errorf("%s creates no tasks and calls nothing, so it needs no scopes", name)
	}
	var names []string
	for _, r := range set.Rules() {
		names = append(names, r.Team+"/"+r.Name)
	}
	return fmt.Errorf("there is no rule %s; %s", name, yamlfile.DidYouMean(name, names))
}

// reads are the methods that the bot calls for itself.
var reads = []string{"task", "status", "listTaskGroup"}

// lookedUp says by the beginning of a scope what is read before a call that takes it: who adds scopes to a client or a
// role needs those that it didn't have.
var lookedUp = map[string]string{"auth:update-client:": "auth:get-client:", "auth:update-role:": "auth:get-role:"}

// clientNeeds are the scopes of the bot's own client: to make credentials for each rule, all that these may hold, and
// what it reads itself.
func clientNeeds(clientID string, teams *rules.Teams) clientView {
	need := []string{"auth:create-client:" + clientID + "/*"}
	for _, name := range reads {
		if m, err := methodOf("queue", name); err == nil && m.Scopes != nil {
			before, _, _ := strings.Cut(m.Scopes.Scope, "<")
			need = append(need, before+"*")
		}
	}
	if len(teams.Roles()) > 0 {
		need = append(need, "auth:expand-scopes")
	}
	for _, t := range teams.All() {
		need = append(need, t.Scopes...)
		for update, get := range lookedUp {
			for _, s := range scopes.Intersect([]string{update + "*"}, t.Scopes) {
				need = append(need, get+strings.TrimPrefix(s, update))
			}
		}
	}
	need = scopes.Normalize(need)
	slices.Sort(need)
	return clientView{ClientID: clientID, Scopes: need}
}
