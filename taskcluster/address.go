package taskcluster

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// address is the call's whole URL.
func (c *Client) address(call Call) (*url.URL, error) {
	base, err := c.base()
	if err != nil {
		return nil, err
	}
	if err := checkPath(call.Path); err != nil {
		return nil, err
	}
	address, err := url.Parse(base + call.Path)
	if err != nil {
		return nil, fmt.Errorf("%w: path %q can't be part of a URL", ErrInvalid, cut(call.Path, 100))
	}
	if len(call.Query) > 0 {
		address.RawQuery = call.Query.Encode()
	}
	return address, nil
}

// checkPath refuses what a proxy or server would take for another path than it
// looks like: parts of it may come out of messages that anybody may send.
func checkPath(path string) error {
	if !strings.HasPrefix(path, "/") || strings.ContainsRune(path, '#') {
		return fmt.Errorf("%w: path %q doesn't begin with a slash, or has a # in it", ErrInvalid, cut(path, 100))
	}
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(path[1:], "/")
	for i, part := range parts {
		switch plain := strings.ReplaceAll(strings.ToLower(part), "%2e", "."); {
		case plain == "." || plain == "..":
			return fmt.Errorf("%w: path %q has %q for a part", ErrInvalid, cut(path, 100), part)
		case part == "" && i < len(parts)-1:
			return fmt.Errorf("%w: path %q has an empty part", ErrInvalid, cut(path, 100))
		}
	}
	return nil
}

// payloadOf is the call's payload as it is sent, nil for none.
func payloadOf(call Call) ([]byte, error) {
	switch p := call.Payload.(type) {
	case nil:
		return nil, nil
	case json.RawMessage:
		return p, nil
	}
	text, err := compactJSON(call.Payload)
	if err != nil {
		return nil, fmt.Errorf("%w: write the payload: %w", ErrInvalid, err)
	}
	if bytes.Equal(text, []byte("null")) {
		return nil, nil
	}
	return text, nil
}

func (call Call) method() string {
	if call.Method == "" {
		return http.MethodGet
	}
	return call.Method
}

// name is how errors call it.
func (call Call) name() string {
	if call.Name != "" {
		return call.Name
	}
	path, _, _ := strings.Cut(call.Path, "?")
	return call.method() + " " + cut(path, 100)
}

func (c *Client) nameOf(call Call) string { return callName(c.Service, call.name()) }

func callName(service, call string) string {
	if service == "" {
		return call
	}
	return service + "." + call
}

// newTrace is a UUID that the service's logs know a call by, all its attempts.
func newTrace() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
