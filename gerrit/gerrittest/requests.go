package gerrittest

import (
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Request is a request that came, answered or not.
type Request struct {
	Number   int // counts from 1
	Method   string
	Path     string // as sent, escaped
	Query    url.Values
	Username string // that was given, right or not
	Body     string
	Time     time.Time
}

// keepRequests is how many requests are kept.
const keepRequests = 10000

// Requests gives the requests that came, the oldest first: at least the
// last 10 000.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// ForgetRequests begins the list of requests anew.
func (s *Server) ForgetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

func (s *Server) log(r *http.Request, body []byte) Request {
	user, _, _ := r.BasicAuth()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids++
	logged := Request{
		Number: s.ids, Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.Query(),
		Username: user, Body: string(body), Time: s.config.Clock(),
	}
	if len(s.requests) >= 2*keepRequests {
		s.requests = slices.Clone(s.requests[keepRequests:])
	}
	s.requests = append(s.requests, logged)
	return logged
}
