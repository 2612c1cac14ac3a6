package docs_test

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"verdict/internal/app/ruleset"
	"verdict/internal/deliver"
	"verdict/rules"
	"verdict/rules/yamlfile/yamlfiletest"
)

var recipe = regexp.MustCompile("(?s)\n### ([^\n]+)\n.*?<!-- recipe -->\n```yaml\n(.*?)```")

// recipes are those of recipes.md as whole files, by what they are for.
func recipes(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile("recipes.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, m := range recipe.FindAllStringSubmatch(string(data), -1) {
		out[m[1]] = "defaults: {server: main, project: 'boards/**'}\nrules:\n" + m[2]
	}
	if headings := strings.Count(string(data), "\n### "); headings != len(out) {
		t.Errorf("%d headings, %d recipes: one has no rule, or two have one name", headings, len(out))
	}
	return out
}

func TestEachRecipeLoads(t *testing.T) {
	teams, all := exampleTeams(t), recipes(t)
	if len(all) < 20 {
		t.Errorf("%d recipes, want 20 at least", len(all))
	}
	schema := yamlfiletest.NewValidator(t, rules.Schema(deliver.Methods()))
	for name, text := range all {
		set, diagnostics := ruleset.Load(rules.Sources{Files: map[string][]byte{"firmware/recipe.yaml": []byte(text)}, Teams: teams})
		for _, d := range diagnostics {
			if d.Severity != rules.Note {
				t.Errorf("%s: %s\n%s", name, d, d.Excerpt())
			}
		}
		if len(set.Rules()) == 0 {
			t.Errorf("%s has no rule", name)
		}
		if err := schema.Validate(t, name, []byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestEachWordHasAnExampleThatIsChecked: what the schema knows of a rule, its sources and its actions, and each word of a
// closed list after a source, stands in an example of rules.md or recipes.md.
func TestEachWordHasAnExampleThatIsChecked(t *testing.T) {
	page, err := os.ReadFile("rules.md")
	if err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	for _, m := range example.FindAllStringSubmatch(string(page), -1) {
		shown.WriteString(m[1])
	}
	for _, text := range recipes(t) {
		shown.WriteString(text)
	}
	rule := at(t, rules.Schema(deliver.Methods()), "properties", "rules", "items")
	keys := propertiesOf(rule)
	on := at(t, rule, "properties", "on", "anyOf")
	keys = append(keys, propertiesOf(on.([]any)[0])...)
	keys = append(keys, propertiesOf(at(t, rule, "properties", "do", "items"))...)
	if len(keys) < 30 {
		t.Fatalf("only %d words: %q", len(keys), keys)
	}
	for _, key := range keys {
		if !regexp.MustCompile(`(?m)(^[ -]*|[{,] ?)` + regexp.QuoteMeta(key) + `:`).MatchString(shown.String()) {
			t.Errorf("%s: is in no example of rules.md or recipes.md", key)
		}
	}
}

// at follows a path into a schema.
func at(t *testing.T, s any, path ...string) any {
	t.Helper()
	for _, step := range path {
		v := reflect.ValueOf(s)
		if v.Kind() != reflect.Map || !v.MapIndex(reflect.ValueOf(step)).IsValid() {
			t.Fatalf("the schema has no %s at %q", step, path)
		}
		s = v.MapIndex(reflect.ValueOf(step)).Interface()
	}
	return s
}

// propertiesOf are the keys of an object's schema, those of its alternatives too.
func propertiesOf(s any) []string {
	var out []string
	v := reflect.ValueOf(s)
	if v.Kind() != reflect.Map {
		return nil
	}
	if p := v.MapIndex(reflect.ValueOf("properties")); p.IsValid() {
		for _, key := range reflect.ValueOf(p.Interface()).MapKeys() {
			out = append(out, key.String())
		}
	}
	for _, of := range []string{"anyOf", "oneOf", "allOf"} {
		if list := v.MapIndex(reflect.ValueOf(of)); list.IsValid() {
			for _, one := range list.Interface().([]any) {
				out = append(out, propertiesOf(one)...)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
