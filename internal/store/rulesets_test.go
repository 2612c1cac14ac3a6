package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"verdict/internal/store"
)

func TestRuleSetsAndLastGoodFilesAreKept(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		publish := func(set store.RuleSet, commit string, good ...store.TeamFiles) {
			get[store.Publication](t)(s.Publish(ctx, set, good, store.Publication{Hash: set.Hash, Commit: commit}, nil))
		}
		publish(store.RuleSet{Hash: "h", Body: []byte("one")}, "c1")
		publish(store.RuleSet{Hash: "h", Body: []byte("two")}, "c2")
		if r := get[store.RuleSet](t)(s.RuleSet(ctx, "h")); string(r.Body) != "one" || r.Loaded.IsZero() {
			t.Errorf("rule set %+v", r)
		}
		if _, err := s.RuleSet(ctx, "none"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a rule set that isn't there: %v", err)
		}
		publish(store.RuleSet{Hash: "i"}, "", store.TeamFiles{Team: "b", Hash: "1", Body: []byte("x")}, store.TeamFiles{Team: "a", Hash: "2"})
		publish(store.RuleSet{Hash: "i"}, "", store.TeamFiles{Team: "b", Hash: "3", Body: []byte("y")})
		if teams := get[[]store.TeamFiles](t)(s.TeamFiles(ctx)); len(teams) != 2 || teams[0].Team != "a" || teams[1].Hash != "3" || string(teams[1].Body) != "y" {
			t.Errorf("team files %+v", teams)
		}
	})
}

func TestAFirstSightNeverMoves(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		a, b := store.BeginKey{Source: "gerrit", Server: "main", Project: "p", Team: "gfx", Rule: "r"}, store.BeginKey{Source: "task", Team: "gfx", Rule: "r"}
		before := get[time.Time](t)(s.Now(ctx))
		at := func(d time.Duration) func(time.Time) time.Time {
			return func(now time.Time) time.Time { return now.Add(d) }
		}
		known := get[map[store.BeginKey]time.Time](t)(s.ResolveBegins(ctx, []store.BeginKey{a}, at(-2*time.Hour)))
		if d := known[a].Sub(before); d < -2*time.Hour || d > -2*time.Hour+time.Minute {
			t.Errorf("first sight %s after the clock's %s", d, before)
		}
		again := get[map[store.BeginKey]time.Time](t)(s.ResolveBegins(ctx, []store.BeginKey{b, a}, at(time.Hour)))
		if len(again) != 2 || again[a] != known[a] || !again[b].After(before) {
			t.Errorf("first sights %v, after %v", again, known)
		}
		if read := get[map[store.BeginKey]time.Time](t)(s.Begins(ctx)); len(read) != 2 || read[a] != again[a] || read[b] != again[b] {
			t.Errorf("read %v, want %v", read, again)
		}
	})
}

func TestReplicasThatSeeARuleAtOnceAgree(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		ctx := t.Context()
		key := store.BeginKey{Source: "task", Team: "gfx", Rule: "r"}
		answers := make([]time.Time, 3)
		var g errgroup.Group
		for n := range answers {
			s := db.open(t)
			g.Go(func() error {
				known, err := s.ResolveBegins(ctx, []store.BeginKey{key}, func(now time.Time) time.Time { return now.Add(time.Duration(n) * time.Hour) })
				answers[n] = known[key]
				return err
			})
		}
		must(t, g.Wait())
		if answers[0] != answers[1] || answers[1] != answers[2] {
			t.Errorf("they saw it at %v", answers)
		}
	})
}

func TestBeatAnswersTheLiveReplicas(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		get[[]store.Replica](t)(s.Beat(ctx, store.Replica{ID: "a", SetHash: "h", Bindings: []string{"x #", "y #"}}))
		live := get[[]store.Replica](t)(s.Beat(ctx, store.Replica{ID: "b", SetHash: "h"}))
		if len(live) != 2 || !slices.Equal(live[0].Bindings, []string{"x #", "y #"}) || live[1].Bindings != nil || live[1].Seen.IsZero() {
			t.Errorf("live: %+v", live)
		}
		if live := get[[]store.Replica](t)(s.Beat(ctx, store.Replica{ID: "b", SetHash: "i"})); len(live) != 2 || live[1].SetHash != "i" {
			t.Errorf("live: %+v", live)
		}
	})
}

func TestPruneEmptiesBodiesAndKeepsIDs(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		var events []store.Event
		for n := range 1200 {
			ev := event(n)
			ev.State = store.EventUnmatched
			events = append(events, ev)
		}
		events[7].State, events[8].State = store.EventReceived, store.EventParked
		get[int](t)(s.Accept(ctx, store.Intake{Events: events[:9]}))
		get[int](t)(s.Accept(ctx, store.Intake{Events: events[9:]}))
		decided(t, s, 7, store.Verdict{Decisions: []store.Decision{{EventID: events[7].ID, Team: "gfx", Rule: "r"}}})
		get[int](t)(s.Accept(ctx, store.Intake{Events: []store.Event{event(5000)}}))
		var bodies, decisions int64
		eventually(t, s, func() bool { // until the clock has moved on from when they came
			b, d, err := s.Prune(ctx, store.Retention{Events: time.Millisecond, Decisions: time.Millisecond})
			must(t, err)
			bodies, decisions = bodies+b, decisions+d
			return decisions == 1 && bodies == 1199
		})
		for n, want := range map[int]bool{0: true, 7: true, 8: false, 1199: true, 5000: false} {
			if ev := get[store.Event](t)(s.Event(ctx, event(n).ID)); (len(ev.Body) == 0) != want {
				t.Errorf("event %d has a body of %d bytes; want it gone: %t", n, len(ev.Body), want)
			}
		}
		if added := get[int](t)(s.Accept(ctx, store.Intake{Events: events})); added != 0 {
			t.Errorf("%d ids were forgotten", added)
		}
		if b, d, err := s.Prune(ctx, store.Retention{Events: time.Hour, Decisions: time.Hour}); b+d != 0 || err != nil {
			t.Errorf("pruned %d, %d too early: %v", b, d, err)
		}
	})
}

func TestCountsTellWhatWaitsForWhichServer(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		var all []store.Event
		for n := range 5 {
			all = append(all, event(n))
		}
		get[int](t)(s.Accept(ctx, store.Intake{Events: all}))
		for n, ev := range get[[]store.Event](t)(s.ClaimEvents(ctx, "me", 5, time.Hour)) {
			reason := []string{store.WaitsFor + "gerrit main is away: GET 1: 503", store.WaitsFor + "taskcluster is away: 500", store.WaitsFor + "gerrit main is away: GET 2: 503", "a rerun is undelivered", ""}[n]
			must(t, s.ReturnEvent(ctx, ev.ID, ev.Epoch, reason, time.Hour))
		}
		got := get[store.Counts](t)(s.Counts(ctx)).Waiting
		if len(got) != 2 || got[0].For != "gerrit main is away" || got[0].Events != 2 || got[1].For != "taskcluster is away" || got[1].Events != 1 || got[0].Oldest.IsZero() {
			t.Errorf("waiting are %+v", got)
		}
	})
}

func TestCountsCountByState(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		unmatched := event(3)
		unmatched.State = store.EventUnmatched
		get[int](t)(s.Accept(ctx, store.Intake{Events: []store.Event{event(1), event(2), unmatched}}))
		get[[]store.Event](t)(s.ClaimEvents(ctx, "me", 1, time.Hour))
		must(t, s.AddActions(ctx, []store.Action{action(1, "main~7"), action(2, "main~8")}))
		must(t, s.CancelAction(ctx, action(2, "").ID))
		c := get[store.Counts](t)(s.Counts(ctx))
		if c.Events[store.EventReceived] != 1 || c.Events[store.EventDeciding] != 1 || c.Events[store.EventUnmatched] != 1 || len(c.Events) != 3 ||
			c.Actions[store.ActionPending] != 1 || c.Actions[store.ActionCancelled] != 1 || c.Lanes != 2 || c.Parked != 0 || c.Oldest.IsZero() {
			t.Errorf("counts %+v", c)
		}
	})
}
