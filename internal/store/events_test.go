package store_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"verdict/internal/store"
)

// claimOne takes the one event that is due.
func claimOne(t *testing.T, s *store.Store, lease time.Duration) store.Event {
	t.Helper()
	events := get[[]store.Event](t)(s.ClaimEvents(t.Context(), "me", 10, lease))
	if len(events) != 1 {
		t.Fatalf("claimed %d events, want 1", len(events))
	}
	return events[0]
}

func TestReplicasClaimEachEventOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		const events, replicas = 500, 3
		s, ctx := db.open(t), t.Context()
		var batch []store.Event
		for n := range events {
			batch = append(batch, event(n))
		}
		get[int](t)(s.Accept(ctx, store.Intake{Events: batch}))
		var mu sync.Mutex
		seen := map[string]int{}
		var g errgroup.Group
		for range replicas {
			replica := db.open(t)
			for range 2 {
				g.Go(func() error {
					for {
						claimed, err := replica.ClaimEvents(ctx, "r", 7, time.Hour)
						if err != nil || len(claimed) == 0 {
							return err
						}
						for _, ev := range claimed {
							mu.Lock()
							seen[ev.ID]++
							mu.Unlock()
							if err := replica.FinishEvent(ctx, store.Verdict{Event: ev, State: store.EventDecided}); err != nil {
								return err
							}
						}
					}
				})
			}
		}
		must(t, g.Wait())
		for id, n := range seen {
			if n != 1 {
				t.Errorf("event %s was claimed %d times", id, n)
			}
		}
		if c := get[store.Counts](t)(s.Counts(ctx)); len(seen) != events || c.Events[store.EventDecided] != events {
			t.Errorf("%d of %d events were claimed; counts %v", len(seen), events, c.Events)
		}
	})
}

func TestAnEventWhoseHolderIsGoneIsTakenOver(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		get[int](t)(s.Accept(ctx, store.Intake{Events: []store.Event{event(1)}}))
		lost := claimOne(t, s, time.Millisecond)
		var taken store.Event
		eventually(t, s, func() bool {
			claimed := get[[]store.Event](t)(s.ClaimEvents(ctx, "other", 1, time.Hour))
			if len(claimed) == 1 {
				taken = claimed[0]
			}
			return len(claimed) == 1
		})
		if taken.Epoch <= lost.Epoch || taken.Attempts != 2 {
			t.Errorf("taken over with %+v after %+v", taken, lost)
		}
		verdict := store.Verdict{Event: lost, State: store.EventDecided, Actions: []store.Action{action(1, "main~7")}}
		for what, err := range map[string]error{
			"finish":   s.FinishEvent(ctx, verdict),
			"postpone": s.PostponeEvent(ctx, lost.ID, lost.Epoch, "", 0),
			"return":   s.ReturnEvent(ctx, lost.ID, lost.Epoch, "", 0),
		} {
			if !errors.Is(err, store.ErrLeaseLost) {
				t.Errorf("%s by the one who lost it: %v, want ErrLeaseLost", what, err)
			}
		}
		if actions := get[[]store.Action](t)(s.Actions(ctx, store.Filter{})); len(actions) != 0 {
			t.Errorf("the one who lost it wrote %+v", actions)
		}
		verdict.Event = taken
		must(t, s.FinishEvent(ctx, verdict))
		if err := s.FinishEvent(ctx, verdict); !errors.Is(err, store.ErrLeaseLost) {
			t.Errorf("finished twice: %v", err)
		}
	})
}

func TestAPostponedEventIsDueLaterAndARetriedOneAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		get[int](t)(s.Accept(ctx, store.Intake{Events: []store.Event{event(1)}}))
		ev := claimOne(t, s, time.Hour)
		must(t, s.PostponeEvent(ctx, ev.ID, ev.Epoch, "no status yet", time.Hour))
		if claimed := get[[]store.Event](t)(s.ClaimEvents(ctx, "me", 1, time.Hour)); len(claimed) != 0 {
			t.Fatalf("%+v is due an hour early", claimed)
		}
		if got := get[store.Event](t)(s.Event(ctx, ev.ID)); got.State != store.EventReceived || got.Error != "no status yet" {
			t.Errorf("postponed: %+v", got)
		}
		must(t, s.RetryEvent(ctx, ev.ID))
		ev = claimOne(t, s, time.Hour)
		must(t, s.PostponeEvent(ctx, ev.ID, ev.Epoch, "", 20*time.Millisecond))
		eventually(t, s, func() bool {
			claimed := get[[]store.Event](t)(s.ClaimEvents(ctx, "me", 1, time.Hour))
			if len(claimed) == 1 {
				ev = claimed[0]
			}
			return len(claimed) == 1
		})
		attempts := ev.Attempts
		must(t, s.ReturnEvent(ctx, ev.ID, ev.Epoch, "waits", 0))
		if ev = claimOne(t, s, time.Hour); ev.Attempts != attempts || ev.Error != "waits" {
			t.Errorf("attempt %d (%s) after it was given back for nothing, want %d as before", ev.Attempts, ev.Error, attempts)
		}
		ev.Error = "unreadable"
		must(t, s.FinishEvent(ctx, store.Verdict{Event: ev, State: store.EventParked}))
		if c := get[store.Counts](t)(s.Counts(ctx)); c.Parked != 1 || !c.Oldest.IsZero() {
			t.Errorf("counts with one parked event: %+v", c)
		}
		must(t, s.RetryEvent(ctx, ev.ID))
		ev = claimOne(t, s, time.Hour)
		if ev.Attempts != 1 {
			t.Errorf("attempt %d after a retry, want 1", ev.Attempts)
		}
		must(t, s.FinishEvent(ctx, store.Verdict{Event: ev, State: store.EventUnmatched}))
		if err := s.RetryEvent(ctx, ev.ID); err == nil {
			t.Error("an event that was decided can be retried")
		}
	})
}

func TestAVerdictIsWrittenWholeOrNotAtAll(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		get[int](t)(s.Accept(ctx, store.Intake{Events: []store.Event{event(1), event(2)}}))
		claimed := get[[]store.Event](t)(s.ClaimEvents(ctx, "me", 2, time.Hour))
		state := store.GroupState{GroupID: "g", Hash: "one", Generation: 1, Settled: true}
		must(t, s.FinishEvent(ctx, store.Verdict{Event: claimed[0], State: store.EventDecided, Groups: []store.GroupState{state}}))
		// The second was decided on what the group was before the first: another state, the same generation.
		v := store.Verdict{
			Event: claimed[1], State: store.EventDecided, Groups: []store.GroupState{{GroupID: "g", Hash: "two", Generation: 1}},
			Decisions: []store.Decision{{EventID: claimed[1].ID, Team: "gfx", Rule: "r"}}, Derived: []store.Event{event(3)},
			Actions: []store.Action{action(1, "main~7")}, Links: []store.Link{{Kind: "group", ID: "g"}},
		}
		if err := s.FinishEvent(ctx, v); !errors.Is(err, store.ErrMoved) {
			t.Fatalf("a group that was moved meanwhile: %v, want ErrMoved", err)
		}
		if _, ok, err := s.Link(ctx, "group", "g"); ok || err != nil {
			t.Errorf("a link was written: %v", err)
		}
		if ev, err := s.Event(ctx, event(3).ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a derived event was written: %+v, %v", ev, err)
		}
		if got := get[store.Event](t)(s.Event(ctx, claimed[1].ID)); got.State != store.EventDeciding {
			t.Errorf("the event is %s, want deciding", got.State)
		}
		v.Groups[0].Generation = 2
		must(t, s.FinishEvent(ctx, v))
		g, ok, err := s.Group(ctx, "g")
		if err != nil || !ok || g.Hash != v.Groups[0].Hash || g.Generation != v.Groups[0].Generation || g.Settled != v.Groups[0].Settled {
			t.Errorf("group %+v, %t, %v; want %+v", g, ok, err, v.Groups[0])
		}
		if lane := get[*store.Lane](t)(s.ClaimLane(ctx, "me", time.Hour)); lane == nil || lane.ID != "main~7" {
			t.Errorf("lane %+v, want main~7", lane)
		}
		if d := get[[]store.Decision](t)(s.Decisions(ctx, v.Event.ID)); len(d) != 1 || d[0].Rule != "r" || d[0].Decided.IsZero() {
			t.Errorf("decisions %+v", d)
		}
	})
}

func TestALinkThatTheBotMadeStays(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		seen := store.Link{Kind: "task", ID: "t", Server: "main", Change: 1, Patchset: 1, Revision: "a", Project: "p", Branch: "b"}
		made, other := seen, seen
		made.Change, made.By = 2, "gfx/r"
		other.Change = 3
		for n, l := range []store.Link{seen, other, made, other} {
			ev := event(n)
			get[int](t)(s.Accept(ctx, store.Intake{Events: []store.Event{ev}}))
			must(t, s.FinishEvent(ctx, store.Verdict{Event: claimOne(t, s, time.Hour), State: store.EventDecided, Links: []store.Link{l}}))
			want := seen
			if n >= 2 {
				want = made
			}
			if got, ok, err := s.Link(ctx, "task", "t"); got != want || !ok || err != nil {
				t.Errorf("after link %d: %+v, %t, %v; want %+v", n, got, ok, err, want)
			}
		}
		if _, ok, err := s.Link(ctx, "group", "t"); ok || err != nil {
			t.Errorf("a link that nobody made: %t, %v", ok, err)
		}
	})
}

func TestGroupsOfAreThoseOfTheRevisionAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		link := func(kind, id string, change int, revision string) store.Link {
			return store.Link{Kind: kind, ID: id, Server: "main", Change: change, Patchset: 1, Revision: revision}
		}
		links := []store.Link{link("group", "b", 7, "r1"), link("group", "a", 7, "r1"), link("task", "t", 7, "r1"), link("group", "c", 7, "r2"), link("group", "d", 8, "r1")}
		get[int](t)(s.Accept(ctx, store.Intake{Events: []store.Event{event(1)}}))
		must(t, s.FinishEvent(ctx, store.Verdict{Event: claimOne(t, s, time.Hour), State: store.EventDecided, Links: links}))
		if got := get[[]string](t)(s.GroupsOf(ctx, "main", 7, "r1")); !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("got %v, want a and b", got)
		}
	})
}

func TestUndecidedIsWhatIsOpenOfAGroupsTasks(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		settled, failed := event(1), event(2)
		settled.Type, settled.GroupID, settled.TaskID = "settled", "g", "t1"
		failed.Type, failed.GroupID, failed.TaskID = "failed", "h", "t2"
		get[int](t)(s.Accept(ctx, store.Intake{Events: []store.Event{settled, failed}}))
		for group, want := range map[string]bool{"g": false, "h": true, "i": false} {
			if got := get[bool](t)(s.Undecided(ctx, group)); got != want {
				t.Errorf("group %s: %t, want %t", group, got, want)
			}
		}
		for _, ev := range get[[]store.Event](t)(s.ClaimEvents(ctx, "me", 2, time.Hour)) {
			if ev.GroupID == "h" && !get[bool](t)(s.Undecided(ctx, "h")) {
				t.Error("what is being decided doesn't count as undecided")
			}
			must(t, s.FinishEvent(ctx, store.Verdict{Event: ev, State: store.EventDecided}))
		}
		if get[bool](t)(s.Undecided(ctx, "h")) {
			t.Error("what is decided counts as undecided")
		}
	})
}
