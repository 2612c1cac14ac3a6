// Package scopes says what a set of Taskcluster scopes allows, and which scopes
// a call needs: the least of those that its reference asks for, worked out on the
// very request.
//
// It is pure. Roles, which only a server can expand, are left to the server, and
// what a request doesn't carry (a task's scheduler, when it is cancelled) is left
// to the caller, who is told what to ask for. See
// https://docs.taskcluster.net/docs/manual/design/apis/hawk/scopes
package scopes

import "strings"

// Satisfies reports whether have allows everything in need.
func Satisfies(have, need []string) bool {
	for _, n := range need {
		if !Allows(have, n) {
			return false
		}
	}
	return true
}

// Allows reports whether have allows the one scope need. A scope allows another
// by being equal to it, or by ending in * and being a prefix of it; a needed
// scope that ends in * is only allowed by one that covers all of it.
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

func covers(have, need string) bool {
	if have == need {
		return true
	}
	prefix, wild := strings.CutSuffix(have, "*")
	// Without its own star: "a**" begins "a*", and doesn't cover it.
	return wild && strings.HasPrefix(strings.TrimSuffix(need, "*"), prefix)
}
