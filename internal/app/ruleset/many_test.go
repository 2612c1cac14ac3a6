package ruleset

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"verdict/rules/rulestest"
)

func TestOfFiftyTeamsOneThatIsBrokenStaysAndTheOthersGoOn(t *testing.T) {
	p := newPlace(t)
	files, teams := rulestest.Many(50, 150)
	p.write("teams.yaml", string(teams))
	for name, text := range files {
		p.write("rules/"+name, string(text))
	}
	for _, own := range []string{"graphics", "audio"} {
		if err := os.RemoveAll(filepath.Join(p.dir, "rules", own)); err != nil {
			t.Fatal(err)
		}
	}
	before := p.load(p.loader())
	if n := len(before.Set.TeamNames()); n != 50 || len(before.Broken) > 0 {
		t.Fatalf("%d teams, broken %v", n, before.Broken)
	}
	// Every team edits its file; team-7 makes a mistake.
	for name, text := range files {
		edited := strings.Replace(string(text), "  - name: ", "  - name: new-", 1)
		if strings.HasPrefix(name, "team-7/") {
			edited = strings.Replace(edited, "on:", "onn:", 1)
		}
		p.write("rules/"+name, edited)
	}
	for _, when := range []string{"after a reload", "after a restart", "after another"} {
		a := p.load(p.loader())
		if broken := slices.Collect(maps.Keys(a.Broken)); len(broken) != 1 || broken[0] != "team-7" {
			t.Fatalf("%s: broken are %v", when, a.Broken)
		}
		for name, text := range files {
			team, _, _ := strings.Cut(name, "/")
			_, rest, _ := strings.Cut(string(text), "  - name: ")
			rule, _, _ := strings.Cut(rest, "\n")
			fresh, old := a.Set.Rule(team, "new-"+rule) != nil, a.Set.Rule(team, rule) != nil
			if stays := team == "team-7"; fresh == stays || old != stays {
				t.Errorf("%s: %s has the new %s: %t, the old: %t", when, team, rule, fresh, old)
			}
		}
		if n := len(a.Set.Rules()); n != 150 {
			t.Errorf("%s: %d rules", when, n)
		}
	}
}
