package taskcluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
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
	Body       []byte `json:"-"`
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
	last, err := c.make(ctx, call, wanted)
	if err != nil || answer == nil {
		return err
	}
	if err := json.Unmarshal(last.body, answer); err != nil {
		return fmt.Errorf("%s: %w: the answer isn't what was asked for: %w", c.nameOf(call), ErrUnavailable, shape(err))
	}
	return nil
}

// Send makes the call as Do does, and answers what came as it is.
func (c *Client) Send(ctx context.Context, call Call) (*Answer, error) {
	last, err := c.make(ctx, call, noHTML)
	if err != nil {
		return nil, err
	}
	h := last.response.Header
	return &Answer{
		StatusCode: last.response.StatusCode, Header: h, Body: last.body, Attempts: last.attempts,
		TraceID: h.Get(headerTrace), RequestID: h.Get(headerRequest),
	}, nil
}

// make makes the call, again and again if need be.
func (c *Client) make(ctx context.Context, call Call, wanted wanted) (exchange, error) {
	payload, err := payloadOf(call)
	if err != nil {
		return exchange{}, fmt.Errorf("%s: %w", c.nameOf(call), err)
	}
	return c.exchange(ctx, call, payload, wanted)
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
