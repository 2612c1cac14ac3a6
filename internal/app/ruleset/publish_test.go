package ruleset

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"verdict/internal/problems"
	"verdict/internal/store"
)

// tree is what the place's folder holds, as a commit.
func (p *place) tree(commit string) Tree {
	p.t.Helper()
	t, err := p.loader().disk()
	if err != nil {
		p.t.Fatal(err)
	}
	t.Commit, t.Author, t.Subject, t.Time = commit, "Ann", "change "+commit, time.Unix(1_700_000_000, 0).UTC()
	return t
}

// shared is the loader of a replica whose rules come from a repository: what is in the folder is none of its business.
func (p *place) shared(name string) *Loader {
	l := p.loader()
	l.Shared, l.Replica, l.Dir, l.Teams = true, name, "/nowhere/rules", "/nowhere/teams.yaml"
	return l
}

// sync tells whether it was behind.
func (p *place) sync(l *Loader) bool {
	p.t.Helper()
	behind, err := l.Behind(p.t.Context())
	if err == nil && behind {
		err = l.Sync(p.t.Context())
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return behind
}

func TestAReplicaTakesThePublishedSetWithItsCommit(t *testing.T) {
	p := newPlace(t)
	a, b := p.shared("a"), p.shared("b")
	if p.sync(b) {
		t.Error("there is nothing to take yet")
	}
	if err := a.LoadTree(t.Context(), p.tree("c1"), nil); err != nil {
		t.Fatal(err)
	}
	p.write("rules/graphics/ci.yaml", "rules: 1\n")
	p.write("rules/audio/ci.yaml", rule("renamed", "platform/audio"))
	if err := a.LoadTree(t.Context(), p.tree("c2"), nil); err != nil {
		t.Fatal(err)
	}
	if !p.sync(b) || p.sync(b) || p.sync(a) {
		t.Error("b takes it once, a has it")
	}
	got, want := b.Active(), a.Active()
	if got.Set.Hash() != want.Set.Hash() || names(got) != "audio/renamed graphics/merged" || !reflect.DeepEqual(got.Broken, want.Broken) || len(got.Broken["graphics"]) == 0 {
		t.Errorf("b has %s, broken %v; a has %s, %v", names(got), got.Broken, names(want), want.Broken)
	}
	if pub := got.Published; pub.Commit != "c2" || pub.Author != "Ann" || pub.Subject != "change c2" || pub.Replica != "a" || !pub.Committed.Equal(time.Unix(1_700_000_000, 0)) || pub.Seq != 2 {
		t.Errorf("published as %+v", pub)
	}
	r, err := ReportOf(got.Published)
	if err != nil || !reflect.DeepEqual(r.Changed, []string{"audio"}) || len(r.Broken["graphics"]) == 0 || r.Rules != 2 || !reflect.DeepEqual(r.Votes, []string{"audio/renamed", "graphics/merged"}) {
		t.Errorf("the report is %+v, %v", r, err)
	}
}

func TestTheReportNamesTeamsThatCameAndWentAndTheGrants(t *testing.T) {
	p := newPlace(t)
	l := p.shared("a")
	of := func(commit string) []string {
		t.Helper()
		if err := l.LoadTree(t.Context(), p.tree(commit), nil); err != nil {
			t.Fatal(err)
		}
		r, err := ReportOf(l.Active().Published)
		if err != nil {
			t.Fatal(err)
		}
		return r.Changed
	}
	if got := of("c1"); !reflect.DeepEqual(got, []string{"", "audio", "graphics"}) {
		t.Errorf("the first: %q", got)
	}
	p.write("teams.yaml", strings.Replace(teams, "gfx-ci@", "gfx@", 1))
	p.write("rules/audio/ci.yaml", "rules: []\n")
	p.write("rules/README", "x")
	if got := of("c2"); !reflect.DeepEqual(got, []string{"", "audio"}) {
		t.Errorf("then: %q", got)
	}
	if got := of("c3"); len(got) != 0 {
		t.Errorf("a commit that changes nothing: %q", got)
	}
}

func TestAPublishedSetIsTheSameWhereAuthHadNotSaidWhatARoleGives(t *testing.T) {
	p := newPlace(t)
	a, b := p.shared("a"), p.shared("b")
	if err := a.LoadTree(t.Context(), p.tree("c1"), nil); err != nil { // the last good grants
		t.Fatal(err)
	}
	p.write("teams.yaml", teams+"    taskcluster: {scopes: ['assume:unheard-of']}\n")
	if err := a.LoadTree(t.Context(), p.tree("c2"), nil); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	b.Log = zerolog.New(&log)
	p.sync(b)
	if a.Active().Set.Hash() != b.Active().Set.Hash() || names(b.Active()) != "audio/merged graphics/merged" || strings.Contains(log.String(), "another set") {
		t.Errorf("a has %s, b %s %s\n%s", a.Active().Set.Hash(), b.Active().Set.Hash(), names(b.Active()), &log)
	}
}

func TestAPinHoldsAllReplicasOverRestartsUntilItIsReleased(t *testing.T) {
	for _, shared := range []bool{true, false} {
		p := newPlace(t)
		next := func() *Loader {
			l := p.loader()
			if shared {
				l = p.shared("a")
			}
			l.Problems = &problems.Teller{Store: p.store, Log: zerolog.Nop()}
			return l
		}
		load := func(l *Loader, commit string) {
			t.Helper()
			var err error
			if shared {
				err = l.LoadTree(t.Context(), p.tree(commit), nil)
			} else {
				err = l.Load(t.Context())
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		a, b := next(), next()
		load(a, "c1")
		p.write("rules/graphics/ci.yaml", rule("merged", "platform/gfx")+strings.TrimPrefix(rule("bad", "platform/gfx"), "rules:\n"))
		load(a, "c2")
		if err := p.store.PinRules(t.Context(), store.Pin{Seq: 1, By: "ops", Reason: "loud"}); err != nil {
			t.Fatal(err)
		}
		if !p.sync(a) || p.sync(a) || names(a.Active()) != "audio/merged graphics/merged" || a.Active().Pin.By != "ops" {
			t.Errorf("shared %t: pinned, a has %s, %+v", shared, names(a.Active()), a.Active().Pin)
		}
		if all := p.problems(); len(all) != 1 || all[0].Name != "rule bad no longer votes" {
			t.Errorf("shared %t: told %+v", shared, all)
		}
		if shared {
			p.sync(b) // another replica, which begins now
		} else {
			load(b, "")
		}
		if names(b.Active()) != "audio/merged graphics/merged" {
			t.Errorf("shared %t: after a restart, %s", shared, names(b.Active()))
		}
		if !shared { // what changes in the folder meanwhile waits
			p.write("rules/audio/ci.yaml", rule("later", "platform/audio"))
			load(b, "")
			if names(b.Active()) != "audio/merged graphics/merged" {
				t.Errorf("a changed folder is in force: %s", names(b.Active()))
			}
		}
		if err := p.store.ReleaseRules(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := "audio/merged graphics/merged graphics/bad"
		if !shared {
			want = "audio/later graphics/merged graphics/bad"
		}
		if !p.sync(b) || p.sync(b) || names(b.Active()) != want || b.Active().Pin != (store.Pin{}) {
			t.Errorf("shared %t: released, %s, %+v", shared, names(b.Active()), b.Active().Pin)
		}
	}
}

func TestWhoLostTheTurnPublishesNothing(t *testing.T) {
	p := newPlace(t)
	l := p.shared("a")
	if err := l.LoadTree(t.Context(), p.tree("c1"), &store.Fetch{Epoch: 7}); !errors.Is(err, store.ErrLeaseLost) {
		t.Errorf("got %v", err)
	}
	if l.Active() != nil {
		t.Error("and puts it into force")
	}
}

func TestWhatARepositoryRefusesIsItsTeams(t *testing.T) {
	p := newPlace(t)
	l := p.shared("a")
	tree := p.tree("c1")
	tree.Refused = map[string]string{"graphics/big": "a submodule", "audio/notes.pdf": "longer than 1048576 bytes"}
	if err := l.LoadTree(t.Context(), tree, nil); err != nil {
		t.Fatal(err)
	}
	if got := l.Active().Broken; len(got) != 1 || len(got["graphics"]) != 1 || got["graphics"][0] != "graphics/big:1:1 error: not read: a submodule" {
		t.Errorf("broken are %q", got)
	}
}

// lacking is a store of which a set can't be read.
type lacking struct {
	Store
	hash string
}

// RuleSet implements Store.
func (s lacking) RuleSet(ctx context.Context, hash string) (store.RuleSet, error) {
	if hash == s.hash {
		return store.RuleSet{}, store.ErrNotFound
	}
	return s.Store.RuleSet(ctx, hash)
}

func TestASetThatCantBeTakenIsLeftForAWhileAndOthersAreNot(t *testing.T) {
	p := newPlace(t)
	a, b := p.shared("a"), p.shared("b")
	if err := a.LoadTree(t.Context(), p.tree("c1"), nil); err != nil || !p.sync(b) {
		t.Fatal(err, "or b wasn't behind")
	}
	first := a.Active().Published
	p.write("rules/audio/ci.yaml", rule("renamed", "platform/audio"))
	if err := a.LoadTree(t.Context(), p.tree("c2"), nil); err != nil {
		t.Fatal(err)
	}
	b.Store = lacking{b.Store, a.Active().Published.Hash}
	if err := b.Sync(t.Context()); !errors.Is(err, store.ErrNotFound) {
		t.Fatal(err)
	}
	if p.sync(b) {
		t.Error("it is tried again at once")
	}
	if err := p.store.PinRules(t.Context(), store.Pin{Seq: first.Seq}); err != nil {
		t.Fatal(err)
	}
	if !p.sync(b) || b.Active().Pin.Seq != first.Seq {
		t.Error("a rollback has to wait for what can't be taken")
	}
	if err := p.store.ReleaseRules(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.failed.Store(&failure{want: a.Active().Published.Seq, again: time.Now().Add(-time.Second)})
	if behind, err := b.Behind(t.Context()); err != nil || !behind {
		t.Error("it is never tried again", err)
	}
}
