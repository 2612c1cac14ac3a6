package deliver_test

import (
	"errors"
	"testing"
	"time"

	"verdict/gerrit/gerrittest"
	"verdict/internal/store"
	"verdict/pulse"
)

var build = map[string]string{"gfx/build.yaml": buildRules}

func TestAFailedTaskVotesOnceAndItsGreenRerunTakesTheVoteBack(t *testing.T) {
	w := newWorld(t, build)
	ps := w.push()
	id := w.task("shaders", ps.Change, 1)
	w.run(id, "failed", "failed")
	told := w.messages()
	w.bring(told...)
	w.bring(told...) // pulse delivers at least once
	w.expect(ps.Change, -1, []string{"ci-failed"}, "shaders failed: failed")
	if err := w.tc.Rerun(id); err != nil {
		t.Fatal(err)
	}
	w.run(id, "completed", "completed")
	later := w.messages()
	w.bring(append(later, told...)...) // and late
	w.expect(ps.Change, 0, nil, "shaders failed: failed")
}

func TestADecisionKeepsTheSetAndTheCommitThatMadeIt(t *testing.T) {
	w := newWorld(t, build)
	ps := w.push()
	id := w.task("shaders", ps.Change, 1)
	w.run(id, "failed", "failed")
	w.bring(w.messages()...)
	events, err := w.store.Events(t.Context(), store.Filter{TaskID: id, MatchedOnly: true})
	if err != nil || len(events) == 0 {
		t.Fatalf("events are %v, %v", events, err)
	}
	made, err := w.store.Decisions(t.Context(), events[0].ID)
	if err != nil || len(made) == 0 || made[0].Commit != "c0ffee" || made[0].SetHash != w.set.Hash() {
		t.Errorf("decisions are %+v, %v", made, err)
	}
}

func TestEveryOrderOfEventsEndsInTheSameVote(t *testing.T) {
	w := newWorld(t, build)
	ps := w.push()
	one, two := w.task("one", ps.Change, 1), w.task("two", ps.Change, 1)
	w.run(one, "failed", "failed")
	w.run(two, "completed", "completed")
	if err := w.tc.Rerun(one); err != nil {
		t.Fatal(err)
	}
	w.run(one, "completed", "completed")
	told := w.messages()
	for i := range told {
		w.bring(told[len(told)-1-i])
	}
	w.expect(ps.Change, 0, nil)
}

func TestAnOutcomeThatNobodyHeardIsNotRepeated(t *testing.T) {
	for name, fault := range map[string]gerrittest.Fault{
		"cut after the effect": {Method: "POST", Path: "/review", Cut: true, AfterEffect: true},
		"503 after the effect": {Method: "POST", Path: "/review", AfterEffect: true},
		"cut before it":        {Method: "POST", Path: "/review", Cut: true},
		"an HTML page":         {Method: "POST", Path: "/review", Page: true, Status: 200},
		"401":                  {Method: "POST", Path: "/review", Status: 401},
		"429":                  {Method: "POST", Path: "/review", Status: 429, RetryAfter: "1"},
		"503 to every read":    {Method: "GET", Path: "/detail", Times: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, build)
			ps := w.push()
			w.gerrit.Fail(fault)
			w.run(w.task("shaders", ps.Change, 1), "failed", "failed")
			w.bring(w.messages()...)
			w.await("done", func() bool { return w.states()[store.ActionDone] == 2 })
			w.expect(ps.Change, -1, []string{"ci-failed"}, "shaders failed")
		})
	}
}

func TestAHashtagWhoseAnswerNobodyHeardIsTakenBackIfItIsOurs(t *testing.T) {
	for name, c := range map[string]struct {
		person bool // somebody takes it off and puts it there again
		left   []string
	}{"ours": {}, "a person's": {true, []string{"ci-failed"}}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, build)
			ps := w.push()
			w.gerrit.Fail(gerrittest.Fault{Method: "POST", Path: "/hashtags", Cut: true, AfterEffect: true})
			id := w.task("shaders", ps.Change, 1)
			w.run(id, "failed", "failed")
			w.bring(w.messages()...)
			w.await("done", func() bool { return w.states()[store.ActionDone] == 2 })
			w.expect(ps.Change, -1, []string{"ci-failed"}, "shaders failed")
			if c.person {
				w.gerrit.SetHashtags(ps.Change, "alice", nil, []string{"ci-failed"})
				w.gerrit.SetHashtags(ps.Change, "alice", []string{"ci-failed"}, nil)
			}
			if err := w.tc.Rerun(id); err != nil {
				t.Fatal(err)
			}
			w.run(id, "completed", "completed")
			w.bring(w.messages()...)
			w.expect(ps.Change, 0, c.left, "shaders failed")
		})
	}
}

func TestAServerInTroubleIsAskedNowAndThenNotByEveryLane(t *testing.T) {
	w := newWorld(t, build)
	const changes = 20
	for range changes {
		ps := w.push()
		w.run(w.task("shaders", ps.Change, 1), "failed", "failed")
	}
	if err := w.inbox.AcceptMessages(t.Context(), w.messages()); err != nil {
		t.Fatal(err)
	}
	for n := 1; n > 0; {
		n, _ = w.decide.Next(t.Context())
	}
	w.gerrit.ForgetRequests()
	w.gerrit.Fail(gerrittest.Fault{Status: 401, Times: -1})
	w.settle()
	if n := len(w.gerrit.Requests()); n > 3 {
		t.Errorf("%d requests at once to a server that refuses our credentials, by %d lanes", n, changes)
	}
	w.gerrit.Heal()
	w.await("delivered", func() bool { return w.states()[store.ActionDone] == 2*changes })
	for change := 1; change <= changes; change++ {
		w.expect(change, -1, []string{"ci-failed"}, "shaders failed")
	}
}

func TestAReplicaThatDiesHoldingALaneIsTakenOver(t *testing.T) {
	w := newWorld(t, build)
	ps := w.push()
	w.run(w.task("shaders", ps.Change, 1), "failed", "failed")
	if err := w.inbox.AcceptMessages(t.Context(), w.messages()); err != nil {
		t.Fatal(err)
	}
	for n := 1; n > 0; {
		var err error
		if n, err = w.decide.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	dead, err := w.store.ClaimLane(t.Context(), "dead", time.Second)
	if err != nil || dead == nil {
		t.Fatalf("claim: %v, %v", dead, err)
	}
	open, err := w.store.LaneActions(t.Context(), *dead)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range open {
		if err := w.store.StartActions(t.Context(), *dead, []store.Start{{ActionID: a.ID, Timeout: 2 * time.Second}}); err != nil {
			t.Fatal(err)
		}
	}
	w.await("taken over", func() bool { return w.states()[store.ActionDone] == 2 })
	w.expect(ps.Change, -1, []string{"ci-failed"}, "shaders failed")
	late := []store.Outcome{{ActionID: open[0].ID, State: store.ActionDead}}
	if err := w.store.FinishActions(t.Context(), *dead, late, store.Effects{}); !errors.Is(err, store.ErrLeaseLost) {
		t.Errorf("the dead replica could still write: %v", err)
	}
}

func TestWhatIsAboutAnOlderPatchsetIsNotPosted(t *testing.T) {
	w := newWorld(t, build)
	ps := w.push()
	w.run(w.task("shaders", ps.Change, 1), "failed", "failed")
	w.gerrit.Push(gerrittest.Push{Change: ps.Change, Files: map[string]string{"b.txt": "b"}})
	w.bring(w.messages()...)
	w.expect(ps.Change, 0, nil)
	if w.states()[store.ActionSuperseded] != 2 {
		t.Errorf("want both actions superseded:\n%s", w.actions())
	}
}

func TestAPatchsetOfTheSameCodeKeepsTheVoteAnotherEndsIt(t *testing.T) {
	w := newWorld(t, build)
	ps := w.push()
	w.poll()
	w.run(w.task("shaders", ps.Change, 1), "failed", "failed")
	w.bring(w.messages()...)
	w.gerrit.Push(gerrittest.Push{Change: ps.Change, Subject: "A better subject"})
	w.poll()
	w.expect(ps.Change, -1, []string{"ci-failed"}, "shaders failed")
	w.gerrit.Push(gerrittest.Push{Change: ps.Change, Files: map[string]string{"b.txt": "b"}})
	w.poll()
	w.expect(ps.Change, 0, nil, "shaders failed")
}

func TestAVoteIsNotCarriedOverAPatchsetOfOtherCode(t *testing.T) {
	w := newWorld(t, build)
	ps := w.push()
	w.poll()
	w.run(w.task("shaders", ps.Change, 1), "failed", "failed")
	w.bring(w.messages()...)
	w.gerrit.Push(gerrittest.Push{Change: ps.Change, Files: map[string]string{"b.txt": "b"}})
	w.gerrit.Push(gerrittest.Push{Change: ps.Change, Subject: "A better subject"})
	w.poll()
	w.expect(ps.Change, 0, nil, "shaders failed")
}

func TestAVoteIsCarriedOverTwoPatchsetsOfTheSameCode(t *testing.T) {
	w := newWorld(t, build)
	ps := w.push()
	w.poll()
	w.run(w.task("shaders", ps.Change, 1), "failed", "failed")
	w.bring(w.messages()...)
	w.gerrit.Push(gerrittest.Push{Change: ps.Change, Subject: "A better subject"})
	w.gerrit.Push(gerrittest.Push{Change: ps.Change, Subject: "The best subject"})
	w.poll()
	w.expect(ps.Change, -1, []string{"ci-failed"}, "shaders failed")
}

func TestAVoteThatAPersonRemovedStaysAwayUntilThereIsNews(t *testing.T) {
	w := newWorld(t, build)
	ps := w.push()
	id := w.task("shaders", ps.Change, 1)
	w.run(id, "failed", "failed")
	w.bring(w.messages()...)
	w.gerrit.RemoveVote(ps.Change, "bot", "Verified")
	// The same opinion again is no news: the vote stays away.
	if err := w.tc.Rerun(id); err != nil {
		t.Fatal(err)
	}
	w.run(id, "failed", "failed")
	w.bring(w.messages()...)
	if got := w.vote(ps.Change); got != 0 {
		t.Errorf("Verified %+d came back without news\n%s", got, w.actions())
	}
	w.run(w.task("another", ps.Change, 1), "failed", "failed")
	w.bring(w.messages()...)
	if got := w.vote(ps.Change); got != -1 {
		t.Errorf("Verified %+d, want -1: another task failed\n%s", got, w.actions())
	}
}

func TestTeamsOpinionsMakeOneVote(t *testing.T) {
	w := newWorld(t, map[string]string{
		"gfx/build.yaml": buildRules,
		"docs/docs.yaml": `defaults: {server: main, project: demo}
rules:
  - name: happy
    on: {gerrit: patchset-created}
    do:
      - vote: {Verified: 1}
        message: looks good
`})
	ps := w.push()
	w.poll()
	w.expect(ps.Change, 1, nil, "looks good")
	id := w.task("shaders", ps.Change, 1)
	w.run(id, "failed", "failed")
	w.bring(w.messages()...)
	w.expect(ps.Change, -1, []string{"ci-failed"}, "looks good", "shaders failed")
	if err := w.tc.Rerun(id); err != nil {
		t.Fatal(err)
	}
	w.run(id, "completed", "completed")
	w.bring(w.messages()...)
	w.expect(ps.Change, 1, nil, "looks good", "shaders failed")
}

func TestAHeldRuleIsDeliveredWhenItIsReleased(t *testing.T) {
	w := newWorld(t, build)
	ps := w.push()
	if err := w.store.Hold(t.Context(), store.Hold{Scope: "team:gfx", Reason: "test"}); err != nil {
		t.Fatal(err)
	}
	w.run(w.task("shaders", ps.Change, 1), "failed", "failed")
	w.bring(w.messages()...)
	w.expect(ps.Change, 0, nil)
	if err := w.store.Release(t.Context(), "team:gfx"); err != nil {
		t.Fatal(err)
	}
	w.await("released", func() bool { return w.states()[store.ActionDone] == 2 })
	w.expect(ps.Change, -1, []string{"ci-failed"}, "shaders failed")
}

func TestAMergedChangeTakesNoVote(t *testing.T) {
	w := newWorld(t, build)
	ps := w.push()
	id := w.task("shaders", ps.Change, 1)
	w.run(id, "failed", "failed")
	told := w.messages()
	if err := w.inbox.AcceptMessages(t.Context(), told); err != nil {
		t.Fatal(err)
	}
	for n := 1; n > 0; {
		n, _ = w.decide.Next(t.Context())
	}
	if err := w.gerrit.Merge(ps.Change, "alice"); err != nil {
		w.gerrit.AddAccount(gerrittest.Account{Username: "root", Password: "x", Groups: []string{gerrittest.Administrators}})
		if err := w.gerrit.Merge(ps.Change, "root"); err != nil {
			t.Fatal(err)
		}
	}
	w.settle()
	w.expect(ps.Change, 0, nil)
	if w.states()[store.ActionSuperseded] == 0 {
		t.Errorf("want superseded:\n%s", w.actions())
	}
}

func TestMessagesOfATeamWaitForNeighboursAndGoTogether(t *testing.T) {
	w := newWorld(t, map[string]string{"gfx/two.yaml": `defaults: {server: main, project: demo}
rules:
  - name: one
    on: {gerrit: patchset-created}
    do: [{comment: first}]
  - name: two
    on: {gerrit: patchset-created}
    do: [{comment: second}]
`})
	w.Window, w.MaxWindow = 500*time.Millisecond, time.Second
	ps := w.push()
	w.poll()
	w.expect(ps.Change, 0, nil)
	w.await("said", func() bool { return len(w.said(ps.Change)) > 0 })
	w.expect(ps.Change, 0, nil, "first\n\nsecond")
}

func TestADeletedChangeEndsItsActions(t *testing.T) {
	w := newWorld(t, build)
	ps := w.push()
	w.run(w.task("shaders", ps.Change, 1), "failed", "failed")
	if err := w.inbox.AcceptMessages(t.Context(), w.messages()); err != nil {
		t.Fatal(err)
	}
	for n := 1; n > 0; {
		n, _ = w.decide.Next(t.Context())
	}
	w.gerrit.Delete(ps.Change)
	w.settle()
	if w.states()[store.ActionSuperseded] != 2 {
		t.Errorf("want both superseded:\n%s", w.actions())
	}
}

func TestBadMessagesAreParkedAndTheOthersGoOn(t *testing.T) {
	w := newWorld(t, build)
	ps := w.push()
	w.run(w.task("shaders", ps.Change, 1), "failed", "failed")
	failed := "exchange/taskcluster-queue/v1/task-failed"
	big := append([]byte(`{"status":{"taskId":"x","runs":[]},"padding":"`), make([]byte, 5<<20)...)
	bad := []pulse.Message{
		{Exchange: failed, Body: []byte("not JSON")},
		{Exchange: failed, Body: []byte(`{"runId":0}`)},
		{Exchange: failed, Body: append(big, `"}`...)},
	}
	w.bring(append(bad, w.messages()...)...)
	w.expect(ps.Change, -1, []string{"ci-failed"}, "shaders failed")
	parked, err := w.store.Events(t.Context(), store.Filter{State: string(store.EventParked)})
	if err != nil || len(parked) != 3 {
		t.Errorf("%d parked, want 3 (%v)\n%s", len(parked), err, w.actions())
	}
	for _, e := range parked {
		if e.Error == "" {
			t.Errorf("event %s is parked without a reason", e.ID)
		}
	}
}

func TestARuleThatCannotBeEvaluatedDoesNotStopTheOthers(t *testing.T) {
	w := newWorld(t, map[string]string{
		"gfx/build.yaml": buildRules,
		"gfx/wrong.yaml": `defaults: {server: main, project: demo}
rules:
  - name: wrong
    on: {task: settled}
    when:
      - 'event.nothing.such == 1'
    do: [{comment: never}]
`})
	ps := w.push()
	w.run(w.task("shaders", ps.Change, 1), "failed", "failed")
	w.bring(w.messages()...)
	w.expect(ps.Change, -1, []string{"ci-failed"}, "shaders failed")
	parked, err := w.store.Events(t.Context(), store.Filter{State: string(store.EventParked)})
	if err != nil || len(parked) != 1 || parked[0].Error == "" {
		t.Fatalf("want one event parked with a reason, got %v (%v)\n%s", parked, err, w.actions())
	}
	if err := w.store.RetryEvent(t.Context(), parked[0].ID); err != nil {
		t.Fatal(err)
	}
	w.settle()
	w.expect(ps.Change, -1, []string{"ci-failed"}, "shaders failed")
}
