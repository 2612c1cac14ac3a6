package gerrittest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// apply does what a review asks for: one new state of the change, and one
// message at most. Without anything new nothing happens.
func (s *Server) apply(c *change, r reply) {
	before, shown, followUp := s.applyVotes(c, r)
	text := fmt.Sprintf("Patch Set %d:%s", r.p.number, strings.Join(shown, ""))
	empty := text
	if followUp != "" {
		text += "\n\nCopied votes on follow-up patch sets have been updated:" + followUp
	}
	switch n := len(r.comments); {
	case n == 1:
		text += "\n\n(1 comment)"
	case n > 1:
		text += fmt.Sprintf("\n\n(%d comments)", n)
	}
	if r.in.Ready && strings.TrimSpace(r.in.Message) == "" { // even if it was ready before
		r.in.Message = "This change is ready for review."
	}
	text = withText(text, r.in.Message)
	said := text != empty || len(shown) > 0
	news := said
	gone := make([]*departure, len(r.asked))
	for i, a := range r.asked {
		put := false
		put, gone[i] = s.putReviewer(c, r.by, a.of, a.in, a.result)
		news = put || news
	}
	if said {
		s.spoke(c, r.by)
	}
	wip := r.in.WorkInProgress != r.in.Ready && c.wip != r.in.WorkInProgress
	if wip {
		s.toggleWIP(c, r.in.WorkInProgress)
	}
	news = s.applyAttention(c, r, said) || news || wip
	if !news {
		return
	}
	s.touch(c, r.by)
	for i, a := range r.asked {
		s.tellReviewer(c, r.by, a.of)
		if gone[i] != nil {
			s.tellGone(c, r.by, a.of, gone[i])
		}
	}
	if wip {
		s.tellOf(c, c.current(), "wip-state-changed", object{"changer": r.by.eventInfo()})
	}
	if !said {
		s.sayOfItself(c, r.by, wip, gone)
		return
	}
	m := &message{id: c.meta, tag: r.in.Tag, author: r.by, date: c.updated, text: text, patchset: r.p.number, notify: r.in.Notify}
	c.messages = append(c.messages, m)
	for _, made := range r.comments {
		c.drafts = slices.DeleteFunc(c.drafts, func(d *comment) bool { return d == made })
		made.message, made.tag, made.date = m.id, r.in.Tag, c.updated
		c.comments = append(c.comments, made)
	}
	s.told(c, m)
	s.tellComment(c, r.p, r.by, text, before)
}

// sayOfItself is the message of a review that says nothing: of what else it did.
func (s *Server) sayOfItself(c *change, by *account, wip bool, gone []*departure) {
	if wip {
		tag, text := wipMessage(c.wip)
		s.sayHere(c, by, tag, text)
		return
	}
	for _, g := range slices.Backward(gone) {
		if g != nil {
			s.sayHere(c, by, deleteReviewerTag, g.text)
			return
		}
	}
}

// applyVotes writes the votes. It answers what was voted before, and what the
// message says of it.
func (s *Server) applyVotes(c *change, r reply) (before map[string]int, shown []string, followUp string) {
	before = map[string]int{}
	for label, value := range r.changed {
		was := r.p.vote(label, r.by)
		switch {
		case value == 0 && was == 0:
		case value == 0:
			shown = append(shown, " -"+label)
		default:
			shown = append(shown, fmt.Sprintf(" %s%+d", label, value))
		}
		if was != value {
			before[label] = was
		}
		a := approval{label: label, by: r.by, value: value, tag: r.in.Tag, date: s.now()}
		r.p.set(a)
		if l := s.label(label); l != nil {
			followUp += c.copyOn(l, a, r.p.number)
		}
	}
	slices.SortFunc(shown, func(a, b string) int { return strings.Compare(strings.Trim(a, " -"), strings.Trim(b, " -")) })
	return before, shown, followUp
}

// applyAttention does what Gerrit does by itself, unless it is told not to, and
// what the review asks for. It tells whether that is news.
func (s *Server) applyAttention(c *change, r reply, said bool) bool {
	news := !r.in.IgnoreAttention && s.attendReply(c, r.by, r.changed, said)
	for _, a := range r.attend {
		news = s.attend(c, a.of, a.in, a.reason) || news
	}
	return news
}

// spoke makes an account a reviewer when it has a vote, and else puts it into
// CC, unless it is the owner.
func (s *Server) spoke(c *change, by *account) {
	voted := slices.ContainsFunc(c.patchsets, func(p *patchset) bool {
		return slices.ContainsFunc(p.approvals, func(a *approval) bool { return a.by == by })
	})
	switch {
	case voted:
		s.setState(c, by, by, stateReviewer)
	case by != c.owner && c.state(by) == "":
		s.setState(c, by, by, stateCC)
	}
}

// Vote votes on the current patch set as somebody does on the page; it asks for
// no right.
func (s *Server) Vote(number int, by, label string, value int) {
	s.update(func() {
		c, a := s.mustChange(number), s.mustAccount(by)
		s.apply(c, reply{p: c.current(), by: a, changed: map[string]int{label: value}})
	})
}

// Comment posts a message as somebody does on the page.
func (s *Server) Comment(number int, by, text string) {
	s.update(func() {
		c, a := s.mustChange(number), s.mustAccount(by)
		s.apply(c, reply{in: reviewInput{Message: text}, p: c.current(), by: a})
	})
}

// RemoveVote takes somebody's vote away, as an administrator does.
func (s *Server) RemoveVote(number int, of, label string) {
	s.update(func() {
		c, a := s.mustChange(number), s.mustAccount(of)
		s.removeVote(c, a, c.owner, label)
	})
}

func (s *Server) removeVote(c *change, of, by *account, label string) {
	p := c.current()
	was := p.vote(label, of)
	if was == 0 {
		return
	}
	p.set(approval{label: label, by: of, date: s.now()})
	text := fmt.Sprintf("Removed %s%+d by %s\n", label, was, of.mention())
	s.say(c, by, "autogenerated:gerrit:deleteVote", text)
	s.tellOf(c, p, "vote-deleted", object{
		"reviewer": of.eventInfo(), "remover": by.eventInfo(), "comment": s.plainText(text),
		"approvals": s.approvalEvents(p, of, map[string]int{label: was}),
	})
}

func (a *account) mention() string { return fmt.Sprintf("<GERRIT_ACCOUNT_%d>", a.id) }

func (s *Server) deleteChange(q *request, c *change) answer {
	if c.status == statusMerged {
		return refuse(http.StatusMethodNotAllowed, "delete not permitted")
	}
	if !q.by.is(Administrators) && (q.by != c.owner || !c.open()) {
		return refuse(http.StatusForbidden, "delete not permitted")
	}
	s.erase(c, q.by)
	return answer{status: http.StatusNoContent}
}
