package deliver

import (
	"testing"

	"verdict/internal/store"
	"verdict/rules"
)

// A report both votes and speaks: at delivery too it needs the grants of both.
func TestAReportNeedsTheGrantsOfVoteAndComment(t *testing.T) {
	for actions, want := range map[string]bool{"[vote, comment]": true, "[vote]": false, "[comment]": false} {
		teams, problems := rules.LoadTeams("teams.yaml", []byte("teams:\n  gfx:\n    folder: gfx/\n    gerrit:\n      - {server: main, projects: [demo], labels: {Verified: [-1, 1]}, actions: "+actions+"}\n"))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		team, _ := teams.Team("gfx")
		a := store.Action{Kind: KindReport, Team: "gfx", Server: "main", Project: "demo", Branch: "main"}
		if err := granted(team, a, Args{Labels: map[string]int{"Verified": 1}}); (err == nil) != want {
			t.Errorf("%s: %v", actions, err)
		}
		if err := granted(team, a, Args{Labels: map[string]int{"Verified": 2}}); err == nil {
			t.Errorf("%s: +2 is allowed", actions)
		}
	}
}
