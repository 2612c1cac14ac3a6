package ruleset

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"verdict/internal/store"
	"verdict/rules"
)

// beforeKey is under what the older teams.yaml is kept in a set that takes teams from it, see expandRoles.
const beforeKey = "/before.yaml"

// Report says what a published set is for each team.
type Report struct {
	// Files are the hashes of the teams' files in force, and of teams.yaml under "".
	Files map[string]string `json:"files"`
	// Changed are the teams whose files are others than in the publication before; teams.yaml is "".
	Changed []string `json:"changed,omitempty"`
	// Broken holds what is wrong with the teams whose last good files are in force.
	Broken map[string][]string `json:"broken,omitempty"`
	// Votes are the live rules that vote.
	Votes []string `json:"votes,omitempty"`
	// Lost are the rules that voted until then, and no longer do.
	Lost  []string `json:"lost,omitempty"`
	Rules int      `json:"rules"`
}

// ReportOf reads the report of a publication.
func ReportOf(p store.Publication) (r Report, err error) {
	if err := json.Unmarshal(p.Report, &r); err != nil {
		return r, fmt.Errorf("read the report of rules %s: %w", p.Hash, err)
	}
	return r, nil
}

// publish keeps a set with all that a replica needs to put the same one into force.
func (l *Loader) publish(ctx context.Context, t Tree, in *sources, next *Active, under *store.Fetch) error {
	before, err := l.newest(ctx)
	if err != nil {
		return err
	}
	whole, good := in.parts(next.Set)
	body, err := pack(whole)
	if err != nil {
		return err
	}
	rows, err := rowsOf(good)
	if err != nil {
		return err
	}
	made := reportOf(in, next, before)
	made.Lost = lostIn(next.Set, l.voted(before))
	report, err := json.Marshal(made)
	if err != nil {
		return fmt.Errorf("write the report of rules %s: %w", next.Set.Hash(), err)
	}
	set := store.RuleSet{Hash: next.Set.Hash(), Body: body}
	next.Published, err = l.Store.Publish(ctx, set, rows, store.Publication{
		Hash: set.Hash, Commit: t.Commit, Author: t.Author, Subject: t.Subject, Committed: t.Time, Replica: l.Replica, Report: report,
	}, under)
	return err
}

// newest is the report of the newest publication, empty where there is none.
func (l *Loader) newest(ctx context.Context) (Report, error) {
	last, err := l.Store.Publications(ctx, 1)
	if err != nil || len(last) == 0 {
		return Report{}, err
	}
	return ReportOf(last[0])
}

// voted are the rules that voted until now: in this process, or, where it begins, in the newest publication.
func (l *Loader) voted(newest Report) []string {
	if a := l.Active(); a != nil {
		return votesOf(a.Set)
	}
	return newest.Votes
}

func reportOf(in *sources, next *Active, before Report) Report {
	r := Report{Files: map[string]string{"": bundle{teamsKey: in.teams}.hash()}, Broken: next.Broken, Votes: votesOf(next.Set), Rules: len(next.Set.Rules())}
	for _, team := range next.Set.TeamNames() {
		r.Files[team] = bundle(next.Set.TeamFiles(team)).hash()
	}
	for team := range maps.Keys(r.Files) {
		if before.Files[team] != r.Files[team] {
			r.Changed = append(r.Changed, team)
		}
	}
	for team := range maps.Keys(before.Files) {
		if r.Files[team] == "" {
			r.Changed = append(r.Changed, team)
		}
	}
	slices.Sort(r.Changed)
	return r
}

// tryAgain is after how long a set is tried again that couldn't be put into force: each time it may be compiled whole.
const tryAgain = 15 * time.Second

// failure is what Sync couldn't put into force, and when it is tried again.
type failure struct {
	want  int64
	pin   store.Pin
	again time.Time
}

// Behind tells whether all replicas are to be on another set than this process is, and it is time to try. It is cheap.
func (l *Loader) Behind(ctx context.Context) (bool, error) {
	from, err := l.Store.RuleSource(ctx)
	if err != nil {
		return false, err
	}
	want, now := l.wanted(from), l.Active()
	if f := l.failed.Load(); f != nil && f.want == want && f.pin == from.Pin && time.Now().Before(f.again) {
		return false, nil
	}
	if now == nil {
		return want != 0, nil
	}
	if want == 0 {
		return now.Pin.Seq != 0, nil // it was pinned, and the folder counts again
	}
	return now.Published.Seq != want || now.Pin != from.Pin, nil
}

// wanted is the publication that all are to be on; 0: what their folders say.
func (l *Loader) wanted(from store.RuleSource) int64 {
	if from.Pin.Seq == 0 && l.Shared {
		return from.Newest
	}
	return from.Pin.Seq
}

// Sync puts into force what all replicas are to be on: what they are pinned to, what was published last, or, of a
// process whose rules are a folder's, what that says.
func (l *Loader) Sync(ctx context.Context) error {
	from, err := l.Store.RuleSource(ctx)
	if err != nil {
		return err
	}
	want := l.wanted(from)
	if err = l.follow(ctx, want, from.Pin); err != nil {
		l.failed.Store(&failure{want, from.Pin, time.Now().Add(tryAgain)})
	}
	return err
}

func (l *Loader) follow(ctx context.Context, want int64, pin store.Pin) error {
	if want == 0 {
		return l.Load(ctx)
	}
	l.loading.Lock()
	defer l.loading.Unlock()
	return l.adopt(ctx, want, pin)
}

// adopt puts a published set into force.
func (l *Loader) adopt(ctx context.Context, seq int64, pin store.Pin) error {
	p, err := l.Store.Publication(ctx, seq)
	if err != nil {
		return err
	}
	report, err := ReportOf(p)
	if err != nil {
		return err
	}
	kept, err := l.Store.RuleSet(ctx, p.Hash)
	if err != nil {
		return err
	}
	whole, err := unpack(kept.Body)
	if err != nil {
		return err
	}
	next := &Active{Loaded: time.Now(), Published: p, Pin: pin, Broken: maps.Clone(report.Broken)}
	if next.Broken == nil {
		next.Broken = map[string][]string{}
	}
	if next.teams, err = l.teamsOf(whole); err != nil {
		return fmt.Errorf("rules %s: %w", p.Hash, err)
	}
	maps.DeleteFunc(whole, func(name string, _ []byte) bool { return strings.HasPrefix(name, "/") })
	next.Set, _ = Load(l.sourcesOf(whole, next.teams))
	if next.Set.Hash() != p.Hash {
		l.Log.Warn().Str("set", next.Set.Hash()).Str("published", p.Hash).Msg("the rules are loaded as another set than was published; is a replica of another release?")
	}
	for team, found := range next.Set.Broken() {
		next.note(team, found)
	}
	return l.enforce(ctx, next)
}

// teamsOf are the teams of a published set, with what roles gave then.
func (l *Loader) teamsOf(whole bundle) (*rules.Teams, error) {
	teams, found := rules.LoadTeams(l.Teams, whole[teamsKey])
	if rules.HasErrors(found) {
		return nil, fmt.Errorf("this release can't load its teams:\n%s", lines(found))
	}
	if whole[rolesKey] == nil {
		return teams, nil
	}
	told := map[string][]string{}
	if err := json.Unmarshal(whole[rolesKey], &told); err != nil {
		return nil, fmt.Errorf("read what roles gave: %w", err)
	}
	const why = "auth hadn't said it when the set was published"
	var before *rules.Teams
	if old := whole[beforeKey]; old != nil {
		if before, _ = rules.LoadTeams(l.Teams, old); before != nil {
			before, _ = before.WithRoles(told, why, nil)
		}
	}
	teams, _ = teams.WithRoles(told, why, before)
	return teams, nil
}
