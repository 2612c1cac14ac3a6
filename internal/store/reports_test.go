package store_test

import (
	"slices"
	"testing"
	"time"

	"verdict/internal/store"
)

func waiting(group, team, revision string, patchset int, begun int64) store.Awaited {
	return store.Awaited{GroupID: group, Team: team, Server: "main", Change: 7, Patchset: patchset, Revision: revision, Project: "p", Branch: "b", Begun: begun}
}

// Whatever comes first, the beginning of a group's generation or that a later one was decided, a report waits while the
// latest that began is later than the latest that was decided.
func TestAReportWaitsUntilTheLatestGenerationIsDecided(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		n := 0
		step := func(v store.Verdict) { n++; decided(t, s, n, v) }
		waits := func(want ...string) {
			t.Helper()
			var got []string
			for _, a := range get[[]store.Awaited](t)(s.AwaitedOn(ctx, "main", 7)) {
				if a.Waits() {
					got = append(got, a.Team+"/"+a.GroupID+"/"+a.Revision)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("waiting are %q, want %q", got, want)
			}
			if now := get[[]store.Awaited](t)(s.AwaitedNow(ctx)); len(now) != len(want) {
				t.Errorf("%d wait now, want %d", len(now), len(want))
			}
		}
		step(store.Verdict{Awaited: []store.Awaited{waiting("g", "gfx", "r1", 1, 1), waiting("g", "audio", "r1", 1, 1)}})
		waits("audio/g/r1", "gfx/g/r1")
		step(store.Verdict{Settled: []store.SettledGroup{{GroupID: "g", Generation: 3}}})
		waits()
		step(store.Verdict{Awaited: []store.Awaited{waiting("g", "gfx", "r1", 1, 2)}}) // late
		waits()
		step(store.Verdict{Awaited: []store.Awaited{waiting("g", "gfx", "r1", 1, 4)}})
		waits("gfx/g/r1")
		step(store.Verdict{Settled: []store.SettledGroup{{GroupID: "g", Generation: 3}}}) // again
		waits("gfx/g/r1")
		step(store.Verdict{Kept: []store.Carry{{Server: "main", Change: 7, Patchset: 2, From: "r1", To: "r2"}}})
		waits("gfx/g/r1", "gfx/g/r2")
		step(store.Verdict{Settled: []store.SettledGroup{{GroupID: "g", Generation: 5}}})
		waits()
		step(store.Verdict{Awaited: []store.Awaited{waiting("g", "gfx", "r3", 3, 5)}}) // carried when it had settled
		waits()
		if of := get[[]store.Awaited](t)(s.AwaitedGroup(ctx, "g")); len(of) != 5 || of[len(of)-1].Revision != "r3" {
			t.Errorf("the group counts for %+v, want five, the latest patchset last", of)
		}
	})
}

func TestWhatWasReportedIsKept(t *testing.T) {
	onBoth(t, func(t *testing.T, db database) {
		s, ctx := db.open(t), t.Context()
		said := store.Reported{
			Server: "main", Change: 7, Patchset: 2, Revision: "r2", Team: "gfx", Rule: "verdict", Label: "Verified", Project: "p", Branch: "b",
			Outcome: "fail x", Tasks: []byte(`{"a":"fail"}`), Failed: true,
		}
		n := 0
		write := func(r store.Reported) {
			n++
			must(t, s.AddActions(ctx, []store.Action{action(n, "main~7")}))
			lane := claim(t, s, time.Hour)
			must(t, s.FinishActions(ctx, lane, []store.Outcome{{ActionID: action(n, "").ID, State: store.ActionDone}}, store.Effects{Reported: []store.Reported{r}}))
			must(t, s.ReleaseLane(ctx, lane, -1))
		}
		write(said)
		passed := said
		passed.Outcome, passed.Tasks, passed.Failed = "pass y", []byte(`{"a":"pass"}`), false
		write(passed)
		got := get[[]store.Reported](t)(s.Reported(ctx, "main", 7))
		if len(got) != 1 || got[0].Outcome != "pass y" || string(got[0].Tasks) != `{"a":"pass"}` || !got[0].Failed {
			t.Errorf("kept is %+v, want the last outcome, and that there was a failure", got)
		}
		closed := func() int {
			rows, seen, err := s.ReportedClosed(ctx, "main", "p", "b", 10)
			if err != nil || len(rows) != len(seen) {
				t.Fatalf("%+v, %+v, %v", rows, seen, err)
			}
			return len(rows)
		}
		if n := closed(); n != 0 {
			t.Errorf("%d reports on closed changes, want none: nothing is known of the change", n)
		}
		get[int](t)(s.Accept(ctx, store.Intake{Seen: []store.SeenChange{{Server: "main", Change: 7, Name: "m", State: store.SeenOpen, Body: []byte(`{}`)}}}))
		if n := closed(); n != 0 {
			t.Errorf("%d reports on closed changes, want none: it is open", n)
		}
		get[int](t)(s.Accept(ctx, store.Intake{Seen: []store.SeenChange{{Server: "main", Change: 7, Version: 1, Name: "m", State: store.SeenClosed, Body: []byte(`{}`)}}}))
		if n := closed(); n != 1 {
			t.Errorf("%d reports on closed changes, want one", n)
		}
	})
}
