package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"verdict/internal/app/rulefiles"
	"verdict/internal/app/ruleset"
	"verdict/internal/app/trial"
	"verdict/internal/config"
	"verdict/internal/store"
	"verdict/rules"
)

func newTry(g *global) *cobra.Command {
	o := &tryOptions{}
	cmd := &cobra.Command{
		Use:   "try (--event FILE | --task ID | --change N)",
		Short: "Show what rules would make of an event, a task or a change, and do nothing",
		Long: `Try decides by the rules in a folder what would follow, and shows for every rule that looks at such an event which
clauses hold, with the values that they looked at, and what would be done. Nothing is delivered, and no server is
written to. Without --rules they are those of the configuration, fetched where it names a repository.

--task and --change ask the servers as they are now: those of the configuration, with the bot's credentials, or the one
that --server names, as anybody may. A task is tried as the message that the queue last sent of it, with what is derived
of that; a change as its current patchset, and as its end where it has come to one.

--event reads a file: an event as bot events show --json prints it, a recording of bot why --as-test, or a message with
exchange, routingKey and payload, as bot taskcluster listen --json prints it, or the cron, server and query of a rule.
Where the file has the facts of then, no server is asked.`,
		Example: `  bot try --task fN1SbArXTPSVFNUvaOlinQ --server https://tc.example.org --rules rules
  bot try --change 1234 --rules rules --rule graphics/build-shaders
  bot events show 7f3k --json > event.json; bot try --event event.json --rules rules`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(g, cmd) },
	}
	f := cmd.Flags()
	f.StringVar(&o.event, "event", "", "the file of an event; - is what comes in")
	f.StringVar(&o.task, "task", "", "a task's id")
	f.StringVar(&o.change, "change", "", "a change's number, or SERVER~NUMBER")
	f.StringVar(&o.rule, "rule", "", "only this rule, as TEAM/RULE")
	f.StringVar(&o.rules, "rules", "", "the folder of the rules; those of the configuration if not given")
	f.StringVar(&o.teams, "teams", "", "the administrators' file of teams and grants")
	f.StringVar(&o.server, "server", "", "the address of the Taskcluster, or with --change of the Gerrit, to be asked without credentials")
	cmd.MarkFlagsOneRequired("event", "task", "change")
	cmd.MarkFlagsMutuallyExclusive("event", "task", "change")
	return cmd
}

// tryOptions say what is tried, and by which rules.
type tryOptions struct {
	event, task, change  string
	rules, teams, server string
	rule                 string
}

// trying is a trial with what it is about.
type trying struct {
	trial.Trial
	events []store.Event
	rule   string // TEAM/RULE, the only one that is told of; empty: all
}

func (o *tryOptions) run(g *global, cmd *cobra.Command) error {
	cfg, err := o.configuration(g, cmd)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), time.Minute)
	defer cancel()
	set, err := o.load(ctx, cmd, cfg)
	if err != nil {
		return err
	}
	if team, rule, ok := cut(o.rule); o.rule != "" && (!ok || set.Rule(team, rule) == nil) {
		return fmt.Errorf("--rule %q: the rules that could be loaded have none of that name; it is written as TEAM/RULE", o.rule)
	}
	t := &trying{Trial: trial.Trial{Set: set}, rule: o.rule}
	if cfg != nil {
		t.ExchangePrefix, t.SchedulerID = cfg.Pulse.ExchangePrefix, cfg.Taskcluster.SchedulerID
	}
	if err := o.gather(ctx, g, cmd, cfg, t); err != nil {
		return err
	}
	var outcomes []trial.Outcome
	for _, ev := range t.events {
		of, err := t.Try(ctx, ev)
		if err != nil {
			return err
		}
		outcomes = append(outcomes, of...)
	}
	for i, one := range outcomes {
		outcomes[i].Decisions = slices.DeleteFunc(one.Decisions, func(d store.Decision) bool { return !t.tells(d.Team, d.Rule) })
	}
	if g.json {
		err = printJSON(cmd, tryViews(outcomes, set))
	} else {
		err = printTrial(cmd.OutOrStdout(), outcomes, t)
	}
	for _, one := range outcomes {
		if err == nil && one.Error != "" {
			return errFindings
		}
	}
	return err
}

// tells says whether a rule is told of.
func (t *trying) tells(team, rule string) bool { return t.rule == "" || t.rule == team+"/"+rule }

// configuration is nil where none is needed and none is there.
func (o *tryOptions) configuration(g *global, cmd *cobra.Command) (*config.Config, error) {
	cfg, err := config.Load(g.config)
	if err == nil {
		return cfg, nil
	}
	var problems config.Problems
	if cmd.Flags().Changed("config") || errors.As(err, &problems) || o.rules == "" {
		return nil, fmt.Errorf("%w, or the rules with --rules", err)
	}
	return nil, nil
}

// load reads the rules; those of a team with errors are left out, and told.
func (o *tryOptions) load(ctx context.Context, cmd *cobra.Command, cfg *config.Config) (*rules.Set, error) {
	in := rules.Sources{}
	dir, teamsFile := o.rules, o.teams
	if cfg != nil {
		in.ExchangePrefix, in.SchedulerID = cfg.Pulse.ExchangePrefix, cfg.Taskcluster.SchedulerID
	}
	fetched := dir == "" && cfg.Rules.Git.URL != "" // without a configuration the folder was named
	if dir == "" {
		dir, teamsFile = cfg.Rules.Dir, cmp.Or(teamsFile, cfg.Rules.Teams)
	}
	var found []rules.Diagnostic
	var err error
	switch {
	case !fetched:
		in.Teams, in.Files, found, err = rulesIn(dir, teamsFile)
	case o.teams != "":
		err = errHalfNamed
	default:
		in.Teams, in.Files, found, err = configuredRules(ctx, cfg)
	}
	if err != nil {
		return nil, err
	}
	set, more := ruleset.Load(in)
	for _, d := range append(found, more...) {
		if d.Severity == rules.Error {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s\n", d)
		}
	}
	if len(set.Rules()) == 0 {
		return nil, fmt.Errorf("%s holds no rules that could be loaded; bot check tells more", dir)
	}
	return set, nil
}

// rulesIn are the rules in a folder, or in that of a team.
func rulesIn(dir, teamsFile string) (teams *rules.Teams, files map[string][]byte, found []rules.Diagnostic, err error) {
	if teams, found, err = loadTeams(dir, teamsFile); err != nil {
		return nil, nil, nil, err
	}
	root, _, err := rulesFolder(dir, true, teams)
	if err != nil {
		return nil, nil, nil, err
	}
	files, _, err = rulefiles.Read(root)
	return teams, files, found, err
}

// ofFile reads what --event names.
func (o *tryOptions) ofFile(ctx context.Context, cmd *cobra.Command, t *trying) (trial.File, error) {
	var data []byte
	var err error
	if o.event == "-" {
		data, err = io.ReadAll(cmd.InOrStdin())
	} else {
		data, err = os.ReadFile(o.event)
	}
	if err != nil {
		return trial.File{}, fmt.Errorf("try: %w", err)
	}
	f, err := trial.ReadFile(ctx, data, t.ExchangePrefix)
	if err != nil {
		return f, fmt.Errorf("%s: %w", o.event, err)
	}
	return f, nil
}

// printTrial prints for each event what each rule would make of it.
func printTrial(out io.Writer, outcomes []trial.Outcome, t *trying) error {
	for i, o := range outcomes {
		if i > 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprintf(out, "%s\n", headline(o))
		if o.Error != "" {
			fmt.Fprintf(out, "  error: %s\n", o.Error)
		}
		for _, d := range o.Decisions {
			e := explained{rule: d.Team + "/" + d.Rule, shadow: d.Shadow, explanation: d.Explanation}
			if r := t.Set.Rule(d.Team, d.Rule); r != nil {
				e.outline, e.shadow = r.Outline(), r.Mode == rules.Shadow
			}
			fmt.Fprintln(out)
			if err := e.print(out); err != nil {
				return err
			}
		}
		elsewhere(out, o, t)
	}
	return nil
}

// headline is an event in a line.
func headline(o trial.Outcome) string {
	words := []string{o.Event.Source, o.Event.Type}
	switch {
	case o.Event.Source == "pulse":
		words = words[1:]
	case o.Event.Source != "gerrit":
		words = []string{o.Event.Source + ": " + o.Event.Type}
	}
	for _, w := range []string{"task " + o.Event.TaskID, "of " + o.Event.Change} {
		if !strings.HasSuffix(w, " ") {
			words = append(words, w)
		}
	}
	if o.Occurrence.Project != "" {
		words = append(words, "on", o.Occurrence.Project, o.Occurrence.Branch)
	}
	return strings.Join(words, " ")
}

// elsewhere tells of the rules on events of this kind that look at others.
func elsewhere(out io.Writer, o trial.Outcome, t *trying) {
	none := len(o.Decisions) == 0
	for _, r := range t.Set.Rules() {
		if asked(o, r) || !t.tells(r.Team, r.Name) {
			continue
		}
		why := rules.OnEvent
		for _, on := range r.On {
			if w := on.Refuses(o.Occurrence, t.ExchangePrefix); w != rules.OnEvent {
				why = w
			}
		}
		if why != "" && (why != rules.OnEvent || t.rule != "") {
			none = false
			if why == rules.OnEvent {
				why += ", which is " + sources(r)
			}
			fmt.Fprintf(out, "\n%s/%s looks elsewhere: %s\n", r.Team, r.Name, why)
		}
	}
	if none {
		fmt.Fprintln(out, "  no rule looks at it")
	}
}

// sources are what a rule is on, in the words of rules.
func sources(r *rules.Rule) string {
	var words []string
	for _, on := range r.On {
		source := on.Source
		if source == "pulse" {
			source = "exchange"
		}
		words = append(words, source+": "+on.Type)
	}
	return strings.Join(words, ", ")
}

func asked(o trial.Outcome, r *rules.Rule) bool {
	for _, d := range o.Decisions {
		if d.Team == r.Team && d.Rule == r.Name {
			return true
		}
	}
	return false
}

// tryView is an outcome as JSON.
type tryView struct {
	Source string        `json:"source"`
	Type   string        `json:"type"`
	Change string        `json:"change,omitempty"`
	TaskID string        `json:"taskId,omitempty"`
	Error  string        `json:"error,omitempty"`
	Rules  []triedByRule `json:"rules"`
}

type triedByRule struct {
	Rule        string          `json:"rule"`
	Mode        rules.Mode      `json:"mode"`
	Matched     bool            `json:"matched"`
	Stopped     string          `json:"stopped,omitempty"`
	Explanation json.RawMessage `json:"explanation"`
}

func tryViews(outcomes []trial.Outcome, set *rules.Set) []tryView {
	views := []tryView{}
	for _, o := range outcomes {
		v := tryView{Source: o.Event.Source, Type: o.Event.Type, Change: o.Event.Change, TaskID: o.Event.TaskID, Error: o.Error, Rules: []triedByRule{}}
		for _, d := range o.Decisions {
			one := triedByRule{Rule: d.Team + "/" + d.Rule, Matched: d.Matched, Stopped: d.Stopped, Explanation: d.Explanation}
			if r := set.Rule(d.Team, d.Rule); r != nil {
				one.Mode = r.Mode
			}
			v.Rules = append(v.Rules, one)
		}
		views = append(views, v)
	}
	return views
}
