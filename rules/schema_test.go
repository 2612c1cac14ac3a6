package rules_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"verdict/rules"
	"verdict/rules/yamlfile"
	"verdict/rules/yamlfile/yamlfiletest"
)

func TestSchemasAcceptTheExamples(t *testing.T) {
	ofRules, ofTeams := yamlfiletest.NewValidator(t, rules.Schema(nil)), yamlfiletest.NewValidator(t, rules.TeamsSchema())
	for pattern, schema := range map[string]yamlfiletest.Validator{
		"examples/*/*.yaml": ofRules, "../deploy/example/rules/*/*.yaml": ofRules,
		"examples/teams.yaml": ofTeams, "../deploy/example/teams.yaml": ofTeams,
	} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %q, %v", pattern, names, err)
		}
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(name, ".test.yaml") {
				continue
			}
			if err := schema.Validate(t, name, data); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// rule is a rule that is right, with some of its lines exchanged.
func rule(replace, by string) string {
	const right = `rules:
  - name: r
    mode: live
    on: {task: settled}
    let: {who: 'task.name'}
    when: ['task.state == "failed"']
    do:
      - vote: {Verified: -1}
        while: 'task.state != "completed"'
        message: '${who} failed'
        notify: owner
`
	return strings.Replace(right, replace, by, 1)
}

// onTasks are the lines of rule that are about tasks.
const onTasks = `    on: {task: settled}
    let: {who: 'task.name'}
    when: ['task.state == "failed"']
`

// What the schema refuses the loader refuses too, and it doesn't refuse what the loader reads.
func TestSchemaAndLoaderAgree(t *testing.T) {
	schema := yamlfiletest.NewValidator(t, rules.Schema(nil))
	const definition = "metadata: {name: n, description: d}, payload: {}, deadline: {$fromNow: 1 hour}"
	tests := []struct {
		replace, by string
		right       bool
	}{
		{"", "", true},
		{"name: r", "nmae: r", false},
		{"name: r", "name: 'a rule'", false},
		{"mode: live", "mode: lively", false},
		{"mode: live", "was: old", true},
		{"mode: live", "was: [old, older]", true},
		{"mode: live", "was: []", false},
		{"mode: live", "was: 'an old rule'", false},
		{"mode: live", "once: {per: hour}", false},
		{"notify: owner", "\n      - comment: x\n        once: {per: task, again: 30 days}", true},
		{"notify: owner", "\n      - comment: x\n        once: {again: 30 days}", false},
		{"notify: owner", "once: {per: change}", false}, // news of a vote have to come through
		{"{task: settled}", "{task: setled}", false},
		{"{task: settled}", "{}", false},
		{"{task: settled}", "[]", false},
		{"{task: settled}", "{task: settled, group: settled}", false},
		{"{task: settled}", "[{task: settled}, {task: failed}]", true},
		{"{task: settled}", "{task: settled, branch: [main, 'release/*']}", true},
		{"{task: settled}", "{task: settled, branch: []}", false},
		{"{task: settled}", "{task: settled, branch: [main, main]}", false},
		{"{task: settled}", "{task: settled, atMost: 3}", false},
		{"{task: settled}", "{task: settled, routingKey: {workerType: w}}", false},
		{"{task: settled}", "{cron: '0 6 * *', query: 'status:open'}", false},
		{"{task: settled}", "{cron: '@every 1h', query: 'status:open'}", false},
		{"{task: settled}", "{cron: '0 6 * * *', atMost: 3}", false},
		{"{task: settled}", "{cron: '0 6 * * *', query: 'status:open', atMost: 0}", false},
		{"{task: settled}", "{cron: '0 6 * * *', query: 'status:open', gerrit: change-merged}", false},
		{"{task: settled}", "{task: settled, query: 'status:open'}", false},
		{onTasks, "    on: {cron: '0 6 * * 1-5', query: 'status:open age:60d', atMost: 50, zone: Europe/Berlin}\n", true},
		{onTasks, "    on: {cron: '@daily', query: 'status:open', branch: main}\n", true},
		{"{task: settled}", "{exchange: queue/task-failed, routingKey: {workerType: w}}", true},
		{"{task: settled}", "{exchange: queue/task-failed, routingKey: {workerTyp: w}}", false},
		{"{task: settled}", "{exchange: queue/task-failed, routingKey: {workerType: 'w*'}}", false},
		{"{task: settled}", "{exchange: queue/task-faild}", false},
		{"{task: settled}", "{exchange: task-failed}", false},
		{"let: {who: 'task.name'}", "let: [who]", false},
		{"['task.state == \"failed\"']", "'task.state == \"failed\"'", false},
		{"vote: {Verified: -1}", "vote: {Verified: '-1'}", false},
		{"vote: {Verified: -1}", "vote: {}", false},
		{"vote: {Verified: -1}", "vot: {Verified: -1}", false},
		{"vote: {Verified: -1}", "vote: {Verified: -1}\n        hashtags: [x]", false},
		{"vote: {Verified: -1}", "report: {label: Verified}", false},
		{"vote: {Verified: -1}", "comment: 'x'", false}, // while and message beside it
		{"notify: owner", "notify: owners", false},
		{"notify: owner", "inline: []", false},
		{"message: '${who} failed'", "message: {file: a.txt}", true},
		{"message: '${who} failed'", "message: {file: a.txt, to: x}", false},
		{"notify: owner", "\n      - comment: {file: a.txt}", true},
		{"notify: owner", "\n      - comment: {fil: a.txt}", false},
		{"notify: owner", "\n      - task: {file: a.def}", true},
		{"notify: owner", "\n      - tasks: {file: as.def}", true},
		{"notify: owner", "\n      - task: {file: a.def, payload: {}}", false},
		{"notify: owner", "approve: operators", false}, // a vote is an opinion
		{"notify: owner", "\n      - comment: x\n        approve: operators", true},
		{"notify: owner", "\n      - comment: x\n        approve: anybody", false},
		{"notify: owner", "\n      - hashtags: [a]\n      - hashtags: {add: [b], remove: [c]}", true},
		{"notify: owner", "\n      - hashtags: []", false},
		{"notify: owner", "\n      - hashtags: {ad: [b]}", false},
		{"notify: owner", "\n      - reviewers: {add: [a], cc: [b]}", true},
		{"notify: owner", "\n      - attention: {add: [owner], reason: 'red'}", true},
		{"notify: owner", "\n      - abandon: {}\n        message: 'old'", true},
		{"notify: owner", "\n      - abandon: {now: true}", false},
		{"notify: owner", "\n      - submit: {}\n        notify: owner", false},
		{"notify: owner", "\n      - comment: ''\n        inline: [{path: a, line: 1, mesage: x}]", false},
		{"notify: owner", "\n      - task: {taskQueueId: a/b, " + definition + "}", true},
		{"notify: owner", "\n      - task: {taskQueueId: a/b, " + definition + ", prority: low}", false},
		{"notify: owner", "\n      - task: {" + definition + "}", false},
		{"notify: owner", "\n      - tasks: [{taskQueueId: a/b, " + definition + "}]", false},
		{"notify: owner", "\n      - tasks: {$map: [a], each(x): {key: '${x}', taskQueueId: a/b, " + definition + "}}", true},
	}
	for _, test := range tests {
		text := rule(test.replace, test.by)
		if test.replace == onTasks {
			text = strings.NewReplacer("task.state != \"completed\"", "!change.wip", "${who}", "it").Replace(text)
		}
		err := schema.Validate(t, "f.yaml", []byte(text))
		_, found := rules.Load(rules.Sources{Files: map[string][]byte{
			"team/f.yaml": []byte(text), "team/a.txt": []byte("x"), "team/a.def": []byte("{taskQueueId: a/b, " + definition + "}"),
			"team/as.def": []byte("[{key: k, taskQueueId: a/b, " + definition + "}]"),
		}})
		if (err == nil) != test.right {
			t.Errorf("%q for %q: right is %v, the schema says %v", test.by, test.replace, test.right, err)
		}
		if rules.HasErrors(found) == test.right {
			t.Errorf("%q for %q: right is %v, the loader says %s", test.by, test.replace, test.right, listing(found))
		}
	}
}

func TestTeamsSchemaRefusesWhatTheLoaderDoes(t *testing.T) {
	schema := yamlfiletest.NewValidator(t, rules.TeamsSchema())
	const grant = "{server: main, projects: [p], actions: [vote]}"
	for _, text := range []string{
		"{}", "team: {}", "teams: {a: {}}", "teams: {a: {folder: a}}", "teams: {a: {foldr: a/}}",
		"teams: {a: {folder: a/, gerrit: [{server: main, projects: [p]}]}}",
		"teams: {a: {folder: a/, gerrit: [{server: main, projects: [p], actions: [vot]}]}}",
		"teams: {a: {folder: a/, gerrit: [{server: main, projects: [p], actions: [vote], labels: {Verified: [1]}}]}}",
		"teams: {a: {folder: a/, taskcluster: {trust: [{who: anyone}]}}}",
		"teams: {a: {folder: a/, limits: {actionsPerMinute: -1}}}",
	} {
		if err := schema.Validate(t, "teams.yaml", []byte(text)); err == nil {
			t.Errorf("the schema allows %s", text)
		}
		if _, found := rules.LoadTeams("teams.yaml", []byte(text)); !rules.HasErrors(found) {
			t.Errorf("LoadTeams allows %s", text)
		}
	}
	if err := schema.Validate(t, "teams.yaml", []byte("teams: {a: {folder: a/, gerrit: ["+grant+"]}}")); err != nil {
		t.Error(err)
	}
}

// An editor that knows a key tells what it is for, and offers its words.
func TestEveryKeyOfARuleIsDescribed(t *testing.T) {
	var walk func(at string, v any)
	walk = func(at string, v any) {
		s, ok := v.(yamlfile.Schema)
		if !ok {
			return
		}
		if len(s) == 0 {
			t.Errorf("%s is anything: give it a place in rules/schema.go", at)
		}
		if properties, ok := s["properties"].(yamlfile.Schema); ok && !strings.HasSuffix(at, "task") && !strings.HasSuffix(at, "tasks") && !strings.HasSuffix(at, "inline") {
			for key, property := range properties {
				walk(at+"."+key, property)
			}
		}
		walk(at, s["items"])
	}
	file := rules.Schema(nil)["properties"].(yamlfile.Schema)["rules"].(yamlfile.Schema)["items"].(yamlfile.Schema)
	walk("rule", file)
	do := file["properties"].(yamlfile.Schema)["do"].(yamlfile.Schema)["items"].(yamlfile.Schema)
	for key, property := range do["properties"].(yamlfile.Schema) {
		if property.(yamlfile.Schema)["description"] == nil {
			t.Errorf("the action %s isn't described", key)
		}
	}
}
