package deliver_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"verdict/gerrit/gerrittest"
	"verdict/internal/facts"
	"verdict/taskcluster/taskclustertest"
)

// A server is away for a night: what needs it waits, and is done when it is back, without a person.
func TestAServerThatIsAwayForHoursParksNothing(t *testing.T) {
	for name, fault := range map[string]gerrittest.Fault{
		"gerrit main, the connection is cut": {Cut: true, AfterEffect: true},
		"gerrit main, a proxy's page":        {Status: http.StatusBadGateway, Page: true},
		"gerrit main, it is starting":        {Status: http.StatusServiceUnavailable},
		"gerrit main, it is broken":          {Status: http.StatusInternalServerError},
		"gerrit main, too many requests":     {Status: http.StatusTooManyRequests},
		"gerrit main, not our password":      {Status: http.StatusUnauthorized},
		"gerrit main, not our account":       {Status: http.StatusForbidden},
		"taskcluster, it is broken":          {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, _, _ := strings.Cut(name, ",")
			w := newWorld(t, build)
			w.decide.Facts.Gerrit["main"] = facts.Guard("gerrit main", w.decide.Facts.Gerrit["main"])
			w.decide.Facts.Queue = facts.GuardQueue(w.decide.Facts.Queue)
			served := w.push()
			w.run(w.task("shaders", served.Change, 1), "failed", "failed")
			w.bring(w.messages()...)
			w.expect(served.Change, -1, []string{"ci-failed"}, "shaders failed: failed")

			var changes []int
			for range 4 {
				ps := w.push()
				changes = append(changes, ps.Change)
				w.run(w.task("shaders", ps.Change, 1), "failed", "failed")
			}
			if server == "taskcluster" {
				w.tc.Fail(taskclustertest.Fault{Status: http.StatusInternalServerError, Times: 1 << 30})
			} else {
				fault.Times = -1
				w.gerrit.Fail(fault)
			}
			w.bring(w.messages()...)
			w.threeHours()
			c, err := w.store.Counts(t.Context())
			if err != nil || c.Parked != 0 || len(c.Waiting) != 1 || c.Waiting[0].For != server+" is away" || c.Waiting[0].Events < 4 || time.Since(c.Waiting[0].Oldest) > time.Minute {
				t.Errorf("while it is away: %+v, %v", c, err)
			}

			w.gerrit.Heal()
			w.tc.Heal()
			w.await("the votes", func() bool {
				w.later(time.Second)
				return w.vote(changes[3]) == -1
			})
			w.later(time.Minute)
			w.settle()
			for _, change := range changes {
				w.expect(change, -1, []string{"ci-failed"}, "shaders failed: failed")
			}
			if c, err := w.store.Counts(t.Context()); err != nil || c.Parked != 0 || len(c.Waiting) != 0 {
				t.Errorf("when it is back: %+v, %v", c, err)
			}
		})
	}
}

// What fails while others are served is nobody's but its own, and a person looks at it.
func TestWhatFailsBesideOthersIsParked(t *testing.T) {
	w := newWorld(t, build)
	w.decide.Facts.Gerrit["main"] = facts.Guard("gerrit main", w.decide.Facts.Gerrit["main"])
	serves := func() {
		t.Helper()
		ps := w.push()
		w.run(w.task("shaders", ps.Change, 1), "failed", "failed")
		w.bring(w.messages()...)
		w.expect(ps.Change, -1, []string{"ci-failed"}, "shaders failed: failed")
	}
	serves()
	bad := w.push()
	w.gerrit.Fail(gerrittest.Fault{Path: fmt.Sprintf("/changes/%d/", bad.Change), Status: http.StatusInternalServerError, Times: -1})
	w.run(w.task("shaders", bad.Change, 1), "failed", "failed")
	w.bring(w.messages()...)
	parked := func() int64 {
		c, err := w.store.Counts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return c.Parked
	}
	for n := 0; parked() == 0; n++ {
		if n == 100 {
			t.Fatalf("it is never parked:\n%s", w.actions())
		}
		w.later(time.Minute)
		serves()
	}
}

// threeHours pass in more looks than an event has tries.
func (w *world) threeHours() {
	w.t.Helper()
	for range 20 {
		w.later(9 * time.Minute)
		w.settle()
	}
}

// later has the database's clock go on.
func (w *world) later(by time.Duration) {
	w.t.Helper()
	db, err := sql.Open("sqlite", w.path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	do := func(statement string) {
		if _, err := db.ExecContext(w.t.Context(), "PRAGMA busy_timeout = 5000; "+statement); err != nil {
			w.t.Fatal(err)
		}
	}
	if w.ahead == 0 {
		do("CREATE TABLE IF NOT EXISTS ahead AS SELECT 0 AS ms; DROP VIEW clock; CREATE VIEW clock AS SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) + ahead.ms AS ms FROM ahead")
	}
	w.ahead += by
	do(fmt.Sprintf("UPDATE ahead SET ms = %d", w.ahead.Milliseconds()))
}
