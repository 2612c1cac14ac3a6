package taskclustertest

import (
	"encoding/json"
	"slices"
	"strings"
)

// A scope expression is a string, or allOf or anyOf of expressions, as in the
// services' references.
type (
	allOf []any
	anyOf []any
)

// MarshalJSON writes the expression as the references do.
func (e allOf) MarshalJSON() ([]byte, error) { return json.Marshal(map[string]any{"AllOf": []any(e)}) }

// MarshalJSON writes the expression as the references do.
func (e anyOf) MarshalJSON() ([]byte, error) { return json.Marshal(map[string]any{"AnyOf": []any(e)}) }

// without is what of an expression scopes don't satisfy; nil: they do.
func without(scopes []string, expression any) any {
	switch e := expression.(type) {
	case string:
		if satisfied(scopes, e) {
			return nil
		}
		return e
	case anyOf:
		for _, part := range e {
			if without(scopes, part) == nil {
				return nil
			}
		}
		return single(e, func(parts []any) any { return anyOf(parts) })
	case allOf:
		var missing []any
		for _, part := range e {
			if m := without(scopes, part); m != nil {
				missing = append(missing, m)
			}
		}
		if missing == nil {
			return nil
		}
		return single(missing, func(parts []any) any { return allOf(parts) })
	}
	panic("not a scope expression")
}

// single drops the list around a lone expression.
func single(parts []any, wrap func([]any) any) any {
	if len(parts) == 1 {
		return parts[0]
	}
	return wrap(parts)
}

func satisfied(scopes []string, need string) bool {
	return slices.ContainsFunc(scopes, func(have string) bool {
		if strings.HasSuffix(have, "*") {
			return strings.HasPrefix(need, have[:len(have)-1])
		}
		return have == need
	})
}

// expand adds what roles give. Every caller has the role anonymous.
func (s *Server) expand(scopes []string) []string {
	all := append(slices.Clone(scopes), "assume:anonymous")
	for i := 0; i < len(all); i++ {
		for role, given := range s.roles {
			if !assumes(all[i], role) {
				continue
			}
			for _, scope := range given {
				if !slices.Contains(all, scope) {
					all = append(all, scope)
				}
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// assumes reports whether a scope gives a role, whose name may end in * to mean
// all that begin with it.
func assumes(scope, role string) bool {
	if prefix, wild := strings.CutSuffix(scope, "*"); wild && strings.HasPrefix("assume:"+role, prefix) {
		return true
	}
	assumed, ok := strings.CutPrefix(scope, "assume:")
	if !ok {
		return false
	}
	if prefix, wild := strings.CutSuffix(role, "*"); wild {
		return strings.HasPrefix(assumed, prefix)
	}
	return assumed == role
}
