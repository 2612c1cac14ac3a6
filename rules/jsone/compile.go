package jsone

import (
	"fmt"
	"slices"
	"strings"
)

// node is a compiled part of a template.
type node interface {
	render(r *run, s *scope) (any, error)
}

// compiler turns a template into nodes. It goes on after a mistake, so that an author hears of all of them.
type compiler struct {
	path       Path
	checks     map[string]Check
	bound      []binding
	references []Reference
	problems   []error
	// inside counts the calls of checks around an expression.
	inside int
}

// problem notes a mistake at the place where the compiler is. The node that stands for it is never rendered.
func (c *compiler) problem(kind Kind, format string, args ...any) node {
	c.problems = append(c.problems, &Error{Kind: kind, Path: slices.Clone(c.path), Message: fmt.Sprintf(format, args...)})
	return constant{}
}

// at compiles a value one step down.
func (c *compiler) at(step Step, value any) node {
	c.path = append(c.path, step)
	defer c.leave()
	return c.value(value)
}

func (c *compiler) leave() { c.path = c.path[:len(c.path)-1] }

func (c *compiler) value(v any) node {
	if len(c.path) > MaxDepth {
		return c.problem(TemplateError, "values nested deeper than %d levels", MaxDepth)
	}
	switch v := plain(v).(type) {
	case nil, bool, int64, float64:
		return constant{value: v}
	case string:
		return c.text(v)
	case []any:
		return c.list(v)
	case map[string]any:
		return c.object(v)
	default:
		return c.problem(TemplateError, "a value of the Go type %T has no JSON", v)
	}
}

func (c *compiler) list(values []any) node {
	items := make(listNode, len(values))
	for i, v := range values {
		items[i] = c.at(inList(i), v)
	}
	return items
}

func (c *compiler) object(o map[string]any) node {
	keys := sortedKeys(o)
	var operators []string
	for _, key := range keys {
		if operatorFor(key) != nil {
			operators = append(operators, key)
		}
	}
	switch len(operators) {
	case 0:
		return c.entries(o, keys)
	case 1:
		return operatorFor(operators[0])(c, o)
	default:
		return c.problem(TemplateError, "only one operator allowed")
	}
}

func (c *compiler) entries(o map[string]any, keys []string) node {
	object := objectNode{entries: make([]entry, 0, len(keys))}
	for _, key := range keys {
		if strings.HasPrefix(key, "$") && isIdentifier(key[1:]) {
			c.problem(TemplateError, "$<identifier> is reserved; use $$<identifier>")
			continue
		}
		object.entries = append(object.entries, entry{source: key, key: c.key(key), value: c.at(inKey(key), o[key])})
	}
	return object
}

// key compiles a key: one with two dollars stands for itself with one.
func (c *compiler) key(source string) node {
	key := source
	if strings.HasPrefix(key, "$$") && len(key) > 2 && isLetter(key[2]) {
		key = key[1:]
	}
	c.path = append(c.path, ofKey(source))
	defer c.leave()
	return c.text(key)
}

// only notes the properties that an operator doesn't have.
func (c *compiler) only(o map[string]any, operator string, known func(key string) bool) bool {
	var unknown []string
	for _, key := range sortedKeys(o) {
		if key != operator && !known(key) {
			unknown = append(unknown, key)
		}
	}
	if unknown != nil {
		c.path = append(c.path, Step{Key: unknown[0], Operator: true, OfKey: true})
		defer c.leave()
		c.problem(TemplateError, "%s has undefined properties: %s", operator, strings.Join(unknown, " "))
	}
	return unknown == nil
}

// alone is for operators that have no further properties.
func (c *compiler) alone(o map[string]any, operator string) bool {
	return c.only(o, operator, func(string) bool { return false })
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
