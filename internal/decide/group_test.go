package decide

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"verdict/internal/facts"
	"verdict/internal/store"
	"verdict/rules"
	"verdict/taskcluster"
)

// queue is Taskcluster's, of one group and tasks elsewhere.
type queue struct {
	tasks  []taskcluster.GroupTask
	others map[string]string // states by id
	listed int
	asked  int // about tasks elsewhere
}

func (q *queue) Task(context.Context, string) (*taskcluster.Task, error) {
	return nil, taskcluster.ErrNotFound
}

func (q *queue) Status(_ context.Context, id string) (*taskcluster.TaskStatus, error) {
	q.asked++
	if state, ok := q.others[id]; ok {
		return &taskcluster.TaskStatus{TaskID: id, State: state}, nil
	}
	return nil, taskcluster.ErrNotFound
}

func (q *queue) Artifact(context.Context, string, int, string, taskcluster.Caller, int64) ([]byte, error) {
	return nil, taskcluster.ErrNotFound
}

func (q *queue) ListTaskGroup(context.Context, string, int) (*taskcluster.TaskGroup, error) {
	q.listed++
	if q.tasks == nil {
		return nil, taskcluster.ErrNotFound
	}
	return &taskcluster.TaskGroup{Tasks: q.tasks}, nil
}

// ended is when tasks of these tests end.
var ended = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)

// member is a task of the group: its id, its state, what it depends on, and what it requires.
func member(text string) taskcluster.GroupTask {
	words := strings.Fields(text)
	t := taskcluster.GroupTask{Status: taskcluster.TaskStatus{TaskID: words[0], State: words[1]}}
	for _, w := range words[2:] {
		if w == "all-resolved" {
			t.Task.Requires = w
			continue
		}
		t.Task.Dependencies = append(t.Task.Dependencies, w)
	}
	if t.Status.State != taskcluster.Unscheduled {
		run := taskcluster.Run{State: t.Status.State}
		if t.Status.Final() {
			run.Resolved = taskcluster.Time(ended)
		}
		t.Status.Runs = []taskcluster.Run{run}
	}
	return t
}

func members(list ...string) (out []taskcluster.GroupTask) {
	for _, text := range list {
		out = append(out, member(text))
	}
	return out
}

func TestAGroupIsSettledWhenWhatIsLeftCanNeverRun(t *testing.T) {
	many := "last unscheduled"
	for n := range strangers + 1 {
		many += fmt.Sprintf(" elsewhere-%d", n)
	}
	crowd := "a completed"
	for n := range strangers + 1 {
		crowd += fmt.Sprintf("\nb%d unscheduled gone", n)
	}
	for name, c := range map[string]struct {
		tasks         string
		settled, idle bool
	}{
		"all over":                     {"a completed\nb failed\nc exception", true, true},
		"one runs":                     {"a completed\nb running", false, false},
		"one waits for a worker":       {"a completed\nb pending", false, false},
		"one waits for a failed one":   {"a failed\nb unscheduled a", true, true},
		"of two one failed":            {"a completed\nc failed\nb unscheduled a c", true, true},
		"in a row":                     {"a exception\nb unscheduled a\nc unscheduled b\nd unscheduled c", true, true},
		"what it waits for may run":    {"a running\nb unscheduled a", false, false},
		"what it waits for is done":    {"a completed\nb unscheduled a", false, true},
		"waits for whatever comes":     {"a failed\nb unscheduled a all-resolved", false, true},
		"waits for one that never can": {"a failed\nb unscheduled a\nc unscheduled b all-resolved", false, true},
		"waits for itself":             {"a completed\nb unscheduled b", false, true},
		"wait for each other":          {"a unscheduled b\nb unscheduled a", false, true},
		"another group's is pending":   {"a completed\nb unscheduled waiting", false, true},
		"another group's failed":       {"a completed\nb unscheduled broken", true, true},
		"another group's completed":    {"a completed\nb unscheduled fine", false, true},
		"another group's expired":      {"a completed\nb unscheduled gone", true, true},
		"too many other groups'":       {many, false, true},
		"many for another group's one": {crowd, true, true},
		"nobody":                       {"", false, true},
	} {
		t.Run(name, func(t *testing.T) {
			q := &queue{others: map[string]string{"waiting": "pending", "broken": "failed", "fine": "completed"}, tasks: []taskcluster.GroupTask{}}
			for n := range strangers {
				q.others[fmt.Sprintf("elsewhere-%d", n)] = "completed"
			}
			if c.tasks != "" {
				q.tasks = members(strings.Split(c.tasks, "\n")...)
			}
			f := (&facts.Source{Queue: q}).Session(facts.About{GroupID: "g", Run: -1})
			v, err := viewOf(t.Context(), f, "g")
			if q.asked > strangers || name == "many for another group's one" && q.asked != 1 {
				t.Errorf("asked about other groups' tasks %d times", q.asked)
			}
			if err != nil || v.settled != c.settled || v.idle != c.idle {
				t.Errorf("settled %t, idle %t, %v; want %t, %t", v.settled, v.idle, err, c.settled, c.idle)
			}
			slices.Reverse(q.tasks)
			if again, err := viewOf(t.Context(), (&facts.Source{Queue: q}).Session(facts.About{GroupID: "g", Run: -1}), "g"); err != nil || again.hash != v.hash {
				t.Errorf("in another order it is %q, %v; want %q", again.hash, err, v.hash)
			}
		})
	}
}

func TestAGroupsHashTellsWhatBecomesOfWhatItsTasksWaitFor(t *testing.T) {
	q := &queue{tasks: members("a completed", "b unscheduled elsewhere"), others: map[string]string{"elsewhere": "running"}}
	hash := func() string {
		v, err := viewOf(t.Context(), (&facts.Source{Queue: q}).Session(facts.About{GroupID: "g", Run: -1}), "g")
		if err != nil {
			t.Fatal(err)
		}
		return v.hash
	}
	before := hash()
	q.others["elsewhere"] = "failed"
	if hash() == before {
		t.Error("the hash is the same, though the group has settled")
	}
}

// watcher is a decider with a clock and a group, of which it is told in a store that keeps it.
type watcher struct {
	*Decider
	queue *queue
	now   time.Time
	state store.GroupState
	set   *rules.Set
}

type oneGroup struct {
	Store
	w *watcher
}

func (s oneGroup) Group(context.Context, string) (store.GroupState, bool, error) {
	return s.w.state, s.w.state.GroupID != "", nil
}

const onGroups = `rules:
  - name: settled
    on: {group: settled}
    do: [{comment: settled}]
  - name: stuck
    on: {group: stuck}
    do: [{comment: stuck}]
`

func newWatcher(t *testing.T, text string) *watcher {
	t.Helper()
	set, problems := rules.Load(rules.Sources{Files: map[string][]byte{"gfx/ci.yaml": []byte(text)}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	w := &watcher{queue: &queue{}, now: ended.Add(time.Second), set: set}
	w.Decider = &Decider{
		Store: oneGroup{w: w}, Facts: &facts.Source{Queue: w.queue}, Quiet: 5 * time.Second, Stuck: time.Hour, MaxAge: 24 * time.Hour,
		Active: func() Active { return Active{Set: w.set, Begins: map[store.BeginKey]time.Time{}} }, Log: zerolog.Nop(),
	}
	return w
}

// look is what a look now tells, and when the next one is due, from now.
func (w *watcher) look(t *testing.T) (told []store.Event, next time.Duration) {
	t.Helper()
	before := w.state
	before.GroupID, before.Due = "g", w.now
	v, err := w.decide(t.Context(), w.Look(before), w.now)
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Groups) == 0 {
		return v.Derived, 0
	}
	w.state = v.Groups[0]
	if w.state.Due.IsZero() {
		return v.Derived, 0
	}
	return v.Derived, w.state.Due.Sub(w.now)
}

// after is what the look tells that is due so long after the last one.
func (w *watcher) after(t *testing.T, d time.Duration, want string, wantNext time.Duration) {
	t.Helper()
	w.now = w.now.Add(d)
	told, next := w.look(t)
	var words []string
	for _, ev := range told {
		words = append(words, ev.Type)
	}
	if got := strings.Join(words, " "); got != want || next != wantNext {
		t.Errorf("%s later: told %q, next in %s; want %q, %s", d, got, next, want, wantNext)
	}
}

func TestAGroupSettlesOnceNothingHasChangedForAWhile(t *testing.T) {
	w := newWatcher(t, onGroups)
	w.queue.tasks = members("a completed", "b running")
	w.after(t, 0, "", soonest)
	w.queue.tasks = members("a completed", "b completed")
	w.after(t, time.Second, "", 5*time.Second)
	w.after(t, 4*time.Second, "", time.Second) // something was heard
	w.after(t, time.Second, "settled", 0)
	w.after(t, time.Hour, "", 0)
	w.queue.tasks = members("a completed", "b pending") // a rerun
	w.after(t, time.Second, "", soonest)
	w.queue.tasks = members("a completed", "b completed")
	w.after(t, time.Second, "", 5*time.Second)
	w.after(t, 5*time.Second, "settled", 0)
}

func TestAGroupThatSettlesAgainIsAnotherEvent(t *testing.T) {
	w := newWatcher(t, onGroups)
	w.Quiet = 0
	ids := map[string]bool{}
	for range 3 {
		w.queue.tasks = members("a completed")
		told, _ := w.look(t)
		if len(told) != 1 || !told[0].Time.Equal(ended) || told[0].GroupID != "g" {
			t.Fatalf("told %+v, want one event, of when the task ended", told)
		}
		ids[told[0].ID] = true
		w.queue.tasks = members("a running")
		w.look(t)
	}
	if len(ids) != 3 {
		t.Errorf("it settled three times with ids %v", ids)
	}
}

func TestAGroupIsStuckOnceWhenItCannotGoOnForLong(t *testing.T) {
	w := newWatcher(t, onGroups)
	w.queue.tasks = members("a completed", "b unscheduled b")
	w.after(t, 0, "", soonest)
	w.after(t, 5*time.Minute, "", 5*time.Minute)
	w.after(t, 5*time.Minute, "", 10*time.Minute)
	w.after(t, 10*time.Minute, "", 20*time.Minute)
	w.after(t, 20*time.Minute, "", 20*time.Minute) // not 40: then the hour is over
	w.now = w.now.Add(20 * time.Minute)
	told, next := w.look(t)
	if len(told) != 1 || told[0].Type != "stuck" || !told[0].Time.Equal(w.now) || next != time.Hour {
		t.Fatalf("after an hour: %+v, next in %s; want stuck, at the time of the check, next in 1h", told, next)
	}
	stuck := told[0].ID
	w.after(t, time.Hour, "", time.Hour)
	w.queue.tasks = members("a completed", "b completed")
	w.after(t, time.Second, "", 5*time.Second)
	w.now = w.now.Add(5 * time.Second)
	if told, _ = w.look(t); len(told) != 1 || told[0].Type != "settled" || told[0].ID == stuck {
		t.Errorf("at last: %+v, want settled", told)
	}
}

func TestAGroupThatNeverChangesIsLeftAloneAtLast(t *testing.T) {
	w := newWatcher(t, onGroups)
	w.queue.tasks = members("a running")
	looks, began := 0, w.now
	for next := time.Nanosecond; next > 0; looks++ {
		_, next = w.look(t)
		w.now = w.now.Add(next)
	}
	if took := w.now.Sub(began); took < unchanged || took > unchanged+latest || looks > 200 {
		t.Errorf("%d looks in %s, want at most 200 and none after %s", looks, took, unchanged)
	}
}

func TestAGroupThatIsNotThereIsLookedForADay(t *testing.T) {
	w := newWatcher(t, onGroups)
	w.state = store.GroupState{GroupID: "g", Since: w.now}
	w.after(t, 0, "", soonest)
	w.after(t, 10*time.Minute, "", 10*time.Minute)
	w.after(t, 24*time.Hour, "", 0)
	w.queue.tasks = members("a completed")
	w.Quiet = 0
	w.after(t, time.Hour, "settled", 0)
	w.queue.tasks = nil // it expired
	w.after(t, time.Hour, "", 0)
}

func TestNobodyLooksWhereNoRuleWants(t *testing.T) {
	w := newWatcher(t, strings.Split(onGroups, "  - name: stuck")[0])
	w.queue.tasks = members("a unscheduled a")
	w.after(t, 0, "", soonest)
	w.after(t, 2*time.Hour, "", time.Hour) // stuck, which nobody asked for
	w.set, _ = rules.Load(rules.Sources{})
	listed := w.queue.listed
	if told, _ := w.look(t); len(told) > 0 || w.queue.listed != listed {
		t.Errorf("told %+v, and asked %d times", told, w.queue.listed-listed)
	}
}

// TestAnEarlierReleasesGroupIsLookedAt: it knew no since.
func TestAnEarlierReleasesGroupIsLookedAt(t *testing.T) {
	w := newWatcher(t, onGroups)
	w.queue.tasks = members("a running")
	w.look(t)
	w.state.Since = time.Time{}
	w.after(t, time.Second, "", soonest)
}

func TestALookTellsWhatWasHeardLast(t *testing.T) {
	w := newWatcher(t, onGroups)
	w.Quiet = 0
	w.queue.tasks = members("a completed")
	heard := hearing("g", 0, Derived{GroupID: "g", Routes: []string{"gerrit.main.7.2"}, Event: json.RawMessage(`{"runId":0}`)})
	for _, c := range []struct {
		state store.GroupState
		want  Derived
	}{
		{store.GroupState{Heard: true, BodyVersion: heard.BodyVersion, Body: heard.Body}, Derived{Routes: []string{"gerrit.main.7.2"}, Event: json.RawMessage(`{"runId":0}`)}},
		{store.GroupState{}, Derived{Event: json.RawMessage(`{"taskGroupId":"g"}`), Swept: true}},
	} {
		w.state = c.state
		told, _ := w.look(t)
		if len(told) != 1 {
			t.Fatalf("told %+v", told)
		}
		var got Derived
		if err := json.Unmarshal(told[0].Body, &got); err != nil {
			t.Fatal(err)
		}
		if string(got.Event) != string(c.want.Event) || !slices.Equal(got.Routes, c.want.Routes) || got.Swept != c.want.Swept || got.State != "settled" {
			t.Errorf("got %+v, want %+v", got, c.want)
		}
	}
}
