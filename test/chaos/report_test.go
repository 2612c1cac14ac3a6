package chaos

import (
	"slices"
	"strings"
	"testing"
)

// reportRules say how all tasks of a patchset went.
const reportRules = `  - name: verdict
    on: {group: settled}
    do:
      - report: {label: Verified, pass: 1, fail: -1}
`

// What is on a change after its only task failed, and after that passed. What differs from telling to telling, the
// task's id and how long it took, is cut.
var (
	reportedFailure = append(slices.Clone(onPush), "Patch Set 1: Verified-1\n\nVerified -1: 1 of 1 tasks failed on patch set 1")
	reportedSuccess = append(slices.Clone(reportedFailure), "Patch Set 1: Verified+1\n\nVerified +1: its one task passed on patch set 1")
)

// reported is a patchset whose task fails, and passes when it is run again. In between the bot is killed, and started
// again. It tells whether that happened.
func reported(t *testing.T, w *world, s strike) (b *bot, cameBack bool) {
	t.Helper()
	start, _, _ := strings.Cut(rules, "  - name: verdict")
	w.files["rules/gfx/ci.yaml"] = start + reportRules
	w.files["config.yaml"] += "settle: {quiet: 300ms}\n"
	change := w.push()
	b = startBot(t, w.files, s, true)
	w.until("task and notice", func() bool { return w.started(change) && b.resting(t) })
	w.run(change, "failed")
	w.until("the failure", func() bool { return w.vote(change) == -1 && b.resting(t) })
	w.expectReported(change, reportedFailure)
	w.run(change, "completed")
	w.until("the pass", func() bool { return w.vote(change) == 1 && b.resting(t) })
	b.stop(t)
	w.expectReported(change, reportedSuccess)
	return b, b.died() > 0 && !b.left
}

func (w *world) vote(change int) int { return w.gerrit.Change(change).Votes["Verified"]["ci-bot"] }

// expectReported compares the beginnings of posts: up to the end of what is known beforehand.
func (w *world) expectReported(change int, want []string) {
	w.t.Helper()
	got := w.posts(change)
	for i := range got {
		if first, _, report := strings.Cut(got[i], " on patch set 1\n"); report {
			got[i] = first + " on patch set 1"
		}
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("on the change is %q, want %q", got, want)
	}
}

// TestKilledAroundAReportSaysItOnce: the points are those around its post, and where the wait for it is written.
func TestKilledAroundAReportSaysItOnce(t *testing.T) {
	quiet, _ := reported(t, newWorld(t), strike{})
	points := slices.DeleteFunc(between(quiet.trace()), func(point string) bool {
		return !strings.HasPrefix(point, "gerrit.Review") && !strings.HasPrefix(point, "deliver.") && !strings.HasPrefix(point, "decide.FinishEvents")
	})
	if len(points) < 12 {
		t.Fatalf("points %q, want those around decisions and posts", points)
	}
	each(t, points, func(t *testing.T, point string) { killedAt(t, point, reported, func(*world) {}) })
}
