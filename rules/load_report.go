package rules

import (
	"fmt"
	"slices"

	"verdict/rules/yamlfile"
)

// reportForm is what a report is worth, by how the group's tasks went.
type reportForm struct {
	Label   string `yaml:"label,required"`
	Pass    int    `yaml:"pass,required"`
	Fail    int    `yaml:"fail,required"`
	Infra   int    `yaml:"infra"`
	Running int    `yaml:"running"`
}

const reportHint = "report: {label: Verified, pass: 1, fail: -1, infra: 0}"

// reports reads a report. Its text is the bot's own, so that all of them read alike.
func (r *ruleLoader) reports(form actionForm, a *action) {
	a.kind = kindReport
	n := form.Report
	if n.Kind != yamlfile.Mapping {
		r.refuse(n, "a report names a label, and what it is worth", reportHint)
		return
	}
	var f reportForm
	r.problems(yamlfile.Decode(n, &f))
	a.report = &Report{Label: f.Label, Pass: f.Pass, Fail: f.Fail, Infra: f.Infra, Running: f.Running}
	if a.key == "" {
		a.key = kindReport + ":" + f.Label
	}
	if f.Running > 0 {
		r.refuse(n.Get("running"), fmt.Sprintf("running: %d would never show: while a report waits, the label shows 0 at most", f.Running),
			"leave it out, or write a negative value that keeps the change from being submitted meanwhile")
	}
	other := func(t Trigger) bool { return t.Source != "group" || t.Type != "settled" }
	if slices.ContainsFunc(r.rule.On, other) {
		r.refuse(form.Report, "a report is about a group of tasks that has settled", "write on: {group: settled}, in a rule of its own")
		return
	}
	r.needsChange(n)
	for _, v := range []struct {
		key   string
		value int
	}{{"pass", f.Pass}, {"fail", f.Fail}, {"infra", f.Infra}, {"running", f.Running}} {
		at := n.Get(v.key)
		if at == nil {
			continue // left out, or missing and told so
		}
		before := len(r.diagnostics)
		r.granted1(at, func(server, project, branch string) error {
			return r.team.MayVote(server, project, branch, f.Label, v.value)
		})
		if len(r.diagnostics) > before {
			return // a label that isn't granted is told once
		}
	}
	r.mayDo(n, kindComment)
}
