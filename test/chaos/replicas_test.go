package chaos

import (
	"fmt"
	"maps"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"verdict/internal/testservers"
)

// replicas are two bots on one PostgreSQL, each of which may be struck.
func replicas(t *testing.T, w *world, s strike) [2]*bot {
	t.Helper()
	files := maps.Clone(w.files)
	database := testservers.OwnPostgres(t)
	files["store-password"], _ = database.User.Password()
	database.User = url.User(database.User.Username())
	files["config.yaml"] = strings.Replace(files["config.yaml"], "url: 'sqlite:verdict.db'", fmt.Sprintf("url: '%s', passwordFile: store-password", database), 1)
	var both [2]*bot
	for i := range both {
		both[i] = startBot(t, files, s, false)
	}
	for _, b := range both {
		w.until("two replicas that hear of everything", func() bool { return b.connected(t) })
	}
	return both
}

func TestReplicasShareTheWork(t *testing.T) {
	w := newWorld(t)
	both := replicas(t, w, strike{})
	worked := func(b *bot) bool { return b.passed("decide.FinishEvents") && b.passed("deliver.FinishActions") }
	var changes []int
	w.until("both at work", func() bool {
		changes = append(changes, w.push())
		last := changes[len(changes)-1]
		w.until("a task", func() bool { return w.started(last) })
		w.run(last, "failed")
		return worked(both[0]) && worked(both[1])
	})
	for _, change := range changes {
		w.until("Verified -1", func() bool { return w.failed(change) })
	}
	for _, b := range both {
		w.until("rest", func() bool { return b.resting(t) })
	}
	for _, change := range changes {
		w.expect(change, onFailure)
	}
}

// TestAReplicaEndsWhatAnotherHeld: one dies, or freezes, while it holds a lane to post a vote and its message; the
// other posts them, or finds them posted. The frozen one wakes when that is done, and does no harm.
func TestAReplicaEndsWhatAnotherHeld(t *testing.T) {
	for _, struck := range []struct{ at, signal string }{
		{"gerrit.Review#1:before", "KILL"},
		{"gerrit.Review#1:after", "KILL"},
		{"deliver.ClaimLane#1:after", "STOP"},
		{"deliver.StartActions#1:after", "STOP"},
		{"gerrit.Review#1:before", "STOP"},
		{"gerrit.Review#1:after", "STOP"},
	} {
		t.Run(struck.signal+" at "+struck.at, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.files["rules/gfx/ci.yaml"] = votesAtOnce
			s := w.armed(struck.at, struck.signal)
			both := replicas(t, w, s)
			change := w.push()
			w.until("a strike", s.happened)
			alive, dead := both[0], both[1]
			w.until("whom it struck", func() bool {
				if alive.died() > 0 || alive.frozen() {
					alive, dead = dead, alive
				}
				return dead.died() > 0 || dead.frozen()
			})
			w.until("the vote", func() bool { return w.gerrit.Change(change).Votes["Verified"]["ci-bot"] == -1 })
			w.until("the other at rest", func() bool { return alive.resting(t) })
			w.expectPosts(change, onVote)
			if struck.signal == "STOP" {
				dead.signal(t, syscall.SIGCONT)
				w.until("its waking", func() bool { return dead.resting(t) })
				dead.stop(t) // it ends what it is at
				w.expectPosts(change, onVote)
			}
		})
	}
}

const votesAtOnce = `
rules:
  - name: untested
    on: {gerrit: patchset-created, server: main, project: demo}
    do:
      - vote: {Verified: -1}
        message: Not built yet
`

var onVote = []string{"Patch Set 1: Verified-1\n\nNot built yet"}
