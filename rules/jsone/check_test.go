package jsone_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"verdict/rules/jsone"
)

var errNotOne = errors.New("none of them")

// pick is a check such as a caller may hand in: the value if it is in the list.
var pick = map[string]jsone.Check{"pick": func(written string, literal any) (jsone.Checked, error) {
	list, ok := literal.([]any)
	if !ok {
		return jsone.Checked{}, fmt.Errorf("takes a list, in %s", written)
	}
	return jsone.Checked{Values: list, Call: func(v any) (any, error) {
		if slices.Contains(list, v) {
			return v, nil
		}
		return nil, errNotOne
	}}, nil
}}

func picking(t *testing.T, source string) *jsone.Template {
	t.Helper()
	template, err := jsone.CompileWith(parsed(t, source), pick)
	if err != nil {
		t.Fatal(err)
	}
	return template
}

func TestCheck(t *testing.T) {
	context := map[string]any{"x": "a", "n": int64(3), "list": []any{"a", "b"}}
	for source, want := range map[string]string{
		`"${pick(x, ['a', 'b'])}-"`:                                        `"a-"`,
		`{"$eval": "pick(n, [1, 3])"}`:                                     `3`,
		`"${uppercase(pick(x, ['a']))}"`:                                   `"A"`,
		`{"$if": "pick(x, ['a', 'b']) == 'a'", "then": 1}`:                 `1`,
		`{"$map": {"$eval": "list"}, "each(y)": "${pick(y, ['b', 'a'])}"}`: `["a","b"]`,
		`{"$let": {"pick": 5}, "in": "${pick(x, ['a'])} ${pick}"}`:         `"a 5"`,
		`"${x == 'b' && pick(x, ['b'])}"`:                                  `"false"`,
	} {
		v, err := picking(t, source).Render(context, time.Time{})
		got, _ := json.Marshal(v)
		if err != nil || string(got) != want {
			t.Errorf("%s: %s, %v, want %s", source, got, err, want)
		}
	}
	if _, err := picking(t, `{"a": ["${pick(x, ['b'])}"]}`).Render(context, time.Time{}); err != errNotOne {
		t.Errorf("the error of a check comes out as %v", err)
	}
}

// Without being handed in it is no function at all: the language stays as it is.
func TestCheckIsUnknownWhereItIsNotHandedIn(t *testing.T) {
	template, err := jsone.Compile("${pick(x, ['a'])}")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := template.Render(map[string]any{"x": "a"}, time.Time{}); err == nil || !strings.Contains(err.Error(), "unknown context value pick") {
		t.Error(err)
	}
}

func TestCheckSaysWhatIsWrongAndWhere(t *testing.T) {
	tests := []struct {
		source, want string
		offset       int
	}{
		{"ab ${pick(x, y)}", "pick() lets through what is written out, no value of an event", 5},
		{"${1 + pick(x, ['a', y])}", "pick() lets through what is written out, no value of an event", 6},
		{"${pick(x)}", "pick() takes two things: a value, and what it may be", 2},
		{"${pick(x, ['a'], 1)}", "pick() takes two things: a value, and what it may be", 2},
		{"${pick( x , 'a' ) + 1}", "pick() takes a list, in pick( x , 'a' )", 2},
	}
	for _, test := range tests {
		_, err := jsone.CompileWith(test.source, pick)
		var e *jsone.Error
		if !errors.As(err, &e) || e.Message != test.want || e.Offset != test.offset || e.Kind != jsone.BuiltinError {
			t.Errorf("%s: %v at %+v, want %s at %d", test.source, err, e, test.want, test.offset)
		}
	}
}

func TestReferencesTellWhatIsChecked(t *testing.T) {
	var got []string
	for _, ref := range picking(t, `["${pick(a.b + c[d], ['x'])}", "${pick(e, ['x']) + f}", "${pick(g, ['x'])}${g}"]`).References() {
		got = append(got, fmt.Sprintf("%s %t", ref, ref.Checked))
	}
	if want := "a.b true, d true, c[] true, e true, f false, g true, g false"; strings.Join(got, ", ") != want {
		t.Errorf(" got %s\nwant %s", strings.Join(got, ", "), want)
	}
}

func TestForeseeEachValueOfACheck(t *testing.T) {
	for source, want := range map[string]string{
		`"q/${pick(x, ['a', 'b', 'c'])}"`:                                            `"q/a" "q/b" "q/c"`,
		`"${pick(x, ['a', 'b'])} ${pick(x, ['a', 'b'])}"`:                            `"a a" "b b"`,
		`"${pick(x, ['a', 'b'])} ${pick(y, ['a', 'b'])}"`:                            `"a a" "a b" "b a" "b b"`,
		`{"$if": "pick(x, ['a', 'b']) == 'a'", "then": 1, "else": "${x}"}`:           `1 "?"`,
		`{"$if": "x", "then": "${pick(x, ['a', 'b'])}", "else": 3}`:                  `"a" "b" 3`,
		`"${pick('a', ['a', 'b'])}"`:                                                 `"a"`,
		`{"$let": {"y": "${pick(x, ['a', 'b'])}"}, "in": ["${y}", "${y}"]}`:          `["a","a"] ["b","b"]`,
		`{"$map": ["a", "b"], "each(y)": "${pick(y, ['a', 'b', 'c'])}"}`:             `["a","b"]`,
		`{"$map": {"$eval": "x"}, "each(y)": "${pick(y, ['a', 'b'])}"}`:              `["a"] ["b"]`,
		`{"$map": [{"$eval": "x"}, {"$eval": "z"}], "each(y)": "${pick(y, ['a'])}"}`: `["a","a"]`,
	} {
		ways, complete := picking(t, source).Foresee(16)
		var got []string
		for _, w := range ways {
			text, _ := json.Marshal(marked(w.Value))
			got = append(got, strings.ReplaceAll(string(text), jsone.Hole, "?"))
		}
		if strings.Join(got, " ") != want || !complete {
			t.Errorf("%s\n got %s, complete %t\nwant %s", source, strings.Join(got, " "), complete, want)
		}
	}
	if ways, complete := picking(t, `"${pick(x, [1, 2, 3, 4, 5])}"`).Foresee(4); len(ways) != 4 || complete {
		t.Errorf("%d ways, complete %t", len(ways), complete)
	}
}
