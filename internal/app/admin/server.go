package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"verdict/internal/store"
)

// Handler offers a desk as HTTP with JSON. Who may connect is the socket's affair.
func Handler(desk Admin) http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, do func(r *http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			answer, err := do(r)
			write(w, answer, err)
		})
	}
	handle("GET /v1/status", func(r *http.Request) (any, error) { return desk.Status(r.Context()) })
	handle("GET /v1/events", func(r *http.Request) (any, error) {
		f, err := filterOf(r.URL.Query())
		if err != nil {
			return nil, err
		}
		return desk.Events(r.Context(), f)
	})
	handle("GET /v1/events/{id}", func(r *http.Request) (any, error) { return desk.Event(r.Context(), r.PathValue("id")) })
	handle("GET /v1/history", func(r *http.Request) (any, error) {
		f, err := filterOf(r.URL.Query())
		if err != nil {
			return nil, err
		}
		return desk.History(r.Context(), f)
	})
	handle("GET /v1/changes/{server}/{number}", func(r *http.Request) (any, error) {
		number, err := strconv.Atoi(r.PathValue("number"))
		if err != nil {
			return nil, fmt.Errorf("%w: %q is no number of a change", ErrUsage, r.PathValue("number"))
		}
		return desk.Change(r.Context(), r.PathValue("server"), number)
	})
	handle("POST /v1/events/{id}/retry", onID(desk.RetryEvent))
	handle("GET /v1/actions", func(r *http.Request) (any, error) {
		f, err := filterOf(r.URL.Query())
		if err != nil {
			return nil, err
		}
		return desk.Actions(r.Context(), f)
	})
	handle("GET /v1/actions/{id}", func(r *http.Request) (any, error) { return desk.Action(r.Context(), r.PathValue("id")) })
	handle("POST /v1/actions/{id}/retry", onID(desk.RetryAction))
	handle("POST /v1/actions/{id}/cancel", onID(desk.CancelAction))
	handle("POST /v1/actions/{id}/approve", func(r *http.Request) (any, error) {
		return struct{}{}, desk.ApproveAction(r.Context(), r.PathValue("id"), r.URL.Query().Get("by"))
	})
	handle("POST /v1/holds", func(r *http.Request) (any, error) {
		var h Hold
		if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 64<<10)).Decode(&h); err != nil {
			return nil, fmt.Errorf("%w: read the hold: %w", ErrUsage, err)
		}
		return desk.Hold(r.Context(), h)
	})
	handle("POST /v1/release", func(r *http.Request) (any, error) {
		return struct{}{}, desk.Release(r.Context(), r.URL.Query().Get("scope"))
	})
	handle("GET /v1/rules", func(r *http.Request) (any, error) {
		f, err := filterOf(r.URL.Query())
		if err != nil {
			return nil, err
		}
		return desk.RulesLog(r.Context(), f.Limit)
	})
	handle("POST /v1/rules/rollback", func(r *http.Request) (any, error) {
		var to Rollback
		if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 64<<10)).Decode(&to); err != nil {
			return nil, fmt.Errorf("%w: read the rollback: %w", ErrUsage, err)
		}
		return desk.Rollback(r.Context(), to)
	})
	handle("POST /v1/rules/release", func(r *http.Request) (any, error) { return struct{}{}, desk.ReleaseRules(r.Context()) })
	return mux
}

func onID(do func(ctx context.Context, id string) error) func(*http.Request) (any, error) {
	return func(r *http.Request) (any, error) { return struct{}{}, do(r.Context(), r.PathValue("id")) }
}

// problem is how an error travels, so that the client can give back its meaning.
type problem struct {
	Error string `json:"error"`
	Code  string `json:"code,omitempty"`
}

var meanings = []struct {
	err    error
	code   string
	status int
}{
	{store.ErrNotFound, "not-found", http.StatusNotFound},
	{store.ErrAmbiguous, "ambiguous", http.StatusConflict},
	{ErrUsage, "usage", http.StatusBadRequest},
}

func write(w http.ResponseWriter, answer any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		p, status := problem{Error: err.Error()}, http.StatusInternalServerError
		for _, m := range meanings {
			if errors.Is(err, m.err) {
				p.Code, status = m.code, m.status
			}
		}
		w.WriteHeader(status)
		answer = p
	}
	json.NewEncoder(w).Encode(answer) // the client is gone when this fails
}

// queryOf and filterOf carry a filter over the socket.
func queryOf(f store.Filter) url.Values {
	q := url.Values{}
	for key, value := range map[string]string{
		"state": f.State, "change": f.Change, "task": f.TaskID, "team": f.Team, "rule": f.Rule, "event": f.EventID,
	} {
		if value != "" {
			q.Set(key, value)
		}
	}
	if !f.Since.IsZero() {
		q.Set("since", f.Since.Format(time.RFC3339Nano))
	}
	if f.Limit != 0 {
		q.Set("limit", strconv.Itoa(f.Limit))
	}
	if f.MatchedOnly {
		q.Set("matched", "1")
	}
	if f.LookedAt {
		q.Set("looked", "1")
	}
	if f.NewestFirst {
		q.Set("newest", "1")
	}
	return q
}

func filterOf(q url.Values) (store.Filter, error) {
	f := store.Filter{
		State: q.Get("state"), Change: q.Get("change"), TaskID: q.Get("task"), Team: q.Get("team"), Rule: q.Get("rule"),
		EventID: q.Get("event"), MatchedOnly: q.Has("matched"), LookedAt: q.Has("looked"), NewestFirst: q.Has("newest"),
	}
	var err error
	if q.Has("since") {
		if f.Since, err = time.Parse(time.RFC3339Nano, q.Get("since")); err != nil {
			return f, fmt.Errorf("%w: since: %w", ErrUsage, err)
		}
	}
	if q.Has("limit") {
		if f.Limit, err = strconv.Atoi(q.Get("limit")); err != nil || f.Limit < 1 {
			return f, fmt.Errorf("%w: limit %q is no number above zero", ErrUsage, q.Get("limit"))
		}
	}
	return f, nil
}
