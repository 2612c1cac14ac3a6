package ruletest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"verdict/rules"
)

// Coverage is which parts of rules the tests reached.
type Coverage struct {
	// Parts is how many there are, Covered how many of them were reached.
	Parts, Covered int
	// Gaps are those that were not, by file and line.
	Gaps []Gap
}

// Gap is something that no test has shown.
type Gap struct {
	File string
	Line int
	Team string
	Rule string
	// What says it: a clause that never was false, an action that never was done.
	What string
}

// String is one line: "graphics/ci.yaml:12: build-verdict: never false: task.tags.kind == …".
func (g Gap) String() string { return fmt.Sprintf("%s:%d: %s: %s", g.File, g.Line, g.Rule, g.What) }

// part is one thing that a test may show of a rule.
type part struct {
	team, rule string
	line       int
	what       string
}

// The things to show. Behind the colon stands the clause, the action or the filter as written.
const (
	neverTrue  = "never true: "
	neverFalse = "never false: "
	neverDone  = "never done: "
	neverFits  = "never fits: "
	neverStops = "never keeps it away: "
	neverOnce  = neverStops + "once"
)

type coverage struct {
	prefix string
	sets   []*rules.Set
	shown  map[part]bool
}

func newCoverage(prefix string) *coverage { return &coverage{prefix: prefix, shown: map[part]bool{}} }

func (c *coverage) add(set *rules.Set) {
	if !slices.Contains(c.sets, set) {
		c.sets = append(c.sets, set)
	}
}

func (c *coverage) mark(r *rules.Rule, line int, what string) {
	c.shown[part{r.Team, r.Name, line, what}] = true
}

// see notes what an event showed of each rule.
func (c *coverage) see(set *rules.Set, e Event) {
	for _, r := range set.Rules() {
		for _, t := range r.On {
			c.filters(r, t, e)
		}
		for _, d := range e.Decisions {
			if d.Rule == r.Name {
				c.decision(r, d)
			}
		}
	}
}

func (c *coverage) filters(r *rules.Rule, t rules.Trigger, e Event) {
	if e.Project == "" {
		return
	}
	switch why := t.Refuses(e.Occurrence, c.prefix); {
	case why == rules.OnBranch:
		c.mark(r, t.Line, neverStops+branchOf(t))
	case why == "":
		c.mark(r, t.Line, neverFits+branchOf(t))
	}
}

func branchOf(t rules.Trigger) string { return "branch: " + strings.Join(t.Branches, ", ") }
func byOf(t rules.Trigger) string     { return "by: " + strings.Join(t.By, ", ") }
func filesOf(t rules.Trigger) string  { return "files: " + strings.Join(t.Files, ", ") }

func (c *coverage) decision(r *rules.Rule, d Decision) {
	for _, t := range r.On {
		switch looked := d.Matched || len(d.Clauses) > 0; {
		case d.Stopped == rules.OnFiles:
			c.mark(r, t.Line, neverStops+filesOf(t))
			c.mark(r, t.Line, neverFits+byOf(t))
		case looked:
			c.mark(r, t.Line, neverFits+filesOf(t))
			c.mark(r, t.Line, neverFits+byOf(t))
		case strings.HasPrefix(d.Stopped, rules.OnBy+":"):
			c.mark(r, t.Line, neverStops+byOf(t))
		}
	}
	for _, clause := range d.Clauses {
		if clause.Error != "" {
			continue
		}
		text, never := strings.TrimPrefix(clause.Text, "while: "), neverFalse
		if clause.Held {
			never = neverTrue
		}
		c.mark(r, clause.Line, never+text)
	}
	c.spent(r, d)
	if !d.Matched {
		return
	}
	for _, a := range r.Outline().Actions {
		if slices.ContainsFunc(d.Actions, func(done rules.Action) bool { return a.Kind == done.Kind && (a.Key == "" || a.Key == done.Key) }) {
			c.mark(r, a.Line, neverDone+nameOfAction(a))
		}
	}
}

// spent notes which `once` kept something back.
func (c *coverage) spent(r *rules.Rule, d Decision) {
	for _, s := range d.Spent {
		if s.Key == "" {
			c.mark(r, r.Once().Line, neverOnce)
		}
		for _, a := range r.Outline().Actions {
			if a.Once != nil && s.Key != "" && (a.Key == s.Key || a.Key == "" && strings.HasPrefix(s.Key, a.Kind)) {
				c.mark(r, a.Once.Line, neverOnce)
			}
		}
	}
}

func nameOfAction(a rules.OutlineAction) string { return cmp.Or(a.Key, a.Kind) }

// result counts.
func (c *coverage) result() Coverage {
	var out Coverage
	for _, set := range c.sets {
		for _, r := range set.Rules() {
			if r.Mode == rules.Off {
				continue
			}
			for _, p := range partsOf(r) {
				out.Parts++
				if c.shown[p] {
					out.Covered++
					continue
				}
				out.Gaps = append(out.Gaps, Gap{File: r.File, Line: p.line, Team: r.Team, Rule: r.Name, What: p.what})
			}
		}
	}
	slices.SortStableFunc(out.Gaps, func(a, b Gap) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line)) })
	return out
}

// partsOf are all that there is to show of a rule: each clause true and false, each `while` too, each action done, each
// filter of `on` on files, branches and people letting through and keeping away.
func partsOf(r *rules.Rule) []part {
	var out []part
	add := func(line int, whats ...string) {
		for _, what := range whats {
			out = append(out, part{r.Team, r.Name, line, what})
		}
	}
	for _, t := range r.On {
		if len(t.Branches) > 0 && t.Source != "cron" { // a query finds nothing elsewhere
			add(t.Line, neverFits+branchOf(t), neverStops+branchOf(t))
		}
		if len(t.Files) > 0 {
			add(t.Line, neverFits+filesOf(t), neverStops+filesOf(t))
		}
	}
	for _, t := range r.On {
		if len(t.By) > 0 && !slices.Contains(t.By, "anyone") {
			add(t.Line, neverFits+byOf(t), neverStops+byOf(t))
		}
	}
	o := r.Outline()
	if once := r.Once(); once != nil {
		add(once.Line, neverOnce)
	}
	for _, clause := range o.Clauses {
		add(clause.Line, neverTrue+clause.Text, neverFalse+clause.Text)
	}
	for _, a := range o.Actions {
		add(a.Line, neverDone+nameOfAction(a))
		if a.Once != nil {
			add(a.Once.Line, neverOnce)
		}
		if a.While != nil {
			add(a.While.Line, neverTrue+a.While.Text, neverFalse+a.While.Text)
		}
	}
	return out
}
