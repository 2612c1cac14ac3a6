package app

import (
	"slices"
	"strings"
	"sync"

	"verdict/gerrit"
	"verdict/rules"
)

// scopeOf gives the projects of a server that the rules in force need to know about: those that they look at, and
// those that their teams may act on. It is worked out once for each set.
func scopeOf(set func() *rules.Set, server string) func() gerrit.Scope {
	var mu sync.Mutex
	var of *rules.Set
	var scope gerrit.Scope
	return func() gerrit.Scope {
		mu.Lock()
		defer mu.Unlock()
		if now := set(); now != of {
			of, scope = now, neededBy(now, server)
		}
		return scope
	}
}

func neededBy(set *rules.Set, server string) gerrit.Scope {
	n := needed{teams: map[*rules.Team]bool{}}
	for _, r := range set.Rules() {
		if r.Mode == rules.Off {
			continue
		}
		for _, t := range r.On {
			if t.Source == "gerrit" && t.Server == server {
				n.add(t.Projects)
			}
		}
		team, ok := set.Team(r.Team)
		if !ok {
			continue // without grants it can do nothing
		}
		if n.teams[team] {
			continue
		}
		n.teams[team] = true
		for _, g := range team.Gerrit {
			if g.Server == server {
				n.add(g.Projects)
			}
		}
	}
	return gerrit.NewScope(n.projects, n.prefixes)
}

// needed gathers projects.
type needed struct {
	projects, prefixes []string
	teams              map[*rules.Team]bool
}

// add adds what patterns can match. Of one that has a wildcard that is whatever begins as it does.
func (n *needed) add(patterns []string) {
	positive := slices.DeleteFunc(slices.Clone(patterns), func(p string) bool { return strings.HasPrefix(p, "!") })
	if len(positive) == 0 {
		n.prefixes = append(n.prefixes, "")
	}
	for _, p := range positive {
		at := strings.IndexAny(p, "*?")
		switch {
		case at < 0:
			n.projects = append(n.projects, p)
		case strings.HasPrefix(p[at:], "**"):
			n.prefixes = append(n.prefixes, strings.TrimSuffix(p[:at], "/")) // a/** is a, too
		default:
			n.prefixes = append(n.prefixes, p[:at])
		}
	}
}
