package gerrittest

import (
	"net/http"
	"slices"
	"time"
)

// attention is that somebody has, or no longer has, to do something about a
// change next.
type attention struct {
	of     *account
	in     bool
	reason string
	date   time.Time
}

// attend puts an account into the attention set or takes it out. It tells
// whether that is news; a new reason for one who is in it is. Nobody who isn't
// in it is taken out.
func (s *Server) attend(c *change, of *account, in bool, reason string) bool {
	i := slices.IndexFunc(c.attention, func(a *attention) bool { return a.of == of })
	switch {
	case i < 0 && !in, i >= 0 && !in && !c.attention[i].in:
		return false
	case i >= 0 && in && c.attention[i].in && c.attention[i].reason == reason:
		return false
	case i < 0:
		c.attention = append(c.attention, &attention{})
		i = len(c.attention) - 1
	}
	*c.attention[i] = attention{of: of, in: in, reason: reason, date: s.now()}
	return true
}

// relax empties the attention set.
func (s *Server) relax(c *change, reason string) {
	for _, a := range c.attention {
		s.attend(c, a.of, false, reason)
	}
}

func (c *change) attends(of *account) bool {
	return slices.ContainsFunc(c.attention, func(a *attention) bool { return a.of == of && a.in })
}

// active tells who has to do with a change, and can be in its attention set.
func (c *change) active(a *account) bool {
	return a == c.owner || slices.Contains(c.reviewers, a) || slices.Contains(c.ccs, a) ||
		slices.ContainsFunc(c.patchsets, func(p *patchset) bool { return p.uploader == a })
}

// attendReply does what Gerrit does by itself when somebody replies: who replied
// is done, even if he said nothing, and the owner is next, unless it was a robot
// that has no objection. It tells whether who replied was awaited.
func (s *Server) attendReply(c *change, by *account, votes map[string]int, said bool) (awaited bool) {
	awaited = s.attend(c, by, false, "removed on reply")
	if by == c.owner || !c.open() || c.wip || !said {
		return awaited
	}
	if !by.is(ServiceUsers) {
		s.attend(c, c.owner, true, "Someone else replied on the change")
		return awaited
	}
	for _, value := range votes {
		if value < 0 {
			s.attend(c, c.owner, true, "A robot voted negatively on a label")
		}
	}
	return awaited
}

type attentionInput struct{ User, Reason string }

const notActive = "%s doesn't exist or is not active on the change as an owner, uploader, reviewer, or cc so they can't be added to the attention set"

// attentionRoutes are attention and attention/ACCOUNT.
func (s *Server) attentionRoutes(q *request, c *change, path []string) answer {
	switch {
	case len(path) == 0 && q.method == http.MethodGet:
		return found(c.attentionInfos(infoOf))
	case len(path) == 0 && q.method == http.MethodPost:
		return s.addAttention(q, c)
	case len(path) == 1 && q.method == http.MethodDelete || len(path) == 2 && path[1] == "delete" && q.method == http.MethodPost:
		return s.removeAttention(q, c, path[0])
	}
	return notHere()
}

func (s *Server) addAttention(q *request, c *change) answer {
	var in attentionInput
	if a := q.decode(&in); a != nil {
		return *a
	}
	switch of := s.account(in.User, q.by); {
	case in.User == "":
		return refuse(http.StatusBadRequest, "missing field: user")
	case in.Reason == "":
		return refuse(http.StatusBadRequest, "missing field: reason")
	case of == nil || !c.active(of):
		return refuse(http.StatusBadRequest, notActive, in.User)
	default:
		if s.attend(c, of, true, in.Reason) {
			s.touch(c, q.by)
		}
		return found(of.info())
	}
}

func (s *Server) removeAttention(q *request, c *change, id string) answer {
	var in attentionInput
	if a := q.decode(&in); a != nil {
		return *a
	}
	of := s.account(id, q.by)
	switch {
	case of == nil || !c.active(of):
		return refuse(http.StatusBadRequest, notActive, id)
	case in.Reason == "" && q.method == http.MethodPost:
		return refuse(http.StatusBadRequest, "missing field: reason")
	case in.Reason == "":
		in.Reason = "Removed by user"
	}
	if s.attend(c, of, false, in.Reason) {
		s.touch(c, q.by)
	}
	return answer{status: http.StatusNoContent}
}

func (c *change) attentionInfos(account func(*account) object) []object {
	infos := []object{}
	for _, a := range c.attention {
		if a.in {
			infos = append(infos, a.info(account))
		}
	}
	return infos
}

// attentionSets are those who are in the set, and those who were, by number.
func (c *change) attentionSets(account func(*account) object) (in, out object) {
	in, out = object{}, object{}
	for _, a := range c.attention {
		set := out
		if a.in {
			set = in
		}
		set[a.of.number()] = a.info(account)
	}
	return in, out
}

func (a *attention) info(account func(*account) object) object {
	return object{"account": account(a.of), "last_update": stamp(a.date), "reason": a.reason}
}
