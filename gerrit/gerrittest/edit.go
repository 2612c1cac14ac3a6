package gerrittest

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"strings"
)

// edit is a change edit: a tree that somebody works on, on a patch set.
type edit struct {
	base *patchset
	tree map[string]string
}

// createChange makes a change without files.
func (s *Server) createChange(q *request) answer {
	var in struct {
		Project, Branch, Subject, Topic string
		WIP                             bool `json:"work_in_progress"`
		Private                         bool `json:"is_private"`
	}
	if a := q.decode(&in); a != nil {
		return *a
	}
	p, branch := s.projects[in.Project], strings.TrimPrefix(in.Branch, "refs/heads/")
	switch {
	case in.Project == "":
		return refuse(http.StatusBadRequest, "project must be non-empty")
	case branch == "":
		return refuse(http.StatusBadRequest, "branch must be non-empty")
	case strings.TrimSpace(in.Subject) == "":
		return refuse(http.StatusBadRequest, "commit message must be non-empty")
	case p == nil:
		return refuse(http.StatusUnprocessableEntity, "Project Not Found: %s", in.Project)
	}
	head, exists := p.branches[branch]
	if !exists {
		return refuse(http.StatusBadRequest, "Destination branch does not exist refs/heads/%s", branch)
	}
	c := s.newChange(in.Project, branch, "", q.by)
	c.topic, c.wip, c.private = in.Topic, in.WIP, in.Private
	subject, rest, _ := strings.Cut(in.Subject, "\n")
	made := s.commit(commit{
		parents: []string{head}, subject: subject, body: commitMessage(subject, rest, c.id),
		author: q.by.person(), committer: q.by.person(), tree: s.tree(head),
	})
	s.addPatchset(c, upload{commit: made, by: q.by})
	return answer{status: http.StatusCreated, json: s.info(c, q.by, fields{})}
}

// editRoutes are edit and edit/PATH, of the caller's own edit.
func (s *Server) editRoutes(q *request, c *change, path []string) answer {
	e := c.edits[q.by]
	if len(path) == 0 {
		switch {
		case q.method == http.MethodGet && e == nil:
			return answer{status: http.StatusNoContent}
		case q.method == http.MethodGet:
			return found(object{"base_patch_set_number": e.base.number, "base_revision": e.base.revision})
		case q.method == http.MethodDelete && e != nil:
			delete(c.edits, q.by)
			return answer{status: http.StatusNoContent}
		}
		return notHere()
	}
	switch file := strings.Join(path, "/"); q.method {
	case http.MethodGet:
		if e == nil {
			return notHere()
		}
		if text, ok := e.tree[file]; ok {
			return base64Of(text)
		}
		return answer{status: http.StatusNoContent}
	case http.MethodPut, http.MethodDelete:
		return c.editFile(q, file)
	}
	return notHere()
}

// editFile writes or deletes a file in the caller's edit, and begins one where
// there is none.
func (c *change) editFile(q *request, file string) answer {
	if !c.open() {
		return refuse(http.StatusConflict, "%s", closed(c))
	}
	text, refused := editContent(q)
	if refused != nil {
		return *refused
	}
	e := c.edits[q.by]
	if e == nil {
		e = &edit{base: c.current(), tree: maps.Clone(c.current().tree)}
		if e.tree == nil {
			e.tree = map[string]string{}
		}
	}
	old, exists := e.tree[file]
	if exists == (q.method == http.MethodPut) && (!exists || old == text) {
		return refuse(http.StatusConflict, "no changes were made")
	}
	if q.method == http.MethodPut {
		e.tree[file] = text
	} else {
		delete(e.tree, file)
	}
	c.edits[q.by] = e
	return answer{status: http.StatusNoContent}
}

// editContent reads a file's new content: the body itself, or in JSON as a data
// URL.
func editContent(q *request) (string, *answer) {
	if q.contentType != "application/json" {
		return string(q.body), nil
	}
	var in struct {
		Content string `json:"binary_content"`
	}
	if a := q.decode(&in); a != nil {
		return "", a
	}
	_, encoded, _ := strings.Cut(in.Content, ";base64,")
	text, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		a := refuse(http.StatusBadRequest, "File data must be base64 encoded")
		return "", &a
	}
	return string(text), nil
}

// publishEdit makes a patch set of the caller's edit.
func (s *Server) publishEdit(q *request, c *change) answer {
	e := c.edits[q.by]
	if e == nil {
		return refuse(http.StatusConflict, "no edit exists for change %d", c.number)
	}
	if e.base != c.current() {
		return refuse(http.StatusConflict, "only edit for current patch set can be published")
	}
	delete(c.edits, q.by)
	p := e.base
	made := s.commit(commit{parents: p.parents, subject: p.subject, body: p.body, author: p.author, committer: q.by.person(), tree: e.tree})
	s.addPatchset(c, upload{commit: made, by: q.by, text: fmt.Sprintf("Patch Set %d: Published edit on patch set %d.", p.number+1, p.number)})
	return answer{status: http.StatusNoContent}
}
