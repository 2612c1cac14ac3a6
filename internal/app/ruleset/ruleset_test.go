package ruleset

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"verdict/internal/app/rulefiles"
	"verdict/internal/store"
	"verdict/rules"
)

const teams = `teams:
  graphics:
    folder: graphics/
    contact: {email: gfx-ci@example.org}
    gerrit:
      - {server: main, projects: [platform/gfx], labels: {Verified: [-1, 1]}, hashtags: ['ci-*'], actions: [vote, comment, hashtags]}
  audio:
    folder: audio/
    contact: {email: audio-ci@example.org}
    gerrit:
      - {server: main, projects: [platform/audio], labels: {Verified: [-1, 1]}, hashtags: ['ci-*'], actions: [vote, comment, hashtags]}
`

// rule is a file with one rule that votes.
func rule(name, project string) string {
	return `rules:
  - name: ` + name + `
    on: {gerrit: change-merged, server: main, project: ` + project + `}
    when:
      - 'change.branch == "main"'
    do:
      - vote: {Verified: 1}
        message: merged
`
}

// place is a folder of rules with a store, as one process after another finds them.
type place struct {
	t     *testing.T
	dir   string
	store *store.Store
}

func newPlace(t *testing.T) *place {
	t.Helper()
	p := &place{t: t, dir: t.TempDir()}
	s, err := store.Open(t.Context(), store.Options{URL: "sqlite:" + filepath.Join(p.dir, "v.db"), Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	p.store = s
	p.write("teams.yaml", teams)
	p.write("rules/graphics/ci.yaml", rule("merged", "platform/gfx"))
	p.write("rules/audio/ci.yaml", rule("merged", "platform/audio"))
	return p
}

func (p *place) write(name, text string) {
	p.t.Helper()
	full := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// loader is that of a process which begins now.
func (p *place) loader() *Loader {
	return &Loader{
		Dir: filepath.Join(p.dir, "rules"), Teams: filepath.Join(p.dir, "teams.yaml"), ExchangePrefix: "exchange/taskcluster-",
		Begin: func(now time.Time) time.Time { return now }, Store: p.store, Log: zerolog.Nop(),
	}
}

func (p *place) load(l *Loader) *Active {
	p.t.Helper()
	if err := l.Load(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	return l.Active()
}

func names(a *Active) string {
	var all []string
	for _, r := range a.Set.Rules() {
		all = append(all, r.Team+"/"+r.Name)
	}
	return strings.Join(all, " ")
}

func TestABrokenTeamKeepsItsLastGoodFilesAcrossARestart(t *testing.T) {
	p := newPlace(t)
	p.load(p.loader())
	p.write("rules/graphics/ci.yaml", "rules:\n  - nmae: x\n")
	p.write("rules/audio/ci.yaml", rule("renamed", "platform/audio"))
	a := p.load(p.loader())
	if got := names(a); got != "audio/renamed graphics/merged" {
		t.Errorf("in force are %s", got)
	}
	if len(a.Broken["graphics"]) == 0 || !strings.Contains(a.Broken["graphics"][0], "graphics/ci.yaml:") || len(a.Broken["audio"]) > 0 {
		t.Errorf("broken are %v", a.Broken)
	}
	p.write("rules/graphics/ci.yaml", rule("mended", "platform/gfx"))
	if a = p.load(p.loader()); names(a) != "audio/renamed graphics/mended" || len(a.Broken) > 0 {
		t.Errorf("in force are %s, broken %v", names(a), a.Broken)
	}
}

// What can't be read may hold rules: their votes stay.
func TestATeamWithAFileThatCantBeReadKeepsItsLastGoodFiles(t *testing.T) {
	for name, spoil := range map[string]func(p *place) error{
		"one that is too long": func(p *place) error {
			p.write("rules/graphics/ci.yaml", strings.Repeat("#", rulefiles.MaxFile+1))
			return nil
		},
		"a symlink to itself": func(p *place) error {
			full := filepath.Join(p.dir, "rules/graphics/ci.yaml")
			return errors.Join(os.Remove(full), os.Symlink("ci.yaml", full))
		},
		"a folder that is elsewhere": func(p *place) error {
			full := filepath.Join(p.dir, "rules/graphics")
			return errors.Join(os.RemoveAll(full), os.Symlink(t.TempDir(), full))
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			p.load(p.loader())
			if err := spoil(p); err != nil {
				t.Fatal(err)
			}
			p.write("rules/audio/ci.yaml", rule("renamed", "platform/audio"))
			a := p.load(p.loader())
			if names(a) != "audio/renamed graphics/merged" || len(a.Broken) != 1 || !strings.Contains(strings.Join(a.Broken["graphics"], ""), "not read: ") {
				t.Errorf("in force are %s, broken %q", names(a), a.Broken)
			}
		})
	}
}

func TestATeamThatWasNeverGoodHasNoRules(t *testing.T) {
	p := newPlace(t)
	p.write("rules/graphics/ci.yaml", "rules:\n  - nmae: x\n")
	a := p.load(p.loader())
	if names(a) != "audio/merged" || len(a.Broken["graphics"]) == 0 {
		t.Errorf("in force are %s, broken %v", names(a), a.Broken)
	}
}

func TestBrokenTeamsFileKeepsTheLastGoodOne(t *testing.T) {
	p := newPlace(t)
	p.write("teams.yaml", "teams: 1\n")
	if err := p.loader().Load(t.Context()); err == nil || !strings.Contains(err.Error(), "teams.yaml:1:") {
		t.Errorf("at the first start: %v", err)
	}
	p.write("teams.yaml", teams)
	p.load(p.loader())
	p.write("teams.yaml", "teams: 1\n")
	a := p.load(p.loader())
	if names(a) != "audio/merged graphics/merged" || len(a.Broken[""]) == 0 {
		t.Errorf("in force are %s, broken %v", names(a), a.Broken)
	}
}

func TestAnEmptyFolderIsNoReasonToTakeEverythingBack(t *testing.T) {
	p := newPlace(t)
	l := p.loader()
	p.load(l)
	if err := os.RemoveAll(filepath.Join(p.dir, "rules")); err != nil {
		t.Fatal(err)
	}
	if err := l.Load(t.Context()); err == nil {
		t.Error("a folder that is gone: no error")
	}
	p.write("rules/README", "nothing here yet")
	if err := l.Load(t.Context()); err == nil || !strings.Contains(err.Error(), "holds no rules") {
		t.Errorf("an empty folder: %v", err)
	}
	if got := names(l.Active()); got != "audio/merged graphics/merged" {
		t.Errorf("in force are %s", got)
	}
}

func TestBeginsAreResolvedAtFirstSightAndStay(t *testing.T) {
	p := newPlace(t)
	l := p.loader()
	first := p.load(l).Begins
	key := store.BeginKey{Source: "gerrit", Server: "main", Project: "platform/gfx", Team: "graphics", Rule: "merged"}
	begin, ok := first[key]
	if !ok {
		t.Fatalf("no begin for %+v in %v", key, first)
	}
	p.write("rules/graphics/more.yaml", rule("later", "platform/gfx"))
	later := p.loader()
	later.Begin = func(now time.Time) time.Time { return now.Add(-time.Hour) }
	again := p.load(later).Begins
	if !again[key].Equal(begin) {
		t.Errorf("it moved from %s to %s", begin, again[key])
	}
	key.Rule = "later"
	if at, ok := again[key]; !ok || !at.Before(begin) {
		t.Errorf("a new rule begins at %s, want an hour before %s", at, begin)
	}
}

func TestEveryFirstSightThatMatchingAsksForIsResolved(t *testing.T) {
	p := newPlace(t)
	a := p.load(p.loader())
	found := a.Set.Match(rules.Occurrence{Source: "gerrit", Type: "change-merged", Server: "main", Project: "platform/gfx", Branch: "main"}, nil)
	if len(found) != 1 {
		t.Fatalf("matched %v", found)
	}
	c := found[0]
	key := store.BeginKey{Source: "gerrit", Server: c.Rule.On[c.On].Server, Project: c.Project, Team: c.Rule.Team, Rule: c.Rule.Name}
	if _, ok := a.Begins[key]; !ok {
		t.Errorf("no begin for %+v in %v", key, a.Begins)
	}
}

// decided writes an event with an opinion and an action of a rule, as internal/decide does.
func (p *place) decided(team, rule string, change int) {
	p.t.Helper()
	ctx := p.t.Context()
	id := team + rule + "0000000000000000000"
	if _, err := p.store.Accept(ctx, store.Intake{Events: []store.Event{{ID: id, Source: "gerrit", Type: "change-merged", State: store.EventReceived, BodyVersion: 1, Body: []byte("{}"), Time: time.Now()}}}); err != nil {
		p.t.Fatal(err)
	}
	events, err := p.store.ClaimEvents(ctx, "test", 1, time.Minute)
	if err != nil || len(events) != 1 {
		p.t.Fatalf("claimed %v, %v", events, err)
	}
	lane := "main~" + string(rune('0'+change))
	err = p.store.FinishEvent(ctx, store.Verdict{
		Event: events[0], State: store.EventDecided,
		Opinions: []store.Opinion{{Server: "main", Change: change, Patchset: 3, Revision: "abc", Kind: store.OpinionLabel, Target: "Verified", Team: team, Rule: rule, About: "change", Value: 1, Stands: true, Created: time.UnixMilli(0), EventID: id}},
		Actions: []store.Action{{ID: "a" + id, EventID: id, Team: team, Rule: rule, Key: "vote:Verified", Kind: "vote", Lane: lane, Server: "main", Change: change, Patchset: 3, Revision: "abc",
			Project: "platform/gfx", Branch: "main", State: store.ActionPending, ArgsVersion: 1, Args: []byte("{}")}},
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) looks() []store.Action {
	p.t.Helper()
	actions, err := p.store.Actions(p.t.Context(), store.Filter{})
	if err != nil {
		p.t.Fatal(err)
	}
	var looks []store.Action
	for _, a := range actions {
		if a.Kind == "reconcile" {
			looks = append(looks, a)
		}
	}
	return looks
}

func TestOpinionsOfARuleThatIsGoneEndAndTheirChangesAreLookedAt(t *testing.T) {
	p := newPlace(t)
	l := p.loader()
	p.load(l)
	p.decided("graphics", "merged", 1)
	p.decided("audio", "merged", 2)
	p.load(l)
	if looks := p.looks(); len(looks) != 0 {
		t.Fatalf("though nothing is gone, there are %v", looks)
	}
	p.write("rules/graphics/ci.yaml", rule("another", "platform/gfx"))
	p.load(l)
	p.load(l)
	standing, err := p.store.StandingOf(t.Context())
	if err != nil || len(standing) != 1 || standing[0].Team != "audio" {
		t.Errorf("standing are %+v, %v", standing, err)
	}
	looks := p.looks()
	if len(looks) != 1 {
		t.Fatalf("looks are %+v", looks)
	}
	if a := looks[0]; a.Lane != "main~1" || a.Project != "platform/gfx" || a.Revision != "abc" || a.Change != 1 || a.State != store.ActionPending {
		t.Errorf("the look is %+v", a)
	}
}

func TestShadowEndsNoOpinions(t *testing.T) {
	p := newPlace(t)
	l := p.loader()
	l.KeepOpinions = true
	p.load(l)
	p.decided("graphics", "merged", 1)
	p.write("rules/graphics/ci.yaml", rule("another", "platform/gfx"))
	p.load(l)
	if standing, err := p.store.StandingOf(t.Context()); err != nil || len(standing) != 1 {
		t.Errorf("standing are %+v, %v", standing, err)
	}
}

func TestTheSetIsKeptByItsHash(t *testing.T) {
	p := newPlace(t)
	a := p.load(p.loader())
	kept, err := p.store.RuleSet(t.Context(), a.Set.Hash())
	if err != nil {
		t.Fatal(err)
	}
	files, err := unpack(kept.Body)
	if err != nil || string(files["graphics/ci.yaml"]) != rule("merged", "platform/gfx") || string(files[teamsKey]) != teams {
		t.Errorf("kept are %q, %v", files, err)
	}
}

func TestAGrantOnAnUnknownGerritIsWarnedOf(t *testing.T) {
	p := newPlace(t)
	for _, servers := range [][]string{{"main"}, {"other"}} {
		var log bytes.Buffer
		l := p.loader()
		l.Servers, l.Log = servers, zerolog.New(&log)
		p.load(l)
		if got, want := strings.Contains(log.String(), "doesn't have"), servers[0] != "main"; got != want {
			t.Errorf("with %v: warned %t\n%s", servers, got, log.String())
		}
	}
}

func FuzzUnpack(f *testing.F) {
	good, err := pack(bundle{"a/b.yaml": []byte("x")})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if b, err := unpack(body); err == nil {
			b.hash()
		}
	})
}

func TestARenamedRuleKeepsItsOpinionsAndItsBegin(t *testing.T) {
	p := newPlace(t)
	l := p.loader()
	before := p.load(l)
	p.decided("graphics", "merged", 1)
	p.write("rules/graphics/more.yaml", strings.Replace(rule("landed", "platform/gfx"), "name: landed", "name: landed\n    was: merged", 1))
	p.write("rules/graphics/ci.yaml", "rules: []\n") // it moves between files, too
	for range 2 {
		a := p.load(p.loader())
		if got := names(a); got != "audio/merged graphics/landed" {
			t.Fatalf("in force are %s, broken %v", got, a.Broken)
		}
		standing, err := p.store.StandingOf(t.Context())
		if err != nil || len(standing) != 1 || standing[0].Rule != "landed" || len(p.looks()) != 0 {
			t.Errorf("standing are %+v, looks %+v, %v", standing, p.looks(), err)
		}
		for key, begin := range before.Begins {
			if key.Team == "graphics" {
				key.Rule = "landed"
				if !a.Begins[key].Equal(begin) {
					t.Errorf("%+v begins at %s, want %s", key, a.Begins[key], begin)
				}
			}
		}
	}
	// The last good files of a broken team still say how its rules were called.
	p.write("rules/graphics/more.yaml", "rules:\n  - nmae: x\n")
	p.load(p.loader())
	if standing, err := p.store.StandingOf(t.Context()); err != nil || len(standing) != 1 {
		t.Errorf("of a broken team, standing are %+v, %v", standing, err)
	}
}
