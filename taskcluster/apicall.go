package taskcluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
)

// APICall is a call as the client of 2018 described it. New code has [Call].
type APICall struct {
	Client      *Client
	Route       string
	QueryString url.Values
	Payload     io.Reader
}

// CallSummary is the last request of a call by [Client.APICall] or
// [Client.Request], and its answer. It prints without headers and bodies, since
// those of some calls hold credentials.
type CallSummary struct {
	// HTTPRequest is without its Authorization header. Nil: none was made.
	HTTPRequest *http.Request
	// HTTPRequestBody is the request's body, which can be read once only from
	// HTTPRequest.
	HTTPRequestBody string
	// HTTPRequestObject is what HTTPRequestBody was made of, of APICall alone.
	HTTPRequestObject interface{}
	// HTTPResponse is nil when no answer came.
	HTTPResponse *http.Response
	// HTTPResponseBody is the answer's body.
	HTTPResponseBody string
	// Attempts is how many requests were made.
	Attempts int
}

// String is one line: the request without its query, and the answer's status.
func (cs *CallSummary) String() string {
	if cs == nil || cs.HTTPRequest == nil {
		return "no request was made"
	}
	text := cs.HTTPRequest.Method + " " + cs.HTTPRequest.URL.Host + cs.HTTPRequest.URL.EscapedPath()
	text += fmt.Sprintf(" with %d bytes, attempt %d: ", len(cs.HTTPRequestBody), cs.Attempts)
	if cs.HTTPResponse == nil {
		return text + "no answer"
	}
	text += fmt.Sprintf("answered %d with %d bytes", cs.HTTPResponse.StatusCode, len(cs.HTTPResponseBody))
	if trace := cs.HTTPResponse.Header.Get(headerTrace); trace != "" {
		text += fmt.Sprintf(" (trace %s, request %s)", oneLine(trace, 60), oneLine(cs.HTTPResponse.Header.Get(headerRequest), 60))
	}
	return text
}

// Format prints String, whatever the verb.
func (cs CallSummary) Format(s fmt.State, _ rune) {
	fmt.Fprint(s, cs.String())
}

// APICallException is the error of [Client.APICall]. errors.Is and errors.As
// find in it what they find in an error of [Client.Do].
type APICallException struct {
	CallSummary *CallSummary
	RootCause   error
}

// Error is the call's summary and what went wrong.
func (err *APICallException) Error() string {
	return fmt.Sprintf("%s: %v", err.CallSummary.String(), err.RootCause)
}

// Unwrap is RootCause.
func (err *APICallException) Unwrap() error { return err.RootCause }

// Format prints Error, whatever the verb.
func (err APICallException) Format(s fmt.State, _ rune) {
	fmt.Fprint(s, err.Error())
}

// APICall makes the call, with payload as its JSON unless that is nil, and
// decodes the answer into result, a pointer, unless that is nil. It answers
// result. The error is an *APICallException, or what ended the client's Context.
func (c *Client) APICall(payload interface{}, method, route string, result interface{}, query url.Values) (interface{}, *CallSummary, error) {
	raw, err := payloadOf(Call{Payload: payload})
	if err != nil {
		cs := &CallSummary{HTTPRequestObject: payload}
		return result, cs, &APICallException{CallSummary: cs, RootCause: err}
	}
	wanted := anything
	if !isNil(result) {
		wanted = wholeJSON
	}
	cs, err := c.summarised(raw, method, route, query, wanted)
	cs.HTTPRequestObject = payload
	if err == nil && wanted == wholeJSON {
		if err = json.Unmarshal([]byte(cs.HTTPResponseBody), result); err != nil {
			err = fmt.Errorf("%w: the answer isn't what was asked for: %w", ErrUnavailable, shape(err))
		}
	}
	switch {
	case err == nil:
		return result, cs, nil
	case c.Context != nil && c.Context.Err() != nil:
		return result, cs, c.Context.Err()
	}
	return result, cs, &APICallException{CallSummary: cs, RootCause: err}
}

// Request makes the call with rawPayload as it is, and leaves the answer in the
// summary as it came. The summary is there beside an error, too.
func (c *Client) Request(rawPayload []byte, method, route string, query url.Values) (*CallSummary, error) {
	return c.summarised(rawPayload, method, route, query, anything)
}

func (c *Client) summarised(payload []byte, method, route string, query url.Values, wanted wanted) (*CallSummary, error) {
	last, err := c.exchange(c.context(), Call{Method: method, Path: route, Query: query}, payload, wanted)
	cs := &CallSummary{HTTPRequestBody: string(payload), HTTPResponseBody: string(last.body), Attempts: last.attempts}
	if last.request != nil {
		cs.HTTPRequest = last.request.Clone(c.context())
		cs.HTTPRequest.Header.Del("Authorization")
	}
	if last.response != nil {
		cs.HTTPResponse = last.response
		cs.HTTPResponse.Request = cs.HTTPRequest // it knew the one with the header
		cs.HTTPResponse.Body = io.NopCloser(bytes.NewReader(last.body))
	}
	return cs, err
}

// context is that of calls which are handed none.
func (c *Client) context() context.Context {
	if c.Context != nil {
		return c.Context
	}
	return context.Background()
}

func isNil(v any) bool {
	value := reflect.ValueOf(v)
	switch value.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Interface:
		return value.IsNil()
	}
	return false
}
