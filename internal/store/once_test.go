package store_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"verdict/internal/store"
)

func onceOf(n int, again time.Duration) store.Once {
	return store.Once{Team: "gfx", Rule: "r", Thing: "change:main~7", EventID: event(n).ID, Again: again, Server: "main", Change: 7}
}

// acts decides event n: the rule acts once on a change, by an action of its own.
func acts(t testing.TB, s *store.Store, n int, o store.Once) error {
	t.Helper()
	get[int](t)(s.Accept(t.Context(), store.Intake{Events: []store.Event{event(n)}}))
	var ev store.Event
	for _, claimed := range get[[]store.Event](t)(s.ClaimEvents(t.Context(), "me", 100, time.Millisecond)) {
		if claimed.ID == event(n).ID {
			ev = claimed
		}
	}
	return s.FinishEvent(t.Context(), store.Verdict{Event: ev, State: store.EventDecided, Actions: []store.Action{action(n, "main~7")}, Onces: []store.Once{o}})
}

func TestARuleActsOnceOnAThing(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		if _, ok, err := s.LastOnce(ctx, onceOf(1, 0)); ok || err != nil {
			t.Errorf("before anything: %t, %v", ok, err)
		}
		must(t, acts(t, s, 1, onceOf(1, 0)))
		last, ok, err := s.LastOnce(ctx, onceOf(2, 0))
		if !ok || err != nil || last.EventID != event(1).ID || last.Acted.IsZero() {
			t.Errorf("got %+v, %t, %v", last, ok, err)
		}
		if err := acts(t, s, 2, onceOf(2, 0)); !errors.Is(err, store.ErrMoved) {
			t.Errorf("on another event: %v", err)
		}
		if _, err := s.Action(ctx, action(2, "").ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the action of what was refused: %v", err)
		}
		for name, o := range map[string]store.Once{
			"another change": {Team: "gfx", Rule: "r", Thing: "change:main~8"}, "another rule": {Team: "gfx", Rule: "q", Thing: "change:main~7"},
			"another team": {Team: "docs", Rule: "r", Thing: "change:main~7"}, "one of its actions": {Team: "gfx", Rule: "r", Key: "comment", Thing: "change:main~7"},
		} {
			if _, ok, err := s.LastOnce(ctx, o); ok || err != nil {
				t.Errorf("%s: %t, %v", name, ok, err)
			}
		}
	})
}

// An event that is decided again, since another rule failed on it, is no other event.
func TestTheSameEventActsAgainAsOne(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		get[int](t)(s.Accept(ctx, store.Intake{Events: []store.Event{event(1)}}))
		for _, state := range []store.EventState{store.EventParked, store.EventDecided} {
			ev := claimOne(t, s, time.Hour)
			must(t, s.FinishEvent(ctx, store.Verdict{Event: ev, State: state, Actions: []store.Action{action(1, "main~7")}, Onces: []store.Once{onceOf(1, 0)}}))
			if state == store.EventParked {
				must(t, s.RetryEvent(ctx, ev.ID))
			}
		}
		if got := get[[]store.Action](t)(s.Actions(ctx, store.Filter{})); len(got) != 1 {
			t.Errorf("actions: %+v", got)
		}
	})
}

func TestARuleActsAgainAfterItsTime(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s := db.open(t)
		must(t, acts(t, s, 1, onceOf(1, time.Millisecond)))
		if err := acts(t, s, 2, onceOf(2, time.Hour)); !errors.Is(err, store.ErrMoved) {
			t.Errorf("within its time: %v", err)
		}
		n := 2
		eventually(t, s, func() bool { n++; return acts(t, s, n, onceOf(n, time.Millisecond)) == nil })
		if last, _, _ := s.LastOnce(t.Context(), onceOf(0, 0)); last.EventID != event(n).ID {
			t.Errorf("last is %+v, want event %d", last, n)
		}
	})
}

// What was superseded before it could be done was not done.
func TestWhatCameToNothingIsNotOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		for n, state := range []store.ActionState{store.ActionSuperseded, store.ActionDead, store.ActionCancelled} {
			must(t, acts(t, s, n, onceOf(n, 0)))
			lane := claim(t, s, time.Hour)
			must(t, s.FinishActions(ctx, lane, []store.Outcome{{ActionID: action(n, "").ID, State: state}}, store.Effects{}))
			must(t, s.ReleaseLane(ctx, lane, -1))
			if _, ok, err := s.LastOnce(ctx, onceOf(0, 0)); ok || err != nil {
				t.Errorf("after an action that is %s: %t, %v", state, ok, err)
			}
		}
		must(t, acts(t, s, 9, onceOf(9, 0)))
		// Of one action alone: those of other keys don't count.
		o := onceOf(9, 0)
		o.Key, o.Thing = "comment", "task:T"
		must(t, acts(t, s, 10, store.Once{Team: "gfx", Rule: "r", Key: "comment", Thing: "task:T", EventID: event(9).ID}))
		if _, ok, err := s.LastOnce(ctx, o); !ok || err != nil {
			t.Errorf("an action that isn't known counts: %t, %v", ok, err)
		}
	})
}

// Whatever replicas decide at the same time, one of the events acts.
func TestReplicasActOnceTogether(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		const replicas = 8
		for n := range replicas {
			get[int](t)(s.Accept(ctx, store.Intake{Events: []store.Event{event(n)}}))
		}
		stores := []*store.Store{s, s}
		if db.name == "postgres" {
			stores[1] = db.open(t)
		}
		var wg sync.WaitGroup
		errs := make([]error, replicas)
		for n, ev := range get[[]store.Event](t)(s.ClaimEvents(ctx, "me", replicas, time.Hour)) {
			wg.Go(func() {
				o, a := onceOf(0, 0), action(n, "main~7")
				o.EventID, a.EventID = ev.ID, ev.ID
				errs[n] = stores[n%2].FinishEvent(ctx, store.Verdict{Event: ev, State: store.EventDecided, Actions: []store.Action{a}, Onces: []store.Once{o}})
			})
		}
		wg.Wait()
		acted := 0
		for _, err := range errs {
			if err == nil {
				acted++
			} else if !errors.Is(err, store.ErrMoved) {
				t.Error(err)
			}
		}
		if got := get[[]store.Action](t)(s.Actions(ctx, store.Filter{})); acted != 1 || len(got) != 1 {
			t.Errorf("%d acted, by %d actions: %v", acted, len(got), errs)
		}
	})
}

func TestWhatIsOnceIsForgottenInTime(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		get[int](t)(s.Accept(ctx, store.Intake{Seen: []store.SeenChange{{Server: "main", Change: 7, Name: "m", State: store.SeenOpen, Body: []byte(`{}`)}}}))
		things := map[string]store.Once{
			"of an open change":             onceOf(1, 0),
			"of a change that is forgotten": {Team: "gfx", Rule: "r", Thing: "change:main~8", Server: "main", Change: 8},
			"of a task":                     {Team: "gfx", Rule: "r", Thing: "task:T"},
			"that is over":                  {Team: "gfx", Rule: "r", Thing: "task:O", Again: time.Millisecond},
			"that is not over":              {Team: "gfx", Rule: "r", Thing: "task:N", Again: time.Hour},
		}
		n := 0
		for name, o := range things {
			o.EventID = event(n).ID
			if err := acts(t, s, n, o); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			n++
		}
		left := func() string {
			out := ""
			for _, name := range []string{"of an open change", "of a change that is forgotten", "of a task", "that is over", "that is not over"} {
				if _, ok, err := s.LastOnce(ctx, things[name]); ok {
					out += name + "; "
				} else {
					must(t, err)
				}
			}
			return out
		}
		const kept = "of an open change; of a change that is forgotten; of a task; "
		eventually(t, s, func() bool {
			_, _, err := s.Prune(ctx, store.Retention{})
			must(t, err)
			return left() == kept+"that is not over; "
		})
		eventually(t, s, func() bool {
			_, _, err := s.Prune(ctx, store.Retention{Events: time.Millisecond})
			must(t, err)
			return left() == "of an open change; of a task; that is not over; "
		})
	})
}
