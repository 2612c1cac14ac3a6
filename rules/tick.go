package rules

import (
	"slices"
	"strings"
)

// Tick is what a trigger on cron looks at: the times of an expression, and what a query finds then. Rules that say the
// same are about the same ticks, whichever team's they are.
type Tick struct {
	// Cron is five fields, or one of @hourly, @daily and the like; its times are in Zone.
	Cron, Zone string
	// Server and Query say where changes are looked for, and which. Without them a tick belongs to no change.
	Server, Query string
}

// Name tells a tick from all others.
func (t Tick) Name() string {
	name := t.Cron + " " + t.Zone
	if t.Query != "" {
		name += " " + t.Server + ": " + t.Query
	}
	return name
}

// Ticks are those that rules look at, by name.
func (s *Set) Ticks() []Tick {
	byName := map[string]Tick{}
	for _, r := range s.rules {
		for _, t := range r.On {
			if t.Source == "cron" && r.Mode != Off {
				byName[t.Type] = t.Tick
			}
		}
	}
	out := make([]Tick, 0, len(byName))
	for _, name := range keys(byName) {
		out = append(out, byName[name])
	}
	return out
}

// finds says whether the trigger's events are changes that a query finds.
func (t Trigger) finds() bool { return t.Source == "cron" && t.Tick.Query != "" }

// ofGerrit says whether every event of the trigger is a change of one server.
func (t Trigger) ofGerrit() bool { return t.onChanges() || t.finds() }

// Sees says whether something is granted to the team where a change is: elsewhere a query finds nothing for it.
func (t *Team) Sees(server, project, branch string) bool {
	exact := func(name string) pattern { return pattern{text: name, exact: true} }
	return t.unlimited || slices.ContainsFunc(t.Gerrit, func(g Grant) bool { return g.covers(server, exact(project), exact(branch)) })
}

// Reach is what patterns of projects can match: names, and what names begin with. One that excludes takes nothing away.
func Reach(patterns []string) (projects, prefixes []string) {
	positive := slices.DeleteFunc(slices.Clone(patterns), func(p string) bool { return strings.HasPrefix(p, "!") })
	if len(positive) == 0 {
		return nil, []string{""}
	}
	for _, p := range positive {
		at := strings.IndexAny(p, "*?")
		switch {
		case at < 0:
			projects = append(projects, p)
		case strings.HasPrefix(p[at:], "**"):
			prefixes = append(prefixes, strings.TrimSuffix(p[:at], "/")) // a/** is a, too
		default:
			prefixes = append(prefixes, p[:at])
		}
	}
	return projects, prefixes
}
