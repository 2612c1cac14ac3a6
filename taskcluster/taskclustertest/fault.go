package taskclustertest

import (
	"net/http"
	"strconv"
	"time"
)

// Fault is something going wrong with requests: an answer in place of the real
// one, or none. The zero value closes one connection without an answer.
type Fault struct {
	Method string // the call it hits, e.g. createTask; "": any
	Times  int    // how many requests it hits; zero: one
	// AfterEffect lets the call have its effect, and only its answer is lost.
	AfterEffect bool

	// Status is answered, with Body, or an HTML page where that is "".
	// Zero: the connection is closed without an answer.
	Status     int
	Body       string
	RetryAfter time.Duration
	// Hang gives no answer until the client gives up or the fault is healed.
	Hang bool

	healed chan struct{}
}

// Fail puts a fault in place, behind those that are there.
func (s *Server) Fail(f Fault) {
	if f.Times <= 0 {
		f.Times = 1
	}
	f.healed = make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// Heal takes all faults away.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		close(f.healed)
	}
	s.faults = nil
}

// takeFault is the first fault for the call that has not hit as often as it may,
// or nil. One used up stays listed, so that Heal reaches the requests it holds.
func (s *Server) takeFault(method string) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.Times > 0 && (f.Method == "" || f.Method == method) {
			f.Times--
			return f
		}
	}
	return nil
}

func (f *Fault) answer(w http.ResponseWriter, r *http.Request) {
	if f.Hang {
		select {
		case <-r.Context().Done():
		case <-f.healed:
		}
	}
	if f.Hang || f.Status == 0 {
		panic(http.ErrAbortHandler) // closes the connection, and says nothing
	}
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter/time.Second)))
	}
	body, mime := f.Body, "application/json"
	if body == "" {
		body, mime = "<html><body><h1>"+http.StatusText(f.Status)+"</h1></body></html>", "text/html"
	}
	w.Header().Set("Content-Type", mime)
	w.WriteHeader(f.Status)
	_, _ = w.Write([]byte(body)) // the client may be gone
}
