package gerrit

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
)

// call is one request of the REST API.
type call struct {
	method string
	path   string // escaped, begins with a slash
	query  url.Values
	body   any     // nil: none
	text   *string // the body as it is, instead
	out    any     // where the answer goes; nil: it is only checked
	limit  int64   // bytes that the answer may have, if less than Client.MaxAnswer; 0: that

	// repeatable tells that to make the call twice is as to make it once,
	// though it isn't a GET.
	repeatable bool

	// What the call is about, to tell what a 404 means; whole: about that
	// itself, not about a part of it.
	change, project string
	whole           bool
}

// changeCall is a call below /changes/. It takes ids that Gerrit itself
// escaped (ChangeInfo.ID), too: no project's name has a percent sign.
func changeCall(method, changeID, below string, body, out any) call {
	if plain, err := url.PathUnescape(changeID); err == nil {
		changeID = plain
	}
	return call{method: method, path: "/changes/" + escape(changeID) + below, body: body, out: out, change: changeID}
}

// escape makes one segment of a path of a name or id.
func escape(id string) string {
	// Gerrit reads + in a path as a blank.
	return strings.ReplaceAll(url.PathEscape(id), "+", "%2B")
}

func (call call) encode() ([]byte, error) {
	if call.text != nil {
		return []byte(*call.text), nil
	}
	if call.body == nil {
		return nil, nil
	}
	body, err := json.Marshal(call.body)
	if err != nil {
		return nil, fmt.Errorf("gerrit: encode the body of %s %s: %w", call.method, call.path, err)
	}
	return body, nil
}

func (call call) contentType() string {
	switch {
	case call.text != nil:
		return "text/plain; charset=UTF-8"
	case call.body != nil:
		// Without it Gerrit would post the body's text as a message.
		return "application/json; charset=UTF-8"
	}
	return ""
}

// accept is what the answer should be: to JSON's name Gerrit would answer with
// a file's text within JSON.
func (call call) accept() string {
	if _, ok := call.out.(*fileContent); ok {
		return "text/plain"
	}
	return "application/json"
}

// do makes a call, as often as Retry says, and gives the answer's header. After
// an error there is nothing in call.out.
func (c *Client) do(ctx context.Context, call call) (http.Header, error) {
	if c.invalid != nil {
		return nil, c.invalid
	}
	body, err := call.encode()
	if err != nil {
		return nil, err
	}
	for tries := 1; ; tries++ {
		header, err := c.once(ctx, call, body)
		if err == nil {
			return header, nil
		}
		if call.out != nil {
			reflect.ValueOf(call.out).Elem().SetZero() // of an answer that was cut there may be a part
		}
		if !call.mayRepeat(err) {
			return header, err
		}
		if err := c.Retry.again(ctx, tries, err); err != nil {
			return header, err
		}
	}
}

// once waits for a turn and makes a call, twice if that is with other
// credentials. All of the transport's quirks are in here.
func (c *Client) once(ctx context.Context, call call, body []byte) (http.Header, error) {
	end, err := c.turns.wait(ctx, c.RequestsPerSecond, c.Concurrent)
	if err != nil {
		return nil, fmt.Errorf("gerrit: wait for a turn to %s %s: %w", call.method, call.path, err)
	}
	defer end()
	header, err := c.try(ctx, call, body)
	if !errors.Is(err, ErrNotAuthorized) {
		return header, err
	}
	if again, renewErr := c.auth.renew(header); renewErr != nil || !again {
		return header, errors.Join(err, renewErr)
	}
	return c.try(ctx, call, body)
}

func (c *Client) try(parent context.Context, call call, body []byte) (http.Header, error) {
	ctx, cancel := context.WithTimeout(parent, cmp.Or(c.Timeout, defaultTimeout))
	defer cancel()
	req, err := c.request(ctx, call, body)
	if err != nil {
		return nil, err
	}
	res, err := c.http().Do(req)
	if err != nil {
		return nil, noAnswer(parent, call, nil, untrusted(err), err)
	}
	defer drain(res.Body)
	if err := check(parent, call, res); err != nil {
		return res.Header, err
	}
	if res.StatusCode == http.StatusNoContent {
		return res.Header, nil
	}
	limit := cmp.Or(c.MaxAnswer, defaultMaxAnswer)
	text := &bounded{r: res.Body, most: min(limit, cmp.Or(call.limit, limit))}
	err = readAnswer(text, call.out)
	if text.err != nil {
		return res.Header, noAnswer(parent, call, res, "the answer was cut short", text.err)
	}
	if err != nil {
		return res.Header, noAnswer(parent, call, res, "the answer can't be read", err)
	}
	return res.Header, nil
}

func (c *Client) request(ctx context.Context, call call, body []byte) (*http.Request, error) {
	target := c.base
	if c.auth != NoAuth {
		target += "/a" // elsewhere Gerrit ignores credentials without a word
	}
	target += call.path
	if len(call.query) > 0 {
		target += "?" + call.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, call.method, target, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("gerrit: make the request %s %s: %w", call.method, call.path, err)
	}
	req.Header.Set("Accept", call.accept())
	req.Header.Set("User-Agent", "verdict")
	if kind := call.contentType(); kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if err := c.auth.sign(req); err != nil {
		return nil, fmt.Errorf("gerrit: sign %s %s: %w", call.method, call.path, err)
	}
	return req, nil
}

// drain reads a little of what is left, so that the connection can be used
// again, and closes.
func drain(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 256<<10)
	_ = body.Close()
}
