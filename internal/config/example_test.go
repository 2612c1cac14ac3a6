package config

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"verdict/rules/yamlfile"
)

const example = "../../config.example.yaml"

func exampleFile(t *testing.T) ([]byte, *yamlfile.File) {
	t.Helper()
	data, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	file, problems := yamlfile.Parse(example, data)
	if len(problems) > 0 {
		t.Fatal(Problems(problems))
	}
	return data, file
}

func TestExampleLoadsWithoutWarnings(t *testing.T) {
	c, err := Load(example)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Warnings) > 0 {
		t.Errorf("warnings: %q", c.Warnings)
	}
}

// leaves lists the keys of a struct that hold values, gerrit's under the name that the example gives it.
func leaves(typ reflect.Type, prefix []string) [][]string {
	var all [][]string
	for i := range typ.NumField() {
		name, ok := typ.Field(i).Tag.Lookup("yaml")
		if !ok {
			continue
		}
		path := append(append([]string{}, prefix...), name)
		field := typ.Field(i).Type
		if field.Kind() == reflect.Map {
			path, field = append(path, "main"), field.Elem()
		}
		if field.Kind() == reflect.Struct && field != reflect.TypeFor[Begin]() {
			all = append(all, leaves(field, path)...)
			continue
		}
		all = append(all, path)
	}
	return all
}

var saysDefault = regexp.MustCompile(`Default|Required`)

func TestExampleHasEveryKeyWithItsDefault(t *testing.T) {
	_, file := exampleFile(t)
	for _, path := range leaves(reflect.TypeFor[Config](), nil) {
		node := file.Root.Get(path...)
		if node == nil {
			t.Errorf("%s is not in the example", strings.Join(path, "."))
			continue
		}
		if comment := commentAt(file, node.Line); !saysDefault.MatchString(comment) {
			t.Errorf("%s: the comment doesn't tell the default: %q", strings.Join(path, "."), comment)
		}
	}
}

// commentAt is the comment behind a line, with those that go on below it.
func commentAt(file *yamlfile.File, line int) string {
	_, comment, _ := strings.Cut(file.SourceLine(line), " # ")
	for line++; strings.HasPrefix(strings.TrimSpace(file.SourceLine(line)), "#"); line++ {
		comment += " " + strings.TrimLeft(file.SourceLine(line), " #")
	}
	return comment
}

// What the example sets where it names no required key is the default, so that nobody copies a surprise.
func TestExampleShowsTheDefaults(t *testing.T) {
	_, file := exampleFile(t)
	got, want := defaults(), defaults()
	if problems := yamlfile.Decode(file.Root, got); len(problems) > 0 {
		t.Fatal(Problems(problems))
	}
	main := got.Gerrit["main"]
	main.URL, main.User, main.TokenFile = "", "", ""
	got.Pulse.URL, got.Pulse.User, got.Pulse.PasswordFile = "", "", ""
	got.Taskcluster.RootURL, got.Taskcluster.ClientID, got.Taskcluster.AccessTokenFile = "", "", ""
	got.Gerrit = nil
	if g, w := show(*got), show(*want); g != w {
		t.Errorf("got %s\nwant %s", g, w)
	}
	if g, w := show(main), show(gerritDefaults()); g != w {
		t.Errorf("gerrit: got %s\nwant %s", g, w)
	}
}

func show(v any) string { return strings.ReplaceAll(reflectString(v), "[]", "<nil>") }
