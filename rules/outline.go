package rules

import (
	"slices"
	"strings"
)

// Outline is what a rule is made of, for those who compare it with what was seen of it: tests tell by it which parts no
// test has reached.
type Outline struct {
	// Clauses are those of `when`, in order.
	Clauses []OutlineClause
	Actions []OutlineAction
}

// OutlineClause is a condition as written.
type OutlineClause struct {
	Text string
	Line int
}

// OutlineAction is one entry below `do`.
type OutlineAction struct {
	Kind string
	// Key is that of Action; empty where it depends on the event, as that of a task.
	Key  string
	Line int
	// While is nil where the action has none.
	While *OutlineClause
	// Once is nil where it is done on every event.
	Once *Once
}

// Outline tells what the rule is made of.
func (r *Rule) Outline() Outline {
	var o Outline
	for _, c := range r.when {
		o.Clauses = append(o.Clauses, OutlineClause{c.text, c.line})
	}
	for _, a := range r.do {
		out := OutlineAction{Kind: a.kind, Key: a.key, Line: a.line, Once: a.once}
		if a.kind == kindTask {
			out.Key = ""
		}
		if a.while != nil {
			out.While = &OutlineClause{a.while.text, a.while.line}
		}
		o.Actions = append(o.Actions, out)
	}
	return o
}

// Labels are the labels that the rule may vote on, sorted.
func (r *Rule) Labels() []string {
	names := map[string]bool{}
	for _, a := range r.do {
		for _, label := range a.votesOn() {
			names[label] = true
		}
	}
	return keys(names)
}

// TrustedGroups are the groups that the team's rows of trust name, sorted: who is in all of them is trusted with the most
// that the team trusts anybody with by a group.
func (t *Team) TrustedGroups() []string {
	names := map[string]bool{}
	for _, row := range t.trust {
		for _, who := range row.who {
			if len(who) > len(whoGroup) && who[:len(whoGroup)] == whoGroup {
				names[who[len(whoGroup):]] = true
			}
		}
	}
	return keys(names)
}

// The parts of `on` that keep a rule from looking.
const (
	OnEvent   = "on" // another kind of event
	OnServer  = "on.server"
	OnProject = "on.project"
	OnBranch  = "on.branch"
	OnKey     = "on.routingKey"
	OnRoute   = "on.taskRoute"
	OnFiles   = "on.files"  // found by Rule.Evaluate, since it takes the files
	OnQuery   = "on.query"  // found by whoever asks the query of a tick
	OnChange  = "on.change" // it says no change: found by whoever asks the task
	OnBy      = "on.by"     // who gave a command may not: found where the account is known
)

// Refuses says which part of the trigger keeps it from an occurrence, "" where it fits. A server, project and branch that
// the occurrence doesn't have are not asked for.
func (t Trigger) Refuses(o Occurrence, exchangePrefix string) string {
	typ := t.Type
	if t.Source == "pulse" {
		typ = longName(exchangePrefix, typ)
	}
	switch {
	case t.Source != o.Source || typ != o.Type:
		return OnEvent
	case t.Source == "pulse" && t.taskRoute != "" && !slices.ContainsFunc(o.Routes, t.hasRoute):
		return OnRoute
	case t.Source == "pulse" && t.taskRoute == "" && !t.key.match(splitWords(o.RoutingKey, nil)):
		return OnKey
	case o.Server == "" && o.Project == "":
		return ""
	case t.Server != "" && t.Server != o.Server:
		return OnServer
	case !anyMatch(t.projects, o.Project):
		return OnProject
	case !anyMatch(t.branches, o.Branch):
		return OnBranch
	}
	return ""
}

// Route is the fact route: the first of a message's routes that fits taskRoute; nil where none does.
func (t Trigger) Route(routes []string) map[string]any {
	if t.taskRoute == "" {
		return nil
	}
	i := slices.IndexFunc(routes, t.hasRoute)
	if i < 0 {
		return nil
	}
	var words []any
	for _, word := range strings.Split(routes[i], ".") {
		words = append(words, word)
	}
	return map[string]any{"name": routes[i], "words": words}
}

func (t Trigger) hasRoute(route string) bool {
	return t.route.match(splitWords(route, nil))
}

// Looking are the rules whose `on` fits an occurrence. Match leaves out those of them whose clauses can't hold; these are
// with them, so that each can say why. It goes through all rules.
func (s *Set) Looking(o Occurrence, exchangePrefix string) []Candidate {
	var out []Candidate
	for _, r := range s.rules {
		for i, t := range r.On {
			if r.Mode == Off || t.Refuses(o, exchangePrefix) != "" {
				continue
			}
			c := Candidate{Rule: r, On: i}
			if p, ok := firstMatch(t.projects, o.Project); ok && p != nil && o.Project != "" {
				c.Project = p.text
			}
			out = append(out, c)
		}
	}
	return out
}
