package gerrittest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

const codeReview = "Code-Review"

// requirement is something that a change needs before it can be submitted.
type requirement struct {
	name, description, expression string
	applies, holds                bool
}

// requirements are Gerrit's own: the highest Code-Review and not the lowest,
// where there is such a label, and no unresolved comments.
func (s *Server) requirements(c *change) []requirement {
	var all []requirement
	if s.label(codeReview) != nil {
		all = append(all, requirement{
			name: codeReview, applies: true, holds: s.approved(c),
			description: "Changes must have at least one MAX Code-Review vote and no MIN to be submittable.",
			expression:  "label:Code-Review=MAX AND -label:Code-Review=MIN",
		})
	}
	unresolved := c.unresolved() > 0
	return append(all, requirement{
		name: "No-Unresolved-Comments", applies: unresolved, holds: !unresolved,
		description: "Changes that have unresolved comments are not submittable.", expression: "-has:unresolved",
	})
}

func (r requirement) info() object {
	status, result := "SATISFIED", "PASS"
	switch {
	case !r.applies:
		status, result = "NOT_APPLICABLE", "NOT_EVALUATED"
	case !r.holds:
		status, result = "UNSATISFIED", "FAIL"
	}
	return object{
		"name": r.name, "description": r.description, "status": status, "is_legacy": false,
		"submittability_expression_result": object{"expression": r.expression, "fulfilled": r.holds, "status": result},
	}
}

func (s *Server) requirementInfos(c *change) []object {
	infos := []object{}
	for _, r := range s.requirements(c) {
		infos = append(infos, r.info())
	}
	return infos
}

// notReady tells why a change can't be submitted; "" if it can.
func (s *Server) notReady(c *change) string {
	if c.wip {
		return fmt.Sprintf("Change %[1]d: Change %[1]d is marked work in progress", c.number)
	}
	for _, r := range s.requirements(c) {
		if r.applies && !r.holds {
			return fmt.Sprintf("Change %[1]d: Change %[1]d is not ready: submit requirement '%[2]s' is unsatisfied.", c.number, r.name)
		}
	}
	return ""
}

// approved tells whether Code-Review has its highest value and not its lowest.
func (s *Server) approved(c *change) bool {
	l := s.label(codeReview)
	if l == nil {
		return true
	}
	low, high := l.edges()
	ok := false
	for _, a := range c.current().approvals {
		if a.label == l.Name && a.value == low {
			return false
		}
		ok = ok || a.label == l.Name && a.value == high
	}
	return ok
}

// chain are the open changes that a change builds on, the lowest first, and it.
func (s *Server) chain(c *change) []*change {
	chain := []*change{c}
	for at := c; ; {
		i := slices.IndexFunc(s.changes, func(of *change) bool {
			return of != c && !of.deleted && of.open() && of.project == c.project && of.branch == c.branch &&
				of.current().revision == at.current().parent()
		})
		if i < 0 {
			return chain
		}
		at = s.changes[i]
		chain = slices.Insert(chain, 0, at)
	}
}

// submit merges a change and what it builds on, if all of it is ready.
func (s *Server) submit(q *request, c *change) answer {
	if !q.by.is(Administrators) {
		return refuse(http.StatusForbidden, "submit not permitted")
	}
	if !c.open() {
		return refuse(http.StatusConflict, "%s", closed(c))
	}
	chain := s.chain(c)
	var problems []string
	for _, of := range chain {
		if problem := s.notReady(of); problem != "" {
			problems = append(problems, problem)
		}
	}
	if len(problems) == 0 {
		if _, conflicts := c.current().onto(s.tree(s.projects[c.project].branches[c.branch])); len(chain) == 1 && len(conflicts) > 0 {
			problems = append(problems, fmt.Sprintf("Change %d: Change could not be merged due to a path conflict. Please rebase the change locally and upload the rebased commit for review.", c.number))
		}
	}
	if len(problems) > 0 {
		noun := "changes"
		if len(chain) == 1 {
			noun = "change"
		}
		return refuse(http.StatusConflict, "Failed to submit %d %s due to the following problems:\n%s", len(chain), noun, strings.Join(problems, "\n"))
	}
	if err := s.merge(c, q.by); err != nil {
		return refuse(http.StatusConflict, "%s", err)
	}
	return found(s.info(c, q.by, fields{}))
}

// submitRevision is submit of a patch set, which has to be the current one.
func (s *Server) submitRevision(q *request, c *change, p *patchset) answer {
	if q.by.is(Administrators) && c.open() && p != c.current() {
		return refuse(http.StatusConflict, "revision %s is not current revision", p.revision)
	}
	return s.submit(q, c)
}

// merge merges a change and what it builds on, whatever is voted.
func (s *Server) merge(c *change, by *account) error {
	if !c.open() {
		return closed(c)
	}
	for _, of := range s.chain(c) {
		of.status, of.submitted, of.submitter = statusMerged, s.now(), by
		revision := s.mergeInto(of, by)
		s.relax(of, "Change was submitted")
		s.say(of, by, mergedTag, "Change has been successfully merged")
		s.tellOf(of, of.current(), "change-merged", object{"submitter": by.eventInfo(), "newRev": revision})
	}
	return nil
}

// mergeInto moves the branch: to the change's commit, or to a merge of it where
// the branch has moved on. It answers the new head.
func (s *Server) mergeInto(c *change, by *account) string {
	p := s.projects[c.project]
	if p == nil {
		return c.current().revision
	}
	head, revision := p.branches[c.branch], c.current().revision
	if head != "" && !s.contains(revision, head) {
		tree, _ := c.current().onto(s.tree(head))
		revision = s.commit(commit{
			parents: []string{head, revision}, subject: fmt.Sprintf("Merge %q", c.current().subject),
			author: by.person(), committer: by.person(), tree: tree,
		}).revision
	}
	if head == "" {
		head = noRevision
	}
	p.branches[c.branch] = revision
	s.tellBranch(c.project, by, "refs/heads/"+c.branch, head, revision)
	return revision
}
