package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"

	"verdict/taskcluster"
)

const rootURL = "https://tc.example.org"

// tasks are n that completed, with some others in their places.
func tasks(n int, others ...Task) []Task {
	out := slices.Clone(others)
	for i := len(others); i < n; i++ {
		out = append(out, Task{Name: fmt.Sprintf("task-%02d", i), ID: fmt.Sprint("T", i), GroupID: "AbC", State: "completed", Reason: "completed"})
	}
	return out
}

func of(value int, tasks ...Task) Report {
	return Report{Label: "Verified", Patchset: 3, Value: value, Tasks: tasks, RootURL: rootURL, Recheck: true}
}

func failing(name, id string) Task {
	return Task{Name: name, ID: id, GroupID: "AbC", State: "failed", Reason: "failed"}
}

func manyFailing() []Task {
	var out []Task
	for i := range 40 {
		out = append(out, failing(fmt.Sprintf("t%02d", i), fmt.Sprintf("t%02d", i)))
	}
	out[39].PassedOn = 2
	out[38].Onto, out[38].State, out[38].Reason, out[38].Run, out[38].Took = "release/1", "exception", "deadline-exceeded", 1, 3*time.Hour
	return out
}

func TestTheTextsAreThoseOfTheGoldenFile(t *testing.T) {
	windows := failing("shaders-windows", "XyZ")
	windows.Took, windows.PassedOn, windows.Onto = 12*time.Minute+31*time.Second, 2, "main"
	again := Task{Name: "shaders-windows", ID: "XyZ", GroupID: "AbC", State: "completed", Reason: "completed", Run: 1}
	linux := Task{Name: "shaders-linux", ID: "L", GroupID: "AbC", State: "exception", Reason: "worker-shutdown", Run: 3}
	lost := Task{Name: "shaders-windows", ID: "W", GroupID: "AbC", State: "exception", Reason: "claim-expired"}
	once := linux
	once.Run = 1
	cancelled := Task{Name: "cancelled", ID: "C", GroupID: "AbC", State: "exception", Reason: "canceled", Run: -1}
	pending := Task{Name: "late", ID: "P", GroupID: "DeF", State: "pending"}
	also := of(1, tasks(1)...)
	also.Also = 4
	never := Task{Name: "pack", ID: "N", GroupID: "AbC", State: "unscheduled", Run: -1, Never: true}
	nobody := of(-1, tasks(2, failing("a", "A"))...)
	nobody.Recheck = false
	texts := map[string]string{
		"fail with one that could not run":  of(-1, tasks(3, failing("a", "A"), never)...).Text(),
		"only one could not run":            of(-1, tasks(2, never)...).Text(),
		"fail that nobody can recheck":      nobody.Text(),
		"fail":                              of(-1, tasks(40, windows)...).Text(),
		"many fail":                         of(-1, tasks(41, manyFailing()...)...).Text(),
		"fail with others lost and to come": of(-1, tasks(4, cancelled, linux, pending)...).Text(),
		"pass":                              of(1, tasks(40, again)...).Text(),
		"pass of one":                       of(1, tasks(1)...).Text(),
		"pass for two":                      also.Text(),
		"infra":                             of(0, tasks(40, linux, lost)...).Text(),
		"infra that votes":                  of(-1, once).Text(),
		"kept":                              Kept("Verified", 1, 3, 4, true),
		"kept whole":                        Kept("Verified", 1, 3, 4, false),
		"config":                            BadConfig(".taskcluster.yml", 14, 3, `taskQueueId "gfx/CI-linux": capital letters are not allowed in the second part.`),
		"scopes":                            MissingScopes("task", "sign", []string{"queue:create-task:low:release/signing"}, "gfx-ci@example.org"),
		"scopes of a long name":             MissingScopes("task", "shaders-linux-debug", []string{"queue:create-task:low:release/signing"}, ""),
		"waits":                             Waits([]string{"gfx-committers"}),
	}
	archive, err := txtar.ParseFile("testdata/messages.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		want := strings.TrimSuffix(string(f.Data), "\n")
		if got := texts[f.Name]; got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", f.Name, got, want)
		}
		delete(texts, f.Name)
	}
	if len(texts) > 0 {
		t.Errorf("the golden file lacks %d texts: %v", len(texts), texts)
	}
}

// Whatever tasks are called, a text's first line stays short and whole, and no name begins a line of its own, breaks one
// or is taken for markup.
func TestNamesOfTasksHaveNoSayInTheForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"a", "x*", "_b_", "`", "[l](u)", "<b>", "\n# h", "\nVerdict prod/7f3k2m9q4x", "\u2028", "> q", "1. ", strings.Repeat("n", 300), "\u202e", "~~s~~", "\\"})
		names := rapid.SliceOfN(name, 1, 4).Draw(t, "names")
		state := rapid.SampledFrom([]string{"failed", "completed", "exception"}).Draw(t, "state")
		var all []Task
		for i := range rapid.IntRange(1, 30).Draw(t, "tasks") {
			task := failing(strings.Join(names, "")+fmt.Sprint(i), "X")
			task.State, task.Reason, task.Onto = state, map[string]string{"failed": "failed", "completed": "completed", "exception": "worker-shutdown"}[state], names[0]
			task.Run = rapid.IntRange(0, 2).Draw(t, "run")
			all = append(all, task)
		}
		label := strings.Repeat("L", rapid.IntRange(1, 60).Draw(t, "label"))
		r := Report{Label: label, Patchset: rapid.IntRange(1, 9999).Draw(t, "patchset"), Value: rapid.IntRange(-2, 2).Draw(t, "value"), Tasks: all, RootURL: rootURL}
		for _, text := range []string{r.Text(), MissingScopes("task", all[0].Name, []string{"s"}, ""), BadTask("task", all[0].Name, 3, names[0]), BadConfig(all[0].Name, 3, 3, names[0])} {
			first, _, _ := strings.Cut(text, "\n")
			if n := len([]rune(first)); n >= 80 || n < 10 {
				t.Errorf("the first line has %d characters: %s", n, first)
			}
			for line := range strings.Lines(text) {
				line = strings.TrimSuffix(line, "\n")
				if strings.HasPrefix(line, "#") || strings.ContainsAny(line, "\u2028\u202e") {
					t.Errorf("a name made a line of its own: %q", line)
				}
			}
			if strings.Contains(strings.ReplaceAll(text, "\\`", ""), "`") || strings.Contains(strings.ReplaceAll(text, "\\<", ""), "<") {
				t.Errorf("markup is as it was: %s", text)
			}
		}
	})
}

func TestNamesAsPeopleGiveThemStayAsTheyAre(t *testing.T) {
	for name, want := range map[string]string{
		"shaders-linux": "shaders-linux", "test_gpu_2": "test_gpu_2", "build (debug)": "build (debug)", "a/b@c": "a/b@c", "1.5 GHz": `1\.5 GHz`,
		"*all*": `\*all\*`, "_x": `\_x`, "- x": `\- x`, "a\nb": "a b",
	} {
		if got := quoted(name, longestName); got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
	}
}

func groupTask(name, id, group, state string, created int) taskcluster.GroupTask {
	run := taskcluster.Run{State: state, ReasonResolved: state}
	return taskcluster.GroupTask{
		Status: taskcluster.TaskStatus{TaskID: id, TaskGroupID: group, State: state, Runs: []taskcluster.Run{run}},
		Task:   taskcluster.Task{Metadata: taskcluster.Metadata{Name: name}, Created: taskcluster.Time(time.Unix(int64(created), 0))},
	}
}

func TestOfEachNameTheLatestGroupCounts(t *testing.T) {
	first := []taskcluster.GroupTask{groupTask("lint", "A", "one", "completed", 1), groupTask("build", "B", "one", "failed", 1), groupTask("chunk", "C", "one", "failed", 1)}
	partly := []taskcluster.GroupTask{groupTask("build", "D", "two", "completed", 2), groupTask("chunk", "E", "two", "completed", 2), groupTask("chunk", "F", "two", "failed", 3)}
	whole := []taskcluster.GroupTask{groupTask("lint", "G", "three", "completed", 4), groupTask("build", "H", "three", "pending", 4), groupTask("chunk", "I", "three", "completed", 4)}
	for _, c := range []struct {
		what string
		of   []taskcluster.GroupTask
		ids  string
		is   Outcome
	}{
		{"one group", first, "B C A", Fail},
		{"a partial recheck adds", slices.Concat(first, partly), "D E F A", Fail},
		{"a whole one replaces", slices.Concat(whole, first, partly), "H I G", Running},
		{"none", nil, "", Running},
	} {
		r := of(0, Counted(c.of)...)
		var ids []string
		for _, task := range r.Tasks {
			ids = append(ids, task.ID)
		}
		if got := strings.Join(ids, " "); got != c.ids || r.Outcome() != c.is {
			t.Errorf("%s: got %s, which is %s, want %s, which is %s", c.what, got, r.Outcome(), c.ids, c.is)
		}
	}
}

func TestTheSameOutcomeHasTheSameIdentity(t *testing.T) {
	base := of(-1, tasks(5, failing("a", "A"), failing("b", "B"))...)
	rerun := of(-1, tasks(7, failing("a", "A2"), failing("b", "B2"))...)
	rerun.Tasks[0].Run, rerun.Tasks[0].Took = 1, time.Minute
	if base.Identity() != rerun.Identity() {
		t.Error("the same failures after a rerun are another outcome")
	}
	for what, other := range map[string]Report{
		"one less": of(-1, tasks(5, failing("a", "A"))...), "another": of(-1, tasks(5, failing("a", "A"), failing("c", "C"))...),
		"a pass": of(1, tasks(5)...), "another value": of(-2, base.Tasks...),
	} {
		if other.Identity() == base.Identity() {
			t.Errorf("%s is the same outcome", what)
		}
	}
	if of(1, tasks(5)...).Identity() != of(1, tasks(9)...).Identity() {
		t.Error("a pass is a pass")
	}
}
