package rulestest

import (
	"testing"

	"verdict/rules"
)

func TestManyLoad(t *testing.T) {
	files, grants := Many(3, 40)
	teams, found := rules.LoadTeams("teams.yaml", grants)
	if len(found) > 0 {
		t.Fatal(found)
	}
	set, found := rules.Load(rules.Sources{Files: files, Teams: teams})
	for _, d := range found {
		t.Errorf("%s\n%s", d, d.Excerpt())
	}
	if n := len(set.Rules()); n != 40 {
		t.Errorf("%d rules, want 40", n)
	}
}
