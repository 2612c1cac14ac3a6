package rules

import (
	"fmt"
	"slices"
	"strings"

	"verdict/rules/jsone"
	"verdict/rules/yamlfile"
)

// Method is a method of Taskcluster's services, as far as rules have to know it.
type Method struct {
	// Name is service and method: queue.sealTaskGroup.
	Name string
	// Params are what its address takes; all of them have to be there. Query are options beside them.
	Params, Query []string
	// Payload is what its payload is made of; nil: it takes none.
	Payload *Shape
	// Decisive are the fields of the payload on which it depends which scopes the call takes.
	Decisive []string
	// Repeatable says that making the call twice comes to the same as making it once.
	Repeatable bool
	// Looks says that which scopes it takes depends on what is there already, such as the task's scheduler.
	Looks bool
	// Refused says why no rule may call it, and Instead what to write; Refused is empty where one may.
	Refused, Instead string
}

// The kinds of a Shape.
const (
	AnyShape    = ""
	TextShape   = "a text"
	NumberShape = "a number"
	BoolShape   = "true or false"
	ListShape   = "a list"
	ObjectShape = "a mapping"
)

// Shape is what a value of a payload is made of.
type Shape struct {
	Kind string
	// Values are all that a text may be; nil: anything.
	Values []string
	// Elem is what a list holds.
	Elem *Shape
	// Fields are an object's. Where there are none, or Open says so, it may have others.
	Fields []ShapeField
	Open   bool
	// Nullable says that null may stand in its place.
	Nullable bool
}

// ShapeField is one field of an object.
type ShapeField struct {
	Name     string
	Optional bool
	Shape    *Shape
}

// mistake is what doesn't fit a shape, and where.
type mistake struct {
	path          jsone.Path
	ofKey         bool // it is about the last key itself
	message, hint string
}

// check finds what of a value doesn't fit; what isn't known yet fits.
func (s *Shape) check(v any, at jsone.Path) []mistake {
	if _, unknown := v.(jsone.Unknown); s == nil || unknown || s.Kind == AnyShape || v == nil && s.Nullable {
		return nil
	}
	if got := shapeOf(v); got != s.Kind {
		return []mistake{{path: at, message: fmt.Sprintf("%s is wanted here, not %s", s.Kind, got)}}
	}
	switch v := v.(type) {
	case string:
		if len(s.Values) > 0 && !strings.Contains(v, jsone.Hole) && !slices.Contains(s.Values, v) {
			return []mistake{{path: at, message: fmt.Sprintf("%q is none of the values that it may have", v), hint: yamlfile.DidYouMean(v, s.Values)}}
		}
	case []any:
		var out []mistake
		for i, item := range v {
			out = append(out, s.Elem.check(item, append(slices.Clone(at), jsone.Step{InList: true, Index: i}))...)
		}
		return out
	case map[string]any:
		return s.object(v, at)
	}
	return nil
}

func (s *Shape) object(v map[string]any, at jsone.Path) []mistake {
	var out []mistake
	var names []string
	computed := false
	for key := range v {
		computed = computed || strings.Contains(key, jsone.Hole)
	}
	for _, f := range s.Fields {
		names = append(names, f.Name)
		value, there := v[f.Name]
		switch {
		case there:
			out = append(out, f.Shape.check(value, append(slices.Clone(at), jsone.Step{Key: f.Name}))...)
		case !f.Optional && !computed:
			out = append(out, mistake{path: at, message: fmt.Sprintf("the key %q is missing", f.Name)})
		}
	}
	if s.Open || len(s.Fields) == 0 {
		return out
	}
	for _, key := range keys(v) {
		if !slices.Contains(names, key) && !strings.Contains(key, jsone.Hole) {
			out = append(out, mistake{path: append(slices.Clone(at), jsone.Step{Key: key}), ofKey: true, message: key + ": no such key", hint: yamlfile.DidYouMean(key, names)})
		}
	}
	return out
}

func shapeOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return TextShape
	case bool:
		return BoolShape
	case []any:
		return ListShape
	case map[string]any:
		return ObjectShape
	}
	return NumberShape
}

// filled is a value without unknown parts: in their places stand holes, in the shape that is wanted there.
func (s *Shape) filled(v any) any {
	if s == nil {
		s = &Shape{}
	}
	switch v := v.(type) {
	case jsone.Unknown:
		if s.Kind == ListShape {
			return []any{s.Elem.filled(v)}
		}
		if s.Kind == ObjectShape {
			return map[string]any{jsone.Hole: jsone.Hole}
		}
		return jsone.Hole
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = s.Elem.filled(item)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			i := slices.IndexFunc(s.Fields, func(f ShapeField) bool { return f.Name == key })
			var of *Shape
			if i >= 0 {
				of = s.Fields[i].Shape
			}
			out[key] = of.filled(item)
		}
		return out
	}
	return v
}
