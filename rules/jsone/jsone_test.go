package jsone_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"verdict/rules/jsone"
)

var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// parsed is JSON with int64 for whole numbers, as the rest of the bot reads it.
func parsed(tb testing.TB, text string) any {
	tb.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	return numbers(v)
}

func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = numbers(v[key])
		}
	}
	return v
}

// TestRender holds what the specification leaves open, and its main cases where it isn't at hand.
func TestRender(t *testing.T) {
	context := `{
		"task": {"name": "shaders-linux", "tags": {"kind": "build"}, "runs": [{"id": 0, "state": "failed"}, {"id": 1, "state": "completed"}]},
		"ready": true, "big": 9007199254740993, "half": 0.5, "none": null, "list": [3, 1, 2]
	}`
	for _, test := range []struct{ template, want string }{
		{`"${task.name} ${task.tags.kind}"`, `"shaders-linux build"`},
		{`"a $${HOME} b $$${x}"`, `"a ${HOME} b $${x}"`},
		{`{"$$if": "a", "k-${half}": 1, "$${k}": 2}`, `{"$if": "a", "k-0.5": 1, "${k}": 2}`},
		{`{"$eval": "!task.name"}`, `false`},
		{`{"$eval": "-list[0] + 1"}`, `-2`},
		{`{"$eval": "-2 ** 2"}`, `4`},
		{`{"$eval": "2 ** -1"}`, `0.5`},
		{`{"$eval": "big + 0"}`, `9007199254740993`},
		{`"${big}"`, `"9007199254740993"`},
		{`{"$eval": "4 / 2"}`, `2`},
		{`{"$eval": "9223372036854775807 + 1"}`, `9223372036854775807.0`},
		{`{"$eval": "false && missing || true || missing"}`, `true`},
		{`{"$eval": "task.runs[-1].state"}`, `"completed"`},
		{`{"$eval": "list[1:]"}`, `[1, 2]`},
		{`{"$eval": "task.tags['no such']"}`, `null`},
		{`{"a": {"$if": "ready"}, "b": {"$if": "!ready", "then": 1}}`, `{}`},
		{`{"$if": "false", "then": 1}`, `null`},
		{`{"$map": ["linux", "windows"], "each(os)": {"key": "${os}"}}`, `[{"key": "linux"}, {"key": "windows"}]`},
		{`{"$map": {"a": 1, "b": 2}, "each(v,k)": {"$if": "v > 1", "then": {"${k}": "${v}"}}}`, `{"b": "2"}`},
		{`{"$map": {"$eval": "task.runs"}, "each(r, i)": "${i}:${r.state}"}`, `["0:failed", "1:completed"]`},
		{`{"$reduce": [1, 2, 3], "each(sum, n)": {"$eval": "sum + n"}, "initial": 0}`, `6`},
		{`{"$find": {"$eval": "task.runs"}, "each(r)": "r.state == 'failed'"}`, `{"id": 0, "state": "failed"}`},
		{`{"$match": {"ready": {"$if": "false"}, "half > 0": "b"}}`, `["b"]`},
		{`{"$switch": {"half > 1": 1, "$default": 2}}`, `2`},
		{`{"$sort": {"$eval": "list"}}`, `[1, 2, 3]`},
		{`{"$sort": {"$eval": "task.runs"}, "by(r)": "-r.id"}`, `[{"id": 1, "state": "completed"}, {"id": 0, "state": "failed"}]`},
		{`{"$let": {"x": {"$eval": "half * 4"}}, "in": {"$json": {"b": {"$eval": "x"}, "a": "<\u0001é"}}}`, `"{\"a\":\"<\\u0001é\",\"b\":2}"`},
		{`{"$fromNow": "-2 hours 30m"}`, `"2026-01-31T09:30:00.000Z"`},
		{`{"$fromNow": "1 month", "from": "2026-01-01"}`, `"2026-01-31T00:00:00.000Z"`},
		{`{"$fromNow": "400 years"}`, `"2425-10-26T12:00:00.000Z"`},
		{`"${now}"`, `"2026-01-31T12:00:00.000Z"`},
		{`{"$eval": "split(str(1e) , '')"}`, ``},
		{`{"$eval": "[1, 'x'] + []"}`, ``},
		{`{"$eval": "number('0x10')"}`, ``},
		{`{"$eval": "number('1e3')"}`, `1000`},
		{`{"$eval": "sqrt(-1)"}`, ``},
		{`{"$eval": "0 ** -1"}`, ``},
		{`{"$eval": "10 ** 21"}`, `1e21`},
		{`"${10 ** 21} ${1 / 10000000}"`, `"1e+21 1e-7"`},
		{`"${typeof}"`, ``},
		{`"${}"`, ``},
		{`{"$fromNow": "soon"}`, ``},
		{`{"$map": [1], "$eval": "1"}`, ``},
	} {
		got, err := render(parsed(t, test.template), parsed(t, context).(map[string]any), noon)
		if test.want == "" {
			if err == nil {
				t.Errorf("%s gives %v, want an error", test.template, got)
			}
			continue
		}
		if want := parsed(t, test.want); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n got %#v, %v\nwant %#v", test.template, got, err, want)
		}
	}
}

func TestRenderTakesWhatCallersKeep(t *testing.T) {
	context := map[string]any{
		"at": noon, "n": 7, "u": uint64(1) << 40, "json": json.Number("1.5"), "names": []string{"a"}, "tags": map[string]string{"k": "v"},
	}
	got, err := render("${at} ${n} ${u} ${json} ${names[0]} ${tags.k} ${fromNow('1h', at)}", context, noon)
	want := "2026-01-31T12:00:00.000Z 7 1099511627776 1.5 a v 2026-01-31T13:00:00.000Z"
	if err != nil || got != want {
		t.Errorf("got %v, %v\nwant %s", got, err, want)
	}
	if got, err := render(map[string]any{"$eval": "x"}, map[string]any{"x": struct{}{}}, noon); err == nil {
		t.Errorf("a struct gives %v, want an error", got)
	}
}

func TestRenderGivesCopies(t *testing.T) {
	template, err := jsone.Compile(parsed(t, `{"payload": {"env": {}}, "runs": {"$eval": "runs"}, "first": {"$find": {"$eval": "runs"}, "each(r)": "true"}}`))
	if err != nil {
		t.Fatal(err)
	}
	context := parsed(t, `{"runs": [{"id": 1}]}`).(map[string]any)
	for range 2 {
		got, err := template.Render(context, noon)
		want := parsed(t, `{"payload": {"env": {}}, "runs": [{"id": 1}], "first": {"id": 1}}`)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %v, %v\nwant %v", got, err, want)
		}
		result := got.(map[string]any)
		result["payload"].(map[string]any)["env"].(map[string]any)["changed"] = true
		result["runs"].([]any)[0].(map[string]any)["id"] = "changed"
		result["first"].(map[string]any)["id"] = "changed too"
	}
}

func TestCompileTellsEveryMistakeWithItsPath(t *testing.T) {
	_, err := jsone.Compile(parsed(t, `{
		"env": {"HOME": "${HOME", "a b": {"$evil": 1}},
		"command": ["ok", {"$if": "x ==", "then": "${y"}],
		"k-${+}": 1,
		"tasks": {"$map": 3, "each(x)": {"$fromNow": "tomorrow"}}
	}`))
	many, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("got %v, want several errors", err)
	}
	var got []string
	for _, err := range many.Unwrap() {
		var e *jsone.Error
		if !errors.As(err, &e) {
			t.Fatalf("got %T, want *jsone.Error", err)
		}
		got = append(got, fmt.Sprintf("%s +%d: %s", e.Path.Full(), e.Offset, e))
	}
	want := []string{
		`command[1].$if +4: SyntaxError at template.command[1]: Unexpected end of input`,
		`command[1].then +3: SyntaxError at template.command[1]: unterminated ${..} expression`,
		`env.HOME +6: SyntaxError at template.env.HOME: unterminated ${..} expression`,
		`env["a b"] +0: TemplateError at template.env["a b"]: $<identifier> is reserved; use $$<identifier>`,
		`["k-${+}"] +5: SyntaxError at template["k-${+}"]: Found: } token, expected one of: !, (, +, -, [, false, identifier, null, number, string, true, {`,
		`tasks +0: TemplateError at template.tasks: $map value must evaluate to an array or object`,
		`tasks["each(x)"] +0: TemplateError at template.tasks: 'tomorrow' is no distance in time; it is written like '2 days 3 hours' or '-90 min'`,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestRenderTellsThePath(t *testing.T) {
	_, err := render(parsed(t, `{"$let": {"a": 1}, "in": {"env": [{"$map": [1], "each(x)": {"v": "${task.nam}"}}]}}`), map[string]any{"task": map[string]any{}}, noon)
	var e *jsone.Error
	if !errors.As(err, &e) || e.Path.Full() != `in.env[0]["each(x)"].v` || err.Error() != `InterpreterError at template.env[0].v: object has no property "nam"` {
		t.Errorf("got %v at %s", err, e.Path.Full())
	}
}

func TestRenderStopsAtItsLimits(t *testing.T) {
	for name, template := range map[string]any{
		"steps":          parsed(t, `{"$eval": "range(0, 10 ** 15)"}`),
		"nested loops":   parsed(t, `{"$map": {"$eval": "range(0, 999)"}, "each(x)": {"$map": {"$eval": "range(0, 999)"}, "each(y)": 1}}`),
		"comparisons":    parsed(t, `{"$let": {"l": {"$eval": "range(0, 9999)"}}, "in": {"$map": {"$eval": "l"}, "each(x)": {"$eval": "-1 in l"}}}`),
		"output":         parsed(t, `{"$reduce": {"$eval": "range(0, 64)"}, "each(s, x)": "${s}${s}", "initial": "ab"}`),
		"addition":       parsed(t, `{"$reduce": {"$eval": "range(0, 64)"}, "each(s, x)": {"$eval": "s + s"}, "initial": "ab"}`),
		"growing lists":  parsed(t, `{"$reduce": {"$eval": "range(0, 64)"}, "each(s, x)": {"$flatten": [{"$eval": "s"}, {"$eval": "s"}]}, "initial": [1]}`),
		"growing depth":  parsed(t, `{"$reduce": {"$eval": "range(0, 999)"}, "each(s, x)": [{"$eval": "s"}], "initial": 1}`),
		"template depth": deep(1000),
		"parentheses":    map[string]any{"$eval": strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000)},
		"signs":          map[string]any{"$eval": strings.Repeat("!", 5000) + "1"},
		"powers":         map[string]any{"$eval": "1" + strings.Repeat("**1", 2000)},
		"expression":     map[string]any{"$eval": "1" + strings.Repeat("+1", 10_000)},
		"context depth":  map[string]any{"$eval": "deep"},
		"equality depth": map[string]any{"$eval": "deep == deep"},
		"endless text":   "${" + strings.Repeat("x", 20_000),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			got, err := render(template, map[string]any{"deep": deep(1000)}, noon)
			if err == nil {
				t.Errorf("gives a %T, want an error", got)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}

func deep(levels int) any {
	var v any = "x"
	for range levels {
		v = []any{v}
	}
	return v
}

func TestReferences(t *testing.T) {
	template, err := jsone.Compile(parsed(t, `{
		"a": "${task.tags.kind} ${task['tags'][key]} ${uppercase(task.name)}",
		"b": {"$map": {"$eval": "task.runs[1:]"}, "each(r)": "${r.state} ${run.id}"},
		"c": {"$let": {"x": {"$eval": "change.number"}, "y": {"$if": "group"}}, "in": "${x.y} ${y} ${files[0]}"},
		"d": {"$let": {"${name}": 1}, "in": {"$eval": "z + 1"}},
		"e": {"$if": "defined('patchset')", "then": {"$sort": [], "by(x)": "x.a + now"}},
		"f": {"$switch": {"event.status.runs[-1].state == 'failed'": 1}},
		"g-${links.log}": {"$reduce": [], "initial": 0, "each(acc, v)": "${acc}${v}${w}"},
		"h": {"$eval": "{owner: account}.owner.name + split(subject, ' ')[0]"}
	}`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range template.References() {
		line := r.At.Full() + " " + r.String()
		if r.Tested {
			line += " tested"
		}
		if r.Perhaps {
			line += " perhaps"
		}
		got = append(got, line)
	}
	want := []string{
		`a task.tags.kind`, `a key`, `a task.tags[]`, `a task.name`,
		`b.$map.$eval task.runs`, `b["each(r)"] run.id`,
		`c.$let.x.$eval change.number`, `c.$let.y.$if group`, `c.in y perhaps`, `c.in files[]`,
		`d.$let["${name}"] name`, `d.in.$eval z perhaps`,
		`e.$if patchset tested`, `e.then["by(x)"] now`,
		`f.$switch["event.status.runs[-1].state == 'failed'"] event.status.runs[].state`,
		`["g-${links.log}"] links.log`, `["g-${links.log}"]["each(acc, v)"] w`,
		`h.$eval account`, `h.$eval subject`,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	names := strings.Join(template.Names(), " ")
	if want := "account change event files group key links name now patchset run subject task w y z"; names != want {
		t.Errorf("Names() = %s\nwant %s", names, want)
	}
}

func TestRenderIsSafeForConcurrentUse(t *testing.T) {
	template, err := jsone.Compile(parsed(t, definition))
	if err != nil {
		t.Fatal(err)
	}
	context := definitionContext(t)
	want, err := template.Render(context, noon)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				if got, err := template.Render(context, noon); err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("got %v, %v\nwant %v", got, err, want)
					return
				}
			}
		})
	}
	all.Wait()
}

func FuzzTemplate(f *testing.F) {
	seeds, err := os.ReadFile(filepath.Join("testdata", "seeds.txt"))
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range strings.Split(string(seeds), "\n") {
		f.Add(seed)
	}
	f.Add(definition)
	f.Fuzz(func(t *testing.T, text string) {
		var template any
		if json.Unmarshal([]byte(text), &template) != nil {
			template = map[string]any{"$eval": text}
		}
		compiled, err := jsone.Compile(template)
		if err != nil {
			return
		}
		compiled.Names()
		context := definitionContext(t)
		got, err := compiled.Render(context, noon)
		again, errAgain := compiled.Render(context, noon)
		if fmt.Sprint(err) != fmt.Sprint(errAgain) || err == nil && !reflect.DeepEqual(got, again) {
			t.Errorf("the second rendering differs: %v, %v\nfirst %v, %v", again, errAgain, got, err)
		}
		if !reflect.DeepEqual(context, definitionContext(t)) {
			t.Errorf("the context was changed")
		}
		if err != nil {
			return
		}
		if _, err := json.Marshal(got); err != nil {
			t.Errorf("the result has no JSON: %v", err)
		}
	})
}
