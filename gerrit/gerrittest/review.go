package gerrittest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

const maxMessage = 16384

type reviewInput struct {
	Message         string
	Tag             string
	Notify          string
	Notified        map[string]struct{ Accounts []string } `json:"notify_details"`
	Labels          map[string]labelValue
	Comments        map[string][]commentInput
	OmitDuplicates  bool `json:"omit_duplicate_comments"`
	Drafts          draftHandling
	Reviewers       []reviewerInput
	WorkInProgress  bool `json:"work_in_progress"`
	Ready           bool
	Attend          []attentionInput `json:"add_to_attention_set"`
	Relieve         []attentionInput `json:"remove_from_attention_set"`
	IgnoreAttention bool             `json:"ignore_automatic_attention_set_rules"`
	OnBehalfOf      string           `json:"on_behalf_of"`
}

// labelValue is a number, or one in quotes.
type labelValue int

func (v *labelValue) UnmarshalJSON(p []byte) error {
	n, err := strconv.Atoi(strings.Trim(string(p), `"`))
	*v = labelValue(n)
	return err
}

// draftHandling says which of the author's drafts are posted.
type draftHandling string

func (v *draftHandling) UnmarshalText(p []byte) error {
	*v = draftHandling(p)
	if !slices.Contains([]string{"KEEP", "PUBLISH", "PUBLISH_ALL_REVISIONS"}, string(p)) {
		return fmt.Errorf("unknown handling of drafts %q", p)
	}
	return nil
}

// reply is a review that nothing is wrong with.
type reply struct {
	in       reviewInput
	p        *patchset
	by       *account
	changed  map[string]int // votes that are not yet as asked
	comments []*comment
	asked    []askedReviewer
	attend   []askedAttention
}

type askedReviewer struct {
	of     *account
	in     reviewerInput
	result object
}

type askedAttention struct {
	of     *account
	in     bool
	reason string
}

func (s *Server) review(q *request, c *change, p *patchset) answer {
	in, refused := readReview(q)
	if refused != nil {
		return *refused
	}
	r := reply{in: in, p: p, by: q.by}
	taken, a := s.votes(q.by, in)
	if a != nil {
		return *a
	}
	results := object{}
	for _, check := range []func() *answer{
		func() *answer { return s.readNotified(&r) },
		func() *answer { return s.readComments(c, &r) },
		func() *answer { return s.readReviewers(&r, results) },
		func() *answer { return c.mayReview(&r) },
		func() *answer { return s.readAttention(c, &r) },
		func() (a *answer) { r.changed, a = c.differing(p, q.by, taken); return a },
	} {
		if a := check(); a != nil {
			return *a
		}
	}
	ready := in.Ready && c.wip
	s.apply(c, r)
	result := object{"change_info": s.info(c, q.by, fields{})}
	if in.Labels != nil {
		result["labels"] = taken
	}
	if len(results) > 0 {
		result["reviewers"] = results
	}
	if ready {
		result["ready"] = true
	}
	return found(result)
}

// readNotified refuses to send mail to somebody whom nobody knows.
func (s *Server) readNotified(r *reply) *answer {
	for _, to := range r.in.Notified {
		for _, id := range to.Accounts {
			if s.account(id, r.by) == nil {
				a := refuse(http.StatusBadRequest, "Some accounts that should be notified could not be resolved: Account '%s' not found", id)
				return &a
			}
		}
	}
	return nil
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
	if n := len(utf16.Encode([]rune(in.Message))); n > maxMessage {
		a := refuse(http.StatusBadRequest, "One or more comments were rejected in validation: Comment size exceeds limit (%d > %d)", n, maxMessage)
		return in, &a
	}
	return in, nil
}

// mayReview tells what of a review is its author's to ask for.
func (c *change) mayReview(r *reply) *answer {
	if r.in.WorkInProgress && r.in.Ready {
		return &answer{status: http.StatusBadRequest, json: object{"error": "work_in_progress and ready are mutually exclusive"}}
	}
	if wanted := r.in.WorkInProgress || r.in.Ready; wanted && r.in.WorkInProgress != c.wip && r.by != c.owner && !r.by.is(Administrators) {
		a := refuse(http.StatusForbidden, "toggle work in progress state not permitted")
		return &a
	}
	return nil
}

// readComments makes the comments that are to be posted, with the drafts.
func (s *Server) readComments(c *change, r *reply) *answer {
	for path, list := range r.in.Comments {
		for _, in := range list {
			made, refused := s.readComment(c, r.p, r.by, path, in)
			if refused != nil {
				return refused
			}
			there := made != nil && slices.ContainsFunc(c.comments, made.same)
			if made != nil && !(there && r.in.OmitDuplicates) {
				r.comments = append(r.comments, made)
			}
		}
	}
	if r.in.Drafts == "" || r.in.Drafts == "KEEP" {
		return nil
	}
	for _, d := range c.draftsOf(r.by) {
		if d.patchset == r.p || r.in.Drafts == "PUBLISH_ALL_REVISIONS" {
			r.comments = append(r.comments, d)
		}
	}
	return nil
}

// readReviewers finds those that are to be added or removed. One that nobody
// knows refuses the whole.
func (s *Server) readReviewers(r *reply, results object) *answer {
	refused := false
	for _, in := range r.in.Reviewers {
		of, result, ok := s.readReviewer(r.by, in)
		results[in.Reviewer] = result
		refused = refused || !ok
		r.asked = append(r.asked, askedReviewer{of, in, result})
	}
	if !refused {
		return nil
	}
	return &answer{status: http.StatusBadRequest, json: object{"reviewers": results, "error": "error adding reviewer"}}
}

// readAttention finds those who are to come into the attention set or leave it.
// Whoever has nothing to do with the change is left out without a word.
func (s *Server) readAttention(c *change, r *reply) *answer {
	seen := map[string]bool{}
	for i, in := range slices.Concat(r.in.Attend, r.in.Relieve) {
		if in.Reason == "" {
			a := refuse(http.StatusBadRequest, "missing field: reason")
			return &a
		}
		if seen[in.User] {
			a := refuse(http.StatusBadRequest, "%s can not be added/removed twice, and can not be added and removed at the same time", in.User)
			return &a
		}
		seen[in.User] = true
		of := s.account(in.User, r.by)
		asked := func(a askedReviewer) bool { return a.of == of }
		if of != nil && (c.active(of) || of == r.by || slices.ContainsFunc(r.asked, asked)) {
			r.attend = append(r.attend, askedAttention{of, i < len(r.in.Attend), in.Reason})
		}
	}
	return nil
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
		if in.OnBehalfOf != "" {
			a := refuse(http.StatusForbidden, "not permitted to modify label %q on behalf of %q", name, in.OnBehalfOf)
			return nil, &a
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
