package taskclustertest

import (
	"slices"
	"strings"
)

// satisfied reports whether one of the scopes is the needed one, or ends in * and
// begins it.
func satisfied(scopes []string, need string) bool {
	return slices.ContainsFunc(scopes, func(have string) bool { return gives(have, need) })
}

func gives(have, need string) bool {
	if prefix, wild := strings.CutSuffix(have, "*"); wild {
		return strings.HasPrefix(need, prefix)
	}
	return have == need
}

// expand adds what roles give, and leaves out what others say already. Every
// caller has the role anonymous.
func (s *Server) expand(scopes []string) []string {
	return s.expandOnly(append(slices.Clone(scopes), "assume:anonymous"))
}

// maxExpanded ends what roles that grow by themselves would not. The real auth
// refuses to make such roles.
const maxExpanded = 1000

// expandOnly is expand for scopes that aren't a caller's.
func (s *Server) expandOnly(scopes []string) []string {
	all := slices.Clone(scopes)
	for i := 0; i < len(all) && i < maxExpanded; i++ {
		for name, role := range s.roles {
			rest, assumed := assumes(all[i], name)
			if !assumed {
				continue
			}
			for _, scope := range role.scopes {
				scope = fillRest(scope, rest)
				if !satisfied(all, scope) {
					all = append(all, scope)
				}
			}
		}
	}
	return normalised(all)
}

// normalised is a sorted set of scopes, none of which another one gives.
func normalised(scopes []string) []string {
	all := slices.Clone(scopes)
	slices.Sort(all)
	all = slices.Compact(all)
	kept := []string{}
	for i, scope := range all {
		others := slices.Concat(all[:i:i], all[i+1:])
		if !satisfied(others, scope) {
			kept = append(kept, scope)
		}
	}
	return kept
}

// assumes reports whether a scope gives a role, whose name may end in * to mean
// all that begin with it, and what then stands in the place of the star.
func assumes(scope, role string) (rest string, ok bool) {
	prefix, wildRole := strings.CutSuffix("assume:"+role, "*")
	if begin, wild := strings.CutSuffix(scope, "*"); wild && strings.HasPrefix(prefix, begin) {
		return "*", true // it gives all roles that begin so
	}
	if !wildRole {
		return "", scope == prefix
	}
	return strings.CutPrefix(scope, prefix)
}

// fillRest puts what a role's star stood for in the place of <..> in a scope.
// When that ends in a star itself, the scope ends there.
func fillRest(scope, rest string) string {
	before, after, found := strings.Cut(scope, "<..>")
	if !found {
		return scope
	}
	if strings.HasSuffix(rest, "*") {
		return before + rest
	}
	return before + rest + after
}
