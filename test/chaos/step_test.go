package chaos

import (
	"slices"
	"strings"
	"testing"

	"verdict/taskcluster"
)

// stepRules rerun the task of a patchset once it failed for the first time, and cancel what isn't over when its change
// is abandoned.
const stepRules = `
  - name: again
    on: {task: failed}
    when:
      - 'task.runs.size() == 1'
    do:
      - rerun: {}
  - name: stop
    on: {gerrit: change-abandoned}
    do:
      - cancel: {tasks: unfinished}
`

// steps are a task's: it fails, is rerun, and cancelled. In between the bot is killed, and started again. It tells
// whether that happened.
func steps(t *testing.T, w *world, s strike) (b *bot, cameBack bool) {
	t.Helper()
	scopes := "'queue:rerun-task:verdict/*', 'queue:cancel-task:verdict/*'"
	w.files["teams.yaml"] = strings.Replace(teams, "'queue:scheduler-id:verdict']", "'queue:scheduler-id:verdict', "+scopes+"]", 1)
	w.files["rules/gfx/ci.yaml"] = rules + stepRules
	w.tasks.AddClient("project/verdict/chaos", "tc-token", "auth:create-client:project/verdict/chaos/*", "queue:*")
	change := w.push()
	b = startBot(t, w.files, s, true)
	w.until("task and notice", func() bool { return w.started(change) && b.resting(t) })
	w.run(change, "failed")
	w.until("the rerun", func() bool { return len(w.status(change).Runs) > 1 && b.resting(t) })
	w.expect(change, onPush) // and no vote
	if err := w.gerrit.Abandon(change, "admin", ""); err != nil {
		t.Fatal(err)
	}
	w.until("the end of the task", func() bool { return w.status(change).Final() && b.resting(t) })
	b.stop(t)
	status := w.status(change)
	if last := status.Runs[len(status.Runs)-1]; len(status.Runs) != 2 || last.ReasonCreated != "rerun" || last.ReasonResolved != "canceled" {
		t.Errorf("runs %+v, want a second one, rerun and canceled", status.Runs)
	}
	return b, b.died() > 0 && !b.left
}

// status is that of the change's task.
func (w *world) status(change int) taskcluster.TaskStatus {
	w.t.Helper()
	task, ok := w.tasks.Task(w.task(change))
	if !ok {
		w.t.Fatalf("change %d has no task", change)
	}
	return task.Status
}

// TestKilledAroundARerunAndACancelDoesEachOnce: as for a change's life, the points are those around the calls.
func TestKilledAroundARerunAndACancelDoesEachOnce(t *testing.T) {
	quiet, _ := steps(t, newWorld(t), strike{})
	points := slices.DeleteFunc(quiet.trace(), func(point string) bool {
		return !strings.HasPrefix(point, "taskcluster.RerunTask") && !strings.HasPrefix(point, "taskcluster.CancelTask")
	})
	if len(points) != 4 {
		t.Fatalf("points %q, want those before and after each of the two calls", points)
	}
	each(t, points, func(t *testing.T, point string) { killedAt(t, point, steps, func(*world) {}) })
}
