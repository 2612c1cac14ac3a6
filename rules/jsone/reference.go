package jsone

import (
	"slices"
	"strings"
)

// Element stands in a Reference's path where an item of a list is taken, or a key that is computed.
const Element = "[]"

// Reference is a place where a template takes something from its context.
type Reference struct {
	// Path is what is taken: ["task", "tags", "kind"] for task.tags.kind, and for task["tags"].kind too.
	Path []string
	// At is where in the template.
	At Path
	// Tested says that the template only asks whether the name is there, with defined().
	Tested bool
	// Perhaps says that the name may be one of a $let whose names are computed.
	Perhaps bool
	// Checked says that it goes through one of the checks.
	Checked bool
}

// String is the path as one writes it: task.runs[].state.
func (r Reference) String() string {
	return strings.ReplaceAll(strings.Join(r.Path, "."), "."+Element, Element)
}

// References are all places where the template takes something from its context, in the order of its sorted keys.
// The variables of $let and of loops are not among them, nor are functions.
func (t *Template) References() []Reference { return t.references }

// Names are the names that the template may look up in its context, sorted.
func (t *Template) Names() []string {
	var names []string
	for _, r := range t.references {
		names = append(names, r.Path[0])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// binding is a set of names that a part of a template has beside the context's.
type binding struct {
	names []string
	// perhaps are those that may be left out, so that the context's show through.
	perhaps []string
	// open says that there may be others.
	open bool
}

// namesOf are the names that $let gives, as far as they can be told beforehand.
func namesOf(vars node) binding {
	object, ok := vars.(objectNode)
	if !ok {
		return binding{open: true}
	}
	var b binding
	for _, e := range object.entries {
		key, ok := e.key.(constant)
		switch {
		case !ok:
			b.open = true
		case conditional(e.value):
			b.perhaps = append(b.perhaps, key.value.(string))
		default:
			b.names = append(b.names, key.value.(string))
		}
	}
	return b
}

// conditional says whether a value may be left out.
func conditional(n node) bool {
	switch n.(type) {
	case ifNode, switchNode, findNode, letNode:
		return true
	}
	return false
}

// refer notes what an expression takes from the context.
func (c *compiler) refer(e expr) {
	if path, ok := c.chain(e); ok {
		c.note(Reference{Path: path})
		return
	}
	switch e := e.(type) {
	case member:
		c.refer(e.of)
	case index:
		c.refer(e.of)
		c.refer(e.at)
	case slice:
		c.refer(e.of)
		c.bounds(e)
	case call:
		c.calls(e)
	case checkedCall:
		c.inside++
		c.refer(e.of)
		c.inside--
	case unary:
		c.refer(e.of)
	case binary:
		c.refer(e.left)
		c.refer(e.right)
	case listExpr:
		for _, item := range e {
			c.refer(item)
		}
	case objectExpr:
		for _, p := range e {
			c.refer(p.value)
		}
	}
}

func (c *compiler) bounds(e slice) {
	for _, end := range []expr{e.from, e.to} {
		if end != nil {
			c.refer(end)
		}
	}
}

func (c *compiler) calls(e call) {
	if f, ok := e.function.(variable); ok && f.name == "defined" && len(e.arguments) == 1 {
		if asked, ok := e.arguments[0].(literal); ok {
			if name, ok := asked.value.(string); ok && isIdentifier(name) {
				c.note(Reference{Path: []string{name}, Tested: true})
			}
		}
	}
	c.refer(e.function)
	for _, a := range e.arguments {
		c.refer(a)
	}
}

// chain is the path of an expression that begins with a name and goes on with properties and indices. What stands
// in its brackets is noted on the way.
func (c *compiler) chain(e expr) ([]string, bool) {
	switch e := e.(type) {
	case variable:
		return []string{e.name}, true
	case member:
		path, ok := c.chain(e.of)
		return append(path, e.name), ok
	case index:
		path, ok := c.chain(e.of)
		if !ok {
			return nil, false
		}
		if key, ok := e.at.(literal); ok {
			if name, ok := key.value.(string); ok {
				return append(path, name), true
			}
		}
		c.refer(e.at)
		return append(path, Element), true
	case slice:
		path, ok := c.chain(e.of)
		if ok {
			c.bounds(e)
		}
		return path, ok
	}
	return nil, false
}

func (c *compiler) note(r Reference) {
	name := r.Path[0]
	for i := len(c.bound) - 1; i >= 0; i-- {
		b := c.bound[i]
		if slices.Contains(b.names, name) {
			return
		}
		r.Perhaps = r.Perhaps || b.open || slices.Contains(b.perhaps, name)
	}
	if _, ok := builtins[name]; ok {
		return
	}
	r.At, r.Checked = slices.Clone(c.path), c.inside > 0
	c.references = append(c.references, r)
}
