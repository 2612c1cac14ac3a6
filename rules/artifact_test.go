package rules_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"verdict/rules"
)

// withArtifacts evaluates a rule as decide does: what it comes to is fetched, and it is evaluated again.
func withArtifacts(t *testing.T, rule *rules.Rule, run map[string]string, state string) (d *rules.Decision, fetched []string) {
	t.Helper()
	known := map[string]any{}
	in := rules.Input{Facts: map[string]any{"task": map[string]any{"state": state, "name": "lint"}, "artifacts": known}}
	for range 10 {
		d, err := rule.Evaluate(in)
		var want *rules.WantError
		if !errors.As(err, &want) {
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(fetched)
			return d, fetched
		}
		fetched = append(fetched, want.Artifact)
		known[want.Artifact] = nil
		if text, ok := run[want.Artifact]; ok {
			known[want.Artifact] = text
		}
	}
	t.Fatal("it asks for ever")
	return nil, nil
}

const onArtifacts = `rules:
  - name: r
    on: {task: settled}
    let:
      found: 'artifact("public/found.txt").orValue("").lines()'
    when:
      - 'task.state != "completed"'
      - 'artifact("public/a.txt").hasValue() || artifact("public/b.txt").orValue("none") == "b"'
    do:
      - comment: '${len(found)} lines'
`

func TestAnArtifactIsFetchedOnlyWhereARuleComesToIt(t *testing.T) {
	rule := mustLoad(t, onArtifacts).Rules()[0]
	for name, c := range map[string]struct {
		state, message string
		run            map[string]string
		fetched        []string
	}{
		"not at all":      {state: "completed"},
		"the first is it": {state: "failed", run: map[string]string{"public/a.txt": ""}, fetched: []string{"public/a.txt", "public/found.txt"}, message: "0 lines"},
		"the second": {state: "failed", run: map[string]string{"public/b.txt": "b", "public/found.txt": "x\r\ny\n\nz\n"},
			fetched: []string{"public/a.txt", "public/b.txt", "public/found.txt"}, message: "4 lines"},
		"neither": {state: "failed", fetched: []string{"public/a.txt", "public/b.txt"}},
	} {
		d, fetched := withArtifacts(t, rule, c.run, c.state)
		message := ""
		for _, a := range d.Actions {
			message += a.Message
		}
		if message != c.message || !slices.Equal(fetched, c.fetched) {
			t.Errorf("%s: fetched %q, said %q; want %q, %q", name, fetched, message, c.fetched, c.message)
		}
	}
}

func TestAnExplanationShowsTheArtifactsThatARuleCameTo(t *testing.T) {
	d, _ := withArtifacts(t, mustLoad(t, onArtifacts).Rules()[0], map[string]string{"public/b.txt": strings.Repeat("b", 1000)}, "failed")
	got := ""
	for _, c := range d.Clauses {
		for _, of := range c.Children {
			got += of.Text + "=" + of.Value + "\n"
		}
	}
	want := "task.state=\"failed\"\nartifact(\"public/a.txt\")=absent\nartifact(\"public/b.txt\")=\"" + strings.Repeat("b", 198) + "…\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestAnArtifactInALoopIsAskedForOnce: the evaluation is undone until it is known.
func TestAnArtifactInALoopIsAskedForOnce(t *testing.T) {
	rule := mustLoad(t, `rules:
  - name: r
    on: {task: settled}
    when: ['["x", "y"].exists(w, w in artifact("public/a.txt").orValue("").lines()) && !artifact("public/a.txt").orValue("").contains("z")']
    do: [{comment: x}]
`).Rules()[0]
	for text, matched := range map[string]bool{"y\n": true, "y\nz": false, "": false} {
		d, fetched := withArtifacts(t, rule, map[string]string{"public/a.txt": text}, "failed")
		if d.Matched != matched || len(fetched) != 1 {
			t.Errorf("%q: matched %t after fetching %q", text, d.Matched, fetched)
		}
	}
}
