package rules

import (
	"fmt"
	"slices"
	"strings"

	"verdict/rules/yamlfile"
)

// MayVote says whether the team may cast a vote: nil, or a *Denied that tells what is granted, and where. Taking a
// vote back (0) is granted with the label.
func (t *Team) MayVote(server, project, branch, label string, value int) error {
	return t.may(server, project, branch, "vote", func(g *Grant) *Denied {
		r, ok := g.Labels[label]
		if !ok {
			return &Denied{What: fmt.Sprintf("no label %q is granted to %s on %s", label, t.Name, g.where()), Hint: yamlfile.DidYouMean(label, keys(g.Labels))}
		}
		if value != 0 && (value < r[0] || value > r[1]) {
			return &Denied{What: fmt.Sprintf("%s %s is beyond %s' grant (%s..%s on %s)", label, signed(value), t.Name, signed(r[0]), signed(r[1]), g.where())}
		}
		return nil
	})
}

// MayHashtag says whether the team may set or remove a hashtag: nil or a *Denied.
func (t *Team) MayHashtag(server, project, branch, tag string) error {
	return t.may(server, project, branch, "hashtags", func(g *Grant) *Denied {
		if len(g.hashtags) > 0 && anyMatch(g.hashtags, tag) {
			return nil
		}
		return &Denied{What: fmt.Sprintf("the hashtag %q is beyond %s' grant (%s on %s)", tag, t.Name, listed(g.Hashtags), g.where())}
	})
}

// MayDo says whether the team may do something on Gerrit: nil or a *Denied. The actions are those of
// GerritActions.
func (t *Team) MayDo(server, project, branch, action string) error {
	return t.may(server, project, branch, action, func(*Grant) *Denied { return nil })
}

// may looks for a grant that allows what is asked for. Where none does, the one that comes nearest explains.
func (t *Team) may(server, project, branch, action string, more func(*Grant) *Denied) error {
	if t.unlimited {
		return nil
	}
	wanted := pattern{text: project, exact: !strings.ContainsAny(project, "*?")}
	on := pattern{text: branch, exact: !strings.ContainsAny(branch, "*?")}
	var nearest *Denied
	for i := range t.Gerrit {
		g := &t.Gerrit[i]
		if !g.covers(server, wanted, on) {
			continue
		}
		denied := &Denied{What: fmt.Sprintf("%q is not among the actions of %s on %s (%s)", action, t.Name, g.where(), listed(g.Actions))}
		if slices.Contains(g.Actions, action) {
			if denied = more(g); denied == nil {
				return nil
			}
		}
		if nearest == nil {
			denied.Team, denied.Where = t.Name, fmt.Sprintf("%s:%d", t.file, g.Line)
			nearest = denied
		}
	}
	if nearest != nil {
		return nearest
	}
	var have []string
	for i := range t.Gerrit {
		have = append(have, t.Gerrit[i].where())
	}
	return &Denied{Team: t.Name, Where: fmt.Sprintf("%s:%d", t.file, t.Line),
		What: fmt.Sprintf("%s is beyond %s' grant (%s)", place(server, project, branch), t.Name, listed(have))}
}

// covers asks about a place; what isn't known of it (an empty server, project or branch, when a file is loaded)
// is taken to fit.
func (g *Grant) covers(server string, project, branch pattern) bool {
	if server != "" && server != g.Server {
		return false
	}
	return withinAny(g.projects, project) && (len(g.branches) == 0 || withinAny(g.branches, branch))
}

func withinAny(granted []pattern, wanted pattern) bool {
	if wanted.text == "" {
		return true
	}
	ok := false
	for _, g := range granted {
		if g.negate && wanted.exact && g.match(wanted.text) {
			return false // where a rule's pattern is wider, the excluded project is refused when its turn comes
		}
		ok = ok || !g.negate && g.within(wanted)
	}
	return ok
}

func (g *Grant) where() string {
	text := g.Server + ":" + strings.Join(g.Projects, ", ")
	if len(g.Branches) > 0 {
		text += " " + strings.Join(g.Branches, ", ")
	}
	return text
}

func place(server, project, branch string) string {
	if project == "" {
		project = "every project"
	}
	if server != "" {
		project = server + ":" + project
	}
	if branch != "" {
		project += " " + branch
	}
	return project
}

func listed(words []string) string {
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, ", ")
}

func keys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
