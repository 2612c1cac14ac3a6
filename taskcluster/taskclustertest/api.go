package taskclustertest

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"verdict/taskcluster"
)

const (
	maxBody    = 10 << 20 // beyond it the body isn't read, and the answer is 500
	maxHeaders = 16 << 10 // beyond it no service sees the request
)

// request is what a method is given.
type request struct {
	*http.Request
	endpoint *endpoint
	params   map[string]string // of the path
	id       string            // the first of them
	body     []byte
	payload  map[string]any
	who      *identity // nil until somebody asks who signed it
}

// answer is what a method gives: a status and what is written as JSON.
type answer struct {
	status   int
	code     string
	location string
	header   map[string]string
	body     any
}

func ok(body any) answer { return answer{status: http.StatusOK, body: body} }

// ServeHTTP answers one request as the services do.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, contentPath) {
		s.serveContent(w, r)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return // the client is gone
	}
	req := match(r)
	req.body = body
	fault := s.takeFault(req.endpoint.name)
	if fault != nil && !fault.AfterEffect {
		s.record(req, answer{status: fault.Status})
		fault.answer(w, r)
		return
	}
	a := s.dispatch(req)
	s.publish()
	if fault != nil {
		s.record(req, answer{status: fault.Status})
		fault.answer(w, r)
		return
	}
	s.record(req, a)
	write(w, r, a)
}

// dispatch looks at a request in the order in which services do: the body, the
// caller, the parameters, and then what the method itself asks for. A caller is
// looked at early only where the path names all that the scopes depend on, and
// never where a method needs none.
func (s *Server) dispatch(req *request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if req.endpoint.name == "" {
		return answer{status: http.StatusNotFound, body: map[string]string{"error": "Not found"}}
	}
	if headerSize(req.Header) > maxHeaders {
		return answer{status: http.StatusRequestHeaderFieldsTooLarge, body: map[string]string{}}
	}
	if len(req.body) > maxBody {
		return s.internalError(req)
	}
	if err := req.parse(); err != nil {
		return s.refuse(req, 400, "MalformedPayload", "Failed to parse JSON: "+err.Error())
	}
	if req.endpoint.byPath {
		if refused := s.authorize(req, nil); refused != nil {
			return *refused
		}
	}
	if err := req.check(); err != nil {
		return s.refuse(req, 400, "InvalidRequestArguments", err.Error())
	}
	if req.endpoint.input && !req.isJSON() {
		return s.refuse(req, 400, "MalformedPayload",
			"Payload must be JSON with content-type: application/json got content-type: "+req.Header.Get("Content-Type"))
	}
	if req.endpoint.handle == nil {
		return s.onlyScopes(req)
	}
	return req.endpoint.handle(s, req)
}

func (r *request) isJSON() bool {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && media == "application/json"
}

// parse reads the payload. With another content type the body is taken as empty,
// even where its hash is checked.
func (r *request) parse() error {
	r.payload = map[string]any{}
	if !r.isJSON() {
		r.body = nil
	}
	if len(r.body) == 0 {
		return nil
	}
	if err := json.Unmarshal(r.body, &r.payload); err != nil {
		return err
	}
	if r.payload == nil {
		r.payload = map[string]any{}
		return refusal("Must be an object or array")
	}
	return nil
}

func headerSize(h http.Header) (size int) {
	for name, values := range h {
		for _, v := range values {
			size += len(name) + len(v) + len(": \r\n")
		}
	}
	return size
}

// onlyScopes answers the methods that the server knows by name alone: whoever
// has the scopes is told that nothing was done.
func (s *Server) onlyScopes(req *request) answer {
	if refused := s.authorize(req, s.derived(req)); refused != nil {
		return *refused
	}
	return s.refuse(req, http.StatusNotImplemented, "NotImplemented",
		fmt.Sprintf("This stand-in checks the scopes of %s.%s and does nothing else.", req.endpoint.service, req.endpoint.name))
}

// refuse is an answer of the form that all services' errors have: it echoes the
// payload.
func (s *Server) refuse(req *request, status int, code, message string) answer {
	at := taskcluster.Time(s.config.Now())
	payload := req.payload
	if payload == nil {
		payload = map[string]any{}
	}
	params := req.params
	if params == nil {
		params = map[string]string{}
	}
	return answer{status: status, code: code, body: map[string]any{
		"code": code,
		"message": fmt.Sprintf("%s\n\n---\n\n* method:     %s\n* errorCode:  %s\n* statusCode: %d\n* time:       %s",
			message, req.endpoint.name, code, status, at),
		"requestInfo": map[string]any{
			"method": req.endpoint.name, "params": params, "payload": payload, "time": at,
		},
	}}
}

func (s *Server) internalError(req *request) answer {
	return s.refuse(req, 500, "InternalServerError", "Internal Server Error, incidentId "+uuid()+".")
}

func write(w http.ResponseWriter, r *http.Request, a answer) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	trace := r.Header.Get("X-Taskcluster-Trace-Id")
	if trace == "" {
		trace = uuid()
	}
	h.Set("X-For-Trace-Id", trace)
	h.Set("X-For-Request-Id", uuid())
	if a.status == http.StatusUnauthorized {
		h.Set("Www-Authenticate", "hawk")
	}
	if a.location != "" {
		h.Set("Location", a.location)
	}
	for name, value := range a.header {
		h.Set(name, value)
	}
	w.WriteHeader(a.status)
	if a.status != http.StatusNoContent {
		_ = json.NewEncoder(w).Encode(a.body) // the client may be gone
	}
}
