package store_test

import (
	"fmt"
	"regexp"
	"slices"
	"testing"
	"time"

	"verdict/internal/store"
)

// listed are the ids of a listing, by their numbers.
func listed(t *testing.T, s *store.Store, f store.Filter) (numbers []int) {
	t.Helper()
	for _, ev := range get[[]store.Event](t)(s.Events(t.Context(), f)) {
		var n int
		if _, err := fmt.Sscanf(ev.ID, "event%d", &n); err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return numbers
}

func TestATasksEventsAreFoundWhetherARuleLookedOrNot(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s := db.open(t)
		var all []store.Event
		for n, state := range []store.EventState{store.EventReceived, store.EventParked, store.EventTooOld, store.EventUnmatched, store.EventUnmatched, store.EventReceived} {
			ev := event(n)
			ev.State, ev.TaskID = state, "t"
			all = append(all, ev)
		}
		all[4].TaskID, all[5].TaskID = "other", ""
		get[int](t)(s.Accept(t.Context(), store.Intake{Events: all}))
		soon := get[time.Time](t)(s.Now(t.Context())).Add(time.Minute)
		for _, c := range []struct {
			f    store.Filter
			want []int
		}{
			{store.Filter{TaskID: "t"}, []int{0, 1, 2, 3}},
			{store.Filter{TaskID: "t", Since: soon}, nil},
			{store.Filter{TaskID: "t", LookedAt: true}, []int{0, 1, 2}},
			{store.Filter{TaskID: "t", LookedAt: true, Since: soon}, nil},
			{store.Filter{TaskID: "t", State: string(store.EventUnmatched)}, []int{3}},
			{store.Filter{TaskID: "t", State: string(store.EventUnmatched), Since: soon}, nil},
			{store.Filter{LookedAt: true}, []int{0, 1, 2, 5}},
		} {
			if got := listed(t, s, c.f); !slices.Equal(got, c.want) {
				t.Errorf("%+v lists %v, want %v", c.f, got, c.want)
			}
		}
	})
}

// People ask beside a bot that is at work: what they wait for is found by an index, from where it is wanted on.
func TestWhatPeopleAskForIsFoundByAnIndex(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s := db.open(t)
		var all []store.Event
		for n := range 3000 {
			ev := event(n)
			if ev.Change = fmt.Sprintf("main~%d", n); n%2 == 0 {
				ev.State, ev.Change = store.EventUnmatched, ""
			}
			all = append(all, ev)
		}
		get[int](t)(s.Accept(t.Context(), store.Intake{Events: all}))
		for _, c := range []struct {
			f             store.Filter
			sqlite, index string
		}{
			{store.Filter{TaskID: "task7", LookedAt: true, NewestFirst: true}, `^SEARCH events USING INDEX events_task \(task_id=\?\)\n`, "events_task"},
			{store.Filter{Change: "main~7", NewestFirst: true}, `^SEARCH events USING INDEX events_change \(change=\?\)\n`, "events_change"},
			{store.Filter{Change: "main~7", Team: "gfx", Rule: "r", NewestFirst: true}, `^SEARCH events USING INDEX events_change \(change=\?\)\nSEARCH d `, "events_change"},
			{store.Filter{TaskID: "task8", State: "unmatched", Since: time.Now().Add(time.Hour), NewestFirst: true}, `SEARCH events USING COVERING INDEX events_intake \(received_ms>\?\)`, "events_intake"},
		} {
			want := regexp.MustCompile(c.index)
			if db.name == "sqlite" {
				want = regexp.MustCompile(c.sqlite)
			}
			if plan := get[string](t)(s.Plan(t.Context(), c.f)); !want.MatchString(plan) {
				t.Errorf("%+v is read so:\n%s\nwant %s", c.f, plan, want)
			}
		}
	})
}

func TestUnfinishedOnIsWhatIsNotOverOrDead(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s := db.open(t)
		states := []store.ActionState{
			store.ActionPending, store.ActionDone, store.ActionHeld, store.ActionCancelled, store.ActionDead, store.ActionSuperseded, store.ActionWaiting, store.ActionRetrying,
		}
		var all []store.Action
		for n, state := range states {
			a := action(n, "main~7")
			a.Rule, a.State = string(state), state
			all = append(all, a)
		}
		must(t, s.AddActions(t.Context(), append(all, action(20, "main~8"))))
		var got []string
		for _, a := range get[[]store.Action](t)(s.UnfinishedOn(t.Context(), "main~7")) {
			got = append(got, a.Rule)
		}
		if want := []string{"pending", "held", "dead", "waiting", "retrying"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}
