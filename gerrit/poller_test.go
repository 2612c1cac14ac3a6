package gerrit_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"verdict/gerrit"
	"verdict/gerrit/gerrittest"
)

func TestPollFindsMoreThanAPageOfOneSecond(t *testing.T) {
	w := newWorld(t, nil)
	w.begun()
	w.push(95)
	w.poll(t)
	w.expect(t, gerrit.PatchsetCreated, 95)
	if w.found.most > 10 {
		t.Errorf("%d events at once", w.found.most)
	}
	w.ForgetRequests()
	w.push(1)
	w.poll(t)
	w.expect(t, gerrit.PatchsetCreated, 96)
	if n := len(w.Requests()); n > 50 {
		t.Errorf("%d requests", n)
	}
}

func TestPollBeginsBeforeTheCursor(t *testing.T) {
	w := newWorld(t, nil)
	w.push(1)
	w.clock.advance(45 * time.Second)
	w.begun() // as if the index had lagged: the push was not seen
	w.poll(t)
	w.expect(t, gerrit.PatchsetCreated, 1)
}

func TestPollKeepsCursorWhenInboxFails(t *testing.T) {
	w := newWorld(t, nil)
	w.begun()
	before := w.found.cursor
	w.clock.advance(time.Hour)
	w.push(3)
	w.found.fail = errors.New("disk full")
	if err := w.poller.Poll(t.Context()); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("got %v", err)
	}
	if w.found.cursor != before {
		t.Errorf("the cursor moved to %s", w.found.cursor)
	}
	w.poll(t)
	w.expect(t, gerrit.PatchsetCreated, 3)
	if w.found.cursor == before {
		t.Error("the cursor didn't move")
	}
}

func TestPollMovesCursorOnlyWithTheLastPage(t *testing.T) {
	w := newWorld(t, nil)
	w.begun()
	before := w.found.cursor
	w.clock.advance(time.Hour)
	w.push(35)
	w.Fail(gerrittest.Fault{Status: 200, Page: true, Times: -1})
	if err := w.poller.Poll(t.Context()); err == nil || w.found.cursor != before {
		t.Errorf("got %v and cursor %s", err, w.found.cursor)
	}
	w.Heal()
	accepted := 0
	w.poller.Inbox = acceptFunc(func(ctx context.Context, found gerrit.Found) error {
		if accepted++; found.Cursor != "" && w.found.count(gerrit.PatchsetCreated) < 25 {
			t.Errorf("page %d has the cursor", accepted)
		}
		return w.found.AcceptChanges(ctx, found)
	})
	w.poll(t)
	w.expect(t, gerrit.PatchsetCreated, 35)
}

type acceptFunc func(context.Context, gerrit.Found) error

func (f acceptFunc) AcceptChanges(ctx context.Context, found gerrit.Found) error {
	return f(ctx, found)
}

func TestPollIgnoresTheFuture(t *testing.T) {
	w := newWorld(t, nil)
	w.begun()
	w.clock.at.Store(time.Now().Add(1000 * time.Hour).Unix())
	w.push(1)
	w.poll(t)
	w.clock.at.Store(time.Now().Add(-time.Hour).Unix())
	w.push(1)
	w.poll(t)
	w.expect(t, gerrit.PatchsetCreated, 2)
	if at, err := time.Parse(time.RFC3339, w.found.cursor); err != nil || at.After(time.Now()) {
		t.Errorf("the cursor is at %s", w.found.cursor)
	}
}

func TestFirstPollOfNothingKeepsACursor(t *testing.T) {
	w := newWorld(t, nil)
	w.clock.at.Store(time.Now().Unix())
	w.poll(t)
	if w.found.cursor == "" || len(w.found.events) != 0 {
		t.Fatalf("cursor %q, %d events", w.found.cursor, len(w.found.events))
	}
	w.push(1)
	if err := w.Merge(1, "admin"); err != nil {
		t.Fatal(err)
	}
	w.poll(t)
	w.expect(t, gerrit.PatchsetCreated, 1)
	w.expect(t, gerrit.ChangeMerged, 1)
}

func TestQuietPollHandsOnNothing(t *testing.T) {
	w := newWorld(t, nil)
	w.begun()
	w.poll(t)
	if w.found.pages != 0 {
		t.Errorf("%d pages", w.found.pages)
	}
}

func TestPollShowsAChangeThatBecameVisible(t *testing.T) {
	w := newWorld(t, nil)
	hidden := w.Push(gerrittest.Push{Project: "demo", Subject: "Hidden", Private: true})
	w.clock.advance(10 * time.Hour)
	w.begun()
	w.poll(t)
	w.expect(t, gerrit.PatchsetCreated, 0)
	w.SetPrivate(hidden.Change, false)
	w.poll(t)
	w.expect(t, gerrit.PatchsetCreated, 1)
}

func TestPollHalvesPagesThatAreTooLarge(t *testing.T) {
	w := newWorld(t, nil)
	w.begun()
	w.push(8)
	for n := 1; n <= 8; n++ {
		for range 10 {
			w.Comment(n, "alice", strings.Repeat("word ", 1000))
		}
	}
	w.poller.Client.MaxAnswer = 120 << 10 // two changes
	w.poll(t)
	w.expect(t, gerrit.PatchsetCreated, 8)
	w.poller.Client.MaxAnswer = 40 << 10 // less than one
	w.Comment(1, "alice", "again")
	if err := w.poller.Poll(t.Context()); !errors.Is(err, gerrit.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

func TestPollRefusesACursorThatIsNone(t *testing.T) {
	w := newWorld(t, nil)
	w.found.cursor = "yesterday"
	if err := w.poller.Poll(t.Context()); err == nil || !strings.Contains(err.Error(), `"yesterday"`) {
		t.Errorf("got %v", err)
	}
}

func TestQueryLimitsWhatIsPolled(t *testing.T) {
	w := newWorld(t, nil)
	w.begun()
	w.push(1)
	w.Push(gerrittest.Push{Project: "infra/tools/demo", Subject: "Other"})
	w.poller.Query = "project:infra/tools/demo OR project:nosuch"
	w.poll(t)
	w.expect(t, gerrit.PatchsetCreated, 1)
	for _, r := range w.Requests() {
		if q := r.Query.Get("q"); !strings.Contains(q, "(project:infra/tools/demo OR project:nosuch)") || strings.Contains(q, "status:") {
			t.Errorf("asked %q", q)
		}
	}
}

func TestFirstPollOfManyChangesIsBounded(t *testing.T) {
	w := newWorld(t, nil)
	for range 50 {
		w.push(100)
		w.clock.advance(time.Second)
	}
	w.poller.PageSize = 0
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, most := heap(), uint64(0)
	ids := map[int]bool{}
	w.poller.Inbox = acceptFunc(func(_ context.Context, found gerrit.Found) error {
		for _, e := range found.Events {
			ids[e.Change.Number] = true
		}
		if found.Cursor != "" {
			w.found.cursor = found.Cursor
		}
		if len(ids)%1000 == 0 {
			most = max(most, heap())
		}
		return nil
	})
	w.poll(t)
	if len(ids) != 5000 || w.found.cursor == "" {
		t.Errorf("got %d changes, cursor %q", len(ids), w.found.cursor)
	}
	if grown := int64(most) - int64(before); grown > 24<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
}

func TestAllChangesGivesEachOnce(t *testing.T) {
	w := newWorld(t, nil)
	for range 3 {
		w.push(33)
		w.clock.advance(time.Minute)
	}
	var numbers []int
	for c, err := range w.poller.Client.AllChanges(t.Context(), "status:open OR status:merged", gerrit.QueryChangesOpt{N: 7}) {
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, c.ChangeNumber)
	}
	if len(numbers) != 99 || !slices.IsSortedFunc(numbers, func(a, b int) int { return b - a }) {
		t.Errorf("got %d: %d", len(numbers), numbers)
	}
	w.Fail(gerrittest.Fault{})
	for _, err := range w.poller.Client.AllChanges(t.Context(), "status:open", gerrit.QueryChangesOpt{}) {
		if !errors.Is(err, gerrit.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
	}
}
