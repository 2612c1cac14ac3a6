package taskcluster

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// SignedURL is the URL of a GET of route, the path below BaseURL, with this query,
// that anybody who has it may use for the duration. It is a secret until then.
func (c *Client) SignedURL(route string, query url.Values, duration time.Duration) (*url.URL, error) {
	return c.SignedURLOf(c.context(), Call{Path: route, Query: query}, duration)
}

// SignedURLOf is the URL of a call without payload, by GET, that anybody who has
// it may make for as long as lifetime says, with the scopes of the client or of
// its Caller. It is a secret until then. One longer than the 4096 characters that
// services take is ErrInvalid.
func (c *Client) SignedURLOf(ctx context.Context, call Call, lifetime time.Duration) (*url.URL, error) {
	signed, err := c.signedURL(ctx, call, lifetime)
	if err != nil {
		return nil, fmt.Errorf("sign URL of %s: %w", c.nameOf(call), err)
	}
	return signed, nil
}

func (c *Client) signedURL(ctx context.Context, call Call, lifetime time.Duration) (*url.URL, error) {
	if call.Payload != nil || call.Method != "" && call.Method != http.MethodGet {
		return nil, fmt.Errorf("%w: only a GET can be signed into a URL", ErrInvalid)
	}
	address, err := c.address(call)
	if err != nil {
		return nil, err
	}
	creds, err := c.credentials(ctx)
	if err != nil {
		return nil, err
	}
	if creds == nil {
		return nil, fmt.Errorf("%w: the client has no credentials to sign it with", ErrInvalid)
	}
	creds, err = c.narrowed(creds, lifetime)
	if err != nil {
		return nil, err
	}
	return creds.SignURL(address, lifetime)
}
