package rules

import (
	"fmt"
	"slices"

	"verdict/rules/yamlfile"
)

// former is a name that a rule had, and where it says so.
type former struct {
	rule *Rule
	file *fileLoader
	node *yamlfile.Node
}

// was reads how the rule was called before: a name, or a list.
func (r *ruleLoader) was(n *yamlfile.Node) {
	if n == nil {
		return
	}
	if len(n.List()) == 0 {
		r.refuse(n, "was names nothing", "take it away")
	}
	for _, item := range n.List() {
		switch {
		case item.Kind == yamlfile.Mapping || item.Kind == yamlfile.Sequence || !isName(item.Text):
			r.refuse(item, fmt.Sprintf("%q can't have named a rule", item.Text), "letters, digits, -, _ and .")
		case item.Text == r.rule.Name:
			r.refuse(item, fmt.Sprintf("the rule is called %s now", item.Text), "was is the name before")
		case slices.Contains(r.rule.Was, item.Text):
			r.refuse(item, fmt.Sprintf("%s stands here twice", item.Text), "take one away")
		default:
			r.rule.Was = append(r.rule.Was, item.Text)
			r.formers = append(r.formers, former{r.rule, r.fileLoader, item})
		}
	}
}

// checkFormers refuses a former name that another rule has, or had: whose memory it is must be clear.
func (l *loader) checkFormers() {
	claimed := map[[2]string]*Rule{}
	for _, f := range l.formers {
		key := [2]string{f.rule.Team, f.node.Text}
		at := slices.IndexFunc(l.rules, func(r *Rule) bool { return r.Team == key[0] && r.Name == key[1] })
		if at >= 0 {
			other := l.rules[at]
			f.file.refuse(f.node, fmt.Sprintf("a rule is called %s still, at %s:%d", other.Name, other.File, other.Line), "a name belongs to one rule, with what it remembers")
			continue
		}
		if other, twice := claimed[key]; twice {
			f.file.refuse(f.node, fmt.Sprintf("%s was %s too, at %s:%d", other.Name, key[1], other.File, other.Line), "what it remembers goes to one rule")
			continue
		}
		claimed[key] = f.rule
	}
}
