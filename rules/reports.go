package rules

import "slices"

// Report is what a rule makes of a patchset's tasks: the label, and the vote for each outcome.
type Report struct {
	Label   string `json:"label"`
	Pass    int    `json:"pass"`
	Fail    int    `json:"fail"`
	Infra   int    `json:"infra"`
	Running int    `json:"running"`
	// Outcome is pass, fail, infra or running, and Value what it is worth, once the tasks are summed up: which
	// count, beside those of the event's group, only who knows the patchset can say.
	Outcome string `json:"outcome,omitempty"`
	Value   int    `json:"value"`
}

// Worth is the vote for an outcome. waits says that none other may show as long as it stands.
func (r Report) Worth(outcome string) (value int, waits bool) {
	switch outcome {
	case "pass":
		return r.Pass, false
	case "fail":
		return r.Fail, false
	case "infra":
		return r.Infra, r.Infra == 0
	}
	return r.Running, true
}

// Reporting is a rule that reports, with one of its reports.
type Reporting struct {
	Rule   *Rule
	Report Report
}

// Reports are the reports of a team's live rules that look at a change of this project and branch: each waits from the
// first task that is known of a group of the change's patchset until it settles.
func (s *Set) Reports(team, server, project, branch string) []Reporting {
	var out []Reporting
	for _, r := range s.reporting {
		covers := func(t Trigger) bool { return t.Covers(server, project, branch) }
		if r.Team != team || !slices.ContainsFunc(r.On, covers) {
			continue
		}
		for _, report := range r.Reports() {
			out = append(out, Reporting{Rule: r, Report: report})
		}
	}
	return out
}

// Reports are the rule's.
func (r *Rule) Reports() []Report {
	var out []Report
	for _, a := range r.do {
		if a.report != nil {
			out = append(out, *a.report)
		}
	}
	return out
}

// Answers says whether a live rule answers a command on a change of this project and branch.
func (s *Set) Answers(command, server, project, branch string) bool {
	return slices.ContainsFunc(s.rules, func(r *Rule) bool {
		return r.Mode == Live && slices.ContainsFunc(r.On, func(t Trigger) bool {
			return t.Source == "command" && t.Type == command && t.Covers(server, project, branch)
		})
	})
}

// ReportTeams are the teams with live rules that report, sorted.
func (s *Set) ReportTeams() []string {
	var out []string
	for _, r := range s.reporting {
		out = appendNew(out, r.Team)
	}
	slices.Sort(out)
	return out
}

// Awaits says whether an exchange's messages tell that a group has something to do which a report waits for.
func (s *Set) Awaits(exchange string) bool {
	return len(s.reporting) > 0 && slices.ContainsFunc(awaited, func(short string) bool { return longName(s.index.prefix, short) == exchange })
}

// awaited are the exchanges that tell of a task before it runs: of a new one, and of a rerun.
var awaited = []string{"queue/task-defined", "queue/task-pending"}

// reports says whether the rule is live and reports.
func (r *Rule) reports() bool { return r.Mode == Live && r.does(kindReport) }
