package store_test

import (
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"verdict/internal/store"
)

// hears decides event n: something was heard of group g, which is looked at so long after now.
func hears(t *testing.T, s *store.Store, n int, body string, after time.Duration) {
	t.Helper()
	decided(t, s, n, store.Verdict{Heard: []store.HeardGroup{{GroupID: "g", After: after, BodyVersion: 1, Body: []byte(body)}}})
}

// looked is the event of a look, which tells what the group was.
func looked(into *[]store.GroupState) func(store.GroupState) store.Event {
	return func(g store.GroupState) store.Event {
		*into = append(*into, g)
		ev := event(900 + len(*into))
		ev.GroupID = g.GroupID
		return ev
	}
}

func TestWhatIsHeardOfAGroupIsOneLook(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		hears(t, s, 1, "one", time.Hour)
		if n := get[int](t)(s.WakeGroups(ctx, 10, looked(&[]store.GroupState{}))); n != 0 {
			t.Fatalf("%d looks an hour early", n)
		}
		hears(t, s, 2, "two", 0)
		hears(t, s, 3, "three", time.Hour)
		var looks []store.GroupState
		if n := get[int](t)(s.WakeGroups(ctx, 10, looked(&looks))); n != 1 || string(looks[0].Body) != "three" || !looks[0].Heard || looks[0].Since.IsZero() || looks[0].Due.IsZero() {
			t.Fatalf("%d looks: %+v; want one, with what was heard last", n, looks)
		}
		if n := get[int](t)(s.WakeGroups(ctx, 10, looked(&looks))); n != 0 {
			t.Errorf("%d looks more", n)
		}
		ev := claimOne(t, s, time.Hour)
		if ev.GroupID != "g" {
			t.Fatalf("claimed %+v, want the look", ev)
		}
		// While it is looked at, something is heard: what the look found doesn't take that away.
		hears(t, s, 4, "four", 0)
		now := get[time.Time](t)(s.Now(ctx))
		state := store.GroupState{GroupID: "g", Hash: "h", Generation: 1, Since: now, Stuck: true, Due: now.Add(time.Hour)}
		must(t, s.FinishEvent(ctx, store.Verdict{Event: ev, State: store.EventUnmatched, Groups: []store.GroupState{state}}))
		g, ok, err := s.Group(ctx, "g")
		if err != nil || !ok || g.Hash != "h" || g.Generation != 1 || !g.Stuck || g.Settled || !g.Since.Equal(now.Truncate(time.Millisecond)) || g.Due.After(now.Add(time.Minute)) || !g.Heard {
			t.Errorf("the group is %+v, %t, %v", g, ok, err)
		}
		looks = nil
		if n := get[int](t)(s.WakeGroups(ctx, 10, looked(&looks))); n != 1 || string(looks[0].Body) != "four" {
			t.Errorf("%d looks: %+v; want one, of what was heard meanwhile", n, looks)
		}
	})
}

func TestAGroupThatNobodyNeedLookAtKeepsNoMessage(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		hears(t, s, 1, "one", 0)
		get[int](t)(s.WakeGroups(ctx, 10, looked(&[]store.GroupState{})))
		state := store.GroupState{GroupID: "g", Hash: "h", Generation: 1, Due: get[time.Time](t)(s.Now(ctx)).Add(time.Hour)}
		must(t, s.FinishEvent(ctx, store.Verdict{Event: claimOne(t, s, time.Hour), State: store.EventDecided, Groups: []store.GroupState{state}}))
		if g, _, err := s.Group(ctx, "g"); err != nil || string(g.Body) != "one" || g.Heard {
			t.Errorf("while it is watched: %+v, %v", g, err)
		}
		decided(t, s, 2, store.Verdict{Groups: []store.GroupState{{GroupID: "g", Hash: "h2", Generation: 2, Settled: true}}})
		if g, _, err := s.Group(ctx, "g"); err != nil || g.Due.IsZero() || string(g.Body) != "one" {
			t.Errorf("a look that is due was taken away: %+v, %v", g, err)
		}
	})
}

func TestReplicasWakeEachGroupOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		const groups = 40
		s := db.open(t)
		var heard []store.HeardGroup
		for n := range groups {
			heard = append(heard, store.HeardGroup{GroupID: action(n, "x").ID})
		}
		decided(t, s, 1, store.Verdict{Heard: heard})
		var mu sync.Mutex
		woken, n := map[string]int{}, 100
		var g errgroup.Group
		for range 3 {
			replica := db.open(t)
			g.Go(func() error {
				for {
					got, err := replica.WakeGroups(t.Context(), 7, func(g store.GroupState) store.Event {
						mu.Lock()
						defer mu.Unlock()
						n++
						ev := event(n)
						ev.GroupID = g.GroupID
						return ev
					})
					if err != nil || got == 0 {
						return err
					}
				}
			})
		}
		must(t, g.Wait())
		for _, ev := range get[[]store.Event](t)(s.ClaimEvents(t.Context(), "me", 1000, time.Hour)) {
			woken[ev.GroupID]++
		}
		for _, h := range heard {
			if woken[h.GroupID] != 1 {
				t.Errorf("group %s was woken %d times", h.GroupID, woken[h.GroupID])
			}
		}
	})
}

// TestAReplicaThatFreezesInATransactionKeepsNothingFromTheOthers: its rows are free again within seconds, and when it
// wakes it writes nothing.
func TestAReplicaThatFreezesInATransactionKeepsNothingFromTheOthers(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		if db.name == "sqlite" {
			return // one process, whose file is free when it ends
		}
		ctx := t.Context()
		frozen, other := db.open(t), db.open(t)
		decided(t, other, 1, store.Verdict{Heard: []store.HeardGroup{{GroupID: "g", BodyVersion: 1, Body: []byte(`{}`)}}})
		begun, wake, woken := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		go func() {
			_, err := frozen.WakeGroups(ctx, 10, func(g store.GroupState) store.Event {
				close(begun)
				<-wake
				return event(2)
			})
			woken <- err
		}()
		<-begun
		eventually(t, other, func() bool {
			return get[int](t)(other.WakeGroups(ctx, 10, func(store.GroupState) store.Event { return event(3) })) == 1
		})
		close(wake)
		if err := <-woken; err == nil {
			t.Error("it wrote when it woke, want an error: others went on meanwhile")
		}
		if _, err := other.Event(ctx, event(2).ID); err == nil {
			t.Error("its event is there")
		}
	})
}
