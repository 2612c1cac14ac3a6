package ruletest

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"verdict/rules"
)

const someRules = `rules:
  - name: build
    on: {task: settled, server: main, project: platform/gfx, branch: [main, 'release/*']}
    when:
      - 'task.tags.kind == "build"'
      - 'task.name != ""'
    do:
      - vote: {Verified: -1}
        while: 'task.state != "completed"'
        message: '${task.name} failed'
      - comment: seen
  - name: patchset
    on: {gerrit: patchset-created, server: main, project: platform/gfx, files: ['src/**']}
    do:
      - task: {key: k, taskQueueId: gfx/ci, deadline: {$fromNow: 1 hour}, metadata: {name: one, description: d}, payload: {}}
`

func someSet(t *testing.T) *rules.Set {
	t.Helper()
	set, found := rules.Load(rules.Sources{Files: map[string][]byte{"gfx/ci.yaml": []byte(someRules)}})
	for _, d := range found {
		t.Fatal(d)
	}
	return set
}

// script is an engine whose worlds tell what they were told to.
type script struct {
	events   [][]Event
	standing Standing
	err      error
	steps    int
	closed   int
}

func (s *script) Open(context.Context, *rules.Set, Given) (World, error) { return s, s.err }
func (s *script) Replay(context.Context, *rules.Set, []byte) ([]Event, error) {
	return s.events[0], s.err
}

func (s *script) Happen(context.Context, Step) ([]Event, error) {
	s.steps++
	if s.steps > len(s.events) {
		return nil, s.err
	}
	return s.events[s.steps-1], s.err
}

func (s *script) Stands(context.Context) (Standing, error) { return s.standing, nil }
func (s *script) Close() error                             { s.closed++; return nil }

// settled is what the rule build makes of a task.
func settled(t *testing.T, set *rules.Set, name, kind, state string) Event {
	t.Helper()
	made, err := set.Rule("gfx", "build").Evaluate(rules.Input{Facts: map[string]any{"task": map[string]any{"name": name, "state": state, "tags": map[string]any{"kind": kind}}}})
	if err != nil {
		t.Fatal(err)
	}
	return Event{
		Occurrence: rules.Occurrence{Source: "task", Type: "settled", Server: "main", Project: "platform/gfx", Branch: "main"},
		Decisions:  []Decision{{Rule: "build", Decision: *made}},
	}
}

func runScript(t *testing.T, s *script, test string) Report {
	t.Helper()
	file, problems := Read("gfx/ci.test.yaml", "gfx", []byte("tests:\n"+test))
	for _, p := range problems {
		t.Fatalf("%s in\n%s", p, test)
	}
	set := someSet(t)
	report, err := Run(t.Context(), []*File{file}, Options{
		Engine: s, Set: func(*File) *rules.Set { return set },
		Read: func(_, name string) ([]byte, error) {
			return nil, map[bool]error{true: errors.New("no such file")}[name == "none.json"]
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

const oneFailure = `  - name: it
    event: {task: settled, state: failed}
    expect: `

func TestExpectationsAreHeldToDecisions(t *testing.T) {
	set := someSet(t)
	for _, c := range []struct {
		expect string
		event  Event
		want   string // in the finding; empty: it passes
	}{
		{`nothing`, settled(t, set, "a", "lint", "failed"), ""},
		{`nothing`, settled(t, set, "a", "build", "failed"), "nothing was to be decided"},
		{`{rule: build}`, settled(t, set, "a", "build", "failed"), ""},
		{`{rule: build}`, settled(t, set, "a", "lint", "failed"), "was to match"},
		{`{rule: build, stopped: task.tags.kind  ==  "build"}`, settled(t, set, "a", "lint", "failed"), ""},
		{`{rule: build, stopped: task.name != ""}`, settled(t, set, "a", "lint", "failed"), "stops somewhere else"},
		{`{rule: build, stopped: task.name != ""}`, settled(t, set, "", "build", "failed"), ""},
		{`{rule: build, stopped: task.name != ""}`, settled(t, set, "a", "build", "failed"), "was to stop, and matches"},
		{`{rule: patchset, stopped: on}`, settled(t, set, "a", "build", "failed"), ""},
		{`{rule: biuld}`, settled(t, set, "a", "build", "failed"), `no rule "biuld"; did you mean build?`},
		{`{actions: [{vote: {Verified: -1}, message: a failed}, {comment: seen}]}`, settled(t, set, "a", "build", "failed"), ""},
		{`{actions: [{vote: {Verified: -1}, message: b failed}, {comment: seen}]}`, settled(t, set, "a", "build", "failed"), "other actions"},
		{`{actions: [{vote: {Verified: -1}}]}`, settled(t, set, "a", "build", "failed"), "other actions"},
		{`{actions: [{comment: seen}, {vote: {Verified: -1}}]}`, settled(t, set, "a", "build", "failed"), "other actions"},
		{`{actions: [{vote: {Verified: 1}}, {comment: seen}]}`, settled(t, set, "a", "build", "failed"), "other actions"},
		{`{actions: [{vote: {}}, {comment: seen}]}`, settled(t, set, "a", "build", "failed"), ""},
		{`{actions: [{vote: {Verified: -1}}, {comment: seen}]}`, settled(t, set, "a", "build", "completed"), "other actions"},
		{`{actions: [{vote: {Verified: -1}, stands: false}, {comment: seen}]}`, settled(t, set, "a", "build", "completed"), ""},
		{`{actions: [{vote: {Verified: -1}, stands: false}, {comment: seen}]}`, settled(t, set, "a", "build", "failed"), "other actions"},
		{`{rule: patchset, actions: []}`, settled(t, set, "a", "build", "failed"), ""},
		{`{actions: []}`, settled(t, set, "a", "build", "failed"), "other actions"},
	} {
		s := &script{events: [][]Event{{c.event}}}
		result := runScript(t, s, oneFailure+c.expect+"\n").Results[0]
		got := ""
		if len(result.Findings) > 0 {
			got = result.Findings[0].What
		}
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("expect %s: got %q, want %q", c.expect, got, c.want)
		}
		if s.closed != 1 {
			t.Errorf("expect %s: the world was closed %d times", c.expect, s.closed)
		}
	}
}

func TestWhatStandsIsComparedWhole(t *testing.T) {
	there := Standing{
		Labels: map[string]int{"Verified": -1}, Messages: []string{"a failed: x\nlog", "b failed"}, Hashtags: []string{"ci", "ui"},
		Tasks: []map[string]any{{"taskQueueId": "gfx/ci", "created": "2026-05-04T10:00:00.500Z", "deadline": "2026-05-04T12:00:00.500Z", "metadata": map[string]any{"name": "one"}}}, Status: "NEW", Topic: "t",
	}
	for stands, want := range map[string]string{
		`{labels: {Verified: -1}}`:                                "",
		`{labels: {Verified: -1, Docs: 0}}`:                       "",
		`{labels: {}}`:                                            "labels",
		`{labels: {Verified: -1, Docs: 1}}`:                       "labels",
		`{messages: [a failed, b failed]}`:                        "",
		`{messages: [a failed]}`:                                  "messages",
		`{messages: [b failed, a failed]}`:                        "messages",
		`{hashtags: [ui, ci]}`:                                    "",
		`{hashtags: [ui]}`:                                        "hashtags",
		`{tasks: [one]}`:                                          "",
		`{tasks: [on]}`:                                           "tasks",
		`{tasks: [{taskQueueId: gfx/ci, metadata: {name: one}}]}`: "",
		`{tasks: [{taskQueueId: gfx/other}]}`:                     "tasks",
		`{tasks: [{taskQueueId: gfx/c}]}`:                         "tasks",
		`{tasks: [{deadline: {$fromNow: 2 hours}}]}`:              "",
		`{tasks: [{deadline: {$fromNow: 1 hour}}]}`:               "tasks",
		`{tasks: []}`:                                             "tasks",
		`{status: NEW, topic: t, wip: false}`:                     "",
		`{status: MERGED, topic: '', wip: true}`:                  "status, topic, wip",
		`nothing`:                                                 "labels, hashtags, messages, tasks",
	} {
		report := runScript(t, &script{standing: there}, "  - name: it\n    history:\n      - {task: settled, state: failed}\n      - stands: "+stands+"\n")
		got := ""
		if f := report.Results[0].Findings; len(f) > 0 {
			got = strings.TrimPrefix(f[0].What, "what stands after task task settled as failed differs in ")
		}
		if got != want {
			t.Errorf("stands: %s: differs in %q, want %q", stands, got, want)
		}
	}
}

func TestTroubleOfAStepIsTheTestsAndOtherTroubleIsTheEngines(t *testing.T) {
	report := runScript(t, &script{err: &StepError{"nobody can"}}, oneFailure+"nothing\n")
	if f := report.Results[0].Findings; len(f) != 1 || f[0].What != "nobody can" {
		t.Errorf("got %+v", f)
	}
	file, _ := Read("gfx/ci.test.yaml", "gfx", []byte("tests:\n"+oneFailure+"nothing\n"))
	broken := errors.New("out of memory")
	_, err := Run(t.Context(), []*File{file}, Options{Engine: &script{err: broken}, Set: func(*File) *rules.Set { return someSet(t) }})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	report = runScript(t, &script{}, "  - name: it\n    recorded: none.json\n    expect: nothing\n")
	if f := report.Results[0].Findings; len(f) != 1 || !strings.Contains(f[0].What, "no such file") {
		t.Errorf("a recording that isn't there: %+v", f)
	}
}

func TestAnErrorOfARuleIsNeverAnAnswer(t *testing.T) {
	report := runScript(t, &script{events: [][]Event{{{Occurrence: rules.Occurrence{Type: "settled"}, Error: "no such key"}}}}, oneFailure+"nothing\n")
	if f := report.Results[0].Findings; len(f) != 1 || f[0].What != "settled could not be decided: no such key" {
		t.Errorf("got %+v", f)
	}
}

func TestCoverageTellsWhatNoTestHasShown(t *testing.T) {
	set := someSet(t)
	elsewhere := settled(t, set, "a", "build", "failed")
	elsewhere.Branch, elsewhere.Decisions = "play", nil
	gaps := func(events ...Event) []string {
		var out []string
		for _, g := range runScript(t, &script{events: [][]Event{events}}, oneFailure+"{rule: build}\n").Coverage.Gaps {
			if g.Rule == "build" {
				out = append(out, g.What)
			}
		}
		return out
	}
	all := []string{
		"never fits: branch: main, release/*", "never keeps it away: branch: main, release/*",
		`never true: task.tags.kind == "build"`, `never false: task.tags.kind == "build"`, `never true: task.name != ""`, `never false: task.name != ""`,
		"never done: vote:Verified", `never true: task.state != "completed"`, `never false: task.state != "completed"`, "never done: comment",
	}
	lacking := func(shown ...string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(what string) bool { return slices.Contains(shown, what) })
	}
	for _, c := range []struct {
		events []Event
		want   []string
	}{
		{nil, all},
		{[]Event{elsewhere}, lacking(all[1])},
		{[]Event{settled(t, set, "a", "lint", "failed")}, lacking(all[0], all[3])},
		{[]Event{settled(t, set, "", "build", "failed")}, lacking(all[0], all[2], all[5])},
		{[]Event{settled(t, set, "a", "build", "failed")}, lacking(all[0], all[2], all[4], all[6], all[7], all[9])},
		{[]Event{settled(t, set, "a", "build", "completed"), settled(t, set, "", "build", ""), settled(t, set, "", "", ""), settled(t, set, "a", "build", "failed"), elsewhere}, nil},
	} {
		got := gaps(c.events...)
		slices.Sort(got)
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("of %d events: gaps\n got %q\nwant %q", len(c.events), got, c.want)
		}
	}
}

func TestReportsSayTheSame(t *testing.T) {
	set := someSet(t)
	report := runScript(t, &script{events: [][]Event{{settled(t, set, "a<b", "lint", "failed")}}}, oneFailure+"{rule: build}\n")
	var text, junit strings.Builder
	(&Text{Out: &text}).Result(report.Results[0])
	want := `✗ it
  gfx/ci.test.yaml:4: build was to match, and stops
      - matches
      + stops at task.tags.kind == "build"
        (- expected, + came)
    build stops at task.tags.kind == "build"
      ✗ task.tags.kind == "build"
          task.tags.kind = "lint"
      · task.name != ""
`
	if text.String() != want {
		t.Errorf("text\n got %s\nwant %s", text.String(), want)
	}
	if err := report.WriteJUnit(&junit); err != nil {
		t.Fatal(err)
	}
	var suites junitSuites
	if err := xml.Unmarshal([]byte(junit.String()), &suites); err != nil {
		t.Fatal(err)
	}
	if c := suites.Suites[0].Cases[0]; suites.Failures != 1 || c.Name != "it" || c.Line != 2 || c.Failure == nil || c.Failure.Text != want {
		t.Errorf("JUnit: %s", junit.String())
	}
	view, err := json.Marshal(report.View())
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"failed":1`, `"what":"build was to match, and stops"`, `"want":["matches"]`, `"rule":"gfx/build"`, `"stopped":"task.tags.kind == \"build\""`} {
		if !strings.Contains(string(view), part) {
			t.Errorf("no %s in %s", part, view)
		}
	}
}

func TestDifferenceKeepsWhatIsEqual(t *testing.T) {
	got := strings.Join(difference([]string{"a", "b", "c"}, []string{"x", "b", "d"}), "\n")
	if want := "- a\n+ x\n  b\n- c\n+ d\n  (- expected, + came)"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestMistakesInATestFileAreTold(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "ci.test.yaml:1:1: the file holds no tests",
		"tests: []\nrules: []\n": `no key "rules" here`,
		"tests:\n  - {event: {task: failed}, expect: nothing}\n":                                                            `the key "name" is missing`,
		"tests:\n  - {name: a, expect: nothing}\n":                                                                          "this one has none",
		"tests:\n  - {name: a, event: {task: failed}, recorded: x, expect: nothing}\n":                                      "this one has event and recorded",
		"tests:\n  - {name: a, event: {stands: nothing}, expect: nothing}\n":                                                "neither what happens nor what stands",
		"tests:\n  - {name: a, event: {taks: failed}, expect: nothing}\n":                                                   "did you mean task?",
		"tests:\n  - {name: a, event: {task: settled}, expect: nothing}\n":                                                  "write state: completed, failed or exception",
		"tests:\n  - {name: a, event: {task: failed, state: completed}, expect: nothing}\n":                                 "leave state away",
		"tests:\n  - {name: a, event: {task: failed, run: 99}, expect: nothing}\n":                                          "a run is a number from 0 to 20",
		"tests:\n  - {name: a, event: {gerrit: change-vanished}, expect: nothing}\n":                                        "a test can't make change-vanished happen yet",
		"tests:\n  - {name: a, event: {gerrit: patchset-created, kind: REWROK}, expect: nothing}\n":                         "did you mean REWORK?",
		"tests:\n  - {name: a, event: {gerrit: vote-changed}, expect: nothing}\n":                                           "which label",
		"tests:\n  - {name: a, event: {exchange: queue/task-faild}, expect: nothing}\n":                                     "did you mean queue/task-failed?",
		"tests:\n  - {name: a, event: {exchange: hooks/hook-created}, expect: nothing}\n":                                   "the message has no payload",
		"tests:\n  - {name: a, event: {task: failed}, expect: nothnig}\n":                                                   `expect "nothnig" is not known`,
		"tests:\n  - {name: a, event: {task: failed}, expect: {}}\n":                                                        "expects nothing in particular",
		"tests:\n  - {name: a, event: {task: failed}, expect: {stopped: x}}\n":                                              "which rule is to stop?",
		"tests:\n  - {name: a, event: {task: failed}, expect: {actions: [vote]}}\n":                                         "an action is written as in a rule",
		"tests:\n  - {name: a, event: {task: failed}, expect: {actions: [{vtoe: {}}]}}\n":                                   "did you mean vote?",
		"tests:\n  - {name: a, event: {task: failed}, expect: {actions: [{vote: {}, comment: x}]}}\n":                       "one action each",
		"tests:\n  - {name: a, event: {task: failed}, expect: {actions: [{key: x}]}}\n":                                     "which action?",
		"tests:\n  - {name: a, history: [{stands: {}}]}\n":                                                                  "what is to stand?",
		"tests:\n  - {name: a, history: [{stands: {lables: {}}}]}\n":                                                        "did you mean labels?",
		"given: {change: {numbr: 1}}\ntests:\n  - {name: a, event: {task: failed}, expect: nothing}\n":                      "did you mean number?",
		"given: {change: {number: -1}}\ntests:\n  - {name: a, event: {task: failed}, expect: nothing}\n":                    "a change's number is above 0",
		"tests:\n  - {name: a, event: {group: setled}, expect: nothing}\n":                                                  "did you mean settled?",
		"tests:\n  - {name: a, event: {task: settled, state: exception, reason: worker-shutdwon}, expect: nothing}\n":       "did you mean worker-shutdown?",
		"tests:\n  - {name: a, event: {gerrit: reviewer-changed}, expect: nothing}\n":                                       "who becomes a reviewer?",
		"tests:\n  - {name: a, event: {task: failed}, expect: nothing}\n  - {name: a, recorded: x.json, expect: nothing}\n": `a second test is called "a", the first is on line 2`,
	} {
		_, problems := Read("ci.test.yaml", "gfx", []byte(text))
		got := ""
		for _, p := range problems {
			got += p.Error() + "\n"
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s\n got %q\nwant %q in it", text, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	names, _ := filepath.Glob("../examples/*/*.test.yaml")
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Add("tests:\n" + oneFailure + "nothing\n")
	f.Add("given: {change: {number: 1}}\ntests:\n  - name: it\n    history:\n      - {group: settled, tasks: [{name: a, state: failed}]}\n      - stands: {labels: {Verified: 1}}\n")
	f.Add("tests:\n  - name: it\n    event: {exchange: queue/task-failed, payload: {a: [1]}}\n    expect: {actions: [{vote: {Verified: -1}, stands: false}]}\n")
	f.Fuzz(func(t *testing.T, text string) {
		file, problems := Read("ci.test.yaml", "gfx", []byte(text))
		if len(problems) > 0 {
			return
		}
		for _, test := range file.Tests {
			if test.Name == "" || test.Recorded == "" && len(test.Steps) == 0 {
				t.Errorf("%q was read as %+v", text, test)
			}
		}
	})
}

func TestANumberIsNoText(t *testing.T) {
	for _, c := range []struct {
		want, got any
		fits      bool
	}{{3600.0, 3600.0, true}, {3600.0, "3600", false}, {"3600", 3600.0, false}, {true, "true", false}, {nil, nil, true}, {nil, "", false}} {
		if fits := contains(plain(c.want), plain(c.got)); fits != c.fits {
			t.Errorf("contains(%#v, %#v) is %v", c.want, c.got, fits)
		}
	}
}

func TestAMistakeInTheGivenOfAFileIsToldOnce(t *testing.T) {
	_, problems := Read("ci.test.yaml", "gfx", []byte(`given: {change: {numbr: 1}}
tests:
  - {name: a, event: {task: failed}, expect: nothing}
  - {name: b, event: {task: failed}, expect: nothing}
`))
	if len(problems) != 1 {
		t.Errorf("got %v", problems)
	}
}
