// Package ruleset keeps the rules in force: it loads them, and falls back on each team's last good files.
//
// A set is loaded whole and swapped in at once. A team whose files have an error keeps its last good version, which
// is the store's, so that it outlives a restart; the other teams go on. Loading resolves from when on each rule
// answers, and ends what rules that are gone still held up. What rules mean is left to rules, reading the folder to
// rulefiles. It writes the tables rule_sets, team_files, publications and begins, ends opinions, adds reconcile actions, and tells
// problems.
// internal/app calls it.
package ruleset

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"verdict/internal/app/rulefiles"
	"verdict/internal/decide"
	"verdict/internal/problems"
	"verdict/internal/store"
	"verdict/rules"
)

// Store is what loading needs of internal/store.
type Store interface {
	Publish(ctx context.Context, set store.RuleSet, good []store.TeamFiles, p store.Publication, under *store.Fetch) (store.Publication, error)
	Publication(ctx context.Context, seq int64) (store.Publication, error)
	Publications(ctx context.Context, n int) ([]store.Publication, error)
	RuleSource(ctx context.Context) (store.RuleSource, error)
	RuleSet(ctx context.Context, hash string) (store.RuleSet, error)
	TeamFiles(ctx context.Context) ([]store.TeamFiles, error)
	Problems(ctx context.Context) ([]store.Problem, error)
	RenameRules(ctx context.Context, all []store.Renaming) error
	ResolveBegins(ctx context.Context, keys []store.BeginKey, begin func(dbNow time.Time) time.Time) (map[store.BeginKey]time.Time, error)
	StandingOf(ctx context.Context) ([]store.Opinion, error)
	Actions(ctx context.Context, f store.Filter) ([]store.Action, error)
	AwaitedNow(ctx context.Context) ([]store.Awaited, error)
	NewerLives(ctx context.Context, hash string, within time.Duration) (bool, error)
	PublishedLives(ctx context.Context, seq int64, within time.Duration) (bool, error)
	AddActions(ctx context.Context, actions []store.Action) error
	EndOpinions(ctx context.Context, seq int64, opinions []store.Opinion, reconcile []store.Action) error
}

// Active is a set in force. It is immutable.
type Active struct {
	Set    *rules.Set
	Begins map[store.BeginKey]time.Time
	Loaded time.Time
	// Broken holds what is wrong with the teams whose last good files stand in for the present ones, and, under
	// the empty name, with what belongs to no team.
	Broken map[string][]string
	// Published says what the set was published as.
	Published store.Publication
	// Pin keeps this set in force, where Seq isn't 0.
	Pin store.Pin
	// Unasked says that auth couldn't be asked about the roles in grants: another load may know more.
	Unasked bool

	teams *rules.Teams
	// whole is what isWhole says of it.
	whole bool
}

// Loader loads sets. Its fields are set once.
type Loader struct {
	// Dir is the folder of the rule files, Teams the path of teams.yaml. Of a repository they are only names.
	Dir, Teams string
	// Shared has this process follow what any replica publishes: rules come from a repository.
	Shared bool
	// Replica is who publishes.
	Replica string
	// ExchangePrefix is what Taskcluster's exchanges begin with, SchedulerID what tasks are created under.
	ExchangePrefix, SchedulerID string
	// Expand asks auth what assume:<role> gives; nil: there is nobody to ask.
	Expand func(ctx context.Context, role string) ([]string, error)
	// Servers are the Gerrits of the configuration: a grant on another one is a warning.
	Servers []string
	// Begin says from when on a rule answers that is first seen now.
	Begin func(now time.Time) time.Time
	// KeepOpinions leaves the opinions of rules that are gone: a process in mode shadow changes nothing.
	KeepOpinions bool
	// Problems is told of broken teams and of votes that are lost; nil: nobody is.
	Problems *problems.Teller
	Store    Store
	Log      zerolog.Logger

	loading sync.Mutex
	active  atomic.Pointer[Active]
	failed  atomic.Pointer[failure]
}

// Active is the set in force; nil before the first Load.
func (l *Loader) Active() *Active { return l.active.Load() }

// Contact is a team's address in teams.yaml, or "".
func (l *Loader) Contact(team string) string {
	if a := l.Active(); a != nil {
		if t, ok := a.teams.Team(team); ok {
			return t.Email
		}
	}
	return ""
}

// TeamNames are the teams in force.
func (l *Loader) TeamNames() []string {
	var names []string
	if a := l.Active(); a != nil {
		for _, t := range a.teams.All() {
			names = append(names, t.Name)
		}
	}
	return names
}

// Tree is what a folder or a commit holds.
type Tree struct {
	Files   map[string][]byte
	Refused map[string]string
	// Teams is teams.yaml.
	Teams []byte
	// Commit, Author, Subject and Time are a commit's; empty for a folder.
	Commit, Author, Subject string
	Time                    time.Time
}

// Load reads the folder and puts what it says into force, or, where the rules are pinned, what they are pinned to.
// After an error the set before stays in force; nil means that there is one, though teams may be broken.
func (l *Loader) Load(ctx context.Context) error {
	l.loading.Lock()
	defer l.loading.Unlock()
	from, err := l.Store.RuleSource(ctx)
	if err != nil {
		return err
	}
	if from.Pin.Seq != 0 {
		return l.adopt(ctx, from.Pin.Seq, from.Pin)
	}
	t, err := l.disk()
	if err != nil {
		return err
	}
	return l.load(ctx, t, nil)
}

// LoadTree is Load for a commit, under the turn to fetch: store.ErrLeaseLost where another replica has it since.
func (l *Loader) LoadTree(ctx context.Context, t Tree, under *store.Fetch) error {
	l.loading.Lock()
	defer l.loading.Unlock()
	return l.load(ctx, t, under)
}

func (l *Loader) load(ctx context.Context, t Tree, under *store.Fetch) error {
	kept, err := l.kept(ctx)
	if err != nil {
		return err
	}
	next := &Active{Loaded: time.Now(), Broken: map[string][]string{}}
	in, err := l.read(t, kept, next)
	if err != nil {
		return err
	}
	l.expandRoles(ctx, in, kept[teamsKey], next)
	next.teams = in.Teams
	if err := l.choose(in, kept, next); err != nil {
		return err
	}
	if err := l.publish(ctx, t, in, next, under); err != nil {
		return err
	}
	return l.enforce(ctx, next)
}

// enforce puts a set into force in this process, and tells what there is to tell about it.
func (l *Loader) enforce(ctx context.Context, next *Active) (err error) {
	if err := l.Store.RenameRules(ctx, renamings(next.Set)); err != nil {
		return err
	}
	if next.Begins, err = l.Store.ResolveBegins(ctx, beginKeys(next.Set), l.Begin); err != nil {
		return fmt.Errorf("resolve from when on rules answer: %w", err)
	}
	next.whole = isWhole(next)
	before := l.active.Swap(next)
	l.report(before, next)
	l.tell(ctx, before, next)
	if l.KeepOpinions {
		return nil
	}
	if err := l.endGone(ctx, next); err != nil {
		return err
	}
	return l.lookAtAwaited(ctx, before, next)
}

// disk is the folder as it is now.
func (l *Loader) disk() (t Tree, err error) {
	if t.Teams, err = os.ReadFile(l.Teams); err != nil {
		return t, fmt.Errorf("read the teams: %w", err)
	}
	t.Files, t.Refused, err = rulefiles.Read(l.Dir)
	return t, err
}

// sources are what a set is made of, with the files as they are in the folder or the commit.
type sources struct {
	rules.Sources
	// teams is the teams.yaml that Teams are of, goodTeams the one to keep, roles what roles give, as JSON.
	teams, goodTeams, roles []byte
	// before is the teams.yaml of which some teams are, since their roles aren't known; nil: none are.
	before []byte
	// unexpanded tells of the teams whose roles aren't known.
	unexpanded []rules.Diagnostic
	// fresh is the set of just these files; teams with errors have no rules in it.
	fresh *rules.Set
}

// read takes what there is. Where teams.yaml is broken the last good one stands in for it.
func (l *Loader) read(t Tree, kept map[string]bundle, next *Active) (*sources, error) {
	in := &sources{teams: t.Teams}
	teams, diagnostics := rules.LoadTeams(l.Teams, in.teams)
	next.note("", diagnostics)
	if rules.HasErrors(diagnostics) {
		good, ok := kept[teamsKey]
		if !ok {
			return nil, fmt.Errorf("the teams can't be loaded, and there is no last good version of them:\n%s", lines(diagnostics))
		}
		in.teams = good[teamsKey]
		if teams, diagnostics = rules.LoadTeams(l.Teams, in.teams); rules.HasErrors(diagnostics) {
			return nil, fmt.Errorf("neither the teams nor the last good version of them can be loaded:\n%s", lines(diagnostics))
		}
	}
	in.goodTeams = in.teams
	in.Sources = l.sourcesOf(t.Files, teams)
	in.Refused = t.Refused
	return in, nil
}

func (l *Loader) sourcesOf(files map[string][]byte, teams *rules.Teams) rules.Sources {
	return rules.Sources{Files: files, Teams: teams, ExchangePrefix: l.ExchangePrefix, SchedulerID: l.SchedulerID}
}

var errNoRules = errors.New("the folder holds no rules, though teams had some; write rules: [] into their files to be rid of them, or remove the teams")

// choose makes the set: of the files as they are, and, for each team that they are broken for, of its last good ones.
func (l *Loader) choose(in *sources, kept map[string]bundle, next *Active) error {
	var diagnostics []rules.Diagnostic
	in.fresh, diagnostics = Load(in.Sources)
	if len(in.fresh.TeamNames()) == 0 && hasFilesOf(kept, in.Teams) {
		return fmt.Errorf("%s: %w", l.Dir, errNoRules) // a folder that is not mounted must not take all votes back
	}
	next.note("", unowned(diagnostics))
	broken := in.fresh.Broken()
	for _, d := range in.unexpanded {
		if broken[d.Team] == nil {
			next.note(d.Team, []rules.Diagnostic{d})
		}
	}
	if len(broken) == 0 {
		next.Set = in.fresh
		return nil
	}
	for team, found := range broken {
		next.note(team, found)
	}
	mixed := in.Sources
	mixed.Files, mixed.Refused = withLastGood(in.Files, in.Teams, broken, kept), nil
	next.Set, _ = Load(mixed)
	for team, found := range next.Set.Broken() {
		next.Broken[team] = append(next.Broken[team], "the last good version can't be used either, this team has no rules: "+lines(found))
	}
	return nil
}

// note keeps what is wrong with a team.
func (a *Active) note(team string, diagnostics []rules.Diagnostic) {
	for _, d := range diagnostics {
		if d.Severity == rules.Error {
			a.Broken[team] = append(a.Broken[team], d.String())
		}
	}
}

// unowned are the diagnostics that are no team's.
func unowned(all []rules.Diagnostic) []rules.Diagnostic {
	var out []rules.Diagnostic
	for _, d := range all {
		if d.Team == "" {
			out = append(out, d)
		}
	}
	return out
}

func lines(diagnostics []rules.Diagnostic) string {
	text := ""
	for i, d := range diagnostics {
		if i > 0 {
			text += "\n"
		}
		text += d.String()
	}
	return text
}

// report logs what is in force now, and what is wrong.
func (l *Loader) report(before, now *Active) {
	for _, team := range slices.Sorted(maps.Keys(now.Broken)) {
		for _, line := range now.Broken[team] {
			l.Log.Error().Str("team", team).Str("problem", line).Msg("rules are broken; what was good last is in force")
		}
	}
	for _, t := range now.teams.All() {
		for _, g := range t.Gerrit {
			if !slices.Contains(l.Servers, g.Server) {
				l.Log.Warn().Str("team", t.Name).Str("server", g.Server).Msg("a grant on a Gerrit that config.yaml doesn't have")
			}
		}
	}
	if before == nil || before.Set.Hash() != now.Set.Hash() || before.Published.Commit != now.Published.Commit || before.Pin != now.Pin {
		line := l.Log.Info().Str("set", now.Set.Hash()).Int("rules", len(now.Set.Rules()))
		if now.Published.Commit != "" {
			line = line.Str("commit", now.Published.Commit).Str("subject", now.Published.Subject)
		}
		if now.Pin.Seq != 0 {
			line = line.Str("pinned by", now.Pin.By).Str("reason", now.Pin.Reason)
		}
		line.Msg("rules in force")
	}
}

func live(set *rules.Set, team, name string) bool {
	r := set.Rule(team, name)
	return r != nil && r.Mode == rules.Live
}

// renamings are how rules of a set were called before.
func renamings(set *rules.Set) []store.Renaming {
	var out []store.Renaming
	for _, r := range set.Rules() {
		for _, was := range r.Was {
			out = append(out, store.Renaming{Team: r.Team, Was: was, Rule: r.Name})
		}
	}
	return out
}

// beginKeys are the first sights of a set: one for each source, server, project pattern and rule that looks.
func beginKeys(set *rules.Set) []store.BeginKey {
	seen := map[store.BeginKey]bool{}
	var keys []store.BeginKey
	for _, r := range set.Rules() {
		if r.Mode == rules.Off {
			continue
		}
		for _, t := range r.On {
			// The empty project stands for an event whose change isn't known when it is matched.
			for _, project := range append([]string{""}, t.Projects...) {
				k := decide.BeginOf(r, t, project)
				if !seen[k] {
					seen[k] = true
					keys = append(keys, k)
				}
			}
		}
	}
	return keys
}
