package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"verdict/internal/store"
)

func seen(change int, version int64, name string) store.SeenChange {
	return store.SeenChange{Server: "main", Change: change, Version: version, Name: name, State: store.SeenOpen, Body: []byte(`{"of":"` + name + `"}`)}
}

func TestWhatWasSeenIsStoredWithItsEvents(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s := db.open(t)
		ctx := t.Context()
		intake := store.Intake{
			Events: []store.Event{event(1)}, Cursors: []store.Cursor{{Name: "gerrit/main", Value: "now"}},
			Seen: []store.SeenChange{seen(7, 0, "a"), seen(8, 0, "b")},
		}
		if added := get[int](t)(s.Accept(ctx, intake)); added != 1 {
			t.Errorf("%d events added, want 1", added)
		}
		got := get[[]store.SeenChange](t)(s.SeenChanges(ctx, "main", []int{7, 8, 9}))
		slices.SortFunc(got, func(a, b store.SeenChange) int { return a.Change - b.Change })
		if len(got) != 2 || got[0].Name != "a" || got[0].Version != 1 || string(got[1].Body) != `{"of":"b"}` || got[1].State != store.SeenOpen {
			t.Errorf("seen: %+v", got)
		}
		if others := get[[]store.SeenChange](t)(s.SeenChanges(ctx, "other", []int{7})); len(others) != 0 {
			t.Errorf("another server's: %+v", others)
		}
	})
}

// What led to a refused look is older than what is stored, so neither its events nor its cursor are.
func TestALookThatCameTooLateStoresNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s := db.open(t)
		ctx := t.Context()
		get[int](t)(s.Accept(ctx, store.Intake{Seen: []store.SeenChange{seen(7, 0, "a")}}))
		get[int](t)(s.Accept(ctx, store.Intake{Seen: []store.SeenChange{seen(7, 1, "b")}}))
		for _, version := range []int64{0, 1, 3} {
			late := store.Intake{
				Events: []store.Event{event(1)}, Cursors: []store.Cursor{{Name: "c", Value: "moved"}},
				Seen: []store.SeenChange{seen(9, 0, "z"), seen(7, version, "late")},
			}
			if _, err := s.Accept(ctx, late); !errors.Is(err, store.ErrMoved) {
				t.Errorf("version %d: got %v, want ErrMoved", version, err)
			}
		}
		if got := get[[]store.SeenChange](t)(s.SeenChanges(ctx, "main", []int{7, 9})); len(got) != 1 || got[0].Name != "b" || got[0].Version != 2 {
			t.Errorf("seen: %+v", got)
		}
		if cursor := get[string](t)(s.Cursor(ctx, "c")); cursor != "" {
			t.Errorf("the cursor is at %q", cursor)
		}
		if added := get[int](t)(s.Accept(ctx, store.Intake{Events: []store.Event{event(1)}})); added != 1 {
			t.Error("the event of a refused look was stored")
		}
	})
}

func TestOfTwoLooksAtOnceOneIsStored(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		replicas := []*store.Store{db.open(t), db.open(t)}
		const rounds = 20
		var wg sync.WaitGroup
		var mu sync.Mutex
		stored := map[int64]int{}
		for n := range 4 {
			wg.Go(func() {
				s := replicas[n%2]
				for {
					version := int64(0)
					for _, c := range get[[]store.SeenChange](t)(s.SeenChanges(t.Context(), "main", []int{7})) {
						version = c.Version
					}
					if version == rounds {
						return
					}
					switch _, err := s.Accept(t.Context(), store.Intake{Seen: []store.SeenChange{seen(7, version, fmt.Sprint(n))}}); {
					case err == nil:
						mu.Lock()
						stored[version]++
						mu.Unlock()
					case !errors.Is(err, store.ErrMoved):
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		for version := range int64(rounds) {
			if stored[version] != 1 {
				t.Errorf("%d looks were stored on version %d", stored[version], version)
			}
		}
	})
}

func TestOpenSeenGivesThemInOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s := db.open(t)
		var all []store.SeenChange
		for n := range 25 {
			c := seen(100-n, 0, "x")
			if n%5 == 0 {
				c.State = store.SeenClosed
			}
			all = append(all, c)
		}
		all[1].State = store.SeenGone
		get[int](t)(s.Accept(t.Context(), store.Intake{Seen: all}))
		var got []int
		for after := 0; ; {
			page := get[[]int](t)(s.OpenSeen(t.Context(), "main", after, 6))
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			after = page[len(page)-1]
		}
		var want []int
		for n := 76; n <= 100; n++ {
			if n%5 != 0 && n != 99 {
				want = append(want, n)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %d, want %d", got, want)
		}
	})
}

func TestPruneForgetsChangesThatAreOver(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s := db.open(t)
		closed, gone := seen(8, 0, "c"), seen(9, 0, "g")
		closed.State, gone.State = store.SeenClosed, store.SeenGone
		get[int](t)(s.Accept(t.Context(), store.Intake{Seen: []store.SeenChange{seen(7, 0, "o"), closed, gone}}))
		prune := func(keep time.Duration) (left int) {
			_, _, err := s.Prune(context.WithoutCancel(t.Context()), store.Retention{Events: keep})
			must(t, err)
			return len(get[[]store.SeenChange](t)(s.SeenChanges(t.Context(), "main", []int{7, 8, 9})))
		}
		if left := prune(time.Hour); left != 3 {
			t.Errorf("%d are left of 3 that are young", left)
		}
		eventually(t, s, func() bool { return prune(time.Millisecond) == 1 })
	})
}

func TestPruneForgetsWhatIsAboutForgottenChangesAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		open, forgotten := waiting("g-open", "gfx", "r7", 1, 1), waiting("g-forgotten", "gfx", "r8", 1, 1)
		forgotten.Change = 8
		decided(t, s, 1, store.Verdict{
			Awaited:   []store.Awaited{open, forgotten},
			OkToTests: []store.OkToTest{{Server: "main", Change: 7, Revision: "r7", Account: 1}, {Server: "main", Change: 8, Revision: "r8", Account: 1}},
		})
		must(t, s.AddActions(ctx, []store.Action{action(1, "main~7")}))
		lane := claim(t, s, time.Hour)
		must(t, s.FinishActions(ctx, lane, []store.Outcome{{ActionID: action(1, "").ID, State: store.ActionDone}}, store.Effects{Reported: []store.Reported{
			{Server: "main", Change: 7, Revision: "r7", Team: "gfx", Rule: "v", Label: "L", Tasks: []byte(`{}`)},
			{Server: "main", Change: 8, Revision: "r8", Team: "gfx", Rule: "v", Label: "L", Tasks: []byte(`{}`)},
		}}))
		get[int](t)(s.Accept(ctx, store.Intake{Seen: []store.SeenChange{seen(7, 0, "o")}}))
		left := func(change int) [3]int {
			return [3]int{
				len(get[[]store.Awaited](t)(s.AwaitedOn(ctx, "main", change))),
				len(get[[]store.OkToTest](t)(s.OkToTests(ctx, "main", change, fmt.Sprintf("r%d", change)))),
				len(get[[]store.Reported](t)(s.Reported(ctx, "main", change))),
			}
		}
		prune := func(keep time.Duration) {
			_, _, err := s.Prune(context.WithoutCancel(ctx), store.Retention{Events: keep})
			must(t, err)
		}
		prune(0)
		prune(time.Hour)
		all, none := [3]int{1, 1, 1}, [3]int{}
		if got := left(8); got[1] != 1 || got[2] != 1 {
			t.Errorf("of a change that is forgotten %v are left an hour before their time, want its release and its report", got)
		}
		eventually(t, s, func() bool { prune(time.Millisecond); return left(8) == none })
		if left(7) != all {
			t.Errorf("of an open change %v are left, want all", left(7))
		}
	})
}
