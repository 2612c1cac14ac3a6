package jsone_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"verdict/rules/jsone"
)

// specification is the language's official one, where it lies beside the project.
var specification = filepath.Join("..", "..", "..", "shared", "reference", "json-e-specification.yml")

// specified is when the specification's cases take place.
var specified = time.Date(2017, 1, 19, 16, 27, 20, 974e6, time.UTC)

// specCase is one of its documents; a Section has no template.
type specCase struct {
	Section  string
	Title    string
	Context  map[string]any
	Template any
	Result   any
	// Error is true, or the message.
	Error any
}

func specCases(tb testing.TB) []specCase {
	tb.Helper()
	data, err := os.ReadFile(specification)
	if errors.Is(err, os.ErrNotExist) {
		tb.Skipf("JSON-e's specification.yml, from the JSON-e project, isn't at %s", specification)
	}
	if err != nil {
		tb.Fatal(err)
	}
	var all []specCase
	section := ""
	for decoder := yaml.NewDecoder(bytes.NewReader(data)); ; {
		var c specCase
		err := decoder.Decode(&c)
		if err == io.EOF {
			return all
		}
		if err != nil {
			tb.Fatalf("behind %q: %v", section, err)
		}
		if c.Section != "" {
			section = c.Section
		}
		if c.Title != "" {
			c.Section = section
			all = append(all, c)
		}
	}
}

func TestSpecification(t *testing.T) {
	cases := specCases(t)
	if len(cases) < 1175 {
		t.Errorf("%d cases, want all 1175", len(cases))
	}
	for _, c := range cases {
		t.Run(c.Section+"/"+c.Title, func(t *testing.T) {
			got, err := render(c.Template, c.Context, specified)
			switch want := c.Error.(type) {
			case nil:
				if err != nil {
					t.Errorf("%v with %v: %v", c.Template, c.Context, err)
				} else if !reflect.DeepEqual(floats(got), floats(c.Result)) {
					t.Errorf("%v with %v\n got %v\nwant %v", c.Template, c.Context, got, c.Result)
				}
			case string:
				if err == nil || err.Error() != want {
					t.Errorf("%v with %v\n got %v\nwant %s", c.Template, c.Context, err, want)
				}
			default:
				if err == nil {
					t.Errorf("%v with %v gives %v, want an error", c.Template, c.Context, got)
				}
			}
		})
	}
}

// render does both steps. The specification knows only one, which looks at the context first.
func render(template any, context map[string]any, now time.Time) (any, error) {
	nothing, err := jsone.Compile(nil)
	if err != nil {
		return nil, err
	}
	if _, err := nothing.Render(context, now); err != nil {
		return nil, err
	}
	compiled, err := jsone.Compile(template)
	if err != nil {
		return nil, err
	}
	return compiled.Render(context, now)
}

// floats makes every number a float64, as JSON has only one kind.
func floats(v any) any {
	switch v := v.(type) {
	case int:
		return float64(v)
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = floats(v[i])
		}
		return list
	case map[string]any:
		m := make(map[string]any, len(v))
		for key := range v {
			m[key] = floats(v[key])
		}
		return m
	}
	return v
}
