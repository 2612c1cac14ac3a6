package rules_test

import (
	"strings"
	"testing"

	"verdict/rules"
	"verdict/rules/yamlfile/yamlfiletest"
)

func TestSchemaKnowsHooksAndCallsAsTheLoaderDoes(t *testing.T) {
	schema := yamlfiletest.NewValidator(t, rules.Schema(someMethods))
	for do, right := range map[string]bool{
		"hook: {id: gfx/deploy}": true,
		"hook: {id: gfx/deploy, payload: {a: '${group.id}'}, happens: at least once}": true,
		"hook: {id: gfx}":                        false,
		"hook: {payload: {}}":                    false,
		"hook: {id: gfx/deploy, happens: often}": false,
		"hook: {id: gfx/deploy, payload: [1]}":   false,
		"call: {method: queue.sealTaskGroup, with: {taskGroupId: '${group.id}'}}":                               true,
		"call: {method: queue.sealTaskGroup, with: {$merge: [{taskGroupId: a}]}}":                               true,
		"call: {method: queue.sealTaskGroup, with: {taskGroupId: a}, payload: {}}":                              false,
		"call: {method: queue.sealTaskGroup}":                                                                   false,
		"call: {method: queue.status, with: {taskId: a}}":                                                       false,
		"call: {method: github.cancelBuilds, with: {owner: a, repo: b, sha: c}}":                                true,
		"call: {method: github.cancelBuilds, with: {owner: a, repo: b, shaa: c}}":                               false,
		"call: {method: notify.email, payload: {address: a@example.org, subject: a, content: b}}":               true,
		"call: {method: notify.email, payload: {address: a@example.org, subject: a}}":                           false,
		"call: {method: notify.email, payload: {address: a@example.org, subject: a, content: b, colour: c}}":    false,
		"call: {method: notify.email, payload: {$merge: [{address: a@example.org}, {subject: a, content: b}]}}": true,
	} {
		text := "rules:\n  - name: r\n    on: {group: settled}\n    do:\n      - " + do + "\n"
		err := schema.Validate(t, "f.yaml", []byte(text))
		_, found := rules.Load(rules.Sources{Files: map[string][]byte{"team/f.yaml": []byte(text)}, Methods: someMethods})
		if (err == nil) != right || rules.HasErrors(found) == right {
			t.Errorf("%s: right is %t; the schema says %v, the loader %s", do, right, err, listing(found))
		}
	}
}

const callTeams = `teams:
  gfx:
    folder: gfx/
    gerrit: [{server: main, projects: [demo], actions: [comment]}]
    taskcluster:
      scopes: ['hooks:trigger-hook:gfx/deploy-*', 'queue:seal-task-group:gfx-level-1/*', 'notify:email:ci@example.org']
      trust: [{who: anyone, scopes: ['notify:email:ci@example.org']}]
`

// callAsked is what Taskcluster asks for the calls of these tests.
func callAsked(call rules.Call, _ []string) ([]string, error) {
	switch call.Method {
	case "queue.sealTaskGroup":
		return []string{"queue:seal-task-group:\uFFFC/" + call.With["taskGroupId"]}, nil
	case "notify.email":
		return []string{"notify:email:" + call.Payload.(map[string]any)["address"].(string)}, nil
	}
	return []string{"hooks:trigger-hook:" + call.With["hookGroupId"] + "/" + call.With["hookId"]}, nil
}

func TestWhatACallCouldNeedIsComparedWithTheGrant(t *testing.T) {
	const push, settled = "gerrit: patchset-created, server: main, project: demo", "group: settled"
	mail := func(address string) string {
		return "call: {method: notify.email, payload: {subject: a, content: b, address: " + address + "}}"
	}
	for _, test := range []struct{ on, do, want string }{
		{settled, "hook: {id: gfx/deploy-a}", ""},
		{settled, "hook: {id: gfx/build}", "error: the hook needs hooks:trigger-hook:gfx/build, which gfx hasn't been granted, teams.yaml:6; an administrator adds to its scopes: - 'hooks:trigger-hook:gfx/build'"},
		{settled, "hook: {id: 'gfx/deploy-${group.id}'}", ""},
		{settled, "hook: {id: 'gfx/${group.id}'}", "warning: the hook may need any of hooks:trigger-hook:gfx/*, of which gfx has been granted a part, teams.yaml:6; it is compared with the grant when it is about to be sent"},
		{settled, "hook: {id: {$if: 'group.outcome == \"fail\"', then: gfx/deploy-a, else: gfx/build}}", "error: a hook is called by its group and its name"},
		{push, "hook: {id: gfx/deploy-a}", "error: no patchset could start this hook: no trust row of gfx allows it, teams.yaml:2; what anyone may use, line 7, lacks hooks:trigger-hook:gfx/deploy-a"},
		{push, mail("ci@example.org"), ""},
		{push, mail("all@example.org"), "error: the call needs notify:email:all@example.org, which gfx hasn't been granted"},
		{settled, "call: {method: queue.sealTaskGroup, with: {taskGroupId: '${group.id}'}}", ""},
		{settled, "call: {method: notify.email, payload: {$if: 'group.outcome == \"fail\"', then: {address: ci@example.org, subject: a, content: b}, else: {address: all@example.org, subject: a, content: b}}}",
			"error: the call needs notify:email:all@example.org, which"},
	} {
		teams, found := rules.LoadTeams("teams.yaml", []byte(callTeams))
		if len(found) > 0 {
			t.Fatal(listing(found))
		}
		text := "rules:\n  - name: r\n    on: {" + test.on + "}\n    do:\n      - " + test.do + "\n"
		_, found = rules.Load(rules.Sources{Files: map[string][]byte{"gfx/r.yaml": []byte(text)}, Teams: teams, Methods: someMethods, CallScopes: callAsked})
		if got := listing(found); test.want == "" && got != "" || !strings.Contains(got, test.want) {
			t.Errorf("%s\n got %s\nwant %s", test.do, got, test.want)
		}
	}
}
