package gerrittest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// reviewerTurn is that somebody was made a reviewer, put into CC, or removed.
type reviewerTurn struct {
	date   time.Time
	by, of *account
	state  string
}

const stateReviewer, stateCC, stateRemoved = "REVIEWER", "CC", "REMOVED"

// state is what an account is on a change; "" is neither reviewer nor in CC.
func (c *change) state(of *account) string {
	switch {
	case slices.Contains(c.reviewers, of):
		return stateReviewer
	case slices.Contains(c.ccs, of):
		return stateCC
	}
	return ""
}

// setState makes an account a reviewer, puts it into CC, or removes it. It
// tells whether that is news.
func (s *Server) setState(c *change, by, of *account, state string) bool {
	was := c.state(of)
	if was == state || was == "" && state == stateRemoved {
		return false
	}
	without := func(a *account) bool { return a == of }
	c.reviewers, c.ccs = slices.DeleteFunc(c.reviewers, without), slices.DeleteFunc(c.ccs, without)
	switch state {
	case stateReviewer:
		c.reviewers = append(c.reviewers, of)
	case stateCC:
		c.ccs = append(c.ccs, of)
	}
	c.turns = append(c.turns, reviewerTurn{date: s.now(), by: by, of: of, state: state})
	return true
}

// ask makes an account a reviewer or puts it into CC, as somebody asks for. The
// owner becomes neither.
func (s *Server) ask(c *change, by, of *account, state string) bool {
	if of == c.owner || !s.setState(c, by, of, state) {
		return false
	}
	switch {
	case state == stateCC:
		s.attend(c, of, false, "Reviewer/Cc was removed")
	case !c.wip && !of.is(ServiceUsers) && by != of:
		s.attend(c, of, true, "Reviewer was added")
	}
	return true
}

type reviewerInput struct{ Reviewer, State string }

// reviewerRoutes are reviewers, reviewers/ACCOUNT and what is below.
func (s *Server) reviewerRoutes(q *request, c *change, path []string) answer {
	if len(path) == 0 {
		switch q.method {
		case http.MethodGet:
			return found(s.reviewerInfos(c, slices.Concat(c.reviewers, c.ccs)))
		case http.MethodPost:
			return s.addReviewer(q, c)
		}
		return notHere()
	}
	of := s.account(path[0], q.by)
	if of == nil || c.state(of) == "" {
		return refuse(http.StatusNotFound, "Not found: %s", path[0])
	}
	switch rest := strings.Join(path[1:], "/"); q.method + " " + rest {
	case "GET ":
		return found(s.reviewerInfos(c, []*account{of}))
	case "DELETE ", "POST delete":
		return s.removeReviewer(q, c, of)
	case "GET votes":
		votes := map[string]int{}
		for _, a := range c.current().approvals {
			if a.by == of && a.value != 0 {
				votes[a.label] = a.value
			}
		}
		return found(votes)
	default:
		label, isVote := strings.CutPrefix(rest, "votes/")
		label, posted := strings.CutSuffix(label, "/delete")
		if isVote && (q.method == http.MethodDelete || posted && q.method == http.MethodPost) {
			return s.deleteVote(q, c, of, label)
		}
	}
	return notHere()
}

func (s *Server) addReviewer(q *request, c *change) answer {
	var in reviewerInput
	if a := q.decode(&in); a != nil {
		return *a
	}
	of, result, ok := s.readReviewer(q.by, in)
	if !ok {
		return answer{status: http.StatusBadRequest, json: result}
	}
	news, gone := s.putReviewer(c, q.by, of, in, result)
	if news {
		s.touch(c, q.by)
		s.tellReviewer(c, q.by, of)
	}
	if gone != nil {
		s.sayHere(c, q.by, deleteReviewerTag, gone.text)
		s.tellGone(c, q.by, of, gone)
	}
	return found(result)
}

// readReviewer tells whom an input names, and otherwise why it names nobody.
func (s *Server) readReviewer(by *account, in reviewerInput) (of *account, result object, ok bool) {
	if in.Reviewer == "" {
		return nil, object{"error": "reviewer user identifier is required"}, false
	}
	if of = s.account(in.Reviewer, by); of == nil {
		return nil, object{"input": in.Reviewer, "error": fmt.Sprintf("Account '%[1]s' not found\n%[1]s does not identify a registered user or group", in.Reviewer)}, false
	}
	return of, object{"input": in.Reviewer}, true
}

// putReviewer does what an input asks for, and adds to its result. Who is
// removed is gone.
func (s *Server) putReviewer(c *change, by, of *account, in reviewerInput, result object) (news bool, gone *departure) {
	if in.State == stateRemoved {
		if c.state(of) == "" {
			return false, nil
		}
		result["removed"] = s.reviewerInfo(c, of)
		return true, s.strip(c, by, of)
	}
	key, state := "reviewers", stateReviewer
	if in.State == stateCC {
		key, state = "ccs", stateCC
	}
	result[key] = []object{}
	if news = s.ask(c, by, of, state); news {
		result[key] = []object{s.reviewerInfo(c, of)}
	}
	return news, nil
}

func (s *Server) tellReviewer(c *change, by, of *account) {
	if c.state(of) == stateReviewer {
		s.tellOf(c, c.current(), "reviewer-added", object{"reviewer": of.eventInfo(), "adder": by.eventInfo()})
	}
}

// removeReviewer removes somebody with his votes.
func (s *Server) removeReviewer(q *request, c *change, of *account) answer {
	for _, value := range append(votesOf(c.current(), of), 0) {
		if !c.mayRemove(q.by, of, value) {
			return refuse(http.StatusForbidden, "remove reviewer not permitted")
		}
	}
	s.dropReviewer(c, q.by, of)
	return answer{status: http.StatusNoContent}
}

func votesOf(p *patchset, of *account) []int {
	var values []int
	for _, a := range p.approvals {
		if a.by == of {
			values = append(values, a.value)
		}
	}
	return values
}

// mayRemove tells who may remove somebody's vote: himself, an administrator, and
// the owner unless it is negative.
func (c *change) mayRemove(by, of *account, value int) bool {
	return by == of || by.is(Administrators) || by == c.owner && value >= 0
}

// departure is what there is to say of somebody who was removed.
type departure struct {
	patchset *patchset
	votes    map[string]int // that he had
	text     string
}

const deleteReviewerTag = "autogenerated:gerrit:deleteReviewer"

// dropReviewer removes somebody with his votes, and says so.
func (s *Server) dropReviewer(c *change, by, of *account) {
	gone := s.strip(c, by, of)
	s.say(c, by, deleteReviewerTag, gone.text)
	s.tellGone(c, by, of, gone)
}

// strip removes somebody with his votes, without a word.
func (s *Server) strip(c *change, by, of *account) *departure {
	p, votes, text := c.current(), map[string]int{}, ""
	for _, a := range slices.Clone(p.approvals) {
		if a.by == of && a.value != 0 {
			votes[a.label] = a.value
			text += fmt.Sprintf("* %s%+d by %s\n", a.label, a.value, of.mention())
			p.set(approval{label: a.label, by: of, date: s.now()})
		}
	}
	what := "reviewer"
	if c.state(of) == stateCC {
		what = "cc"
	}
	if text == "" {
		text = fmt.Sprintf("Removed %s %s.", what, of.mention())
	} else {
		text = fmt.Sprintf("Removed %s %s with the following votes:\n\n%s", what, of.mention(), text)
	}
	s.setState(c, by, of, stateRemoved)
	s.attend(c, of, false, "Reviewer/Cc was removed")
	return &departure{p, votes, text}
}

func (s *Server) tellGone(c *change, by, of *account, gone *departure) {
	s.tellOf(c, gone.patchset, "reviewer-deleted", object{
		"reviewer": of.eventInfo(), "remover": by.eventInfo(), "comment": s.plainText(gone.text),
		"approvals": s.approvalEvents(gone.patchset, of, gone.votes),
	})
}

func (s *Server) deleteVote(q *request, c *change, of *account, label string) answer {
	if c.current().vote(label, of) == 0 {
		return notHere()
	}
	if !c.mayRemove(q.by, of, c.current().vote(label, of)) {
		return refuse(http.StatusForbidden, "Delete vote not permitted.")
	}
	s.removeVote(c, of, q.by, label)
	return answer{status: http.StatusNoContent}
}

func (s *Server) reviewerInfos(c *change, of []*account) []object {
	infos := []object{}
	for _, a := range of {
		infos = append(infos, s.reviewerInfo(c, a))
	}
	return infos
}

// reviewerInfo has the votes of a reviewer on what he may vote.
func (s *Server) reviewerInfo(c *change, of *account) object {
	info, votes := of.info(), map[string]string{}
	for i := range s.config.Labels {
		l := &s.config.Labels[i]
		value := c.current().vote(l.Name, of)
		if _, _, may := l.rights(of); may || value != 0 {
			votes[l.Name] = signed(value)
		}
	}
	info["approvals"] = votes
	return info
}

// reviewerSets are the reviewers of a change, and those in CC.
func (c *change) reviewerSets(show func(*account) object) object {
	sets := object{}
	for state, of := range map[string][]*account{stateReviewer: c.reviewers, stateCC: c.ccs} {
		var infos []object
		for _, a := range of {
			infos = append(infos, show(a))
		}
		if infos != nil {
			sets[state] = infos
		}
	}
	return sets
}

func (c *change) reviewerUpdates(account func(*account) object) []object {
	infos := []object{}
	for _, t := range c.turns {
		infos = append(infos, object{"updated": stamp(t.date), "updated_by": account(t.by), "reviewer": account(t.of), "state": t.state})
	}
	return infos
}
