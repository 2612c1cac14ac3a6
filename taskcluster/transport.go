package taskcluster

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// ReducedHTTPClient is what is used of http.Client.
type ReducedHTTPClient interface {
	Do(req *http.Request) (*http.Response, error)
}

// ownHTTPClient makes the requests of clients that bring none.
var ownHTTPClient = &http.Client{Transport: newTransport(), CheckRedirect: dontFollow}

// newTransport keeps enough idle connections a host for many calls at once: the
// standard transport keeps two and opens the others each time. It speaks HTTP/1
// alone, for the sake of unrepeatable.
func newTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 64
	t.Protocols = &http.Protocols{}
	t.Protocols.SetHTTP1(true)
	t.ForceAttemptHTTP2 = false
	// The clone has these from the original, and would offer servers HTTP/2.
	t.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	if t.TLSClientConfig != nil {
		t.TLSClientConfig.NextProtos = nil
	}
	return t
}

// dontFollow hands on the redirect itself. Where it leads, the Authorization
// header must not go.
func dontFollow(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// httpClient is what the requests are made with, redirects off.
func (c *Client) httpClient() ReducedHTTPClient {
	switch h := c.HTTPClient.(type) {
	case nil:
		return ownHTTPClient
	case *http.Client:
		if h == nil {
			return ownHTTPClient
		}
		staying := *h
		staying.CheckRedirect = dontFollow
		return &staying
	default:
		return h
	}
}

// unrepeatable keeps net/http from sending a GET once more by itself, with the
// signature of before, when a kept connection turns out to be broken: it repeats
// nothing whose body it can't rewind. An empty body of unknown length leaves no
// trace on the wire of HTTP/1. On HTTP/2 it would, and there only what the
// server has not begun with is repeated; so it is left to the own client, and to
// addresses without TLS.
func (c *Client) unrepeatable(req *http.Request) {
	if req.Method == http.MethodGet && req.ContentLength == 0 && (c.HTTPClient == nil || req.URL.Scheme == "http") {
		req.Body, req.GetBody = io.NopCloser(strings.NewReader("")), nil
	}
}

const (
	maxRequest = 10 << 20 // services answer 500 to a larger one
	maxAnswer  = 64 << 20
)

// readAnswer is the answer's body, of at most limit bytes.
func readAnswer(resp *http.Response, limit int64) ([]byte, error) {
	if resp.Body == nil {
		return nil, nil
	}
	defer resp.Body.Close()
	if limit <= 0 {
		limit = maxAnswer
	}
	if resp.ContentLength > limit {
		return nil, fmt.Errorf("%w: it has %d bytes, %d are taken", ErrTooLarge, resp.ContentLength, limit)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%w: read answer: %w", ErrUnavailable, err)
	}
	if int64(len(body)) > limit {
		return nil, fmt.Errorf("%w: it has more than %d bytes", ErrTooLarge, limit)
	}
	return body, nil
}
