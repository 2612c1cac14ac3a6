// Package scopes says what a set of Taskcluster scopes allows, and which scopes
// a call needs. It is pure: roles, which only a server can expand, are left to
// the server. See https://docs.taskcluster.net/docs/manual/design/apis/hawk/scopes
package scopes

import "strings"

// Satisfies reports whether have allows everything in need. A scope allows
// another by being equal to it, or by ending in * and being a prefix of it; a
// needed scope that ends in * is only allowed by one that covers all of it.
func Satisfies(have, need []string) bool {
	for _, n := range need {
		if !Allows(have, n) {
			return false
		}
	}
	return true
}

// Allows reports whether have allows the one scope need.
func Allows(have []string, need string) bool {
	for _, h := range have {
		if covers(h, need) {
			return true
		}
	}
	return false
}

// Missing are the scopes of need that have doesn't allow, in need's order.
func Missing(have, need []string) []string {
	var missing []string
	for _, n := range need {
		if !Allows(have, n) {
			missing = append(missing, n)
		}
	}
	return missing
}

// Compact is list without the scopes that others in it cover, in its order. It
// allows the same and makes a shorter certificate.
func Compact(list []string) []string {
	kept := make([]string, 0, len(list))
	for i, s := range list {
		if !coveredByOther(list, i, s) {
			kept = append(kept, s)
		}
	}
	return kept
}

// coveredByOther keeps the first of several equal scopes.
func coveredByOther(list []string, i int, s string) bool {
	for j, other := range list {
		if j == i || !covers(other, s) {
			continue
		}
		if other != s || j < i {
			return true
		}
	}
	return false
}

func covers(have, need string) bool {
	if have == need {
		return true
	}
	prefix, wild := strings.CutSuffix(have, "*")
	return wild && strings.HasPrefix(need, prefix)
}
