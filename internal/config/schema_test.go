package config

import (
	"os"
	"testing"

	"verdict/rules/yamlfile/yamlfiletest"
)

func TestSchemaAgreesWithParse(t *testing.T) {
	schema := yamlfiletest.NewValidator(t, Schema())
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
		if err := schema.Validate(t, "config.yaml", []byte(test.in)); (err == nil) != test.right {
			t.Errorf("right is %v, the schema says %v of\n%s", test.right, err, test.in)
		}
		if _, err := Parse("config.yaml", []byte(test.in)); (err == nil) != test.right {
			t.Errorf("right is %v, Parse says %v of\n%s", test.right, err, test.in)
		}
	}
}
