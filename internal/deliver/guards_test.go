package deliver_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"verdict/gerrit/gerrittest"
	"verdict/internal/deliver"
	"verdict/internal/problems"
	"verdict/internal/store"
	"verdict/taskcluster"
	"verdict/taskcluster/taskclustertest"
)

const scope = "rule:gfx/ask"

// guardedWorld is a world with guards, in which told are the problems that people were told of.
func guardedWorld(t *testing.T, g deliver.Guards, files map[string]string) (w *world, told *[]problems.Problem) {
	t.Helper()
	w, told = newWorld(t, files), &[]problems.Problem{}
	w.Guards = g
	tell := func(_ context.Context, p problems.Problem) { *told = append(*told, p) }
	w.Deliverer.Tell, w.decide.Tell = tell, tell
	return w, told
}

func TestARuleOnCronThatFindsTooMuchIsHeldAndLosesNothing(t *testing.T) {
	w, told := guardedWorld(t, deliver.Guards{ChangesPerHour: 3}, map[string]string{"gfx/a.yaml": strings.Replace(askRules, "atMost: 3", "atMost: 100", 1)})
	var all []int
	for range 8 {
		all = append(all, w.push().Change)
	}
	w.tick(time.Now())
	if got := w.asked(all...); len(got) != 3 {
		t.Errorf("asked on %v, want three", got)
	}
	w.expectStates(map[store.ActionState]int{store.ActionDone: 3, store.ActionHeld: 5})
	if len(*told) != 1 || (*told)[0].Team != "gfx" || (*told)[0].Name != "rule ask is held" || !strings.Contains((*told)[0].Remedy, "bot release "+scope) {
		t.Errorf("people were told %+v", *told)
	}
	for _, want := range []int{6, 8} {
		if err := w.store.Release(t.Context(), scope); err != nil {
			t.Fatal(err)
		}
		w.settle()
		if got := w.asked(all...); len(got) != want {
			t.Errorf("after its release asked on %v, want %d", got, want)
		}
	}
	w.expectStates(map[store.ActionState]int{store.ActionDone: 8})
}

func TestARuleThatPostsOnOneChangeAgainAndAgainIsHeld(t *testing.T) {
	w, told := guardedWorld(t, deliver.Guards{PostsPerDay: 4}, map[string]string{"gfx/a.yaml": askRules, "docs/b.yaml": strings.ReplaceAll(askRules, "name: ask", "name: other")})
	c := w.push().Change
	w.gerrit.SetHashtags(c, "alice", []string{"keep"}, nil)
	other := w.push().Change
	at := time.Now().Truncate(time.Minute)
	for n := range 4 {
		w.tick(at.Add(time.Duration(n) * time.Minute))
	}
	if got := len(w.said(other)); got != 4 {
		t.Errorf("%d posts, want two of each rule\n%s", got, w.actions())
	}
	if len(*told) != 2 || !strings.Contains((*told)[0].Said, "posted 2 times on main~") {
		t.Errorf("people were told %+v", *told)
	}
	w.expectStates(map[store.ActionState]int{store.ActionDone: 4, store.ActionHeld: 4})
}

// What a rule that is held wants isn't brought about by another rule's action either.
func TestAHeldRulesVoteWaitsThoughAnotherRuleVotes(t *testing.T) {
	const vote = `defaults: {server: main}
rules:
  - name: NAME
    on: {gerrit: hashtags-changed, project: demo}
    when: ['"TAG" in event.hashtags.added || "TAG" in event.hashtags.removed']
    do:
      - vote: {Verified: VALUE}
        while: '"TAG" in change.hashtags'
`
	named := func(name, tag, value string) string {
		return strings.NewReplacer("NAME", name, "TAG", tag, "VALUE", value).Replace(vote)
	}
	w := newWorld(t, map[string]string{"gfx/a.yaml": named("ask", "ci-bad", "-1"), "docs/b.yaml": named("good", "ci-good", "1")})
	c := w.push().Change
	tag := func(add, remove []string) {
		w.gerrit.SetHashtags(c, "alice", add, remove)
		w.poll()
	}
	hold := func() {
		if err := w.store.Hold(t.Context(), store.Hold{Scope: scope}); err != nil {
			t.Fatal(err)
		}
	}
	release := func() {
		if err := w.store.Release(t.Context(), scope); err != nil {
			t.Fatal(err)
		}
		w.settle()
	}
	w.poll()
	hold()
	tag([]string{"ci-bad"}, nil)
	tag([]string{"ci-good"}, nil)
	w.expect(c, 1, []string{"ci-bad", "ci-good"})
	release()
	w.expect(c, -1, []string{"ci-bad", "ci-good"})
	hold()
	tag(nil, []string{"ci-bad"}) // what it held up stays, too
	tag(nil, []string{"ci-good"})
	w.expect(c, -1, nil)
	release()
	w.expect(c, 0, nil)
}

func TestATeamThatDoesTooMuchWaitsWithoutAskingGerritAndOthersGoOn(t *testing.T) {
	teams := loadTeams(t, strings.Replace(teamsYAML, "    contact: {email: gfx@example.org}\n", "    contact: {email: gfx@example.org}\n    limits: {actionsPerMinute: 2}\n", 1))
	ask := strings.Replace(askRules, "atMost: 3", "atMost: 100", 1)
	w := newWorldOf(t, gerrittest.Config{}, teams, map[string]string{"gfx/a.yaml": ask, "docs/b.yaml": strings.ReplaceAll(ask, "Is $", "Docs ask: is $")})
	var all []int
	for range 6 {
		all = append(all, w.push().Change)
	}
	w.tick(time.Now())
	counts := map[bool]int{}
	for _, c := range all {
		for _, text := range w.said(c) {
			counts[strings.Contains(text, "Docs ask")]++
		}
	}
	if counts[false] != 2 || counts[true] != 6 {
		t.Errorf("%d of the team's and %d of the other's, want 2 and 6\n%s", counts[false], counts[true], w.actions())
	}
	w.expectStates(map[store.ActionState]int{store.ActionDone: 8, store.ActionRetrying: 4})
	waiting, err := w.store.Actions(t.Context(), store.Filter{State: "retrying"})
	if err != nil {
		t.Fatal(err)
	}
	before := len(w.gerrit.Requests())
	for _, a := range waiting { // their turn, they think
		if err := w.store.RetryAction(t.Context(), a.ID); err != nil {
			t.Fatal(err)
		}
	}
	w.settle()
	if asked := w.gerrit.Requests()[before:]; len(asked) > 0 {
		t.Errorf("Gerrit was asked %d times for those who wait: %v", len(asked), asked[0])
	}
	w.expectStates(map[store.ActionState]int{store.ActionDone: 8, store.ActionRetrying: 4})
}

// A rule that reruns whatever fails is held after a few runs, with the next one waiting.
func TestARuleThatAnswersItselfIsHeld(t *testing.T) {
	w, told := guardedWorld(t, deliver.Guards{}, map[string]string{"gfx/a.yaml": `defaults: {server: main, project: demo}
rules:
  - name: ask
    on: {task: failed}
    do:
      - rerun: {}
`})
	teams := strings.Replace(teamsYAML, "'queue:scheduler-id:verdict']\n      trustTasks", "'queue:scheduler-id:verdict', 'queue:rerun-task:gfx-level-1/*']\n      trustTasks", 1)
	w.loadOf(loadTeams(t, teams), map[string]string{"gfx/a.yaml": "defaults: {server: main, project: demo}\nrules:\n  - name: ask\n    on: {task: failed}\n    do:\n      - rerun: {}\n"})
	id := w.task("flaky", w.push().Change, 1)
	fail := func() {
		w.run(id, "failed", "failed")
		w.bring(w.messages()...)
	}
	for n := range 5 {
		fail()
		if len(*told) > 0 {
			t.Fatalf("it is held after %d reruns: %+v", n, *told)
		}
	}
	fail()
	w.expectStates(map[store.ActionState]int{store.ActionDone: 5, store.ActionHeld: 1})
	if len(*told) != 1 || (*told)[0].Name != "rule ask is held" || !strings.Contains((*told)[0].Said, "5 of the bot's own doings") {
		t.Errorf("people were told %+v", *told)
	}
	holds, err := w.store.Holds(t.Context())
	if err != nil || len(holds) != 1 || holds[0].Scope != scope {
		t.Errorf("held are %+v, %v", holds, err)
	}
	if err := w.store.Release(t.Context(), scope); err != nil {
		t.Fatal(err)
	}
	w.settle()
	w.expectStates(map[store.ActionState]int{store.ActionDone: 6})
	fail() // one more hop, and it is held again
	w.expectStates(map[store.ActionState]int{store.ActionDone: 6, store.ActionHeld: 1})
}

// What a hook, or a call, leads to is the bot's doing as well: a rule that answers each failure by the next hook, be it of
// the hook's task or of one that this made, is held with the sixth.
func TestARuleThatAnswersItsHooksOrCallsIsHeld(t *testing.T) {
	const hook = "hook: {id: gfx/deploy}"
	newest := func(w *world) string {
		last := taskclustertest.Task{}
		for _, task := range w.tc.Tasks() {
			if task.Definition.Metadata.Name == "deploy" {
				last = task
			}
		}
		return last.ID
	}
	for name, c := range map[string]struct {
		on, do string
		next   func(w *world, failed string) string // the task that fails then
	}{
		"its task":         {"task: failed", hook, func(w *world, _ string) string { return newest(w) }},
		"its task's group": {"group: settled", hook, func(w *world, _ string) string { return newest(w) }},
		"its task's task": {"task: failed", hook, func(w *world, _ string) string {
			decision := newest(w)
			w.run(decision, "completed", "completed")
			id := taskcluster.NewID()
			err := w.tc.AddTask(id, map[string]any{
				"taskQueueId": "gfx/ci", "schedulerId": "hooks", "taskGroupId": decision, "payload": map[string]any{},
				"metadata": map[string]any{"name": "child", "description": "d", "owner": "o@example.org", "source": "https://example.org"},
			})
			if err != nil {
				w.t.Fatal(err)
			}
			return id
		}},
		"a call": {"task: failed", "call: {method: queue.rerunTask, with: {taskId: '${task.id}'}, happens: at most once}", func(_ *world, failed string) string { return failed }},
	} {
		t.Run(name, func(t *testing.T) {
			w := callWorld(t, "comment: unused", "hooks:trigger-hook:gfx/*", "queue:rerun-task:gfx-level-1/*")
			w.loadOf(granted(t, nil, "hooks:trigger-hook:gfx/*", "queue:rerun-task:gfx-level-1/*"), map[string]string{"gfx/a.yaml": "rules:\n  - name: ask\n    on: {" + c.on + "}\n    do: [{" + c.do + "}]\n"})
			failing := w.task("first", w.push().Change, 1)
			for n := range 6 {
				if held := w.states()[store.ActionHeld]; held > 0 {
					t.Fatalf("it is held after %d\n%s", n, w.actions())
				}
				w.run(failing, "failed", "failed")
				w.bring(w.messages()...)
				if n < 5 {
					failing = c.next(w, failing)
				}
			}
			w.expectStates(map[store.ActionState]int{store.ActionDone: 5, store.ActionHeld: 1})
		})
	}
}
