package taskclustertest

import (
	"crypto/rand"
	"fmt"
	"time"
)

// Call is one request that the server answered, or refused.
type Call struct {
	At      time.Time
	Service string // e.g. queue; "" for an unknown path
	Method  string // the call's name in the reference, e.g. createTask; "" for an unknown path
	ID      string // the first parameter of the path, the task or group it is about; "" for none
	// ClientID is the name the request was signed with, Issuer the permanent
	// client behind it where credentials are temporary and named. Both are "" for
	// a request that isn't signed, whose signature was refused, or at which no
	// service looked, since the method needs no scopes.
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

func (s *Server) record(req *request, a answer) {
	call := Call{
		At: s.config.Now(), Service: req.endpoint.service, Method: req.endpoint.name, ID: req.id,
		Status: a.status, Code: a.code, TraceID: req.Header.Get("X-Taskcluster-Trace-Id"),
	}
	if req.who != nil {
		call.ClientID, call.Issuer, call.Scopes, call.Replayed = req.who.clientID, req.who.issuer, req.who.shown, req.who.replayed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, call)
}

// uuid is a v4 UUID, which names traces, requests and incidents.
func uuid() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
