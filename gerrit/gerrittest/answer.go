package gerrittest

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// request is one request as its handler sees it.
type request struct {
	method      string
	query       url.Values
	contentType string
	body        []byte
	by          *account // nil: nobody
}

// decode reads a request's JSON. No body is an empty object.
func (q *request) decode(into any) *answer {
	if len(q.body) == 0 {
		if q.contentType != "application/json" {
			return nil
		}
		a := refuse(http.StatusBadRequest, "Expected JSON object")
		return &a
	}
	if err := json.Unmarshal(q.body, into); err != nil {
		a := badJSON()
		return &a
	}
	return nil
}

// answer is what a handler says: JSON, a line of text, or nothing but a status.
type answer struct {
	status  int
	json    any
	text    string
	encoded bool // the text is a file in base64
}

func found(v any) answer { return answer{status: http.StatusOK, json: v} }

func refuse(status int, format string, args ...any) answer {
	return answer{status: status, text: fmt.Sprintf(format, args...)}
}

// notHere is the answer where something is known, but has no such view, or none
// for this method.
func notHere() answer { return refuse(http.StatusNotFound, "Not Found") }

// badJSON is the answer to a body that isn't what it should be.
func badJSON() answer { return refuse(http.StatusBadRequest, "Invalid application/json in request") }

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
		a.writeText(w)
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

func (a answer) writeText(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "text/plain;charset=utf-8")
	if a.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Basic realm="Gerrit Code Review"`)
	}
	if a.encoded {
		h.Set("X-FYI-Content-Encoding", "base64")
		h.Set("X-FYI-Content-Type", "text/plain")
	}
	w.WriteHeader(a.status)
	if a.encoded {
		fmt.Fprint(w, a.text)
		return
	}
	fmt.Fprintln(w, a.text)
}
