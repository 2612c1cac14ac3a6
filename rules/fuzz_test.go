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
		set, found := rules.Load(rules.Sources{Files: map[string][]byte{"team/rules.yaml": []byte(text)}})
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

// FuzzCondition compiles anything as a clause.
func FuzzCondition(f *testing.F) {
	for _, text := range []string{
		`task.tags.kind == "build"`, `has(run.started) && run.started < now`, `task.runs.exists(r, r.?started.orValue(now) < now)`,
		`event.status.runs[event.runId].state == "x"`, `files.filter(f, f.matches("a+")).size() > 1`, `{"a": 1}["a"] == 1`, `[1, 2].map(x, x * 2)[0] == 2`,
		`task.tagz`, `1 +`, `"a" in task.tags ? true : false`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		quoted := "'" + strings.ReplaceAll(text, "'", "''") + "'"
		set, found := rules.Load(rules.Sources{Files: map[string][]byte{"team/rules.yaml": []byte("rules:\n  - name: r\n    on: {task: settled}\n    when:\n      - " + quoted + "\n    do: [{comment: x}]\n")}})
		if len(set.Rules()) == 0 && len(found) == 0 {
			t.Errorf("%q is neither refused nor a rule", text)
		}
		for _, r := range set.Rules() {
			started := time.Now()
			_, _ = r.Evaluate(fuzzInput())
			if took := time.Since(started); took > 5*time.Second {
				t.Errorf("%q took %v", text, took)
			}
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
