package docs_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"verdict/rules"
	"verdict/rules/yamlfile"
)

// What the pages show as right is right for editors, too.
func TestExamplesFitTheSchema(t *testing.T) {
	text, err := json.Marshal(rules.Schema())
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
	for _, name := range []string{filepath.Join(root, "README.md"), "rules.md"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		found := example.FindAllStringSubmatch(string(data), -1)
		if len(found) == 0 {
			t.Errorf("%s has no example to check", name)
		}
		for i, m := range found {
			file, problems := yamlfile.Parse(name, []byte(m[1]))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			value, _ := file.Root.Value()
			if err := schema.Validate(value); err != nil {
				t.Errorf("%s, example %d: %v", name, i+1, err)
			}
		}
	}
}
