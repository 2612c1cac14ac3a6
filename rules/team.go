package rules

import (
	"slices"
)

// Teams is teams.yaml: which folder speaks for which team, and what each was granted. It is immutable.
type Teams struct {
	// File is how teams.yaml was called.
	File  string
	teams []*Team
	data  []byte
	// older is what the grants depend on beside data: what roles give, and teams.yaml as it was.
	older []byte
}

// Team is one team with its grants.
type Team struct {
	Name string
	// Folder is where its rule files are, with a slash at the end.
	Folder string
	// Line is where it stands in teams.yaml.
	Line int
	// Email is its contact.
	Email     string
	Operators []string
	// ActionsPerMinute is its limit; 0: none.
	ActionsPerMinute int
	// Gerrit are its grants on Gerrit, Scopes those on Taskcluster, as they are written.
	Gerrit []Grant
	Scopes []string

	file       string
	unlimited  bool
	trust      []trust
	trustTasks []trustTask
	// scopesLine is where its scopes are written.
	scopesLine int
	// roles are what the roles in Scopes give, once they are expanded.
	roles map[string][]string
	// refused says why the team can have no rules; nil: it can.
	refused *Diagnostic
}

// Grant is what a team may do on some projects of one Gerrit server.
type Grant struct {
	Server   string
	Projects []string
	// Branches are patterns; empty: all.
	Branches []string
	// Labels are the ranges of votes, from and to.
	Labels   map[string][2]int
	Hashtags []string
	// Actions are of GerritActions.
	Actions []string
	Line    int

	projects, branches, hashtags []pattern
}

// All are the teams, sorted by name.
func (t *Teams) All() []*Team {
	if t == nil {
		return nil
	}
	return t.teams
}

// Team finds a team by its name.
func (t *Teams) Team(name string) (*Team, bool) {
	if t == nil {
		return nil, false
	}
	i := slices.IndexFunc(t.teams, func(team *Team) bool { return team.Name == name })
	if i < 0 {
		return nil, false
	}
	return t.teams[i], true
}

// Account is somebody on Gerrit.
type Account struct {
	Username, Email string
	Groups          []string
}

// Identities are the people behind a patchset.
type Identities struct{ Uploader, Author Account }

// Denied is a refusal for want of a grant.
type Denied struct {
	Team string
	// What says what is asked for and what is granted instead.
	What string
	// Where is the place in teams.yaml, file:line.
	Where string
	// Hint says what to do; it may be empty.
	Hint string
}

// Error is like "Verified -2 is beyond graphics' grant (-1..+1 on main:platform/gfx), teams.yaml:9".
func (d *Denied) Error() string {
	text := d.What + ", " + d.Where
	if d.Hint != "" {
		text += "; " + d.Hint
	}
	return text
}
