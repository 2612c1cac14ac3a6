package scopes_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"verdict/taskcluster/scopes"
)

func TestAllows(t *testing.T) {
	for _, c := range []struct {
		have string
		need string
		want bool
	}{
		{"a:b", "a:b", true},
		{"a:b", "a:bc", false},
		{"a:*", "a:bc", true},
		{"a:*", "a:", true},
		{"*", "anything", true},
		{"a:b*", "a:*", false}, // the wider one isn't covered
		{"a:*", "a:b*", true},
		{"a*b", "axb", false}, // a star counts at the end only
		{"", "", true},
	} {
		if got := scopes.Allows([]string{c.have}, c.need); got != c.want {
			t.Errorf("Allows(%q, %q) = %v, want %v", c.have, c.need, got, c.want)
		}
	}
}

func TestMissingKeepsTheOrder(t *testing.T) {
	got := scopes.Missing([]string{"b", "c:*"}, []string{"z", "b", "c:x", "a"})
	if fmt.Sprint(got) != "[z a]" {
		t.Errorf("got %v, want [z a]", got)
	}
}

func TestCompactAllowsTheSameWithFewer(t *testing.T) {
	scope := rapid.Custom(func(t *rapid.T) string {
		return rapid.StringMatching(`[ab]{0,3}\*?`).Draw(t, "scope")
	})
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOf(scope).Draw(t, "list")
		compact := scopes.Compact(list)
		if !scopes.Satisfies(compact, list) || !scopes.Satisfies(list, compact) {
			t.Fatalf("%q became %q, which allows something else", list, compact)
		}
		for i, s := range compact {
			rest := append(append([]string{}, compact[:i]...), compact[i+1:]...)
			if scopes.Allows(rest, s) {
				t.Fatalf("%q of %q is covered by the others", s, compact)
			}
		}
	})
}
