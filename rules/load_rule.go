package rules

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"

	"verdict/rules/yamlfile"
)

type ruleForm struct {
	Name        string         `yaml:"name,required"`
	Description string         `yaml:"description"`
	Mode        *yamlfile.Node `yaml:"mode"`
	On          *yamlfile.Node `yaml:"on,required"`
	Let         *yamlfile.Node `yaml:"let"`
	When        *yamlfile.Node `yaml:"when"`
	Do          *yamlfile.Node `yaml:"do,required"`
	Was         *yamlfile.Node `yaml:"was"`
	Once        *yamlfile.Node `yaml:"once"`
}

// let is a named expression.
type let struct {
	name string
	condition
}

// ruleLoader reads one rule.
type ruleLoader struct {
	*fileLoader
	rule *Rule
	// there are the fields that `when` guards: they may be named in `while` and below `do`.
	there []string
	// asked is what the clauses of `when` ask of fields, whiles what those of `while` do.
	asked, whiles []asked
}

// rule reads a rule; nil where there is too little to go on with.
func (f *fileLoader) rule(n *yamlfile.Node) *Rule {
	var form ruleForm
	problems := yamlfile.Decode(n, &form)
	f.problems(problems)
	if n.Kind != yamlfile.Mapping {
		return nil
	}
	r := &ruleLoader{fileLoader: f, rule: &Rule{
		Team: f.team.Name, Name: form.Name, Description: form.Description, File: f.name, Line: n.Line, Mode: Live,
	}}
	if name := n.Get("name"); name != nil && !isName(form.Name) {
		f.refuse(name, fmt.Sprintf("%q can't name a rule", form.Name), "letters, digits, -, _ and .")
	}
	r.was(form.Was)
	r.mode(form.Mode)
	r.on(form.On)
	r.let(form.Let)
	r.when(form.When)
	r.do(form.Do)
	r.ruleOnce(form.Once)
	r.gather()
	if f.in.Advise && r.rule.Mode != Off {
		r.advise(form.On)
	}
	return r.rule
}

// event is the type of the rule's `event`.
func (r *ruleLoader) event() string {
	if typ := eventType(r.rule.On); typ != dyn {
		return typ
	}
	return r.in.Messages.event(r.rule.On, r.in.ExchangePrefix)
}

func (r *ruleLoader) mode(n *yamlfile.Node) {
	if n == nil {
		return
	}
	modes := []string{string(Live), string(Shadow), string(Off)}
	if !slices.Contains(modes, n.Text) || n.Kind == yamlfile.Mapping || n.Kind == yamlfile.Sequence {
		r.refuse(n, fmt.Sprintf("no mode %q", n.Text), "live, shadow or off")
		return
	}
	r.rule.Mode = Mode(n.Text)
}

func (r *ruleLoader) let(n *yamlfile.Node) {
	if n == nil {
		return
	}
	if n.Kind != yamlfile.Mapping {
		r.refuse(n, "let is a mapping of names to CEL", "")
		return
	}
	for _, e := range n.Entries {
		name := e.Key.Text
		if !isIdentifier(name) || fieldNamed(facts, name) != nil {
			r.refuse(e.Key, fmt.Sprintf("%q can't be the name of a let", name), "a word of letters and digits that isn't a fact's")
			continue
		}
		c, _, ok := r.condition(e.Value, nil)
		if ok {
			r.rule.lets = append(r.rule.lets, let{name: name, condition: c})
		}
	}
}

func isIdentifier(s string) bool {
	for i, c := range s {
		if !(c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || i > 0 && c >= '0' && c <= '9') {
			return false
		}
	}
	return s != "" && !slices.Contains([]string{"true", "false", "null", "in", "as", "now", "event"}, s)
}

func (r *ruleLoader) when(n *yamlfile.Node) {
	if n == nil {
		return
	}
	if n.Kind != yamlfile.Sequence {
		r.refuse(n, "when is a list of clauses", "begin each with - and put it in single quotes")
		return
	}
	for _, item := range n.Items {
		c, compiled, ok := r.clause(item)
		if !ok {
			continue
		}
		r.rule.when = append(r.rule.when, c)
		r.there = append(r.there, compiled.provides...)
		r.asked = append(r.asked, asked{item, compiled.asks})
		for i := range r.rule.On {
			r.rule.On[i].lift(len(r.rule.when)-1, compiled.tests)
		}
	}
}

// clause is a condition that is true or false.
func (r *ruleLoader) clause(n *yamlfile.Node) (condition, *compiled, bool) {
	c, compiled, ok := r.condition(n, r.there)
	if ok && !c.isBool() {
		r.refuse(n, fmt.Sprintf("a clause is true or false, this is %s", article(c.result)), "compare it with something")
		return c, nil, false
	}
	return c, compiled, ok
}

func article(t *types.Type) string {
	text := strings.ReplaceAll(t.String(), typePrefix, "")
	if strings.ContainsAny(text[:1], "aeiou") {
		return "an " + text
	}
	return "a " + text
}

// condition compiles one text of CEL, in which the fields that are there need no guard.
func (r *ruleLoader) condition(n *yamlfile.Node, there []string) (condition, *compiled, bool) {
	if !r.isText(n) {
		return condition{}, nil, false
	}
	text := strings.TrimRight(n.Text, " \n")
	c := r.compiler.compile(text, scope{event: r.event(), lets: r.rule.lets})
	for _, bad := range c.findings {
		r.refuseIn(n, bad)
	}
	ok := len(c.findings) == 0
	for _, need := range c.requires {
		if slices.Contains(there, need.path) {
			continue
		}
		ok = false
		r.refuseIn(n, finding{offset: need.offset, length: need.length, message: strings.TrimPrefix(need.path, "?.") + " may be absent, " + need.absent, hint: guardHint(need.path)})
	}
	for _, use := range c.uses {
		if why := r.unavailable(use.path); why != "" {
			ok = false
			r.refuseIn(n, finding{offset: use.offset, length: use.length, message: why})
		}
	}
	for _, bad := range r.artifacts(c.fetches) {
		ok = false
		r.refuseIn(n, bad)
	}
	return condition{text: strings.TrimSpace(text), line: n.Line, expression: c.expression}, c, ok
}

func guardHint(p string) string {
	at := strings.LastIndexByte(p, '.')
	if field, computed := strings.CutPrefix(p, "?."); computed {
		return fmt.Sprintf("ask for it with .?%s.orValue(…)", field)
	}
	return fmt.Sprintf("guard it: has(%s) && …, or %s.?%s.orValue(…)", p, p[:at], p[at+1:])
}

// isText refuses what YAML made of a clause that wasn't quoted.
func (r *ruleLoader) isText(n *yamlfile.Node) bool {
	quoted := "put it in single quotes: '" + strings.ReplaceAll(n.Rest(), "'", "''") + "'"
	switch {
	case n.Kind == yamlfile.Mapping && n.Style == yamlfile.Plain && len(n.Entries) > 0:
		r.refuse(n, "YAML made a mapping of this clause, since it holds ': '", quoted)
	case n.Kind == yamlfile.Mapping || n.Kind == yamlfile.Sequence:
		r.refuse(n, "a text of CEL is wanted here, not "+n.Kind.String(), quoted)
	case n.Kind == yamlfile.Null || strings.TrimSpace(n.Text) == "":
		r.refuse(n, "an empty clause", "write it, or take the line away")
	case n.CutByComment():
		if strings.Count(n.Text, `"`)%2 == 0 && strings.Count(n.Text, "'")%2 == 0 { // to CEL, # is nothing but part of a text
			behind, _ := strings.CutPrefix(n.Rest(), n.Text)
			quoted = "put it in single quotes: '" + strings.ReplaceAll(n.Text, "'", "''") + "'" + behind
		}
		r.refuse(n, "the clause is cut short: to YAML, what follows ' #' is a comment", quoted)
	default:
		return true
	}
	return false
}

// gather sums up what the rule names.
func (r *ruleLoader) gather() {
	need := func(names []string) {
		for _, name := range names {
			if name != "event" && name != "now" {
				r.rule.needs = appendNew(r.rule.needs, name)
			}
		}
	}
	for _, t := range r.rule.On {
		if len(t.Files) > 0 {
			need([]string{"files"})
		}
	}
	for _, l := range r.rule.lets {
		need(l.needs())
	}
	for _, c := range r.rule.when {
		need(c.needs())
	}
	for _, a := range r.rule.do {
		if a.while != nil {
			need(a.while.needs())
		}
		if a.report != nil {
			need([]string{"group"})
		}
		for _, t := range a.templates() {
			need(t.needs())
		}
		if a.from != "" {
			need([]string{"change", "patchset", TaskFileFact + a.from})
		}
	}
	slices.Sort(r.rule.needs)
}

// groupsOfAccount is a part of a fact that takes a question of its own: it is needed only where it is named.
const groupsOfAccount = "account.groups"

// needs are the facts that an expression names. An account that it takes as a whole has its groups.
func (e *expression) needs() []string {
	whole := slices.Contains(e.facts, "account")
	for _, p := range e.paths {
		if p[0] == "account" && p[1] == "groups" {
			return append(slices.Clone(e.facts), groupsOfAccount)
		}
		whole = whole && p[0] != "account"
	}
	if whole {
		return append(slices.Clone(e.facts), groupsOfAccount)
	}
	return e.facts
}

func (t *template) needs() []string {
	for _, ref := range t.jsone.References() {
		if ref.Path[0] == "account" && (len(ref.Path) == 1 || ref.Path[1] == "groups") {
			return append(slices.Clone(t.facts), groupsOfAccount)
		}
	}
	return t.facts
}
