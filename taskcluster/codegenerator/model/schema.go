package model

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Location is where a schema stands: a file below schemas/, and a JSON pointer
// within it, "" for the file's own schema.
type Location struct {
	File    string // "queue/v1/task.json"
	Pointer string // "/properties/tags"
}

// String is the location as a reference writes it: file, #, pointer.
func (l Location) String() string { return l.File + "#" + l.Pointer }

// below is a location one or more steps further in.
func (l Location) below(steps ...string) Location {
	for _, step := range steps {
		l.Pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(step)
	}
	return l
}

// Steps are the pointer's parts, as they were before escaping.
func (l Location) Steps() []string {
	if l.Pointer == "" {
		return nil
	}
	steps := strings.Split(strings.TrimPrefix(l.Pointer, "/"), "/")
	for i, step := range steps {
		steps[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
	}
	return steps
}

// parseLocation reads a location as Location.String writes it; false for an
// address elsewhere, or none.
func parseLocation(ref string) (Location, bool) {
	file, pointer, ok := strings.Cut(ref, "#")
	if !ok || file == "" || strings.Contains(file, "://") {
		return Location{}, false
	}
	return Location{File: file, Pointer: pointer}, true
}

// Schema is what is used of a JSON schema (draft 6). A schema that is true is
// empty, one that is false has Never set.
type Schema struct {
	Never bool `json:"-"`

	// Ref is where the schema itself stands, as Location.String writes it;
	// that of a file which isn't among the documents is its address.
	Ref        string             `json:"$ref"`
	Title      string             `json:"title"`
	Type       string             `json:"type"`
	Format     string             `json:"format"`
	Pattern    string             `json:"pattern"`
	Enum       []json.RawMessage  `json:"enum"`
	Const      json.RawMessage    `json:"const"`
	Default    json.RawMessage    `json:"default"`
	Minimum    json.Number        `json:"minimum"`
	Maximum    json.Number        `json:"maximum"`
	MinLength  int                `json:"minLength"`
	MaxLength  int                `json:"maxLength"`
	MinItems   int                `json:"minItems"`
	MaxItems   int                `json:"maxItems"`
	Properties map[string]*Schema `json:"properties"`
	Required   []string           `json:"required"`
	// Additional is what properties that aren't named have to be; nil: anything.
	Additional  *Schema            `json:"additionalProperties"`
	Items       *Schema            `json:"items"`
	OneOf       []*Schema          `json:"oneOf"`
	AnyOf       []*Schema          `json:"anyOf"`
	AllOf       []*Schema          `json:"allOf"`
	Definitions map[string]*Schema `json:"definitions"`
}

// UnmarshalJSON reads true, false or an object. Several types at once, and
// items of a type each, are read as any type.
func (s *Schema) UnmarshalJSON(data []byte) error {
	*s = Schema{}
	switch data = bytes.TrimSpace(data); string(data) {
	case "true", "null":
		return nil
	case "false":
		s.Never = true
		return nil
	}
	type plain Schema
	read := struct {
		*plain
		Type  json.RawMessage `json:"type"`
		Items json.RawMessage `json:"items"`
	}{plain: (*plain)(s)}
	if err := json.Unmarshal(data, &read); err != nil {
		return err
	}
	if len(read.Type) > 0 && read.Type[0] == '"' {
		if err := json.Unmarshal(read.Type, &s.Type); err != nil {
			return err
		}
	}
	if len(read.Items) > 0 && read.Items[0] != '[' {
		s.Items = &Schema{}
		return json.Unmarshal(read.Items, s.Items)
	}
	return nil
}

// parseSchema reads the schema of a file, and makes its references absolute.
func parseSchema(file string, data []byte) (*Schema, error) {
	schema := &Schema{}
	if err := json.Unmarshal(data, schema); err != nil {
		return nil, fmt.Errorf("read schema %s: %w", file, err)
	}
	schema.walk(func(s *Schema) { s.Ref = absolute(file, s.Ref) })
	return schema, nil
}

// absolute is a reference as Location.String writes it.
func absolute(file, ref string) string {
	if ref == "" || strings.Contains(ref, "://") {
		return ref
	}
	name, pointer, _ := strings.Cut(ref, "#")
	switch {
	case name == "":
		name = file
	case strings.HasPrefix(name, "/"):
		name = strings.TrimPrefix(path.Clean(name), "/schemas/")
	default:
		name = path.Join(path.Dir(file), name)
	}
	return Location{File: name, Pointer: pointer}.String()
}

// walk visits the schema and all within it.
func (s *Schema) walk(visit func(*Schema)) {
	if s == nil {
		return
	}
	visit(s)
	for _, within := range s.within() {
		within.walk(visit)
	}
}

func (s *Schema) within() []*Schema {
	all := []*Schema{s.Additional, s.Items}
	for _, list := range [][]*Schema{s.OneOf, s.AnyOf, s.AllOf} {
		all = append(all, list...)
	}
	for _, named := range []map[string]*Schema{s.Properties, s.Definitions} {
		for _, name := range sortedKeys(named) {
			all = append(all, named[name])
		}
	}
	return slices.DeleteFunc(all, func(s *Schema) bool { return s == nil })
}

// step goes one or two parts of a pointer further in, and gives the rest.
func (s *Schema) step(parts []string) (*Schema, []string) {
	switch {
	case parts[0] == "items":
		return s.Items, parts[1:]
	case parts[0] == "additionalProperties":
		return s.Additional, parts[1:]
	case len(parts) < 2:
		return nil, nil
	case parts[0] == "properties":
		return s.Properties[parts[1]], parts[2:]
	case parts[0] == "definitions":
		return s.Definitions[parts[1]], parts[2:]
	}
	return nil, nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
