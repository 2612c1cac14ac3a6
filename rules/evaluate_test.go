package rules_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"verdict/rules"
)

// TestEvaluate runs testdata/evaluate: team/rules.yaml is loaded without teams.yaml, and each pair of case.json and
// its want is one event for every rule of the file.
func TestEvaluate(t *testing.T) {
	names, err := filepath.Glob("testdata/evaluate/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal("no scenarios", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) { runScenario(t, name) })
	}
}

func runScenario(t *testing.T, name string) {
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	set := mustLoad(t, string(archive.Files[0].Data))
	for i := 1; i+1 < len(archive.Files); i += 2 {
		given, want := archive.Files[i], &archive.Files[i+1]
		t.Run(given.Name, func(t *testing.T) {
			in := readInput(t, given.Data)
			var got bytes.Buffer
			for _, r := range set.Rules() {
				d, err := r.Evaluate(in)
				got.WriteString(r.Name + " " + describeDecision(d, err))
			}
			if *update {
				want.Data = got.Bytes()
			} else if got.String() != string(want.Data) {
				t.Errorf("%s\n got %s\nwant %s", given.Data, got.String(), want.Data)
			}
		})
	}
	if *update {
		if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func mustLoad(t testing.TB, text string) *rules.Set {
	t.Helper()
	set, found := rules.Load(rules.Sources{Files: map[string][]byte{"team/rules.yaml": []byte(text)}})
	if len(found) > 0 {
		t.Fatal(listing(found))
	}
	return set
}

func describeDecision(d *rules.Decision, err error) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err != nil {
		var e *rules.EvalError
		if !errors.As(err, &e) {
			return "an error that is no EvalError: " + err.Error() + "\n"
		}
		return "error: " + err.Error() + "; field " + e.Field + "\n"
	}
	if err := encoder.Encode(d); err != nil {
		return err.Error()
	}
	return out.String()
}

// readInput makes an Input of JSON: whole numbers are int64, texts in the place of a timestamp are times.
func readInput(t *testing.T, data []byte) rules.Input {
	t.Helper()
	var form struct {
		Event any
		Facts map[string]any
		Now   time.Time
		On    int
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&form); err != nil {
		t.Fatal(err)
	}
	in := rules.Input{Event: withInts(form.Event), Facts: map[string]any{}, Now: form.Now, On: form.On}
	for _, f := range rules.Fields() {
		if v, ok := form.Facts[f.Name]; ok {
			in.Facts[f.Name] = withTimes(t, withInts(v), f.Type)
		}
	}
	return in
}

func withInts(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	case map[string]any:
		for k := range v {
			v[k] = withInts(v[k])
		}
	case []any:
		for i := range v {
			v[i] = withInts(v[i])
		}
	}
	return v
}

func withTimes(t *testing.T, v any, typ string) any {
	switch v := v.(type) {
	case string:
		if typ != "timestamp" {
			return v
		}
		at, err := time.Parse(time.RFC3339, v)
		if err != nil {
			t.Fatal(err)
		}
		return at
	case []any:
		for i := range v {
			v[i] = withTimes(t, v[i], strings.TrimSuffix(strings.TrimPrefix(typ, "list<"), ">"))
		}
	case map[string]any:
		for _, f := range rules.Types()[typ] {
			if e, ok := v[f.Name]; ok {
				v[f.Name] = withTimes(t, e, f.Type)
			}
		}
	}
	return v
}
