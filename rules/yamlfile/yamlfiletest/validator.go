// Package yamlfiletest puts schemas into the hands of a validator that isn't ours. It is for tests only.
package yamlfiletest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"verdict/rules/yamlfile"
)

// Validator is a schema that files are held to.
type Validator struct{ schema *jsonschema.Schema }

// NewValidator compiles a schema; one that is none ends the test.
func NewValidator(t testing.TB, s yamlfile.Schema) Validator {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return Validator{schema}
}

// Validate tells what the schema says about a file; one that can't be read ends the test.
func (v Validator) Validate(t testing.TB, name string, data []byte) error {
	t.Helper()
	file, problems := yamlfile.Parse(name, data)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	value, problems := file.Root.Value()
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return v.schema.Validate(value)
}
