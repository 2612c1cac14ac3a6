package sandbox

import (
	"strings"
	"testing"
	"time"

	"verdict/internal/app/ruleset"
	"verdict/rules"
	"verdict/rules/ruletest"
)

const benchTeams = `teams:
  graphics:
    folder: graphics/
    contact: {email: gfx-ci@example.org}
    operators: [gfx-ci]
    gerrit:
      - {server: main, projects: [platform/gfx], labels: {Verified: [-1, 1], Docs: [-1, 1]}, hashtags: ['ci-*', needs-backport], actions: [vote, comment, hashtags, attention]}
    taskcluster:
      scopes: ['queue:create-task:low:gfx/*', 'queue:create-task:project:gfx', 'queue:scheduler-id:verdict', 'queue:rerun-task:test-scheduler/*']
      trustTasks: [{schedulerId: gfx-level-1}]
      trust:
        - {who: ['group:gfx-committers'], scopes: ['queue:create-task:low:gfx/*', 'queue:create-task:project:gfx', 'queue:scheduler-id:verdict']}
`

// benchRules are those of the language's example file whose actions this release has.
const benchRules = `defaults: {server: main, project: platform/gfx}
rules:
  - name: shader-task
    on: {task: settled}
    when:
      - 'task.tags.kind == "build"'
    do:
      - vote: {Verified: -1}
        while: 'task.state != "completed"'
        message: |
          ${task.name} failed: ${run.reason}
          ${links.log}
  - name: build-shaders
    on:
      gerrit: patchset-created
      branch: [main, 'release/*']
      files: ['shaders/**', '!**/*.md']
    when:
      - '!change.wip'
      - 'patchset.kind != "NO_CODE_CHANGE"'
    do:
      - tasks:
          $map: [linux, windows]
          each(os):
            key: '${os}'
            taskQueueId: 'gfx/ci-${os}'
            projectId: gfx
            priority: low
            deadline: {$fromNow: 2 hours}
            metadata: {name: 'shaders-${os}', description: 'Shader build'}
            tags: {kind: build}
            payload: {maxRunTime: 3600, env: {GERRIT_REF: '${patchset.ref}'}, command: [/usr/local/bin/build-shaders]}
  - name: needs-backport
    on: {gerrit: change-merged, branch: main}
    when:
      - 'change.footers.exists(f, f.key == "Backport")'
    do:
      - hashtags: {add: [needs-backport]}
  - name: failed-tag
    on: {group: settled}
    do:
      - hashtags: [ci-failed]
        while: 'group.outcome == "fail"'
  - name: of-gfx
    on: {task: running}
    when:
      - 'task.provisionerId == "gfx"'
    do:
      - comment: '${task.name} runs'
  - name: docs
    on: {gerrit: comment-added}
    when:
      - 'event.message.text.contains("docs please")'
    do:
      - vote: {Docs: 1}
        message: Docs are on their way
`

// runBench runs the tests of a file, with the rules above and those that are added.
func runBench(t *testing.T, tests, more string) ruletest.Report {
	t.Helper()
	return runBenchWith(t, benchRules+more, tests)
}

func runBenchWith(t *testing.T, text, tests string) ruletest.Report {
	t.Helper()
	teams, diagnostics := rules.LoadTeams("teams.yaml", []byte(benchTeams))
	set, found := ruleset.Load(rules.Sources{Files: map[string][]byte{"graphics/ci.yaml": []byte(text)}, Teams: teams})
	if len(diagnostics)+len(found) > 0 {
		t.Fatal(diagnostics, found)
	}
	file, problems := ruletest.Read("graphics/ci.test.yaml", "graphics", []byte(tests))
	for _, p := range problems {
		t.Fatal(p)
	}
	bed, err := NewTestbed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer bed.Close()
	report, err := ruletest.Run(t.Context(), []*ruletest.File{file}, ruletest.Options{Engine: bed, Set: func(*ruletest.File) *rules.Set { return set }})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// The lines of the language's example of tests do what is written behind them.
func TestTheExampleOfTheLanguageDoesWhatItSays(t *testing.T) {
	failures(t, runBench(t, `
given:
  change: {number: 1234, project: platform/gfx, branch: main, currentPatchset: 2}
tests:
  - name: a failed build votes, its green rerun takes the vote back
    history:
      - {task: settled, name: shaders-linux, tags: {kind: build}, state: failed, run: 0}
      - stands: {labels: {Verified: -1}, messages: ['shaders-linux failed']}
      - {task: settled, name: shaders-linux, tags: {kind: build}, state: completed, run: 1}
      - stands: {labels: {Verified: 0}}
  - name: a task that isn't a build says nothing
    event: {task: settled, name: lint, tags: {kind: lint}, state: failed}
    expect: {rule: shader-task, stopped: 'task.tags.kind == "build"'}
  - name: documentation alone starts nothing
    event: {gerrit: patchset-created, files: [docs/a.md]}
    expect: {rule: build-shaders, stopped: on.files}
`, ""))
}

func TestWhatATestLeavesOutIsCompleted(t *testing.T) {
	failures(t, runBench(t, `
given:
  change: {number: 1234567, currentPatchset: 3}
tests:
  - name: the number, the patchset and the owner's trust are in the task
    history:
      - {gerrit: patchset-created, files: [shaders/a.frag]}
      - stands:
          tasks:
            - {metadata: {name: shaders-linux, owner: alice@example.org}, payload: {env: {GERRIT_REF: refs/changes/67/1234567/3}}}
            - {metadata: {name: shaders-windows}, extra: {gerrit: {change: 1234567, patchset: 3, project: platform/gfx}}}
  - name: somebody without groups starts nothing
    history:
      - {gerrit: patchset-created, by: mallory, files: [shaders/a.frag]}
      - stands: {tasks: []}
  - name: groups can be given
    given: {accounts: {bob: [gfx-committers], alice: []}}
    history:
      - {gerrit: patchset-created, by: bob, files: [shaders/a.frag]}
      - stands: {tasks: [shaders-linux, shaders-windows]}
  - name: a kind is compared with a patchset before it
    given: {change: {currentPatchset: 1}}
    event: {gerrit: patchset-created, kind: NO_CODE_CHANGE, files: [shaders/a.frag]}
    expect: {rule: build-shaders, stopped: 'patchset.kind != "NO_CODE_CHANGE"'}
`, ""))
}

func TestStepsOfAHistory(t *testing.T) {
	failures(t, runBench(t, `
tests:
  - name: tasks that the rules made are those that a step names
    history:
      - {gerrit: patchset-created, files: [shaders/a.frag]}
      - {task: settled, name: shaders-windows, state: exception, reason: deadline-exceeded}
      - stands: {labels: {Verified: -1}, messages: ['shaders-windows failed: deadline-exceeded']}
      - {group: settled, tasks: [{name: shaders-windows, state: completed}, {name: shaders-linux, state: failed}]}
      - stands: {labels: {Verified: -1}, hashtags: [ci-failed], messages: [shaders-windows failed, shaders-linux failed]}
      - {gerrit: patchset-created, files: [src/a.cc]}
      - stands: {labels: {}, hashtags: []}
  - name: people act
    history:
      - {gerrit: comment-added, by: bob, text: docs please}
      - stands: {labels: {Docs: 1}, messages: [Docs are on their way]}
      - {gerrit: vote-changed, by: bob, label: Code-Review, value: 1}
      - {gerrit: hashtags-changed, add: [urgent]}
      - {gerrit: wip-changed}
      - stands: {hashtags: [urgent], topic: "", wip: true}
      - {gerrit: wip-changed, wip: false}
      - {gerrit: change-abandoned}
      - stands: {status: ABANDONED}
      - {gerrit: change-restored}
      - {gerrit: change-merged}
      - stands: {status: MERGED, wip: false, labels: {Docs: 1}}
  - name: a task that is only said to be of the change is believed where its team trusts its scheduler
    history:
      - {task: settled, name: a, tags: {kind: build}, state: failed, linked: false, schedulerId: somebody, extra: {gerrit: {change: 1, patchset: 1}}}
      - stands: nothing
      - {task: settled, name: b, tags: {kind: build}, state: failed, linked: false, schedulerId: gfx-level-1, extra: {gerrit: {change: 1, patchset: 1}}}
      - stands: {labels: {Verified: -1}, messages: [b failed]}
  - name: a task of no change
    event: {task: settled, tags: {kind: build}, state: failed, linked: false}
    expect: {rule: shader-task, stopped: on}
  - name: a rule that the index passes over says why
    event: {task: running, taskQueueId: audio/ci}
    expect: {rule: of-gfx, stopped: 'task.provisionerId == "gfx"'}
  - name: and one that it doesn't
    event: {task: running, name: a, taskQueueId: gfx/ci}
    expect: {actions: [{comment: a runs}]}
  - name: the queue's own reruns settle nothing
    event: {task: exception, tags: {kind: build}, reason: worker-shutdown}
    expect: nothing
`, ""))
}

func TestAGroupIsStuckWhereATestSaysSo(t *testing.T) {
	failures(t, runBench(t, `
tests:
  - name: it is told once
    history:
      - {group: stuck, tasks: [{name: a, state: completed}, {name: b}]}
      - stands: {messages: [1 of 2 tasks wait for nobody], hashtags: []}
      - {group: stuck}
      - stands: {messages: [1 of 2 tasks wait for nobody]}
  - name: what one task waits for doesn't make a group stuck
    history:
      - {task: completed, name: a}
      - {task: running, name: b}
      - stands: nothing
  - name: the event alone
    event: {group: stuck, tasks: [{name: a, state: unscheduled}]}
    expect: {rule: stuck, actions: [{comment: 1 of 1}]}
`, `  - name: stuck
    on: {group: stuck}
    do:
      - comment: '${group.unscheduled} of ${group.total} tasks wait for nobody'
`))
}

func TestATestsTaskHasArtifacts(t *testing.T) {
	failures(t, runBench(t, `
tests:
  - name: what a linter found is said on the lines
    history:
      - {task: settled, name: lint, state: failed, artifacts: {public/lint.txt: "src/a.c:1:too long\nsrc/a.c:7:tab\n"}}
      - stands: {messages: [2 findings]}
      - {task: settled, name: lint, state: completed}
      - stands: {messages: [2 findings]}
  - name: it is the run's own
    history:
      - {task: failed, name: lint, artifacts: {public/lint.txt: "src/a.c:1:too long"}}
      - {task: settled, name: lint, state: failed, run: 1}
      - stands: {messages: [lint left 1 findings, lint left no findings]}
  - name: without it there is nothing to say
    event: {task: settled, name: lint, state: failed}
    expect: {actions: [{comment: lint left no findings}]}
  - name: a task that isn't of that name isn't asked for one
    event: {task: settled, name: build, state: failed}
    expect: {rule: lint, stopped: 'task.name == "lint" && task.state == "failed"'}
`, `  - name: lint
    on: {task: settled}
    let:
      found: 'artifact("public/lint.txt").orValue("").lines()'
      count: 'found.size() == 0 ? "no" : string(found.size())'
    when:
      - 'task.name == "lint" && task.state == "failed"'
    do:
      - comment: 'lint left ${count} findings'
        inline:
          $map: {$eval: found}
          each(line): {path: '${split(line, ":")[0]}', line: {$eval: 'number(split(line, ":")[1])'}, message: '${split(line, ":")[2]}'}
`))
}

func TestWhatCanNotHappenIsTold(t *testing.T) {
	for name, one := range map[string]struct{ steps, want string }{
		"a run that has ended":        {`[{task: settled, name: a, state: failed, run: 1}, {task: settled, name: a, state: failed, run: 1}, {stands: nothing}]`, "run 1 of a has ended already; the next is 2"},
		"a group that has not":        {`[{task: pending, name: a}, {group: settled}, {stands: nothing}]`, "its task a is pending"},
		"stuck, though all is over":   {`[{group: stuck, tasks: [{name: a, state: failed}]}, {stands: nothing}]`, "all its tasks are over"},
		"stuck, though one runs":      {`[{task: running, name: a}, {group: stuck}, {stands: nothing}]`, "its task a is running"},
		"a group of nothing":          {`[{group: settled}, {stands: nothing}]`, "the change has no tasks yet"},
		"a merge of what is closed":   {`[{gerrit: change-merged}, {gerrit: change-merged}, {stands: nothing}]`, "Gerrit refuses it: "},
		"a push to what is closed":    {`[{gerrit: change-abandoned}, {gerrit: patchset-created}, {stands: nothing}]`, "nobody can push to it"},
		"another branch":              {`[{gerrit: change-merged, branch: x}, {stands: nothing}]`, "the change has its project and branch"},
		"another branch in a push":    {`[{gerrit: patchset-created}, {gerrit: patchset-created, branch: x}, {stands: nothing}]`, "on platform/gfx main already"},
		"a task that has other tags":  {`[{task: failed, name: a, tags: {kind: x}}, {task: failed, name: a, tags: {kind: y}}, {stands: nothing}]`, "other tags"},
		"a definition that is no use": {`[{task: failed, name: a, taskQueueId: 'no queue'}, {stands: nothing}]`, "Taskcluster refuses the task a"},
		"tasks of two groups":         {`[{group: settled, tasks: [{name: a, state: failed}, {name: b, state: failed, schedulerId: x}]}, {stands: nothing}]`, "the tasks are of two groups"},
	} {
		report := runBench(t, "tests:\n  - name: it\n    history: "+one.steps+"\n", "")
		got := ""
		for _, f := range report.Results[0].Findings {
			got += f.What + "\n"
		}
		if !strings.Contains(got, one.want) {
			t.Errorf("%s: got %q, want %q in it", name, got, one.want)
		}
	}
}

func TestRulesThatAnswerThemselvesForEverAreTold(t *testing.T) {
	report := runBench(t, `
tests:
  - name: back and forth
    history:
      - {gerrit: reviewer-changed, reviewer: bob}
      - stands: {hashtags: []}
`, `  - name: forth
    on: {gerrit: attention-set-changed}
    when: ['event.attention.added.size() > 0']
    do:
      - attention: {remove: [reviewers]}
  - name: back
    on: {gerrit: attention-set-changed}
    when: ['event.attention.removed.size() > 0']
    do:
      - attention: {add: [reviewers]}
`)
	if got := report.Results[0].Findings; len(got) == 0 || !strings.Contains(got[0].What, "a guard holds rule:graphics/") {
		t.Errorf("got %+v", got)
	}
}

func TestWhatARuleSetNoRuleAnswers(t *testing.T) {
	report := runBench(t, `
tests:
  - name: forth, and not back
    history:
      - {gerrit: hashtags-changed, add: [ci-a]}
      - stands: {hashtags: [ci-b]}
`, `  - name: forth
    on: {gerrit: hashtags-changed}
    when: ['"ci-a" in change.hashtags']
    do:
      - hashtags: {add: [ci-b], remove: [ci-a]}
  - name: back
    on: {gerrit: hashtags-changed}
    when: ['"ci-b" in change.hashtags']
    do:
      - hashtags: {add: [ci-a], remove: [ci-b]}
`)
	if got := report.Results[0].Findings; len(got) > 0 {
		t.Errorf("got %+v", got)
	}
}

func TestWhatCouldNotBeDoneIsTold(t *testing.T) {
	report := runBench(t, `
tests:
  - name: nobody trusts them
    history:
      - {gerrit: patchset-created, by: mallory, files: [shaders/a.frag]}
      - stands: {tasks: [shaders-linux]}
`, "")
	got := strings.Join(report.Results[0].Findings[0].Got, "\n")
	if !strings.Contains(got, "could not be done: task:linux of build-shaders is waiting: ") || !strings.Contains(got, "no trust row of graphics fits") {
		t.Errorf("got %s", got)
	}
}

// BenchmarkTest is one test of the usual kind: its time is what a team waits for, times its tests.
func BenchmarkTest(b *testing.B) {
	teams, _ := rules.LoadTeams("teams.yaml", []byte(benchTeams))
	set, _ := ruleset.Load(rules.Sources{Files: map[string][]byte{"graphics/ci.yaml": []byte(benchRules)}, Teams: teams})
	file, _ := ruletest.Read("graphics/ci.test.yaml", "graphics", []byte(`
tests:
  - name: it
    history:
      - {task: settled, name: shaders-linux, tags: {kind: build}, state: failed}
      - stands: {labels: {Verified: -1}, messages: ['shaders-linux failed']}
      - {task: settled, name: shaders-linux, tags: {kind: build}, state: completed}
      - stands: {labels: {Verified: 0}}
`))
	bed, err := NewTestbed(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer bed.Close()
	for b.Loop() {
		report, err := ruletest.Run(b.Context(), []*ruletest.File{file}, ruletest.Options{Engine: bed, Set: func(*ruletest.File) *rules.Set { return set }})
		if err != nil || report.Failed() > 0 || report.Took > time.Minute {
			b.Fatal(err, report.Results)
		}
	}
}

func TestAGroupSettlesWhereRulesRerun(t *testing.T) {
	failures(t, runBench(t, `
given:
  change: {project: platform/gfx, currentPatchset: 2}
tests:
  - name: the hashtag comes when nothing of the group is undecided any more
    history:
      - {group: settled, tasks: [{name: lint, tags: {flaky: 'no'}, state: failed}]}
      - stands: {hashtags: [ci-failed]}
      - {group: settled, tasks: [{name: lint, state: completed}]}
      - stands: {hashtags: []}
`, `
  - name: flaky-once
    on: {task: failed}
    when: ['task.tags.flaky == "yes"']
    do:
      - rerun: {}
`))
}
