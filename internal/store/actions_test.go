package store_test

import (
	"errors"
	"testing"
	"time"

	"verdict/internal/store"
)

// ended puts an action on a lane, and ends it so.
func ended(t *testing.T, s *store.Store, a store.Action, state store.ActionState) {
	t.Helper()
	must(t, s.AddActions(t.Context(), []store.Action{a}))
	lane := claim(t, s, time.Hour)
	must(t, s.FinishActions(t.Context(), lane, []store.Outcome{{ActionID: a.ID, State: state, Reason: "because", RetryIn: time.Hour}}, store.Effects{}))
	must(t, s.ReleaseLane(t.Context(), lane, -1))
}

func TestWhatCanBeRetriedAndCancelled(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		for n, c := range []struct {
			state         store.ActionState
			retry, cancel bool
		}{
			{store.ActionRetrying, true, true},
			{store.ActionPending, true, true},
			{store.ActionDead, true, true},
			{store.ActionWaiting, false, true},
			{store.ActionCancelled, true, false},
			{store.ActionSuperseded, true, false},
			{store.ActionDone, false, false},
		} {
			a, b := action(2*n, "main~7"), action(2*n+1, "main~7")
			ended(t, s, a, c.state)
			ended(t, s, b, c.state)
			if err := s.CancelAction(ctx, b.ID); (err == nil) != c.cancel {
				t.Errorf("cancel of one that is %s: %v, want to be able: %t", c.state, err, c.cancel)
			}
			wantNoLane(t, s, "nothing was retried")
			err := s.RetryAction(ctx, a.ID)
			if (err == nil) != c.retry {
				t.Errorf("retry of one that is %s: %v, want to be able: %t", c.state, err, c.retry)
			}
			if err != nil {
				continue
			}
			lane := claim(t, s, time.Hour)
			got := get[store.Action](t)(s.Action(ctx, a.ID))
			if got.State != store.ActionPending || got.Attempts != 0 || got.Reason != "" || !got.Done.IsZero() {
				t.Errorf("retried: %+v", got)
			}
			must(t, s.FinishActions(ctx, lane, []store.Outcome{{ActionID: a.ID, State: store.ActionDone}}, store.Effects{}))
			must(t, s.ReleaseLane(ctx, lane, -1))
		}
		if err := s.RetryAction(ctx, "zzz"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("retry of one that isn't there: %v", err)
		}
	})
}

func TestAnActionThatIsCancelledBeforeItsAttemptNeverBegins(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		one, two := action(1, "main~7"), action(2, "main~7")
		must(t, s.AddActions(ctx, []store.Action{one, two}))
		lane := claim(t, s, time.Hour)
		must(t, s.CancelAction(ctx, one.ID))
		if err := s.StartActions(ctx, lane, []store.Start{{ActionID: two.ID}, {ActionID: one.ID}}); !errors.Is(err, store.ErrMoved) {
			t.Errorf("start: %v, want ErrMoved", err)
		}
		if got := get[store.Action](t)(s.Action(ctx, two.ID)); got.State != store.ActionPending {
			t.Errorf("its neighbour is %s, want pending", got.State)
		}
		must(t, s.FinishActions(ctx, lane, []store.Outcome{{ActionID: one.ID, State: store.ActionDone}}, store.Effects{}))
		if got := get[store.Action](t)(s.Action(ctx, one.ID)); got.State != store.ActionCancelled {
			t.Errorf("it is %s, want cancelled", got.State)
		}
		must(t, s.StartActions(ctx, lane, []store.Start{{ActionID: two.ID, Timeout: time.Hour}}))
		if err := s.CancelAction(ctx, two.ID); err == nil {
			t.Error("an action whose effect is on its way can be cancelled")
		}
	})
}

func TestAHeldActionIsDueOnceNothingHoldsIt(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		for _, scope := range []string{"team:gfx", "rule:gfx/r"} {
			must(t, s.Hold(ctx, store.Hold{Scope: scope, Reason: "too loud", By: "ops"}))
			must(t, s.Hold(ctx, store.Hold{Scope: scope, Reason: "again", By: "other"}))
		}
		if holds := get[[]store.Hold](t)(s.Holds(ctx)); len(holds) != 2 || holds[0].By != "ops" || holds[0].Since.IsZero() {
			t.Errorf("holds %+v", holds)
		}
		a := action(1, "main~7")
		ended(t, s, a, store.ActionHeld)
		if got := get[store.Action](t)(s.Action(ctx, a.ID)); got.State != store.ActionHeld {
			t.Errorf("it is %s, want held", got.State)
		}
		wantNoLane(t, s, "what is in it is held")
		must(t, s.Release(ctx, "team:gfx"))
		wantNoLane(t, s, "the rule is still held")
		must(t, s.Release(ctx, "rule:gfx/r"))
		lane := claim(t, s, time.Hour)
		if open := get[[]store.Action](t)(s.LaneActions(ctx, lane)); len(open) != 1 || open[0].State != store.ActionPending {
			t.Errorf("open: %+v", open)
		}
		if err := s.Release(ctx, "all"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("release of what nobody held: %v", err)
		}
	})
}

func TestAnActionHeldTheMomentItsHoldIsReleasedIsLookedAtAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		a := action(1, "main~7")
		must(t, s.Hold(ctx, store.Hold{Scope: "server:main"}))
		must(t, s.AddActions(ctx, []store.Action{a}))
		lane := claim(t, s, time.Hour)
		must(t, s.Release(ctx, "server:main")) // after the deliverer has read the holds
		must(t, s.FinishActions(ctx, lane, []store.Outcome{{ActionID: a.ID, State: store.ActionHeld, Reason: "held: server:main"}}, store.Effects{}))
		got := get[store.Action](t)(s.Action(ctx, a.ID))
		if wait := got.Due.Sub(lane.Now); got.State != store.ActionPending || wait > time.Minute {
			t.Errorf("it is %s, due in %s", got.State, wait)
		}
	})
}

func TestActionsNarrowsByEachFilter(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		get[int](t)(s.Accept(ctx, store.Intake{Events: []store.Event{event(1), event(2)}}))
		one, two := action(1, "main~7"), action(2, "main~8")
		two.Team, two.Rule = "infra", "q"
		must(t, s.AddActions(ctx, []store.Action{one, two}))
		must(t, s.CancelAction(ctx, two.ID))
		for name, c := range map[string]struct {
			filter store.Filter
			want   int
		}{
			"all":          {store.Filter{}, 2},
			"limit":        {store.Filter{Limit: 1, NewestFirst: true}, 1},
			"state":        {store.Filter{State: "cancelled"}, 1},
			"change":       {store.Filter{Change: "main~8"}, 1},
			"task":         {store.Filter{TaskID: "task2"}, 1},
			"another task": {store.Filter{TaskID: "task3"}, 0},
			"team":         {store.Filter{Team: "infra"}, 1},
			"rule":         {store.Filter{Team: "infra", Rule: "r"}, 0},
			"event":        {store.Filter{EventID: event(2).ID}, 1},
			"action":       {store.Filter{ActionID: two.ID}, 1},
			"since":        {store.Filter{Since: time.Now().Add(time.Hour)}, 0},
		} {
			got := get[[]store.Action](t)(s.Actions(ctx, c.filter))
			if len(got) != c.want || c.want == 1 && name != "limit" && got[0].ID != two.ID {
				t.Errorf("%s: got %+v, want %d", name, got, c.want)
			}
		}
		if _, err := s.Action(ctx, "action"); !errors.Is(err, store.ErrAmbiguous) {
			t.Errorf("a beginning that fits both: %v", err)
		}
	})
}

func TestOpenOfTellsWhatIsDecidedAndNotOver(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		open, over, other := action(1, "main~7"), action(2, "main~7"), action(3, "main~7")
		open.Kind, over.Kind = "rerun", "rerun"
		must(t, s.AddActions(ctx, []store.Action{open, over, other}))
		must(t, s.CancelAction(ctx, over.ID))
		if got := get[[]store.Action](t)(s.OpenOf(ctx, "rerun")); len(got) != 1 || got[0].ID != open.ID {
			t.Errorf("got %+v, want %s alone", got, open.ID)
		}
	})
}
