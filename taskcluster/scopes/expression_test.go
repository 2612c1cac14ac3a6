package scopes_test

import (
	"strings"
	"testing"

	"verdict/taskcluster/scopes"
)

func TestParams(t *testing.T) {
	e, err := scopes.ParseExpression([]byte(`{"AllOf":[
		"a:<one>/<two>", {"for":"v","in":"list","each":"<v>:<one>:<three>"},
		{"AnyOf":[{"if":"flag","then":"<four>","else":{"AllOf":["<five>"]}}]}, "<v>"]}`))
	if err != nil {
		t.Fatal(err)
	}
	// The v outside the for is a parameter of its own.
	if got, want := strings.Join(e.Params(), " "), "one two list three flag four five v"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestParseExpressionRefusesOtherForms(t *testing.T) {
	for _, bad := range []string{
		``, `{`, `null`, `1`, `[]`, `""`, `{}`, `"a" "b"`,
		`{"AllOf":["a"],"AnyOf":["b"]}`, `{"allOf":["a"]}`, `{"AllOf":"a"}`, `{"AllOf":null}`, `{"AnyOf":[{}]}`, `{"AllOf":[1]}`,
		`{"for":"v","in":"list"}`, `{"for":"v","in":"list","each":"<v>"}`, `{"AllOf":[{"for":"","in":"list","each":"a"}]}`,
		`{"AllOf":[{"for":"v","in":"a-b","each":"a"}]}`, `{"AllOf":[{"for":1,"in":"list","each":"a"}]}`,
		`{"if":"x"}`, `{"if":"x","else":"a"}`, `{"if":"x","then":{"for":"v","in":"list","each":"a"}}`, `{"if":"","then":"a"}`,
		`"a:<"`, `"a:<1>"`, `"a:<b.c>"`, `"a>"`, `"ü"`, `"a**"`,
	} {
		if got, err := scopes.ParseExpression([]byte(bad)); err == nil || got != nil {
			t.Errorf("%s: got %v, %v, want an error", bad, got, err)
		}
	}
}

func TestExpressionsWithoutAFormAreRefused(t *testing.T) {
	each := &scopes.Expression{Scope: "a"}
	for _, e := range []scopes.Expression{
		{}, {For: "v"}, {For: "v", In: "list"}, {If: "x"}, {If: "x", Else: each}, {Scope: "a", AllOf: []scopes.Expression{}},
		{AllOf: []scopes.Expression{{}}}, {If: "x", Then: &scopes.Expression{}},
	} {
		if got, err := e.Minimal(scopes.Params{"list": []string{"x"}, "x": true}, nil); err == nil {
			t.Errorf("%+v: got %q, want an error", e, got)
		}
	}
}

func FuzzParseExpression(f *testing.F) {
	for _, seed := range []string{
		`"a:<b>"`, `{"AllOf":["a",{"AnyOf":["b","c*"]}]}`, `{"AllOf":[]}`, `{"AnyOf":[]}`,
		`{"AnyOf":[{"for":"v","in":"list","each":"x:<v>"},{"if":"flag","then":"a","else":{"AllOf":["b"]}}]}`,
		`{"AllOf":[{"for":"v","in":"w","each":{"for":"w","in":"v","each":"<w>"}}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := scopes.ParseExpression(data)
		if err != nil {
			return
		}
		written := text(t, e)
		again, err := scopes.ParseExpression([]byte(written))
		if err != nil {
			t.Fatalf("%s was written as %s: %v", data, written, err)
		}
		if twice := text(t, again); twice != written {
			t.Errorf("%s was written as %s, then as %s", data, written, twice)
		}
		params := scopes.Params{}
		for i, name := range e.Params() {
			params[name] = []any{"x", []string{"x", "y"}, true}[i%3]
		}
		need, err := e.Minimal(params, nil)
		if err != nil {
			return
		}
		if ok, err := e.Satisfied(need, params); err != nil || !ok {
			t.Errorf("%s needs %q, which doesn't satisfy it (%v)", written, need, err)
		}
	})
}
