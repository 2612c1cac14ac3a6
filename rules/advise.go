package rules

import (
	"fmt"
	"slices"
	"strings"

	"verdict/rules/yamlfile"
)

// asked is what a clause asks of fields.
type asked struct {
	at   *yamlfile.Node
	asks []ask
}

// advise tells what isn't wrong with a rule but can't have been meant. It says only what is certain.
func (r *ruleLoader) advise(on *yamlfile.Node) {
	if on == nil || len(on.List()) != len(r.rule.On) {
		return // one of them was refused
	}
	places := on.List()
	for i := range r.rule.On {
		t := &r.rule.On[i]
		r.adviseOn(places[i], t)
		r.adviseSweep(places[i], t)
	}
	if known, ok := r.together(map[string]known{}, r.asked, "this clause can't hold"); ok {
		for _, w := range r.whiles {
			r.together(known, []asked{w}, "this never stands, since where `when` holds this doesn't")
		}
	}
}

// known is what is asked of a field so far.
type known struct {
	in, not, closed []string
	line            int
}

// together finds a clause that can't hold with those before it. It answers what all ask of each field, and false where
// there is such a clause, which is told.
func (r *ruleLoader) together(before map[string]known, clauses []asked, what string) (map[string]known, bool) {
	all := map[string]known{}
	for path, k := range before {
		all[path] = k
	}
	for _, c := range clauses {
		for _, one := range c.asks {
			if one.impossible() {
				r.warnIn(c.at, one, what, "")
				return nil, false
			}
			was, is := all[one.path], all[one.path].and(one)
			if is.empty() {
				where := ""
				if was.line != c.at.Line && was.line > 0 {
					where = fmt.Sprintf(" by line %d", was.line)
				}
				r.warnIn(c.at, one, fmt.Sprintf("%s: %s would have to be %s%s and %s", what, one.path, was, where, known{in: one.in, not: one.not}), "")
				return nil, false
			}
			is.line = c.at.Line
			all[one.path] = is
		}
	}
	return all, true
}

func (k known) and(a ask) known {
	out := known{in: k.in, not: slices.Concat(k.not, a.not), closed: a.closed}
	switch {
	case a.in == nil:
	case k.in == nil:
		out.in = a.in
	default:
		out.in = []string{}
		for _, v := range k.in {
			if slices.Contains(a.in, v) {
				out.in = append(out.in, v)
			}
		}
	}
	return out
}

// empty says whether no value is left.
func (k known) empty() bool {
	values := k.in
	if values == nil {
		values = k.closed
	}
	return (k.in != nil || len(k.closed) > 0) && !slices.ContainsFunc(values, func(v string) bool { return !slices.Contains(k.not, v) })
}

// String is like `"a" or "b"`, or `not "a"`.
func (k known) String() string {
	switch {
	case k.in != nil:
		left := slices.DeleteFunc(slices.Clone(k.in), func(v string) bool { return slices.Contains(k.not, v) })
		return strings.Join(left, " or ")
	case len(k.not) == 1:
		return "not " + k.not[0]
	case k.not != nil:
		return "neither " + strings.Join(k.not, " nor ")
	}
	return "anything"
}

// warnIn is about a part of a clause.
func (r *ruleLoader) warnIn(n *yamlfile.Node, a ask, message, hint string) {
	before := len(r.diagnostics)
	r.refuseIn(n, finding{offset: a.offset, length: a.length, message: message, hint: hint})
	r.diagnostics[before].Severity = Warning
}

func (r *ruleLoader) tell(n *yamlfile.Node, s Severity, message, hint string) {
	before := len(r.diagnostics)
	r.refuse(n, message, hint)
	r.diagnostics[before].Severity = s
}

// unswept are Gerrit's events that no poll finds: only a stream or a webhook tells them.
var unswept = []string{"change-deleted", "private-state-changed"}

// adviseSweep tells of events of which one that is lost on its way is lost for good.
func (r *ruleLoader) adviseSweep(n *yamlfile.Node, t *Trigger) {
	switch {
	case t.Source == "pulse":
		r.tell(n, Note, fmt.Sprintf("not swept: a message of %s that is lost on its way is not made up for", t.Type), "")
	case t.Source == "gerrit" && slices.Contains(unswept, t.Type):
		r.tell(n, Note, fmt.Sprintf("not swept: %s is told by the server's stream or webhook alone, and not made up for", t.Type), "")
	}
}
