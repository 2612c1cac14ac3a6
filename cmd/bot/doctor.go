package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"verdict/gerrit"
	"verdict/internal/app"
	"verdict/internal/app/admin"
	"verdict/internal/app/ruleset"
	"verdict/internal/config"
	"verdict/internal/doctor"
	"verdict/internal/store"
	"verdict/pulse"
	"verdict/rules"
	"verdict/rules/yamlfile"
	"verdict/taskcluster"
)

func newDoctor(g *global) *cobra.Command {
	var projects []string
	cmd := &cobra.Command{
		Use:   "doctor [SERVICE...]",
		Short: "Look whether accounts, permissions and clocks are as the bot needs them",
		Long: `Doctor looks at every server of the configuration with the bot's own account, and says what is missing and how to
grant it. It changes nothing that people or a running bot would see. A SERVICE is gerrit, gerrit:NAME, taskcluster,
pulse or store; without one all are looked at.

  gerrit       version, clock, SERVICE_USER, capabilities; on projects that teams are granted: labels, hashtags
  taskcluster  root URL, clock, credentials, and the scopes that bot scopes prints
  pulse        connection, permissions, exchanges that the rules need, the queue
  store        whether it opens, its schema

It exits with 1 if something is missing. What Gerrit permits on a project is seen on an open change of it.`,
		Example: `  bot doctor
  bot doctor gerrit:main --project platform/gfx
  bot doctor taskcluster pulse --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := g.patient(cmd, projects)
			if err != nil {
				return err
			}
			report, err := p.examine(cmd.Context(), args)
			if err != nil {
				return err
			}
			if g.json {
				err = printJSON(cmd, map[string]any{"findings": report.Findings(), "checks": report})
			} else {
				printReport(cmd.OutOrStdout(), report)
			}
			if err == nil && report.Findings() > 0 {
				return errFindings
			}
			return err
		},
	}
	cmd.Flags().StringArrayVar(&projects, "project", nil, "a project whose rights are looked at; may be repeated")
	return cmd
}

// patient is what is looked at.
type patient struct {
	cfg      *config.Config
	trusted  *tls.Config  // nil: the system's certificates
	http     *http.Client // nil: the usual one
	projects []string
	running  string // the release of the bot that runs

	teams     *rules.Teams // nil where they can't be read
	exchanges []string
	first     doctor.Report // on the configuration itself
}

// service is one that can be examined, by its name.
type service struct {
	name    string
	examine func(ctx context.Context) doctor.Report
}

func (g *global) patient(cmd *cobra.Command, projects []string) (*patient, error) {
	cfg, err := config.Load(g.config)
	if err != nil {
		return nil, err
	}
	p := &patient{cfg: cfg, projects: projects}
	if p.trusted, err = cfg.TLS.Client(); err != nil {
		return nil, err
	}
	if p.trusted != nil {
		p.http = &http.Client{Transport: gerrit.NewTransport(p.trusted)}
	}
	if client, err := admin.Dial(cmd.Context(), cfg.Admin.Socket); err == nil {
		if s, err := client.Status(cmd.Context()); err == nil {
			p.running = cmp.Or(s.Version, "unknown")
		}
	} else if !admin.Absent(err) {
		p.tell(doctor.Note, "admin.socket", err.Error(), "run it as the user that the bot runs as")
	}
	p.configuration()
	p.rules(cmd.Context())
	return p, nil
}

func (p *patient) tell(level doctor.Level, about, text, remedy string) {
	p.first = append(p.first, doctor.Check{Service: "config", About: about, Level: level, Text: p.cfg.Known.Clean(text), Remedy: remedy})
}

func (p *patient) configuration() {
	for _, w := range p.cfg.Warnings {
		p.tell(doctor.Note, "value", w, "")
	}
	var problems config.Problems
	if err := p.cfg.CheckSecrets(); errors.As(err, &problems) {
		for _, one := range problems {
			p.tell(doctor.Missing, "secret", one.Error(), "put the secret, and nothing else, into that file, readable by the user that the bot runs as")
		}
	}
}

// rules reads what teams are granted, and which exchanges the rules need.
func (p *patient) rules(ctx context.Context) {
	teams, files, found, err := configuredRules(ctx, p.cfg)
	if teams == nil || rules.HasErrors(found) {
		if p.cfg.Rules.Git.URL != "" && err != nil {
			p.tell(doctor.Missing, "rules", err.Error(), "correct rules.git, or let the bot's account read the repository")
		}
		p.tell(doctor.Missing, "teams", fmt.Sprintf("%s can't be read, so nothing granted is looked at", p.cfg.Rules.Teams), "bot check says what is wrong")
		return
	}
	p.teams = teams
	if err != nil {
		p.tell(doctor.Missing, "rules", err.Error(), "correct rules.dir, or let the user that the bot runs as read it")
		return
	}
	set, found := ruleset.Load(rules.Sources{
		Files: files, Teams: teams, ExchangePrefix: p.cfg.Pulse.ExchangePrefix, SchedulerID: p.cfg.Taskcluster.SchedulerID,
	})
	if rules.HasErrors(found) {
		p.tell(doctor.Missing, "rules", "there are errors in the rules", "bot check says which")
	}
	for _, b := range set.Bindings(p.cfg.Pulse.ExchangePrefix) {
		if !slices.Contains(p.exchanges, b.Exchange) {
			p.exchanges = append(p.exchanges, b.Exchange)
		}
	}
}

// examine looks at the services of these names, all at once; at all without any.
func (p *patient) examine(ctx context.Context, names []string) (doctor.Report, error) {
	all := p.services()
	chosen := all
	if len(names) > 0 {
		var err error
		if chosen, err = choose(all, names); err != nil {
			return nil, err
		}
	}
	reports := make([]doctor.Report, len(chosen))
	var examined sync.WaitGroup
	for i, s := range chosen {
		examined.Go(func() { reports[i] = s.examine(ctx) })
	}
	examined.Wait()
	report := append(doctor.Report{}, p.first...)
	for _, r := range reports {
		for _, c := range r {
			c.Text = p.cfg.Known.Clean(c.Text) // a server may repeat what it was sent
			report = append(report, c)
		}
	}
	return report, ctx.Err()
}

func choose(all []service, names []string) (chosen []service, err error) {
	known := []string{"gerrit"}
	for _, s := range all {
		known = append(known, s.name)
	}
	for _, name := range names {
		before := len(chosen)
		for _, s := range all {
			if s.name == name || name == "gerrit" && strings.HasPrefix(s.name, "gerrit:") {
				chosen = append(chosen, s)
			}
		}
		if len(chosen) == before {
			return nil, fmt.Errorf("%q is not configured; there are %s; %s", name, strings.Join(known[1:], ", "), yamlfile.DidYouMean(name, known))
		}
	}
	return chosen, nil
}

// services are those that are configured.
func (p *patient) services() []service {
	var all []service
	for _, name := range slices.Sorted(maps.Keys(p.cfg.Gerrit)) {
		all = append(all, service{"gerrit:" + name, p.gerrit(name).Examine})
	}
	if t := p.cfg.Taskcluster; t.RootURL != "" {
		d := doctor.Taskcluster{
			RootURL: t.RootURL, ClientID: t.ClientID, HTTP: p.http,
			Credentials: &taskcluster.RotatingCredentials{ClientID: t.ClientID, AccessToken: t.AccessToken.Read},
		}
		if p.teams != nil {
			d.Needed = clientNeeds(t.ClientID, p.teams).Scopes
		}
		all = append(all, service{"taskcluster", d.Examine})
	}
	if p.cfg.Pulse.URL != "" {
		all = append(all, service{"pulse", p.pulse().Examine})
	}
	s := p.cfg.Store
	return append(all, service{"store", doctor.Store{
		Options: store.Options{URL: s.URL, Password: p.cfg.StorePassword(), Migrate: s.Migrate}, Running: p.running,
	}.Examine})
}

func (p *patient) gerrit(name string) doctor.Gerrit {
	g := p.cfg.Gerrit[name]
	return doctor.Gerrit{
		Name: name, URL: g.URL, User: g.User, Client: app.GerritClient(g, p.trusted), HTTP: p.http,
		Stream: g.Stream.SSH != "", Teams: p.teams, Projects: p.projects,
	}
}

func (p *patient) pulse() doctor.Pulse {
	c := p.cfg.Pulse
	return doctor.Pulse{
		Config: pulse.Config{
			URL: c.URL, Vhost: c.Vhost, User: c.User, Password: c.Password.Read, TLS: p.trusted,
			Queue: "queue/" + c.User + "/" + p.cfg.Instance,
		},
		Exchanges: p.exchanges, Warn: c.QueueLimit.Warn, Delete: c.QueueLimit.Delete, Running: p.running != "",
	}
}

func printReport(out io.Writer, report doctor.Report) {
	last := ""
	for _, c := range report {
		if c.Service != last {
			fmt.Fprintln(out, c.Service)
			last = c.Service
		}
		fmt.Fprintf(out, "  %-8s %-14s %s\n", c.Level, c.About, c.Text)
		if c.Remedy != "" {
			fmt.Fprintf(out, "  %-8s %-14s %s\n", "", "", c.Remedy)
		}
	}
	if n := report.Findings(); n > 0 {
		fmt.Fprintf(out, "%s: something is missing\n", plural(n, "finding"))
		return
	}
	fmt.Fprintln(out, "nothing is missing")
}
