package chaos

import (
	"slices"
	"strings"
	"testing"
)

// groupRules tell when all tasks of a group are over.
const groupRules = `
  - name: whole
    on: {group: settled}
    do:
      - comment: '${group.completed} of ${group.total} tasks passed'
`

// whole is what is on a change when the group of its task has settled.
var whole = append(slices.Clone(onPush), "Patch Set 1:\n\n1 of 1 tasks passed")

// grouped is a group of one task: it settles once nothing has changed for a second. In between the bot is killed, and
// started again. It tells whether that happened.
func grouped(t *testing.T, w *world, s strike) (b *bot, cameBack bool) {
	t.Helper()
	w.files["rules/gfx/ci.yaml"] = rules + groupRules
	w.files["config.yaml"] += "settle: {quiet: 1s}\n"
	change := w.push()
	b = startBot(t, w.files, s, true)
	w.until("task and notice", func() bool { return w.started(change) && b.resting(t) })
	w.run(change, "completed")
	w.until("word of the group", func() bool { return len(w.posts(change)) >= len(whole) && b.resting(t) })
	b.stop(t)
	w.expect(change, whole)
	return b, b.died() > 0 && !b.left
}

// TestKilledAroundALookAtAGroupTellsItOnce: the points are those where a look that is due becomes an event.
func TestKilledAroundALookAtAGroupTellsItOnce(t *testing.T) {
	quiet, _ := grouped(t, newWorld(t), strike{})
	points := slices.DeleteFunc(quiet.trace(), func(point string) bool { return !strings.HasPrefix(point, "decide.WakeGroups") })
	if len(points) < 4 {
		t.Fatalf("points %q, want those before and after each of two looks", points)
	}
	each(t, points, func(t *testing.T, point string) { killedAt(t, point, grouped, func(*world) {}) })
}
