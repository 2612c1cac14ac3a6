package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"verdict/internal/store"
)

func publish(t *testing.T, s *store.Store, hash, commit string, under *store.Fetch) store.Publication {
	t.Helper()
	return get[store.Publication](t)(s.Publish(t.Context(), store.RuleSet{Hash: hash, Body: []byte(hash)}, nil, store.Publication{Hash: hash, Commit: commit, Replica: "a"}, under))
}

func TestPublicationsAreInOrderAndTheNewestIsNotRepeated(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		first := publish(t, s, "aa11", "c0ffee", nil)
		if again := publish(t, s, "aa11", "c0ffee", nil); again.Seq != first.Seq || again.Published.IsZero() {
			t.Errorf("published again as %+v, was %+v", again, first)
		}
		publish(t, s, "aa11", "c1", nil) // another commit of the same rules
		publish(t, s, "aa22", "", nil)
		last := publish(t, s, "aa11", "c0ffee", nil) // back
		all := get[[]store.Publication](t)(s.Publications(ctx, 3))
		if len(all) != 3 || all[0].Seq != 4 || all[0].Seq != last.Seq || all[1].Hash != "aa22" || all[2].Commit != "c1" {
			t.Errorf("published are %+v", all)
		}
		for asked, want := range map[string]int64{"aa11": 4, "c0f": 4, "c1": 2, "aa2": 3, "aa22": 3} {
			if p := get[store.Publication](t)(s.PublicationOf(ctx, asked)); p.Seq != want {
				t.Errorf("%s is %+v, want %d", asked, p, want)
			}
		}
		for asked, want := range map[string]error{"aa": store.ErrAmbiguous, "": store.ErrNotFound, "%": store.ErrNotFound, "dead": store.ErrNotFound} {
			if _, err := s.PublicationOf(ctx, asked); !errors.Is(err, want) {
				t.Errorf("%q: %v, want %v", asked, err, want)
			}
		}
	})
}

func TestOneReplicaAtATimeFetchesAndOnlyItPublishes(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		ctx := t.Context()
		replicas := []*store.Store{db.open(t), db.open(t), db.open(t)}
		claims := make([]*store.Fetch, len(replicas))
		var g errgroup.Group
		for n, s := range replicas {
			g.Go(func() (err error) {
				claims[n], err = s.ClaimFetch(ctx, fmt.Sprint(n), 2*time.Second)
				return err
			})
		}
		must(t, g.Wait())
		s := db.open(t)
		var mine *store.Fetch
		for _, f := range claims {
			if f != nil && mine != nil {
				t.Error("two have the turn")
			}
			if f != nil {
				mine = f
			}
		}
		if mine == nil {
			t.Fatal("nobody has the turn")
		}
		var next *store.Fetch
		eventually(t, s, func() bool { // when its lease has ended
			next = get[*store.Fetch](t)(s.ClaimFetch(ctx, "next", time.Hour))
			return next != nil
		})
		if _, err := s.Publish(ctx, store.RuleSet{Hash: "old"}, []store.TeamFiles{{Team: "gfx"}}, store.Publication{Hash: "old"}, mine); !errors.Is(err, store.ErrLeaseLost) {
			t.Errorf("who lost the turn publishes: %v", err)
		}
		if left := get[[]store.TeamFiles](t)(s.TeamFiles(ctx)); len(left) != 0 {
			t.Errorf("and keeps %+v", left)
		}
		publish(t, s, "new", "c2", next)
		must(t, s.EndFetch(ctx, mine, "c1", "", 0)) // writes nothing
		must(t, s.EndFetch(ctx, next, "c2", "", time.Hour))
		if r := get[store.RuleSource](t)(s.RuleSource(ctx)); r.Newest != 1 || r.Head != "c2" || r.Fetched.IsZero() || r.Failures != 0 {
			t.Errorf("rules come from %+v", r)
		}
		if f := get[*store.Fetch](t)(s.ClaimFetch(ctx, "a", time.Hour)); f != nil {
			t.Error("it is fetched before it is due")
		}
		must(t, s.FetchNow(ctx))
		f := get[*store.Fetch](t)(s.ClaimFetch(ctx, "a", time.Hour))
		if f == nil {
			t.Fatal("it is not due, though it was asked for")
		}
		must(t, s.EndFetch(ctx, f, "", "no route", 0))
		f = get[*store.Fetch](t)(s.ClaimFetch(ctx, "a", time.Hour))
		must(t, s.EndFetch(ctx, f, "", "still no route", time.Hour))
		if r := get[store.RuleSource](t)(s.RuleSource(ctx)); r.Failures != 2 || r.Error != "still no route" || r.Head != "c2" || r.Failing.IsZero() || r.Failing.After(r.Due) {
			t.Errorf("after two failures: %+v", r)
		}
	})
}

func TestAPinStaysUntilItIsReleased(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		if err := s.PinRules(ctx, store.Pin{Seq: 1}); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a pin on what isn't there: %v", err)
		}
		if err := s.ReleaseRules(ctx); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a release of nothing: %v", err)
		}
		publish(t, s, "one", "", nil)
		publish(t, s, "two", "", nil)
		must(t, s.PinRules(ctx, store.Pin{Seq: 1, By: "ops", Reason: "loud"}))
		if r := get[store.RuleSource](t)(s.RuleSource(ctx)); r.Newest != 2 || r.Pin.Seq != 1 || r.Pin.By != "ops" || r.Pin.Reason != "loud" || r.Pin.Since.IsZero() {
			t.Errorf("pinned: %+v", r)
		}
		must(t, s.ReleaseRules(ctx))
		if r := get[store.RuleSource](t)(s.RuleSource(ctx)); r.Pin != (store.Pin{}) {
			t.Errorf("released: %+v", r)
		}
	})
}

func TestOnlyTheRulesThatAllAreToBeOnEndOpinions(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		one := opinion(-1, time.UnixMilli(1).UTC(), 0)
		decided(t, s, 1, store.Verdict{Opinions: []store.Opinion{one}})
		publish(t, s, "one", "", nil)
		publish(t, s, "two", "", nil)
		end := func(seq int64) error {
			look := action(int(seq), "main~7")
			look.Kind = "reconcile"
			return s.EndOpinions(ctx, seq, []store.Opinion{one}, []store.Action{look})
		}
		refused := func(seq int64) {
			t.Helper()
			if err := end(seq); !errors.Is(err, store.ErrMoved) {
				t.Errorf("rules %d: %v, want that they moved", seq, err)
			}
			if left := get[[]store.Opinion](t)(s.StandingOf(ctx)); len(left) != 1 {
				t.Errorf("rules %d ended it: %+v", seq, left)
			}
			if looks := get[[]store.Action](t)(s.Actions(ctx, store.Filter{Limit: 9})); len(looks) != 0 {
				t.Errorf("rules %d look: %+v", seq, looks)
			}
		}
		refused(1)
		must(t, s.PinRules(ctx, store.Pin{Seq: 1}))
		refused(2)
		must(t, end(1))
		if left := get[[]store.Opinion](t)(s.StandingOf(ctx)); len(left) != 0 {
			t.Errorf("standing are %+v", left)
		}
	})
}

func TestNewerRulesLiveWhileAReplicaIsOnThem(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		newer := func(hash string, within time.Duration) bool { return get[bool](t)(s.NewerLives(ctx, hash, within)) }
		publish(t, s, "aa", "", nil)
		publish(t, s, "bb", "", nil)
		if !newer("aa", time.Hour) || newer("bb", time.Hour) {
			t.Error("bb was published a moment ago, after aa")
		}
		const within = 200 * time.Millisecond
		eventually(t, s, func() bool { return !newer("aa", within) }) // nobody says that he is on bb
		eventually(t, s, func() bool {
			get[[]store.Replica](t)(s.Beat(ctx, store.Replica{ID: "b", SetHash: "bb"}))
			return newer("aa", within)
		})
		eventually(t, s, func() bool { return !newer("aa", within) }) // b is silent
		publish(t, s, "aa", "", nil)
		if newer("aa", time.Hour) || !newer("bb", time.Hour) {
			t.Error("aa was loaded again, after bb")
		}
	})
}

func TestRulesThatAreLongOutOfForceAreForgotten(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		for _, hash := range []string{"old", "named", "pinned", "again", "other", "again"} {
			publish(t, s, hash, "c-"+hash, nil)
		}
		for n := range 9 {
			publish(t, s, "again", fmt.Sprint(n), nil)
		}
		last := []int64{15, 14, 13, 12, 11, 10, 9, 8, 7, 6} // to go back to
		must(t, s.PinRules(ctx, store.Pin{Seq: 3}))
		id := event(1).ID
		decided(t, s, 1, store.Verdict{Decisions: []store.Decision{
			{EventID: id, Team: "gfx", Rule: "r", SetHash: "named", Commit: "c-named"},
			{EventID: id, Team: "gfx", Rule: "q", SetHash: "old", Commit: "c-of-the-same"},
		}})
		kept := func() (seqs []int64) {
			for _, p := range get[[]store.Publication](t)(s.Publications(ctx, 20)) {
				seqs = append(seqs, p.Seq)
			}
			return seqs
		}
		prune := func(keep time.Duration) {
			t.Helper()
			_, _, err := s.Prune(ctx, store.Retention{Decisions: keep})
			must(t, err)
		}
		prune(time.Hour)
		if got := kept(); len(got) != 15 {
			t.Errorf("too early: left are %v", got)
		}
		eventually(t, s, func() bool {
			must(t, store.PruneSets(s, ctx, time.Millisecond))
			return slices.Equal(kept(), append(last, 3, 2))
		})
		for hash, want := range map[string]error{"old": store.ErrNotFound, "other": store.ErrNotFound, "named": nil, "pinned": nil, "again": nil} {
			if _, err := s.RuleSet(ctx, hash); !errors.Is(err, want) {
				t.Errorf("set %s: %v, want %v", hash, err, want)
			}
		}
		must(t, s.ReleaseRules(ctx))
		eventually(t, s, func() bool {
			prune(time.Millisecond)
			return slices.Equal(kept(), last)
		})
		if p := publish(t, s, "old", "c-old", nil); p.Seq != 16 {
			t.Errorf("published again as %+v", p)
		}
		if _, err := s.RuleSet(ctx, "old"); err != nil {
			t.Error(err)
		}
	})
}

func TestWhatWasPublishedLivesWhileAReplicaIsOnIt(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		lives := func(seq int64, within time.Duration) bool { return get[bool](t)(s.PublishedLives(ctx, seq, within)) }
		publish(t, s, "aa", "", nil)
		publish(t, s, "bb", "", nil)
		const within = 200 * time.Millisecond
		eventually(t, s, func() bool { return !lives(1, within) && !lives(2, within) })
		get[[]store.Replica](t)(s.Beat(ctx, store.Replica{ID: "b", SetHash: "bb"}))
		if !lives(2, time.Hour) || lives(3, time.Hour) {
			t.Error("b is on the second, and there is no third")
		}
		eventually(t, s, func() bool {
			get[[]store.Replica](t)(s.Beat(ctx, store.Replica{ID: "b", SetHash: "bb"}))
			return lives(2, within) && !lives(1, within)
		})
		eventually(t, s, func() bool { return !lives(2, within) }) // b is silent
		eventually(t, s, func() bool {
			must(t, s.PinRules(ctx, store.Pin{Seq: 1, By: "ops"}))
			return lives(1, within) && !lives(2, within) // whoever takes it up hasn't said so yet
		})
		eventually(t, s, func() bool { return !lives(1, within) })
	})
}
