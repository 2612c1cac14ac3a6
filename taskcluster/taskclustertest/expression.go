package taskclustertest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"verdict/taskcluster/scopes"
)

// A scope expression whose parameters are filled in is a string, or allOf or
// anyOf of expressions.
type (
	allOf []any
	anyOf []any
)

// MarshalJSON writes the expression as the references do.
func (e allOf) MarshalJSON() ([]byte, error) { return json.Marshal(map[string]any{"AllOf": []any(e)}) }

// MarshalJSON writes the expression as the references do.
func (e anyOf) MarshalJSON() ([]byte, error) { return json.Marshal(map[string]any{"AnyOf": []any(e)}) }

// expression is one of a reference, which is all that is taken from package
// scopes: what it asks for is worked out here.
type expression scopes.Expression

// params are what an expression wants to know, each once.
func (e *expression) params() []string {
	var names []string
	switch {
	case e.For != "":
		names = append(names, e.In)
		names = append(names, without((*expression)(e.Each).params(), []string{e.For})...)
	case e.If != "":
		names = append(names, e.If)
		for _, branch := range []*scopes.Expression{e.Then, e.Else} {
			if branch != nil {
				names = append(names, (*expression)(branch).params()...)
			}
		}
	default:
		for _, found := range routeParam.FindAllStringSubmatch(e.Scope, -1) {
			names = append(names, found[1])
		}
		for _, part := range slices.Concat(e.AllOf, e.AnyOf) {
			names = append(names, (*expression)(&part).params()...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// render fills the parameters in. What it gives stands in the place of the
// expression: one, or as many as a list has items, or none.
func (e *expression) render(params map[string]any) []any {
	switch {
	case e.For != "":
		var all []any
		for _, item := range texts(params[e.In]) {
			inner := map[string]any{e.For: item}
			for name, value := range params {
				if name != e.For {
					inner[name] = value
				}
			}
			all = append(all, (*expression)(e.Each).render(inner)...)
		}
		return all
	case e.If != "":
		branch := e.Else
		if holds, _ := params[e.If].(bool); holds {
			branch = e.Then
		}
		if branch == nil {
			return nil
		}
		return (*expression)(branch).render(params)
	case e.AllOf != nil:
		return []any{allOf(renderEach(e.AllOf, params))}
	case e.AnyOf != nil:
		return []any{anyOf(renderEach(e.AnyOf, params))}
	}
	return []any{routeParam.ReplaceAllStringFunc(e.Scope, func(param string) string {
		return text(params[strings.Trim(param, "<>")])
	})}
}

func renderEach(parts []scopes.Expression, params map[string]any) []any {
	all := []any{}
	for i := range parts {
		all = append(all, (*expression)(&parts[i]).render(params)...)
	}
	return all
}

// text is a parameter in a scope; one that isn't there is nothing.
func text(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

// texts is a parameter that is a list.
func texts(value any) []string {
	switch list := value.(type) {
	case []string:
		return list
	case []any:
		var all []string
		for _, item := range list {
			all = append(all, text(item))
		}
		return all
	}
	return nil
}

// missing is what of an expression the scopes don't satisfy; nil: they do.
func missing(scopes []string, expression any) any {
	switch e := expression.(type) {
	case string:
		if satisfied(scopes, e) {
			return nil
		}
		return e
	case anyOf:
		var parts []any
		for _, part := range e {
			m := missing(scopes, part)
			if m == nil {
				return nil
			}
			parts = append(parts, m)
		}
		return anyOf(parts)
	case allOf:
		var parts []any
		for _, part := range e {
			if m := missing(scopes, part); m != nil {
				parts = append(parts, m)
			}
		}
		switch len(parts) {
		case 0:
			return nil
		case 1:
			return parts[0]
		}
		return allOf(parts)
	}
	panic("not a scope expression")
}

func expressionText(expression any) string {
	if scope, ok := expression.(string); ok {
		return scope
	}
	text, err := json.MarshalIndent(expression, "", "  ")
	if err != nil {
		panic(err) // an expression is strings and lists
	}
	return string(text)
}
