package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"
)

// evaluation is one rule looking at one event. It is the activation that CEL takes names from.
type evaluation struct {
	rule *Rule
	in   Input
	lets map[string]ref.Val
	// looked are the artifacts, once one was looked for.
	looked *artifacts
}

// ResolveName gives CEL the value of a name.
func (e *evaluation) ResolveName(name string) (any, bool) {
	if v, ok := e.lets[name]; ok {
		return v, true
	}
	if name == artifactMap {
		if e.looked == nil {
			e.looked = newArtifacts(e.in.Facts["artifacts"])
		}
		return e.looked, true
	}
	return e.fact(name)
}

// Parent is nil: all names are here.
func (e *evaluation) Parent() interpreter.Activation { return nil }

func (e *evaluation) fact(name string) (any, bool) {
	switch name {
	case "event":
		if e.in.Event == nil {
			return types.NullValue, true
		}
		return e.in.Event, true
	case "now":
		return e.in.Now, true
	}
	v, ok := e.in.Facts[name]
	return v, ok && v != nil
}

// Evaluate decides one event. A clause that doesn't hold ends it, and so does one that names a fact which the event
// doesn't have. What fails while it is worked out is an *EvalError. A *WantError asks for an artifact, to be called again
// with it.
func (r *Rule) Evaluate(in Input) (*Decision, error) {
	e := &evaluation{rule: r, in: in}
	d := &Decision{}
	if !e.files(d) {
		return d, nil
	}
	for _, c := range r.when {
		clause, held, err := e.clause(c)
		d.Clauses = append(d.Clauses, clause)
		if err != nil && e.want() == nil && !errors.As(err, new(*refusal)) && e.denied(d) {
			return d, nil
		}
		if err != nil {
			return d.end(err)
		}
		if !held {
			d.Stopped = c.text
			return d, nil
		}
	}
	for i := range r.do {
		if err := e.act(&r.do[i], d); err != nil {
			return d.end(err)
		}
	}
	d.Matched = true
	return d, nil
}

// denied looks whether, after one clause could not be worked out, another is known to be false: between clauses, as
// within one, an error doesn't count then. So a rule comes to the same whether the index passes it over or not.
func (e *evaluation) denied(d *Decision) bool {
	if e.in.On >= len(e.rule.On) {
		return false
	}
	at, ok := e.rule.On[e.in.On].denied(Decoded{e.in.Event})
	if !ok {
		return false
	}
	if at == len(d.Clauses)-1 { // its other part is what could not be worked out
		d.Clauses = d.Clauses[:at]
	}
	d.Clauses = append(d.Clauses, e.isFalse(at))
	d.Stopped = e.rule.when[at].text
	return true
}

// isFalse is the line of a clause that is known to be false.
func (e *evaluation) isFalse(at int) Clause {
	c := e.rule.when[at]
	return Clause{Text: c.text, Line: c.line, Value: "false", Children: e.fields(c)}
}

// end is a decision that could not be made: for want of a fact, or by a text that isn't let through, which are answers,
// or by an error.
func (d *Decision) end(err error) (*Decision, error) {
	d.Actions, d.Opinions = nil, nil
	var missing *missingFact
	if errors.As(err, &missing) {
		d.Stopped = missing.Error()
		return d, nil
	}
	var no *refusal
	if errors.As(err, &no) {
		d.Stopped = no.at
		if !slices.ContainsFunc(d.Clauses, func(c Clause) bool { return c.Value == no.why }) {
			d.Clauses = append(d.Clauses, Clause{Text: no.at, Line: no.line, Value: no.why})
		}
		return d, nil
	}
	return d, err
}

// missingFact says that the event hasn't got a fact that a rule names.
type missingFact struct{ name string }

func (m *missingFact) Error() string { return "the event has no " + m.name }

// files asks whether a file of the patchset fits on.files.
func (e *evaluation) files(d *Decision) bool {
	if e.in.On >= len(e.rule.On) || len(e.rule.On[e.in.On].files) == 0 {
		return true
	}
	t := &e.rule.On[e.in.On]
	list, _ := e.in.Facts["files"].([]any)
	for _, f := range list {
		if name, ok := f.(string); ok && anyMatch(t.files, name) {
			return true
		}
	}
	d.Stopped = "on.files"
	d.Clauses = append(d.Clauses, Clause{Text: "on.files", Line: t.Line, Value: fmt.Sprintf("none of %d files fits %s", len(list), strings.Join(t.Files, ", "))})
	return false
}

func (e *evaluation) clause(c condition) (Clause, bool, error) {
	out := Clause{Text: c.text, Line: c.line, Children: e.fields(c)}
	v, err := e.value(c)
	var no *refusal
	if errors.As(err, &no) {
		out.Value = no.why
		return out, false, err
	}
	if err != nil {
		out.Error = err.Error()
		return out, false, err
	}
	held, ok := v.(types.Bool)
	if !ok {
		err := e.failed(c, fmt.Errorf("it came to a %s, not to true or false", v.Type().TypeName()))
		out.Error = err.Error()
		return out, false, err
	}
	out.Held = bool(held)
	out.Value = fmt.Sprint(out.Held)
	return out, out.Held, nil
}

// value works out a condition, and before it the lets that it names.
func (e *evaluation) value(c condition) (ref.Val, error) {
	for _, name := range c.facts {
		if _, ok := e.fact(name); !ok {
			return nil, &missingFact{name}
		}
	}
	for _, name := range c.lets {
		if _, err := e.let(name); err != nil {
			return nil, err
		}
	}
	program, err := c.ready.of(c.expression)
	if err != nil {
		return nil, e.failed(c, err)
	}
	v, _, err := program.Eval(e)
	if want := e.want(); want != nil {
		return nil, want
	}
	var no *refusal
	if errors.As(err, &no) {
		return nil, &refusal{at: c.text, line: c.line, why: no.why}
	}
	if err != nil {
		return nil, e.failed(c, err)
	}
	return v, nil
}

func (e *evaluation) let(name string) (ref.Val, error) {
	if v, ok := e.lets[name]; ok {
		return v, nil
	}
	for _, l := range e.rule.lets {
		if l.name != name {
			continue
		}
		v, err := e.value(l.condition)
		if err != nil {
			return nil, err
		}
		if e.lets == nil {
			e.lets = map[string]ref.Val{}
		}
		e.lets[name] = v
		return v, nil
	}
	return nil, fmt.Errorf("no let is called %q", name) // the loader has refused it
}

// failed is an error of CEL's, with the field that it is about where it tells one.
func (e *evaluation) failed(c condition, err error) error {
	out := &EvalError{Team: e.rule.Team, Rule: e.rule.Name, Clause: c.text, File: e.rule.File, Line: c.line, Err: err}
	text := err.Error()
	if strings.Contains(text, "cost limit exceeded") {
		out.Err = errors.New("it takes too much work: a loop inside a loop, or a very long list")
		return out
	}
	if field, ok := strings.CutPrefix(text, "no such key: "); ok {
		out.Field = field
		out.Err = fmt.Errorf("%s is not there; guard it with has()", field)
	} else if errors.Is(err, errAbsent) {
		out.Field, _, _ = strings.Cut(text, ":")
	}
	return out
}
