package chaos

import (
	"fmt"
	"testing"
	"time"
)

// cronRules look once, a moment before now.
const cronRules = `
rules:
  - name: remind
    on: {cron: '%d * * * *', query: 'status:open', server: main, project: demo}
    do:
      - comment: Still open
`

// ticked is a tick that finds two changes. In between the bot is killed, and started again. It tells whether that
// happened.
func ticked(t *testing.T, w *world, s strike) (b *bot, cameBack bool) {
	t.Helper()
	w.files["rules/gfx/ci.yaml"] = fmt.Sprintf(cronRules, time.Now().UTC().Add(-2*time.Minute).Minute())
	changes := []int{w.push(), w.push()}
	b = startBot(t, w.files, s, true)
	for _, change := range changes {
		w.until("a post", func() bool { return len(w.posts(change)) > 0 && b.resting(t) })
	}
	b.stop(t)
	for _, change := range changes {
		w.expectPosts(change, []string{"Patch Set 1:\n\nStill open"})
	}
	return b, b.died() > 0 && !b.left
}
