package model

import (
	"encoding/json"
	"regexp"
	"strings"
)

// maxDepth bounds how far schemas are followed into each other; deeper, or in a
// circle without an object between, everything is Any.
const maxDepth = 50

// maxMade and maxMerged bound how many types are made, and how many objects
// merged, for the same reason: schemas that are combined of each other may grow
// without end. The references of today need a tenth of it.
const (
	maxMade   = 25_000
	maxMerged = 2_000
)

// Types makes types from schemas, each location's once, so that a reference
// gives the same *Type as what it refers to.
type Types struct {
	references *References
	made       map[Location]*Type
	depth      int
	merges     int
}

// Types is where all types of these references are made.
func (r *References) Types() *Types {
	return &Types{references: r, made: map[Location]*Type{}}
}

// Of is the type of a file's schema.
func (b *Types) Of(file string) *Type {
	at := Location{File: file}
	return b.at(at, b.references.lookup(at))
}

// at is the type of the schema s, which stands at a location.
func (b *Types) at(at Location, s *Schema) *Type {
	if s == nil || s.Never {
		return &Type{At: at}
	}
	if s.Ref != "" {
		if target, resolved := b.resolve(s); resolved != nil {
			return b.at(target, resolved)
		}
		return &Type{At: at}
	}
	if t := b.made[at]; t != nil {
		return t
	}
	if b.depth >= maxDepth || len(b.made) >= maxMade {
		return &Type{At: at}
	}
	b.depth++
	defer func() { b.depth-- }()
	t := &Type{At: at, Title: s.Title}
	b.made[at] = t
	b.fill(t, s)
	return t
}

// resolve follows a reference to the schema that isn't one.
func (b *Types) resolve(s *Schema) (Location, *Schema) {
	var at Location
	for range maxDepth {
		if s == nil || s.Ref == "" {
			return at, s
		}
		next, ok := parseLocation(s.Ref)
		if !ok {
			return at, nil
		}
		at, s = next, b.references.lookup(next)
	}
	return at, nil
}

// fill makes the type of a schema that is no reference.
func (b *Types) fill(t *Type, s *Schema) {
	if len(s.OneOf)+len(s.AnyOf)+len(s.AllOf) > 0 {
		b.combine(t, s)
		return
	}
	switch b.kindOf(s) {
	case "string":
		b.fillText(t, s)
	case "integer":
		t.Kind = Integer
	case "number":
		t.Kind = Number
	case "boolean":
		t.Kind = Bool
	case "array":
		t.Kind = List
		t.Elem = b.at(t.At.below("items"), s.Items)
	case "object":
		b.fillObject(t, s)
	}
}

func (b *Types) fillText(t *Type, s *Schema) {
	t.Kind, t.Format, t.Values = String, s.Format, texts(s)
	t.Filled = !canBeEmpty(s)
	if s.Format == "date-time" {
		t.Kind, t.Format = Time, ""
	}
	if len(t.Values) > 1 {
		t.Kind = Enum
	}
}

// texts are the values that a schema allows, where it names them.
func texts(s *Schema) []string {
	values := s.Enum
	if s.Const != nil {
		values = []json.RawMessage{s.Const}
	}
	all := make([]string, 0, len(values))
	for _, value := range values {
		var text string
		if json.Unmarshal(value, &text) != nil {
			return nil
		}
		all = append(all, text)
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// canBeEmpty says whether "" is one of the texts that a schema allows.
func canBeEmpty(s *Schema) bool {
	if values := texts(s); values != nil {
		for _, value := range values {
			if value == "" {
				return true
			}
		}
		return false
	}
	if s.MinLength > 0 || s.Format != "" {
		return false
	}
	if s.Pattern == "" {
		return true
	}
	pattern, err := regexp.Compile(s.Pattern)
	return err != nil || pattern.MatchString("")
}

func (b *Types) fillObject(t *Type, s *Schema) {
	if len(s.Properties) > 0 {
		t.Kind = Struct
		t.Open = s.Additional == nil || !s.Additional.Never
		for _, name := range sortedKeys(s.Properties) {
			t.Fields = append(t.Fields, b.field(t, s, name))
		}
		return
	}
	switch {
	case s.Additional != nil && s.Additional.Never:
		t.Kind = Struct // of no fields
	case s.Additional != nil && b.kindOf(s.Additional) != "":
		t.Kind = Map
		t.Elem = b.at(t.At.below("additionalProperties"), s.Additional)
	default:
		t.Kind = Object
	}
}

func (b *Types) field(t *Type, s *Schema, name string) Field {
	property := s.Properties[name]
	f := Field{Name: name, Type: b.at(t.At.below("properties", name), property)}
	for _, required := range s.Required {
		f.Required = f.Required || required == name
	}
	target := property
	if _, resolved := b.resolve(property); resolved != nil {
		target = resolved
	}
	if property != nil && target != nil {
		f.Facts = facts(property, target, f.Required)
	}
	return f
}

// kindOf is the JSON type that a schema's values have, "" if it doesn't say.
func (b *Types) kindOf(s *Schema) string {
	if _, resolved := b.resolve(s); resolved != nil {
		s = resolved
	}
	switch {
	case s.Type != "":
		return s.Type
	case texts(s) != nil, s.Format != "" && s.Ref == "":
		return "string"
	case len(s.Enum) > 0 && allIntegers(s.Enum):
		return "integer"
	case s.Properties != nil:
		return "object"
	case s.Items != nil:
		return "array"
	case len(s.OneOf)+len(s.AnyOf)+len(s.AllOf) > 0:
		return "combined"
	}
	return ""
}

func allIntegers(values []json.RawMessage) bool {
	for _, value := range values {
		if strings.ContainsAny(string(value), `."eE[{tfn`) {
			return false
		}
	}
	return true
}
