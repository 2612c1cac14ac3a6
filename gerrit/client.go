package gerrit

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	defaultTimeout   = 30 * time.Second
	defaultMaxAnswer = 64 << 20
)

// Client is a Gerrit client. Its fields are set before the first call; then it
// may be used by many goroutines.
type Client struct {
	// HTTPClient optionally specifies an HTTP client to use, with a transport
	// of one's own. Redirects are refused whatever it says.
	HTTPClient *http.Client
	// Timeout is how long one call may take, its answer read; 30 s when zero.
	Timeout time.Duration
	// MaxAnswer is how many bytes an answer may have, unpacked; 64 MiB when
	// zero. A longer one is a *NoAnswerError that wraps ErrTooLarge.
	MaxAnswer int64
	// RequestsPerSecond and Concurrent are how much is asked of the server.
	// Zero means no limit. A call waits for its turn as long as its context
	// lets it.
	RequestsPerSecond float64
	Concurrent        int

	base    string // the server's URL without a slash at the end
	auth    Auth
	invalid error // why the URL can't be used
	turns   turns
}

// NewClient returns a new Gerrit client with the given URL prefix and
// authentication mode; nil is NoAuth. The URL is the scheme, host and path
// under which people see Gerrit, without credentials and without /a. One that
// can't be used is told by every call.
func NewClient(url string, auth Auth) *Client {
	if auth == nil {
		auth = NoAuth
	}
	return &Client{base: strings.TrimRight(url, "/"), auth: auth, invalid: checkURL(url)}
}

// checkURL doesn't repeat what it was given: there may be a password in it.
func checkURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return errors.New("gerrit: the server's URL is not one; it looks like https://review.example.org")
	case u.User != nil:
		return errors.New("gerrit: the server's URL has credentials in it; give them by BasicAuth")
	case u.RawQuery != "" || u.Fragment != "":
		return errors.New("gerrit: the server's URL has a query or fragment; leave it away")
	}
	return nil
}

// NewTransport gives a transport that suits a Client: enough idle connections
// for all calls in flight, and limits on each step of a connection. A nil
// config is the system's roots.
func NewTransport(config *tls.Config) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 32
	t.TLSHandshakeTimeout = 10 * time.Second
	t.MaxResponseHeaderBytes = 256 << 10
	if config != nil {
		t.TLSClientConfig = config.Clone()
	}
	return t
}

var defaultHTTP = &http.Client{Transport: NewTransport(nil)}

func (c *Client) http() *http.Client {
	h := *defaultHTTP
	if c.HTTPClient != nil {
		h = *c.HTTPClient
	}
	// A redirect may lead to another host, or turn a POST into a GET.
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &h
}

// call is one request of the REST API.
type call struct {
	method string
	path   string // escaped, begins with a slash
	query  url.Values
	body   any   // nil: none
	out    any   // where the answer goes; nil: it is only checked
	limit  int64 // bytes that the answer may have, if less than Client.MaxAnswer; 0: that
	change string
	whole  bool // the call is about the change itself, not about a part of it
}

// do makes a call and gives the answer's header. All of the transport's quirks
// are in here.
func (c *Client) do(ctx context.Context, call call) (http.Header, error) {
	if c.invalid != nil {
		return nil, c.invalid
	}
	var body []byte
	if call.body != nil {
		var err error
		if body, err = json.Marshal(call.body); err != nil {
			return nil, fmt.Errorf("gerrit: encode the body of %s %s: %w", call.method, call.path, err)
		}
	}
	end, err := c.turns.wait(ctx, c.RequestsPerSecond, c.Concurrent)
	if err != nil {
		return nil, fmt.Errorf("gerrit: wait for a turn to %s %s: %w", call.method, call.path, err)
	}
	defer end()

	header, err := c.try(ctx, call, body)
	if !errors.Is(err, ErrNotAuthorized) {
		return header, err
	}
	if again, renewErr := c.auth.renew(); renewErr != nil || !again {
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
		return nil, c.noAnswer(parent, call, nil, "", err)
	}
	defer drain(res.Body)
	if err := c.check(parent, call, res); err != nil {
		return res.Header, err
	}
	limit := cmp.Or(c.MaxAnswer, defaultMaxAnswer)
	text, err := readUpTo(res.Body, min(limit, cmp.Or(call.limit, limit)))
	if err != nil {
		return res.Header, c.noAnswer(parent, call, res, "the answer was cut short", err)
	}
	if res.StatusCode == http.StatusNoContent {
		return res.Header, nil
	}
	if err := decodeAnswer(text, call.out); err != nil {
		return res.Header, c.noAnswer(parent, call, res, "the answer can't be read", err)
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
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "verdict")
	if call.body != nil {
		// Without it Gerrit would post the body's text as a message.
		req.Header.Set("Content-Type", "application/json; charset=UTF-8")
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

func readUpTo(r io.Reader, limit int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > limit {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
	}
	return text, nil
}

// escape makes one segment of a path of a name or id.
func escape(id string) string {
	// Gerrit reads + in a path as a blank.
	return strings.ReplaceAll(url.PathEscape(id), "+", "%2B")
}
