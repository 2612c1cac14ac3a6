package ruleset

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"verdict/internal/store"
)

func (p *place) newest(l *Loader) bool {
	p.t.Helper()
	newest, err := l.Newest(p.t.Context(), l.Active().Set)
	if err != nil {
		p.t.Fatal(err)
	}
	return newest
}

// census is a store that is told which publications somebody is on.
type census struct {
	Store
	on []int64
}

func (s *census) PublishedLives(_ context.Context, seq int64, _ time.Duration) (bool, error) {
	return slices.Contains(s.on, seq), nil
}

func (p *place) standing() int {
	p.t.Helper()
	all, err := p.store.StandingOf(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	return len(all)
}

func TestOnlyWhoIsOnThePublishedSetIsOnTheNewest(t *testing.T) {
	p := newPlace(t)
	a, b := p.shared("a"), p.shared("b")
	publish := func(commit string) {
		t.Helper()
		if err := a.LoadTree(t.Context(), p.tree(commit), nil); err != nil {
			t.Fatal(err)
		}
	}
	publish("c1")
	p.sync(b)
	if !p.newest(a) || !p.newest(b) {
		t.Error("both have it")
	}
	former := a.Active().Set
	p.write("rules/graphics/ci.yaml", rule("merged", "platform/gfx")+strings.TrimPrefix(rule("new", "platform/gfx"), "rules:\n"))
	publish("c2")
	if !p.newest(a) || p.newest(b) {
		t.Errorf("a has it (%t), b doesn't yet (%t)", p.newest(a), p.newest(b))
	}
	if newest, err := a.Newest(t.Context(), former); err != nil || newest {
		t.Errorf("the set that a had before is the newest: %t, %v", newest, err)
	}
	p.sync(b)
	if !p.newest(b) {
		t.Error("b has it now")
	}
	if err := p.store.PinRules(t.Context(), store.Pin{Seq: 1, By: "ops"}); err != nil {
		t.Fatal(err)
	}
	if p.newest(a) {
		t.Error("all are to be on what is pinned, a isn't yet")
	}
	p.sync(a)
	if !p.newest(a) || names(a.Active()) != "audio/merged graphics/merged" {
		t.Errorf("a has what is pinned, %s", names(a.Active()))
	}
}

func TestOnlyALivingReplicaOnTheNewestSetIsAhead(t *testing.T) {
	p := newPlace(t)
	a, b := p.shared("a"), p.shared("b")
	people := &census{Store: p.store}
	a.Store, b.Store = people, people
	publish := func(commit, name string) {
		t.Helper()
		p.write("rules/graphics/ci.yaml", rule(name, "platform/gfx"))
		if err := a.LoadTree(t.Context(), p.tree(commit), nil); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(when string, want string, on ...int64) {
		t.Helper()
		people.on = on
		got := ""
		for _, l := range []*Loader{a, b} {
			ahead, err := l.Ahead(t.Context(), l.Active().Set)
			if err != nil {
				t.Fatal(err)
			}
			if ahead {
				got += " " + l.Replica
			}
		}
		if got != want {
			t.Errorf("%s: behind are%s; want%s", when, got, want)
		}
	}
	publish("c1", "first")
	p.sync(b)
	expect("both have it", "", 1)
	publish("c2", "second")
	expect("a has more", " b", 1, 2)
	expect("a has gone", "", 1)
	if err := p.store.PinRules(t.Context(), store.Pin{Seq: 1, By: "ops"}); err != nil {
		t.Fatal(err)
	}
	p.sync(b)
	expect("b is on what is pinned", " a", 1, 2)
	expect("b has gone", "", 2)
}

// Each has a folder of its own: what was loaded last counts, while somebody lives who is on it.
func TestOfFoldersTheNewestIsWhatWasLoadedLast(t *testing.T) {
	p := newPlace(t)
	a, b := p.loader(), p.loader()
	p.load(a)
	p.write("rules/graphics/ci.yaml", rule("new", "platform/gfx"))
	p.load(b)
	if p.newest(a) || !p.newest(b) {
		t.Errorf("newest: a %t, b %t", p.newest(a), p.newest(b))
	}
	for l, want := range map[*Loader]bool{a: true, b: false} {
		if ahead, err := l.Ahead(t.Context(), l.Active().Set); err != nil || ahead != want {
			t.Errorf("somebody is ahead of %s: %t, %v", names(l.Active()), ahead, err)
		}
	}
	p.write("rules/graphics/ci.yaml", rule("merged", "platform/gfx"))
	p.load(p.loader())
	if !p.newest(a) || p.newest(b) {
		t.Errorf("after the former folder was loaded again, newest: a %t, b %t", p.newest(a), p.newest(b))
	}
}

// late is a store on which, while a set is put into force, a newer one is published and a rule of it votes.
type late struct {
	Store
	meanwhile func()
}

func (s *late) ResolveBegins(ctx context.Context, keys []store.BeginKey, begin func(time.Time) time.Time) (map[store.BeginKey]time.Time, error) {
	if s.meanwhile != nil {
		s.meanwhile()
		s.meanwhile = nil
	}
	return s.Store.ResolveBegins(ctx, keys, begin)
}

func TestAReplicaThatIsLateEndsNoOpinionOfANewerRule(t *testing.T) {
	p := newPlace(t)
	a, b := p.shared("a"), p.shared("b")
	publish := func(commit string) {
		t.Helper()
		if err := a.LoadTree(t.Context(), p.tree(commit), nil); err != nil {
			t.Fatal(err)
		}
	}
	publish("c1")
	b.Store = &late{p.store, func() {
		p.write("rules/graphics/ci.yaml", rule("new", "platform/gfx"))
		publish("c2")
		p.decided("graphics", "new", 1)
	}}
	p.sync(b)
	if p.standing() != 1 || len(p.looks()) != 0 {
		t.Errorf("%d opinions stand, looks are %+v", p.standing(), p.looks())
	}
	p.sync(b)
	if p.standing() != 1 {
		t.Error("b has the newer rules, and the opinion is gone")
	}
	p.write("rules/graphics/ci.yaml", rule("other", "platform/gfx"))
	publish("c3")
	if p.standing() != 0 || len(p.looks()) != 1 {
		t.Errorf("though the rule is gone, %d opinions stand, looks are %+v", p.standing(), p.looks())
	}
}

// A replica of the release before doesn't know the words of a new rule: it says of no rule that it is gone.
func TestWhoReadsLessThanWasPublishedEndsNothing(t *testing.T) {
	p := newPlace(t)
	a, b := p.shared("a"), p.shared("b")
	p.write("rules/graphics/ci.yaml", rule("merged", "platform/gfx")+"    later: 1\n")
	if err := a.LoadTree(t.Context(), p.tree("c1"), nil); err != nil {
		t.Fatal(err)
	}
	p.decided("graphics", "merged", 1)
	seen := a.Active().Published
	report, err := ReportOf(seen)
	if err != nil {
		t.Fatal(err)
	}
	report.Rules = 2 // as the release that published it read it
	told, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	set, err := p.store.RuleSet(t.Context(), seen.Hash)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.store.Publish(t.Context(), set, nil, store.Publication{Hash: seen.Hash, Commit: "c2", Report: told}, nil); err != nil {
		t.Fatal(err)
	}
	p.sync(b)
	if names(b.Active()) != "audio/merged" || p.newest(b) || p.standing() != 1 {
		t.Errorf("b has %s, newest %t, %d opinions stand", names(b.Active()), p.newest(b), p.standing())
	}
	if a, b := a.Active().Name(), b.Active().Name(); a != seen.Hash || b == a {
		t.Errorf("a says that it is on %s, b on %s", a, b)
	}
}

// Of folders too: the later release came first.
func TestOfFoldersWhoReadsMoreIsAhead(t *testing.T) {
	whole, p := newPlace(t), newPlace(t)
	published := whole.load(whole.loader()).Published
	published.Report = []byte(`{"rules": 3}`)
	if _, err := p.store.Publish(t.Context(), store.RuleSet{Hash: published.Hash, Body: []byte("{}")}, nil, published, nil); err != nil {
		t.Fatal(err)
	}
	l := p.loader()
	p.load(l)
	if ahead, err := l.Ahead(t.Context(), l.Active().Set); err != nil || !ahead {
		t.Errorf("whoever read three rules of the same files is ahead: %t, %v", ahead, err)
	}
}
