package store_test

import (
	"strings"
	"testing"
	"time"

	"verdict/internal/store"
)

// waits puts an action that operators have to approve on the lane of change 7; within 0: it waits for ever.
func waits(t *testing.T, s *store.Store, n int, within time.Duration) store.Action {
	t.Helper()
	a := action(n, "main~7")
	a.State, a.Approve, a.Reason = store.ActionWaiting, "operators", store.ForApproval+"operators"
	if within != 0 {
		a.Due = get[time.Time](t)(s.Now(t.Context())).Add(within)
	}
	must(t, s.AddActions(t.Context(), []store.Action{a}))
	return get[store.Action](t)(s.Action(t.Context(), a.ID))
}

func TestAnActionWaitsOutsideItsLaneUntilSomebodyApproves(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		a := waits(t, s, 1, time.Hour)
		wantNoLane(t, s, "nobody has approved")
		must(t, s.AddActions(ctx, []store.Action{action(2, "main~7")}))
		lane := claim(t, s, time.Hour)
		if got := get[[]store.Action](t)(s.LaneActions(ctx, lane)); len(got) != 1 || got[0].ID != action(2, "").ID {
			t.Errorf("in the lane are %+v, want the other action alone", got)
		}
		must(t, s.FinishActions(ctx, lane, []store.Outcome{{ActionID: action(2, "").ID, State: store.ActionDone}}, store.Effects{}))
		must(t, s.ReleaseLane(ctx, lane, -1))
		wantNoLane(t, s, "nobody has approved yet")
		must(t, s.ApproveAction(ctx, a.ID, "ann"))
		lane = claim(t, s, time.Hour)
		got := get[[]store.Action](t)(s.LaneActions(ctx, lane))
		if len(got) != 1 || got[0].State != store.ActionPending || got[0].ApprovedBy != "ann" || got[0].Approved.IsZero() || got[0].Reason != "" {
			t.Errorf("approved: %+v", got)
		}
		if err := s.ApproveAction(ctx, a.ID, "bob"); err == nil || get[store.Action](t)(s.Action(ctx, a.ID)).ApprovedBy != "ann" {
			t.Errorf("approved twice: %v", err)
		}
		must(t, s.FinishActions(ctx, lane, []store.Outcome{{ActionID: a.ID, State: store.ActionDone}}, store.Effects{}))
		if done := get[store.Action](t)(s.Action(ctx, a.ID)); done.ApprovedBy != "ann" {
			t.Errorf("who approved is forgotten: %+v", done)
		}
	})
}

func TestApprovalEndsWithItsTime(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		late, early, ever := waits(t, s, 1, -time.Second), waits(t, s, 2, time.Hour), waits(t, s, 3, 0)
		if err := s.ApproveAction(ctx, late.ID, "ann"); err == nil {
			t.Error("approved when its time was over")
		}
		expired := get[[]store.Action](t)(s.ExpireWaiting(ctx))
		if len(expired) != 1 || expired[0].ID != late.ID || expired[0].State != store.ActionCancelled || !strings.Contains(expired[0].Reason, "nobody approved") {
			t.Errorf("expired: %+v", expired)
		}
		for _, a := range []store.Action{early, ever} {
			if got := get[store.Action](t)(s.Action(ctx, a.ID)); got.State != store.ActionWaiting {
				t.Errorf("%s: %+v", a.ID, got)
			}
		}
		// What a person brings back still has to be approved.
		must(t, s.RetryAction(ctx, late.ID))
		wantNoLane(t, s, "a retry is no approval")
		if again := get[store.Action](t)(s.Action(ctx, late.ID)); again.State != store.ActionWaiting || again.Reason != "for approval by operators" || !again.Due.IsZero() {
			t.Errorf("brought back: %+v", again)
		}
		must(t, s.ApproveAction(ctx, late.ID, "ann"))
		must(t, s.CancelAction(ctx, late.ID))
		must(t, s.RetryAction(ctx, late.ID))
		if again := get[store.Action](t)(s.Action(ctx, late.ID)); again.State != store.ActionPending {
			t.Errorf("what was approved once: %+v", again)
		}
		must(t, s.CancelAction(ctx, early.ID))
		if err := s.ApproveAction(ctx, early.ID, "ann"); err == nil {
			t.Error("a cancelled action was approved")
		}
	})
}

// A rerun that nobody has approved keeps no task unsettled.
func TestWhatWaitsForApprovalIsNotOpen(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		a := waits(t, s, 1, time.Hour)
		if open := get[[]store.Action](t)(s.OpenOf(ctx, a.Kind)); len(open) != 0 {
			t.Errorf("open: %+v", open)
		}
		must(t, s.ApproveAction(ctx, a.ID, "ann"))
		if open := get[[]store.Action](t)(s.OpenOf(ctx, a.Kind)); len(open) != 1 {
			t.Errorf("approved and not open: %+v", open)
		}
	})
}
