package taskclustertest

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"time"

	"verdict/taskcluster"
)

// Call is one request that the server answered, or refused.
type Call struct {
	At     time.Time
	Method string // the call's name in the reference, e.g. createTask; "" for an unknown path
	ID     string // the task or task group it is about; "" for none
	// ClientID is the name the request was signed with, Issuer the permanent
	// client behind it where credentials are temporary and named. Both are "" for
	// a request that isn't signed, or whose signature was refused.
	ClientID, Issuer string
	// Scopes are those its certificate or authorizedScopes name; nil: it has
	// neither, and with it all scopes of the client.
	Scopes   []string
	Replayed bool // its nonce came before: it was sent twice, not signed anew
	Status   int  // 0: no answer was given
	Code     string
	TraceID  string
}

// Calls are the requests so far, in the order they were answered.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call(nil), s.calls...)
}

// request is what a method is given.
type request struct {
	*http.Request
	method  method
	id      string   // the first parameter of the path
	params  []string // all of them
	body    []byte
	payload map[string]any
	who     *identity
}

// answer is what a method gives: a status and what is written as JSON.
type answer struct {
	status   int
	code     string
	location string
	body     any
}

func ok(body any) answer { return answer{status: http.StatusOK, body: body} }

// method is one call of the API.
type method struct {
	name   string
	verb   string
	path   *regexp.Regexp // its groups are the parameters
	handle func(*Server, *request) answer
}

const id = `([^/]+)`

var methods = []method{
	{"ping", "GET", route("queue/v1/ping"), (*Server).ping},
	{"ping", "GET", route("auth/v1/ping"), (*Server).ping},
	{"currentScopes", "GET", route("auth/v1/scopes/current"), (*Server).currentScopes},
	{"task", "GET", route("queue/v1/task/" + id), (*Server).getTask},
	{"status", "GET", route("queue/v1/task/" + id + "/status"), (*Server).getStatus},
	{"createTask", "PUT", route("queue/v1/task/" + id), (*Server).createTask},
	{"rerunTask", "POST", route("queue/v1/task/" + id + "/rerun"), (*Server).rerunTask},
	{"cancelTask", "POST", route("queue/v1/task/" + id + "/cancel"), (*Server).cancelTask},
	{"listTaskGroup", "GET", route("queue/v1/task-group/" + id + "/list"), (*Server).listTaskGroup},
	{"getArtifact", "GET", route("queue/v1/task/" + id + `/runs/(\d+)/artifacts/(.+)`), (*Server).getArtifact},
}

func route(path string) *regexp.Regexp { return regexp.MustCompile("^/api/" + path + "$") }

// ServeHTTP answers one request as the services do: the path, then the caller,
// then the payload, then the call itself.
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
	fault := s.takeFault(req.method.name)
	if fault != nil && !fault.AfterEffect {
		s.record(req, answer{status: fault.Status})
		fault.answer(w, r)
		return
	}
	s.mu.Lock()
	a := s.dispatch(req)
	s.mu.Unlock()
	s.publish()
	if fault != nil {
		s.record(req, answer{status: fault.Status})
		fault.answer(w, r)
		return
	}
	s.record(req, a)
	write(w, r, a)
}

const maxBody = 10 << 20

func match(r *http.Request) *request {
	for _, m := range methods {
		if m.verb != r.Method {
			continue
		}
		if found := m.path.FindStringSubmatch(r.URL.Path); found != nil {
			req := &request{Request: r, method: m, params: found[1:]}
			if len(req.params) > 0 {
				req.id = req.params[0]
			}
			return req
		}
	}
	return &request{Request: r}
}

// dispatch runs under the server's lock.
func (s *Server) dispatch(req *request) answer {
	if req.method.handle == nil {
		return answer{status: http.StatusNotFound, body: map[string]string{"error": "Not found"}}
	}
	if req.id != "" && !taskcluster.ValidID(req.id) {
		return s.refuse(req, 400, "InvalidRequestArguments", fmt.Sprintf("Invalid URL patterns:\nURL parameter given as '%s' must match a slugid", req.id))
	}
	who, err := s.authenticate(req.Request, req.body)
	if err != nil {
		return s.refuse(req, 401, "AuthenticationFailed", err.Error())
	}
	req.who = who
	if len(req.body) > maxBody {
		return s.refuse(req, 500, "InternalServerError", "Internal Server Error")
	}
	// Another content type, and the body is not looked at.
	media, _, _ := mime.ParseMediaType(req.Header.Get("Content-Type"))
	req.payload = map[string]any{}
	if media == "application/json" && len(req.body) > 0 {
		if err := json.Unmarshal(req.body, &req.payload); err != nil {
			return s.refuse(req, 400, "MalformedPayload", "Failed to parse JSON: "+err.Error())
		}
	}
	return req.method.handle(s, req)
}

// allow is nil, or the refusal of a caller whose scopes don't satisfy the
// expression.
func (s *Server) allow(req *request, expression any) *answer {
	missing := without(req.who.scopes, expression)
	if missing == nil {
		return nil
	}
	message := fmt.Sprintf("This request requires Taskcluster credentials that satisfy the following scope expression:\n\n```\n%s\n```", expressionText(expression))
	if req.who.clientID != "" {
		message = fmt.Sprintf("Client ID %s does not have sufficient scopes and is missing the following scopes:\n\n```\n%s\n```\n\nThis request requires the client to satisfy the following scope expression:\n\n```\n%s\n```",
			req.who.clientID, expressionText(missing), expressionText(expression))
	}
	a := s.refuse(req, 403, "InsufficientScopes", message)
	return &a
}

func expressionText(expression any) string {
	if scope, ok := expression.(string); ok {
		return scope
	}
	text, err := json.MarshalIndent(expression, "", "  ")
	if err != nil {
		panic(err) // an expression is strings and lists
	}
	return string(text)
}

// refuse is an answer of the form that all services' errors have.
func (s *Server) refuse(req *request, status int, code, message string) answer {
	at := taskcluster.Time(s.config.Now())
	payload := any(req.payload)
	if req.payload == nil {
		payload = map[string]any{}
	}
	return answer{status: status, code: code, body: map[string]any{
		"code": code,
		"message": fmt.Sprintf("%s\n\n---\n\n* method:     %s\n* errorCode:  %s\n* statusCode: %d\n* time:       %s",
			message, req.method.name, code, status, at),
		"requestInfo": map[string]any{
			"method": req.method.name, "params": map[string]string{"taskId": req.id}, "payload": payload, "time": at,
		},
	}}
}

func write(w http.ResponseWriter, r *http.Request, a answer) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	trace := r.Header.Get("X-Taskcluster-Trace-Id")
	if trace == "" {
		trace = taskcluster.NewID()
	}
	h.Set("X-For-Trace-Id", trace)
	h.Set("X-For-Request-Id", taskcluster.NewID())
	if a.status == http.StatusUnauthorized {
		h.Set("Www-Authenticate", "hawk")
	}
	if a.location != "" {
		h.Set("Location", a.location)
	}
	w.WriteHeader(a.status)
	_ = json.NewEncoder(w).Encode(a.body) // the client may be gone
}

func (s *Server) record(req *request, a answer) {
	call := Call{
		At: s.config.Now(), Method: req.method.name, ID: req.id,
		Status: a.status, Code: a.code, TraceID: req.Header.Get("X-Taskcluster-Trace-Id"),
	}
	if req.who != nil {
		call.ClientID, call.Issuer, call.Scopes, call.Replayed = req.who.clientID, req.who.issuer, req.who.shown, req.who.replayed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, call)
}

func (s *Server) ping(*request) answer {
	return ok(map[string]any{"alive": true, "uptime": 1})
}

func (s *Server) currentScopes(req *request) answer {
	if refused := s.allow(req, "auth:current-scopes"); refused != nil {
		return *refused
	}
	return ok(map[string]any{"scopes": req.who.scopes})
}
