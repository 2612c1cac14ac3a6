package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// voter is a rule's opinion on a label, on the changes of one pattern of projects.
type voter struct {
	rule     *Rule
	line     int
	project  pattern
	branches []pattern
	report   bool
}

// adviseLabels tells of teams that vote on one label of the same changes: on it shows what comes of all opinions. Each
// team is told once a label, of the first other rule.
func (l *loader) adviseLabels() {
	byLabel := map[[2]string]*voters{}
	for _, r := range l.rules {
		if r.Mode != Live {
			continue
		}
		for _, a := range r.do {
			for _, label := range a.votesOn() {
				for i := range r.On {
					t := &r.On[i]
					key := [2]string{t.Server, label}
					if byLabel[key] == nil {
						byLabel[key] = &voters{exact: map[string][]voter{}, heads: map[string][]voter{}}
					}
					for _, p := range l.votesWhere(r, t) {
						byLabel[key].add(voter{r, a.line, p, t.branches, a.report != nil})
					}
				}
			}
		}
	}
	labels := slices.SortedFunc(maps.Keys(byLabel), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	for _, key := range labels {
		byLabel[key].tell(l, key[1])
	}
}

// votesWhere are the projects on which a rule's vote may count: those that it names, or else those of its team's grants.
// Patterns with exceptions are left out, since who is excepted isn't compared.
func (l *loader) votesWhere(r *Rule, t *Trigger) []pattern {
	patterns := t.projects
	if len(patterns) == 0 {
		patterns = []pattern{{text: "**"}}
		if team, ok := l.set.teams.Team(r.Team); ok && !team.unlimited {
			patterns = nil
			for i := range team.Gerrit {
				if g := &team.Gerrit[i]; (t.Server == "" || g.Server == t.Server) && slices.Contains(g.Actions, "vote") {
					patterns = append(patterns, g.projects...)
				}
			}
		}
	}
	if slices.ContainsFunc(patterns, func(p pattern) bool { return p.negate }) {
		patterns = slices.DeleteFunc(slices.Clone(patterns), func(p pattern) bool { return !p.exact || p.negate || !anyMatch(t.projects, p.text) })
	}
	return patterns
}

// voters are those on one label of one server.
type voters struct {
	all   []voter
	exact map[string][]voter
	// heads are patterns by what all that fits them begins with.
	heads map[string][]voter
}

// add keeps one voter of each team and place.
func (v *voters) add(one voter) {
	list, key := v.exact, one.project.text
	if !one.project.exact {
		list, key = v.heads, one.project.head()
	}
	for _, other := range list[key] {
		if other.rule.Team == one.rule.Team && other.project.text == one.project.text && slices.Equal(other.branches, one.branches) {
			return
		}
	}
	list[key] = append(list[key], one)
	v.all = append(v.all, one)
}

func (v *voters) tell(l *loader, label string) {
	told := map[string]bool{}
	for _, one := range v.all {
		if told[one.rule.Team] {
			continue
		}
		other, ok := v.meets(one)
		if !ok {
			continue
		}
		told[one.rule.Team] = true
		waits := ""
		if one.report || other.report {
			waits = "0 while a report waits, else "
		}
		source, column := l.line(one.rule.File, one.line)
		l.report(Diagnostic{Team: one.rule.Team, File: one.rule.File, Line: one.line, Column: column, Source: source, Severity: Warning, Message: fmt.Sprintf(
			"%s votes %s on %s too: %s at %s:%d; as long as one of them is negative the lowest shows, else %sthe highest",
			other.rule.Team, label, narrower(one.project, other.project), other.rule.Name, other.rule.File, other.line, waits)})
	}
}

// meets finds a voter of another team on a change that one votes on.
func (v *voters) meets(one voter) (voter, bool) {
	other := func(list []voter) (voter, bool) {
		i := slices.IndexFunc(list, func(o voter) bool {
			meet := o.project.within(one.project) || one.project.within(o.project)
			return o.rule.Team != one.rule.Team && meet && branchesMeet(one.branches, o.branches)
		})
		if i < 0 {
			return voter{}, false
		}
		return list[i], true
	}
	head := one.project.text
	if !one.project.exact {
		head = one.project.head()
	} else if found, ok := other(v.exact[head]); ok {
		return found, true
	}
	for ; ; head = head[:max(0, strings.LastIndexByte(head, '/'))] {
		if found, ok := other(v.heads[head]); ok || head == "" {
			return found, ok
		}
	}
}

// branchesMeet says whether a branch is known that both let through.
func branchesMeet(x, y []pattern) bool {
	if len(x) == 0 || len(y) == 0 {
		return true
	}
	return slices.ContainsFunc(x, func(p pattern) bool {
		return !p.negate && slices.ContainsFunc(y, func(q pattern) bool {
			return !q.negate && (p.exact && anyMatch(x, p.text) && anyMatch(y, p.text) || q.exact && anyMatch(x, q.text) && anyMatch(y, q.text) || p.text == q.text)
		})
	})
}

func narrower(p, q pattern) string {
	if p.within(q) {
		return q.text
	}
	return p.text
}

// votesOn are the labels that an action leaves opinions on.
func (a *action) votesOn() []string {
	if a.report != nil {
		return []string{a.report.Label}
	}
	return keys(a.labels)
}
