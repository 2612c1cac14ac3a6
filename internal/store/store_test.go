package store_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"verdict/internal/store"
	"verdict/internal/testservers"
)

// database is an empty one, which several replicas may open.
type database struct {
	name string
	// open opens it once more; on SQLite, which has one process, it gives the store that is open already.
	open func(t *testing.T) *store.Store
}

// onBoth runs a test on SQLite and on PostgreSQL: what holds on the one holds on the other.
func onBoth(t *testing.T, test func(t *testing.T, db database)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		s := openAt(t, "sqlite:"+filepath.Join(t.TempDir(), "verdict.db"))
		test(t, database{"sqlite", func(*testing.T) *store.Store { return s }})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		name := ownDatabase(t)
		test(t, database{"postgres", func(t *testing.T) *store.Store { return openAt(t, name) }})
	})
}

func openAt(t testing.TB, name string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: name})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// ownDatabase makes a PostgreSQL database for one test, and gives its URL.
func ownDatabase(t testing.TB) string { return testservers.OwnPostgres(t).String() }

// must ends the test when err isn't nil.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func get[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		must(t, err)
		return v
	}
}

func event(n int) store.Event {
	return store.Event{
		ID: fmt.Sprintf("event%021d", n), Source: "pulse", Type: "queue/task-failed", RoutingKey: "primary.x",
		TaskID: fmt.Sprintf("task%d", n), State: store.EventReceived, SetHash: "set1", BodyVersion: 1, Body: []byte(`{"a":"\u0000"}`),
	}
}

func action(n int, lane string) store.Action {
	return store.Action{
		ID: fmt.Sprintf("action%020d", n), EventID: event(n).ID, Team: "gfx", Rule: "r", Key: "vote:Verified", Kind: "vote",
		Lane: lane, Server: "main", Change: 7, Patchset: 2, Revision: "abc", Project: "p", Branch: "b", ArgsVersion: 1, Args: []byte(`{}`),
	}
}

// eventually waits until ok; what it waits for comes by the database's clock, or wakes the store.
func eventually(t testing.TB, s *store.Store, ok func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for woken := s.Wake(); !ok(); woken = s.Wake() {
		select {
		case <-woken:
		case <-tick.C:
		case <-deadline:
			t.Fatal("it did not come within 20 s")
		}
	}
}
