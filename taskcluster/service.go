package taskcluster

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"time"
)

// ReducedHTTPClient is what is used of http.Client.
type ReducedHTTPClient interface {
	Do(req *http.Request) (*http.Response, error)
}

// Options is how calls are made. The zero value is right for most.
type Options struct {
	// HTTPClient makes the requests. Nil: one of the package's own, which
	// follows no redirects and keeps connections. It should not retry: a repeat
	// is to be signed anew. (net/http repeats a GET by itself when a kept
	// connection breaks, and services, which remember no nonce, take it.)
	HTTPClient ReducedHTTPClient
	// Attempts is how often a call is tried at most; zero: 4.
	Attempts int
	// Pause is how long to wait before the second attempt, doubled before each
	// further one, with jitter; zero: 250ms.
	Pause time.Duration
	// MaxPause is the longest wait. A server that asks for more (Retry-After)
	// gets no further attempt; the error says how long it asked for. Zero: 5s.
	MaxPause time.Duration
	// Timeout is for one attempt; zero: 30s.
	Timeout time.Duration
	// BaseURL replaces <root URL>/api/<service>/v1; "": it doesn't.
	BaseURL string
}

func (o Options) withDefaults() Options {
	if o.HTTPClient == nil {
		o.HTTPClient = defaultHTTPClient
	}
	if o.Attempts <= 0 {
		o.Attempts = 4
	}
	o.Pause = defaulted(o.Pause, 250*time.Millisecond)
	o.MaxPause = defaulted(o.MaxPause, 5*time.Second)
	o.Timeout = defaulted(o.Timeout, 30*time.Second)
	return o
}

func defaulted(d, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}
	return d
}

// defaultHTTPClient keeps enough idle connections a host for many calls at once:
// the standard transport keeps two and opens the others each time.
var defaultHTTPClient = &http.Client{
	Transport:     newTransport(),
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func newTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 64
	return t
}

// Caller is who a call is made for, and the scopes it may use. It is signed with
// temporary credentials named <client>/<Name> that have just those. The zero
// Caller signs with the client's own credentials.
type Caller struct {
	Name   string // e.g. <team>/<rule>
	Scopes []string
}

// callTTL is how long the credentials of one attempt live. The server allows
// five minutes more, and a clock that is as much behind.
const callTTL = 5 * time.Minute

const (
	maxRequest = 10 << 20 // services answer 500 to a larger one
	maxAnswer  = 64 << 20
)

// call is one API call: name is its name in the service's reference, path is
// escaped and begins with a slash.
type call struct {
	name   string
	method string
	path   string
	query  url.Values
	body   []byte
	caller Caller
}

// service makes the calls of one service. All quirks of the wire are here.
type service struct {
	name    string
	base    string // without a trailing slash
	source  CredentialSource
	options Options
}

func newService(name, rootURL string, source CredentialSource, o Options) (*service, error) {
	base := o.BaseURL
	if base == "" {
		root, err := CheckRootURL(rootURL)
		if err != nil {
			return nil, err
		}
		base = root + "/api/" + name + "/v1"
	}
	return &service{name: name, base: base, source: source, options: o.withDefaults()}, nil
}

// do makes the call until it has an answer that counts, and decodes it into
// answer. A 401 is tried once more with credentials read anew.
func (s *service) do(ctx context.Context, c call, answer any) error {
	if len(c.body) > maxRequest {
		return fmt.Errorf("%s.%s: %w: the payload has %d bytes, %d are taken", s.name, c.name, ErrInvalid, len(c.body), maxRequest)
	}
	creds, err := s.credentials(ctx)
	if err != nil {
		return err
	}
	trace := newTrace()
	reread := false
	for attempt := 1; ; attempt++ {
		err := s.attempt(ctx, c, creds, trace, answer)
		if errors.Is(err, ErrAuth) && creds != nil && !reread {
			reread = true
			other, rerr := s.source.Refused(ctx, creds)
			if rerr != nil {
				return fmt.Errorf("%w; then: %w", err, rerr)
			}
			if other != nil {
				creds = other
				attempt--
				continue
			}
		}
		if !errors.Is(err, ErrUnavailable) || attempt >= s.options.Attempts {
			return err
		}
		pause := s.pause(attempt, err)
		if pause < 0 || !wait(ctx, pause) {
			return err
		}
	}
}

func (s *service) credentials(ctx context.Context) (*Credentials, error) {
	if s.source == nil {
		return nil, nil
	}
	return s.source.Credentials(ctx)
}

// attempt sends the request once, signed for this sending.
func (s *service) attempt(ctx context.Context, c call, creds *Credentials, trace string, answer any) error {
	attemptCtx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	req, err := s.request(attemptCtx, c, trace)
	if err != nil {
		return fmt.Errorf("%s.%s: %w", s.name, c.name, err)
	}
	if err := sign(req, creds, c.caller); err != nil {
		return fmt.Errorf("%s.%s: %w", s.name, c.name, err)
	}
	resp, err := s.options.HTTPClient.Do(req)
	if err != nil {
		return s.noAnswer(ctx, c, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return s.noAnswer(ctx, c, fmt.Errorf("read answer: %w", err))
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return newAPIError(s.name, c.name, resp, body)
	}
	if len(body) > maxAnswer {
		return fmt.Errorf("%s.%s: the answer has more than %d bytes", s.name, c.name, maxAnswer)
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return fmt.Errorf("%s.%s: %w: answered %d with something else than asked for (%s)",
			s.name, c.name, ErrUnavailable, resp.StatusCode, oneLine(resp.Header.Get("Content-Type"), 60))
	}
	return nil
}

func (s *service) request(ctx context.Context, c call, trace string) (*http.Request, error) {
	address := s.base + c.path
	if len(c.query) > 0 {
		address += "?" + c.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, c.method, address, bytes.NewReader(c.body))
	if err != nil {
		return nil, err
	}
	if c.body != nil {
		// Any other type, and the service sees an empty body.
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("X-Taskcluster-Trace-Id", trace)
	return req, nil
}

func sign(req *http.Request, creds *Credentials, caller Caller) error {
	if creds == nil {
		return nil
	}
	if caller.Name != "" {
		temporary, err := creds.ForCall(caller.Name, caller.Scopes, callTTL)
		if err != nil {
			return err
		}
		creds = temporary
	}
	return creds.SignRequest(req)
}

// noAnswer says whether the caller gave up, or the server did.
func (s *service) noAnswer(ctx context.Context, c call, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s.%s: %w", s.name, c.name, ctx.Err())
	}
	return fmt.Errorf("%s.%s: %w: %w", s.name, c.name, ErrUnavailable, err)
}

// pause is how long to wait after an attempt; negative: longer than is worth
// waiting for here.
func (s *service) pause(attempt int, err error) time.Duration {
	var answer *APIError
	if errors.As(err, &answer) && answer.RetryAfter > 0 {
		if answer.RetryAfter > s.options.MaxPause {
			return -1
		}
		return answer.RetryAfter
	}
	pause := min(s.options.Pause<<min(attempt-1, 20), s.options.MaxPause)
	return pause/2 + jitter(pause/2)
}

func jitter(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	n, err := rand.Int(rand.Reader, big.NewInt(int64(d)))
	if err != nil {
		return d
	}
	return time.Duration(n.Int64())
}

// wait reports whether the time passed before ctx ended.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// newTrace is a UUID that the service's logs know a call by, all its attempts.
func newTrace() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
