package deliver_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"verdict/gerrit/gerrittest"
	"verdict/internal/store"
	"verdict/taskcluster/taskclustertest"
)

var shaders = map[string]string{"gfx/start.yaml": `defaults: {server: main, project: demo}
rules:
  - name: start
    on: {gerrit: patchset-created, files: ['shaders/**']}
    do:
      - tasks:
          $map: [linux, windows]
          each(os):
            key: '${os}'
            taskQueueId: 'gfx/ci-${os}'
            projectId: gfx
            priority: low
            deadline: {$fromNow: 2 hours}
            metadata: {name: 'shaders-${os}', description: builds}
            payload: {ref: '${patchset.ref}'}
`}

func TestAPatchsetStartsItsTasksWithTheScopesOfEachAlone(t *testing.T) {
	w := newWorld(t, shaders)
	ps := w.push("shaders/a.glsl")
	w.poll()
	w.poll()
	tasks := w.tc.Tasks()
	if len(tasks) != 2 {
		t.Fatalf("%d tasks, want 2\n%s", len(tasks), w.actions())
	}
	for _, task := range tasks {
		if task.CreatedBy != "verdict/gfx/start" {
			t.Errorf("%s was created by %s, want the rule's own name", task.ID, task.CreatedBy)
		}
		if task.Definition.TaskGroupID != tasks[0].Definition.TaskGroupID {
			t.Error("the tasks of one rule and patchset are in two groups")
		}
		var extra struct {
			Gerrit struct{ Change, Patchset int }
		}
		if err := json.Unmarshal(task.Definition.Extra, &extra); err != nil || extra.Gerrit.Change != ps.Change || extra.Gerrit.Patchset != 1 {
			t.Errorf("extra.gerrit is %s", task.Definition.Extra)
		}
	}
	for _, call := range w.tc.Calls() {
		if call.Method != "createTask" {
			continue
		}
		os := "windows"
		if strings.Contains(strings.Join(call.Scopes, " "), "linux") {
			os = "linux"
		}
		want := []string{"queue:create-task:low:gfx/ci-" + os, "queue:create-task:project:gfx", "queue:scheduler-id:verdict"}
		slices.Sort(call.Scopes)
		if !slices.Equal(call.Scopes, want) {
			t.Errorf("signed with %v, want exactly %v", call.Scopes, want)
		}
	}
}

func TestDocumentationAloneStartsNothing(t *testing.T) {
	w := newWorld(t, shaders)
	w.push("docs/a.md")
	w.poll()
	if n := len(w.tc.Tasks()); n != 0 {
		t.Errorf("%d tasks, want none\n%s", n, w.actions())
	}
}

func TestAnOutsidersPatchsetIsRefusedTheScopes(t *testing.T) {
	w := newWorld(t, shaders)
	for name, push := range map[string]gerrittest.Push{
		"pushed by an outsider":       {Uploader: "eve"},
		"written by an outsider":      {Author: "eve@example.com"},
		"written by nobody we know":   {Author: "stranger@example.net"},
		"an author who asks for more": {Author: `x" OR is:active "@example.com`},
	} {
		push.Project, push.Subject, push.Files = "demo", name, map[string]string{"shaders/a": name}
		w.gerrit.Push(push)
	}
	w.poll()
	if n := len(w.tc.Tasks()); n != 0 {
		t.Errorf("%d tasks were created for outsiders\n%s", n, w.actions())
	}
	if got := w.states()[store.ActionWaiting]; got != 8 {
		t.Errorf("%d actions wait, want 8\n%s", got, w.actions())
	}
	for change := 1; change <= 4; change++ {
		if said := w.said(change); len(said) != 1 || strings.Count(said[0], "CI waits for a maintainer: you are not in committers\n\n") != 1 {
			t.Errorf("change %d: its people are told %q, want once for both tasks whom they wait for\n%s", change, said, w.actions())
		}
	}
}

func TestATaskBeyondItsTeamsGrantIsRefusedBeforeItIsSent(t *testing.T) {
	w := newWorld(t, map[string]string{"gfx/start.yaml": strings.ReplaceAll(shaders["gfx/start.yaml"], "'gfx/ci-${os}'", "'release/signing-${os}'")})
	ps := w.push("shaders/a.glsl")
	w.poll()
	for _, call := range w.tc.Calls() {
		if call.Method == "createTask" {
			t.Errorf("createTask was sent, signed with %v", call.Scopes)
		}
	}
	said := strings.Join(w.said(ps.Change), "\n")
	for _, want := range []string{
		"CI could not start: task \"shaders-linux\"\nasks for more than this project may use\n\n",
		"Missing: queue:create-task:low:release/signing-linux", "ask gfx@example.org",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("the change says %q, want %q in it\n%s", said, want, w.actions())
		}
	}
}

func TestATaskThatTheQueueRefusesIsToldOnTheChange(t *testing.T) {
	w := newWorld(t, shaders)
	w.tc.Fail(taskclustertest.Fault{Method: "createTask", Status: 400, Body: `{"code": "InputValidationError", "message": "Schema Validation Failed!\ntaskQueueId: capital letters"}`})
	ps := w.push("shaders/a.glsl")
	w.poll()
	want := "CI could not start: task \"shaders-linux\" of patch set 1\n\n"
	if said := w.said(ps.Change); len(said) != 1 || !strings.Contains(said[0], want) || !strings.Contains(said[0], "taskQueueId: capital letters") || strings.Count(said[0], "\n") != 5 {
		t.Errorf("the change says %q, want %q with the queue's reason on one line\n%s", said, want, w.actions())
	}
	if got := w.states(); got[store.ActionDead] != 1 {
		t.Errorf("the actions are %v, want one dead\n%s", got, w.actions())
	}
}

func TestCreateTaskWithoutAnAnswerIsOneTask(t *testing.T) {
	for name, fault := range map[string]taskclustertest.Fault{
		"no answer, no effect": {Method: "createTask", Times: 6},
		"no answer after it":   {Method: "createTask", Times: 6, AfterEffect: true},
		"500 after it":         {Method: "createTask", Times: 6, AfterEffect: true, Status: 500},
		"a proxy's page":       {Method: "createTask", Times: 6, Status: 502},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, shaders)
			w.tc.Fail(fault)
			w.push("shaders/a.glsl")
			w.poll()
			w.await("created", func() bool { return w.states()[store.ActionDone] == 2 })
			if n := len(w.tc.Tasks()); n != 2 {
				t.Errorf("%d tasks, want 2", n)
			}
		})
	}
}

func TestATaskIsTheChangesWhoseRuleMadeIt(t *testing.T) {
	rules := map[string]string{"gfx/build.yaml": buildRules}
	for k, v := range shaders {
		rules[k] = v
	}
	w := newWorld(t, rules)
	ps := w.push("shaders/a.glsl")
	w.poll()
	w.messages()
	for _, task := range w.tc.Tasks() {
		w.run(task.ID, "failed", "failed")
	}
	w.bring(w.messages()...)
	// Both failed before anything was posted: one post says both.
	w.expect(ps.Change, -1, []string{"ci-failed"}, "shaders-linux failed: failed\n\nshaders-windows failed: failed")
}

func TestATaskThatTheTeamDoesNotTrustSpeaksForNoChange(t *testing.T) {
	w := newWorld(t, build)
	ps := w.push()
	id := w.task("shaders", ps.Change, 1)
	def := map[string]any{}
	for _, task := range w.tc.Tasks() {
		if task.ID == id {
			raw, err := json.Marshal(task.Definition)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(raw, &def); err != nil {
				t.Fatal(err)
			}
		}
	}
	def["schedulerId"] = "somebody-else"
	delete(def, "taskGroupId")
	if err := w.tc.DeleteTask(id); err != nil {
		t.Fatal(err)
	}
	if err := w.tc.AddTask(id, def); err != nil {
		t.Fatal(err)
	}
	w.messages()
	w.run(id, "failed", "failed")
	w.bring(w.messages()...)
	w.expect(ps.Change, 0, nil)
}
