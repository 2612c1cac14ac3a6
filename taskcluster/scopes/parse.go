package scopes

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// ParseExpression reads an expression as references write it.
func ParseExpression(data []byte) (*Expression, error) {
	e, err := parse(data)
	if err != nil {
		return nil, err
	}
	if e.For != "" {
		return nil, errors.New("a for stands in an AllOf or AnyOf only")
	}
	return e, nil
}

func parse(data []byte) (*Expression, error) {
	if data = bytes.TrimSpace(data); len(data) > 0 && data[0] == '"' {
		return parseScope(data)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil, fmt.Errorf("read scope expression: %w", err)
	}
	switch strings.Join(slices.Sorted(maps.Keys(fields)), " ") {
	case "AllOf":
		parts, err := parseList("AllOf", fields["AllOf"])
		return &Expression{AllOf: parts}, err
	case "AnyOf":
		parts, err := parseList("AnyOf", fields["AnyOf"])
		return &Expression{AnyOf: parts}, err
	case "each for in":
		return parseFor(fields)
	case "if then", "else if then":
		return parseIf(fields)
	}
	return nil, errForm
}

func parseScope(data []byte) (*Expression, error) {
	var scope string
	if err := json.Unmarshal(data, &scope); err != nil {
		return nil, fmt.Errorf("read scope expression: %w", err)
	}
	if err := checkScope(scope); err != nil {
		return nil, fmt.Errorf("read scope expression: %w", err)
	}
	if strings.ContainsAny(param.ReplaceAllString(scope, ""), "<>") {
		return nil, fmt.Errorf("read scope expression: %q has a < or > that is no parameter's", scope)
	}
	return &Expression{Scope: scope}, nil
}

func parseList(name string, data []byte) ([]Expression, error) {
	var list []json.RawMessage
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if list == nil {
		return nil, fmt.Errorf("read %s: it is no list", name)
	}
	parts := make([]Expression, 0, len(list))
	for _, item := range list {
		part, err := parse(item)
		if err != nil {
			return nil, err
		}
		parts = append(parts, *part)
	}
	return parts, nil
}

func parseFor(fields map[string]json.RawMessage) (*Expression, error) {
	var e Expression
	var err error
	if e.For, err = parseName("for", fields["for"]); err != nil {
		return nil, err
	}
	if e.In, err = parseName("in", fields["in"]); err != nil {
		return nil, err
	}
	e.Each, err = parse(fields["each"])
	return &e, err
}

func parseIf(fields map[string]json.RawMessage) (*Expression, error) {
	var e Expression
	var err error
	if e.If, err = parseName("if", fields["if"]); err != nil {
		return nil, err
	}
	if e.Then, err = ParseExpression(fields["then"]); err != nil {
		return nil, err
	}
	if otherwise, ok := fields["else"]; ok {
		e.Else, err = ParseExpression(otherwise)
	}
	return &e, err
}

var paramName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_]*$`)

func parseName(field string, data []byte) (string, error) {
	var name string
	if err := json.Unmarshal(data, &name); err != nil {
		return "", fmt.Errorf("read %s: %w", field, err)
	}
	if !paramName.MatchString(name) {
		return "", fmt.Errorf("read %s: %q is no parameter's name", field, name)
	}
	return name, nil
}

// MarshalJSON writes the expression as references do.
func (e *Expression) MarshalJSON() ([]byte, error) {
	form, err := e.form()
	if err != nil {
		return nil, err
	}
	switch form {
	case "scope":
		return marshal(e.Scope)
	case "AllOf":
		return marshal(map[string]any{"AllOf": pointers(e.AllOf)})
	case "AnyOf":
		return marshal(map[string]any{"AnyOf": pointers(e.AnyOf)})
	case "for":
		return marshal(map[string]any{"for": e.For, "in": e.In, "each": e.Each})
	}
	fields := map[string]any{"if": e.If, "then": e.Then}
	if e.Else != nil {
		fields["else"] = e.Else
	}
	return marshal(fields)
}

// pointers are what MarshalJSON can be called on.
func pointers(list []Expression) []*Expression {
	all := make([]*Expression, len(list))
	for i := range list {
		all[i] = &list[i]
	}
	return all
}

// marshal leaves the < and > of parameters as they are.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}
