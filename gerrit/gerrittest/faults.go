package gerrittest

import (
	"fmt"
	"net/http"
	"strings"
)

// Fault is something that goes wrong with requests. Without Hang, Cut and Page
// the answer is Status with Text.
type Fault struct {
	// Method and Path choose requests: the method, and a part of the path as
	// it was sent. Empty is all.
	Method, Path string
	// Times is how many requests it befalls; 1 when zero, all when negative.
	Times int

	Status     int    // 503 when zero
	Text       string // the answer's text
	RetryAfter string // the header of that name
	Page       bool   // the answer is an HTML page, as a proxy sends
	Redirect   string // the answer leads there
	// Hang gives no answer until the client or the server ends.
	Hang bool
	// Cut breaks the connection: in the middle of an answer, or, with
	// AfterEffect, before one.
	Cut bool
	// AfterEffect does what was asked before it goes wrong.
	AfterEffect bool
}

// Fail makes requests go wrong, in addition to what Fail was told before.
func (s *Server) Fail(f Fault) {
	if f.Times == 0 {
		f.Times = 1
	}
	if f.Status == 0 {
		f.Status = http.StatusServiceUnavailable
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// Heal takes back whatever Fail was told.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

func (s *Server) faultFor(r Request) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.Times == 0 || f.Method != "" && f.Method != r.Method || !strings.Contains(r.Path, f.Path) {
			continue
		}
		if f.Times > 0 {
			f.Times--
		}
		hit := *f
		return &hit
	}
	return nil
}

func (s *Server) fail(w http.ResponseWriter, r *http.Request, f *Fault) {
	h := w.Header()
	if f.RetryAfter != "" {
		h.Set("Retry-After", f.RetryAfter)
	}
	switch {
	case f.Hang:
		select {
		case <-r.Context().Done():
		case <-s.done:
		}
		panic(http.ErrAbortHandler)
	case f.Cut:
		if !f.AfterEffect {
			h.Set("Content-Type", "application/json;charset=utf-8")
			h.Set("Content-Length", "4096")
			fmt.Fprint(w, ")]}'\n{\"id\":\"demo")
			_ = http.NewResponseController(w).Flush()
		}
		panic(http.ErrAbortHandler)
	case f.Redirect != "":
		http.Redirect(w, r, f.Redirect, http.StatusFound)
	case f.Page:
		h.Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(f.Status)
		fmt.Fprintln(w, "<html><head><title>Sign in</title></head><body>Please sign in.</body></html>")
	default:
		h.Set("Content-Type", "text/plain;charset=utf-8")
		w.WriteHeader(f.Status)
		fmt.Fprintln(w, f.Text)
	}
}
