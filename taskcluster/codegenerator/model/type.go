package model

import (
	"encoding/json"
	"strconv"
)

// Kind is what a type is made of.
type Kind int

// The kinds of types. Struct, Enum and Union have a name, as has what stands
// for a whole file; the others are written where they are used.
const (
	Any     Kind = iota // anything, kept as it came
	Object              // an object of which nothing is known, kept as it came
	String              // text
	Enum                // text, one of Values
	Time                // a date-time
	Integer             // a whole number
	Number              // any number
	Bool                // true or false
	List                // of Elem
	Map                 // of text to Elem
	Struct              // an object with Fields
	Union               // one of Variants
)

// Type is the type of a value on the wire.
type Type struct {
	Kind     Kind
	At       Location // what its name comes from
	Title    string   // of the schema, for variants of a union
	Nullable bool     // null stands for nothing
	Format   string   // of text: "uri", "email", …
	Values   []string // of an enum; of text that is always the same, that one
	Filled   bool     // text that is never ""
	Elem     *Type    // of lists and maps
	Fields   []Field  // of a struct, by name
	Open     bool     // a struct may have fields beside those named
	Variants []*Type  // of a union
}

// Field is one field of a struct.
type Field struct {
	Name     string // on the wire
	Required bool
	Type     *Type
	Facts    []string // "default: 5", "0 to 999": what a caller may need to know
}

// Named says whether the type gets a name of its own.
func (t *Type) Named() bool {
	return t.Kind == Struct || t.Kind == Enum || t.Kind == Union || t.At.Pointer == "" && t.At.File != ""
}

// Name is the type's name in Go: the file's, then that of each property on the
// way, items in the singular.
func (t *Type) Name(file string) string {
	name := file
	steps := t.At.Steps()
	for i := 0; i < len(steps); i++ {
		switch step := steps[i]; {
		case (step == "properties" || step == "definitions") && i+1 < len(steps):
			i++
			part := steps[i]
			if i+1 < len(steps) && steps[i+1] == "items" {
				i++
				part = Singular(part)
			}
			name += ExportedName(part)
		case step == "items":
			name += "Item"
		case step == "additionalProperties":
			name += "Value"
		case (step == "oneOf" || step == "anyOf") && i+1 < len(steps):
			i++
			name += variantName(t, steps, i)
		}
	}
	return name
}

// variantName is a variant's title; its number where it has none, or where it
// isn't the type itself that is the variant.
func variantName(t *Type, steps []string, i int) string {
	if i == len(steps)-1 && t.Title != "" {
		return ExportedName(t.Title)
	}
	n, _ := strconv.Atoi(steps[i])
	return strconv.Itoa(n + 1)
}

// facts are what a field's schema says beside its type. What has to be there has
// no use for a default.
func facts(s, target *Schema, required bool) []string {
	var all []string
	add := func(text string) { all = append(all, text) }
	value := s.Default
	if value == nil {
		value = target.Default
	}
	if text := compact(value); !required && text != "" && len(text) <= 40 {
		add("default: " + text)
	}
	low, high := target.Minimum.String(), target.Maximum.String()
	switch {
	case low != "" && high != "":
		add(low + " to " + high)
	case low != "":
		add("at least " + low)
	case high != "":
		add("at most " + high)
	}
	if target.MaxItems > 0 {
		add("at most " + strconv.Itoa(target.MaxItems))
	}
	if target.MaxLength > 0 {
		add("at most " + strconv.Itoa(target.MaxLength) + " characters")
	}
	return all
}

func compact(value json.RawMessage) string {
	if value == nil {
		return ""
	}
	var v any
	if json.Unmarshal(value, &v) != nil {
		return ""
	}
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}
