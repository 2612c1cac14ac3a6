package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"verdict/internal/store"
)

// claim takes the one lane that is due.
func claim(t *testing.T, s *store.Store, lease time.Duration) store.Lane {
	t.Helper()
	lane := get[*store.Lane](t)(s.ClaimLane(t.Context(), "me", lease))
	if lane == nil {
		t.Fatal("no lane is due")
	}
	return *lane
}

func wantNoLane(t *testing.T, s *store.Store, why string) {
	t.Helper()
	if lane := get[*store.Lane](t)(s.ClaimLane(t.Context(), "me", time.Hour)); lane != nil {
		t.Fatalf("lane %s is due, though %s", lane.ID, why)
	}
}

func TestAnActionGoesItsWholeWay(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		a := action(1, "main~7")
		must(t, s.AddActions(ctx, []store.Action{a}))
		lane := claim(t, s, time.Hour)
		wantNoLane(t, s, "it is claimed")
		if d := lane.Until.Sub(lane.Now); d < 59*time.Minute || d > 61*time.Minute {
			t.Errorf("the lease lasts %s, want an hour", d)
		}
		must(t, s.RenewLane(ctx, &lane, 2*time.Hour))
		if d := lane.Until.Sub(lane.Now); d < 119*time.Minute {
			t.Errorf("renewed, the lease lasts %s, want two hours", d)
		}
		must(t, s.StartActions(ctx, lane, []store.Start{{ActionID: a.ID, Args: []byte(`{"frozen":1}`), LastMessage: "m1", Timeout: time.Minute}}))
		running := get[[]store.Action](t)(s.LaneActions(ctx, lane))[0]
		if running.State != store.ActionRunning || running.Attempts != 1 || string(running.Args) != `{"frozen":1}` || running.LastMessage != "m1" ||
			running.Deadline.Sub(running.Started) < 59*time.Second {
			t.Errorf("started: %+v", running)
		}
		effects := store.Effects{
			Server: "main", Change: 7, TagsAdded: []string{"ci-failed", "x"},
			Posted: []store.Posted{{Server: "main", Change: 7, Revision: "abc", Label: "Verified", Value: -1, Signature: "s"}},
			Links:  []store.Link{{Kind: "task", ID: "t", Server: "main", Change: 7, By: "gfx/r"}},
		}
		must(t, s.FinishActions(ctx, lane, []store.Outcome{{ActionID: a.ID, State: store.ActionDone, Result: []byte(`{"message":"m2"}`)}}, effects))
		must(t, s.FinishActions(ctx, lane, nil, store.Effects{Server: "main", Change: 7, TagsGone: []string{"x"}}))
		must(t, s.ReleaseLane(ctx, lane, -1))
		wantNoLane(t, s, "all is done")
		done := get[store.Action](t)(s.Action(ctx, a.ID[:24]))
		if done.State != store.ActionDone || string(done.Result) != `{"message":"m2"}` || done.Done.IsZero() {
			t.Errorf("done: %+v", done)
		}
		if tags := get[[]string](t)(s.OwnTags(ctx, "main", 7)); len(tags) != 1 || tags[0] != "ci-failed" {
			t.Errorf("own tags %q, want ci-failed", tags)
		}
		if posted := get[[]store.Posted](t)(s.PostedVotes(ctx, "main", 7)); len(posted) != 1 || posted[0] != effects.Posted[0] {
			t.Errorf("posted %+v, want %+v", posted, effects.Posted)
		}
		if _, ok, err := s.Link(ctx, "task", "t"); !ok || err != nil {
			t.Errorf("the link is not there: %v", err)
		}
	})
}

func TestAnActionThatIsKnownStaysAsItIs(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		a := action(1, "main~7")
		must(t, s.AddActions(ctx, []store.Action{a, a}))
		lane := claim(t, s, time.Hour)
		must(t, s.FinishActions(ctx, lane, []store.Outcome{{ActionID: a.ID, State: store.ActionDone}}, store.Effects{}))
		must(t, s.ReleaseLane(ctx, lane, -1))
		renamed := a
		renamed.ID = "another" // of the same event, rule and key
		must(t, s.AddActions(ctx, []store.Action{a, renamed}))
		wantNoLane(t, s, "nothing new was added")
		if all := get[[]store.Action](t)(s.Actions(ctx, store.Filter{})); len(all) != 1 || all[0].State != store.ActionDone {
			t.Errorf("%+v, want the one that was done", all)
		}
	})
}

func TestEveryWriteUnderALaneThatWasTakenOverIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		a := action(1, "main~7")
		must(t, s.AddActions(ctx, []store.Action{a}))
		lost := claim(t, s, time.Millisecond)
		must(t, s.StartActions(ctx, lost, []store.Start{{ActionID: a.ID, Timeout: time.Hour}}))
		var taken *store.Lane
		eventually(t, s, func() bool {
			taken = get[*store.Lane](t)(s.ClaimLane(ctx, "me", time.Hour)) // the same name: a replica that came back
			return taken != nil
		})
		if taken.Epoch <= lost.Epoch {
			t.Errorf("epoch %d after %d", taken.Epoch, lost.Epoch)
		}
		if found := get[[]store.Action](t)(s.LaneActions(ctx, *taken)); len(found) != 1 || found[0].State != store.ActionRunning || !found[0].Deadline.After(taken.Now) {
			t.Errorf("found %+v, want one that runs until its deadline", found)
		}
		renewed := lost
		for what, err := range map[string]error{
			"renew":   s.RenewLane(ctx, &renewed, time.Hour),
			"start":   s.StartActions(ctx, lost, []store.Start{{ActionID: a.ID}}),
			"finish":  s.FinishActions(ctx, lost, []store.Outcome{{ActionID: a.ID, State: store.ActionDone}}, store.Effects{}),
			"effects": s.FinishActions(ctx, lost, nil, store.Effects{Server: "main", Change: 7, TagsAdded: []string{"x"}}),
			"release": s.ReleaseLane(ctx, lost, -1),
		} {
			if !errors.Is(err, store.ErrLeaseLost) {
				t.Errorf("%s: %v, want ErrLeaseLost", what, err)
			}
		}
		if tags := get[[]string](t)(s.OwnTags(ctx, "main", 7)); len(tags) != 0 {
			t.Errorf("own tags %q", tags)
		}
		must(t, s.ReleaseLane(ctx, *taken, -1))
		if err := s.ReleaseLane(ctx, *taken, -1); !errors.Is(err, store.ErrLeaseLost) {
			t.Errorf("released twice: %v", err)
		}
		wantNoLane(t, s, "what runs in it has an hour")
	})
}

func TestALaneIsDueWhenTheFirstOfItsOpenActionsIs(t *testing.T) {
	hour, now := time.Hour, time.Duration(0)
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		for n, c := range []struct {
			what     string
			outcomes []store.Outcome
			next     time.Duration
			due      bool
		}{
			{"both are done", []store.Outcome{{State: store.ActionDone}, {State: store.ActionDead}}, -1, false},
			{"both are done, and the server is away", []store.Outcome{{State: store.ActionDone}, {State: store.ActionCancelled}}, now, false},
			{"one waits for its next attempt", []store.Outcome{{State: store.ActionDone}, {State: store.ActionRetrying, RetryIn: hour}}, -1, false},
			{"one retries at once", []store.Outcome{{State: store.ActionRetrying, RetryIn: hour}, {State: store.ActionRetrying}}, -1, true},
			{"one waits for neighbours", []store.Outcome{{State: store.ActionPending, RetryIn: hour}, {State: store.ActionDone}}, -1, false},
			{"one waits for approval", []store.Outcome{{State: store.ActionWaiting}, {State: store.ActionSuperseded}}, -1, false},
			{"nothing was tried", nil, -1, true},
			{"the server is away", nil, hour, false},
			{"the server is back", nil, now, true},
		} {
			id := fmt.Sprintf("main~%d", n)
			one, two := action(2*n, id), action(2*n+1, id)
			must(t, s.AddActions(ctx, []store.Action{one, two}))
			lane := claim(t, s, time.Hour)
			for i := range c.outcomes {
				c.outcomes[i].ActionID = []string{one.ID, two.ID}[i]
			}
			must(t, s.FinishActions(ctx, lane, c.outcomes, store.Effects{}))
			must(t, s.ReleaseLane(ctx, lane, c.next))
			again := get[*store.Lane](t)(s.ClaimLane(ctx, "me", time.Hour))
			if (again != nil) != c.due {
				t.Errorf("%s: lane %+v, want one: %t", c.what, again, c.due)
			}
		}
	})
}

func TestLanesOfAServerAreLeftAloneWhereAsked(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		// The names tell them apart whole: one begins with another, and a capital is another letter.
		must(t, s.AddActions(ctx, []store.Action{action(1, "main~7"), action(2, "main-2~7")}))
		if lane := get[*store.Lane](t)(s.ClaimLane(ctx, "me", time.Hour, "main", "main-2")); lane != nil {
			t.Errorf("claimed %s, want none", lane.ID)
		}
		for _, want := range []struct{ except, lane string }{{"main", "main-2~7"}, {"Main", "main~7"}} {
			if lane := get[*store.Lane](t)(s.ClaimLane(ctx, "me", time.Hour, want.except)); lane == nil || lane.ID != want.lane {
				t.Errorf("except %s: claimed %+v, want %s", want.except, lane, want.lane)
			}
		}
	})
}

func TestAddingAnActionBringsItsLaneForward(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		later, waiting := action(1, "main~7"), action(2, "main~7")
		later.Due = get[time.Time](t)(s.Now(ctx)).Add(time.Hour)
		waiting.State = store.ActionWaiting
		must(t, s.AddActions(ctx, []store.Action{later, waiting}))
		wantNoLane(t, s, "its action is due in an hour")
		soon := action(3, "main~7")
		soon.Due = get[time.Time](t)(s.Now(ctx)).Add(30 * time.Millisecond)
		must(t, s.AddActions(ctx, []store.Action{soon}))
		var lane *store.Lane
		eventually(t, s, func() bool {
			lane = get[*store.Lane](t)(s.ClaimLane(ctx, "me", time.Hour))
			return lane != nil
		})
		if lane.Now.Before(soon.Due.Truncate(time.Millisecond)) {
			t.Errorf("claimed at %s, before it was due at %s", lane.Now, soon.Due)
		}
		if open := get[[]store.Action](t)(s.LaneActions(ctx, *lane)); len(open) != 2 || open[0].ID != later.ID || open[1].ID != soon.ID || open[0].Seq >= open[1].Seq {
			t.Errorf("open: %+v", open)
		}
	})
}

func TestAnActionAddedWhileItsLaneIsReleasedIsNotForgotten(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		other := db.open(t)
		must(t, s.AddActions(ctx, []store.Action{action(0, "main~7")}))
		for n := 1; n <= 60; n++ {
			lane := claim(t, s, time.Hour)
			var outcomes []store.Outcome
			for _, a := range get[[]store.Action](t)(s.LaneActions(ctx, lane)) {
				outcomes = append(outcomes, store.Outcome{ActionID: a.ID, State: store.ActionDone})
			}
			must(t, s.FinishActions(ctx, lane, outcomes, store.Effects{}))
			var g errgroup.Group
			g.Go(func() error { return s.ReleaseLane(ctx, lane, -1) })
			g.Go(func() error { return other.AddActions(ctx, []store.Action{action(n, "main~7")}) })
			must(t, g.Wait())
		}
	})
}

// crowd is some replicas that work on lanes until all actions are done. Now and then one forgets the lane it has:
// it died.
type crowd struct {
	ends  sync.Map // lane → *sync.Mutex, held from before an action's end is stored until it is noted
	mu    sync.Mutex
	order map[string][]int64 // lane → the seqs in the order in which they were done
	begun map[string]int     // action → attempts
}

func (c *crowd) work(ctx context.Context, s *store.Store, holder string) error {
	for {
		woken := s.Wake()
		lane, err := s.ClaimLane(ctx, holder, 150*time.Millisecond)
		if err != nil {
			return err
		}
		if lane != nil {
			if err := c.lane(ctx, s, *lane); err != nil && !errors.Is(err, store.ErrLeaseLost) {
				return err
			}
			continue
		}
		counts, err := s.Counts(ctx)
		if err != nil || counts.Actions[store.ActionPending]+counts.Actions[store.ActionRunning]+counts.Actions[store.ActionRetrying] == 0 {
			return err
		}
		select {
		case <-woken:
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (c *crowd) lane(ctx context.Context, s *store.Store, lane store.Lane) error {
	actions, err := s.LaneActions(ctx, lane)
	if err != nil {
		return err
	}
	for _, a := range actions {
		if err := s.StartActions(ctx, lane, []store.Start{{ActionID: a.ID}}); err != nil {
			return err
		}
		if rand.IntN(50) == 0 {
			return nil // died
		}
		o := store.Outcome{ActionID: a.ID, State: store.ActionDone}
		if rand.IntN(20) == 0 {
			o.State = store.ActionRetrying
			if err := s.FinishActions(ctx, lane, []store.Outcome{o}, store.Effects{}); err != nil {
				return err
			}
			break // in this crowd the others wait for it
		}
		if err := c.end(ctx, s, lane, a, o); err != nil {
			return err
		}
	}
	return s.ReleaseLane(ctx, lane, -1)
}

// end stores that an action is done, and notes it. Who took the lane since, from one that was slow, notes later.
func (c *crowd) end(ctx context.Context, s *store.Store, lane store.Lane, a store.Action, o store.Outcome) error {
	turn, _ := c.ends.LoadOrStore(lane.ID, new(sync.Mutex))
	turn.(*sync.Mutex).Lock()
	defer turn.(*sync.Mutex).Unlock()
	if err := s.FinishActions(ctx, lane, []store.Outcome{o}, store.Effects{}); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.order[lane.ID] = append(c.order[lane.ID], a.Seq)
	c.begun[a.ID]++
	return nil
}

func TestACrowdOfReplicasDoesEachActionOnceAndInOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		const lanes, each, replicas = 12, 15, 3
		s := db.open(t)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		c := &crowd{order: map[string][]int64{}, begun: map[string]int{}}
		must(t, s.AddActions(ctx, []store.Action{action(0, "main~0")}))
		g, ctx := errgroup.WithContext(ctx)
		g.Go(func() error {
			for n := 1; n < lanes*each; n++ {
				if err := s.AddActions(ctx, []store.Action{action(n, fmt.Sprintf("main~%d", n%lanes))}); err != nil {
					return err
				}
			}
			return nil
		})
		for r := range replicas {
			replica := db.open(t)
			for w := range 2 {
				g.Go(func() error { return c.work(ctx, replica, fmt.Sprintf("r%d.%d", r, w)) })
			}
		}
		must(t, g.Wait())
		must(t, c.work(t.Context(), s, "last")) // a worker may have left while nothing was open yet
		if len(c.begun) != lanes*each {
			t.Errorf("%d actions were done, want %d", len(c.begun), lanes*each)
		}
		for id, n := range c.begun {
			if n != 1 {
				t.Errorf("action %s was done %d times", id, n)
			}
		}
		for lane, order := range c.order {
			for i := 1; i < len(order); i++ {
				if order[i] <= order[i-1] {
					t.Errorf("lane %s: %v is out of order", lane, order)
					break
				}
			}
		}
	})
}

func TestReplicasWakeEachOther(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		one, two, ctx := db.open(t), db.open(t), t.Context()
		for _, step := range []struct {
			what string
			do   func() error
		}{
			{"an event", func() error { _, err := one.Accept(ctx, store.Intake{Events: []store.Event{event(1)}}); return err }},
			{"an action", func() error { return one.AddActions(ctx, []store.Action{action(1, "main~7")}) }},
			{"a retry", func() error { return one.RetryEvent(ctx, event(1).ID) }},
		} {
			woken := two.Wake()
			must(t, step.do())
			select {
			case <-woken:
			case <-time.After(20 * time.Second):
				t.Errorf("%s woke nobody", step.what)
			}
		}
	})
}
