package scopes_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"verdict/taskcluster/scopes"
)

// scope is one of few, so that they often cover each other.
var scope = rapid.Custom(func(t *rapid.T) string {
	return rapid.StringMatching(`[ab!]{0,3}\*{0,2}`).Draw(t, "scope")
})

var scopeList = rapid.SliceOfN(scope, 0, 6)

func TestSatisfiesIsAnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := scopeList.Draw(t, "a"), scopeList.Draw(t, "b"), scopeList.Draw(t, "c")
		if !scopes.Satisfies(a, a) {
			t.Fatalf("%q doesn't satisfy itself", a)
		}
		if scopes.Satisfies(a, b) && scopes.Satisfies(b, c) && !scopes.Satisfies(a, c) {
			t.Fatalf("%q satisfies %q, that satisfies %q, and the first doesn't satisfy the last", a, b, c)
		}
		if scopes.Satisfies(a, b) && !scopes.Satisfies(slices.Concat(c, a), b) {
			t.Fatalf("%q satisfies %q, and doesn't any more with %q added", a, b, c)
		}
		if got, want := scopes.Satisfies(a, b), len(scopes.Missing(a, b)) == 0; got != want {
			t.Fatalf("Satisfies(%q, %q) = %v, Missing says %v", a, b, got, want)
		}
	})
}

// Chains are what random lists seldom have three of.
func TestAllowsIsTransitive(t *testing.T) {
	var all []string
	for _, begin := range []string{"", "a", "b", "ab", "a*", "a!"} {
		for _, end := range []string{"", "*", "**"} {
			all = append(all, begin+end)
		}
	}
	for _, a := range all {
		for _, b := range all {
			for _, c := range all {
				ab, bc, ac := scopes.Allows([]string{a}, b), scopes.Allows([]string{b}, c), scopes.Allows([]string{a}, c)
				if ab && bc && !ac {
					t.Errorf("%q allows %q, that allows %q, and the first doesn't allow the last", a, b, c)
				}
			}
		}
	}
}

func TestIntersectIsTheLargestThatBothAllow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := scopeList.Draw(t, "a"), scopeList.Draw(t, "b")
		both := scopes.Intersect(a, b)
		if !scopes.Satisfies(a, both) || !scopes.Satisfies(b, both) {
			t.Fatalf("the intersection of %q and %q is %q, which is more than they allow", a, b, both)
		}
		s := rapid.OneOf(scope, rapid.SampledFrom(append(slices.Concat(a, b), ""))).Draw(t, "s")
		if want := scopes.Allows(a, s) && scopes.Allows(b, s); scopes.Allows(both, s) != want {
			t.Fatalf("the intersection of %q and %q is %q: it allows %q: %v, both do: %v", a, b, both, s, !want, want)
		}
		if other := scopes.Intersect(b, a); !slices.Equal(both, other) {
			t.Fatalf("%q the one way, %q the other", both, other)
		}
	})
}

func TestIntersect(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{"queue:*", "queue:route:a secrets:get:b", "queue:route:a"},
		{"queue:route:a*", "queue:route:*", "queue:route:a*"},
		{"a b c", "b c d", "b c"},
		{"a*", "b*", ""},
		{"*", "*", "*"},
		{"a* b", "ab* b* a", "a ab* b"},
	} {
		if got := scopes.Intersect(strings.Fields(c.a), strings.Fields(c.b)); strings.Join(got, " ") != c.want {
			t.Errorf("Intersect(%s; %s) = %q, want %s", c.a, c.b, got, c.want)
		}
	}
}

func TestNormalizeIsTheSameForWhatAllowsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := scopeList.Draw(t, "a"), scopeList.Draw(t, "b")
		same := scopes.Satisfies(a, b) && scopes.Satisfies(b, a)
		if got := slices.Equal(scopes.Normalize(a), scopes.Normalize(b)); got != same {
			t.Fatalf("%q and %q allow the same: %v, but are %q and %q", a, b, same, scopes.Normalize(a), scopes.Normalize(b))
		}
		added := scopes.Normalize(slices.Concat(a, scopes.Normalize(a)))
		if !slices.Equal(added, scopes.Normalize(a)) {
			t.Fatalf("%q added to what it is of gives %q", scopes.Normalize(a), added)
		}
	})
}

// A ! sorts before a *, so that sorting as text would put "a!" before "a*".
func TestNormalizePutsAStarFirst(t *testing.T) {
	got := scopes.Normalize([]string{"b", "a", "b!", "b*", "a!", "ab", "b"})
	if want := "a a! ab b*"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %s", got, want)
	}
}

func TestParseRefusesWhatIsNoScope(t *testing.T) {
	for _, bad := range []string{"", "ü", "a\n", "a\x7f", "a**"} {
		if got, err := scopes.Parse([]string{"a", bad}); err == nil || !strings.Contains(err.Error(), "scope 2") {
			t.Errorf("%q: got %v, %v, want an error about scope 2", bad, got, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("a:b\na:*\nb c")
	f.Add("*\n**")
	f.Fuzz(func(t *testing.T, lines string) {
		list := strings.Split(lines, "\n")
		got, err := scopes.Parse(list)
		if err != nil {
			return
		}
		if !scopes.Satisfies(got, list) || !scopes.Satisfies(list, got) {
			t.Errorf("%q became %q, which allows something else", list, got)
		}
		if again, err := scopes.Parse(got); err != nil || !slices.Equal(got, again) {
			t.Errorf("%q became %q when read again (%v)", got, again, err)
		}
	})
}
