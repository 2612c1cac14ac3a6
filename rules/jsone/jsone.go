// Package jsone renders JSON-e, Taskcluster's language for templates: a value in which texts hold ${expressions}
// and mappings with a key such as $if or $map are computed.
//
// A template is compiled once, which finds what can be wrong with it before any event comes, and rendered many
// times. What it may use is handed in: a context and the time. It is held to the language's official
// specification, with one thing more: a sign before a property or a call, as in !task.ready, holds for all of it.
// The package knows nothing of rules and keeps nothing.
package jsone

import (
	"errors"
	"time"
)

// What a rendering may use. A template that is beyond it is refused with an error, so that a slip in a rule costs
// milliseconds.
const (
	// MaxDepth is how deep values and expressions may be nested.
	MaxDepth = 100
	// MaxSteps is how many values a rendering may compute or copy.
	MaxSteps = 200_000
	// MaxOutput is how many bytes of text a rendering may make, what it throws away included.
	MaxOutput = 4 << 20
	// MaxExpression is how many bytes an expression may have.
	MaxExpression = 10_000
)

// Template is a compiled template. It doesn't change, so goroutines may share it.
type Template struct {
	root       node
	references []Reference
}

// Compile checks a template and prepares it. The template is of nil, bool, numbers, string, []any and
// map[string]any; it is not kept. The error is an *Error, or several of them joined, in the order of their paths.
func Compile(template any) (*Template, error) {
	return compile(template, &compiler{})
}

func compile(template any, c *compiler) (*Template, error) {
	root := c.value(template)
	switch len(c.problems) {
	case 0:
		return &Template{root: root, references: c.references}, nil
	case 1:
		return nil, c.problems[0]
	default:
		return nil, errors.Join(c.problems...)
	}
}

// Render computes the template's value, which shares nothing with the context, so that the caller may change it.
// The context's values are as a template's; a time.Time reads as its timestamp, and every integer as int64. A
// number of the result that an expression made is an int64 where it is whole, else a float64. The error is an
// *Error, or that of a Check. now is what `now` and $fromNow mean where the context has no `now` of its own.
func (t *Template) Render(context map[string]any, now time.Time) (any, error) {
	for name := range context {
		if !isIdentifier(name) {
			return nil, &Error{Kind: TemplateError, Message: "top level keys of context must follow /[a-zA-Z_][a-zA-Z0-9_]*/"}
		}
	}
	r := &run{context: context, now: now, builtins: builtins}
	value, err := t.root.render(r, nil)
	if err != nil {
		return nil, err
	}
	if value == deleted {
		return nil, nil
	}
	if r.functions && holdsFunction(value) {
		return nil, uncalledFunctions()
	}
	return value, nil
}

// run is one rendering: what it may use and what it has used.
type run struct {
	context  map[string]any
	now      time.Time
	builtins map[string]*builtin
	steps    int
	output   int
	// functions is set when a function became a value, so that the result has to be searched for it.
	functions bool
	// foresight is set where there is no context yet.
	foresight *foresight
}

// step counts n values computed.
func (r *run) step(n int) error {
	if r.steps += n; r.steps > MaxSteps {
		return templateError("rendering takes more than %d steps", MaxSteps)
	}
	return nil
}

// read counts the reading of a text or list of this length.
func (r *run) read(length int) error { return r.step(length / 64) }

// write counts n bytes of text made.
func (r *run) write(n int) error {
	if r.output += n; r.output > MaxOutput {
		return templateError("rendering makes more than %d bytes", MaxOutput)
	}
	return nil
}

// scope is what $let, or a loop's variables, add to the context.
type scope struct {
	parent *scope
	vars   map[string]any
	// names and values are a loop's variables, without a map for each turn.
	names  []string
	values [3]any
}

// lookup finds a name's value: the innermost of that name, the context's, or `now`.
func (r *run) lookup(s *scope, name string) (any, bool) {
	for ; s != nil; s = s.parent {
		for i, n := range s.names {
			if n == name {
				return plain(s.values[i]), true
			}
		}
		if v, ok := s.vars[name]; ok {
			return plain(v), true
		}
	}
	if v, ok := r.context[name]; ok {
		return plain(v), true
	}
	if name == "now" {
		return timestamp(r.now), true
	}
	if f, ok := r.builtins[name]; ok {
		return f, true
	}
	return nil, false
}
