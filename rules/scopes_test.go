package rules_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"verdict/rules"
)

// asked is what Taskcluster asks for a task, without roles and older names of its fields.
func asked(definition map[string]any, granted []string) ([]string, error) {
	text := func(name, otherwise string) string {
		if v, ok := definition[name].(string); ok {
			return v
		}
		return otherwise
	}
	levels := []string{"lowest", "very-low", "low", "medium", "high", "very-high", "highest"}
	own := slices.Index(levels, text("priority", "lowest"))
	if own < 0 {
		return nil, fmt.Errorf("no priority %q", text("priority", ""))
	}
	create := func(level string) string { return "queue:create-task:" + level + ":" + text("taskQueueId", "") }
	best := create(levels[own])
	for _, level := range levels[own:] {
		if slices.ContainsFunc(granted, func(g string) bool {
			return g == create(level) || strings.HasSuffix(g, "*") && strings.HasPrefix(create(level), g[:len(g)-1])
		}) {
			best = create(level)
			break
		}
	}
	need := append([]string{best, "queue:create-task:project:" + text("projectId", "none"), "queue:scheduler-id:" + text("schedulerId", "-")}, definition["scopes"].([]string)...)
	for _, route := range definition["routes"].([]string) {
		need = append(need, "queue:route:"+route)
	}
	return need, nil
}

const taskRule = `rules:
  - name: build
    on: {%s}
    do:
      - %s
`

const taskTeams = `teams:
  gfx:
    folder: gfx/
    gerrit: [{server: main, projects: [demo], actions: [comment]}]
    taskcluster:
      scopes: ['queue:create-task:low:gfx/ci-*', 'queue:create-task:lowest:gfx/slow', 'queue:create-task:project:gfx', 'queue:scheduler-id:verdict', 'queue:route:index.gfx.*', 'queue:route:notify']
      trust:
        - {who: ['group:committers'], scopes: ['queue:create-task:low:gfx/ci-*', 'queue:create-task:project:gfx', 'queue:scheduler-id:verdict']}
        - {who: anyone, scopes: ['queue:create-task:lowest:gfx/slow', 'queue:create-task:project:gfx', 'queue:scheduler-id:verdict']}
`

// definition is the body of a task in one line, with more fields.
func definition(fields string) string {
	return "{key: a, deadline: {$fromNow: 1 hour}, metadata: {name: a, description: a}, payload: {}, " + fields + "}"
}

func loadTask(t *testing.T, teamsText, on, do string) (*rules.Set, []rules.Diagnostic) {
	t.Helper()
	teams, found := rules.LoadTeams("teams.yaml", []byte(teamsText))
	if len(found) > 0 {
		t.Fatal(listing(found))
	}
	text := fmt.Sprintf(taskRule, on, do)
	return rules.Load(rules.Sources{Files: map[string][]byte{"gfx/r.yaml": []byte(text)}, Teams: teams, TaskScopes: asked})
}

func TestWhatATaskCouldNeedIsComparedWithTheGrant(t *testing.T) {
	const push, settled = "gerrit: patchset-created, server: main, project: demo", "task: settled"
	tests := []struct{ name, on, do, want string }{
		{"granted", push, "task: " + definition("taskQueueId: gfx/ci-linux, projectId: gfx, priority: low"), ""},
		{"a lower priority than was granted", push, "task: " + definition("taskQueueId: gfx/ci-linux, projectId: gfx"), ""},
		{"a queue beyond it", settled, "task: " + definition("taskQueueId: release/signing, projectId: gfx, priority: low"),
			"gfx/r.yaml:5:117 error: the task needs queue:create-task:low:release/signing, which gfx hasn't been granted, teams.yaml:6; an administrator adds to its scopes: - 'queue:create-task:low:release/signing'"},
		{"the project is not said", settled, "task: " + definition("taskQueueId: gfx/ci-linux"),
			"error: the task needs queue:create-task:project:none, which gfx hasn't been granted"},
		{"a priority beyond it", settled, "task: " + definition("taskQueueId: gfx/slow, projectId: gfx, priority: low"),
			"error: the task needs queue:create-task:low:gfx/slow, which"},
		{"another scheduler", settled, "task: " + definition("taskQueueId: gfx/ci-x, projectId: gfx, schedulerId: mine"),
			"gfx/r.yaml:5:156 error: the task needs queue:scheduler-id:mine, which"},
		{"one of a list, all of them granted", push, `task: {$let: {os: '${oneOf(change.branch, ["linux", "windows"])}'}, in: ` + definition("taskQueueId: 'gfx/ci-${os}', projectId: gfx, priority: low") + "}", ""},
		{"one of a list, one of them beyond it", push, "task: " + definition(`taskQueueId: 'gfx/${oneOf(change.branch, ["ci-linux", "ci-mac", "signing"])}', projectId: gfx, priority: low`),
			"error: the task needs queue:create-task:low:gfx/signing, which gfx hasn't been granted"},
		{"what matches, of which a part is granted", settled, "task: " + definition(`taskQueueId: 'gfx/${matchesWhole(task.name, "ci-[a-z]+")}', projectId: gfx, priority: low`),
			"warning: the task may need any of queue:create-task:low:gfx/*, of which gfx has been granted a part"},
		{"a route", settled, "task: " + definition("taskQueueId: gfx/ci-x, projectId: gfx, routes: [index.gfx.a, index.web.a]"),
			"gfx/r.yaml:5:165 error: the task needs queue:route:index.web.a, which"},
		{"the task's own scope", settled, "task: " + definition("taskQueueId: gfx/ci-x, projectId: gfx, scopes: ['docker-worker:cache:*']"),
			"error: the task needs docker-worker:cache:*, which"},
		{"of a list, each", settled, "tasks: {$map: [linux, windows], each(os): " + definition("taskQueueId: 'gfx/${os}', projectId: gfx") + "}",
			"gfx/r.yaml:5:153 error: the task needs queue:create-task:lowest:gfx/linux, which gfx hasn't been granted, teams.yaml:6; an administrator adds to its scopes: - 'queue:create-task:lowest:gfx/linux'\ngfx/r.yaml:5:153 error: the task needs queue:create-task:lowest:gfx/windows"},
		{"any, where all are granted", settled, "task: " + definition("taskQueueId: 'gfx/ci-${task.state}', projectId: gfx"), ""},
		{"any, where some are granted", settled, "task: " + definition("taskQueueId: 'gfx/${task.state}', projectId: gfx"),
			"gfx/r.yaml:5:117 warning: the task may need any of queue:create-task:lowest:gfx/*, of which gfx has been granted a part, teams.yaml:6; it is compared with the grant when the task is about to be created"},
		{"any, where some are granted at a higher priority", settled, "task: " + definition("taskQueueId: 'gfx/ci${task.state}', projectId: gfx"),
			"warning: the task may need any of queue:create-task:low:gfx/ci*, of which gfx has been granted a part"},
		{"a queue that is not known at all", settled, "task: " + definition("taskQueueId: '${task.state}', projectId: gfx, priority: low"),
			"warning: the task may need any of queue:create-task:low:*, of which gfx has been granted a part"},
		{"any, where none is granted", settled, "task: " + definition("taskQueueId: 'web/${task.state}', projectId: gfx"),
			"error: the task needs queue:create-task:lowest:web/*, which gfx hasn't"},
		{"in its middle", settled, "task: " + definition("taskQueueId: gfx/ci-x, projectId: gfx, routes: ['index.gfx.${task.state}.latest']"), ""},
		{"one side of a condition", settled, "task: " + definition("taskQueueId: {$if: 'task.state == \"failed\"', then: gfx/ci-x, else: web/x}, projectId: gfx"),
			"error: the task needs queue:create-task:lowest:web/x, which"},
		{"conditions that agree", settled, "task: " + definition("taskQueueId: {$if: 'task.state == \"failed\"', then: gfx/ci-x, else: gfx/slow}, priority: {$if: 'task.state == \"failed\"', then: low, else: lowest}, projectId: gfx"), ""},
		{"conditions that may never agree", settled, "task: " + definition("taskQueueId: {$if: 'task.state == \"failed\"', then: gfx/ci-x, else: gfx/slow}, priority: {$if: 'task.name == \"x\"', then: low, else: lowest}, projectId: gfx"),
			"warning: if its conditions can come together, the task needs queue:create-task:low:gfx/slow, which"},
		{"any priority", settled, "task: " + definition("taskQueueId: gfx/ci-x, priority: '${task.state}', projectId: gfx"),
			"error: the task needs queue:create-task:highest:gfx/ci-x"},
		{"routes out of nowhere", settled, "task: " + definition("taskQueueId: gfx/ci-x, projectId: gfx, routes: {$eval: 'now'}"),
			"warning: not all that this could need is known here"},
		{"no such priority", settled, "task: " + definition("taskQueueId: gfx/ci-x, projectId: gfx, priority: urgent"),
			`error: the task can't be created: no priority "urgent"`},
		{"what no trust row allows", push, "task: " + definition("taskQueueId: gfx/ci-x, projectId: gfx, routes: [notify]"),
			"gfx/r.yaml:5:15 error: no patchset could start this task: no trust row of gfx allows it, teams.yaml:2; what group:committers may use, line 8, lacks queue:route:notify; an administrator adds the scopes to a row"},
		{"what no trust row allows, without a patchset", settled, "task: " + definition("taskQueueId: gfx/ci-x, projectId: gfx, routes: [notify]"), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, found := loadTask(t, taskTeams, test.on, test.do)
			if got := listing(found); !strings.Contains(got, test.want) || (test.want == "") != (got == "") {
				t.Errorf("%s\n got %s\nwant %s", test.do, got, test.want)
			}
		})
	}
}

func TestARuleTellsWhatItsTasksNeed(t *testing.T) {
	set, found := loadTask(t, taskTeams, "gerrit: patchset-created, server: main, project: demo",
		"tasks: [{$if: 'change.wip', then: {key: 'a-${change.number}', taskQueueId: gfx/ci-a, projectId: gfx, deadline: x, payload: {}, metadata: {name: x, description: x}}}]")
	if len(found) > 0 {
		t.Fatal(listing(found))
	}
	tasks := set.Rule("gfx", "build").Tasks()
	if len(tasks) != 1 {
		t.Fatalf("the tasks are %+v", tasks)
	}
	task := tasks[0]
	want := []rules.ScopeNeed{
		{Scope: "queue:create-task:low:gfx/ci-a", Team: rules.Covered}, {Scope: "queue:create-task:project:gfx", Team: rules.Covered},
		{Scope: "queue:scheduler-id:verdict", Team: rules.Covered},
	}
	if task.Key != "task:a-*" || task.Line != 5 || task.Open || !slices.Equal(task.Scopes, want) {
		t.Errorf("got %+v\nwant %+v", task, want)
	}
	if len(task.Trust) != 2 || task.Trust[0].Coverage != rules.Covered || task.Trust[1].Coverage != rules.NotGranted ||
		!slices.Equal(task.Trust[1].Missing, []string{"queue:create-task:lowest:gfx/ci-a"}) {
		t.Errorf("trust is %+v", task.Trust)
	}
}

const roleTeams = `teams:
  gfx:
    folder: gfx/
    gerrit: [{server: main, projects: [demo], actions: [comment]}]
    taskcluster:
      scopes: ['assume:project:gfx', 'queue:scheduler-id:verdict']
      trust: [{who: anyone, scopes: ['queue:create-task:project:gfx', 'queue:create-task:lowest:gfx/ci', 'queue:scheduler-id:verdict']}]
  web: {folder: web/}
`

func TestAWarningInANamedFileShowsItsLine(t *testing.T) {
	teams, _ := rules.LoadTeams("teams.yaml", []byte(taskTeams))
	const queue = "taskQueueId: 'gfx/${task.state}'"
	_, found := rules.Load(rules.Sources{Teams: teams, TaskScopes: asked, Files: map[string][]byte{
		"gfx/r.yaml":    []byte(fmt.Sprintf(taskRule, "task: settled", "task: {file: task.yaml}")),
		"gfx/task.yaml": []byte("projectId: gfx\n" + queue + "\ndeadline: {$fromNow: 1 hour}\nmetadata: {name: a, description: a}\npayload: {}\n"),
	}})
	if len(found) != 1 || found[0].Severity != rules.Warning || found[0].File != "gfx/task.yaml" || found[0].Line != 2 {
		t.Fatalf("got %s, want one warning on line 2 of gfx/task.yaml", listing(found))
	}
	if found[0].Source != queue || found[0].By != "gfx/r.yaml" {
		t.Errorf("it shows %q, named by %q; want %q, named by gfx/r.yaml", found[0].Source, found[0].By, queue)
	}
}

func TestARoleIsUnknownUntilItIsExpanded(t *testing.T) {
	do := "task: " + definition("taskQueueId: gfx/ci, projectId: gfx")
	_, found := loadTask(t, roleTeams, "task: settled", do)
	want := "warning: the task needs queue:create-task:lowest:gfx/ci, which gfx has been granted only if assume:project:gfx gives it, teams.yaml:6"
	if got := listing(found); !strings.Contains(got, want) || rules.HasErrors(found) {
		t.Errorf("got %s\nwant %s", got, want)
	}
	teams, _ := rules.LoadTeams("teams.yaml", []byte(roleTeams))
	if got := teams.Roles(); !slices.Equal(got, []string{"assume:project:gfx"}) {
		t.Errorf("the roles are %v", got)
	}
	files := map[string][]byte{"gfx/r.yaml": []byte(fmt.Sprintf(taskRule, "task: settled", do)), "web/r.yaml": []byte("rules: []\n")}
	load := func(teams *rules.Teams) (*rules.Set, string) {
		set, found := rules.Load(rules.Sources{Files: files, Teams: teams, TaskScopes: asked})
		return set, listing(found)
	}
	gives := func(scopes ...string) map[string][]string { return map[string][]string{"assume:project:gfx": scopes} }
	all := []string{"assume:project:gfx", "queue:create-task:lowest:gfx/*", "queue:create-task:project:gfx"}

	expanded, problems := teams.WithRoles(gives(all...), "", nil)
	set, told := load(expanded)
	if len(problems) > 0 || told != "" || len(set.Rules()) != 1 {
		t.Errorf("expanded: %s%s, %d rules", listing(problems), told, len(set.Rules()))
	}
	team, _ := expanded.Team("gfx")
	if granted, err := team.TaskScopes(nil); err != nil || !slices.Contains(granted, "queue:create-task:lowest:gfx/*") || len(team.Roles()["assume:project:gfx"]) != 3 {
		t.Errorf("granted are %v, %v", granted, err)
	}
	if granted, err := team.TaskScopes(&rules.Identities{}); err != nil || slices.Contains(granted, "queue:create-task:lowest:gfx/*") {
		t.Errorf("anyone is granted %v, %v", granted, err)
	}

	less, problems := teams.WithRoles(gives("queue:create-task:project:gfx"), "", nil)
	if got := listing(problems); !strings.HasPrefix(got, "teams.yaml:6:1 error: queue:create-task:lowest:gfx/ci, in a row of trust, is not satisfied by the scopes of gfx") {
		t.Errorf("a role that gives less: %s", got)
	}
	if other, _ := load(less); other.Hash() == set.Hash() {
		t.Error("two sets of other roles have one hash")
	}

	refused, problems := teams.WithRoles(nil, "auth is away", nil)
	if got := listing(problems); got != "teams.yaml:6:1 error: what assume:project:gfx gives to gfx can't be told: auth is away\n" {
		t.Errorf("not expanded: %s", got)
	}
	if set, told = load(refused); len(set.Rules()) != 0 || len(set.Broken()["gfx"]) == 0 || len(set.Broken()["web"]) > 0 {
		t.Errorf("refused: %d rules, %s", len(set.Rules()), told)
	}

	before, problems := teams.WithRoles(nil, "auth is away", expanded)
	if got := listing(problems); !strings.HasSuffix(got, "auth is away; until then, the grant of the last good teams.yaml is in force\n") {
		t.Errorf("from before: %s", got)
	}
	if set, told = load(before); told != "" || len(set.Rules()) != 1 {
		t.Errorf("from before: %s, %d rules", told, len(set.Rules()))
	}
}
