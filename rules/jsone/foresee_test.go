package jsone_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"verdict/rules/jsone"
)

// ways are what a template can come to, each as JSON, with ? for what isn't known.
func ways(t *testing.T, source string) []string {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(source), &value); err != nil {
		t.Fatal(err)
	}
	template, err := jsone.Compile(value)
	if err != nil {
		t.Fatal(err)
	}
	found, complete := template.Foresee(16)
	if !complete {
		t.Errorf("%s: not complete", source)
	}
	var out []string
	for _, w := range found {
		text, err := json.Marshal(marked(w.Value))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, strings.ReplaceAll(string(text), jsone.Hole, "?"))
	}
	return out
}

func marked(v any) any {
	switch v := v.(type) {
	case jsone.Unknown:
		return jsone.Hole
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = marked(v[i])
		}
		return list
	case map[string]any:
		m := map[string]any{}
		for k := range v {
			m[k] = marked(v[k])
		}
		return m
	}
	return v
}

func TestForesee(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string
	}{
		{"what is written", `{"a": "x", "b": [1, true, null]}`, []string{`{"a":"x","b":[1,true,null]}`}},
		{"a part of a text", `"gfx/ci-${change.branch}-${1 + 1}"`, []string{`"gfx/ci-?-2"`}},
		{"a value", `{"$eval": "change.branch"}`, []string{`"?"`}},
		{"what is computed of it", `"${lowercase(change.branch)}"`, []string{`"?"`}},
		{"both sides", `{"$if": "change.wip", "then": "a", "else": "b"}`, []string{`"a"`, `"b"`}},
		{"one of them left out", `{"x": {"$if": "change.wip", "then": "a"}}`, []string{`{"x":"a"}`, `{}`}},
		{"one condition twice", `[{"$if": "change.wip", "then": 1, "else": 2}, {"$if": "change.wip", "then": 3, "else": 4}]`, []string{`[1,3]`, `[2,4]`}},
		{"two conditions", `[{"$if": "a", "then": 1, "else": 2}, {"$if": "b", "then": 3, "else": 4}]`, []string{`[1,3]`, `[1,4]`, `[2,3]`, `[2,4]`}},
		{"a condition that is known", `{"$if": "1 < 2", "then": "a", "else": "b"}`, []string{`"a"`}},
		{"settled by its left side", `{"$if": "true || change.wip", "then": "a", "else": "b"}`, []string{`"a"`}},
		{"whether a name is there", `{"$if": "defined(\"change\")", "then": "a", "else": "b"}`, []string{`"a"`, `"b"`}},
		{"a list that is written", `{"$map": ["a", "b"], "each(x)": "${x}-${run.id}"}`, []string{`["a-?","b-?"]`}},
		{"a list that is not known", `{"$map": {"$eval": "files"}, "each(x)": {"f": "${x}", "k": "v"}}`, []string{`[{"f":"?","k":"v"}]`}},
		{"a condition of each turn", `{"$map": ["a", "b"], "each(x)": {"$if": "x == run.id", "then": "${x}"}}`, []string{`["a","b"]`, `["a"]`, `["b"]`, `[]`}},
		{"a known one of each turn", `{"$map": ["a", "b"], "each(x)": {"$if": "x == 'a'", "then": "${x}"}}`, []string{`["a"]`}},
		{"cases", `{"$switch": {"change.branch == 'x'": 1, "$default": 2}}`, []string{`1`, `2`}},
		{"names of its own", `{"$let": {"base": {"p": "low", "env": "${run.id}"}}, "in": {"$merge": [{"$eval": "base"}, {"q": "${base.p}"}]}}`, []string{`{"env":"?","p":"low","q":"low"}`}},
		{"names that nobody knows", `{"$let": {"$eval": "change"}, "in": "${branch}"}`, []string{`"?"`}},
		{"a merge with something", `{"$merge": [{"a": 1}, {"$eval": "change"}]}`, []string{`"?"`}},
		{"a deep merge with something", `{"$mergeDeep": [{"a": {"$eval": "x"}}, {"a": [1]}]}`, []string{`{"a":"?"}`}},
		{"lists joined with something", `{"$flatten": [["a"], {"$eval": "x"}]}`, []string{`"?"`}},
		{"lists joined", `{"$flatten": [["a"], ["${x}"]]}`, []string{`["a","?"]`}},
		{"a sum", `{"$reduce": {"$eval": "x"}, "initial": 0, "each(acc, v)": {"$eval": "acc + v"}}`, []string{`"?"`}},
		{"the first of some", `{"$find": ["a", "b"], "each(x)": "x == y"}`, []string{`"a"`, `"b"`, ``}},
		{"sorted", `{"$sort": ["b", "${x}"]}`, []string{`["b","?"]`}},
		{"a time", `{"$fromNow": "2 hours"}`, []string{`"?"`}},
		{"as JSON", `{"$json": {"a": "${x}"}}`, []string{`"?"`}},
		{"a key", `{"${x}": 1}`, []string{`{"?":1}`}},
		{"what always fails", `"${1 + 'a'}"`, []string{`"?"`}},
		{"an unknown text is compared", `{"$let": {"q": "ci-${x}"}, "in": {"$if": "q == 'ci-a'", "then": 1, "else": 2}}`, []string{`1`, `2`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			want := slices.DeleteFunc(test.want, func(w string) bool { return w == "" })
			if got := ways(t, test.in); !slices.Equal(got, want) {
				t.Errorf("%s\n got %q\nwant %q", test.in, got, want)
			}
		})
	}
}

func TestForeseeEndsWhereThereAreTooManyWays(t *testing.T) {
	var list []any
	for i := range 12 {
		list = append(list, map[string]any{"$if": fmt.Sprintf("x%d", i), "then": 1})
	}
	template, err := jsone.Compile(list)
	if err != nil {
		t.Fatal(err)
	}
	if found, complete := template.Foresee(100); complete || len(found) != 100 {
		t.Errorf("%d ways, complete %v", len(found), complete)
	}
}

func TestForeseeEndsWhereItTakesTooLong(t *testing.T) {
	list := []any{map[string]any{"$map": map[string]any{"$eval": "range(0, 60000)"}, "each(i)": "${i}"}}
	for i := range 8 {
		list = append(list, map[string]any{"$if": fmt.Sprintf("x%d", i), "then": 1})
	}
	template, err := jsone.Compile(list)
	if err != nil {
		t.Fatal(err)
	}
	if found, complete := template.Foresee(256); complete || len(found) == 0 || len(found) > 20 {
		t.Errorf("%d ways, complete %v", len(found), complete)
	}
}

// What a template comes to with a context is among the ways that were foreseen.
func FuzzForesee(f *testing.F) {
	for _, source := range []string{
		`{"q": "ci-${x}", "p": {"$if": "y", "then": "low", "else": "${x}"}}`, `{"$map": ["a", "b"], "each(v)": {"$if": "v == x", "then": "${v}${y}"}}`,
		`{"$merge": [{"a": "${x}"}, {"$if": "y == 'b'", "then": {"b": 1}, "else": {}}]}`, `{"$switch": {"x == 'a'": [1], "$default": {"$eval": "y"}}}`,
		`{"$let": {"z": {"$eval": "x"}}, "in": {"$find": ["a", "${y}"], "each(v)": "v == z"}}`, `{"$match": {"x == 'a'": "${x}", "y": "b"}}`,
	} {
		f.Add(source, "a", "b")
	}
	f.Fuzz(func(t *testing.T, source, x, y string) {
		var value any
		if json.Unmarshal([]byte(source), &value) != nil {
			return
		}
		template, err := jsone.Compile(value)
		if err != nil {
			return
		}
		found, complete := template.Foresee(64)
		got, err := template.Render(map[string]any{"x": x, "y": y}, time.Unix(0, 0))
		if fails := template.Fails(); fails != nil && err == nil {
			t.Errorf("%s with x=%q, y=%q came to %v, though it was to fail: %v", source, x, y, got, fails)
		}
		if err != nil || !complete || got == nil || strings.Contains(source+x+y, jsone.Hole) {
			return
		}
		if !slices.ContainsFunc(found, func(w jsone.Way) bool { return fits(w.Value, got) }) {
			t.Errorf("%s with x=%q, y=%q came to %v, which is none of %v", source, x, y, got, found)
		}
	})
}

// fits says whether a value is one that was foreseen as another.
func fits(foreseen, got any) bool {
	switch foreseen := foreseen.(type) {
	case jsone.Unknown:
		return true
	case string:
		text, ok := got.(string)
		return ok && fitsText(strings.Split(foreseen, jsone.Hole), text)
	case []any:
		list, ok := got.([]any)
		if ok && len(foreseen) == 1 && holdsHole(foreseen[0]) {
			return true // any number of them
		}
		return ok && len(list) == len(foreseen) && !slices.ContainsFunc(indices(list), func(i int) bool { return !fits(foreseen[i], list[i]) })
	case map[string]any:
		m, ok := got.(map[string]any)
		for k, v := range foreseen {
			if strings.Contains(k, jsone.Hole) {
				return ok
			}
			if !ok || !fits(v, m[k]) {
				return false
			}
		}
		return ok && len(m) == len(foreseen)
	}
	return fmt.Sprint(foreseen) == fmt.Sprint(got)
}

func indices(list []any) []int {
	out := make([]int, len(list))
	for i := range out {
		out[i] = i
	}
	return out
}

func holdsHole(v any) bool {
	text, _ := json.Marshal(marked(v))
	return strings.Contains(string(text), jsone.Hole)
}

func fitsText(parts []string, text string) bool {
	rest, ok := strings.CutPrefix(text, parts[0])
	for i, p := range parts[1:] {
		if i == len(parts)-2 {
			return ok && strings.HasSuffix(rest, p)
		}
		at := strings.Index(rest, p)
		ok = ok && at >= 0
		if !ok {
			return false
		}
		rest = rest[at+len(p):]
	}
	return ok && rest == ""
}
