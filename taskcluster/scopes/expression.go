package scopes

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
)

// Expression says which scopes a method needs, in the form that references have.
// Exactly one of its forms is set: Scope; AllOf; AnyOf; For with In and Each; If
// with Then and perhaps Else. An empty AllOf, which is a list of none and not
// nil, needs nothing; an empty AnyOf is never satisfied.
type Expression struct {
	Scope string       // a scope in which <name> stands for a parameter
	AllOf []Expression // each of them
	AnyOf []Expression // one of them

	// For is the name that each value of the list parameter In has within Each.
	// What comes of it stands in the place of the expression in its AllOf or AnyOf.
	For, In string
	Each    *Expression

	// If names a parameter that is true or false. Without Else, what is false
	// asks for nothing, and is no alternative of an AnyOf.
	If         string
	Then, Else *Expression
}

// Params are the values of an expression's parameters by name: a string, a
// []string for what a For goes through, a bool for an If.
type Params map[string]any

// ParamError is a parameter that an expression names and that has no value.
type ParamError struct {
	Param string
	// Reason is why, where that is known.
	Reason string
}

func (e *ParamError) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("parameter %s has no value", e.Param)
	}
	return fmt.Sprintf("parameter %s has no value: %s", e.Param, e.Reason)
}

// Satisfied reports whether have satisfies the expression. An alternative of an
// AnyOf whose parameters aren't all known doesn't matter if have satisfies
// another; else the error is a *ParamError.
func (e *Expression) Satisfied(have []string, params Params) (bool, error) {
	need, err := e.render(params)
	if err != nil {
		return false, err
	}
	if absent := need.unknown(have); absent != nil {
		return false, absent
	}
	return need.satisfied(have), nil
}

// Params are the names of the expression's parameters, each once, in the order
// of their first use.
func (e *Expression) Params() []string {
	var names []string
	e.eachParam(nil, func(name string, _ paramType) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	})
	return names
}

// paramType is what an expression takes a parameter for.
type paramType int

const (
	isText paramType = iota
	isList
	isBool
)

// paramTypes are the types of the parameters. A name that has two keeps its
// first, and rendering fails.
func (e *Expression) paramTypes() map[string]paramType {
	types := map[string]paramType{}
	e.eachParam(nil, func(name string, t paramType) {
		if _, ok := types[name]; !ok {
			types[name] = t
		}
	})
	return types
}

var param = regexp.MustCompile(`<([a-zA-Z][a-zA-Z0-9_]*)>`)

// eachParam goes through the parameters; bound are the names that a For around
// the expression gives values.
func (e *Expression) eachParam(bound []string, see func(string, paramType)) {
	if e == nil {
		return
	}
	for _, found := range param.FindAllStringSubmatch(e.Scope, -1) {
		if !slices.Contains(bound, found[1]) {
			see(found[1], isText)
		}
	}
	for i := range e.AllOf {
		e.AllOf[i].eachParam(bound, see)
	}
	for i := range e.AnyOf {
		e.AnyOf[i].eachParam(bound, see)
	}
	if e.Each != nil {
		see(e.In, isList)
		e.Each.eachParam(append(slices.Clone(bound), e.For), see)
	}
	if e.If != "" {
		see(e.If, isBool)
	}
	e.Then.eachParam(bound, see)
	e.Else.eachParam(bound, see)
}

var errForm = errors.New("a scope expression has exactly one of: a scope, AllOf, AnyOf, for with in and each, if with then")

// form is the one form of e that is set.
func (e *Expression) form() (string, error) {
	var found []string
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"scope", e.Scope != ""},
		{"AllOf", e.AllOf != nil},
		{"AnyOf", e.AnyOf != nil},
		{"for", e.For != "" && e.In != "" && e.Each != nil},
		{"if", e.If != "" && e.Then != nil},
	} {
		if f.set {
			found = append(found, f.name)
		}
	}
	if len(found) != 1 {
		return "", errForm
	}
	return found[0], nil
}
