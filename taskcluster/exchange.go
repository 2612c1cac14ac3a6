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

// exchange is a call's last attempt: what was sent and, if it came, the answer.
type exchange struct {
	request  *http.Request
	response *http.Response
	body     []byte
	attempts int // how many there were
}

// exchange sends the payload until there is an answer that counts. What is known
// of the last attempt comes beside an error, too.
func (c *Client) exchange(ctx context.Context, call Call, payload []byte, wanted wanted) (last exchange, err error) {
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
	s := sending{call: call, address: address, payload: payload, trace: c.TraceID, wanted: wanted}
	if s.trace == "" {
		s.trace = newTrace()
	}
	var others *Credentials // to be tried after a 401, once
	for tries := 1; ; tries++ {
		err = c.attempt(ctx, s, creds, &last)
		if errors.Is(err, ErrAuth) && creds != nil && others == nil {
			if others, err = c.afterRefusal(ctx, creds, err); others == nil {
				return last, err
			}
			creds, tries = others, tries-1
			continue
		}
		if err == nil {
			return last, nil
		}
		if err = c.Retry.again(ctx, tries, err); err != nil {
			return last, err
		}
	}
}

// afterRefusal are credentials read anew, or the error that the call ends with.
func (c *Client) afterRefusal(ctx context.Context, refused *Credentials, err error) (*Credentials, error) {
	others, rerr := c.source().Refused(ctx, refused)
	if rerr != nil {
		return nil, fmt.Errorf("%w; then: %w", err, rerr)
	}
	return others, err
}

// sending is what all attempts of a call have in common.
type sending struct {
	call    Call
	address *url.URL
	payload []byte
	trace   string
	wanted  wanted
}

// attempt sends the request once, signed for this sending.
func (c *Client) attempt(ctx context.Context, s sending, creds *Credentials, last *exchange) error {
	attemptCtx, cancel := context.WithTimeout(ctx, defaulted(c.Timeout, 30*time.Second))
	defer cancel()
	req, err := c.request(attemptCtx, s, creds)
	if err != nil {
		return fmt.Errorf("%s: %w", c.nameOf(s.call), err)
	}
	*last = exchange{request: req, attempts: last.attempts + 1}
	resp, err := c.httpClient().Do(req)
	if err != nil {
		return c.noAnswer(ctx, s.call, fmt.Errorf("%w: %w", ErrUnavailable, err))
	}
	last.response = resp
	if last.body, err = readAnswer(resp, c.MaxAnswer); err != nil {
		return c.noAnswer(ctx, s.call, err)
	}
	if !success(s.call, resp, last.body) {
		return newAPIError(c.Service, s.call.name(), resp, last.body)
	}
	if !s.wanted.accepts(resp, last.body) {
		return fmt.Errorf("%s: %w: answered %d with something else than asked for (%s)",
			c.nameOf(s.call), ErrUnavailable, resp.StatusCode, oneLine(resp.Header.Get("Content-Type"), 60))
	}
	return nil
}

func (c *Client) request(ctx context.Context, s sending, creds *Credentials) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, s.call.method(), s.address.String(), bytes.NewReader(s.payload))
	if err != nil {
		return nil, err
	}
	if len(s.payload) > 0 {
		// Any other type, and the service sees an empty body.
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set(headerSetTrace, s.trace)
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
func success(call Call, resp *http.Response, body []byte) bool {
	if resp.StatusCode == http.StatusSeeOther {
		return call.method() == http.MethodGet && resp.Header.Get("Location") != "" && (len(body) == 0 || json.Valid(body))
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

// wanted is which bodies of a success count as the service's own.
type wanted int

const (
	noHTML    wanted = iota // anything but a page, which a proxy put in its place
	wholeJSON               // for calls whose answer is decoded
	anything
)
