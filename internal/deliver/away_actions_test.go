package deliver_test

import (
	"net/http"
	"testing"
	"time"

	"verdict/gerrit/gerrittest"
	"verdict/internal/store"
	"verdict/taskcluster"
	"verdict/taskcluster/taskclustertest"
)

// nothingDies has three hours pass.
func (w *world) nothingDies() {
	w.t.Helper()
	w.threeHours()
	c, err := w.store.Counts(w.t.Context())
	if err != nil || c.Actions[store.ActionDead]+c.Actions[store.ActionCancelled]+c.Actions[store.ActionSuperseded]+c.Actions[store.ActionDone] != 0 {
		w.t.Fatalf("%v, %v:\n%s", c.Actions, err, w.actions())
	}
}

func TestTasksAreCreatedOnceTaskclusterIsBackAfterHours(t *testing.T) {
	for name, fault := range map[string]taskclustertest.Fault{"broken": {Status: http.StatusInternalServerError}, "no answer": {}, "not our credentials": {Status: http.StatusUnauthorized}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, shaders)
			w.later(-3 * time.Hour) // the queue takes no task of the future
			queue, err := taskcluster.NewQueue(w.tc.URL, &taskcluster.Credentials{ClientID: "verdict", AccessToken: "token"}, taskcluster.Options{Attempts: 1})
			if err != nil {
				t.Fatal(err)
			}
			w.Tasks = queue
			fault.Times = 1 << 30
			w.tc.Fail(fault)
			w.push("shaders/a.glsl")
			w.poll()
			w.nothingDies()
			w.tc.Heal()
			w.later(2 * time.Minute)
			w.settle()
			if c, err := w.store.Counts(t.Context()); err != nil || c.Actions[store.ActionDone] != 2 || len(w.tc.Tasks()) != 2 {
				t.Errorf("%d tasks, %v:\n%s", len(w.tc.Tasks()), err, w.actions())
			}
		})
	}
}

func TestAVoteIsPostedOnceGerritTakesReviewsAgainAfterHours(t *testing.T) {
	w := newWorld(t, build)
	ps := w.push()
	w.run(w.task("shaders", ps.Change, 1), "failed", "failed")
	w.gerrit.Fail(gerrittest.Fault{Method: "POST", Times: -1})
	w.bring(w.messages()...)
	w.nothingDies()
	w.gerrit.Heal()
	w.await("the vote", func() bool {
		w.later(time.Minute)
		return w.vote(ps.Change) == -1
	})
	w.settle()
	w.expect(ps.Change, -1, []string{"ci-failed"}, "shaders failed: failed")
}
