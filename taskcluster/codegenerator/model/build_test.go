package model

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// typeOf makes the type of the schema x/v1/s.json, beside which there are others.
func typeOf(t *testing.T, schema string, others map[string]string) *Type {
	t.Helper()
	documents := []Document{{Filename: "schemas/x/v1/s.json", Content: json.RawMessage(schema)}}
	for name, text := range others {
		documents = append(documents, Document{Filename: "schemas/x/v1/" + name, Content: json.RawMessage(text)})
	}
	references, err := New(documents)
	if err != nil {
		t.Fatal(err)
	}
	return references.Types().Of("x/v1/s.json")
}

// show is a type in a line: ! behind what is required, + behind an open struct,
// ? behind what may be null.
func show(t *Type) string {
	words := map[Kind]string{
		Any: "any", Object: "object", String: "string", Time: "time", Integer: "integer", Number: "number", Bool: "bool",
	}
	text := words[t.Kind]
	switch t.Kind {
	case String:
		if t.Filled {
			text = "filled"
		}
		if len(t.Values) == 1 {
			text = "=" + t.Values[0]
		}
	case Enum:
		text = strings.Join(t.Values, "|")
	case List:
		text = "[" + show(t.Elem) + "]"
	case Map:
		text = "map[" + show(t.Elem) + "]"
	case Struct:
		var fields []string
		for _, f := range t.Fields {
			mark := ""
			if f.Required {
				mark = "!"
			}
			fields = append(fields, f.Name+mark+" "+show(f.Type))
		}
		text = "{" + strings.Join(fields, ", ") + "}"
		if t.Open {
			text += "+"
		}
	case Union:
		var variants []string
		for _, v := range t.Variants {
			variants = append(variants, show(v))
		}
		text = "<" + strings.Join(variants, " or ") + ">"
	}
	if t.Nullable {
		text += "?"
	}
	return text
}

func TestTypesOfSchemas(t *testing.T) {
	others := map[string]string{
		"cat.json": `{"type":"object","additionalProperties":false,"properties":{"kind":{"const":"cat"},"lives":{"type":"integer"}},"required":["kind"]}`,
		"dog.json": `{"type":"object","additionalProperties":false,"properties":{"kind":{"const":"dog"},"name":{"type":"string"}},"required":["kind"],
			"definitions":{"tag":{"type":"string","pattern":"^[a-z]+$"}}}`,
	}
	for name, test := range map[string]struct{ schema, want string }{
		"nothing":                       {`{}`, "any"},
		"true":                          {`true`, "any"},
		"false":                         {`false`, "any"},
		"text":                          {`{"type":"string"}`, "string"},
		"text of a length":              {`{"type":"string","minLength":1}`, "filled"},
		"text with a pattern":           {`{"type":"string","pattern":"^[a-z]{3}$"}`, "filled"},
		"a pattern that takes nothing":  {`{"type":"string","pattern":"^[a-z]*$"}`, "string"},
		"a pattern Go can't read":       {`{"type":"string","pattern":"(?=x)"}`, "string"},
		"a date":                        {`{"type":"string","format":"date-time"}`, "time"},
		"an address":                    {`{"type":"string","format":"uri"}`, "filled"},
		"values":                        {`{"type":"string","enum":["b","a"]}`, "b|a"},
		"values without a type":         {`{"enum":["b","a"]}`, "b|a"},
		"one value":                     {`{"const":"s3"}`, "=s3"},
		"a version":                     {`{"enum":[1]}`, "integer"},
		"two types":                     {`{"type":["string","null"]}`, "any"},
		"a list":                        {`{"type":"array","items":{"type":"number"}}`, "[number]"},
		"a list of each its own":        {`{"type":"array","items":[{"type":"number"}]}`, "[any]"},
		"a map":                         {`{"type":"object","additionalProperties":{"type":"boolean"}}`, "map[bool]"},
		"an object":                     {`{"type":"object"}`, "object"},
		"an object of nothing":          {`{"type":"object","additionalProperties":false}`, "{}"},
		"an open struct":                {`{"properties":{"a":{"type":"string"}}}`, "{a string}+"},
		"a closed struct":               {`{"properties":{"b":{"type":"integer"},"a":{"type":"string"}},"required":["b"],"additionalProperties":false}`, "{a string, b! integer}"},
		"a reference":                   {`{"properties":{"c":{"$ref":"cat.json#"}},"additionalProperties":false}`, "{c {kind! =cat, lives integer}}"},
		"a reference by address":        {`{"$ref":"/schemas/x/v1/cat.json#/properties/lives"}`, "integer"},
		"a reference into definitions":  {`{"$ref":"./dog.json#/definitions/tag"}`, "filled"},
		"a reference to nowhere":        {`{"properties":{"c":{"$ref":"cow.json#"}},"additionalProperties":false}`, "{c any}"},
		"a reference to itself":         {`{"$ref":"#"}`, "any"},
		"null or text":                  {`{"oneOf":[{"type":"null"},{"type":"string"}]}`, "string?"},
		"null or a reference":           {`{"properties":{"c":{"anyOf":[{"$ref":"cat.json#"},{"type":"null"}]}},"additionalProperties":false}`, "{c {kind! =cat, lives integer}?}"},
		"texts of two forms":            {`{"type":"string","oneOf":[{"pattern":"^a$"},{"enum":["b"]}]}`, "filled"},
		"texts, one of them empty":      {`{"type":"string","oneOf":[{"pattern":"^a$"},{"const":""}]}`, "string"},
		"values in two lists":           {`{"oneOf":[{"enum":["a"]},{"enum":["b","a"]}]}`, "a|b"},
		"text or number":                {`{"oneOf":[{"type":"string"},{"type":"number"}]}`, "<string or number>"},
		"schemas of their own":          {`{"oneOf":[{"$ref":"cat.json#"},{"$ref":"dog.json#"}]}`, "<{kind! =cat, lives integer} or {kind! =dog, name string}>"},
		"only what goes together":       {`{"properties":{"a":{},"b":{}},"additionalProperties":false,"anyOf":[{"required":["a"]},{"required":["b"]}]}`, "{a any, b any}"},
		"forms of one object":           {`{"oneOf":[{"properties":{"k":{"enum":["x"]},"n":{"type":"integer"}},"required":["k","n"],"additionalProperties":false},{"properties":{"k":{"enum":["y"]}},"required":["k"],"additionalProperties":false}]}`, "{k! x|y, n integer}"},
		"forms that differ in a field":  {`{"oneOf":[{"properties":{"k":{"type":"string"}},"additionalProperties":false},{"properties":{"k":{"type":"array","items":{"type":"string"}}},"additionalProperties":false}]}`, "{k <string or [string]>}"},
		"a form beside none":            {`{"anyOf":[{"properties":{"k":{"type":"string"}},"required":["k"],"additionalProperties":false},{"type":"object","additionalProperties":false}]}`, "{k string}"},
		"all of two":                    {`{"allOf":[{"properties":{"a":{"type":"string"}},"required":["a"]},{"oneOf":[{"$ref":"cat.json#"},{"$ref":"dog.json#"}]}]}`, "{a! string, kind! cat|dog, lives integer, name string}+"},
		"all of one that says nothing":  {`{"allOf":[{"$ref":"http://json-schema.org/draft-06/schema#"},{"properties":{"a":{"type":"string"}}}]}`, "{a string}+"},
		"an object that holds its kind": {`{"properties":{"then":{"$ref":"#"},"else":{"type":"string"}},"additionalProperties":false}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := typeOf(t, test.schema, others)
			if name == "an object that holds its kind" {
				if got.Kind != Struct || got.Fields[1].Type != got {
					t.Errorf("it has %+v, want itself for then", got.Fields)
				}
				return
			}
			if text := show(got); text != test.want {
				t.Errorf("%s is %s, want %s", test.schema, text, test.want)
			}
		})
	}
}

func TestFieldsTellFacts(t *testing.T) {
	s := typeOf(t, `{"properties":{
		"a":{"type":"integer","minimum":0,"maximum":49,"default":5},
		"b":{"$ref":"#/properties/a","default":7},
		"c":{"type":"string","maxLength":38,"default":"-"},
		"d":{"type":"array","items":{},"maxItems":3,"default":[]}
	},"required":["c"]}`, nil)
	var got []string
	for _, f := range s.Fields {
		got = append(got, strings.Join(f.Facts, ", "))
	}
	want := []string{"default: 5, 0 to 49", "default: 7, 0 to 49", "at most 38 characters", "default: [], at most 3"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the facts are %q, want %q", got, want)
	}
}

func TestNamesOfTypes(t *testing.T) {
	for at, want := range map[string]string{
		"":                                           "TaskStatus",
		"/properties/runs/items":                     "TaskStatusRun",
		"/properties/auditHistory/items":             "TaskStatusAuditHistoryItem",
		"/properties/a/additionalProperties":         "TaskStatusAValue",
		"/definitions/fileMount":                     "TaskStatusFileMount",
		"/properties/x/oneOf/1":                      "TaskStatusX2",
		"/items/properties/url":                      "TaskStatusItemURL",
		"/properties/a~1b/properties/policies/items": "TaskStatusABPolicy",
	} {
		typ := &Type{Kind: Struct, At: Location{File: "queue/v1/task-status.json", Pointer: at}}
		if got := typ.Name("TaskStatus"); got != want {
			t.Errorf("the type at %q is called %s, want %s", at, got, want)
		}
	}
	titled := &Type{Kind: Struct, Title: "Named docker image", At: Location{Pointer: "/properties/image/oneOf/1"}}
	if got, want := titled.Name("Payload"), "PayloadImageNamedDockerImage"; got != want {
		t.Errorf("a variant is called %s, want %s", got, want)
	}
}
