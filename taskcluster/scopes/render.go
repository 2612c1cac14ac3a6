package scopes

import (
	"errors"
	"fmt"
	"maps"
)

// need is an expression with its parameters filled in: a scope, or all or any of
// several.
type need struct {
	scope string
	all   []need // not nil: all of these
	any   []need // not nil: any of these
	// left are the alternatives of any that can't be filled in.
	left []*ParamError
}

// render fills in the parameters.
func (e *Expression) render(params Params) (need, error) {
	parts, err := e.parts(params)
	if err != nil {
		return need{}, err
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return need{all: parts}, nil
}

// parts are what stands in the place of e: many of a For, none of an If that is
// false, else one. They are not nil.
func (e *Expression) parts(params Params) ([]need, error) {
	form, err := e.form()
	if err != nil {
		return nil, err
	}
	switch form {
	case "for":
		return e.forEach(params)
	case "if":
		return e.ifThen(params)
	}
	one, err := e.one(form, params)
	if err != nil {
		return nil, err
	}
	return []need{one}, nil
}

func (e *Expression) one(form string, params Params) (need, error) {
	switch form {
	case "AllOf":
		all, err := allOf(e.AllOf, params)
		return need{all: all}, err
	case "AnyOf":
		return anyOf(e.AnyOf, params)
	}
	scope, err := fill(e.Scope, params)
	return need{scope: scope}, err
}

func allOf(expressions []Expression, params Params) ([]need, error) {
	all := []need{}
	for i := range expressions {
		parts, err := expressions[i].parts(params)
		if err != nil {
			return nil, err
		}
		all = append(all, parts...)
	}
	return all, nil
}

func anyOf(expressions []Expression, params Params) (need, error) {
	n := need{any: []need{}}
	for i := range expressions {
		parts, err := expressions[i].parts(params)
		var absent *ParamError
		switch {
		case errors.As(err, &absent):
			n.left = append(n.left, absent)
		case err != nil:
			return need{}, err
		}
		n.any = append(n.any, parts...)
	}
	return n, nil
}

func (e *Expression) forEach(params Params) ([]need, error) {
	list, err := value[[]string](params, e.In, "a list")
	if err != nil {
		return nil, err
	}
	inner := maps.Clone(params)
	all := []need{}
	for _, v := range list {
		inner[e.For] = v
		parts, err := e.Each.parts(inner)
		if err != nil {
			return nil, err
		}
		all = append(all, parts...)
	}
	return all, nil
}

func (e *Expression) ifThen(params Params) ([]need, error) {
	yes, err := value[bool](params, e.If, "true or false")
	if err != nil {
		return nil, err
	}
	if yes {
		return e.Then.parts(params)
	}
	if e.Else == nil {
		return []need{}, nil
	}
	return e.Else.parts(params)
}

// fill puts values in the place of their names.
func fill(scope string, params Params) (string, error) {
	var failed error
	filled := param.ReplaceAllStringFunc(scope, func(name string) string {
		text, err := value[string](params, name[1:len(name)-1], "a text")
		if err != nil && failed == nil {
			failed = err
		}
		return text
	})
	return filled, failed
}

func value[T any](params Params, name, kind string) (T, error) {
	var none T
	found, ok := params[name]
	if !ok {
		return none, &ParamError{Param: name}
	}
	v, ok := found.(T)
	if !ok {
		return none, fmt.Errorf("parameter %s is not %s", name, kind)
	}
	return v, nil
}

func (n need) satisfied(have []string) bool {
	switch {
	case n.any != nil:
		for _, part := range n.any {
			if part.satisfied(have) {
				return true
			}
		}
		return false
	case n.all != nil:
		for _, part := range n.all {
			if !part.satisfied(have) {
				return false
			}
		}
		return true
	}
	return Allows(have, n.scope)
}

// unknown is a parameter that a part of n lacks which have doesn't satisfy; nil:
// there is none.
func (n need) unknown(have []string) *ParamError {
	if n.satisfied(have) {
		return nil
	}
	for _, parts := range [][]need{n.all, n.any} {
		for _, part := range parts {
			if absent := part.unknown(have); absent != nil {
				return absent
			}
		}
	}
	if len(n.left) > 0 {
		return n.left[0]
	}
	return nil
}
