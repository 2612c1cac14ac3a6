package rules_test

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"verdict/rules"
)

// FuzzLoad loads anything as a rule file: it is refused with a place, or its rules can be evaluated.
func FuzzLoad(f *testing.F) {
	root := os.DirFS("examples")
	_ = fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if data, err := fs.ReadFile(root, path); err == nil {
			f.Add(string(data))
		}
		return nil
	})
	f.Add("rules:\n  - name: r\n    on: {gerrit: change-merged}\n    let: {x: '1'}\n    when: ['x == 1']\n    do: [{hashtags: ['${x}'], while: 'true'}]\n")
	f.Fuzz(func(t *testing.T, text string) {
		set, found := rules.Load(rules.Sources{Files: map[string][]byte{"team/rules.yaml": []byte(text)}, Advise: true})
		for _, d := range found {
			if d.Line < 1 || d.Column < 1 || d.Message == "" {
				t.Errorf("%q: a diagnostic without a place: %+v", text, d)
			}
			d.Excerpt()
		}
		for _, r := range set.Rules() {
			_, _ = r.Evaluate(fuzzInput())
		}
		set.Bindings("")
	})
}

// FuzzCondition compiles anything as a clause. One that is said never to hold never does.
func FuzzCondition(f *testing.F) {
	for _, text := range []string{
		`task.tags.kind == "build"`, `has(run.started) && run.started < now`, `task.runs.exists(r, r.?started.orValue(now) < now)`,
		`event.status.runs[event.runId].state == "x"`, `files.filter(f, f.matches("a+")).size() > 1`, `{"a": 1}["a"] == 1`, `[1, 2].map(x, x * 2)[0] == 2`,
		`task.tagz`, `1 +`, `"a" in task.tags ? true : false`, `task.state == "failed" && task.state != "failed"`, `!(task.name in ["x"] || false) && task.name == "x"`,
		`run.state == "running"`, `task.state != "failed" && !(task.state != "failed")`, `run.id == 0 && run.id == 1`, `change.branch == "x" || "a" != "a"`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		quoted := "'" + strings.ReplaceAll(text, "'", "''") + "'"
		set, found := rules.Load(rules.Sources{Files: map[string][]byte{"team/rules.yaml": []byte("rules:\n  - name: r\n    on: {task: settled}\n    when:\n      - " + quoted + "\n    do: [{comment: x}]\n")}, Advise: true})
		if len(set.Rules()) == 0 && len(found) == 0 {
			t.Errorf("%q is neither refused nor a rule", text)
		}
		for _, r := range set.Rules() {
			started := time.Now()
			if d, err := r.Evaluate(fuzzInput()); err == nil && d.Matched && len(found) > 0 {
				t.Errorf("%q holds, though it is said: %s", text, listing(found))
			}
			if took := time.Since(started); took > 5*time.Second {
				t.Errorf("%q took %v", text, took)
			}
		}
	})
}

// FuzzText compiles anything as a text that is posted.
func FuzzText(f *testing.F) {
	for _, text := range []string{"${task.name} failed: ${run.reason}", "$${HOME}", "${task.tags['a']} ${join(task.runs, ',')}", "${files[0]} ${change.owner.name}", "${"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		quoted := "'" + strings.ReplaceAll(text, "'", "''") + "'"
		set, found := rules.Load(rules.Sources{Files: map[string][]byte{"team/rules.yaml": []byte("rules:\n  - name: r\n    on: {task: settled}\n    do: [{comment: " + quoted + "}]\n")}})
		if len(set.Rules()) == 0 && len(found) == 0 {
			t.Errorf("%q is neither refused nor a rule", text)
		}
		for _, r := range set.Rules() {
			_, _ = r.Evaluate(fuzzInput())
		}
	})
}

// FuzzLoadTeams reads anything as teams.yaml.
func FuzzLoadTeams(f *testing.F) {
	f.Add(teamsText)
	f.Add("teams: {}\n")
	f.Fuzz(func(t *testing.T, text string) {
		teams, found := rules.LoadTeams("teams.yaml", []byte(text))
		if teams == nil && !rules.HasErrors(found) {
			t.Errorf("%q: no teams and no error", text)
		}
		for _, team := range teams.All() {
			_ = team.MayVote("main", "p", "b", "Verified", 1)
			_, _ = team.TaskScopes(&rules.Identities{})
		}
	})
}

func fuzzInput() rules.Input {
	run := map[string]any{"id": int64(0), "state": "failed", "reason": "failed"}
	return rules.Input{
		Event: map[string]any{"runId": int64(0), "status": map[string]any{"state": "failed", "runs": []any{run}}},
		Facts: map[string]any{
			"task": map[string]any{"name": "x", "state": "failed", "tags": map[string]any{"kind": "build"}, "runs": []any{run}},
			"run":  run, "links": map[string]any{}, "files": []any{"a", "b/c"},
			"change": map[string]any{"subject": "s", "hashtags": []any{}, "footers": []any{}}, "patchset": map[string]any{"number": int64(1)},
			"group": map[string]any{"outcome": "fail", "tasks": []any{}},
		},
		Now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}
}
