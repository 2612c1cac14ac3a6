package deliver_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"verdict/gerrit/gerrittest"
	"verdict/internal/deliver"
	"verdict/internal/store"
	"verdict/taskcluster"
	"verdict/taskcluster/taskclustertest"
)

// oneCall is a rule that does one thing for each patchset.
func oneCall(do string) map[string]string {
	return map[string]string{"gfx/call.yaml": `defaults: {server: main, project: demo}
rules:
  - name: ask
    on: {gerrit: patchset-created}
    do:
      - ` + do + `
`}
}

// callWorld has a hook, and a team that may trigger it and seal groups.
func callWorld(t *testing.T, do string, scopes ...string) *world {
	t.Helper()
	if scopes == nil {
		scopes = []string{"hooks:trigger-hook:gfx/*", "queue:seal-task-group:gfx-level-1/*"}
	}
	w := newWorldOf(t, gerrittest.Config{}, granted(t, nil, scopes...), oneCall(do))
	w.tc.AddClient("verdict", "token", "queue:*", "hooks:*", "index:*", "auth:create-client:verdict/*")
	w.tc.SetHook("gfx", "deploy", map[string]any{
		"taskQueueId": "gfx/ci", "schedulerId": "hooks", "payload": map[string]any{},
		"metadata": map[string]any{"name": "deploy", "description": "d", "owner": "o@example.org", "source": "https://example.org"},
	})
	w.tc.SetRole("hook-id:gfx/deploy", "queue:*")
	return w
}

// fires are the hook's tasks.
func (w *world) fires() int {
	n := 0
	for _, task := range w.tc.Tasks() {
		if task.Definition.Metadata.Name == "deploy" {
			n++
		}
	}
	return n
}

// only is the one action that isn't a comment.
func (w *world) only() store.Action {
	w.t.Helper()
	all, err := w.store.Actions(w.t.Context(), store.Filter{})
	if err != nil {
		w.t.Fatal(err)
	}
	all = slices.DeleteFunc(all, func(a store.Action) bool { return a.Kind == deliver.KindComment })
	if len(all) != 1 {
		w.t.Fatalf("%d actions, want one\n%s", len(all), w.actions())
	}
	return all[0]
}

const hookDo = "hook: {id: gfx/deploy, payload: {sha: '${patchset.revision}'}}"

func TestAHookIsTriggeredWithJustItsScope(t *testing.T) {
	w := callWorld(t, hookDo)
	w.push("a")
	w.poll()
	if w.fires() != 1 {
		t.Fatalf("%d tasks, want one\n%s", w.fires(), w.actions())
	}
	if calls := w.stepCalls("triggerHook"); len(calls) != 1 || !slices.Equal(calls[0], []string{"hooks:trigger-hook:gfx/deploy"}) {
		t.Errorf("it was signed with %v", calls)
	}
	for _, c := range w.tc.Calls() {
		if c.Method == "triggerHook" && (c.ClientID != "verdict/gfx/ask" || c.Issuer != "verdict") {
			t.Errorf("it was signed by %s of %s, want verdict/gfx/ask of verdict", c.ClientID, c.Issuer)
		}
	}
	a := w.only()
	var made struct{ TaskID string }
	if err := json.Unmarshal(a.Result, &made); err != nil || a.State != store.ActionDone || made.TaskID == "" {
		t.Errorf("%s with %s, want it done, with the task", a.State, a.Result)
	}
}

func TestAHookOfWhichNobodyKnowsIsTriggeredOnceUnlessToldOtherwise(t *testing.T) {
	t.Parallel()
	lost := taskclustertest.Fault{Method: "triggerHook", AfterEffect: true}
	refused := taskclustertest.Fault{Method: "triggerHook", Status: 429, Body: `{"code":"TooManyRequests","message":"wait"}`}
	broken := taskclustertest.Fault{Method: "triggerHook", Status: 500}
	tests := []struct {
		name, do string
		fault    taskclustertest.Fault
		fires    int
		state    store.ActionState
		reason   string
	}{
		{"the answer is lost", hookDo, lost, 1, store.ActionDead, "it may have happened: "},
		{"an error of the server", hookDo, broken, 0, store.ActionDead, "it may have happened: "},
		{"refused for now", hookDo, refused, 1, store.ActionDone, ""},
		{"told otherwise", strings.Replace(hookDo, "}}", "}, happens: at least once}", 1), lost, 2, store.ActionDone, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := callWorld(t, test.do)
			w.tc.Fail(test.fault)
			w.push("a")
			w.poll()
			w.await("over", func() bool { s := w.only().State; return s == store.ActionDead || s == store.ActionDone })
			a := w.only()
			if w.fires() != test.fires || a.State != test.state || !strings.HasPrefix(a.Reason, test.reason) {
				t.Errorf("%d tasks, %s %q; want %d, %s %q", w.fires(), a.State, a.Reason, test.fires, test.state, test.reason)
			}
			if a.State == store.ActionDead && !strings.Contains(a.Reason, "bot actions retry "+a.ID[:10]+" sends it") {
				t.Errorf("the reason %q doesn't say what to do", a.Reason)
			}
		})
	}
}

// noConnection is a Taskcluster that can't be reached at first.
type noConnection struct {
	deliver.Services
	w    *world
	left int
}

func (s *noConnection) Call(ctx context.Context, service string, call taskcluster.Call, caller taskcluster.Caller) (json.RawMessage, error) {
	if s.left--; s.left >= 0 {
		nowhere, err := taskcluster.NewServices("http://127.0.0.1:1", &taskcluster.Credentials{ClientID: "verdict", AccessToken: "token"}, taskcluster.Options{Attempts: 1})
		if err != nil {
			s.w.t.Fatal(err)
		}
		return nowhere.Call(ctx, service, call, caller)
	}
	return s.Services.Call(ctx, service, call, caller)
}

func TestAHookIsTriggeredOnceTheServiceCanBeReached(t *testing.T) {
	t.Parallel()
	w := callWorld(t, hookDo)
	w.Services = &noConnection{w.Services, w, 2}
	w.push("a")
	w.poll()
	w.await("triggered", func() bool { return w.fires() == 1 })
	if a := w.only(); a.State != store.ActionDone || a.Attempts != 3 {
		t.Errorf("%s after %d attempts, want it done after 3", a.State, a.Attempts)
	}
}

// stopping is a bot that dies while it waits for an answer: it writes nothing any more.
type stopping struct {
	deliver.Store
	dead bool
}

func (s *stopping) FinishActions(ctx context.Context, lane store.Lane, outcomes []store.Outcome, effects store.Effects) error {
	if s.dead && len(outcomes) > 0 {
		return store.ErrLeaseLost
	}
	return s.Store.FinishActions(ctx, lane, outcomes, effects)
}

// died has a bot die after it sent the hook.
func (w *world) died() {
	w.t.Helper()
	dying := w.deliverer("dying")
	dying.Store, dying.Gerrit, dying.People, dying.Tasks, dying.Services = &stopping{w.store, true}, w.Gerrit, w.People, w.Tasks, w.Services
	dying.Lease, dying.Timeout = time.Second, 500*time.Millisecond
	w.pollOnly()
	for {
		if n, err := w.decide.Next(w.t.Context()); err != nil {
			w.t.Fatal(err)
		} else if n == 0 {
			break
		}
	}
	if _, err := dying.Next(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func TestAHookThatWasUnderwayWhenTheBotDiedIsNotTriggeredAgain(t *testing.T) {
	t.Parallel()
	for _, held := range []bool{false, true} {
		w := callWorld(t, hookDo)
		w.push("a")
		w.died()
		if a := w.only(); w.fires() != 1 || a.State != store.ActionRunning {
			t.Fatalf("%d tasks and %s, want one, and it running", w.fires(), a.State)
		}
		if held { // which takes away that it was running
			if err := w.store.Hold(t.Context(), store.Hold{Scope: "team:gfx"}); err != nil {
				t.Fatal(err)
			}
			w.await("held", func() bool { return w.only().State == store.ActionHeld })
			if err := w.store.Release(t.Context(), "team:gfx"); err != nil {
				t.Fatal(err)
			}
		}
		w.await("given up", func() bool { return w.only().State == store.ActionDead })
		if a := w.only(); w.fires() != 1 || !strings.HasPrefix(a.Reason, "it may have happened: the bot stopped before it heard the answer") {
			t.Errorf("held %t: %d tasks, %q", held, w.fires(), a.Reason)
		}
		// Somebody looked, and has it done all the same.
		if err := w.store.RetryAction(t.Context(), w.only().ID); err != nil {
			t.Fatal(err)
		}
		w.await("done by hand", func() bool { return w.only().State == store.ActionDone })
		if w.fires() != 2 {
			t.Errorf("%d tasks after the retry by hand, want 2", w.fires())
		}
	}
}

// A retry by hand begins anew, and is still done at most once.
func TestAHookRetriedByHandIsTriggeredOnceAgain(t *testing.T) {
	t.Parallel()
	w := callWorld(t, hookDo)
	w.tc.Fail(taskclustertest.Fault{Method: "triggerHook", Status: 429, Body: `{"code":"TooManyRequests","message":"wait"}`})
	w.tc.Fail(taskclustertest.Fault{Method: "triggerHook", Status: 500})
	w.push("a")
	w.poll()
	w.await("given up", func() bool { return w.only().State == store.ActionDead })
	if err := w.store.RetryAction(t.Context(), w.only().ID); err != nil {
		t.Fatal(err)
	}
	w.died()
	w.await("given up again", func() bool { return w.only().State == store.ActionDead })
	if w.fires() != 1 {
		t.Errorf("%d tasks, want one", w.fires())
	}
}

func TestAHookBeyondTheGrantIsNotSentAndToldOnTheChange(t *testing.T) {
	w := callWorld(t, hookDo, "hooks:trigger-hook:web/*")
	ps := w.push("a")
	w.poll()
	if calls := w.stepCalls("triggerHook"); len(calls) != 0 {
		t.Errorf("it was sent with %v", calls)
	}
	if a := w.only(); a.State != store.ActionDead || !strings.Contains(a.Reason, `hook "gfx/deploy" needs scopes`) {
		t.Errorf("%s %q", a.State, a.Reason)
	}
	w.expect(ps.Change, 0, nil, "CI could not start: hook \"gfx/deploy\" asks for more than this project may use\n\nMissing: hooks:trigger-hook:gfx/deploy\nIf you need it, ask gfx@example.org; if not, remove that hook.")
}

func TestAHookIsLimitedByWhoPushed(t *testing.T) {
	text := strings.NewReplacer("'queue:scheduler-id:verdict']\n      trustTasks", "'queue:scheduler-id:verdict', 'hooks:trigger-hook:gfx/*']\n      trustTasks",
		"'queue:scheduler-id:verdict']}\n", "'queue:scheduler-id:verdict', 'hooks:trigger-hook:gfx/*']}\n").Replace(teamsYAML)
	w := callWorld(t, hookDo)
	w.loadOf(loadTeams(t, text), oneCall(hookDo))
	w.gerrit.Push(gerrittest.Push{Project: "demo", Branch: "main", Subject: "Evil", Uploader: "eve", Files: map[string]string{"a": "b"}})
	w.poll()
	if a := w.only(); w.fires() != 0 || a.State != store.ActionWaiting || !strings.Contains(a.Reason, "no trust row of gfx fits the uploader eve") {
		t.Errorf("%d tasks, %s %q", w.fires(), a.State, a.Reason)
	}
	w.comment("alice", "ok to test")
	if n := w.fires(); n != 1 {
		t.Errorf("after a trusted word it was triggered %d times, want once\n%s", n, w.actions())
	}
}

// A group's scheduler decides which scope sealing it takes: the bot asks, and signs with just that.
func TestACallIsSignedByWhatIsThere(t *testing.T) {
	t.Parallel()
	w := callWorld(t, "call: {method: queue.sealTaskGroup, with: {taskGroupId: AAAAAAAAQ-qqqqqqqqqqqA}}")
	id := w.task("shaders", 0, 0)
	task, _ := w.tc.Task(id)
	group := task.Definition.TaskGroupID
	w.loadOf(granted(t, nil, "queue:seal-task-group:gfx-level-1/*"), oneCall("call: {method: queue.sealTaskGroup, with: {taskGroupId: "+group+"}}"))
	w.tc.Fail(taskclustertest.Fault{Method: "sealTaskGroup", AfterEffect: true}) // sealing it twice is sealing it
	w.push("a")
	w.poll()
	w.await("sealed", func() bool { return w.only().State == store.ActionDone })
	want := []string{"queue:seal-task-group:gfx-level-1/" + group}
	if calls := w.stepCalls("sealTaskGroup"); len(calls) != 2 || !slices.Equal(calls[0], want) || !slices.Equal(calls[1], want) {
		t.Errorf("it was signed with %v, want twice with %v", calls, want)
	}
}

func TestACallOfWhatIsGoneIsNotDoneAgain(t *testing.T) {
	t.Parallel()
	do := "call: {method: index.deleteTask, with: {namespace: gfx.latest}}"
	w := callWorld(t, do, "index:delete-task:gfx.*")
	w.push("a")
	w.tc.Fail(taskclustertest.Fault{Method: "deleteTask", AfterEffect: true})
	w.tc.Fail(taskclustertest.Fault{Method: "deleteTask", Status: 404, Body: `{"code":"ResourceNotFound","message":"no such task"}`})
	w.poll()
	w.await("over", func() bool { s := w.only().State; return s == store.ActionDone || s == store.ActionDead })
	if a := w.only(); a.State != store.ActionDone {
		t.Errorf("%s %s: deleting what an attempt before deleted is done", a.State, a.Reason)
	}
}

// What a service answers may hold secrets, and isn't kept.
func TestOfAnAnswerOnlyTheTaskIsKept(t *testing.T) {
	w := callWorld(t, hookDo)
	w.Services = answering(`{"taskId": "AAAAAAAAQ-qqqqqqqqqqqA", "credentials": {"accessToken": "s3cret"}}`)
	w.push("a")
	w.poll()
	if a := w.only(); strings.Contains(string(a.Result), "s3cret") || !strings.Contains(string(a.Result), "AAAAAAAAQ") {
		t.Errorf("kept %s", a.Result)
	}
}

type answering string

func (a answering) Call(context.Context, string, taskcluster.Call, taskcluster.Caller) (json.RawMessage, error) {
	return json.RawMessage(a), nil
}
