package deliver_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"verdict/gerrit/gerrittest"
	"verdict/internal/deliver"
	"verdict/internal/facts"
	"verdict/internal/store"
	"verdict/rules"
	"verdict/taskcluster"
	"verdict/taskcluster/taskclustertest"
)

// ofFile is a rule that creates what the patchset's own file says.
var ofFile = map[string]string{"gfx/file.yaml": `defaults: {server: main, project: demo}
rules:
  - name: own
    on: {gerrit: patchset-created}
    do: [{tasks: {from: .taskcluster.yml}}]
`}

const twoTasks = `version: 1
tasks:
  - taskId: {$eval: as_slugid("test")}
    dependencies: [{$eval: as_slugid("build")}]
    taskQueueId: gfx/ci
    projectId: gfx
    priority: low
    created: {$fromNow: ''}
    deadline: {$fromNow: 2 hours}
    metadata: {name: test, description: Tests}
    payload: {command: [test, '${patchset.ref}']}
  - taskId: {$eval: as_slugid("build")}
    taskQueueId: gfx/ci
    projectId: gfx
    priority: low
    created: {$fromNow: ''}
    deadline: {$fromNow: 2 hours}
    metadata: {name: build, description: Builds}
    payload: {}
    extra: {gerrit: {change: 99999, patchset: 1}}
`

// pushed is a patchset with a .taskcluster.yml.
func (w *world) pushed(file, by string) gerrittest.Patchset {
	return w.gerrit.Push(gerrittest.Push{Project: "demo", Branch: "main", Subject: "Own tasks", Uploader: by, Files: map[string]string{".taskcluster.yml": file}})
}

func TestAFilesTasksAreCreatedOnceEachAfterWhatTheyNeed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ofFile)
	// The queue is down for as long as the first is tried: the second waits for it. Then an answer is lost.
	w.tc.Fail(taskclustertest.Fault{Method: "createTask", Status: 500, Times: 4})
	w.tc.Fail(taskclustertest.Fault{Method: "createTask", AfterEffect: true})
	ps := w.pushed(twoTasks, "alice")
	w.poll()
	w.await("both created", func() bool { return w.states()[store.ActionDone] == 2 })
	tasks := w.tc.Tasks()
	if len(tasks) != 2 || tasks[0].Definition.Metadata.Name != "build" || tasks[1].Definition.Metadata.Name != "test" {
		t.Fatalf("%d tasks\n%s", len(tasks), w.actions())
	}
	build, test := tasks[0], tasks[1]
	if !slices.Equal(test.Definition.Dependencies, []string{build.ID}) || build.Definition.TaskGroupID != test.Definition.TaskGroupID {
		t.Errorf("test depends on %v, want %s; groups %s and %s", test.Definition.Dependencies, build.ID, build.Definition.TaskGroupID, test.Definition.TaskGroupID)
	}
	var payload struct{ Command []string }
	if err := json.Unmarshal(test.Definition.Payload, &payload); err != nil || len(payload.Command) != 2 || !strings.HasPrefix(payload.Command[1], "refs/changes/") {
		t.Errorf("the payload is %s", test.Definition.Payload)
	}
	var extra struct {
		Gerrit struct{ Change, Patchset int }
	}
	if raw, _ := json.Marshal(build.Definition.Extra); json.Unmarshal(raw, &extra) != nil || extra.Gerrit.Change != ps.Change {
		t.Errorf("the file chose the change: %+v, want %d", extra, ps.Change)
	}
	for _, kind := range []string{"task", "group"} {
		id := map[string]string{"task": test.ID, "group": test.Definition.TaskGroupID}[kind]
		if link, ok, err := w.store.Link(t.Context(), kind, id); err != nil || !ok || link.Change != ps.Change || link.By != "gfx/own" {
			t.Errorf("%s %s belongs to %+v, %v", kind, id, link, err)
		}
	}
	for _, scopes := range w.signedWith() {
		if len(scopes) == 0 {
			continue // one that wasn't looked at
		}
		if want := []string{"queue:create-task:low:gfx/ci", "queue:create-task:project:gfx", "queue:scheduler-id:verdict"}; !slices.Equal(slices.Sorted(slices.Values(scopes)), want) {
			t.Errorf("signed with %v, want %v", scopes, want)
		}
	}
}

func TestAFileThatCanNotBeUsedIsToldOnceOnTheChange(t *testing.T) {
	t.Parallel()
	queue := strings.Replace(twoTasks, "taskQueueId: gfx/ci", "taskQueueId: gfx/CI-linux", 1)
	tests := map[string]struct{ file, said string }{
		"a queue that there can't be": {queue, "CI could not start: .taskcluster.yml line 5 of patch set 1\n\ntaskQueueId \"gfx/CI-linux\": capital letters are not allowed in the second part."},
		"not YAML":                    {"version: 1\ntasks:\n  - a: 'b\n    c: d\n", "CI could not start: .taskcluster.yml line 3 of patch set 1\n\nnot YAML: the quote that begins here doesn't end on this line; end it, or write the text after |."},
		"JSON-e":                      {"version: 1\ntasks: [{$eval: nobody}]\n", "CI could not start: .taskcluster.yml line 2 of patch set 1\n\nJSON-e: "},
		"version 0":                   {"version: 0\ntasks: []\n", "CI could not start: .taskcluster.yml line 1 of patch set 1\n\nversion 0 isn't supported"},
		"missing":                     {"", "CI could not start: .taskcluster.yml of patch set 1\n\nThere is no such file."},
		"too large":                   {"version: 1\n#" + strings.Repeat("x", rules.MaxTaskFile), "CI could not start: .taskcluster.yml of patch set 1\n\nThe file has more than the 262144 bytes that it may have."},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, ofFile)
			ps := w.push("a")
			if test.file != "" {
				ps = w.pushed(test.file, "alice")
				w.query = "change:" + itoa(ps.Change)
			}
			w.poll()
			w.poll()
			w.expect(ps.Change, 0, nil, test.said)
			w.expectNotified(ps.Change, "CI could not start", "OWNER", "autogenerated:verdict~gfx")
			if n := len(w.tc.Tasks()); n != 0 {
				t.Errorf("%d tasks", n)
			}
		})
	}
}

func itoa(n int) string { b, _ := json.Marshal(n); return string(b) }

// What the file of a patchset says is limited by who pushed it, each task for itself.
func TestAFileIsLimitedByWhoPushedIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ofFile)
	ps := w.pushed(strings.Replace(twoTasks, "gfx/ci", "release/signing", 1), "alice")
	w.poll()
	w.await("one created", func() bool { return w.states()[store.ActionDone] == 2 }) // and the notice posted
	if tasks := w.tc.Tasks(); len(tasks) != 1 || tasks[0].Definition.Metadata.Name != "build" {
		t.Errorf("%d tasks, want build alone\n%s", len(tasks), w.actions())
	}
	w.expect(ps.Change, 0, nil, "CI could not start: task \"test\" asks for more than this project may use\n\nMissing: queue:create-task:low:release/signing")
	other := newWorld(t, ofFile)
	other.pushed(twoTasks, "eve")
	other.poll()
	if n := len(other.tc.Tasks()); n != 0 {
		t.Errorf("%d tasks for somebody whom nobody trusts", n)
	}
}

// The file is kept with the decision: what was decided then is decided again without Gerrit.
func TestAFileIsKeptWithTheDecision(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ofFile)
	w.pushed(twoTasks, "alice")
	w.poll()
	events, err := w.store.Events(t.Context(), store.Filter{})
	if err != nil || len(events) == 0 {
		t.Fatal(events, err)
	}
	decisions, err := w.store.Decisions(t.Context(), events[0].ID)
	if err != nil || len(decisions) != 1 {
		t.Fatal(decisions, err)
	}
	known, err := facts.Revive(decisions[0].Facts)
	if err != nil {
		t.Fatal(err)
	}
	w.decide.Facts = &facts.Source{Recorded: known, RootURL: w.tc.URL}
	again, err := w.decide.Try(t.Context(), events[0], events[0].Time)
	if err != nil || len(again.Actions) != 2 {
		t.Fatalf("%+v, %v", again, err)
	}
	ids := map[string]bool{}
	for _, a := range again.Actions {
		var args deliver.Args
		if err := json.Unmarshal(a.Args, &args); err != nil || args.Task == nil || !taskcluster.ValidID(args.Task.TaskID) {
			t.Fatalf("%s, %v", a.Args, err)
		}
		ids[args.Task.TaskID] = true
	}
	for _, task := range w.tc.Tasks() {
		if !ids[task.ID] {
			t.Errorf("the task %s would have another id when it is decided again", task.ID)
		}
	}
}
