package gerrit_test

import (
	"context"
	"fmt"
	"maps"
	"sync/atomic"
	"testing"
	"time"

	"verdict/gerrit"
	"verdict/gerrit/gerrittest"
)

// journal takes what a poller finds, as the store does.
type journal struct {
	cursor string
	events map[string]gerrit.Event // by identity
	pages  int
	most   int   // events on one page
	fail   error // refuses the next page
}

func (j *journal) Cursor(context.Context, string) (string, error) { return j.cursor, nil }

func (j *journal) AcceptChanges(_ context.Context, found gerrit.Found) error {
	if err := j.fail; err != nil {
		j.fail = nil
		return err
	}
	if j.events == nil {
		j.events = map[string]gerrit.Event{}
	}
	for _, e := range found.Events {
		j.events[fmt.Sprintf("%s %d/%d %s%s", e.Type, e.Change.Number, e.Patchset.Number, e.Patchset.Revision, e.Message.ID)] = e
	}
	if found.Cursor != "" {
		j.cursor = found.Cursor
	}
	j.pages++
	j.most = max(j.most, len(found.Events))
	return nil
}

// count tells how many events there are of a type.
func (j *journal) count(kind string) int {
	n := 0
	for e := range maps.Values(j.events) {
		if e.Type == kind {
			n++
		}
	}
	return n
}

// clock is a time that tests set.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(c.at.Load(), 0) }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d / time.Second)) }

// world is a fake Gerrit by a clock, and a poller of it. The clock begins a day
// ago: the Date of answers is the machine's own.
type world struct {
	*gerrittest.Server
	clock  clock
	poller *gerrit.Poller
	found  *journal
}

func newWorld(t *testing.T, onRequest func(gerrittest.Request)) *world {
	t.Helper()
	w := &world{found: &journal{}}
	w.clock.at.Store(time.Now().Add(-24 * time.Hour).Unix())
	w.Server = gerrittest.NewServer(gerrittest.Config{Clock: w.clock.now, OnRequest: onRequest})
	t.Cleanup(w.Close)
	client := gerrit.NewClient(w.URL(), gerrit.BasicAuth("ci-bot", password))
	w.poller = &gerrit.Poller{Client: client, Server: "main", PageSize: 10, Cursors: w.found, Inbox: w.found}
	return w
}

func (w *world) push(n int) {
	for i := range n {
		w.Push(gerrittest.Push{Project: "demo", Subject: fmt.Sprintf("Number %d", i), Files: map[string]string{"a": "1"}})
	}
}

func (w *world) poll(t *testing.T) {
	t.Helper()
	if err := w.poller.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// begun sets the cursor as if it had been polled at the clock's time.
func (w *world) begun() { w.found.cursor = w.clock.now().UTC().Format(time.RFC3339) }

func (w *world) expect(t *testing.T, kind string, want int) {
	t.Helper()
	if got := w.found.count(kind); got != want {
		t.Errorf("got %d %s, want %d", got, kind, want)
	}
}
