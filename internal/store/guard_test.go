package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"verdict/internal/store"
)

// guarded is a store in which actions of rules are started, a lane a change.
type guarded struct {
	*store.Store
	t *testing.T
	n int // actions so far
}

// start adds an action of a rule for a change, and starts whatever is open there. It gives what the store says.
func (g *guarded) start(change int, rule string, limits store.Limits, speaks bool) error {
	g.t.Helper()
	g.n++
	a := action(g.n, fmt.Sprintf("main~%d", change))
	a.Rule, a.Change = rule, change
	must(g.t, g.AddActions(g.t.Context(), []store.Action{a}))
	return g.startDue(limits, speaks)
}

func (g *guarded) startDue(limits store.Limits, speaks bool) error {
	g.t.Helper()
	l := claim(g.t, g.Store, time.Hour)
	var starts []store.Start
	var outcomes []store.Outcome
	for _, a := range get[[]store.Action](g.t)(g.LaneActions(g.t.Context(), l)) {
		if a.State == store.ActionPending || a.State == store.ActionRetrying {
			starts = append(starts, store.Start{ActionID: a.ID, Timeout: time.Minute, Speaks: speaks, Limits: limits})
			outcomes = append(outcomes, store.Outcome{ActionID: a.ID, State: store.ActionDone})
		}
	}
	err := g.StartActions(g.t.Context(), l, starts)
	if err == nil {
		must(g.t, g.FinishActions(g.t.Context(), l, outcomes, store.Effects{}))
	}
	must(g.t, g.ReleaseLane(g.t.Context(), l, -1))
	return err
}

// wantHeld looks that the store held a rule just now, and says why.
func (g *guarded) wantHeld(err error, scope, why string) {
	g.t.Helper()
	var guarded *store.GuardedError
	if !errors.Is(err, store.ErrGuarded) || !errors.As(err, &guarded) || len(guarded.Held) != 1 || guarded.Held[0].Scope != scope {
		g.t.Fatalf("the store says %v, want that %s is held", err, scope)
	}
	holds := get[[]store.Hold](g.t)(g.Holds(g.t.Context()))
	if len(holds) != 1 || holds[0].Scope != scope || holds[0].By != store.HeldByGuard || holds[0].Reason != why || guarded.Held[0].Reason != why {
		g.t.Errorf("holds are %+v, want one of %s: %s", holds, scope, why)
	}
}

func (g *guarded) wantStates(want map[store.ActionState]int) {
	g.t.Helper()
	got := map[store.ActionState]int{}
	for _, a := range get[[]store.Action](g.t)(g.Actions(g.t.Context(), store.Filter{Limit: 10_000})) {
		got[a.State]++
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		g.t.Errorf("actions are %v, want %v", got, want)
	}
}

func TestARuleThatTouchesTooManyChangesIsHeldUntilItIsReleased(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		g := &guarded{Store: db.open(t), t: t}
		limits := store.Limits{Changes: 3}
		for _, change := range []int{1, 2, 3, 3, 1} { // on those that it touched it may go on
			must(t, g.start(change, "r", limits, false))
		}
		must(t, g.start(4, "other", limits, false))
		g.wantHeld(g.start(5, "r", limits, false), "rule:gfx/r", "it touched 3 changes within an hour (guards.changesPerRulePerHour)")
		g.wantStates(map[store.ActionState]int{store.ActionDone: 6, store.ActionHeld: 1})
		wantNoLane(t, g.Store, "what is in it is held")
		must(t, g.start(6, "other", limits, false))

		must(t, g.Release(t.Context(), "rule:gfx/r"))
		must(t, g.startDue(limits, false))
		must(t, g.start(6, "r", limits, false)) // counted anew
		must(t, g.start(7, "r", limits, false))
		g.wantHeld(g.start(8, "r", limits, false), "rule:gfx/r", "it touched 3 changes within an hour (guards.changesPerRulePerHour)")
		g.wantStates(map[store.ActionState]int{store.ActionDone: 10, store.ActionHeld: 1})
	})
}

func TestWithoutALimitNothingIsHeld(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		g := &guarded{Store: db.open(t), t: t}
		for change := range 12 {
			must(t, g.start(change, "r", store.Limits{}, true))
		}
		g.wantStates(map[store.ActionState]int{store.ActionDone: 12})
	})
}

func TestTooManyPostsOnOneChangeHoldTheRuleThatWantsTheNext(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		g := &guarded{Store: db.open(t), t: t}
		limits := store.Limits{Posts: 4, RulePosts: 3}
		for range 3 {
			must(t, g.start(1, "loud", limits, true))
		}
		must(t, g.start(1, "loud", limits, false)) // it says nothing
		must(t, g.start(2, "loud", limits, true))  // another change
		g.wantHeld(g.start(1, "loud", limits, true), "rule:gfx/loud", "it posted 3 times on main~1 within a day (guards.messagesPerChangePerDay; one rule may have half)")
		must(t, g.start(1, "calm", limits, true))
		must(t, g.Release(t.Context(), "rule:gfx/loud"))
		must(t, g.startDue(limits, true)) // counted anew, it may
		g.wantHeld(g.start(1, "calm", limits, true), "rule:gfx/calm", "there were 5 posts on main~1 within a day, and the next would be its own (guards.messagesPerChangePerDay)")
	})
}

// What one post says of many rules, or after an answer that was lost, is one post.
func TestAPostIsCountedOnceHoweverMuchItSaysAndHoweverOftenItIsTried(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s := db.open(t)
		var actions []store.Action
		var starts []store.Start
		limits := store.Limits{Posts: 2, RulePosts: 2}
		for n := range 5 {
			actions = append(actions, action(n, "main~7"))
			starts = append(starts, store.Start{ActionID: actions[n].ID, Timeout: time.Minute, Speaks: true, Limits: limits})
		}
		must(t, s.AddActions(t.Context(), actions))
		l := claim(t, s, time.Hour)
		for i := range starts[:4] {
			starts[i].Limits = store.Limits{Posts: 1, RulePosts: 1}
		}
		for range 4 {
			must(t, s.StartActions(t.Context(), l, starts[:4]))
		}
		must(t, s.StartActions(t.Context(), l, starts[4:])) // the second
	})
}

func TestATeamThatDoesTooMuchInAMinuteWaitsAndOthersDont(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		g := &guarded{Store: db.open(t), t: t}
		limits := store.Limits{Actions: 2}
		must(t, g.start(1, "r", limits, false))
		must(t, g.start(2, "s", limits, false))
		if wait := get[time.Duration](t)(g.TeamTurn(t.Context(), "gfx", 2)); wait < 50*time.Second || wait > time.Minute {
			t.Errorf("a third waits for %s, want about a minute", wait)
		}
		if wait := get[time.Duration](t)(g.TeamTurn(t.Context(), "docs", 2)); wait != 0 {
			t.Errorf("another team waits for %s", wait)
		}
		for change := 3; change < 6; change++ {
			var guarded *store.GuardedError
			if err := g.start(change, "r", limits, false); !errors.As(err, &guarded) || len(guarded.Held) > 0 {
				t.Fatalf("the store says %v, want that it waits", err)
			}
		}
		g.wantStates(map[store.ActionState]int{store.ActionDone: 2, store.ActionRetrying: 3})
		// The next come after those who wait: two a minute.
		if wait := get[time.Duration](t)(g.TeamTurn(t.Context(), "gfx", 2)); wait < 140*time.Second || wait > 150*time.Second {
			t.Errorf("after three who wait it is another %s, want about two and a half minutes", wait)
		}
		if holds := get[[]store.Hold](t)(g.Holds(t.Context())); len(holds) > 0 {
			t.Errorf("held are %+v", holds)
		}
		for range 3 { // those who wait are there
			a := get[[]store.Action](t)(g.Actions(t.Context(), store.Filter{State: "retrying"}))[0]
			must(t, g.RetryAction(t.Context(), a.ID))
			must(t, g.startDue(store.Limits{Actions: 100}, false))
		}
		g.wantStates(map[store.ActionState]int{store.ActionDone: 5})
	})
}

// Three replicas that start at the same time count together.
func TestReplicasCountTogether(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		const changes, most = 60, 10
		var stores []*store.Store
		for range 3 {
			stores = append(stores, db.open(t))
		}
		var actions []store.Action
		for n := range changes {
			a := action(n, fmt.Sprintf("main~%d", n))
			a.Change = n
			actions = append(actions, a)
		}
		must(t, stores[0].AddActions(t.Context(), actions))
		var begun atomic.Int64
		var replicas errgroup.Group
		for i, s := range stores {
			for worker := range 3 {
				replicas.Go(func() error {
					for {
						l, err := s.ClaimLane(t.Context(), fmt.Sprint(i, worker), time.Hour)
						if err != nil || l == nil {
							return err
						}
						open, err := s.LaneActions(t.Context(), *l)
						if err != nil {
							return err
						}
						err = s.StartActions(t.Context(), *l, []store.Start{{ActionID: open[0].ID, Timeout: time.Minute, Limits: store.Limits{Changes: most}}})
						if err == nil {
							begun.Add(1)
							err = s.FinishActions(t.Context(), *l, []store.Outcome{{ActionID: open[0].ID, State: store.ActionDone}}, store.Effects{})
						}
						if err != nil && !errors.Is(err, store.ErrGuarded) {
							return err
						}
						if err := s.ReleaseLane(t.Context(), *l, -1); err != nil {
							return err
						}
					}
				})
			}
		}
		must(t, replicas.Wait())
		g := &guarded{Store: stores[0], t: t}
		g.wantStates(map[store.ActionState]int{store.ActionDone: most, store.ActionHeld: changes - most})
		if begun.Load() != most {
			t.Errorf("%d were begun, want %d", begun.Load(), most)
		}
	})
}

func TestTheLastCauseOfAThingCounts(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s := db.open(t)
		want := func(thing, group string, n int) {
			t.Helper()
			if got := get[int](t)(s.Hops(t.Context(), thing, group)); got != n {
				t.Errorf("behind %s%s are %d hops, want %d", thing, group, got, n)
			}
		}
		cause := func(n int, causes ...store.Cause) { t.Helper(); decided(t, s, n, store.Verdict{Causes: causes}) }
		want("task:a", "", 0)
		want("", "", 0)
		cause(1, store.Cause{Thing: "task:a", GroupID: "g", Hops: 3}, store.Cause{Thing: "task:b", GroupID: "g", Hops: 1}, store.Cause{Thing: "attention:main~7", Hops: 2})
		want("task:a", "", 3)
		want("", "g", 3)
		want("attention:main~7", "", 2)
		cause(2, store.Cause{Thing: "task:a", GroupID: "g", Hops: 1}) // a person began anew
		want("task:a", "", 1)
		want("", "g", 1)
	})
}

func TestWhatAHookMadeComesFromItsAction(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		a, b := action(1, "main~7"), action(2, "main~7")
		decided(t, s, 1, store.Verdict{Actions: []store.Action{a, b}, Causes: []store.Cause{
			{Thing: "action:" + a.ID, Hops: 3}, {Thing: "action:" + b.ID, Hops: 3}, {Thing: "task:heard", GroupID: "g", Hops: 4},
		}})
		lane := claim(t, s, time.Minute)
		must(t, s.FinishActions(ctx, lane, []store.Outcome{
			{ActionID: a.ID, State: store.ActionDone, Made: "new"},
			{ActionID: b.ID, State: store.ActionDone, Made: "heard"}, // what came of it was answered already
		}, store.Effects{}))
		for _, want := range []struct {
			thing, group string
			hops         int
		}{{"task:new", "", 3}, {"", "new", 3}, {"task:heard", "", 4}, {"", "g", 4}} {
			if got := get[int](t)(s.Hops(ctx, want.thing, want.group)); got != want.hops {
				t.Errorf("behind %s%s are %d hops, want %d", want.thing, want.group, got, want.hops)
			}
		}
	})
}

// later is the store at path, after so long.
func later(t *testing.T, g *guarded, path string, by time.Duration) {
	t.Helper()
	must(t, g.Close())
	db := get[*sql.DB](t)(sql.Open("sqlite", path))
	for _, set := range []string{
		"guards SET first_ms = first_ms - $1", "guards SET since_ms = since_ms - $1 WHERE since_ms > 0",
		"actions SET first_ms = first_ms - $1 WHERE first_ms > 0", "actions SET said_ms = said_ms - $1 WHERE said_ms > 0",
	} {
		if _, err := db.ExecContext(t.Context(), "UPDATE "+set, by.Milliseconds()); err != nil {
			t.Fatal(err)
		}
	}
	must(t, db.Close())
	g.Store = openAt(t, "sqlite:"+path)
}

func TestWhatIsLongAgoIsNotCounted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "verdict.db")
	g := &guarded{Store: openAt(t, "sqlite:"+path), t: t}
	limits := store.Limits{Changes: 2, RulePosts: 2, Actions: 2}
	must(t, g.start(1, "r", limits, true))
	must(t, g.start(1, "r", limits, true))
	later(t, g, path, time.Minute)
	must(t, g.start(2, "r", limits, true)) // another minute
	later(t, g, path, time.Hour)
	must(t, g.start(3, "r", limits, true)) // another hour
	must(t, g.start(4, "r", limits, true))
	later(t, g, path, 22*time.Hour+58*time.Minute)
	if err := g.start(1, "r", limits, true); !errors.Is(err, store.ErrGuarded) {
		t.Fatalf("a third post within a day: %v", err)
	}
	must(t, g.Release(t.Context(), "rule:gfx/r"))
	must(t, g.startDue(limits, true))
	later(t, g, path, 24*time.Hour+time.Minute)
	must(t, g.start(1, "r", limits, true)) // another day
}

func TestAfterItsFirstDayARuleIsCountedOnlyIfItLooksByTheClock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "verdict.db")
	g := &guarded{Store: openAt(t, "sqlite:"+path), t: t}
	must(t, g.start(1, "r", store.Limits{Changes: 2}, false))
	later(t, g, path, 23*time.Hour)
	must(t, g.start(2, "r", store.Limits{Changes: 2}, false))
	must(t, g.start(3, "r", store.Limits{Changes: 2}, false))
	if err := g.start(4, "r", store.Limits{Changes: 2}, false); !errors.Is(err, store.ErrGuarded) {
		t.Fatalf("in its first day: %v", err)
	}
	must(t, g.Release(t.Context(), "rule:gfx/r"))
	must(t, g.startDue(store.Limits{Changes: 2}, false))
	later(t, g, path, time.Hour+time.Minute)
	for change := range 6 {
		must(t, g.start(10+change, "r", store.Limits{Changes: 2}, false))
	}
	if err := g.start(20, "r", store.Limits{Changes: 2, Always: true}, false); !errors.Is(err, store.ErrGuarded) {
		t.Fatalf("by the clock: %v", err)
	}
}
