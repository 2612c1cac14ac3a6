package gerrit

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"io"
	"net/http"
	"path"
)

// Webhook takes what Gerrit's webhooks plugin posts, events as a Stream tells
// them, and hands it on as Hints. The plugin lets its administrator set a URL
// and nothing else, so the secret is in that: it is what follows the last slash
// of the path, or else the query's "secret". See
// https://gerrit.googlesource.com/plugins/webhooks/+/master/src/main/resources/Documentation/config.md.
//
// It answers 204 at once, before anything is looked at: the plugin makes its
// server wait. It logs nothing, and no answer has the secret in it.
type Webhook struct {
	// Secrets gives those that are accepted: two while one is replaced by the
	// other. It is asked for each request. With none all are refused.
	Secrets func() ([]string, error)
	// Hint takes what is told. It must not block.
	Hint func(Hint)
	// Answered is told of each answer: its status and, of one that isn't 204,
	// why; nil: nobody is.
	Answered func(status int, why string)
	// MaxBody is how many bytes an event may have; 4 MiB when zero.
	MaxBody int64
}

// ServeHTTP implements http.Handler.
func (w *Webhook) ServeHTTP(to http.ResponseWriter, r *http.Request) {
	status, why := w.take(to, r)
	if w.Answered != nil {
		w.Answered(status, why)
	}
	if status == http.StatusNoContent {
		to.WriteHeader(status)
		return
	}
	if status == http.StatusMethodNotAllowed {
		to.Header().Set("Allow", http.MethodPost)
	}
	http.Error(to, why, status)
}

func (w *Webhook) take(to http.ResponseWriter, r *http.Request) (status int, why string) {
	secrets, err := w.Secrets()
	if err != nil {
		return http.StatusServiceUnavailable, "the secret can't be read here"
	}
	if !isOneOf(given(r), secrets) {
		return http.StatusForbidden, "the URL's secret, after its last slash or as ?secret=, is none of those that are accepted"
	}
	if r.Method != http.MethodPost {
		return http.StatusMethodNotAllowed, "events are posted"
	}
	body, err := io.ReadAll(http.MaxBytesReader(to, r.Body, cmp.Or(w.MaxBody, 4<<20)))
	switch {
	case isTooLarge(err):
		return http.StatusRequestEntityTooLarge, "the event is too large"
	case err != nil:
		return http.StatusBadRequest, "the event is cut off"
	}
	h, err := ParseEvent(body)
	if err != nil {
		return http.StatusBadRequest, "the body is not an event of Gerrit's"
	}
	if h.Change != 0 {
		w.Hint(h)
	}
	return http.StatusNoContent, ""
}

// given is the secret that a request shows.
func given(r *http.Request) string {
	if _, last := path.Split(r.URL.Path); last != "" {
		return last
	}
	return r.URL.Query().Get("secret")
}

// isOneOf compares with each secret, for as long whatever is given.
func isOneOf(given string, secrets []string) bool {
	is, sum := 0, sha256.Sum256([]byte(given))
	for _, s := range secrets {
		other := sha256.Sum256([]byte(s))
		if s != "" {
			is |= subtle.ConstantTimeCompare(sum[:], other[:])
		}
	}
	return is == 1
}

func isTooLarge(err error) bool {
	_, ok := err.(*http.MaxBytesError)
	return ok
}
