package rules

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Assume begins a scope that stands for all that a role gives. Only Taskcluster's auth can say what that is.
const Assume = "assume:"

// Roles are the roles that any team's grant assumes, as the scopes assume:<role>, sorted.
func (t *Teams) Roles() []string {
	var all []string
	for _, team := range t.All() {
		all = append(all, team.assumed()...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (t *Team) assumed() []string {
	var all []string
	for _, scope := range t.Scopes {
		if strings.HasPrefix(scope, Assume) {
			all = append(all, scope)
		}
	}
	return all
}

// unexpanded are the roles of the grant that nobody has expanded yet.
func (t *Team) unexpanded() []string {
	return slices.DeleteFunc(t.assumed(), func(scope string) bool { return t.roles[scope] != nil })
}

// Roles are the roles of the grant, as assume:<role>, with what each of them gives. It isn't the caller's to change.
func (t *Team) Roles() map[string][]string { return t.roles }

// WithRoles gives the teams with the roles of their grants expanded; expansions says for assume:<role> what it gives. A
// team with a role that isn't there is taken over from before, if its roles were known then; else it is refused, and
// Load gives it no rules. The diagnostics, which end in why, tell of both, and of trust rows that the roles don't
// satisfy after all. Before may be nil.
func (t *Teams) WithRoles(expansions map[string][]string, why string, before *Teams) (*Teams, []Diagnostic) {
	out := &Teams{File: t.File, data: t.data}
	var found []Diagnostic
	for _, team := range t.All() {
		next, problem := team.withRoles(expansions, why)
		if problem != nil {
			found = append(found, *problem)
			if old, ok := before.Team(team.Name); ok && old.refused == nil && len(old.unexpanded()) == 0 && old.Folder == team.Folder {
				found[len(found)-1].Hint = "until then, the grant of the last good teams.yaml is in force"
				next, out.older = old, append(out.older, before.data...)
			} else {
				next.refused = problem
			}
		}
		out.teams = append(out.teams, next)
	}
	out.older = append(out.older, rolesText(out)...)
	return out, found
}

// rolesText is what a set of rules depends on beside its files.
func rolesText(t *Teams) []byte {
	all := map[string]map[string][]string{}
	for _, team := range t.teams {
		if len(team.roles) > 0 {
			all[team.Name] = team.roles
		}
	}
	if len(all) == 0 {
		return nil
	}
	text, err := json.Marshal(all)
	if err != nil {
		return nil // texts can always be written
	}
	return text
}

func (t *Team) withRoles(expansions map[string][]string, why string) (*Team, *Diagnostic) {
	next := *t
	next.roles = maps.Clone(t.roles)
	if next.roles == nil {
		next.roles = map[string][]string{}
	}
	for _, role := range t.unexpanded() {
		given, ok := expansions[role]
		if !ok {
			return &next, t.problem(fmt.Sprintf("what %s gives to %s can't be told: %s", role, t.Name, why), "")
		}
		next.roles[role] = append([]string{}, given...)
	}
	have := next.expand(t.Scopes)
	for _, row := range t.trust {
		for _, scope := range row.scopes {
			if !satisfied(have, scope) {
				return &next, t.problem(fmt.Sprintf("%s, in a row of trust, is not satisfied by the scopes of %s", scope, t.Name), "add it to scopes, or take it away there")
			}
		}
	}
	return &next, nil
}

func (t *Team) problem(message, hint string) *Diagnostic {
	return &Diagnostic{Team: t.Name, File: t.file, Line: t.scopesLine, Column: 1, Message: message, Hint: hint}
}

// expand adds to scopes what their roles give, as far as that is known.
func (t *Team) expand(scopes []string) []string {
	if !slices.ContainsFunc(scopes, func(s string) bool { return len(t.roles[s]) > 0 }) {
		return scopes
	}
	all := slices.Clone(scopes)
	for _, s := range scopes {
		for _, given := range t.roles[s] {
			all = appendNew(all, given)
		}
	}
	return all
}
