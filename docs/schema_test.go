package docs_test

import (
	"os"
	"path/filepath"
	"testing"

	"verdict/internal/deliver"
	"verdict/rules"
	"verdict/rules/yamlfile/yamlfiletest"
)

// What the pages show as right is right for editors, too.
func TestExamplesFitTheSchema(t *testing.T) {
	schema := yamlfiletest.NewValidator(t, rules.Schema(deliver.Methods()))
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
			if err := schema.Validate(t, name, []byte(m[1])); err != nil {
				t.Errorf("%s, example %d: %v", name, i+1, err)
			}
		}
	}
}
