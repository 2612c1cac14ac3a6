package deliver_test

import (
	"strings"
	"testing"

	"verdict/internal/store"
)

// rename calls the rule build otherwise, as loading changed files does.
func (w *world) rename() {
	w.t.Helper()
	if err := w.store.RenameRules(w.t.Context(), []store.Renaming{{Team: "gfx", Was: "build", Rule: "compile"}}); err != nil {
		w.t.Fatal(err)
	}
	w.loadOf(loadTeams(w.t, teamsYAML), map[string]string{"gfx/build.yaml": strings.Replace(buildRules, "name: build", "name: compile\n    was: build", 1)})
}

// look has the change looked at, as after a load that ended some opinion.
func (w *world) look() {
	w.t.Helper()
	made, err := w.store.Actions(w.t.Context(), store.Filter{Limit: 1})
	if err != nil {
		w.t.Fatal(err)
	}
	a := made[0]
	a.ID, a.EventID, a.Kind, a.Key, a.State, a.Args = "look"+a.ID[4:], "look", "reconcile", "reconcile", store.ActionPending, []byte("{}")
	if err := w.store.AddActions(w.t.Context(), []store.Action{a}); err != nil {
		w.t.Fatal(err)
	}
	w.settle()
}

func TestARenamedRulesVoteStandsAndItsGreenRerunTakesItBack(t *testing.T) {
	w := newWorld(t, build)
	ps := w.push()
	id := w.task("shaders", ps.Change, 1)
	w.run(id, "failed", "failed")
	w.bring(w.messages()...)
	w.expect(ps.Change, -1, []string{"ci-failed"}, "shaders failed: failed")
	before := len(w.gerrit.Change(ps.Change).Messages)
	w.rename()
	w.look()
	if after := w.gerrit.Change(ps.Change).Messages; len(after) != before {
		t.Errorf("the renaming was told: %+v", after[before:])
	}
	if err := w.tc.Rerun(id); err != nil {
		t.Fatal(err)
	}
	w.run(id, "completed", "completed")
	w.bring(w.messages()...)
	w.expect(ps.Change, 0, nil, "shaders failed: failed")
}

func TestARenamingBringsNoVoteBackThatAPersonRemoved(t *testing.T) {
	w := newWorld(t, build)
	ps := w.push()
	id := w.task("shaders", ps.Change, 1)
	w.run(id, "failed", "failed")
	w.bring(w.messages()...)
	w.gerrit.Vote(ps.Change, "bot", "Verified", 0)
	w.rename()
	w.look()
	if got := w.vote(ps.Change); got != 0 {
		t.Errorf("the vote is back: %d", got)
	}
}

// What was decided under the former name, and is still to be done, is done; unless the rule is held.
func TestWhatWasDecidedUnderTheFormerNameIsDone(t *testing.T) {
	w := newWorld(t, build)
	ps := w.push()
	if err := w.store.Hold(t.Context(), store.Hold{Scope: "rule:gfx/build"}); err != nil {
		t.Fatal(err)
	}
	id := w.task("shaders", ps.Change, 1)
	w.run(id, "failed", "failed")
	if err := w.inbox.AcceptMessages(t.Context(), w.messages()); err != nil {
		t.Fatal(err)
	}
	w.settle()
	w.expect(ps.Change, 0, nil)
	w.rename()
	w.settle()
	w.expect(ps.Change, 0, nil)
	if err := w.store.Release(t.Context(), "rule:gfx/compile"); err != nil {
		t.Fatal(err)
	}
	w.await("the vote", func() bool { return w.vote(ps.Change) == -1 })
	w.expect(ps.Change, -1, []string{"ci-failed"}, "shaders failed: failed")
}

// An event that is decided again after the renaming makes nothing twice.
func TestAnEventThatIsDecidedAgainAfterARenamingActsOnce(t *testing.T) {
	const comments = `defaults: {server: main, project: demo}
rules:
  - name: tell
    on: {task: settled}
    do:
      - comment: 'It is over.'
  - name: fails
    on: {task: settled}
    when: ['task.runs[1].state == "failed"']
    do:
      - comment: 'Never'
`
	w := newWorld(t, map[string]string{"gfx/tell.yaml": comments})
	ps := w.push()
	id := w.task("shaders", ps.Change, 1)
	w.run(id, "failed", "failed")
	w.bring(w.messages()...)
	w.await("the comment", func() bool { return len(w.said(ps.Change)) == 1 })
	parked, err := w.store.Events(t.Context(), store.Filter{State: "parked"})
	if err != nil || len(parked) != 1 {
		t.Fatalf("parked are %+v, %v", parked, err)
	}
	if err := w.store.RenameRules(t.Context(), []store.Renaming{{Team: "gfx", Was: "tell", Rule: "say"}}); err != nil {
		t.Fatal(err)
	}
	w.loadOf(loadTeams(t, teamsYAML), map[string]string{"gfx/tell.yaml": strings.Replace(comments, "name: tell", "name: say\n    was: [tell]", 1)})
	if err := w.store.RetryEvent(t.Context(), parked[0].ID); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if said := w.said(ps.Change); len(said) != 1 {
		t.Errorf("said %q", said)
	}
	decisions, err := w.store.Decisions(t.Context(), parked[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range decisions {
		if d.Rule == "say" && d.Stopped != "was: it matched as tell" {
			t.Errorf("say stops at %q", d.Stopped)
		}
	}
}

// What is held under the new name, and what a newer run has overtaken under it, isn't done under the former one either.
func TestTheFormerNameIsNoWayAround(t *testing.T) {
	for name, green := range map[string]bool{"held": false, "overtaken": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, build)
			ps := w.push()
			if err := w.store.Hold(t.Context(), store.Hold{Scope: "all"}); err != nil {
				t.Fatal(err)
			}
			id := w.task("shaders", ps.Change, 1)
			w.run(id, "failed", "failed")
			w.bring(w.messages()...)
			w.rename()
			if green {
				if err := w.tc.Rerun(id); err != nil {
					t.Fatal(err)
				}
				w.run(id, "completed", "completed")
				w.bring(w.messages()...)
			} else if err := w.store.Hold(t.Context(), store.Hold{Scope: "rule:gfx/compile"}); err != nil {
				t.Fatal(err)
			}
			if err := w.store.Release(t.Context(), "all"); err != nil {
				t.Fatal(err)
			}
			w.settle()
			w.expect(ps.Change, 0, nil)
		})
	}
}
