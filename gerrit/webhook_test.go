package gerrit_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"verdict/gerrit"
)

const commentAdded = `{"type":"comment-added","change":{"project":"demo","number":514},"project":"demo"}`

// hook is a Webhook with two secrets, and what it handed on.
type hook struct {
	gerrit.Webhook
	hints    []gerrit.Hint
	answered int
}

func newHook() *hook {
	h := &hook{}
	h.Secrets = func() ([]string, error) { return []string{"the-old-secret", "the-new-secret", ""}, nil }
	h.Hint = func(hint gerrit.Hint) { h.hints = append(h.hints, hint) }
	h.Answered = func(status int, _ string) { h.answered = status }
	h.MaxBody = 1 << 10
	return h
}

func (h *hook) post(method, url string, body io.Reader) *httptest.ResponseRecorder {
	to := httptest.NewRecorder()
	h.ServeHTTP(to, httptest.NewRequest(method, url, body))
	return to
}

func TestWebhookTakesEitherSecretInEitherPlace(t *testing.T) {
	h := newHook()
	for i, url := range []string{"/gerrit/main/the-old-secret", "/gerrit/main/the-new-secret", "/gerrit/main/?secret=the-new-secret"} {
		if to := h.post(http.MethodPost, url, strings.NewReader(commentAdded)); to.Code != http.StatusNoContent || to.Body.Len() != 0 {
			t.Errorf("%s: %d %q", url, to.Code, to.Body)
		}
		if len(h.hints) != i+1 || h.hints[i] != comment(514) {
			t.Errorf("%s: handed on %+v", url, h.hints)
		}
	}
}

func TestWebhookSaysWhyNot(t *testing.T) {
	const good = "/gerrit/main/the-new-secret"
	for _, c := range []struct {
		method, url string
		body        io.Reader
		status      int
		says        string
	}{
		{"POST", "/gerrit/main/another", strings.NewReader(commentAdded), 403, "secret"},
		{"POST", "/gerrit/main/", strings.NewReader(commentAdded), 403, "secret"},
		{"POST", "/gerrit/main/?secret=", strings.NewReader(commentAdded), 403, "secret"},
		{"POST", "/gerrit/main/the-new-secretx?secret=the-new-secret", strings.NewReader(commentAdded), 403, "secret"},
		{"GET", "/gerrit/main/another", nil, 403, "secret"},
		{"GET", good, nil, 405, "posted"},
		{"POST", good, strings.NewReader(commentAdded + strings.Repeat(" ", 1<<10)), 413, "large"},
		{"POST", good, iotest.ErrReader(io.ErrUnexpectedEOF), 400, "cut off"},
		{"POST", good, strings.NewReader(""), 400, "event"},
		{"POST", good, strings.NewReader("<html>"), 400, "event"},
	} {
		h := newHook()
		to := h.post(c.method, c.url, c.body)
		if to.Code != c.status || h.answered != c.status || !strings.Contains(to.Body.String(), c.says) || len(h.hints) != 0 {
			t.Errorf("%s %s: got %d %q and %v, want %d %q", c.method, c.url, to.Code, to.Body, h.hints, c.status, c.says)
		}
		if c.status == 405 && to.Header().Get("Allow") != "POST" {
			t.Errorf("allows %q", to.Header().Get("Allow"))
		}
		if strings.Contains(to.Body.String(), "-secret") {
			t.Errorf("the answer tells a secret: %s", to.Body)
		}
	}
}

func TestWebhookTakesEventsOfNoChangeForNothing(t *testing.T) {
	h := newHook()
	to := h.post("POST", "/gerrit/main/the-old-secret", strings.NewReader(`{"type":"ref-updated"}`))
	if to.Code != http.StatusNoContent || len(h.hints) != 0 {
		t.Errorf("got %d and %v", to.Code, h.hints)
	}
}

func TestWebhookWithoutItsSecretsTakesNothing(t *testing.T) {
	h := newHook()
	h.Secrets = func() ([]string, error) { return nil, errors.New("/run/secret: no such file") }
	to := h.post("POST", "/gerrit/main/the-old-secret", strings.NewReader(commentAdded))
	if to.Code != http.StatusServiceUnavailable || strings.Contains(to.Body.String(), "/run") || len(h.hints) != 0 {
		t.Errorf("got %d %q", to.Code, to.Body)
	}
	h.Secrets = func() ([]string, error) { return nil, nil }
	if to := h.post("POST", "/gerrit/main/", strings.NewReader(commentAdded)); to.Code != http.StatusForbidden {
		t.Errorf("without secrets: %d", to.Code)
	}
}

func FuzzWebhook(f *testing.F) {
	f.Add("POST", "/gerrit/main/the-old-secret", commentAdded)
	f.Add("POST", "/gerrit/main/?secret=the-new-secret", `{"type":"ref-updated"}`)
	f.Add("GET", "/x/%2F/?secret=%00", "")
	f.Fuzz(func(t *testing.T, method, target, body string) {
		r, err := http.NewRequest(method, target, strings.NewReader(body))
		if err != nil {
			return
		}
		h := newHook()
		to := httptest.NewRecorder()
		h.ServeHTTP(to, r)
		secret := strings.HasSuffix(r.URL.Path, "/the-old-secret") || strings.HasSuffix(r.URL.Path, "/the-new-secret") ||
			r.URL.Path == "the-old-secret" || r.URL.Path == "the-new-secret" || strings.Contains(r.URL.RawQuery, "secret")
		switch {
		case to.Code == http.StatusNoContent && (!secret || r.Method != http.MethodPost):
			t.Errorf("%s %q is accepted", method, target)
		case to.Code != http.StatusNoContent && len(h.hints) > 0:
			t.Errorf("%s %q: %d, and a hint %+v", method, target, to.Code, h.hints)
		case to.Code == http.StatusInternalServerError || to.Code < 200 || to.Code > 503:
			t.Errorf("%s %q: %d", method, target, to.Code)
		}
	})
}
