package rules

import (
	"slices"
	"strings"

	"verdict/rules/jsone"
)

// TaskNeed is a task that a rule may create, and the scopes that this takes.
type TaskNeed struct {
	// Key is the action's. What depends on the event is * in it, as in the scopes.
	Key  string
	Line int
	// Scopes are those that it may take, sorted.
	Scopes []ScopeNeed
	// Trust says of each trust row of the team whether a patchset that it is for may start the task.
	Trust []TrustNeed
	// Open says that it may take more: a part of the definition is computed as a whole.
	Open bool
}

// ScopeNeed is a scope, and whether the team has it.
type ScopeNeed struct {
	Scope string
	Team  Coverage
}

// TrustNeed is a trust row, and which scopes it lacks.
type TrustNeed struct {
	Who      []string
	Coverage Coverage
	Missing  []string
}

// Coverage says whether a grant covers a scope.
type Coverage string

// The coverages, from the best to the worst.
const (
	Covered    Coverage = "granted"
	PartlyHeld Coverage = "partly" // a part of it depends on the event, and some of what that may be is granted
	RoleUnsaid Coverage = "role"   // unless a role in the grant gives it, which nobody could say here
	NotGranted Coverage = "lacking"
)

var coverages = []Coverage{Covered, PartlyHeld, RoleUnsaid, NotGranted}

func worse(a, b Coverage) Coverage {
	return coverages[max(slices.Index(coverages, a), slices.Index(coverages, b))]
}

// Tasks are the tasks that the rule may create, in the order of its actions. Without Sources.TaskScopes there are none.
func (r *Rule) Tasks() []TaskNeed { return r.tasks }

// coverage compares a scope, which may have a Hole, with what is granted.
func (t *Team) coverage(granted []string, scope string) Coverage {
	before, _, open := strings.Cut(scope, jsone.Hole)
	switch {
	case t.unlimited || satisfied(granted, shownScope(scope)):
		return Covered
	case open && slices.ContainsFunc(granted, func(g string) bool { return strings.HasPrefix(g, before) }):
		return PartlyHeld
	case len(t.unexpanded()) > 0:
		return RoleUnsaid
	}
	return NotGranted
}

// shownScope is a scope as a grant would have to cover it: a part that isn't known may be anything, and so may all
// that follows, since a * stands only at the end.
func shownScope(scope string) string {
	before, _, open := strings.Cut(scope, jsone.Hole)
	if open {
		return before + "*"
	}
	return scope
}

// Ask says of the scopes that a call takes whether the team has them, and whether each trust row allows the call. needed
// tells what it takes, of alternatives those that are granted.
func (t *Team) Ask(needed func(granted []string) ([]string, error)) (scopes []ScopeNeed, rows []TrustNeed, err error) {
	granted := t.expand(t.Scopes)
	need, err := needed(granted)
	if err != nil {
		return nil, nil, err
	}
	for _, scope := range need {
		scopes = append(scopes, ScopeNeed{Scope: scope, Team: t.coverage(granted, scope)})
	}
	for _, row := range t.trust {
		r, err := t.allows(row, needed)
		if err != nil {
			return nil, nil, err
		}
		rows = append(rows, r)
	}
	return scopes, rows, nil
}

// allows says whether a trust row covers what a call takes.
func (t *Team) allows(row trust, needed func(granted []string) ([]string, error)) (TrustNeed, error) {
	granted := t.expand(row.scopes)
	need, err := needed(granted)
	out := TrustNeed{Who: row.who, Coverage: Covered}
	for _, scope := range need {
		held := t.coverage(granted, scope)
		out.Coverage = worse(out.Coverage, held)
		if held != Covered {
			out.Missing = append(out.Missing, shownScope(scope))
		}
	}
	slices.Sort(out.Missing)
	return out, err
}
