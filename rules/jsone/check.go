package jsone

import (
	"fmt"
	"slices"
)

// Check is a function that a template may call beside the language's own, as NAME(value, literal). The literal stands in
// the template; it is looked at when that is compiled, with the call as written. The error says what is wrong with it.
type Check func(written string, literal any) (Checked, error)

// Checked is one call of a Check.
type Checked struct {
	// Call gives what becomes of a value. Its error ends the rendering, and comes out of it as it is.
	Call func(value any) (any, error)
	// Values are all that it gives, whatever the value; nil: there is no telling.
	Values []any
}

// CompileWith is Compile of a template that may call checks, by their names. In it no $let and no loop gives such a name
// another meaning where it is called.
func CompileWith(template any, checks map[string]Check) (*Template, error) {
	return compile(template, &compiler{checks: checks})
}

// checkedCall is a call of a Check.
type checkedCall struct {
	of      expr
	written string
	Checked
}

// checked reads what follows the name of a Check.
func (p *parser) checked(name string, start int) (expr, error) {
	arguments, err := p.several("(", ")")
	if err != nil {
		return nil, err
	}
	fault := func(message string) error {
		return &Error{Kind: BuiltinError, Message: name + "() " + message, Offset: start}
	}
	if len(arguments) != 2 {
		return nil, fault("takes two things: a value, and what it may be")
	}
	value, ok := written(arguments[1])
	if !ok {
		return nil, fault("lets through what is written out, no value of an event")
	}
	call := checkedCall{of: arguments[0], written: p.source[start:p.before]}
	if call.Checked, err = p.checks[name](call.written, value); err != nil {
		return nil, fault(err.Error())
	}
	return call, nil
}

// written is the value of a literal, or of a list of them.
func written(e expr) (any, bool) {
	switch e := e.(type) {
	case literal:
		return e.value, true
	case listExpr:
		list := make([]any, len(e))
		for i, item := range e {
			one, ok := item.(literal)
			if !ok {
				return nil, false
			}
			list[i] = one.value
		}
		return list, true
	}
	return nil, false
}

func (e checkedCall) eval(r *run, s *scope) (any, error) {
	v, err := e.of.eval(r, s)
	if r.foresight != nil && (err == errUnknown || err == nil && holdsUnknown(v)) {
		return r.oneOf(s, e)
	}
	if err != nil {
		return nil, err
	}
	if text, ok := v.(string); ok {
		if err := r.read(len(text)); err != nil {
			return nil, err
		}
	}
	if v, err = e.Call(v); err != nil {
		return nil, err
	}
	return plain(v), r.step(1)
}

// oneOf takes, for a value that isn't known, each that may come of it in turn. The same value comes to the same on one
// way.
func (r *run) oneOf(s *scope, e checkedCall) (any, error) {
	if len(e.Values) == 0 {
		return nil, errUnknown
	}
	key := r.circumstances(s, e)
	i := slices.IndexFunc(e.Values, func(v any) bool { return r.foresight.taken[taking(key, v)] })
	if i < 0 {
		i = r.foresight.fork(len(e.Values))
		for n, v := range e.Values {
			r.foresight.taken[taking(key, v)] = n == i
		}
	}
	return e.Values[i], r.step(1)
}

func taking(key string, v any) string { return fmt.Sprintf("%s is %#v", key, v) }

// circumstances tell an expression from others: what is written, and the template's own names in it as they are now.
func (r *run) circumstances(s *scope, e expr) string {
	key := fmt.Sprintf("%+v", e)
	mentioned(e, func(name string) {
		if v, ok := s.own(name); ok {
			key += fmt.Sprintf(" %s=%v", name, v)
		}
	})
	return key
}
