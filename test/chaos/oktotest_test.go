package chaos

import (
	"testing"

	"verdict/gerrit/gerrittest"
)

// released is a patchset whose task deploy waits until a maintainer says "ok to test". In between the bot is killed,
// and started again. It tells whether that happened.
func released(t *testing.T, w *world, s strike) (b *bot, cameBack bool) {
	t.Helper()
	w.gerrit.AddAccount(gerrittest.Account{Username: "carol", Groups: []string{"deployers"}})
	change := w.push()
	b = startBot(t, w.files, s, true)
	w.until("task and notice", func() bool { return w.started(change) && b.resting(t) })
	w.expect(change, onPush)
	b.turn = len(b.trace())
	w.gerrit.Comment(change, "carol", "ok to test")
	w.until("the other task", func() bool { return len(w.tasksOf(change)) > 1 && b.resting(t) })
	b.stop(t)
	w.expectPosts(change, onPush)
	for _, name := range []string{"build", "deploy"} {
		if n := w.rung(name); n != 1 {
			t.Errorf("there are %d tasks %s, want one", n, name)
		}
	}
	return b, b.died() > 0 && !b.left
}
