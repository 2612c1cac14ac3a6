package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func loadText(t testing.TB, text string) *Set {
	t.Helper()
	set, found := Load(Sources{Files: map[string][]byte{"team/rules.yaml": []byte(text)}})
	for _, d := range found {
		t.Fatal(d)
	}
	return set
}

const matchRules = `
rules:
  - {name: worker, on: {exchange: queue/task-failed, routingKey: {workerType: ci-linux}}, do: [{comment: x}]}
  - {name: both, on: {exchange: queue/task-failed, routingKey: {workerType: ci-linux, provisionerId: gfx}}, do: [{comment: x}]}
  - {name: all, on: {exchange: queue/task-failed}, do: [{comment: x}]}
  - {name: other, on: {exchange: queue/task-completed}, do: [{comment: x}]}
  - {name: topic, on: {exchange: queue/task-failed, routingKey: 'primary.#.ci-mac.#'}, do: [{comment: x}]}
  - {name: words, on: {exchange: queue/task-failed, routingKey: 'primary.*.0.#'}, do: [{comment: x}]}
  - {name: route, on: {exchange: queue/task-failed, taskRoute: index.a.b}, do: [{comment: x}]}
  - {name: routes, on: {exchange: queue/task-failed, taskRoute: 'index.*.c'}, do: [{comment: x}]}
  - {name: foreign, on: {exchange: exchange/other/v1/thing, routingKey: 'a.*'}, do: [{task: {taskQueueId: a/b, deadline: x, payload: {}, metadata: {name: x, description: x}}}]}
  - {name: idle, mode: 'off', on: {exchange: queue/task-failed}, do: [{comment: x}]}
  - {name: settled, on: {task: settled, project: a/b}, do: [{comment: x}]}
  - {name: failed, on: {task: failed}, do: [{comment: x}]}
  - {name: compares, on: [{task: failed}, {exchange: queue/task-completed}], when: ['true', 'task.taskQueueId == "gfx/ci" && run.id == 0', '"s" == task.schedulerId'], do: [{comment: x}]}
  - {name: group, on: {group: settled}, do: [{comment: x}]}
  - {name: everywhere, on: {gerrit: patchset-created}, do: [{comment: x}]}
  - {name: main, on: {gerrit: patchset-created, server: s, project: a/b, branch: main}, do: [{comment: x}]}
  - {name: branches, on: {gerrit: patchset-created, server: s, project: [a/b, a/c], branch: [main, 'release/*']}, do: [{comment: x}]}
  - {name: below, on: {gerrit: patchset-created, server: s, project: ['a/**', a/b]}, do: [{comment: x}]}
  - {name: not, on: {gerrit: patchset-created, server: s, project: ['!a/b']}, do: [{comment: x}]}
  - {name: two, on: [{gerrit: patchset-created, server: t}, {gerrit: change-merged, server: s}], do: [{comment: x}]}
`

func TestMatch(t *testing.T) {
	set := loadText(t, matchRules)
	failed := DefaultExchangePrefix + "queue/v1/task-failed"
	key := func(run, provisioner, worker string) string {
		return "primary.TASK." + run + ".wg.w." + provisioner + "." + worker + ".sched.GROUP._"
	}
	tests := []struct {
		name string
		o    Occurrence
		want string
	}{
		{"by the worker type", Occurrence{Source: "pulse", Type: failed, RoutingKey: key("1", "gfx", "ci-linux")}, "worker both all"},
		{"by both fields", Occurrence{Source: "pulse", Type: failed, RoutingKey: key("1", "web", "ci-linux")}, "worker all"},
		{"a pattern with # inside", Occurrence{Source: "pulse", Type: failed, RoutingKey: key("1", "gfx", "ci-mac")}, "all topic"},
		{"a pattern with places", Occurrence{Source: "pulse", Type: failed, RoutingKey: key("0", "gfx", "x")}, "words all"},
		{"a short key", Occurrence{Source: "pulse", Type: failed, RoutingKey: "primary"}, "all"},
		{"routes", Occurrence{Source: "pulse", Type: failed, RoutingKey: "x", Routes: []string{"index.a.b", "index.x.c", "index.a.b"}}, "all route routes"},
		{"another exchange", Occurrence{Source: "pulse", Type: DefaultExchangePrefix + "queue/v1/task-pending", RoutingKey: "x"}, ""},
		{"a foreign exchange", Occurrence{Source: "pulse", Type: "exchange/other/v1/thing", RoutingKey: "a.b"}, "foreign"},
		{"a foreign exchange, longer", Occurrence{Source: "pulse", Type: "exchange/other/v1/thing", RoutingKey: "a.b.c"}, ""},
		{"a task whose change isn't known", Occurrence{Source: "task", Type: "settled"}, "settled"},
		{"a task of another project", Occurrence{Source: "task", Type: "settled", Server: "s", Project: "x"}, ""},
		{"a run", Occurrence{Source: "task", Type: "failed"}, "failed compares"},
		{"a run of the worker that a clause asks for", Occurrence{Source: "task", Type: "failed", RoutingKey: "primary.T.0.wg.w.gfx.ci.s.G._"}, "failed compares"},
		{"a run of another scheduler", Occurrence{Source: "task", Type: "failed", RoutingKey: "primary.T.0.wg.w.gfx.ci.x.G._"}, "failed"},
		{"a message of another worker", Occurrence{Source: "pulse", Type: DefaultExchangePrefix + "queue/v1/task-completed", RoutingKey: "primary.T.0.wg.w.gfx.cx.s.G._"}, "other"},
		{"a message of the worker", Occurrence{Source: "pulse", Type: DefaultExchangePrefix + "queue/v1/task-completed", RoutingKey: "primary.T.0.wg.w.gfx.ci.s.G._"}, "other compares#1"},
		{"a group", Occurrence{Source: "group", Type: "settled"}, "group"},
		{"main", Occurrence{Source: "gerrit", Type: "patchset-created", Server: "s", Project: "a/b", Branch: "main"}, "main branches@a/b below@a/** everywhere"},
		{"release", Occurrence{Source: "gerrit", Type: "patchset-created", Server: "s", Project: "a/c", Branch: "release/1"}, "branches@a/c below@a/** not everywhere"},
		{"another server", Occurrence{Source: "gerrit", Type: "patchset-created", Server: "t", Project: "a/b", Branch: "main"}, "two everywhere"},
		{"merged", Occurrence{Source: "gerrit", Type: "change-merged", Server: "s", Project: "z", Branch: "main"}, "two#1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, c := range set.Match(test.o, nil) {
				name := c.Rule.Name
				if c.Project != "" && name != "main" {
					name += "@" + c.Project
				}
				if c.On > 0 {
					name += fmt.Sprintf("#%d", c.On)
				}
				got = append(got, name)
			}
			slices.Sort(got)
			want := strings.Fields(test.want)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%+v\n got %s\nwant %s", test.o, strings.Join(got, " "), test.want)
			}
		})
	}
}

// TestMatchFindsWhatALoopWould compares the index with going through all triggers.
func TestMatchFindsWhatALoopWould(t *testing.T) {
	words := rapid.SampledFrom([]string{"a", "b", "c", "*"})
	globs := rapid.SampledFrom([]string{"a", "a/b", "a/*", "a/**", "**", "*/b", "!a/b", "b"})
	rapid.Check(t, func(t *rapid.T) {
		var rules []*Rule
		for i := range rapid.IntRange(1, 12).Draw(t, "rules") {
			r := &Rule{Name: fmt.Sprint(i), Mode: Live}
			trigger := Trigger{Source: "pulse", Type: "queue/task-failed"}
			if rapid.Bool().Draw(t, "gerrit") {
				trigger = Trigger{Source: "gerrit", Type: "x", Server: rapid.SampledFrom([]string{"", "s"}).Draw(t, "server")}
				for _, glob := range rapid.SliceOfNDistinct(globs, 0, 3, rapid.ID).Draw(t, "projects") {
					p, _ := newPattern(glob)
					trigger.projects = append(trigger.projects, p)
				}
				for _, glob := range rapid.SliceOfNDistinct(globs, 0, 2, rapid.ID).Draw(t, "branches") {
					p, _ := newPattern(glob)
					trigger.branches = append(trigger.branches, p)
				}
			} else {
				var key []string
				for range rapid.IntRange(0, 4).Draw(t, "words") {
					key = append(key, words.Draw(t, "word"))
				}
				trigger.key = parseTopic(strings.Join(append(key, "#"), "."))
			}
			r.On = []Trigger{trigger}
			rules = append(rules, r)
		}
		set := &Set{rules: rules, index: newIndex(rules, "")}
		o := Occurrence{Source: "gerrit", Type: "x", Server: "s",
			Project: rapid.SampledFrom([]string{"a", "a/b", "a/b/c", "b", "c/b"}).Draw(t, "project of the event"),
			Branch:  rapid.SampledFrom([]string{"a", "a/b", "x"}).Draw(t, "branch of the event")}
		if rapid.Bool().Draw(t, "a message") {
			o = Occurrence{Source: "pulse", Type: longName("", "queue/task-failed"), RoutingKey: strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 1, 5).Draw(t, "key"), ".")}
		}
		var got, want []string
		for _, c := range set.Match(o, nil) {
			got = append(got, c.Rule.Name)
		}
		for _, r := range rules {
			if fitsByLoop(&r.On[0], o) {
				want = append(want, r.Name)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("%+v: got %v, want %v", o, got, want)
		}
	})
}

func fitsByLoop(t *Trigger, o Occurrence) bool {
	if t.Source != o.Source {
		return false
	}
	if o.Source == "pulse" {
		return matchTopic(strings.Split(t.key.pattern(), "."), strings.Split(o.RoutingKey, "."))
	}
	return (t.Server == "" || t.Server == o.Server) && anyMatch(t.projects, o.Project) && anyMatch(t.branches, o.Branch)
}

func TestBindings(t *testing.T) {
	set := loadText(t, matchRules)
	got := ""
	for _, b := range set.Bindings("") {
		got += strings.TrimPrefix(b.Exchange, "exchange/") + " " + b.RoutingKey + "\n"
	}
	want := `other/v1/thing a.*
taskcluster-queue/v1/task-completed #
taskcluster-queue/v1/task-exception #
taskcluster-queue/v1/task-failed #
taskcluster-queue/v1/task-group-resolved #
`
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	for _, test := range []struct {
		exchange    string
		task, group bool
	}{
		{"queue/v1/task-failed", true, true}, {"queue/v1/task-group-resolved", false, true}, {"queue/v1/task-pending", false, false},
	} {
		if task, group := set.Derives(DefaultExchangePrefix + test.exchange); task != test.task || group != test.group {
			t.Errorf("Derives(%s) = %v, %v", test.exchange, task, group)
		}
	}
}

func TestBindingsNameFieldsUntilThereAreTooMany(t *testing.T) {
	for _, test := range []struct {
		n    int
		want string
	}{{1, "primary.*.*.*.*.*.ci-0.#"}, {64, "primary.*.*.*.*.*.ci-0.#"}, {65, "#"}} {
		set := loadText(t, manyRules(test.n))
		got := set.Bindings("")
		if len(got) > maxBindings || got[0].RoutingKey != strings.Replace(test.want, "primary", "*", 1) {
			t.Errorf("%d rules: %d bindings, the first %s, want %s", test.n, len(got), got[0].RoutingKey, test.want)
		}
	}
}

func manyRules(n int) string {
	var b strings.Builder
	b.WriteString("rules:\n")
	for i := range n {
		fmt.Fprintf(&b, `  - name: rule-%d
    on: {exchange: queue/task-failed, routingKey: {workerType: ci-%d}}
    when:
      - 'event.status.state == "failed"'
      - 'event.status.workerType == "ci-%d" && event.runId >= 0'
    do:
      - vote: {Verified: -1}
        while: 'event.status.state != "completed"'
        message: 'The task ${event.status.taskId} failed on ci-%d: ${links.log}'
`, i, i, i, i)
	}
	return b.String()
}

func TestMatchAllocatesNothingWithoutAMatch(t *testing.T) {
	set := loadText(t, manyRules(100)+matchRules[len("\nrules:\n"):])
	for _, o := range []Occurrence{
		{Source: "pulse", Type: DefaultExchangePrefix + "queue/v1/task-completed2", RoutingKey: "primary.T.0.a.b.c.none.s.G._"},
		{Source: "pulse", Type: "exchange/other/v1/thing", RoutingKey: "b.T.0.a.b.c.none.s.G._", Routes: []string{"a.b"}},
		{Source: "gerrit", Type: "change-abandoned", Server: "s", Project: "a/b/c", Branch: "main"},
	} {
		if n := testing.AllocsPerRun(100, func() { set.Match(o, nil) }); n != 0 {
			t.Errorf("%+v: %v allocations", o, n)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		set := loadMany(b, n)
		for name, worker := range map[string]string{"none": "other", "one": "ci-7"} {
			b.Run(fmt.Sprintf("%d rules, %s matches", n, name), func(b *testing.B) {
				o := Occurrence{Source: "pulse", Type: DefaultExchangePrefix + "queue/v1/task-failed", RoutingKey: "primary.DDMaDVSGQ7abyaPzkrFH8Q.0.lab.w1.lab." + worker + ".bot-1.QZAlBrTNReilm8sihCxXtg._"}
				dst := make([]Candidate, 0, 8)
				b.ReportAllocs()
				for b.Loop() {
					dst = set.Match(o, dst[:0])
				}
			})
		}
	}
}

// loadMany spreads rules over files, which may not be long.
func loadMany(t testing.TB, n int) *Set {
	files := map[string][]byte{}
	text := manyRules(n)
	parts := strings.SplitAfter(text, "links.log}'\n")
	for i := 0; i < len(parts); i += 100 {
		part := strings.TrimPrefix(strings.Join(parts[i:min(i+100, len(parts))], ""), "rules:\n")
		if part != "" {
			files[fmt.Sprintf("team-%d/rules.yaml", i/100)] = []byte("rules:\n" + part)
		}
	}
	set, found := Load(Sources{Files: files})
	for _, d := range found {
		t.Fatal(d)
	}
	return set
}
