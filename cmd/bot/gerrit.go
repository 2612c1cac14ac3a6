package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"verdict/gerrit"
	"verdict/internal/app"
	"verdict/internal/config"
	"verdict/rules/yamlfile"
)

func newGerrit(g *global) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gerrit",
		Short: "Look into Gerrit as the bot sees it: query, show, events",
		Long: `Look into Gerrit as the bot sees it: by the server, account and token of config.yaml. Nothing is changed there.

Where several servers are configured, --server names one.`,
		Example: `  bot gerrit query 'status:open label:Verified=-1'
  bot gerrit show main~1234
  bot gerrit events --project platform/gfx`,
	}
	var server string
	cmd.PersistentFlags().StringVar(&server, "server", "", "the server's name in config.yaml; not needed where there is one")
	cmd.AddCommand(newGerritQuery(g, &server), newGerritShow(g, &server), newGerritEvents(g, &server))
	return cmd
}

// byHand is how often a command tries: nobody is there who would try again.
var byHand = gerrit.Retry{Attempts: 3}

// reviews is the Gerrit that a command looks into.
type reviews struct {
	server   string // its name in config.yaml
	url      string
	instance string // the bot's own
	client   *gerrit.Client
	// clean takes known secrets out of a text.
	clean func(string) string
}

// reviews opens the server of that name, or the only one.
func (g *global) reviews(server string) (*reviews, error) {
	cfg, err := config.Load(g.config)
	if err != nil {
		return nil, err
	}
	return openReviews(cfg, server)
}

func openReviews(cfg *config.Config, server string) (*reviews, error) {
	server, err := configuredServer(cfg, server)
	if err != nil {
		return nil, err
	}
	s := cfg.Gerrit[server]
	if _, err := s.Token.Read(); err != nil {
		return nil, err
	}
	trusted, err := cfg.TLS.Client()
	if err != nil {
		return nil, err
	}
	client := app.GerritClient(s, trusted)
	client.Retry = byHand
	return &reviews{server: server, url: strings.TrimRight(s.URL, "/"), instance: cfg.Instance, client: client, clean: cfg.Known.Clean}, nil
}

// configuredServer is the server of that name, or the only one.
func configuredServer(cfg *config.Config, server string) (string, error) {
	names := slices.Sorted(maps.Keys(cfg.Gerrit))
	if server == "" && len(names) == 1 {
		return names[0], nil
	}
	_, ok := cfg.Gerrit[server]
	switch {
	case len(names) == 0:
		return "", errors.New("the configuration has no server under gerrit")
	case server == "":
		return "", fmt.Errorf("several servers are configured; name one with --server: %s", strings.Join(names, ", "))
	case !ok:
		return "", fmt.Errorf("no server %q is configured; %s", server, yamlfile.DidYouMean(server, names))
	}
	return server, nil
}

// told is an error of the server's as it may be printed.
func (r *reviews) told(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, gerrit.ErrNotAuthorized) || errors.Is(err, gerrit.ErrUnavailable) {
		return fmt.Errorf("%s; bot doctor gerrit:%s says more", r.clean(err.Error()), r.server)
	}
	return errors.New(r.clean(err.Error()))
}

// page is a change's address in a browser.
func (r *reviews) page(c *gerrit.ChangeInfo) string {
	return fmt.Sprintf("%s/c/%s/+/%d", r.url, c.Project, c.ChangeNumber)
}

var (
	changePage   = regexp.MustCompile(`^(https?://.+?)(?:/c)?/(?:[^+]*/)?\+/(\d+)(?:[/?#].*)?$`)
	serverNumber = regexp.MustCompile(`^([^~]+)~(\d+)$`)
)

// namedChange reads what names a change: a number, SERVER~NUMBER as the bot prints it, PROJECT~NUMBER and whatever else
// Gerrit takes, or the address of its page.
func namedChange(cfg *config.Config, server, name string) (itsServer, id string, err error) {
	if m := changePage.FindStringSubmatch(name); m != nil {
		for _, known := range slices.Sorted(maps.Keys(cfg.Gerrit)) {
			if base := strings.TrimRight(cfg.Gerrit[known].URL, "/"); strings.HasPrefix(name, base+"/") {
				return known, m[2], nil
			}
		}
		return "", "", fmt.Errorf("%s is on no server of the configuration", name)
	}
	if m := serverNumber.FindStringSubmatch(name); m != nil && (server == "" || server == m[1]) {
		if _, ok := cfg.Gerrit[m[1]]; ok {
			return m[1], m[2], nil
		}
	}
	return server, name, nil
}

// person is an account as lists show it.
func person(a *gerrit.AccountInfo) string {
	switch {
	case a == nil:
		return "Gerrit"
	case a.Name != "":
		return oneLine(a.Name)
	case a.Username != "":
		return oneLine(a.Username)
	}
	return fmt.Sprint(a.NumericID)
}

// changeStatus is a change's, with what else is told by a word.
func changeStatus(c *gerrit.ChangeInfo) string {
	words := []string{c.Status}
	if c.WorkInProgress {
		words = append(words, "WIP")
	}
	if c.IsPrivate {
		words = append(words, "private")
	}
	return strings.Join(words, " ")
}

// standingVotes is what labels show: of each the lowest vote, if that is negative, else the highest.
func standingVotes(labels map[string]gerrit.LabelInfo) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		low, high := 0, 0
		for _, vote := range labels[name].All {
			low, high = min(low, vote.Value), max(high, vote.Value)
		}
		if low < 0 {
			high = low
		}
		if high != 0 {
			words = append(words, fmt.Sprintf("%s%+d", oneLine(name), high))
		}
	}
	return strings.Join(words, " ")
}
