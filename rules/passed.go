package rules

import "slices"

// Passed is a rule that Match passes over though its `on` fits: a clause is false by what the payload, or the routing
// key, tells.
type Passed struct {
	Rule *Rule
	// On is the index into Rule.On.
	On int
	// Decision says why: its Clauses are the one that is false.
	Decision Decision
}

// Passed are the rules that Match passed over for a clause. It goes through all rules, so it is for a person's
// question and not for each event. The payload is what Input.Event would be.
func (s *Set) Passed(o Occurrence, event any) []Passed {
	found := s.Match(o, nil)
	var out []Passed
	for _, r := range s.rules {
		if r.Mode == Off || slices.ContainsFunc(found, func(c Candidate) bool { return c.Rule == r }) {
			continue
		}
		for i := range r.On {
			if !r.On[i].fits(&o, s.index.prefix) {
				continue
			}
			if at, ok := r.On[i].denied(Decoded{event}); ok {
				c := r.when[at]
				denied := Clause{Text: c.text, Line: c.line, Value: "false", Children: r.On[i].told(c, event)}
				out = append(out, Passed{Rule: r, On: i, Decision: Decision{Stopped: c.text, Clauses: []Clause{denied}}})
				break
			}
		}
	}
	return out
}

// fits says whether an occurrence is what `on` names, whatever the clauses say.
func (t *Trigger) fits(o *Occurrence, prefix string) bool {
	if t.Source != o.Source {
		return false
	}
	switch t.Source {
	case "gerrit", "command":
		return t.Type == o.Type && (t.Server == "" || t.Server == o.Server) && anyMatch(t.projects, o.Project) && anyMatch(t.branches, o.Branch)
	case "pulse":
		if longName(prefix, t.Type) != o.Type {
			return false
		}
		if t.taskRoute != "" {
			return slices.ContainsFunc(o.Routes, t.hasRoute)
		}
		if !t.key.match(splitWords(o.RoutingKey, nil)) {
			return false
		}
	default:
		if t.Type != o.Type {
			return false
		}
	}
	return o.Server == "" && o.Project == "" || t.Covers(o.Server, o.Project, o.Branch)
}
