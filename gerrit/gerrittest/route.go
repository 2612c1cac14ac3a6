package gerrittest

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	maxBody = 16 << 20
	maxLine = 16 << 10 // of a request's line
)

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "Request Entity Too Large", http.StatusRequestEntityTooLarge)
		return
	}
	if len(r.RequestURI) > maxLine {
		w.Header().Set("Content-Type", "text/html;charset=iso-8859-1")
		w.WriteHeader(http.StatusRequestURITooLong)
		fmt.Fprint(w, "<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>")
		return
	}
	logged := s.log(r, body)
	if s.config.OnRequest != nil {
		s.config.OnRequest(logged)
	}
	trace := fmt.Sprintf("%d-%08x", time.Now().UnixMilli(), logged.Number)
	w.Header().Set("X-Gerrit-Trace", trace)
	fault := s.faultFor(logged)
	if fault != nil && !fault.AfterEffect {
		s.fail(w, r, fault)
		return
	}
	a := s.answer(r, body)
	if fault != nil {
		s.fail(w, r, fault)
		return
	}
	a.write(w, r)
}

// answer does what a request asks for. Requests are answered one by one.
func (s *Server) answer(r *http.Request, body []byte) (a answer) {
	path, authenticated := strings.CutPrefix(r.URL.EscapedPath(), "/a/")
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	q := &request{method: r.Method, query: r.URL.Query(), contentType: kind, body: body}
	if q.method == http.MethodHead {
		q.method = http.MethodGet
	}
	s.update(func() {
		if authenticated {
			by, ok := s.login(r)
			if !ok {
				a = refuse(http.StatusUnauthorized, "Unauthorized")
				return
			}
			q.by = by
		}
		a = s.route(q, segments(path))
	})
	return a
}

// segments gives the parts of a path, unescaped as Gerrit does: a + is a blank.
// A slash at the end adds none.
func segments(path string) []string {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, part := range parts {
		if plain, err := url.QueryUnescape(part); err == nil {
			parts[i] = plain
		}
	}
	if n := len(parts); n > 1 && parts[n-1] == "" {
		parts = parts[:n-1]
	}
	return parts
}

func (s *Server) route(q *request, path []string) answer {
	if q.method != http.MethodGet && q.by == nil {
		return refuse(http.StatusForbidden, "Authentication required")
	}
	switch path[0] {
	case "changes":
		return s.changeRoutes(q, path[1:])
	case "accounts":
		return s.accountRoutes(q, path[1:])
	case "projects":
		return s.projectRoutes(q, path[1:])
	case "groups":
		return s.groupRoutes(q, path[1:])
	case "config":
		return s.configRoutes(q, path[1:])
	}
	return notHere()
}

func (s *Server) changeRoutes(q *request, path []string) answer {
	if len(path) == 0 {
		if q.method == http.MethodPost {
			return s.createChange(q)
		}
		return s.queryChanges(q)
	}
	c := s.find(path[0], q.by)
	if c == nil {
		return refuse(http.StatusNotFound, "Not found: %s", path[0])
	}
	view := strings.Join(path[1:], "/")
	switch q.method + " " + view {
	case "GET ", "GET detail":
		p, refused := readPage(q)
		if refused != nil {
			return *refused
		}
		if view == "detail" {
			p.fields.detail()
		}
		return found(s.info(c, q.by, p.fields))
	case "DELETE ":
		return s.deleteChange(q, c)
	case "POST hashtags":
		return s.setHashtags(q, c)
	case "POST abandon", "POST restore":
		return s.move(q, c, view)
	case "POST submit":
		return s.submit(q, c)
	case "POST rebase":
		return s.rebase(q, c)
	case "POST move":
		return s.moveTo(q, c)
	case "POST wip", "POST ready":
		return s.signWIP(q, c, view == "wip")
	case "POST private", "DELETE private", "POST private.delete":
		return s.signPrivate(q, c, q.method == http.MethodPost && view == "private")
	case "POST edit:publish":
		return s.publishEdit(q, c)
	}
	return s.partRoutes(q, c, path[1:])
}

// partRoutes are the views of a change that have more below them, and those
// that only tell something.
func (s *Server) partRoutes(q *request, c *change, path []string) answer {
	view, below := path[0], path[1:]
	if view == "messages" && len(below) > 0 {
		return s.messageRoutes(q, c, below)
	}
	switch view {
	case "topic":
		return s.topicRoutes(q, c)
	case "edit":
		return s.editRoutes(q, c, below)
	case "reviewers":
		return s.reviewerRoutes(q, c, below)
	case "attention":
		return s.attentionRoutes(q, c, below)
	case "revisions":
		if len(below) >= 2 {
			return s.revisionRoutes(q, c, below)
		}
		return notHere()
	}
	tells := map[string]func() any{
		"hashtags": func() any { return append([]string{}, c.hashtags...) },
		"messages": func() any { return s.messageInfos(c, infoOf, true) },
		"message":  func() any { return messageInfo(c.current()) },
		"comments": func() any { return commentInfos(c.comments, nil) },
		"drafts":   func() any { return commentInfos(c.draftsOf(q.by), nil) },
	}
	if tell := tells[view]; tell != nil && q.method == http.MethodGet && len(below) == 0 {
		return found(tell())
	}
	if _, known := tells[view]; known || isAction(view) {
		return notHere()
	}
	return refuse(http.StatusNotFound, "Not found: %s", view)
}

// isAction tells the views of a change that are for POST only.
func isAction(view string) bool {
	switch view {
	case "abandon", "restore", "submit", "rebase", "move", "wip", "ready", "private", "edit:publish":
		return true
	}
	return false
}

// revisionRoutes are revisions/ID/… of a change.
func (s *Server) revisionRoutes(q *request, c *change, path []string) answer {
	p := c.revision(path[0])
	if p == nil {
		return refuse(http.StatusNotFound, "Not found: %s", path[0])
	}
	view, below := path[1], path[2:]
	switch view {
	case "files":
		return s.fileRoutes(q, c, p, below)
	case "drafts":
		return s.draftRoutes(q, c, p, below)
	}
	switch q.method + " " + view {
	case "POST review":
		return s.review(q, c, p)
	case "POST submit":
		return s.submitRevision(q, c, p)
	case "POST cherrypick":
		return s.cherryPick(q, c, p)
	case "GET commit":
		return found(s.commitInfo(p.commit, true))
	case "GET comments":
		return found(commentInfos(c.comments, p))
	case "GET mergeable":
		return s.mergeable(c, p)
	case "GET related":
		return s.related(p, q.by)
	case "GET actions":
		return found(s.revisionActions(c, p, q.by))
	case "GET patch":
		return base64Of(p.patch())
	}
	return refuse(http.StatusNotFound, "Not found: %s", view)
}
