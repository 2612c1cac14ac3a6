package taskcluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Call is one call of a service's API.
type Call struct {
	// Name is the call's in the service's reference, e.g. createTask. Errors say
	// it.
	Name string
	// Method is the HTTP method; "": GET.
	Method string
	// Path begins with a slash, and what stands between two slashes is escaped.
	Path  string
	Query url.Values
	// Payload is sent as JSON, a json.RawMessage as it is. Nil, in a pointer or
	// map too: the call has none.
	Payload any
}

// Answer is what a service said to a call that it took.
type Answer struct {
	// StatusCode is a 2xx, or the 303 with which getArtifact and others tell an
	// address: Header has it as Location, and it isn't followed.
	StatusCode int
	Header     http.Header
	Body       []byte
	// Attempts is how many requests it took.
	Attempts int
	// TraceID and RequestID find the call in the service's logs.
	TraceID, RequestID string
}

// Format leaves out the body, which for some calls holds credentials.
func (a Answer) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "answer %d of %d bytes", a.StatusCode, len(a.Body))
}

// Do makes the call and decodes its answer into answer, a pointer. Nil: the call
// has no answer, or it doesn't matter. Each attempt is signed anew; how many
// there are is for Retry to say. A 401 is tried once more with credentials read
// anew.
//
// What went wrong is an [APIError] or wraps [ErrUnavailable], [ErrInvalid],
// [ErrTooLarge] or what ended ctx.
func (c *Client) Do(ctx context.Context, call Call, answer any) error {
	wanted := noHTML
	if answer != nil {
		wanted = wholeJSON
	}
	e, err := c.exchange(ctx, call, wanted)
	if err != nil || answer == nil {
		return err
	}
	if err := json.Unmarshal(e.body, answer); err != nil {
		return fmt.Errorf("%s: %w: the answer isn't what was asked for: %w", c.nameOf(call), ErrUnavailable, shape(err))
	}
	return nil
}

// Send makes the call as Do does, and answers what came as it is.
func (c *Client) Send(ctx context.Context, call Call) (*Answer, error) {
	e, err := c.exchange(ctx, call, noHTML)
	if err != nil {
		return nil, err
	}
	h := e.response.Header
	return &Answer{
		StatusCode: e.response.StatusCode, Header: h, Body: e.body, Attempts: e.attempts,
		TraceID: h.Get(headerTrace), RequestID: h.Get(headerRequest),
	}, nil
}

// The headers by which a call is found in a service's logs.
const (
	headerSetTrace = "X-Taskcluster-Trace-Id"
	headerTrace    = "X-For-Trace-Id"
	headerRequest  = "X-For-Request-Id"
)

// shape is a decoding error without the value that it met, which may be secret.
func shape(err error) error {
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) {
		kind, _, _ := strings.Cut(mismatch.Value, " ") // "number 12" and the like
		return fmt.Errorf("%s at %q instead of %s", kind, mismatch.Field, mismatch.Type)
	}
	return errors.New("it can't be decoded")
}

// wanted is which bodies of a success count as the service's own.
type wanted int

const (
	noHTML    wanted = iota // anything but a page, which a proxy put in its place
	wholeJSON               // for calls whose answer is decoded
	anything
)

// exchange is a call's last attempt: what was sent and, if it came, the answer.
type exchange struct {
	request  *http.Request
	response *http.Response
	body     []byte
	attempts int
}

// exchange makes the call, again and again if need be. The exchange is what is
// known of the last attempt, beside an error too.
func (c *Client) exchange(ctx context.Context, call Call, wanted wanted) (exchange, error) {
	payload, err := payloadOf(call)
	if err != nil {
		return exchange{}, fmt.Errorf("%s: %w", c.nameOf(call), err)
	}
	return c.send(ctx, call, payload, wanted)
}

func (c *Client) send(ctx context.Context, call Call, payload []byte, wanted wanted) (last exchange, err error) {
	if len(payload) > maxRequest {
		return last, fmt.Errorf("%s: %w: the payload has %d bytes, %d are taken", c.nameOf(call), ErrInvalid, len(payload), maxRequest)
	}
	ctx, done := c.bound(ctx)
	defer done()
	address, err := c.address(call)
	if err != nil {
		return last, fmt.Errorf("%s: %w", c.nameOf(call), err)
	}
	creds, err := c.credentials(ctx)
	if err != nil {
		return last, fmt.Errorf("%s: %w", c.nameOf(call), err)
	}
	a := attempt{call: call, address: address, payload: payload, trace: c.TraceID, wanted: wanted}
	if a.trace == "" {
		a.trace = newTrace()
	}
	reread := false
	for tries := 1; ; {
		last.attempts++
		err := c.attempt(ctx, a, creds, &last)
		if err == nil {
			return last, nil
		}
		if errors.Is(err, ErrAuth) && creds != nil && !reread {
			reread = true
			other, rerr := c.source().Refused(ctx, creds)
			if rerr != nil {
				return last, fmt.Errorf("%w; then: %w", err, rerr)
			}
			if other != nil {
				creds = other
				continue
			}
		}
		if err := c.Retry.again(ctx, tries, err); err != nil {
			return last, err
		}
		tries++
	}
}

// attempt is what all attempts of a call have in common.
type attempt struct {
	call    Call
	address *url.URL
	payload []byte
	trace   string
	wanted  wanted
}

// attempt sends the request once, signed for this sending.
func (c *Client) attempt(ctx context.Context, a attempt, creds *Credentials, e *exchange) error {
	attemptCtx, cancel := context.WithTimeout(ctx, defaulted(c.Timeout, 30*time.Second))
	defer cancel()
	req, err := c.request(attemptCtx, a, creds)
	if err != nil {
		return fmt.Errorf("%s: %w", c.nameOf(a.call), err)
	}
	e.request, e.response, e.body = req, nil, nil
	resp, err := c.httpClient().Do(req)
	if err != nil {
		return c.noAnswer(ctx, a.call, fmt.Errorf("%w: %w", ErrUnavailable, err))
	}
	e.response = resp
	if e.body, err = readAnswer(resp, c.MaxAnswer); err != nil {
		return c.noAnswer(ctx, a.call, err)
	}
	if !success(resp, e.body) {
		return newAPIError(c.Service, a.call.name(), resp, e.body)
	}
	if !a.wanted.accepts(resp, e.body) {
		return fmt.Errorf("%s: %w: answered %d with something else than asked for (%s)",
			c.nameOf(a.call), ErrUnavailable, resp.StatusCode, oneLine(resp.Header.Get("Content-Type"), 60))
	}
	return nil
}

func (c *Client) request(ctx context.Context, a attempt, creds *Credentials) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, a.call.method(), a.address.String(), bytes.NewReader(a.payload))
	if err != nil {
		return nil, err
	}
	if len(a.payload) > 0 {
		// Any other type, and the service sees an empty body.
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set(headerSetTrace, a.trace)
	c.unrepeatable(req)
	if creds == nil {
		return req, nil
	}
	if creds, err = c.narrowed(creds, callTTL); err != nil {
		return nil, err
	}
	return req, creds.SignRequest(req)
}

// noAnswer says whether the caller gave up, or the server did.
func (c *Client) noAnswer(ctx context.Context, call Call, err error) error {
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return fmt.Errorf("%s: %w", c.nameOf(call), err)
}

// success reports whether the answer is one to the call. Some GETs tell an
// address, by a 303 and in JSON, or without a body.
func success(resp *http.Response, body []byte) bool {
	if resp.StatusCode == http.StatusSeeOther {
		return resp.Header.Get("Location") != "" && (len(body) == 0 || json.Valid(body))
	}
	return resp.StatusCode >= 200 && resp.StatusCode <= 299
}

func (w wanted) accepts(resp *http.Response, body []byte) bool {
	switch w {
	case wholeJSON:
		return json.Valid(body)
	case noHTML:
		return !strings.HasPrefix(strings.ToLower(resp.Header.Get("Content-Type")), "text/html")
	default:
		return true
	}
}
