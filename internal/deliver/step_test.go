package deliver_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"verdict/gerrit/gerrittest"
	"verdict/internal/deliver"
	"verdict/internal/store"
	"verdict/rules"
	"verdict/taskcluster/taskclustertest"
)

const (
	flaky = `  - name: again
    on: {task: failed}
    when: ['task.runs.size() == 1']
    do: [{rerun: {}}]
`
	stepGrant = "'queue:rerun-task:gfx-level-1/*', 'queue:cancel-task:gfx-level-1/*'"
)

// shaderTasks is the rule that makes two tasks.
var shaderTasks = strings.TrimPrefix(shaders["gfx/start.yaml"], "defaults: {server: main, project: demo}\nrules:\n")

// stepWorld has a team that may rerun and cancel; extra goes beyond the vote of its build.
func stepWorld(t *testing.T, scopes, extra string) *world {
	t.Helper()
	text := strings.Replace(teamsYAML, "'queue:scheduler-id:verdict']", "'queue:scheduler-id:verdict', "+scopes+"]", 1)
	return newWorldOf(t, gerrittest.Config{}, loadTeams(t, text), map[string]string{"gfx/build.yaml": buildRules + extra})
}

func (w *world) runs(id string) int {
	w.t.Helper()
	for _, task := range w.tc.Tasks() {
		if task.ID == id {
			return len(task.Status.Runs)
		}
	}
	w.t.Fatalf("there is no task %s", id)
	return 0
}

func (w *world) stepCalls(method string) [][]string {
	var out [][]string
	for _, c := range w.tc.Calls() {
		if c.Method == method {
			slices.Sort(c.Scopes)
			out = append(out, c.Scopes)
		}
	}
	return out
}

func TestARerunThatNoGrantAllowsDoesNotLoad(t *testing.T) {
	for scope, refused := range map[string]bool{
		"queue:rerun-task:gfx-level-1/*":                            false,
		"queue:rerun-task-in-project:gfx":                           false,
		"queue:cancel-task:gfx-level-1/*":                           true,
		"queue:rerun-task":                                          true, // without the scheduler's own
		"queue:rerun-task', 'assume:scheduler-id:gfx-level-1/gfx-*": false,
	} {
		teams := loadTeams(t, strings.Replace(teamsYAML, "'queue:scheduler-id:verdict']", "'queue:scheduler-id:verdict', '"+scope+"']", 1))
		_, found := rules.Load(rules.Sources{
			Files: map[string][]byte{"gfx/build.yaml": []byte("defaults: {server: main, project: demo}\nrules:\n" + flaky)},
			Teams: teams, StepScopes: deliver.StepScopes,
		})
		told := fmt.Sprint(found)
		if strings.Contains(told, "gfx has no scopes to rerun any task with, teams.yaml:8") != refused || rules.HasErrors(found) != refused {
			t.Errorf("granted %s: %s, want it refused: %t", scope, told, refused)
		}
	}
}

func TestADecidedRerunLeavesNoVoteInBetween(t *testing.T) {
	w := stepWorld(t, stepGrant, flaky)
	ps := w.push()
	id := w.task("shaders", ps.Change, 1)
	w.run(id, "failed", "failed")
	w.bring(w.messages()...)
	w.await("rerun", func() bool { return w.runs(id) == 2 })
	w.await("looked at again", func() bool { return w.undecided() == 0 })
	w.expect(ps.Change, 0, nil)
	group := w.tc.Tasks()[0].Definition.TaskGroupID
	want := []string{"queue:rerun-task:gfx-level-1/" + group + "/" + id}
	if calls := w.stepCalls("rerunTask"); len(calls) != 1 || !slices.Equal(calls[0], want) {
		t.Errorf("rerunTask was signed with %v, want once with exactly %v", calls, want)
	}
	w.run(id, "failed", "failed")
	w.bring(w.messages()...)
	w.await("voted", func() bool { return w.vote(ps.Change) == -1 })
	w.expect(ps.Change, -1, []string{"ci-failed"}, "shaders failed: failed")
}

func TestARerunThatIsHeldKeepsItsTaskUnsettled(t *testing.T) {
	w := stepWorld(t, stepGrant, flaky)
	ps := w.push()
	id := w.task("shaders", ps.Change, 1)
	if err := w.store.Hold(t.Context(), store.Hold{Scope: "rule:gfx/again"}); err != nil {
		t.Fatal(err)
	}
	w.run(id, "failed", "failed")
	w.bring(w.messages()...)
	w.await("held", func() bool { return w.states()[store.ActionHeld] == 1 })
	w.expect(ps.Change, 0, nil)
	all, err := w.store.Actions(t.Context(), store.Filter{State: string(store.ActionHeld)})
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	if err := w.store.CancelAction(t.Context(), all[0].ID); err != nil {
		t.Fatal(err)
	}
	w.await("voted, since no rerun is on its way any more", func() bool { return w.vote(ps.Change) == -1 })
	if n := w.runs(id); n != 1 {
		t.Errorf("%d runs, want 1", n)
	}
}

func TestARerunBeyondTheGrantIsDeadAndTheTaskSettles(t *testing.T) {
	w := stepWorld(t, "'queue:rerun-task:somebody-else/*'", flaky)
	ps := w.push()
	id := w.task("shaders", ps.Change, 1)
	w.run(id, "failed", "failed")
	w.bring(w.messages()...)
	w.await("voted", func() bool { return w.vote(ps.Change) == -1 })
	if calls := w.stepCalls("rerunTask"); len(calls) != 0 || w.states()[store.ActionDead] != 1 {
		t.Errorf("rerunTask was sent %d times\n%s", len(calls), w.actions())
	}
}

func TestARerunWithoutAnAnswerIsOneRun(t *testing.T) {
	for name, fault := range map[string]taskclustertest.Fault{
		"no answer, no effect": {Method: "rerunTask", Times: 6},
		"no answer after it":   {Method: "rerunTask", Times: 6, AfterEffect: true},
		"500 after it":         {Method: "rerunTask", Times: 6, AfterEffect: true, Status: 500},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := stepWorld(t, stepGrant, flaky)
			ps := w.push()
			id := w.task("shaders", ps.Change, 1)
			w.tc.Fail(fault)
			w.run(id, "failed", "failed")
			w.bring(w.messages()...)
			w.await("rerun", func() bool { return w.states()[store.ActionDone] == 1 })
			if n := w.runs(id); n != 2 {
				t.Errorf("%d runs, want 2\n%s", n, w.actions())
			}
		})
	}
}

func TestARerunOfARunThatIsNotTheLatestIsSuperseded(t *testing.T) {
	w := stepWorld(t, stepGrant, flaky)
	ps := w.push()
	id := w.task("shaders", ps.Change, 1)
	w.run(id, "failed", "failed")
	heard := w.messages()
	if err := w.inbox.AcceptMessages(t.Context(), heard); err != nil {
		t.Fatal(err)
	}
	for w.states()[store.ActionPending] == 0 {
		if n, err := w.decide.Next(t.Context()); err != nil || n == 0 {
			t.Fatalf("nothing is left to decide (%v), and there is no rerun\n%s", err, w.actions())
		}
	}
	if err := w.tc.Rerun(id); err != nil { // somebody was faster
		t.Fatal(err)
	}
	w.await("superseded", func() bool { return w.states()[store.ActionSuperseded] == 1 })
	if n := w.runs(id); n != 2 || len(w.stepCalls("rerunTask")) != 0 {
		t.Errorf("%d runs, want 2 without a call of ours\n%s", n, w.actions())
	}
}

func TestTheFailedTasksOfAGroupAreRerun(t *testing.T) {
	w := stepWorld(t, "'queue:rerun-task:verdict/*'", shaderTasks+`  - name: all
    on: {group: settled}
    when: ['group.outcome == "fail"']
    do: [{rerun: {tasks: failed, named: 'docs *-linux'}}]
`)
	w.push("shaders/a.glsl")
	w.poll()
	tasks := w.tc.Tasks()
	for _, task := range tasks {
		w.run(task.ID, "failed", "failed")
	}
	w.bring(w.messages()...)
	w.await("rerun", func() bool { return len(w.stepCalls("rerunTask")) == 1 })
	for _, task := range tasks {
		want := 1
		if strings.HasSuffix(task.Definition.Metadata.Name, "-linux") {
			want = 2
		}
		if n := w.runs(task.ID); n != want {
			t.Errorf("%s has %d runs, want %d\n%s", task.Definition.Metadata.Name, n, want, w.actions())
		}
	}
}

func TestAClosedChangesTasksAreCancelled(t *testing.T) {
	w := stepWorld(t, "'queue:cancel-task:verdict/*'", shaderTasks+`  - name: stop
    on: {gerrit: change-abandoned}
    do: [{cancel: {tasks: unfinished}}]
`)
	ps := w.push("shaders/a.glsl")
	w.poll()
	tasks := w.tc.Tasks()
	if len(tasks) != 2 {
		t.Fatalf("%d tasks, want 2\n%s", len(tasks), w.actions())
	}
	w.run(tasks[0].ID, "completed", "completed")
	if err := w.gerrit.Abandon(ps.Change, "alice", ""); err != nil {
		t.Fatal(err)
	}
	w.tc.Fail(taskclustertest.Fault{Method: "cancelTask", Times: 6, AfterEffect: true})
	w.poll()
	w.await("cancelled", func() bool { return w.states()[store.ActionDone] == 3 })
	for i, want := range []string{"completed completed", "exception canceled"} {
		status := w.tc.Tasks()[i].Status
		if got := fmt.Sprint(status.State, " ", status.Runs[0].ReasonResolved); got != want {
			t.Errorf("task %d is %s, want %s\n%s", i, got, want, w.actions())
		}
	}
}

// undecided counts the events that are still to be decided.
func (w *world) undecided() int {
	w.t.Helper()
	n := 0
	for _, state := range []store.EventState{store.EventReceived, store.EventDeciding} {
		events, err := w.store.Events(w.t.Context(), store.Filter{State: string(state)})
		if err != nil {
			w.t.Fatal(err)
		}
		n += len(events)
	}
	return n
}
