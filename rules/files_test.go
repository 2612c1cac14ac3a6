package rules_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"verdict/rules"
)

const namesFiles = `defaults: {server: main, project: platform/gfx}
rules:
  - name: r
    on: {task: settled}
    when: ['has(run.reason)']
    do:
      - comment: {file: messages/red.txt}
      - task: {file: ../graphics/tasks/build.yaml}
`

const buildTask = `taskQueueId: gfx/ci
projectId: gfx
deadline: {$fromNow: 1 hour}
metadata: {name: 'again-${task.name}', description: Again}
payload: {command: [run]}
`

// loadFiles loads files of the team graphics, each below its folder.
func loadFiles(t *testing.T, files map[string]string) (*rules.Set, string) {
	t.Helper()
	teams, found := rules.LoadTeams("teams.yaml", []byte(`teams:
  graphics:
    folder: graphics/
    gerrit: [{server: main, projects: [platform/gfx], actions: [comment, vote], labels: {Verified: [-1, 1]}}]
    taskcluster: {scopes: ['queue:*']}
  audio: {folder: audio/}
`))
	if len(found) > 0 {
		t.Fatal(listing(found))
	}
	in := rules.Sources{Files: map[string][]byte{}, Teams: teams}
	for name, text := range files {
		in.Files[name] = []byte(text)
	}
	set, found := rules.Load(in)
	return set, listing(found)
}

func TestTextsAndDefinitionsMayStandInFiles(t *testing.T) {
	files := map[string]string{
		"graphics/ci.yaml": namesFiles, "graphics/tasks/build.yaml": buildTask,
		"graphics/messages/red.txt": "\ufeff${task.name} is red:\r\n\t${run.reason}\r\n", "graphics/README.md": "rules: of ours",
	}
	set, said := loadFiles(t, files)
	if said != "" || len(set.Rules()) != 1 {
		t.Fatalf("%d rules, %s", len(set.Rules()), said)
	}
	made, err := set.Rules()[0].Evaluate(rules.Input{Facts: map[string]any{
		"task": map[string]any{"name": "a"}, "run": map[string]any{"reason": "failed"},
	}})
	if err != nil || len(made.Actions) != 2 {
		t.Fatalf("%+v, %v", made, err)
	}
	if got := made.Actions[0].Message; got != "a is red:\n\tfailed\n" {
		t.Errorf("the message is %q", got)
	}
	if got := made.Actions[1].Task["metadata"].(map[string]any)["name"]; got != "again-a" {
		t.Errorf("the task is %v", made.Actions[1].Task)
	}
	if kept := set.TeamFiles("graphics"); len(kept) != len(files) {
		t.Errorf("kept as the last good version are %d files, want all %d", len(kept), len(files))
	}
	for _, name := range []string{"graphics/messages/red.txt", "graphics/tasks/build.yaml"} {
		changed := map[string]string{}
		for n, text := range files {
			changed[n] = text
		}
		changed[name] += " "
		if other, _ := loadFiles(t, changed); other.Hash() == set.Hash() {
			t.Errorf("%s is no part of the hash", name)
		}
	}
}

func TestWhatIsWrongInANamedFileIsToldThere(t *testing.T) {
	const good = "red"
	for name, test := range map[string]struct{ file, text, want string }{
		"a name that isn't there":      {"graphics/messages/red.txt", "It is\n  ${tsk.name}", "graphics/messages/red.txt:2:5 error: tsk: no such name; did you mean task?"},
		"JSON-e that isn't":            {"graphics/messages/red.txt", "It is\nred ${1 +}", "graphics/messages/red.txt:2:"},
		"an empty text":                {"graphics/messages/red.txt", " \n", "graphics/messages/red.txt:1:1 error: the file is empty"},
		"bytes":                        {"graphics/messages/red.txt", "a\nb\xff", "graphics/messages/red.txt:2:2 error: the file is not UTF-8"},
		"a control character":          {"graphics/messages/red.txt", "a\nbc\x00", "graphics/messages/red.txt:2:3 error: the character U+0000 is not allowed; the file is damaged"},
		"a key that isn't":             {"graphics/tasks/build.yaml", buildTask + "prority: low\n", "graphics/tasks/build.yaml:6:1 error: prority: no such key in the definition of a task; did you mean priority?"},
		"YAML that isn't":              {"graphics/tasks/build.yaml", "a: [\n", "graphics/tasks/build.yaml:"},
		"an empty definition":          {"graphics/tasks/build.yaml", "# nothing\n", "graphics/tasks/build.yaml:1:1 error: the file is empty"},
		"outsiders' text in a command": {"graphics/tasks/build.yaml", strings.Replace(buildTask, "[run]", "['${task.name}']", 1), "graphics/tasks/build.yaml:5:"},
	} {
		files := map[string]string{"graphics/ci.yaml": namesFiles, "graphics/tasks/build.yaml": buildTask, "graphics/messages/red.txt": good}
		files[test.file] = test.text
		set, said := loadFiles(t, files)
		for _, d := range set.Broken()["graphics"] {
			if d.By != "graphics/ci.yaml" {
				t.Errorf("%s: %s is named by %q", name, d, d.By)
			}
		}
		if !strings.HasPrefix(said, test.want) || len(set.Rules()) > 0 {
			t.Errorf("%s: got %q, want %q", name, said, test.want)
		}
	}
}

func TestPathsOfFilesStayInTheFolder(t *testing.T) {
	for value, want := range map[string]string{
		"../audio/a.txt":         `"../audio/a.txt" leads out of graphics' folder`,
		"../../etc/passwd":       `"../../etc/passwd" leads out of graphics' folder`,
		"../graphics-more/a.txt": `"../graphics-more/a.txt" leads out of graphics' folder`,
		"/etc/passwd":            `"/etc/passwd" is no path from this file's folder`,
		"/graphics/a.txt":        `"/graphics/a.txt" is no path from this file's folder`,
		`..\audio\a.txt`:         `is no path from this file's folder`,
		"..":                     `".." leads out of graphics' folder`,
		".":                      "leads out of graphics' folder",
		"":                       "a path is wanted here",
		"[a]":                    "a path is wanted here, not a list",
		"messages/rd.txt":        "there is no file graphics/messages/rd.txt; did you mean graphics/messages/red.txt?",
		"messages":               "there is no file graphics/messages",
		".hidden.txt":            "there is no file graphics/.hidden.txt; hidden files",
		"ci.yaml":                "graphics/ci.yaml holds rules or tests",
		"ci.test.yaml":           "graphics/ci.test.yaml holds rules or tests",
		"more.yaml":              "graphics/more.yaml is no text: what ends in .yaml holds rules, or definitions of tasks; name it more.txt",
	} {
		if !strings.HasPrefix(value, "[") {
			value = "'" + value + "'"
		}
		_, said := loadFiles(t, map[string]string{
			"graphics/ci.yaml":      "rules:\n  - name: r\n    on: {task: settled}\n    do: [{comment: {file: " + value + "}}]\n",
			"graphics/ci.test.yaml": "tests: []", "graphics/messages/red.txt": "red", "audio/a.txt": "a", "graphics-more/a.txt": "a",
			"graphics/more.yaml": "rules: []",
		})
		if !strings.HasPrefix(said, "graphics/ci.yaml:4:27 error: ") || !strings.Contains(said, want) {
			t.Errorf("%s: got %q, want %q", value, said, want)
		}
	}
}

// Whatever may hold rules and can't be read is its team's, also where a folder around its own is meant.
func TestWhatCantBeReadBreaksItsTeam(t *testing.T) {
	teams, found := rules.LoadTeams("teams.yaml", []byte("teams:\n  gl: {folder: graphics/gl/}\n  vk: {folder: graphics/vk/}\n  audio: {folder: audio/}\n"))
	if len(found) > 0 {
		t.Fatal(listing(found))
	}
	for name, want := range map[string]string{
		"graphics/vk/ci.yaml": "vk", "graphics/vk/more.d/": "vk", "graphics/vk": "vk", "graphics/": "gl vk", "graphics/ci.yaml": "",
		"audio/ci.yaml": "audio", "audio/loud.png": "", "audio/ci.test.yaml": "",
	} {
		set, found := rules.Load(rules.Sources{Files: map[string][]byte{}, Teams: teams, Refused: map[string]string{name: "so"}})
		if got := strings.Join(slices.Sorted(maps.Keys(set.Broken())), " "); got != want || !strings.Contains(listing(found), name+":1:1 ") || !strings.Contains(listing(found), ": not read: so") {
			t.Errorf("%s breaks %q, want %q\n%s", name, got, want, listing(found))
		}
	}
	_, found = rules.Load(rules.Sources{
		Files:   map[string][]byte{"audio/ci.yaml": []byte("rules:\n  - name: r\n    on: {task: settled}\n    do: [{comment: {file: red.txt}}]\n")},
		Refused: map[string]string{"audio/red.txt": "permission denied"},
	})
	if said := listing(found); !strings.Contains(said, "audio/ci.yaml:4:27 error: audio/red.txt is not read: permission denied") {
		t.Errorf("got %s", said)
	}
}

// A yaml file is one of rules, unless a rule names it.
func TestOnlyFilesThatRulesNameAreNoRuleFiles(t *testing.T) {
	files := map[string]string{"graphics/ci.yaml": namesFiles, "graphics/tasks/build.yaml": buildTask, "graphics/messages/red.txt": "red"}
	files["graphics/tasks/unnamed.yaml"] = buildTask
	if _, said := loadFiles(t, files); !strings.HasPrefix(said, `graphics/tasks/unnamed.yaml:1:1 error: no key "taskQueueId" here`) {
		t.Errorf("got %q", said)
	}
	// Of another team's file nobody else says what it is.
	delete(files, "graphics/tasks/unnamed.yaml")
	files["audio/ci.yaml"] = "nmae: x\n"
	files["graphics/more.yaml"] = strings.Replace(strings.Replace(namesFiles, "name: r", "name: s", 1), "messages/red.txt", "../audio/ci.yaml", 1)
	set, said := loadFiles(t, files)
	if !strings.Contains(said, "audio/ci.yaml:1:1 error: ") || !slices.Contains(set.TeamNames(), "audio") {
		t.Errorf("got %q", said)
	}
	// file belongs to texts and definitions.
	_, said = loadFiles(t, map[string]string{"graphics/ci.yaml": "rules:\n  - name: r\n    on: {task: settled, project: platform/gfx}\n    do:\n      - vote: {Verified: 1}\n        message: {file: a.txt, x: y}\n      - comment: x\n        inline: [{path: a, message: {file: a.txt}}]\n", "graphics/a.txt": "a"})
	if !strings.Contains(said, "graphics/ci.yaml:6:18 error: file stands alone") {
		t.Errorf("got %q", said)
	}
}

// At night, with one event that is parked, the file is what one looks for.
func TestWhatFailsInANamedFileIsToldWithItsPlace(t *testing.T) {
	set, said := loadFiles(t, map[string]string{
		"graphics/ci.yaml": namesFiles, "graphics/messages/red.txt": "red",
		"graphics/tasks/build.yaml": "# a build\n" + strings.Replace(buildTask, "[run]", "{$eval: 'number(run.reason)'}", 1),
	})
	if said != "" {
		t.Fatal(said)
	}
	_, err := set.Rules()[0].Evaluate(rules.Input{Facts: map[string]any{
		"task": map[string]any{"name": "a"}, "run": map[string]any{"reason": "failed"},
	}})
	const want = "rule graphics/r, graphics/tasks/build.yaml:2, the definition of a task: BuiltinError at template.payload.command: "
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}
