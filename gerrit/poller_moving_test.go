package gerrit_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"verdict/gerrit"
	"verdict/gerrit/gerrittest"
)

func TestPollLosesNothingWhileChangesMove(t *testing.T) {
	var w *world
	var requests, moving atomic.Int32
	w = newWorld(t, func(r gerrittest.Request) {
		if moving.Load() == 0 || r.Method != "GET" {
			return
		}
		// Between any two pages a change is updated, one leaves by being
		// hidden, one is merged and one is new.
		n := int(requests.Add(1))
		if n > 20 {
			return
		}
		w.clock.advance(time.Second)
		w.Push(gerrittest.Push{Change: n, Files: map[string]string{"a": fmt.Sprint("moved ", n)}})
		w.Delete(100 - n)
		if err := w.Merge(60-n, "admin"); err != nil {
			t.Error(err)
		}
		w.push(1)
	})
	w.begun()
	for range 100 {
		w.push(1)
		w.clock.advance(20 * time.Second)
	}
	moving.Store(1)
	w.poll(t)
	w.poll(t)
	var want []string
	for _, c := range w.Changes() {
		for _, p := range c.Patchsets {
			want = append(want, fmt.Sprintf("patchset-created %d/%d %s", p.Change, p.Number, p.Revision))
		}
		if last := c.Messages[len(c.Messages)-1]; c.Status == gerrit.ChangeStatusMerged {
			want = append(want, fmt.Sprintf("change-merged %d/%d %s%s", c.Number, c.Current.Number, c.Current.Revision, last.ID))
		}
	}
	for _, id := range want {
		if _, ok := w.found.events[id]; !ok {
			t.Errorf("missed %s", id)
		}
	}
	if requests.Load() < 20 {
		t.Errorf("only %d requests", requests.Load())
	}
}

func TestPollSkipsNothingWhenChangesLeave(t *testing.T) {
	for _, gap := range []time.Duration{time.Minute, 0} {
		var w *world
		var moving atomic.Bool
		w = newWorld(t, func(r gerrittest.Request) {
			if !moving.Load() || r.Query.Get("q") == "" {
				return
			}
			for _, c := range slices.Backward(w.Changes()) { // those that were read leave, but for the newest
				if c.Number > 20 && c.Number <= 60 {
					if w.Delete(c.Number); c.Number%3 == 0 {
						return
					}
				}
			}
		})
		w.begun()
		for range 60 {
			w.push(1)
			w.clock.advance(gap)
		}
		w.clock.advance(time.Minute)
		w.push(1)
		moving.Store(true)
		w.poll(t)
		for n := 1; n <= 20; n++ {
			if !slices.ContainsFunc(slices.Collect(maps.Values(w.found.events)), func(e gerrit.Event) bool { return e.Change.Number == n }) {
				t.Errorf("%s apart: missed change %d", gap, n)
			}
		}
	}
}

// A change updated twice is found once, with all that happened, though the
// update moved it away from where the first event would have been found.
func TestPollFindsEarlierEventsOfAChangeThatMoved(t *testing.T) {
	var w *world
	var once atomic.Bool
	w = newWorld(t, func(r gerrittest.Request) {
		if strings.Contains(r.Query.Get("q"), "before:") && once.CompareAndSwap(false, true) {
			w.clock.advance(time.Hour)
			w.Comment(1, "alice", "moves to the front")
		}
	})
	w.begun()
	for range 25 {
		w.push(1)
		w.clock.advance(10 * time.Minute)
	}
	w.poll(t)
	w.expect(t, gerrit.PatchsetCreated, 25)
}

func TestWhatEndsAChangeIsToldInItsOrder(t *testing.T) {
	w := newWorld(t, nil)
	w.begun()
	w.push(1)
	must(t, w.Abandon(1, "alice", "no"))
	w.poll(t)
	var told []string
	w.poller.Inbox = acceptFunc(func(ctx context.Context, found gerrit.Found) error {
		for _, e := range found.Events {
			told = append(told, e.Type)
		}
		return w.found.AcceptChanges(ctx, found)
	})
	must(t, w.Restore(1, "alice", "yes")) // and all of this in the same second
	must(t, w.Abandon(1, "alice", "no"))
	must(t, w.Restore(1, "alice", "yes"))
	must(t, w.Merge(1, "admin"))
	w.poll(t)
	told = slices.DeleteFunc(told, func(kind string) bool { return !strings.HasPrefix(kind, "change-") })
	if want := []string{gerrit.ChangeRestored, gerrit.ChangeAbandoned, gerrit.ChangeRestored, gerrit.ChangeMerged}; !slices.Equal(told, want) {
		t.Errorf("got %q, want %q", told, want)
	}
}
