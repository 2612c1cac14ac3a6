package rules_test

import (
	"strings"
	"testing"

	"verdict/rules"
)

const twoServers = `teams:
  gfx:
    folder: gfx/
    contact: {email: gfx@example.org}
    gerrit:
      - {server: main, projects: [a], actions: [comment]}
      - {server: partner, projects: [a], actions: [comment]}
`

func changeRule(t *testing.T, on string) (*rules.Set, []rules.Diagnostic) {
	t.Helper()
	teams, found := rules.LoadTeams("teams.yaml", []byte(twoServers))
	if len(found) > 0 {
		t.Fatal(found)
	}
	return rules.Load(rules.Sources{Teams: teams, Files: map[string][]byte{"gfx/a.yaml": []byte("rules:\n  - {name: r, on: {" + on + "}, do: [{comment: x}]}\n")}})
}

func TestAChangeIsOneOfAServer(t *testing.T) {
	if _, found := changeRule(t, "task: failed"); len(found) > 0 {
		t.Errorf("without a change no server is needed: %v", found)
	}
	_, found := changeRule(t, "task: failed, change: '1'")
	if len(found) != 1 || !strings.Contains(found[0].String(), "which server? gfx has main, partner") {
		t.Errorf("got %v", found)
	}
	if set, found := changeRule(t, "task: failed, server: partner, change: '1'"); len(found) > 0 || set.Rules()[0].On[0].Server != "partner" {
		t.Errorf("got %v", found)
	}
}

func TestWhatComesToNoChange(t *testing.T) {
	tests := map[string]struct {
		value any
		want  string
	}{
		"the least":      {int64(1), ""},
		"the greatest":   {int64(2147483647), ""},
		"none":           {int64(0), "event.change came to 0, which is no number of one"},
		"less":           {int64(-1), "event.change came to -1, which is no number of one"},
		"more":           {int64(2147483648), "event.change came to 2147483648, which is no number of one"},
		"a fraction":     {1.5, "event.change came to a double, not to a whole number (event.change is 1.5)"},
		"a text":         {"7", `event.change came to a string, not to a whole number (event.change is "7")`},
		"nothing at all": {nil, "event.change came to a null_type, not to a whole number (event.change is absent)"},
	}
	for _, word := range []string{"change", "patchset"} {
		on := "task: failed, server: main, change: 'event.change'"
		if word == "patchset" {
			on = "task: failed, server: main, change: '7', patchset: 'event.change'"
		}
		set, found := changeRule(t, on)
		if len(found) > 0 {
			t.Fatal(found)
		}
		for name, test := range tests {
			change, patchset, err := set.Rules()[0].ChangeOf(rules.Input{Event: map[string]any{"change": test.value}})
			said := change
			if word == "patchset" {
				said = patchset
			}
			want, _ := test.value.(int64)
			switch {
			case test.want == "" && (err != nil || said != int(want)):
				t.Errorf("%s: %s: got %d, %v", word, name, said, err)
			case test.want != "" && (err == nil || err.Error() != word+": "+test.want || said != 0):
				t.Errorf("%s: %s: got %d, %v", word, name, said, err)
			}
		}
	}
}
