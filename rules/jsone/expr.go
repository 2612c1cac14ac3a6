package jsone

import "unicode/utf8"

// expr is a compiled expression. Its value may be the context's own, so nobody changes it.
type expr interface {
	eval(r *run, s *scope) (any, error)
}

type literal struct{ value any }

func (e literal) eval(r *run, _ *scope) (any, error) { return e.value, r.step(1) }

type variable struct{ name string }

func (e variable) eval(r *run, s *scope) (any, error) {
	if r.foresight != nil && r.fromContext(s, e.name) {
		return nil, errUnknown
	}
	if v, ok := r.lookup(s, e.name); ok {
		if v, err := r.known(v); err != nil {
			return v, err
		}
		return v, r.step(1)
	}
	return nil, interpreterError("unknown context value %s", e.name)
}

type listExpr []expr

func (e listExpr) eval(r *run, s *scope) (any, error) {
	list := make([]any, len(e))
	for i, item := range e {
		v, err := item.eval(r, s)
		if err != nil {
			return nil, err
		}
		list[i] = v
	}
	return list, r.step(1)
}

type objectExpr []pair

type pair struct {
	key   string
	value expr
}

func (e objectExpr) eval(r *run, s *scope) (any, error) {
	m := make(map[string]any, len(e))
	for _, p := range e {
		v, err := p.value.eval(r, s)
		if err != nil {
			return nil, err
		}
		m[p.key] = v
	}
	return m, r.step(1)
}

// member is of.name, where the name has to be there.
type member struct {
	of   expr
	name string
}

func (e member) eval(r *run, s *scope) (any, error) {
	if r.foresight != nil {
		if v, ok := r.follow(s, e); ok {
			return r.known(v)
		}
	}
	of, err := e.of.eval(r, s)
	if err != nil {
		return nil, err
	}
	m, ok := of.(map[string]any)
	if !ok {
		return nil, interpreterError("infix: . expects objects")
	}
	v, ok := m[e.name]
	if !ok {
		return nil, interpreterError("object has no property %q", e.name)
	}
	return plain(v), r.step(1)
}

// index is of[at]. A list counts from its end where at is negative; a key that isn't there gives null.
type index struct{ of, at expr }

func (e index) eval(r *run, s *scope) (any, error) {
	of, err := e.of.eval(r, s)
	if err != nil {
		return nil, err
	}
	at, err := e.at.eval(r, s)
	if err != nil {
		return nil, err
	}
	switch of := of.(type) {
	case map[string]any:
		key, ok := at.(string)
		if !ok {
			return nil, interpreterError("object keys must be strings")
		}
		return plain(of[key]), r.step(1)
	case []any:
		i, err := position(at, len(of))
		if err != nil {
			return nil, err
		}
		return plain(of[i]), r.step(1)
	case string:
		i, err := position(at, utf8.RuneCountInString(of))
		if err != nil {
			return nil, err
		}
		return part(of, i, i+1), r.read(len(of))
	}
	return nil, interpreterError(`infix: "[..]" expects object, array, or string`)
}

func position(at any, length int) (int, error) {
	i, ok := integer(at)
	if !ok {
		return 0, interpreterError("should only use integers to access arrays or strings")
	}
	if i < 0 {
		i += int64(length)
	}
	if i < 0 || i >= int64(length) {
		return 0, interpreterError("index out of bounds")
	}
	return int(i), nil
}

// slice is of[from:to] of a list, or of a text by its characters; what is beyond the ends isn't there.
type slice struct{ of, from, to expr }

func (e slice) eval(r *run, s *scope) (any, error) {
	of, err := e.of.eval(r, s)
	if err != nil {
		return nil, err
	}
	var length int
	switch of := of.(type) {
	case []any:
		length = len(of)
	case string:
		length = utf8.RuneCountInString(of)
	default:
		return nil, interpreterError(`infix: "[..]" expects object, array, or string`)
	}
	from, err := bound(r, s, e.from, 0, length)
	if err != nil {
		return nil, err
	}
	to, err := bound(r, s, e.to, length, length)
	if err != nil {
		return nil, err
	}
	from = min(from, to)
	if list, ok := of.([]any); ok {
		return list[from:to:to], r.step(1)
	}
	return part(of.(string), from, to), r.read(length)
}

// bound is a slice's end, moved to where the value is.
func bound(r *run, s *scope, e expr, absent, length int) (int, error) {
	if e == nil {
		return absent, nil
	}
	v, err := e.eval(r, s)
	if err != nil {
		return 0, err
	}
	i, ok := integer(v)
	if !ok {
		return 0, interpreterError("cannot perform interval access with non-integers")
	}
	if i < 0 {
		i += int64(length)
	}
	return int(min(max(i, 0), int64(length))), nil
}

// part cuts a text by characters.
func part(s string, from, to int) string {
	start, n := len(s), 0
	for i := range s {
		if n == from {
			start = i
		}
		if n == to {
			return s[start:i]
		}
		n++
	}
	return s[start:]
}

type call struct {
	function  expr
	arguments []expr
}

func (e call) eval(r *run, s *scope) (any, error) {
	v, err := e.function.eval(r, s)
	if err != nil {
		return nil, err
	}
	function, ok := v.(*builtin)
	if !ok {
		return nil, notCallable(v)
	}
	arguments := make([]any, len(e.arguments))
	for i, a := range e.arguments {
		if arguments[i], err = a.eval(r, s); err != nil {
			return nil, err
		}
	}
	if err := r.step(1); err != nil {
		return nil, err
	}
	return function.call(r, s, arguments)
}

func notCallable(v any) error {
	if s, ok := text(v); ok && len(s) <= 40 {
		return interpreterError("%s is not callable", s)
	}
	return interpreterError("a value of the type %s is not callable", typeOf(v))
}
