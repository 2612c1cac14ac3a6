package rules

import (
	"fmt"
	"slices"
	"strings"

	"verdict/rules/yamlfile"
)

// adviseOn tells of an `on` that nothing gets through, by itself or with a clause.
func (r *ruleLoader) adviseOn(n *yamlfile.Node, t *Trigger) {
	for _, part := range []struct {
		word     string
		patterns []pattern
	}{{"project", t.projects}, {"branch", t.branches}, {"files", t.files}} {
		if excludesAll(part.patterns) {
			at := n
			if k := n.Get(part.word); k != nil {
				at = k
			}
			r.tell(at, Warning, fmt.Sprintf("nothing gets through: what %s lets in, it also excludes", part.word), "")
		}
	}
	if t.Source == "pulse" && t.taskRoute == "" {
		r.adviseKey(n, t)
	}
	for _, c := range r.asked {
		for _, one := range c.asks {
			if message, hint := t.contradicts(one); message != "" {
				r.warnIn(c.at, one, fmt.Sprintf("on %s: %s", describe(*t), message), hint)
				return
			}
		}
	}
}

// excludesAll says whether an excluding pattern takes away whatever the others let in.
func excludesAll(patterns []pattern) bool {
	excluded := func(p pattern) bool {
		return slices.ContainsFunc(patterns, func(e pattern) bool { return e.negate && e.within(p) })
	}
	positive := false
	for _, p := range patterns {
		if p.negate {
			continue
		}
		if positive = true; !excluded(p) {
			return false
		}
	}
	return positive || excluded(pattern{text: "**"})
}

// adviseKey tells of a pattern of routing keys that no message of the exchange has.
func (r *ruleLoader) adviseKey(n *yamlfile.Node, t *Trigger) {
	fields, at := exchanges[t.Type], n.Get("routingKey")
	if len(fields) == 0 || at == nil || t.key.topic != nil {
		return
	}
	switch words := t.key.words; {
	case len(words) > 0 && words[0] == "route":
		r.tell(at, Warning, "nothing gets through: a task's routes are no routing keys of its messages", "write taskRoute: instead, without the word route")
	case len(words) > 0 && words[0] != "" && words[0] != "primary":
		r.tell(at, Warning, fmt.Sprintf("nothing gets through: routing keys of %s begin with the word primary", t.Type), "")
	case t.key.exact && len(words) < len(fields):
		r.tell(at, Warning, fmt.Sprintf("nothing gets through: routing keys of %s have %d words or more", t.Type, len(fields)), "# at the end stands for the rest")
	}
}

// implied are the values that a field has on a source, for good: a run that ended stays as it is, and so does a change
// that is merged.
var implied = map[[2]string]struct {
	path   string
	values []string
}{
	{"task", "settled"}:         {"run.state", []string{`"completed"`, `"failed"`, `"exception"`}},
	{"task", "completed"}:       {"run.state", []string{`"completed"`}},
	{"task", "failed"}:          {"run.state", []string{`"failed"`}},
	{"task", "exception"}:       {"run.state", []string{`"exception"`}},
	{"gerrit", "change-merged"}: {"change.status", []string{`"MERGED"`}},
}

// contradicts tells why an event of the trigger can't be as a clause asks, "" where it can.
func (t *Trigger) contradicts(a ask) (message, hint string) {
	fact := implied[[2]string{t.Source, t.Type}]
	path := a.path
	// A run that ended in exception may be followed by another at once, by the queue itself.
	later := t.Source == "task" && (t.Type == "failed" || t.Type == "completed") && path == "task.state"
	if later {
		path = fact.path // of the latest run
	}
	switch {
	case path == fact.path && (known{in: fact.values}).and(a).empty():
		said := strings.Join(fact.values, " or ")
		if later {
			return fmt.Sprintf("task.state is %s, unless another run came meanwhile", said), "run.state is the state of the run that this is about"
		}
		return fmt.Sprintf("this can't hold, since %s is %s", path, said), ""
	case a.path == "change.project" && len(a.in) > 0 && !t.letsIn(t.projects, a.in):
		return "this can't hold, since project lets through " + listed(t.Projects), ""
	case a.path == "change.branch" && len(a.in) > 0 && !t.letsIn(t.branches, a.in):
		return fmt.Sprintf("branch lets through %s, so this holds for none but a change that was moved meanwhile", listed(t.Branches)), ""
	}
	if at, ok := inKey[a.path]; ok && t.Source == "pulse" && at < len(t.key.words) && len(a.in) > 0 {
		if w := t.key.words[at]; w != "" && !slices.Contains(a.in, fmt.Sprintf("%q", w)) {
			return fmt.Sprintf("this can't hold, since routingKey asks for %q", w), ""
		}
	}
	return "", ""
}

// letsIn says whether one of some values, as written, fits the patterns.
func (t *Trigger) letsIn(patterns []pattern, values []string) bool {
	return slices.ContainsFunc(values, func(v string) bool { return anyMatch(patterns, strings.Trim(v, `"`)) })
}
