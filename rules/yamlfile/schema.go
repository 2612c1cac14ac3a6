package yamlfile

import (
	"fmt"
	"reflect"
	"time"
)

// Schema is a JSON Schema, draft 07: what the editors' language server reads whole.
type Schema = map[string]any

// SchemaURL names the draft, as `$schema` of a whole schema.
const SchemaURL = "http://json-schema.org/draft-07/schema#"

// TextSchema is what Decode reads into a string: whatever is written on one place.
func TextSchema() Schema { return Schema{"type": []string{"string", "number", "boolean"}} }

// DurationSchema is what ParseDuration reads, as far as a pattern tells.
func DurationSchema() Schema {
	return Schema{"anyOf": []any{
		Schema{"type": "string", "pattern": `^\s*[0-9].*[a-zµ]\s*$|^0$`},
		Schema{"type": "integer", "enum": []int{0}},
	}}
}

// SchemaOf describes what Decode reads into a value: a struct's keys by their tags, and no others. What the type
// doesn't tell is in own, by type: a Decoder, which has to be there, or a type that allows only some values.
// A *Node is anything, unless of has its key.
func SchemaOf(into any, own map[reflect.Type]Schema, of map[string]Schema) Schema {
	s := schemas{own: own, of: of}
	return s.schema(reflect.TypeOf(into))
}

type schemas struct {
	own map[reflect.Type]Schema
	of  map[string]Schema
}

func (s schemas) schema(t reflect.Type) Schema {
	if own, ok := s.own[t]; ok {
		return own
	}
	switch {
	case t == nodeType, t.Kind() == reflect.Interface:
		return Schema{}
	case t == reflect.TypeFor[time.Duration]():
		return DurationSchema()
	case reflect.PointerTo(t).Implements(decoderType):
		panic(fmt.Sprintf("yamlfile.SchemaOf: %s reads itself, so it needs a schema of its own", t))
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.schema(t.Elem())
	case reflect.Struct:
		return s.structure(t)
	case reflect.Map:
		return Schema{"type": "object", "additionalProperties": s.schema(t.Elem())}
	case reflect.Slice:
		return Schema{"type": "array", "items": s.schema(t.Elem())}
	case reflect.Array:
		return Schema{"type": "array", "items": s.schema(t.Elem()), "minItems": t.Len(), "maxItems": t.Len()}
	case reflect.Bool:
		return Schema{"type": "boolean"}
	case reflect.Float32, reflect.Float64:
		return Schema{"type": "number"}
	case reflect.String:
		return TextSchema()
	}
	return Schema{"type": "integer"}
}

func (s schemas) structure(t reflect.Type) Schema {
	properties, required := Schema{}, []string{}
	for _, f := range fieldsOf(reflect.New(t).Elem()) {
		property, ok := s.of[f.name]
		if !ok {
			property = s.schema(f.value.Type())
		}
		properties[f.name] = property
		if f.required {
			required = append(required, f.name)
		}
	}
	out := Schema{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}
