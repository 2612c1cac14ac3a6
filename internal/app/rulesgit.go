package app

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"verdict/internal/app/rulegit"
	"verdict/internal/app/ruleset"
	"verdict/internal/config"
	"verdict/internal/problems"
	"verdict/internal/store"
)

// fetcher takes turns with the other replicas at looking into the repository of rules. Whoever has the turn loads what
// the branch is at and publishes it; the others follow what is published.
type fetcher struct {
	git   *rulegit.Repository
	every time.Duration
	// teams is teams.yaml where it isn't in the repository.
	teams    string
	replica  string
	store    fetchStore
	rules    *ruleset.Loader
	problems *problems.Teller
	loaded   func(ctx context.Context, err error)
	log      zerolog.Logger
	// lease is longer than a turn takes.
	lease time.Duration

	again atomic.Bool // load the commit though it is the newest already
	tried [32]byte    // the teams.yaml that was loaded last
}

type fetchStore interface {
	ClaimFetch(ctx context.Context, holder string, lease time.Duration) (*store.Fetch, error)
	EndFetch(ctx context.Context, f *store.Fetch, head, failed string, next time.Duration) error
	FetchNow(ctx context.Context) error
	RuleSource(ctx context.Context) (store.RuleSource, error)
	Publications(ctx context.Context, n int) ([]store.Publication, error)
}

const (
	// asking is how often a replica asks for its turn, and fetchLease how long it may have it.
	asking     = 2 * time.Second
	fetchLease = 3 * time.Minute
	// fetching is how long a repository may take within it.
	fetching = 2 * time.Minute
	// slowest is how long after a failure the next fetch is at most.
	slowest = 10 * time.Minute
	// firstPublished is how long another replica is waited for that loads the first rules.
	firstPublished = fetchLease + time.Minute
	// nagging is how many fetches fail before somebody is told.
	nagging = 3

	cantFetch = "rules can't be fetched"
)

func newFetcher(parts *Parts, trusted *tls.Config, b *bot) *fetcher {
	cfg := b.cfg
	f := &fetcher{
		git: rulesRepository(cfg, trusted), every: cfg.Rules.Git.Every, replica: b.replica, store: parts.Rules, rules: b.rules,
		problems: b.problems, log: b.log, lease: cmp.Or(parts.Pace.FetchLease, fetchLease), loaded: b.loaded,
	}
	if filepath.IsAbs(cfg.Rules.Teams) {
		f.teams = cfg.Rules.Teams
	}
	return f
}

// rulesRepository is the repository of the configuration. An absolute path of teams.yaml is none in it.
func rulesRepository(cfg *config.Config, trusted *tls.Config) *rulegit.Repository {
	r := cfg.Rules
	git := &rulegit.Repository{URL: r.Git.URL, Branch: r.Git.Branch, Dir: r.Dir, Teams: r.Teams, KnownHostsFile: r.Git.KnownHostsFile, TLS: trusted}
	if r.Git.Key.IsSet() {
		git.Key = r.Git.Key.Read
	}
	if filepath.IsAbs(r.Teams) {
		git.Teams = ""
	}
	return git
}

// FetchRules gives the rule files and teams.yaml of the repository that the configuration names, once.
func FetchRules(ctx context.Context, cfg *config.Config) (files map[string][]byte, teams []byte, err error) {
	trusted, err := cfg.TLS.Client()
	if err != nil {
		return nil, nil, err
	}
	c, err := rulesRepository(cfg, trusted).Fetch(ctx)
	if err != nil {
		return nil, nil, err
	}
	if filepath.IsAbs(cfg.Rules.Teams) {
		c.Teams, err = os.ReadFile(cfg.Rules.Teams)
	}
	return c.Files, c.Teams, err
}

// first puts rules into force at the start: those published last, whether or not the repository answers; where there
// are none, those of the repository.
func (f *fetcher) first(ctx context.Context) error {
	if took, err := f.takePublished(ctx); took || err != nil {
		return err
	}
	if err := f.store.FetchNow(ctx); err != nil {
		return err
	}
	for end := time.Now().Add(firstPublished); time.Now().Before(end); {
		if err := f.turn(ctx); err != nil {
			return err
		}
		if f.rules.Active() != nil {
			return nil
		}
		if took, err := f.takePublished(ctx); took {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
	return errors.New("another replica fetches the rules, and doesn't come to an end")
}

// takePublished puts into force what was published last, if anything was.
func (f *fetcher) takePublished(ctx context.Context) (took bool, err error) {
	behind, err := f.rules.Behind(ctx)
	if err != nil || !behind {
		return false, err
	}
	return true, frugally(func() error { return f.rules.Sync(ctx) })
}

// run takes turns until ctx ends.
func (f *fetcher) run(ctx context.Context) error {
	return every(ctx, asking, nil, func(ctx context.Context) {
		if err := f.turn(ctx); err != nil && ctx.Err() == nil {
			f.log.Warn().Err(err).Msg("rules could not be fetched; those before stay in force")
		}
	})
}

// turn looks into the repository if it is due and nobody else does. The turn is given back whatever comes of it; if the
// process dies, another one takes it when the lease has ended.
func (f *fetcher) turn(ctx context.Context) error {
	from, err := f.store.RuleSource(ctx)
	if err != nil {
		return err
	}
	turn, err := f.store.ClaimFetch(context.WithoutCancel(ctx), f.replica, f.lease)
	if err != nil || turn == nil {
		return err
	}
	head, err := f.look(ctx, turn, from)
	switch {
	case ctx.Err() != nil:
		return f.store.EndFetch(context.WithoutCancel(ctx), turn, from.Head, "", 0) // the next one looks at once
	case errors.Is(err, store.ErrLeaseLost):
		return nil // another one has it
	case err != nil:
		f.tell(ctx, from, err)
		next := min(f.every<<min(from.Failures, 10), max(slowest, f.every))
		return errors.Join(err, f.store.EndFetch(ctx, turn, "", err.Error(), next))
	}
	if from.Failures > 0 {
		f.problems.Over(ctx, "", cantFetch)
	}
	return f.store.EndFetch(ctx, turn, head, "", f.every)
}

// look loads and publishes what the branch is at, if that is news.
func (f *fetcher) look(ctx context.Context, turn *store.Fetch, from store.RuleSource) (head string, err error) {
	asked, cancel := context.WithTimeout(ctx, fetching)
	defer cancel()
	if head, err = f.git.Head(asked); err != nil || from.Pin.Seq != 0 {
		return head, err // while the rules are pinned nothing is loaded
	}
	var teams []byte
	if f.teams != "" {
		if teams, err = os.ReadFile(f.teams); err != nil {
			return "", fmt.Errorf("read the teams: %w", err)
		}
	}
	newest, err := f.store.Publications(ctx, 1)
	if err != nil {
		return "", err
	}
	known := len(newest) > 0 && newest[0].Commit == head
	if sum := sha256.Sum256(teams); known && !f.again.Load() && (f.teams == "" || sum == f.tried) {
		return head, nil
	}
	c, err := f.git.Fetch(asked)
	if err != nil {
		return "", err
	}
	if f.teams != "" {
		c.Teams = teams
	}
	err = frugally(func() error {
		return f.rules.LoadTree(ctx, ruleset.Tree{
			Files: c.Files, Refused: c.Refused, Teams: c.Teams, Commit: c.ID, Author: c.Author, Subject: c.Subject, Time: c.Time,
		}, turn)
	})
	if err != nil {
		return "", fmt.Errorf("commit %s: %w", c.ID, err)
	}
	f.tried = sha256.Sum256(teams)
	f.again.Store(false)
	f.loaded(ctx, nil)
	return c.ID, nil
}

// tell tells that the repository can't be fetched, if that isn't over after a moment.
func (f *fetcher) tell(ctx context.Context, from store.RuleSource, err error) {
	if from.Failures+1 < nagging {
		return
	}
	f.problems.Tell(ctx, problems.Problem{
		Name: cantFetch, Said: err.Error(), Remedy: "look at rules.git in config.yaml and at the repository; the rules before stay in force, and it is tried again",
	})
}
