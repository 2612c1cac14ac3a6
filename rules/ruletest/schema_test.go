package ruletest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"verdict/rules/yamlfile"
	"verdict/rules/yamlfile/yamlfiletest"
)

// testFiles are all files of tests of this repository.
func testFiles(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir("../..", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, Suffix) {
			return err
		}
		data, err := os.ReadFile(name)
		files[name] = data
		return err
	})
	if err != nil || len(files) < 5 {
		t.Fatal(len(files), "files of tests", err)
	}
	return files
}

func TestEveryFileOfTestsFitsTheSchema(t *testing.T) {
	schema := yamlfiletest.NewValidator(t, Schema())
	for name, data := range testFiles(t) {
		if err := schema.Validate(t, name, data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, key := range stepKeys { // a word that is new needs its form in the schema
		if !slices.ContainsFunc(append(happenings(), historyOnly()...), func(one any) bool { return one.(yamlfile.Schema)["required"].([]string)[0] == key }) {
			t.Errorf("the schema has no step %s", key)
		}
	}
	page, err := os.ReadFile("../../docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?s)<!-- file: \\S+\\.test\\.yaml -->\n```yaml\n(.*?)```").FindAllSubmatch(page, -1)
	if len(found) == 0 {
		t.Fatal("docs/testing.md has no file of tests")
	}
	for _, m := range found {
		if err := schema.Validate(t, "testing.md", m[1]); err != nil {
			t.Errorf("docs/testing.md: %v", err)
		}
	}
}

// TestTheSchemaSaysOfTestsWhatReadSays: what the schema refuses is refused by Read, and what Read takes by both.
func TestTheSchemaSaysOfTestsWhatReadSays(t *testing.T) {
	schema := yamlfiletest.NewValidator(t, Schema())
	for text, right := range map[string]bool{
		`event: {task: settled, state: failed}`:                                                                 true,
		`event: {task: setled, state: failed}`:                                                                  false,
		`event: {task: settled, state: failed, tag: x}`:                                                         false,
		`event: {task: settled, state: exception, reason: worker-shutdwn}`:                                      false,
		`event: {task: settled, state: failed, run: 21}`:                                                        false,
		`event: {task: failed, artifacts: {public/a.txt: x}}`:                                                   true,
		`event: {group: stuck, tasks: [{name: a}, {name: b, state: unscheduled}, {name: c, state: completed}]}`: true,
		`event: {group: stuk}`:                                                                                  false,
		`event: {gerrit: patchset-created, files: [a], kind: REWORK}`:                                           true,
		`event: {gerrit: patchset-created, kind: REWRK}`:                                                        false,
		`event: {gerrit: patchset-create}`:                                                                      false,
		`event: {gerrit: vote-changed, label: Verified, value: 1, by: bob}`:                                     true,
		`event: {exchange: queue/task-exception, reason: internal-error}`:                                       true,
		`event: {exchange: queue/task-exception, reason: internal}`:                                             false,
		`event: {exchange: hooks/hook-created, payload: {a: 1}}`:                                                true,
		`event: {exchange: queue/task-exceptio, payload: {a: 1}}`:                                               false,
		`event: {cron: '0 6 * * *', found: false, at: '2026-01-31T06:00:00Z'}`:                                  true,
		`event: {cron: '0 6 * * *', finds: false}`:                                                              false,
		`event: {command: recheck, by: bob}`:                                                                    true,
		`event: {command: recheck, from: bob}`:                                                                  false,
		`event: {approve: comment}`:                                                                             false,
		`event: {stands: nothing}`:                                                                              false,
		`history: [{gerrit: change-merged}, {stands: {labels: {Verified: -1}, messages: [x], tasks: [a, {priority: low}], status: MERGED, wip: true}}]`: true,
		`history: [{gerrit: change-merged}, {stands: nothing}]`:                                       true,
		`history: [{gerrit: change-merged}, {stands: something}]`:                                     false,
		`history: [{gerrit: change-merged}, {stands: {}}]`:                                            false,
		`history: [{gerrit: change-merged}, {stands: {label: {}}}]`:                                   false,
		`history: [{approve: comment}, {stands: nothing}]`:                                            true,
		`history: [{}, {stands: nothing}]`:                                                            false,
		`recorded: a.json`:                                                                            true,
		`recordd: a.json`:                                                                             false,
		`given: {change: {projct: a}}`:                                                                false,
		`{event: {group: stuck}, expect: nothing}`:                                                    true,
		`{event: {group: stuck}, expect: noting}`:                                                     false,
		`{event: {group: stuck}, expect: {}}`:                                                         false,
		`{event: {group: stuck}, expect: {actions: [{vot: {}}]}}`:                                     false,
		`{event: {group: stuck}, expect: {actions: [{hashtags: [a], notify: owner, stands: false}]}}`: true,
	} {
		one := text
		if strings.HasPrefix(text, "{") {
			one = strings.TrimSuffix(strings.TrimPrefix(text, "{"), "}")
		}
		if !strings.Contains(one, "expect") && !strings.Contains(one, "history") {
			one += ", expect: nothing"
		}
		file := "tests: [{name: it, " + one + "}]\n"
		said := schema.Validate(t, "a.test.yaml", []byte(file))
		_, problems := Read("a.test.yaml", "team", []byte(file))
		if (said == nil) != right || (len(problems) == 0) != right {
			t.Errorf("%s: the schema says %v, Read %v; it is right: %t", text, said, problems, right)
		}
	}
}
