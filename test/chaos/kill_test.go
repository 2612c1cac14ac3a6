package chaos

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"verdict/internal/app"
)

// story is a change's: it is pushed, a task is created and another refused; the task fails, the change is held; the
// rerun passes, the vote and the hashtag are taken back. In between the bot is killed, and started again. After each
// chapter the bot rests, with each effect once. It tells whether the bot was killed, and came back.
func story(t *testing.T, w *world, s strike) (b *bot, cameBack bool) {
	t.Helper()
	change := w.push()
	b = startBot(t, w.files, s, true)
	w.until("task and notice", func() bool { return w.started(change) && b.resting(t) })
	w.expect(change, onPush)
	w.run(change, "failed")
	w.until("Verified -1", func() bool { return w.failed(change) && b.resting(t) })
	w.expect(change, onFailure)
	w.run(change, "completed")
	w.until("no vote", func() bool { return w.passed(change) && b.resting(t) })
	b.stop(t)
	w.expect(change, onSuccess)
	return b, b.died() > 0 && !b.left
}

// atOnce is how many stories are told at the same time: they wait, mostly.
const atOnce = 4

func TestKilledBetweenEachTwoStepsDoesEachThingOnce(t *testing.T) {
	quiet, _ := story(t, newWorld(t), strike{})
	unwell := newWorld(t)
	unwell.unwell()
	troubled, _ := story(t, unwell, strike{})

	points := between(quiet.trace())
	postponed := map[string]bool{}
	for _, point := range between(troubled.trace()) {
		if strings.HasPrefix(point, "decide.PostponeEvent#") {
			points, postponed[point] = append(points, point), true
		}
	}
	if len(points) < 30 {
		t.Fatalf("only %d points: %q", len(points), points)
	}
	each(t, points, func(t *testing.T, point string) {
		killedAt(t, point, story, func(w *world) {
			if postponed[point] {
				w.unwell()
			}
		})
	})
}

// each has something done at each point, or in each story, some of them at the same time.
func each(t *testing.T, points []string, do func(t *testing.T, point string)) {
	todo := make(chan string, len(points))
	for _, point := range points {
		todo <- point
	}
	close(todo)
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			for point := range todo {
				t.Run(point, func(t *testing.T) { do(t, point) })
			}
		})
	}
	all.Wait()
}

// tellings is how often a story is told until its steps come to a point.
const tellings = 8

// killedAt tells a story in a world, with the bot killed at a point. In another telling its steps may be fewer, where
// a message waited for no neighbours or a poll found more at once, or the last one may fall into the end: then it is told
// again. A point that none of the tellings has came by chance, when there was one step more of its name; the first of a
// name always comes.
func killedAt(t *testing.T, point string, tell func(*testing.T, *world, strike) (*bot, bool), in func(*world)) {
	came := strings.Contains(point, "#1:")
	for range tellings {
		w := newWorld(t)
		in(w)
		b, cameBack := tell(t, w, w.armed(point, "KILL"))
		if cameBack || t.Failed() {
			return
		}
		came = came || slices.Contains(b.trace(), point)
	}
	if !came {
		t.Skipf("in %d tellings %s never came", tellings, point)
	}
	t.Errorf("%s wasn't reached", point)
}

// between leaves out the point before a step where the one after the step before it is the same place. Before an
// intake it isn't: something has come from outside.
func between(trace []string) (points []string) {
	for i, point := range trace {
		follows := i > 0 && strings.HasSuffix(point, ":before") && strings.HasSuffix(trace[i-1], ":after")
		if follows && !strings.HasPrefix(point, "ingest.") {
			continue
		}
		points = append(points, point)
	}
	return points
}

// TestNewsComesWhileTheBotIsDead: it is killed while it holds a change back, and before it is there again the task
// has passed.
func TestNewsComesWhileTheBotIsDead(t *testing.T) {
	for at, posts := range map[string][]string{
		"gerrit.SetHashtags#1:after": append(slices.Clone(onPush), "Hashtag added: ci-failed", "Hashtag removed: ci-failed"),
		"gerrit.Review#2:after":      onSuccess,
	} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.armed(at, "KILL")
			b := startBot(t, w.files, s, true)
			change := w.push()
			w.until("task and notice", func() bool { return w.started(change) && b.resting(t) })
			w.run(change, "failed")
			w.until("the strike", s.happened)
			w.run(change, "completed")
			w.until("no vote", func() bool { return b.died() > 0 && w.passed(change) && b.resting(t) })
			w.expect(change, posts)
		})
	}
}

// reading are methods that change nothing.
var reading = "RecentHint Cursor SeenChanges OpenSeen Link Group GroupsOf OpenOf Undecided Opinions Now Wake LaneActions Decisions Hops TeamTurn OkToTests WaitForOk AwaitedGroup AwaitedOn Reported ReportedClosed LastOnce AllChanges PostedVotes OwnTags Holds " +
	"Publication Publications RuleSource RuleSet TeamFiles Problems StandingOf Actions AwaitedNow NewerLives PublishedLives " +
	"GetChangeDetail GetAccountInfo ListFiles QueryAccounts GetAccountGroups ListChangeComments GetRevisionFileContent Task Status ListTaskGroup Artifact"

// untold are methods that no story comes to: what they leave behind when the bot is killed there is what others do.
var untold = map[string]string{
	"RenewLane": "in a lane that is worked on for long; it changes a lease, as ClaimLane",
}

// TestEachStepHasPoints: a method that a stage begins to use is found here, and needs points, or a reason.
func TestEachStepHasPoints(t *testing.T) {
	told := map[string]func(*testing.T, *world, strike) (*bot, bool){
		"life": life, "steps": steps, "group": grouped, "calls": calls, "commit": committed,
		"unwell": func(t *testing.T, w *world, s strike) (*bot, bool) {
			w.unwell()
			return story(t, w, s)
		},
	}
	var mu sync.Mutex
	var passed string
	each(t, slices.Collect(maps.Keys(told)), func(t *testing.T, name string) {
		b, _ := told[name](t, newWorld(t), strike{})
		mu.Lock()
		defer mu.Unlock()
		passed += strings.Join(b.trace(), "\n") + "\n"
	})
	parts := reflect.TypeFor[app.Parts]()
	for i := range parts.NumField() {
		part := parts.Field(i).Type
		if part.Kind() == reflect.Map {
			part = part.Elem()
		}
		if part.Kind() != reflect.Interface {
			continue
		}
		for j := range part.NumMethod() {
			name := part.Method(j).Name
			if strings.Contains(" "+reading+" ", " "+name+" ") || untold[name] != "" {
				continue
			}
			if !strings.Contains(passed, "."+name+"#") {
				t.Errorf("%s.%s changes something and has no points, or no story comes to it", part, name)
			}
		}
	}
	if t.Failed() {
		t.Logf("the points of all stories:\n%s", passed)
	}
}
