package chaos

import (
	"slices"
	"testing"
)

const floodRules = `
rules:
  - name: flood
    on: {gerrit: patchset-created, server: main, project: demo}
    do:
      - comment: Hello
`

// guarded is a rule that may touch one change in an hour, and is held at the second until somebody lets it go on. In
// between the bot is killed, and started again. It tells whether that happened.
func guarded(t *testing.T, w *world, s strike) (b *bot, cameBack bool) {
	t.Helper()
	w.files["config.yaml"] += "guards: {changesPerRulePerHour: 1}\n"
	w.files["rules/gfx/ci.yaml"] = floodRules
	b = startBot(t, w.files, s, true)
	first := w.push()
	w.until("a post", func() bool { return len(w.posts(first)) > 0 && b.resting(t) })
	b.turn = len(b.trace())
	second := w.push()
	w.until("word of the hold", func() bool {
		now, err := b.status(t)
		held := err == nil && len(now.Holds) == 1 && now.Holds[0].Scope == "rule:gfx/flood" && now.Counts.Actions["held"] == 1
		return held && slices.Equal(b.problems(t), []string{"gfx: rule flood is held"})
	})
	w.expectPosts(second, nil)
	b.release(t, "rule:gfx/flood")
	w.until("what it waited for", func() bool { return len(w.posts(second)) > 0 && b.resting(t) })
	b.stop(t)
	for _, change := range []int{first, second} {
		w.expectPosts(change, []string{"Patch Set 1:\n\nHello"})
	}
	b.expectTold(t, s, 1)
	return b, b.died() > 0 && !b.left
}
