package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"verdict/internal/store"
)

func TestAcceptTellsHowManyEventsWereNew(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		var known, batch []store.Event
		want := 0
		for n := range 400 {
			batch = append(batch, event(n))
			if n%3 == 0 {
				known = append(known, event(n))
				continue
			}
			want++
		}
		batch = append(batch, event(1), event(399), event(400)) // twice in one batch
		want++
		get[int](t)(s.Accept(ctx, store.Intake{Events: known}))
		added := get[int](t)(s.Accept(ctx, store.Intake{Events: batch}))
		if added != want {
			t.Errorf("%d were new, want %d", added, want)
		}
	})
}

func TestAcceptLeavesAKnownEventAsItIs(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		at := time.Now().Add(-time.Hour)
		timed, untimed := event(1), event(2)
		timed.Time, timed.State = at, store.EventUnmatched
		untimed.Received = time.Now()
		untimed.Time = untimed.Received // as one whose payload has none
		get[int](t)(s.Accept(ctx, store.Intake{Events: []store.Event{timed, untimed}}))
		timed.Body, untimed.Body = []byte("other"), []byte("other")
		untimed.Received = untimed.Received.Add(time.Minute)
		untimed.Time = untimed.Received
		if added := get[int](t)(s.Accept(ctx, store.Intake{Events: []store.Event{timed, untimed}})); added != 0 {
			t.Errorf("%d were new", added)
		}
		for _, id := range []string{timed.ID, untimed.ID} {
			if ev := get[store.Event](t)(s.Event(ctx, id)); string(ev.Body) == "other" {
				t.Errorf("event %s was overwritten", id)
			}
		}
	})
}

func TestAnEventOfItsOwnTimeThatIsMatchedIsKnownByItsIDAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		one, two := event(1), event(1)
		one.Time, two.Time = time.UnixMilli(1_000_000), time.UnixMilli(2_000_000) // a second opinion on when it was
		if added := get[int](t)(s.Accept(ctx, store.Intake{Events: []store.Event{one, two}})); added != 1 {
			t.Errorf("%d were new, want 1", added)
		}
	})
}

func TestAcceptStoresWhatItWasGiven(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		before := get[time.Time](t)(s.Now(ctx))
		want := store.Event{
			ID: "abc", Source: "gerrit", Type: "patchset-created", RoutingKey: "a.b", Routes: "x\ny", Change: "main~1", TaskID: "t", GroupID: "g",
			Time: time.UnixMilli(1_700_000_000_123).UTC(), State: store.EventParked, SetHash: "h", Parent: "p", BodyVersion: 3,
			Body: []byte("\x00\xff{}"), Error: "not JSON",
		}
		get[int](t)(s.Accept(ctx, store.Intake{Events: []store.Event{want}}))
		got := get[store.Event](t)(s.Event(ctx, "abc"))
		if got.Received.Before(before) || got.Received.Sub(before) > time.Minute {
			t.Errorf("received at %s, the database's clock was %s before", got.Received, before)
		}
		want.Received = got.Received
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		untimed := store.Event{ID: "abd", State: store.EventReceived}
		get[int](t)(s.Accept(ctx, store.Intake{Events: []store.Event{untimed}}))
		if got := get[store.Event](t)(s.Event(ctx, "abd")); got.Time != got.Received || len(got.Body) != 0 {
			t.Errorf("an event without a time of its own: %+v", got)
		}
	})
}

func TestAcceptMovesItsCursorsOnlyWithItsEvents(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		must(t, s.SetCursor(ctx, "gerrit/main", "1"))
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := s.Accept(ended, store.Intake{Events: []store.Event{event(1)}, Cursors: []store.Cursor{{Name: "gerrit/main", Value: "2"}}}); !errors.Is(err, context.Canceled) {
			t.Errorf("a batch whose context has ended: %v", err)
		}
		if got := get[string](t)(s.Cursor(ctx, "gerrit/main")); got != "1" {
			t.Errorf("cursor %q after a batch that was not stored, want 1", got)
		}
		get[int](t)(s.Accept(ctx, store.Intake{Events: []store.Event{event(1)}, Cursors: []store.Cursor{{Name: "gerrit/main", Value: "3"}}}))
		if got := get[string](t)(s.Cursor(ctx, "gerrit/main")); got != "3" {
			t.Errorf("cursor %q, want 3", got)
		}
		if got := get[string](t)(s.Cursor(ctx, "none")); got != "" {
			t.Errorf("a cursor that nobody set is %q", got)
		}
	})
}

func TestRecentHintFindsOnlyWhatCameALittleWhileAgo(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		hint, plain := event(1), event(2)
		hint.ID, hint.Hint, hint.State = "aaaabbbb1", true, store.EventUnmatched
		plain.ID = "aaaacccc1"
		get[int](t)(s.Accept(ctx, store.Intake{Events: []store.Event{hint, plain}}))
		for prefix, want := range map[string]string{"aaaabbbb": hint.ID, "aaaacccc": plain.ID, "aaaabbbc": "", "aaaabbbb2": ""} {
			id, ok, err := s.RecentHint(ctx, prefix, time.Hour)
			if err != nil || id != want || ok != (want != "") {
				t.Errorf("RecentHint(%q) = %q, %t, %v; want %q", prefix, id, ok, err, want)
			}
		}
		eventually(t, s, func() bool {
			_, ok, err := s.RecentHint(ctx, "aaaabbbb", time.Millisecond)
			return err == nil && !ok
		})
	})
}

func TestEventIsFoundByABeginningOfItsID(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		for id, state := range map[string]store.EventState{"7f3k2a": store.EventReceived, "7f3k2b": store.EventUnmatched, "7g0": store.EventUnmatched, "7g0z": store.EventUnmatched, "9": store.EventParked, "6a": store.EventReceived, "6b": store.EventReceived} {
			ev := event(1)
			ev.ID, ev.State, ev.Time = id, state, time.UnixMilli(int64(len(id)))
			get[int](t)(s.Accept(ctx, store.Intake{Events: []store.Event{ev}}))
		}
		for asked, want := range map[string]string{"7f3k2a": "7f3k2a", "7f3k2b": "7f3k2b", "7f3": "7f3k2a", "6": "", "7g": "", "7g0": "7g0", "7g0z": "7g0z", "9": "9"} {
			ev, err := s.Event(ctx, asked)
			if want == "" && !errors.Is(err, store.ErrAmbiguous) || want != "" && (err != nil || ev.ID != want) {
				t.Errorf("Event(%q) = %q, %v; want %q", asked, ev.ID, err, want)
			}
		}
		for _, asked := range []string{"", "8", "7F3K2A", "%"} {
			if _, err := s.Event(ctx, asked); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("Event(%q): %v, want ErrNotFound", asked, err)
			}
		}
	})
}

func TestEventsNarrowsByEachFilter(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		events := []store.Event{event(0), event(1), event(2), event(3)}
		events[1].State, events[1].Change = store.EventUnmatched, "main~1"
		events[2].State, events[2].TaskID = store.EventParked, "task3"
		for _, ev := range events {
			get[int](t)(s.Accept(ctx, store.Intake{Events: []store.Event{ev}}))
		}
		for _, ev := range get[[]store.Event](t)(s.ClaimEvents(ctx, "me", 9, time.Hour)) {
			rule := "r" + strings.TrimLeft(ev.ID[5:], "0")
			must(t, s.FinishEvent(ctx, store.Verdict{Event: ev, State: store.EventDecided, Decisions: []store.Decision{{EventID: ev.ID, Team: "gfx", Rule: rule, Matched: rule == "r3"}}}))
		}
		for name, c := range map[string]struct {
			filter store.Filter
			want   []int
		}{
			"all":             {store.Filter{}, []int{0, 1, 2, 3}},
			"newest, limited": {store.Filter{NewestFirst: true, Limit: 2}, []int{3, 2}},
			"unmatched":       {store.Filter{State: "unmatched"}, []int{1}},
			"parked":          {store.Filter{State: "parked"}, []int{2}},
			"change":          {store.Filter{Change: "main~1"}, []int{1}},
			"task":            {store.Filter{TaskID: "task3"}, []int{2, 3}},
			"task, unmatched": {store.Filter{TaskID: "task1", State: "unmatched"}, []int{1}},
			"id":              {store.Filter{EventID: event(2).ID}, []int{2}},
			"rule":            {store.Filter{Team: "gfx", Rule: "r"}, []int{0}},
			"team":            {store.Filter{Team: "gfx"}, []int{0, 3}},
			"matched":         {store.Filter{MatchedOnly: true}, []int{3}},
			"since":           {store.Filter{Since: time.Now().Add(time.Hour)}, nil},
		} {
			var got, want []string
			for _, ev := range get[[]store.Event](t)(s.Events(ctx, c.filter)) {
				got = append(got, ev.ID)
			}
			for _, n := range c.want {
				want = append(want, event(n).ID)
			}
			if c.filter.Limit == 0 {
				slices.Sort(got) // taken in the same millisecond, perhaps
			}
			if !slices.Equal(got, want) && name != "newest, limited" || len(got) != len(want) {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
		}
	})
}

func TestWhatNoRuleLooksAtIsStoredAsItWasGiven(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		var want []store.Event
		for n := range 60 {
			want = append(want, store.Event{
				ID: fmt.Sprintf("id%02d", n), Source: "pulse", Type: "queue/task-pending", RoutingKey: fmt.Sprint("primary.", n), Routes: "a\nb",
				TaskID: fmt.Sprint("task", n), GroupID: "group", Time: time.UnixMilli(1_700_000_000_000 + int64(n)).UTC(),
				State: store.EventUnmatched, SetHash: "h", BodyVersion: 1, Body: fmt.Appendf(nil, `{"n": %d}`, n),
			})
		}
		get[int](t)(s.Accept(ctx, store.Intake{Events: want[:7]}))
		get[int](t)(s.Accept(ctx, store.Intake{Events: want})) // the first of them again
		got := get[[]store.Event](t)(s.Events(ctx, store.Filter{Limit: 100}))
		slices.SortFunc(got, func(a, b store.Event) int { return strings.Compare(a.ID, b.ID) })
		if len(got) != len(want) {
			t.Fatalf("%d events are listed, want %d", len(got), len(want))
		}
		for i := range want {
			one := get[store.Event](t)(s.Event(ctx, want[i].ID))
			want[i].Received = got[i].Received
			for _, ev := range []store.Event{one, got[i]} {
				if text(ev) != text(want[i]) {
					t.Errorf("got  %s\nwant %s", text(ev), text(want[i]))
				}
			}
		}
	})
}

// text shows all that is exported of an event.
func text(ev store.Event) string {
	return fmt.Sprintln(ev.ID, ev.Source, ev.Type, ev.RoutingKey, ev.Routes, ev.Change, ev.TaskID, ev.GroupID, ev.Time, ev.Received,
		ev.State, ev.SetHash, ev.Parent, ev.BodyVersion, string(ev.Body), ev.Error, ev.Attempts, ev.Epoch)
}
