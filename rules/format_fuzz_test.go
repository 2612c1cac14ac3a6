package rules_test

import (
	"os"
	"path/filepath"
	"testing"

	"verdict/rules"
	"verdict/rules/yamlfile"
)

// FuzzFormat formats anything: it is left alone with a place, or reads and loads as before, and formatting it again
// changes nothing.
func FuzzFormat(f *testing.F) {
	names, _ := filepath.Glob("examples/*/*.yaml")
	for _, name := range append(names, "../config.example.yaml", "../deploy/example/teams.yaml") {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	for _, text := range []string{
		untidy, "", "# a\n", "a: |\n  x\n\n  y\n# c\n", "a: >-\n  x\n  y\n", "- - a\n  - b\n-\n  - c # d\n", "a: 'x\n  y'\n", "a: \"b\\u2028\\n\"\n",
		"a: {b: [c, # d\n  e]}\n", "? a\n: b\n", "a:\n- b\n# c\nd:\n", "a: |2\n   x\n", "a: |+\n  x\n\n", "--- # x\na: b\n", "[a, {b: c}]\n", "'a': \"it's\"\n",
		"rules:\n  - when:\n      - a # b\n      - |\n        a\n        && b\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		out, found := rules.Format("team/f.yaml", []byte(text))
		if len(found) > 0 {
			for _, d := range found {
				if d.Line < 1 || out != nil {
					t.Errorf("%q: %+v, and %q", text, d, out)
				}
			}
			return
		}
		again, found := rules.Format("team/f.yaml", out)
		if len(found) > 0 || string(again) != string(out) {
			t.Errorf("formatted once:\n%s\ntwice: %s\n%s", out, listing(found), again)
		}
		before, _ := yamlfile.Parse("team/f.yaml", []byte(text))
		after, problems := yamlfile.Parse("team/f.yaml", out)
		if len(problems) > 0 || (before.Root == nil) != (after.Root == nil) {
			t.Errorf("%q became %q: %v", text, out, problems)
		}
		if was, is := loaded(text), loaded(string(out)); was != is {
			t.Errorf("%q had %d rules and %d diagnostics, %q has %d and %d", text, was[0], was[1], out, is[0], is[1])
		}
	})
}

// loaded is how many rules and diagnostics a file gives.
func loaded(text string) [2]int {
	set, found := rules.Load(rules.Sources{Files: map[string][]byte{"team/f.yaml": []byte(text)}})
	return [2]int{len(set.Rules()), len(found)}
}

// What can't be formatted for reasons of its own is rare: none of this is among it.
func TestFormatTakesWhatParses(t *testing.T) {
	for _, text := range []string{
		"a: |\n  x\n\n  y\n# c\n", "a: >-\n  x\n  y\n", "- - a\n  - b\n-\n  - c # d\n", "a: 'x\n  y'\n", "a: \"b\\u2028\\n\"\n", "a: {b: [c, # d\n  e]}\n",
		"? a\n: b\n", "a:\n- b\n# c\nd:\n", "a: |2\n   x\n", "a: |+\n  x\n\n", "--- # x\na: b\n", "[a, {b: c}]\n", "a: plain\n  goes on\n", "a: ''\nb: []\nc: {}\n",
		"a: {b: , c: d}\n", "a: ~\nb: null\nc:\n", "a:\n  # of b\n  b: c\n", "-   # x\n  a: b\n", "a:   # x\n  - b\n", "a: \"x\\ty\"\n",
	} {
		if _, found := rules.Format("f.yaml", []byte(text)); len(found) > 0 {
			t.Errorf("%q: %s", text, listing(found))
		}
	}
}
