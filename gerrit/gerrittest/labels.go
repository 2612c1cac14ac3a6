package gerrittest

import (
	"fmt"
	"slices"
	"strings"
)

// Label is something that can be voted on a change.
type Label struct {
	Name string
	// Values are the texts of all values that can be voted; 0 is among them.
	Values map[int]string
	// Copy says which votes a new patch set keeps: terms joined by OR, each
	// changekind:KIND, is:MIN, is:MAX or is:ANY. "" is none.
	Copy string
	// Rights say who may vote it; the widest that fits counts.
	Rights []LabelRight
}

// LabelRight is the right of a group to vote from Min to Max. Group "" is
// everybody who is logged in.
type LabelRight struct {
	Group    string
	Min, Max int
}

// DefaultLabels are Gerrit's own Code-Review, and a Verified for service users
// that a new patch set keeps if only its commit message is another.
func DefaultLabels() []Label {
	return []Label{
		{
			Name: "Code-Review",
			Values: map[int]string{
				-2: "This shall not be submitted", -1: "I would prefer this is not submitted as is", 0: "No score",
				1: "Looks good to me, but someone else must approve", 2: "Looks good to me, approved",
			},
			Copy:   "changekind:NO_CHANGE OR changekind:TRIVIAL_REBASE OR is:MIN",
			Rights: []LabelRight{{Min: -1, Max: 1}, {Group: Administrators, Min: -2, Max: 2}},
		},
		{
			Name:   "Verified",
			Values: map[int]string{-1: "Fails", 0: "No score", 1: "Verified"},
			Copy:   "changekind:NO_CODE_CHANGE",
			Rights: []LabelRight{{Group: ServiceUsers, Min: -1, Max: 1}, {Group: Administrators, Min: -1, Max: 1}},
		},
	}
}

func (s *Server) label(name string) *Label {
	for i := range s.config.Labels {
		if s.config.Labels[i].Name == name {
			return &s.config.Labels[i]
		}
	}
	return nil
}

// rights is the range that an account may vote; ok is false where it may not.
func (l *Label) rights(a *account) (low, high int, ok bool) {
	if a == nil {
		return 0, 0, false
	}
	for _, r := range l.Rights {
		if r.Group == "" || a.is(r.Group) {
			low, high, ok = min(low, r.Min), max(high, r.Max), true
		}
	}
	return low, high, ok
}

func (l *Label) edges() (low, high int) {
	for v := range l.Values {
		low, high = min(low, v), max(high, v)
	}
	return low, high
}

// copies tells whether a vote is kept by a patch set of a kind.
func (l *Label) copies(value int, kind string) bool {
	return slices.ContainsFunc(l.terms(), func(term string) bool { return l.holds(term, value, kind) })
}

func (l *Label) terms() []string {
	if l.Copy == "" {
		return nil
	}
	return strings.Split(l.Copy, " OR ")
}

func (l *Label) holds(term string, value int, kind string) bool {
	low, high := l.edges()
	switch op, arg, _ := strings.Cut(term, ":"); op {
	case "changekind":
		return arg == kind || kind == "NO_CHANGE" && arg != "REWORK"
	case "is":
		return arg == "ANY" || arg == "MIN" && value == low || arg == "MAX" && value == high
	}
	return false
}

// explain writes the copy condition with what holds in bold, as the message on
// a new patch set does.
func (l *Label) explain(value int, kind string) string {
	terms := l.terms()
	for i, term := range terms {
		if l.holds(term, value, kind) {
			terms[i] = "**" + term + "**"
		}
	}
	return strings.Join(terms, " OR ")
}

func (p *patchset) approval(label string, by *account) *approval {
	for _, a := range p.approvals {
		if a.label == label && a.by == by {
			return a
		}
	}
	return nil
}

// vote is the value on a patch set, 0 where there is none.
func (p *patchset) vote(label string, by *account) int {
	if a := p.approval(label, by); a != nil {
		return a.value
	}
	return 0
}

// set writes a vote on a patch set.
func (p *patchset) set(a approval) {
	if old := p.approval(a.label, a.by); old != nil {
		*old = a
		return
	}
	p.approvals = append(p.approvals, &a)
}

// copyOn brings a vote on one patch set to those after it, as far as the copy
// condition holds and nobody voted there himself. It answers what the message
// says of that.
func (c *change) copyOn(l *Label, a approval, from int) string {
	asked := a.value
	a.copied = true
	var copied, removed []string
	for _, p := range c.patchsets[from:] {
		there := p.approval(a.label, a.by)
		if there != nil && !there.copied {
			break
		}
		where := fmt.Sprint(p.number) + was(there)
		if a.value != 0 && !l.copies(a.value, p.kind) {
			a.value = 0
		}
		switch {
		case a.value != 0:
			copied = append(copied, where)
		case there != nil && there.value != 0:
			removed = append(removed, where)
		}
		p.set(a)
	}
	text, condition := "", fmt.Sprintf(" (copy condition: %q).", l.Copy)
	if len(copied) > 0 {
		text += fmt.Sprintf("\n* %s%+d has been copied to patch set %s%s", a.label, asked, strings.Join(copied, ", "), condition)
	}
	if len(removed) > 0 {
		text += fmt.Sprintf("\n* Copied %s vote has been removed from patch set %s since the new %s=%d vote is not copyable%s", a.label, strings.Join(removed, ", "), a.label, asked, condition)
	}
	return text
}

func was(a *approval) string {
	switch {
	case a == nil:
		return ""
	case a.value == 0:
		return fmt.Sprintf(" (was -%s)", a.label)
	}
	return fmt.Sprintf(" (was %s%+d)", a.label, a.value)
}

// copyVotes brings votes to a new patch set, and answers what the message says
// of that.
func (s *Server) copyVotes(c *change, from, to *patchset) string {
	var copied, outdated []string
	for _, a := range from.approvals {
		l := s.label(a.label)
		if l == nil || a.value == 0 {
			continue
		}
		line := fmt.Sprintf("* %s%+d", a.label, a.value)
		if l.Copy != "" {
			line += fmt.Sprintf(" (copy condition: \"%s\")", l.explain(a.value, to.kind))
		}
		if !l.copies(a.value, to.kind) {
			outdated = append(outdated, line)
			continue
		}
		copied = append(copied, line)
		kept := *a
		kept.copied = true
		to.set(kept)
	}
	slices.Sort(copied)
	slices.Sort(outdated)
	text := ""
	if len(copied) > 0 {
		text += "\n\nCopied Votes:\n" + strings.Join(copied, "\n") + "\n"
	}
	if len(outdated) > 0 {
		text += "\n\nOutdated Votes:\n" + strings.Join(outdated, "\n") + "\n"
	}
	return text
}
