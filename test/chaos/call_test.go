package chaos

import (
	"slices"
	"strings"
	"testing"
)

// callRules trigger one hook at most once and another at least once, and call what does no harm twice.
const callRules = `
  - name: ring
    on: {gerrit: patchset-created}
    do:
      - hook: {id: lab/once, payload: {revision: '${patchset.revision}'}}
      - hook: {id: lab/again, happens: at least once}
      - call:
          method: index.insertTask
          with: {namespace: 'lab.${patchset.revision}'}
          payload: {taskId: AAAAAAAAQ-qqqqqqqqqqqA, rank: 1, data: {}, expires: {$fromNow: 1 day}}
`

// calls are a patchset's. In between the bot is killed, and started again. It tells whether that happened.
func calls(t *testing.T, w *world, s strike) (b *bot, cameBack bool) {
	t.Helper()
	scopes := "'hooks:trigger-hook:lab/*', 'index:insert-task:lab.*'"
	w.files["teams.yaml"] = strings.ReplaceAll(teams, "'queue:scheduler-id:verdict']", "'queue:scheduler-id:verdict', "+scopes+"]")
	w.files["rules/gfx/ci.yaml"] = rules + callRules
	w.tasks.AddClient("project/verdict/chaos", "tc-token", "auth:create-client:project/verdict/chaos/*", "queue:*", "hooks:*", "index:*")
	for _, name := range []string{"once", "again"} {
		w.tasks.SetHook("lab", name, map[string]any{
			"taskQueueId": "lab/ci", "schedulerId": "hooks", "payload": map[string]any{},
			"metadata": map[string]any{"name": name, "description": "d", "owner": "o@example.org", "source": "https://example.org"},
		})
		w.tasks.SetRole("hook-id:lab/"+name, "queue:*")
	}
	change := w.push()
	b = startBot(t, w.files, s, true)
	w.until("task and calls", func() bool { return w.started(change) && b.resting(t) })
	b.stop(t)
	return b, b.died() > 0 && !b.left
}

// rung is how often something was done.
func (w *world) rung(what string) int {
	n := 0
	for _, task := range w.tasks.Tasks() {
		if task.Definition.Metadata.Name == what {
			n++
		}
	}
	for _, call := range w.tasks.Calls() {
		if call.Method == what && call.Status == 200 {
			n++
		}
	}
	return n
}

// TestKilledAroundACallDoesEachAsOftenAsItMay: what happens at most once isn't done again, nor what happens at least
// once left out.
func TestKilledAroundACallDoesEachAsOftenAsItMay(t *testing.T) {
	quiet, _ := calls(t, newWorld(t), strike{})
	points := slices.DeleteFunc(quiet.trace(), func(point string) bool {
		return !strings.HasPrefix(point, "taskcluster.triggerHook.") && !strings.HasPrefix(point, "taskcluster.insertTask.")
	})
	if len(points) != 6 {
		t.Fatalf("points %q, want those before and after each of the three calls", points)
	}
	each(t, points, func(t *testing.T, point string) {
		killedAt(t, point, func(t *testing.T, w *world, s strike) (*bot, bool) {
			b, cameBack := calls(t, w, s)
			// The hook that happens at most once comes first.
			want := map[string]int{"once": 1, "again": 1, "insertTask": 1}
			switch s.at {
			case "taskcluster.triggerHook.Call#1:before":
				want["once"] = 0 // nobody knows whether it was sent
			case "taskcluster.triggerHook.Call#2:after":
				want["again"] = 2
			case "taskcluster.insertTask.Call#1:after":
				want["insertTask"] = 2
			}
			for what, n := range want {
				if got := w.rung(what); got != n {
					t.Errorf("%s was done %d times, want %d", what, got, n)
				}
			}
			return b, cameBack
		}, func(*world) {})
	})
}
