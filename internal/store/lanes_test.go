package store_test

import (
	"testing"
	"time"

	"verdict/internal/store"
)

func TestAnEventGoesItsWholeWay(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		added := get[[]string](t)(s.Accept(ctx, store.Intake{Events: []store.Event{event(1), event(1), event(2)}, Cursors: []store.Cursor{{Name: "c", Value: "1"}}}))
		if len(added) != 2 {
			t.Fatalf("added %q, want two ids", added)
		}
		claimed := get[[]store.Event](t)(s.ClaimEvents(ctx, "me", 10, time.Minute))
		if len(claimed) != 2 || claimed[0].Epoch != 1 || string(claimed[0].Body) != string(event(1).Body) {
			t.Fatalf("claimed %+v", claimed)
		}
		must(t, s.FinishEvent(ctx, store.Verdict{
			Event: claimed[0], State: store.EventDecided,
			Decisions: []store.Decision{{EventID: claimed[0].ID, Team: "gfx", Rule: "r", Matched: true}},
			Actions:   []store.Action{action(1, "main~7")},
			Opinions:  []store.Opinion{{Server: "main", Change: 7, Patchset: 2, Revision: "abc", Kind: store.OpinionLabel, Target: "Verified", Team: "gfx", Rule: "r", About: "change", Value: -1, Stands: true}},
			Derived:   []store.Event{event(3)},
			Links:     []store.Link{{Kind: "task", ID: "t", Server: "main", Change: 7}},
			Groups:    []store.GroupState{{GroupID: "g", Hash: "h", Generation: 1}},
			Kept:      []store.Carry{{Server: "main", Change: 7, Patchset: 3, From: "abc", To: "def"}},
		}))
		lane := get[*store.Lane](t)(s.ClaimLane(ctx, "me", time.Minute))
		if lane == nil || lane.ID != "main~7" {
			t.Fatalf("lane %+v", lane)
		}
		must(t, s.RenewLane(ctx, lane, time.Minute))
		actions := get[[]store.Action](t)(s.LaneActions(ctx, *lane))
		must(t, s.StartActions(ctx, *lane, []store.Start{{ActionID: actions[0].ID, Timeout: time.Second}}))
		must(t, s.FinishActions(ctx, *lane, []store.Outcome{{ActionID: actions[0].ID, State: store.ActionDone}},
			store.Effects{Server: "main", Change: 7, TagsAdded: []string{"x"}, TagsGone: []string{"y"}, Posted: []store.Posted{{Server: "main", Change: 7, Revision: "abc", Label: "Verified", Value: -1}}}))
		must(t, s.ReleaseLane(ctx, *lane, -1))
		if again := get[*store.Lane](t)(s.ClaimLane(ctx, "me", time.Minute)); again != nil {
			t.Fatalf("lane %+v is due though nothing is open", again)
		}
		if got := get[[]store.Opinion](t)(s.Opinions(ctx, "main", 7)); len(got) != 2 {
			t.Fatalf("opinions %+v", got)
		}
		t.Logf("%+v", get[store.Counts](t)(s.Counts(ctx)))
	})
}
