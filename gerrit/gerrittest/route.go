package gerrittest

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// request is one request as its handler sees it.
type request struct {
	method      string
	query       url.Values
	contentType string
	body        []byte
	by          *account // nil: nobody
}

// answer is what a handler says: JSON, a line of text, or nothing but a status.
type answer struct {
	status int
	json   any
	text   string
}

func found(v any) answer { return answer{status: http.StatusOK, json: v} }

func refuse(status int, format string, args ...any) answer {
	return answer{status: status, text: fmt.Sprintf(format, args...)}
}

const maxBody = 16 << 20

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "Request Entity Too Large", http.StatusRequestEntityTooLarge)
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
func segments(path string) []string {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, part := range parts {
		if plain, err := url.QueryUnescape(part); err == nil {
			parts[i] = plain
		}
	}
	return parts
}

func (s *Server) route(q *request, path []string) answer {
	if q.method != http.MethodGet && q.method != http.MethodHead && q.by == nil {
		return refuse(http.StatusForbidden, "Authentication required")
	}
	switch path[0] {
	case "changes":
		return s.changeRoutes(q, path[1:])
	case "accounts":
		return s.accountRoutes(q, path[1:])
	case "projects":
		return s.projectRoutes(path[1:])
	case "config":
		if strings.Join(path, "/") == "config/server/version" {
			return found(s.config.Version)
		}
	}
	return refuse(http.StatusNotFound, "Not Found")
}

func (s *Server) projectRoutes(path []string) answer {
	if len(path) == 0 || s.projects[path[0]] == nil {
		return refuse(http.StatusNotFound, "Not found: %s", strings.Join(path, "/"))
	}
	p := s.projects[path[0]]
	if len(path) == 1 {
		return found(object{"id": escapeID(p.name), "name": p.name, "parent": "All-Projects", "state": "ACTIVE"})
	}
	if len(path) == 3 && path[1] == "branches" {
		if head, ok := p.branches[strings.TrimPrefix(path[2], "refs/heads/")]; ok {
			return found(object{"ref": "refs/heads/" + strings.TrimPrefix(path[2], "refs/heads/"), "revision": head})
		}
	}
	return refuse(http.StatusNotFound, "Not found: %s", path[len(path)-1])
}

func (s *Server) changeRoutes(q *request, path []string) answer {
	if len(path) == 0 || path[0] == "" {
		return s.queryChanges(q)
	}
	c := s.find(path[0], q.by)
	if c == nil {
		return refuse(http.StatusNotFound, "Not found: %s", path[0])
	}
	rest := strings.TrimSuffix(strings.Join(path[1:], "/"), "/")
	switch q.method + " " + rest {
	case "GET ", "HEAD ", "GET detail":
		p, refused := readPage(q)
		if refused != nil {
			return *refused
		}
		if rest == "detail" {
			p.fields.detail()
		}
		return found(s.info(c, q.by, p.fields))
	case "DELETE ":
		if !q.by.is(Administrators) && (q.by != c.owner || !c.open()) {
			return refuse(http.StatusForbidden, "delete not permitted")
		}
		c.deleted = true
		return answer{status: http.StatusNoContent}
	case "GET hashtags":
		return found(append([]string{}, c.hashtags...))
	case "POST hashtags":
		return s.setHashtags(q, c)
	case "GET topic":
		return found(c.topic)
	case "GET messages":
		return found(c.messageInfos(infoOf))
	case "POST abandon", "POST restore", "POST submit":
		return s.move(q, c, rest)
	case "POST wip", "POST ready", "POST private", "DELETE private":
		return s.sign(q, c, rest)
	}
	return s.partRoutes(q, c, path[1:])
}

// partRoutes are revisions/ID/… and reviewers/ID/votes/LABEL.
func (s *Server) partRoutes(q *request, c *change, path []string) answer {
	if len(path) == 4 && path[0] == "reviewers" && path[2] == "votes" && q.method == http.MethodDelete {
		of := s.account(path[1], q.by)
		if of == nil || !s.removeVote(c, of, q.by, path[3]) {
			return refuse(http.StatusNotFound, "Not Found")
		}
		return answer{status: http.StatusNoContent}
	}
	if path[0] != "revisions" || len(path) < 3 {
		if isKnown(path[0]) {
			return refuse(http.StatusNotFound, "Not Found")
		}
		return refuse(http.StatusNotFound, "Not found: %s", path[0])
	}
	p := c.revision(path[1])
	if p == nil {
		return refuse(http.StatusNotFound, "Not found: %s", path[1])
	}
	switch q.method + " " + path[2] {
	case "POST review":
		return s.review(q, c, p)
	case "GET files":
		return found(p.fileInfos(true))
	case "GET commit":
		info := p.commitInfo()
		info["commit"] = p.revision
		return found(info)
	}
	return refuse(http.StatusNotFound, "Not found: %s", path[2])
}

// isKnown tells the views of a change that exist, if not for this method.
func isKnown(view string) bool {
	switch view {
	case "hashtags", "topic", "messages", "abandon", "restore", "submit", "wip", "ready", "private", "reviewers", "revisions":
		return true
	}
	return false
}

// write sends the answer as Gerrit does: JSON with a prefix, zipped if the
// client takes it and it is worth it; anything else as one line of text.
func (a answer) write(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate")
	if a.status == http.StatusNoContent {
		w.WriteHeader(a.status)
		return
	}
	if a.json == nil {
		h.Set("Content-Type", "text/plain;charset=utf-8")
		if a.status == http.StatusUnauthorized {
			h.Set("WWW-Authenticate", `Basic realm="Gerrit Code Review"`)
		}
		w.WriteHeader(a.status)
		fmt.Fprintln(w, a.text)
		return
	}
	h.Set("Content-Type", "application/json;charset=utf-8")
	text, err := json.Marshal(a.json)
	if err != nil {
		panic(fmt.Sprintf("gerrittest: %v", err)) // all that is answered can be encoded
	}
	out := io.Writer(w)
	if len(text) > 1024 && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		zip := gzip.NewWriter(w)
		defer zip.Close()
		out = zip
	}
	if a.status != http.StatusOK {
		w.WriteHeader(a.status)
	}
	fmt.Fprintf(out, ")]}'\n%s\n", text)
}
