package scopes

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
)

// Request is one concrete call of a method.
type Request struct {
	Args    map[string]string // the route's arguments, not escaped
	Query   url.Values
	Payload json.RawMessage // as it is sent; nil: none
	// Known are the answers of Lookups, by origin.
	Known map[Origin]json.RawMessage
	// Params are parameters that the caller knows by itself. They win: names for
	// getArtifact, say, where the artifact is a link to others.
	Params Params
}

// Needed are the scopes that this call needs, the smallest set that granted
// allows, see Expression.Minimal: none is an empty list. What of it granted lacks
// is told by Missing.
//
// If it can't be told without an answer of Lookups that the request doesn't have,
// the error is a *LookupError; a *ParamError if the request itself lacks
// something, or if nothing can tell it.
func (m *Method) Needed(r Request, granted []string) ([]string, error) {
	if m.Scopes == nil {
		return []string{}, nil
	}
	params, absent, err := m.params(r)
	if err != nil {
		return nil, fmt.Errorf("%s.%s: %w", m.Service, m.Name, err)
	}
	need, err := m.Scopes.Minimal(params, granted)
	if err != nil {
		return nil, fmt.Errorf("%s.%s: %w", m.Service, m.Name, because(err, absent))
	}
	return need, nil
}

// Satisfied reports whether have is enough for this call. Its errors are those
// of Needed.
func (m *Method) Satisfied(r Request, have []string) (bool, error) {
	if m.Scopes == nil {
		return true, nil
	}
	params, absent, err := m.params(r)
	if err != nil {
		return false, fmt.Errorf("%s.%s: %w", m.Service, m.Name, err)
	}
	ok, err := m.Scopes.Satisfied(have, params)
	if err != nil {
		return false, fmt.Errorf("%s.%s: %w", m.Service, m.Name, because(err, absent))
	}
	return ok, nil
}

// because gives a parameter's absence its reason.
func because(err error, absent map[string]error) error {
	var e *ParamError
	if errors.As(err, &e) && absent[e.Param] != nil {
		return absent[e.Param]
	}
	return err
}

// params are the values of the expression's parameters, and why those that have
// none have none.
func (m *Method) params(r Request) (Params, map[string]error, error) {
	body, err := object(r.Payload)
	if err != nil {
		return nil, nil, fmt.Errorf("read payload: %w", err)
	}
	derived := map[string]Derived{}
	for _, d := range m.Derived {
		derived[d.Param] = d
	}
	params, absent := Params{}, map[string]error{}
	types := m.Scopes.paramTypes()
	for _, name := range m.Scopes.Params() {
		var v any
		d, ok := derived[name]
		if ok {
			v, err = d.value(r, body)
		} else {
			v, err = m.plain(r, body, name, types[name])
		}
		var unset *ParamError
		var unasked *LookupError
		switch {
		case errors.As(err, &unset), errors.As(err, &unasked):
			absent[name] = err
		case err != nil:
			return nil, nil, fmt.Errorf("parameter %s: %w", name, err)
		default:
			params[name] = v
		}
	}
	maps.Copy(params, r.Params)
	return params, absent, nil
}

// plain is a parameter that the request has by this name: an argument, an option
// of the query, which is "" when it is absent, or a field of the payload, of
// which lists are empty when they are absent.
func (m *Method) plain(r Request, body fields, name string, kind paramType) (any, error) {
	if slices.Contains(m.Args, name) {
		return argument(r, name)
	}
	if slices.Contains(m.Query, name) {
		return r.Query.Get(name), nil
	}
	switch kind {
	case isList:
		return body.list(name)
	case isBool:
		return body.yes(name)
	}
	text, ok, err := body.text(name)
	if err == nil && !ok {
		err = &ParamError{Param: name, Reason: "the payload has no field of that name"}
	}
	return text, err
}

func argument(r Request, name string) (string, error) {
	text, ok := r.Args[name]
	if !ok {
		return "", &ParamError{Param: name, Reason: "the request has no argument of that name"}
	}
	return text, nil
}
