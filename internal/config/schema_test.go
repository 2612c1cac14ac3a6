package config

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"verdict/rules/yamlfile"
)

func TestSchemaAgreesWithParse(t *testing.T) {
	text, err := json.Marshal(Schema())
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
	whole, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		in    string
		right bool
	}{
		{string(whole), true},
		{least, true},
		{least + "begin: 2h\nretention: {size: 0, events: 24h}\n", true},
		{least + "retention: {events: 0}\n", true},
		{least + "retention: {size: 20 gigabytes}\n", false},
		{least + "retention: {events: soon}\n", false},
		{least + "mode: lively\n", false},
		{least + "instnace: prod\n", false},
		{least + "log: {level: loud}\n", false},
		{least + "log: {format: xml}\n", false},
		{least + "store: {migrate: by-hand}\n", false},
		{least + "pulse: {queueLimit: {warn: many}}\n", false},
		{"gerrit: {main: {url: 'https://review.example.org'}}\n", false},
		{"gerrit: {main: {url: 'https://review.example.org', user: v, pol: {}}}\n", false},
		{"gerrit: {main: {url: 'https://review.example.org', user: v, limits: {concurrent: 1.5}}}\n", false},
	}
	for _, test := range tests {
		file, problems := yamlfile.Parse("config.yaml", []byte(test.in))
		if len(problems) > 0 {
			t.Fatal(Problems(problems))
		}
		value, _ := file.Root.Value()
		if err := schema.Validate(value); (err == nil) != test.right {
			t.Errorf("right is %v, the schema says %v of\n%s", test.right, err, test.in)
		}
		if _, err := Parse("config.yaml", []byte(test.in)); (err == nil) != test.right {
			t.Errorf("right is %v, Parse says %v of\n%s", test.right, err, test.in)
		}
	}
}
