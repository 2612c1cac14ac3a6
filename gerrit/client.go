package gerrit

import (
	"crypto/tls"
	"errors"
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
	// Timeout is how long one attempt of a call may take, its answer read;
	// 30 s when zero.
	Timeout time.Duration
	// Retry says how often a call is tried. The zero value is once.
	Retry Retry
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
