package main

import (
	"fmt"
	"slices"

	"verdict/taskcluster/codegenerator/model"
	"verdict/taskcluster/scopes"
)

// checkDerived refuses a method some parameter of whose scopes a caller of today
// couldn't tell: it is in neither the route, the query nor the payload, and has
// no entry in derived. A text at the top of the payload that may be left out
// needs an entry too, with what it then is. payload is nil for none.
func checkDerived(m *scopes.Method, payload *model.Type) error {
	if m.Scopes == nil {
		return nil
	}
	named := m.Scopes.Params()
	for _, d := range m.Derived {
		if !slices.Contains(named, d.Param) {
			return fmt.Errorf("%s.%s: derived.go has an entry for %s, which its scopes don't name", m.Service, m.Name, d.Param)
		}
	}
	for _, name := range named {
		isEntry := func(d scopes.Derived) bool { return d.Param == name }
		if slices.Contains(m.Args, name) || slices.Contains(m.Query, name) || slices.ContainsFunc(m.Derived, isEntry) {
			continue
		}
		field, ok := fieldOf(payload, name)
		switch {
		case !ok:
			return fmt.Errorf("%s.%s: its scopes name %s, which is in neither its route, its query nor its payload: say in derived.go where it comes from", m.Service, m.Name, name)
		case !field.Required && field.Type.Kind != model.List:
			return fmt.Errorf("%s.%s: its scopes name %s, which a payload may leave out: say in derived.go what it is then", m.Service, m.Name, name)
		}
	}
	return nil
}

// fieldOf is a field at the top of a payload; of a payload with variants, one
// that all of them have.
func fieldOf(t *model.Type, name string) (model.Field, bool) {
	if t == nil {
		return model.Field{}, false
	}
	if t.Kind == model.Union {
		var field model.Field
		for i, variant := range t.Variants {
			f, ok := fieldOf(variant, name)
			if !ok {
				return f, false
			}
			if i == 0 || !f.Required {
				field = f
			}
		}
		return field, len(t.Variants) > 0
	}
	i := slices.IndexFunc(t.Fields, func(f model.Field) bool { return f.Name == name })
	if i < 0 {
		return model.Field{}, false
	}
	return t.Fields[i], true
}
