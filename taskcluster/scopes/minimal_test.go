package scopes_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"verdict/taskcluster/scopes"
)

// expressionOf is a random expression without parameters.
func expressionOf(t *rapid.T, depth int) scopes.Expression {
	kind := rapid.IntRange(0, 2).Draw(t, "kind")
	if depth == 0 || kind == 0 {
		return scopes.Expression{Scope: rapid.SampledFrom([]string{"a", "b", "c", "ab", "ac", "a*", "ab*", "b*"}).Draw(t, "scope")}
	}
	parts := []scopes.Expression{}
	for range rapid.IntRange(0, 3).Draw(t, "parts") {
		parts = append(parts, expressionOf(t, depth-1))
	}
	if kind == 1 {
		return scopes.Expression{AllOf: parts}
	}
	return scopes.Expression{AnyOf: parts}
}

// leaves are the scopes of an expression without parameters, each once.
func leaves(e scopes.Expression) []string {
	if e.Scope != "" {
		return []string{e.Scope}
	}
	var all []string
	for _, part := range slices.Concat(e.AllOf, e.AnyOf) {
		all = append(all, leaves(part)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// holds says what satisfies an expression, in the plainest way.
func holds(e scopes.Expression, have []string) bool {
	switch {
	case e.Scope != "":
		return slices.ContainsFunc(have, func(h string) bool {
			return h == e.Scope || strings.HasSuffix(h, "*") && strings.HasPrefix(e.Scope, h[:len(h)-1])
		})
	case e.AllOf != nil:
		return !slices.ContainsFunc(e.AllOf, func(part scopes.Expression) bool { return !holds(part, have) })
	}
	return slices.ContainsFunc(e.AnyOf, func(part scopes.Expression) bool { return holds(part, have) })
}

// smallest tries all sets of an expression's own scopes that granted allows and
// that satisfy it. Those that allow more than another of them are out; it is
// the length of the shortest of the others, and what says whether a set is one
// of them. It is -1 if there is none.
func smallest(e scopes.Expression, granted []string) (int, func([]string) bool) {
	var own []string
	for _, s := range leaves(e) {
		if scopes.Allows(granted, s) {
			own = append(own, s)
		}
	}
	var good [][]string
	for bits := range 1 << len(own) {
		var set []string
		for i, s := range own {
			if bits&(1<<i) != 0 {
				set = append(set, s)
			}
		}
		if holds(e, set) {
			good = append(good, set)
		}
	}
	allowsLess := func(set []string) bool {
		return slices.ContainsFunc(good, func(other []string) bool {
			return scopes.Satisfies(set, other) && !scopes.Satisfies(other, set)
		})
	}
	length := -1
	for _, set := range good {
		if !allowsLess(set) && (length < 0 || len(set) < length) {
			length = len(set)
		}
	}
	return length, func(set []string) bool { return holds(e, set) && !allowsLess(set) }
}

func TestMinimalIsWhatTryingAllFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := expressionOf(t, 3)
		granted := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "ab", "ac", "a*", "ab*", "b*", "*"}), 0, 6).Draw(t, "granted")
		got, err := e.Minimal(nil, granted)
		length, good := smallest(e, granted)
		if length < 0 {
			checkNotGranted(t, e, granted, got, err)
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", text(t, &e), err)
		}
		if !scopes.Satisfies(granted, got) || !good(got) || len(got) != length {
			t.Fatalf("%s with %q gives %q, want one of %d", text(t, &e), granted, got, length)
		}
		checkNoneToSpare(t, e, got)
	})
}

// checkNotGranted checks the answer for an expression that granted doesn't
// satisfy: a set that does, of which something is missing.
func checkNotGranted(t *rapid.T, e scopes.Expression, granted, got []string, err error) {
	if !holds(e, []string{"*"}) {
		if !errors.Is(err, scopes.ErrNever) {
			t.Fatalf("%s gives %q, %v, want ErrNever", text(t, &e), got, err)
		}
		return
	}
	if err != nil {
		t.Fatalf("%s: %v", text(t, &e), err)
	}
	if !holds(e, got) || len(scopes.Missing(granted, got)) == 0 {
		t.Fatalf("%s with %q gives %q, of which nothing is missing, or which isn't enough", text(t, &e), granted, got)
	}
	checkNoneToSpare(t, e, got)
}

func checkNoneToSpare(t *rapid.T, e scopes.Expression, got []string) {
	for i := range got {
		rest := slices.Delete(slices.Clone(got), i, i+1)
		if holds(e, rest) {
			t.Fatalf("%s is satisfied by %q; %q are enough", text(t, &e), got, rest)
		}
	}
}

func text(t interface{ Fatal(...any) }, e *scopes.Expression) string {
	data, err := e.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestSatisfiedIsThePlainReading(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := expressionOf(t, 3)
		have := rapid.SliceOfN(rapid.StringMatching(`[abc]{0,2}\*?`), 0, 5).Draw(t, "have")
		got, err := e.Satisfied(have, nil)
		if want := holds(e, have); err != nil || got != want {
			t.Fatalf("%s with %q: got %v (%v), want %v", text(t, &e), have, got, err, want)
		}
	})
}

func TestMinimal(t *testing.T) {
	const rerun = `{"AnyOf":["rerun:<s>/<g>/<t>","rerun-in-project:<p>",{"AllOf":["rerun","assume:<s>/<g>"]}]}`
	params := scopes.Params{"s": "sched", "g": "group", "t": "task", "p": "proj", "list": []string{"x", "y"}, "none": []string{}, "yes": true, "no": false}
	for _, c := range []struct{ name, expression, granted, want string }{
		{"the first of equal ones, however long", rerun, "*", "rerun:sched/group/task"},
		{"what is granted", rerun, "rerun-in-project:*", "rerun-in-project:proj"},
		{"fewer over more", `{"AnyOf":[{"AllOf":["a","b"]},"c"]}`, "*", "c"},
		{"more if only they are granted", rerun, "rerun assume:sched/*", "rerun assume:sched/group"},
		{"the first if none is granted", rerun, "rerun", "rerun:sched/group/task"},
		{"less over more", `{"AnyOf":["a:*","a:b"]}`, "*", "a:b"},
		{"less over fewer", `{"AnyOf":["a:*",{"AllOf":["a:b","a:c"]}]}`, "*", "a:b a:c"},
		{"what is needed anyhow", `{"AllOf":[{"AnyOf":["a","b"]},{"AnyOf":["c","b"]},"b"]}`, "*", "b"},
		{"one for two", `{"AllOf":[{"AnyOf":["a","b"]},{"AnyOf":["c","b"]}]}`, "*", "b"},
		{"one that covers others", `{"AllOf":["a:b","a:*","a:c"]}`, "*", "a:*"},
		{"a list", `{"AllOf":[{"for":"v","in":"list","each":"a:<v>"},"b"]}`, "*", "a:x a:y b"},
		{"any of a list", `{"AnyOf":[{"for":"v","in":"list","each":"a:<v>"}]}`, "a:y", "a:y"},
		{"an empty list", `{"AllOf":[{"for":"v","in":"none","each":"a:<v>"}]}`, "", ""},
		{"then", `{"if":"yes","then":"a","else":"b"}`, "*", "a"},
		{"else", `{"if":"no","then":"a","else":"b"}`, "*", "b"},
		{"no else", `{"if":"no","then":"a"}`, "", ""},
		{"no else among alternatives", `{"AnyOf":[{"if":"no","then":"a"},"b"]}`, "*", "b"},
		{"no else among others", `{"AllOf":[{"if":"no","then":"a"},"b"]}`, "*", "b"},
		{"an alternative with an unknown parameter", `{"AnyOf":["a:<who>","b"]}`, "b", "b"},
		{"nothing", `{"AllOf":[]}`, "", ""},
		{"what is missing beside what is granted", `{"AllOf":["x",{"AnyOf":["a","b"]}]}`, "b", "x b"},
	} {
		e, err := scopes.ParseExpression([]byte(c.expression))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got, err := e.Minimal(params, strings.Fields(c.granted))
		if err != nil || got == nil || strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %q (%v), want %q", c.name, got, err, c.want)
		}
	}
}

func TestMinimalRefusesWhatCannotBeTold(t *testing.T) {
	for _, c := range []struct {
		expression, granted string
		params              scopes.Params
		want                string
	}{
		{`"a:<who>"`, "*", nil, "parameter who has no value"},
		{`{"AllOf":[{"for":"v","in":"who","each":"<v>"}]}`, "*", nil, "parameter who has no value"},
		{`{"if":"who","then":"a"}`, "*", nil, "parameter who has no value"},
		{`{"AnyOf":["a:<who>","b"]}`, "a:*", nil, "parameter who has no value"},
		{`{"AllOf":["x",{"AnyOf":["a:<who>"]}]}`, "", nil, "parameter who has no value"},
		{`"a:<who>"`, "*", scopes.Params{"who": []string{"x"}}, "parameter who is not a text"},
		{`{"AllOf":[{"for":"v","in":"who","each":"<v>"}]}`, "*", scopes.Params{"who": "x"}, "parameter who is not a list"},
		{`{"AnyOf":["b",{"if":"who","then":"a"}]}`, "*", scopes.Params{"who": "x"}, "parameter who is not true or false"},
		{`{"AnyOf":[]}`, "*", nil, scopes.ErrNever.Error()},
		{`{"AllOf":["a",{"AnyOf":[]}]}`, "*", nil, scopes.ErrNever.Error()},
	} {
		e, err := scopes.ParseExpression([]byte(c.expression))
		if err != nil {
			t.Errorf("%s: %v", c.expression, err)
			continue
		}
		if got, err := e.Minimal(c.params, strings.Fields(c.granted)); err == nil || err.Error() != c.want {
			t.Errorf("%s with %q: got %q, %v, want %s", c.expression, c.granted, got, err, c.want)
		}
	}
}

// 3 to the power of 40 choices can't be compared.
func TestMinimalWithoutEndIsGoodEnoughSoon(t *testing.T) {
	var e scopes.Expression
	for i := range 40 {
		e.AllOf = append(e.AllOf, scopes.Expression{AnyOf: []scopes.Expression{
			{AllOf: []scopes.Expression{{Scope: fmt.Sprint("x", i)}, {Scope: fmt.Sprint("y", i/2)}}},
			{Scope: fmt.Sprint("z", i)}, {Scope: fmt.Sprint("z", i/2)},
		}})
	}
	began := time.Now()
	got, err := e.Minimal(nil, []string{"*"})
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
	if !holds(e, got) {
		t.Errorf("%q aren't enough", got)
	}
	for i := range got {
		if rest := slices.Delete(slices.Clone(got), i, i+1); holds(e, rest) {
			t.Errorf("%q isn't needed", got[i])
		}
	}
}
