package app

import (
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
			if (t.Source == "gerrit" || t.Source == "command") && t.Server == server {
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

// add adds what patterns can match.
func (n *needed) add(patterns []string) {
	projects, prefixes := rules.Reach(patterns)
	n.projects, n.prefixes = append(n.projects, projects...), append(n.prefixes, prefixes...)
}
