package gerrit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// prefix stands before every JSON answer, so that no browser runs it.
var prefix = []byte(")]}'\n")

// decodeAnswer reads the text of an answer into out; nil only checks it.
func decodeAnswer(text []byte, out any) error {
	body, ok := bytes.CutPrefix(text, prefix)
	if !ok {
		return errors.New("it doesn't begin with )]}' as Gerrit's answers do; is something else at that address?")
	}
	if out == nil {
		out = new(json.RawMessage)
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("decode it: %w", err)
	}
	return nil
}

// check answers an error for anything but success with an answer of Gerrit's.
func (c *Client) check(ctx context.Context, call call, res *http.Response) error {
	switch {
	case res.StatusCode >= 200 && res.StatusCode < 300:
		if isHTML(res) {
			return c.noAnswer(ctx, call, res, "an HTML page came instead of Gerrit's answer; is a proxy or a login page in between?", nil)
		}
		return nil
	case res.StatusCode >= 300 && res.StatusCode < 400:
		return c.noAnswer(ctx, call, res, "it redirects to "+elsewhere(res)+"; if Gerrit is there, set the server's URL to it", nil)
	case isHTML(res) && !ownHTML(res.StatusCode):
		return c.noAnswer(ctx, call, res, "an HTML page came instead of Gerrit's answer; is a proxy in between?", nil)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, bodyPrefix))
	return &HTTPError{
		Res: res, Body: body, BodyErr: err,
		Trace: res.Header.Get(traceHeader), RetryAfter: retryAfter(res.Header),
		method: call.method, path: call.path, change: call.change, whole: call.whole,
	}
}

// ownHTML tells the statuses that mean the same in HTML: Gerrit's web server
// itself says that a request is too long, and any proxy may ask for a password.
func ownHTML(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusRequestURITooLong, http.StatusRequestHeaderFieldsTooLarge, http.StatusTooManyRequests:
		return true
	}
	return false
}

func isHTML(res *http.Response) bool {
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	return kind == "text/html" || kind == "application/xhtml+xml"
}

// elsewhere is where a redirect leads, without anything that could be secret.
func elsewhere(res *http.Response) string {
	u, err := res.Location()
	if err != nil {
		return "nowhere"
	}
	return u.Scheme + "://" + u.Host + u.EscapedPath()
}

// retryAfter reads the header of that name: seconds, or a time by the server's
// own clock.
func retryAfter(h http.Header) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.Atoi(text); err == nil {
		return min(max(0, time.Duration(seconds)), 24*3600) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return min(max(0, at.Sub(now)), 24*time.Hour)
}
