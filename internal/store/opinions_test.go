package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"verdict/internal/store"
)

func opinion(value int, created time.Time, run int) store.Opinion {
	return store.Opinion{
		Server: "main", Change: 7, Patchset: 2, Revision: "abc", Kind: store.OpinionLabel, Target: "Verified", Team: "gfx", Rule: "r",
		About: "task:build", Value: value, Stands: true, Created: created, Run: run, EventID: fmt.Sprintf("%d.%d.%d", created.Unix(), run, value),
	}
}

// decided writes what deciding an event leads to, n telling the events apart.
func decided(t testing.TB, s *store.Store, n int, v store.Verdict) {
	t.Helper()
	get[int](t)(s.Accept(t.Context(), store.Intake{Events: []store.Event{event(n)}}))
	claimed := get[[]store.Event](t)(s.ClaimEvents(t.Context(), "me", 1, time.Hour))
	v.Event, v.State = claimed[0], store.EventDecided
	must(t, s.FinishEvent(t.Context(), v))
}

func TestOpinionsEndAlikeInWhateverOrderNewsComes(t *testing.T) {
	s := openAt(t, "sqlite:"+t.TempDir()+"/verdict.db")
	base, n := time.UnixMilli(1_700_000_000_000).UTC(), 0
	rapid.Check(t, func(r *rapid.T) {
		var news []store.Opinion
		for group := range rapid.IntRange(1, 3).Draw(r, "groups") {
			for run := range rapid.IntRange(1, 3).Draw(r, "runs") {
				o := opinion(rapid.IntRange(-1, 1).Draw(r, "value"), base.Add(time.Duration(group)*time.Minute), run)
				o.Stands = rapid.Bool().Draw(r, "stands")
				news = append(news, o)
			}
		}
		latest := news[len(news)-1]
		shuffled := rapid.Permutation(news).Draw(r, "order")
		shuffled = append(shuffled, rapid.SampledFrom(news).Draw(r, "repeated"))
		n++
		for i := range shuffled {
			shuffled[i].Change = n
		}
		latest.Change = n
		for i, o := range shuffled {
			decided(t, s, n*100+i, store.Verdict{Opinions: []store.Opinion{o}})
		}
		if got := get[[]store.Opinion](t)(s.Opinions(t.Context(), "main", n)); len(got) != 1 || got[0] != latest {
			r.Errorf("news %+v\ngot  %+v\nwant %+v", shuffled, got, latest)
		}
	})
}

func TestEqualNewsOverwritesAndOlderDoesNot(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s := db.open(t)
		at := time.UnixMilli(1_700_000_000_000).UTC()
		ended := opinion(0, at, 3)
		ended.Stands = false
		for n, c := range []struct{ news, want store.Opinion }{
			{opinion(-1, at, 1), opinion(-1, at, 1)},
			{opinion(1, at, 1), opinion(1, at, 1)},
			{opinion(-1, at, 0), opinion(1, at, 1)},
			{ended, ended},
			{opinion(-1, at, 2), ended},
			{opinion(-1, at.Add(-time.Hour), 9), ended},
			{opinion(-1, at.Add(time.Millisecond), 0), opinion(-1, at.Add(time.Millisecond), 0)},
		} {
			decided(t, s, n, store.Verdict{Opinions: []store.Opinion{c.news}})
			if got := get[[]store.Opinion](t)(s.Opinions(t.Context(), "main", 7)); len(got) != 1 || got[0] != c.want {
				t.Errorf("news %d: got %+v, want %+v", n, got, c.want)
			}
		}
	})
}

func TestOpinionsAreCarriedToAPatchsetOfTheSameCode(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s := db.open(t)
		at := time.UnixMilli(1_700_000_000_000).UTC()
		stands, ended, there := opinion(-1, at, 0), opinion(1, at, 0), opinion(1, at, 0)
		ended.About, ended.Stands = "change", false
		there.Rule = "other"
		newer := there
		newer.Patchset, newer.Revision, newer.Value, newer.Stands = 3, "def", 0, false
		decided(t, s, 1, store.Verdict{Opinions: []store.Opinion{stands, ended, there, newer}})
		carry := store.Carry{Server: "main", Change: 7, Patchset: 3, From: "abc", To: "def"}
		decided(t, s, 2, store.Verdict{Kept: []store.Carry{carry, carry}})
		carried := stands
		carried.Patchset, carried.Revision = 3, "def"
		got := slices.DeleteFunc(get[[]store.Opinion](t)(s.Opinions(t.Context(), "main", 7)), func(o store.Opinion) bool { return o.Patchset != 3 })
		if len(got) != 2 || !slices.Contains(got, carried) || !slices.Contains(got, newer) {
			t.Errorf("on patchset 3: %+v", got)
		}
	})
}

func TestEndOpinionsEndsAndLooksAtTheChange(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		one, two := opinion(-1, time.UnixMilli(1).UTC(), 0), opinion(1, time.UnixMilli(1).UTC(), 0)
		two.Rule = "other"
		decided(t, s, 1, store.Verdict{Opinions: []store.Opinion{one, two}})
		if standing := get[[]store.Opinion](t)(s.StandingOf(ctx)); !slices.Equal(standing, []store.Opinion{two, one}) {
			t.Errorf("standing: %+v", standing)
		}
		look := action(1, "main~7")
		look.Kind = "reconcile"
		must(t, s.EndOpinions(ctx, 0, []store.Opinion{one}, []store.Action{look}))
		if standing := get[[]store.Opinion](t)(s.StandingOf(ctx)); !slices.Equal(standing, []store.Opinion{two}) {
			t.Errorf("standing: %+v, want that of %s", standing, two.Rule)
		}
		if all := get[[]store.Opinion](t)(s.Opinions(ctx, "main", 7)); len(all) != 2 {
			t.Errorf("all: %+v, want the ended one too", all)
		}
		claim(t, s, time.Hour)
	})
}
