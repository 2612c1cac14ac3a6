package deliver_test

import (
	"context"
	"strings"
	"testing"

	"verdict/internal/deliver"
	"verdict/internal/store"
	"verdict/rules"
)

// replica delivers by rules of its own, which are the newest or not.
func (w *world) replica(holder string, set *rules.Set, newest *bool) *deliver.Deliverer {
	d := w.deliverer(holder)
	d.Gerrit, d.Tasks, d.People, d.Services = w.Gerrit, w.Tasks, w.People, w.Services
	d.Rules = func() *rules.Set { return set }
	d.Newest = func(_ context.Context, asked *rules.Set) (bool, error) { return *newest && asked == set, nil }
	return d
}

// until has one replica deliver until holds.
func (w *world) until(d *deliver.Deliverer, what string, holds func() bool) {
	w.t.Helper()
	former := w.Deliverer
	w.Deliverer = d
	defer func() { w.Deliverer = former }()
	w.await(what, holds)
}

func (w *world) newestAction(kind string) store.Action {
	w.t.Helper()
	all, err := w.store.Actions(w.t.Context(), store.Filter{Limit: 100, NewestFirst: true})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, a := range all {
		if a.Kind == kind {
			return a
		}
	}
	w.t.Fatalf("no action is a %s:\n%s", kind, w.actions())
	return store.Action{}
}

const older = "left to the replicas that are on newer rules"

// The rule is new, and a replica that doesn't have it yet comes to its lane first.
func TestWhatAnOlderSetDoesNotKnowIsLeftToWhoIsOnTheNewest(t *testing.T) {
	for name, before := range map[string]map[string]string{
		"no rule":     {"docs/x.yaml": "rules: []\n"},
		"rule is off": {"gfx/build.yaml": strings.Replace(buildRules, "- name: build", "- name: build\n    mode: off", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, before)
			newest := false
			behind := w.replica("behind", w.set, &newest)
			w.loadOf(loadTeams(t, teamsYAML), build)
			newestToo := true
			ahead := w.replica("ahead", w.set, &newestToo)
			ps := w.push()
			id := w.task("shaders", ps.Change, 1)
			w.run(id, "failed", "failed")
			if err := w.inbox.AcceptMessages(t.Context(), w.messages()); err != nil {
				t.Fatal(err)
			}
			w.until(behind, "it is left to others", func() bool {
				a := w.newestAction("vote")
				return a.State == store.ActionRetrying && strings.Contains(a.Reason, older) && !a.Due.Before(a.Created)
			})
			w.expect(ps.Change, 0, nil)
			w.until(ahead, "the vote", func() bool { return w.states()[store.ActionDone] == 2 })
			w.expect(ps.Change, -1, []string{"ci-failed"}, "shaders failed: failed")
		})
	}
}

func TestWhatTheNewestSetDoesNotKnowIsCancelled(t *testing.T) {
	w := newWorld(t, map[string]string{"docs/x.yaml": "rules: []\n"})
	newest := false
	d := w.replica("behind", w.set, &newest)
	w.loadOf(loadTeams(t, teamsYAML), build)
	ps := w.push()
	w.run(w.task("shaders", ps.Change, 1), "failed", "failed")
	if err := w.inbox.AcceptMessages(t.Context(), w.messages()); err != nil {
		t.Fatal(err)
	}
	w.until(d, "it is left to others", func() bool { return w.newestAction("vote").State == store.ActionRetrying })
	newest = true
	w.until(d, "it is cancelled", func() bool { return w.states()[store.ActionCancelled] == 2 })
	if a := w.newestAction("vote"); a.Reason != "rule gfx/build is no longer live" {
		t.Errorf("the reason is %q", a.Reason)
	}
}

// The grant came with the rule: who doesn't have it yet neither ends the action, nor takes back what shows by it.
func TestAnOlderGrantTakesNothingBack(t *testing.T) {
	w := newWorld(t, build)
	newest, yes := false, true
	narrow := loadTeams(t, strings.Replace(teamsYAML, "labels: {Verified: [-1, 1]}, hashtags: ['ci-*']", "labels: {Other: [-1, 1]}, hashtags: ['ci-*']", 1))
	wide := w.set
	w.loadOf(narrow, map[string]string{"gfx/build.yaml": "defaults: {server: main, project: demo}\nrules:\n  - {name: build, on: {task: settled}, do: [{comment: 'It is over.'}]}\n"})
	behind := w.replica("behind", w.set, &newest)
	ahead := w.replica("ahead", wide, &yes)
	w.set = wide
	ps := w.push()
	w.run(w.task("shaders", ps.Change, 1), "failed", "failed")
	if err := w.inbox.AcceptMessages(t.Context(), w.messages()); err != nil {
		t.Fatal(err)
	}
	w.until(behind, "the vote is left", func() bool { return w.newestAction("vote").State == store.ActionRetrying })
	w.until(ahead, "the vote", func() bool { return w.states()[store.ActionDone] == 2 })
	w.expect(ps.Change, -1, []string{"ci-failed"}, "shaders failed: failed")

	w.Deliverer = behind
	w.look()
	if a := w.newestAction("reconcile"); a.State != store.ActionRetrying || !strings.Contains(a.Reason, older) || w.vote(ps.Change) != -1 {
		t.Errorf("the look is %s %q, the vote %d", a.State, a.Reason, w.vote(ps.Change))
	}
	newest = true
	w.until(behind, "the grant is withdrawn", func() bool { return w.vote(ps.Change) == 0 })
}

// Another team's report waits, by a rule that a replica doesn't have yet: it doesn't show what that keeps back.
func TestAnOlderSetShowsNothingAboveZeroWhileAGroupIsAwaited(t *testing.T) {
	w := newWorld(t, map[string]string{"docs/fine.yaml": trusting})
	newest, yes := false, true
	behind := w.replica("behind", w.set, &newest)
	w.loadOf(loadTeams(t, teamsYAML), map[string]string{"gfx/verdict.yaml": reportRules, "docs/fine.yaml": trusting})
	ahead := w.replica("ahead", w.set, &yes)
	ps := w.push()
	id := w.member("ci", "shaders", ps.Change, 1, 0)
	if err := w.inbox.AcceptMessages(t.Context(), w.messages()); err != nil {
		t.Fatal(err)
	}
	w.until(ahead, "the group is awaited", func() bool {
		awaited, err := w.store.AwaitedOn(t.Context(), "main", ps.Change)
		return err == nil && len(awaited) == 1 && awaited[0].Waits()
	})
	w.pollOnly()
	w.until(behind, "the vote is left to others", func() bool {
		a := w.newestAction("vote")
		return a.State == store.ActionRetrying && strings.Contains(a.Reason, older)
	})
	w.expect(ps.Change, 0, nil)
	w.run(id, "completed", "completed")
	if err := w.inbox.AcceptMessages(t.Context(), w.messages()); err != nil {
		t.Fatal(err)
	}
	w.until(ahead, "the report", func() bool { return w.vote(ps.Change) == 1 })
}

// A task is created by what its team is granted, which is read when it is signed.
func TestAnOlderGrantRefusesNoTask(t *testing.T) {
	w := newWorld(t, shaders)
	wide := w.set
	w.loadOf(loadTeams(t, strings.ReplaceAll(teamsYAML, "'queue:create-task:low:gfx/*', ", "")), shaders)
	newest, yes := false, true
	behind, ahead := w.replica("behind", w.set, &newest), w.replica("ahead", wide, &yes)
	w.set = wide
	w.push("shaders/a.glsl")
	w.pollOnly()
	w.pollOnly()
	w.until(behind, "the task is left", func() bool {
		a := w.newestAction("task")
		return a.State == store.ActionRetrying && strings.Contains(a.Reason, older)
	})
	w.until(ahead, "the task", func() bool { return w.states()[store.ActionDone] == 2 })
	if n := len(w.tc.Tasks()); n != 2 {
		t.Errorf("there are %d tasks", n)
	}
}
