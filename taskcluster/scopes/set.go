package scopes

import (
	"fmt"
	"slices"
	"strings"
)

// Parse is list, normalized, if each of it has the form of a scope: printable
// ASCII, and at most one * at its end.
func Parse(list []string) ([]string, error) {
	for i, s := range list {
		if err := checkScope(s); err != nil {
			return nil, fmt.Errorf("scope %d: %w", i+1, err)
		}
	}
	return Normalize(list), nil
}

func checkScope(s string) error {
	if s == "" {
		return fmt.Errorf("it is empty")
	}
	if i := strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }); i >= 0 {
		return fmt.Errorf("%q has other than printable ASCII characters", s)
	}
	if strings.HasSuffix(s, "**") {
		return fmt.Errorf("%q ends in more than one *", s)
	}
	return nil
}

// Normalize is list in its one form: without what others in it cover, and
// sorted, "a*" before "a". Two lists that allow the same have the same.
func Normalize(list []string) []string {
	sorted := slices.Clone(list)
	slices.SortFunc(sorted, compare)
	kept := make([]string, 0, len(sorted))
	for _, s := range sorted {
		// What one covers follows it at once.
		if n := len(kept); n > 0 && covers(kept[n-1], s) {
			continue
		}
		kept = append(kept, s)
	}
	return kept
}

// Compact is list without the scopes that others in it cover, in its own order.
// It allows the same and makes a shorter certificate.
func Compact(list []string) []string {
	left := map[string]bool{}
	for _, s := range Normalize(list) {
		left[s] = true
	}
	kept := make([]string, 0, len(left))
	for _, s := range list {
		if left[s] {
			kept = append(kept, s)
			delete(left, s) // the first of equal ones
		}
	}
	return kept
}

// Intersect is the largest set that both a and b allow: it allows a scope if,
// and only if, each of them does. It is normalized.
func Intersect(a, b []string) []string {
	var both []string
	for _, s := range a {
		if Allows(b, s) {
			both = append(both, s)
		}
	}
	for _, s := range b {
		if Allows(a, s) {
			both = append(both, s)
		}
	}
	return Normalize(both)
}

// compare sorts a scope that ends in * right before all that it covers.
func compare(a, b string) int {
	prefixA, wildA := strings.CutSuffix(a, "*")
	prefixB, wildB := strings.CutSuffix(b, "*")
	if c := strings.Compare(prefixA, prefixB); c != 0 || wildA == wildB {
		return c
	}
	if wildA {
		return -1
	}
	return 1
}
