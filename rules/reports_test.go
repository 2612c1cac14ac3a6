package rules_test

import (
	"slices"
	"testing"

	"verdict/rules"
)

const reporting = `rules:
  - name: all
    on: [{group: settled, project: a}, {group: settled, project: 'b/**', branch: main}]
    do:
      - report: {label: Verified, pass: 1, fail: -1}
      - report: {label: Docs, pass: 2, fail: -2, running: -1}
  - name: tried
    mode: shadow
    on: {group: settled}
    do: [{report: {label: Verified, pass: 1, fail: -1}}]
  - name: recheck
    on: {command: recheck, project: a}
    do: [{rerun: {tasks: failed, named: '${command.args}'}}]
`

func TestReportsAreThoseOfLiveRulesThatCoverTheChange(t *testing.T) {
	set, found := rules.Load(rules.Sources{Files: map[string][]byte{"gfx/ci.yaml": []byte(reporting), "docs/ci.yaml": []byte("rules:\n  - name: x\n    on: {group: settled}\n    do: [{comment: x}]\n")}})
	if rules.HasErrors(found) {
		t.Fatal(found)
	}
	if got := set.ReportTeams(); !slices.Equal(got, []string{"gfx"}) {
		t.Errorf("teams that report are %v", got)
	}
	for _, c := range []struct {
		team, project, branch string
		want                  int
	}{{"gfx", "a", "x", 2}, {"gfx", "b/c", "main", 2}, {"gfx", "b/c", "next", 0}, {"gfx", "c", "main", 0}, {"docs", "a", "main", 0}} {
		if got := set.Reports(c.team, "main", c.project, c.branch); len(got) != c.want {
			t.Errorf("%+v: %d reports", c, len(got))
		}
	}
	if !set.Answers("recheck", "main", "a", "main") || set.Answers("recheck", "main", "b/c", "main") || set.Answers("hold", "main", "a", "main") {
		t.Error("recheck is answered on a, nothing else anywhere")
	}
	if !set.Awaits("exchange/taskcluster-queue/v1/task-defined") || set.Awaits("exchange/taskcluster-queue/v1/task-running") {
		t.Error("what is waited for begins with what is defined or pending")
	}
}

func TestAReportIsWorthWhatItsRuleSays(t *testing.T) {
	r := rules.Report{Label: "Verified", Pass: 1, Fail: -2, Running: -1}
	voting := r
	voting.Infra = -1
	for _, c := range []struct {
		of      rules.Report
		outcome string
		value   int
		waits   bool
	}{{r, "pass", 1, false}, {r, "fail", -2, false}, {r, "infra", 0, true}, {voting, "infra", -1, false}, {r, "running", -1, true}} {
		if value, waits := c.of.Worth(c.outcome); value != c.value || waits != c.waits {
			t.Errorf("%s: %d, waits %t, want %d, %t", c.outcome, value, waits, c.value, c.waits)
		}
	}
}

func TestRecheckFailedMeansAllThatFailed(t *testing.T) {
	for _, c := range []struct {
		named []string
		want  bool
	}{{nil, true}, {[]string{"failed"}, true}, {[]string{"lint"}, false}, {[]string{"shaders-*"}, true}, {[]string{"unfinished"}, false}} {
		a := rules.Action{Kind: "rerun", Tasks: "failed", Named: c.named}
		if got := a.FitsName("shaders-linux"); got != c.want {
			t.Errorf("named %q: %t", c.named, got)
		}
	}
}
