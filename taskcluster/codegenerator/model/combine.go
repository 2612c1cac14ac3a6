package model

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
)

// combine makes the type of a schema with oneOf, anyOf or allOf: a struct that
// has the fields of all, where they are objects; text, where they are texts;
// else a union. Objects that are schemas of their own stay a union, too.
func (b *Types) combine(t *Type, s *Schema) {
	alternatives, locations, nullable := b.alternatives(t.At, s)
	t.Nullable = nullable
	base := *s
	base.OneOf, base.AnyOf = nil, nil
	switch own := b.kindOf(&base); {
	case len(alternatives) == 0 && len(s.AllOf) == 0:
		b.fill(t, &base)
	case len(alternatives) == 1 && own == "":
		b.only(t, alternatives[0], locations[0])
	case own == "string" || own == "" && b.all("string", alternatives) && len(s.AllOf) == 0:
		b.fillTexts(t, &base, alternatives)
	case own == "" && b.all("ref", alternatives):
		b.fillUnion(t, alternatives, locations)
	default:
		if merged := b.merge(s, 0); merged != nil {
			b.fill(t, merged)
			return
		}
		b.fillUnion(t, alternatives, locations)
	}
}

// alternatives are the schemas of oneOf and anyOf that say what a value is,
// where they stand, and whether null is one of them. Those that only say which
// fields of an object go together are left out.
func (b *Types) alternatives(at Location, s *Schema) (all []*Schema, locations []Location, nullable bool) {
	for _, group := range []struct {
		name    string
		schemas []*Schema
	}{{"oneOf", s.OneOf}, {"anyOf", s.AnyOf}} {
		for i, alternative := range group.schemas {
			switch kind := b.kindOf(alternative); {
			case kind == "null":
				nullable = true
			case kind == "" && alternative.Ref == "" && s.Type != "string":
			default:
				all = append(all, alternative)
				locations = append(locations, at.below(group.name, strconv.Itoa(i)))
			}
		}
	}
	return all, locations, nullable
}

// all says whether all schemas are of one kind; "ref": references to objects.
func (b *Types) all(kind string, schemas []*Schema) bool {
	for _, s := range schemas {
		if kind == "ref" && (s.Ref == "" || b.kindOf(s) != "object") || kind != "ref" && b.kindOf(s) != kind {
			return false
		}
	}
	return len(schemas) > 0
}

// only makes t what its single alternative is.
func (b *Types) only(t *Type, s *Schema, at Location) {
	nullable := t.Nullable
	if s.Ref == "" {
		b.fill(t, s)
	} else {
		at, title := t.At, t.Title
		*t = *b.at(at, s)
		if !t.Named() {
			t.At, t.Title = at, title
		}
	}
	t.Nullable = t.Nullable || nullable
}

// fillTexts makes t text, an enum if all alternatives name their values.
func (b *Types) fillTexts(t *Type, base *Schema, alternatives []*Schema) {
	merged := *base
	merged.Enum, merged.Const = nil, nil
	named, empty := true, false
	for _, alternative := range alternatives {
		_, resolved := b.resolve(alternative)
		if resolved == nil {
			named = false
			continue
		}
		values := texts(resolved)
		named = named && values != nil
		empty = empty || canBeEmpty(resolved)
		for _, value := range values {
			text, _ := json.Marshal(value)
			if !slices.ContainsFunc(merged.Enum, func(known json.RawMessage) bool { return bytes.Equal(known, text) }) {
				merged.Enum = append(merged.Enum, text)
			}
		}
		if merged.Format == "" && len(alternatives) == 1 {
			merged.Format = resolved.Format
		}
	}
	if !named {
		merged.Enum = nil
	}
	b.fillText(t, &merged)
	if !named {
		t.Filled = !empty || !canBeEmpty(base)
	}
}

func (b *Types) fillUnion(t *Type, alternatives []*Schema, locations []Location) {
	if len(alternatives) == 0 {
		return
	}
	t.Kind = Union
	for i, alternative := range alternatives {
		t.Variants = append(t.Variants, b.at(locations[i], alternative))
	}
}

// merge makes one object of a schema and all that it is combined of; nil where
// one of them is no object.
func (b *Types) merge(s *Schema, depth int) *Schema {
	_, resolved := b.resolve(s)
	b.merges++
	if resolved == nil || resolved.Never || depth > maxDepth || b.merges > maxMerged {
		return nil
	}
	if kind := b.kindOf(resolved); kind != "object" && kind != "combined" {
		return nil
	}
	merged := &Schema{Type: "object", Title: resolved.Title, Properties: map[string]*Schema{}, Required: resolved.Required}
	merged.Additional = resolved.Additional
	for name, property := range resolved.Properties {
		merged.Properties[name] = property
	}
	for _, part := range resolved.AllOf {
		if b.saysNothing(part) {
			continue
		}
		one := b.merge(part, depth+1)
		if one == nil {
			return nil
		}
		merged.require(one)
	}
	alternatives, _, _ := b.alternatives(Location{}, resolved)
	if len(alternatives) == 0 {
		return merged
	}
	var either *Schema
	for _, alternative := range alternatives {
		one := b.merge(alternative, depth+1)
		if one == nil {
			return nil
		}
		either = either.or(one)
	}
	merged.require(either)
	if s.AllOf == nil && resolved.Properties == nil {
		merged.Additional = either.Additional
	}
	return merged
}

// saysNothing reports whether a schema allows anything, as far as is known: that
// of a file which isn't among the documents, too.
func (b *Types) saysNothing(s *Schema) bool {
	_, resolved := b.resolve(s)
	return resolved == nil || b.kindOf(resolved) == ""
}

// require adds what a further schema, which holds as well, says.
func (s *Schema) require(other *Schema) {
	for name, property := range other.Properties {
		if s.Properties[name] == nil {
			s.Properties[name] = property
		}
	}
	s.Required = append(slices.Clone(s.Required), other.Required...)
}

// or is a schema for what one or the other allows.
func (s *Schema) or(other *Schema) *Schema {
	if s == nil {
		return other
	}
	either := &Schema{Type: "object", Properties: map[string]*Schema{}, Additional: s.Additional}
	if s.Additional != nil && s.Additional.Never {
		either.Additional = other.Additional
	}
	for name, property := range s.Properties {
		either.Properties[name] = property
	}
	for name, property := range other.Properties {
		either.Properties[name] = eitherProperty(either.Properties[name], property)
	}
	for _, name := range s.Required {
		if slices.Contains(other.Required, name) {
			either.Required = append(either.Required, name)
		}
	}
	return either
}

func eitherProperty(a, b *Schema) *Schema {
	if a == nil || b == nil {
		if a == nil {
			return b
		}
		return a
	}
	if reflect.DeepEqual(a, b) {
		return a
	}
	if len(a.OneOf) > 0 && a.Type == "" && a.Properties == nil {
		return &Schema{OneOf: append(slices.Clone(a.OneOf), b)}
	}
	return &Schema{OneOf: []*Schema{a, b}}
}
