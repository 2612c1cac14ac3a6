package gerrittest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

const maxMessage = 16384

type reviewInput struct {
	Message  string
	Tag      string
	Notify   string
	Labels   map[string]labelValue
	Comments map[string][]struct {
		Line    int
		Message string
	}
	WorkInProgress bool `json:"work_in_progress"`
	Ready          bool
}

// labelValue is a number, or one in quotes.
type labelValue int

func (v *labelValue) UnmarshalJSON(p []byte) error {
	n, err := strconv.Atoi(strings.Trim(string(p), `"`))
	*v = labelValue(n)
	return err
}

func (s *Server) review(q *request, c *change, p *patchset) answer {
	in, refused := readReview(q)
	if refused != nil {
		return *refused
	}
	if n := len(utf16.Encode([]rune(in.Message))); n > maxMessage {
		return refuse(http.StatusBadRequest, "One or more comments were rejected in validation: Comment size exceeds limit (%d > %d)", n, maxMessage)
	}
	if in.WorkInProgress && q.by != c.owner && !q.by.is(Administrators) {
		return refuse(http.StatusForbidden, "toggle work in progress state not permitted")
	}
	taken, a := s.votes(q.by, in)
	if a != nil {
		return *a
	}
	for file := range in.Comments {
		if _, ok := p.files[file]; !ok && file != "/PATCHSET_LEVEL" && file != "/COMMIT_MSG" {
			return refuse(http.StatusBadRequest, "file %s not found in revision %d,%d", file, c.number, p.number)
		}
	}
	changed, a := c.differing(p, q.by, taken)
	if a != nil {
		return *a
	}
	s.apply(c, p, q.by, in, changed)
	result := object{"change_info": s.info(c, q.by, fields{})}
	if in.Labels != nil {
		result["labels"] = taken
	}
	return found(result)
}

func readReview(q *request) (in reviewInput, refused *answer) {
	if q.contentType == "text/plain" {
		in.Message = string(q.body)
		return in, nil
	}
	if refused := q.decode(&in); refused != nil {
		return in, refused
	}
	if in.Notify != "" && !slices.Contains([]string{"NONE", "OWNER", "OWNER_REVIEWERS", "ALL"}, in.Notify) {
		a := badJSON()
		return in, &a
	}
	return in, nil
}

// votes gives those that are taken. What no label has is left out without a
// word, what the account may not vote refuses the whole.
func (s *Server) votes(by *account, in reviewInput) (taken map[string]int, refused *answer) {
	taken = map[string]int{}
	for name, v := range in.Labels {
		l, value := s.label(name), int(v)
		if l == nil {
			continue
		}
		if _, ok := l.Values[value]; !ok {
			continue
		}
		if low, high, _ := l.rights(by); value < low || value > high {
			a := refuse(http.StatusForbidden, "Applying label %q: %d is restricted", name, value)
			return nil, &a
		}
		taken[name] = value
	}
	return taken, nil
}

// differing gives the votes that are not yet as asked. On a closed change they
// can be refused.
func (c *change) differing(p *patchset, by *account, asked map[string]int) (changed map[string]int, refused *answer) {
	changed = map[string]int{}
	var reduced []string
	for label, value := range asked {
		there := p.approval(label, by)
		if there != nil && there.value == value && !there.copied || there == nil && value == 0 {
			continue
		}
		if p.vote(label, by) > value {
			reduced = append(reduced, label)
		}
		changed[label] = value
	}
	slices.Sort(reduced)
	switch {
	case c.status == statusAbandoned && len(changed) > 0:
		a := refuse(http.StatusConflict, "change is closed")
		return nil, &a
	case c.status == statusMerged && len(reduced) > 0:
		a := refuse(http.StatusConflict, "Cannot reduce vote on labels for closed change: %s", strings.Join(reduced, ", "))
		return nil, &a
	}
	return changed, nil
}

// apply writes votes and message. Without either nothing happens.
func (s *Server) apply(c *change, p *patchset, by *account, in reviewInput, changed map[string]int) {
	var shown []string
	followUp := ""
	for label, value := range changed {
		switch was := p.vote(label, by); {
		case value == 0 && was == 0:
		case value == 0:
			shown = append(shown, " -"+label)
		default:
			shown = append(shown, fmt.Sprintf(" %s%+d", label, value))
		}
		a := approval{label: label, by: by, value: value, tag: in.Tag, date: s.now()}
		p.set(a)
		if l := s.label(label); l != nil {
			followUp += c.copyOn(l, a, p.number)
		}
	}
	slices.SortFunc(shown, func(a, b string) int { return strings.Compare(strings.Trim(a, " -"), strings.Trim(b, " -")) })
	if in.WorkInProgress != in.Ready && c.wip != in.WorkInProgress {
		c.wip = in.WorkInProgress
	}
	comments := 0
	for _, list := range in.Comments {
		comments += len(list)
	}
	c.comments += comments
	text := fmt.Sprintf("Patch Set %d:%s", p.number, strings.Join(shown, ""))
	empty := text
	if followUp != "" {
		text += "\n\nCopied votes on follow-up patch sets have been updated:" + followUp
	}
	switch {
	case comments == 1:
		text += "\n\n(1 comment)"
	case comments > 1:
		text += fmt.Sprintf("\n\n(%d comments)", comments)
	}
	text = withText(text, in.Message)
	if text == empty && len(shown) == 0 {
		return
	}
	c.reviewed(by)
	s.touch(c)
	m := &message{id: c.meta, tag: in.Tag, author: by, date: c.updated, text: text, patchset: p.number, notify: in.Notify}
	c.messages = append(c.messages, m)
	s.told(c, m)
}

// reviewed makes an account a reviewer when it has a vote, else somebody who
// spoke.
func (c *change) reviewed(by *account) {
	for _, p := range c.patchsets {
		for _, a := range p.approvals {
			if a.by == by && !slices.Contains(c.reviewers, by) {
				c.reviewers = append(c.reviewers, by)
				c.ccs = slices.DeleteFunc(c.ccs, func(a *account) bool { return a == by })
			}
		}
	}
	c.spoke(by)
}

func (c *change) spoke(by *account) {
	if by != c.owner && !slices.Contains(c.reviewers, by) && !slices.Contains(c.ccs, by) {
		c.ccs = append(c.ccs, by)
	}
}

// Vote votes on the current patch set as somebody does on the page; it asks for
// no right.
func (s *Server) Vote(number int, by, label string, value int) {
	s.update(func() {
		c, a := s.mustChange(number), s.mustAccount(by)
		s.apply(c, c.current(), a, reviewInput{}, map[string]int{label: value})
	})
}

// RemoveVote takes somebody's vote away, as an administrator does.
func (s *Server) RemoveVote(number int, of, label string) {
	s.update(func() {
		c, a := s.mustChange(number), s.mustAccount(of)
		s.removeVote(c, a, c.owner, label)
	})
}

func (s *Server) removeVote(c *change, of, by *account, label string) bool {
	p := c.current()
	was := p.vote(label, of)
	if was == 0 {
		return false
	}
	a := approval{label: label, by: of, date: s.now()}
	p.set(a)
	s.say(c, by, "autogenerated:gerrit:deleteVote", fmt.Sprintf("Removed %s%+d by %s\n", label, was, of.mention()))
	return true
}

func (a *account) mention() string { return fmt.Sprintf("<GERRIT_ACCOUNT_%d>", a.id) }

// badJSON is the answer to a body that isn't what it should be.
func badJSON() answer { return refuse(http.StatusBadRequest, "Invalid application/json in request") }

// decode reads a request's JSON. No body is an empty object.
func (q *request) decode(into any) *answer {
	if len(q.body) == 0 {
		if q.contentType != "application/json" {
			return nil
		}
		a := refuse(http.StatusBadRequest, "Expected JSON object")
		return &a
	}
	if err := json.Unmarshal(q.body, into); err != nil {
		a := badJSON()
		return &a
	}
	return nil
}
