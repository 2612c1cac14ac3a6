package taskcluster

import (
	"context"
	"fmt"
	"os"
	"time"
)

// Client makes the calls of one service. It may be copied, and each copy set up
// in its own way; while its fields stay as they are it is safe for use by many
// goroutines. The zero value of every field works, but for the address.
type Client struct {
	// Credentials sign the calls, unless Source is set.
	Credentials *Credentials `json:"-"`
	// BaseURL is where the service's calls begin, for example
	// https://tc.example.org/api/queue/v1. "": RootURL and Service say.
	BaseURL string
	// Authenticate says that calls are signed. Without it none is, as is right
	// for a proxy that signs them itself.
	Authenticate bool
	// HTTPClient makes the requests. Nil: one of the package's own, which keeps
	// connections. It should not retry: each repeat is to be signed anew.
	// Redirects of an *http.Client are never followed, whatever it says; another
	// kind must see to that itself.
	HTTPClient ReducedHTTPClient
	// Context, when set, ends all calls of the client when it is done. New code
	// hands a context to each call instead.
	Context context.Context

	// RootURL is the deployment's, or its proxy's.
	RootURL string
	// Service is the service's name, e.g. queue.
	Service string
	// Source, when set, is asked for the credentials at each call.
	Source CredentialSource `json:"-"`
	// Caller is who the calls are made for; see As.
	Caller Caller
	// Retry says how often a call is tried.
	Retry Retry
	// Timeout is for one attempt; zero: 30s.
	Timeout time.Duration
	// MaxAnswer is the most bytes of an answer; zero: 64 MiB.
	MaxAnswer int64
	// TraceID goes out with each call, and services write it to their logs; "":
	// a new one for each call, the same for all its attempts.
	TraceID string
}

// NewClient is a client of one service of the deployment at rootURL, e.g.
// "queue". Nil credentials make calls without a signature. A root URL that is
// none is told by the first call.
func NewClient(credentials *Credentials, rootURL, service string) *Client {
	return &Client{Credentials: credentials, Authenticate: credentials != nil, RootURL: rootURL, Service: service}
}

// NewClientFromEnv is a client as the environment says: through the proxy at
// TASKCLUSTER_PROXY_URL, which signs, or else of TASKCLUSTER_ROOT_URL with the
// credentials of [CredentialsFromEnvVars], if there are any.
func NewClientFromEnv(service string) *Client {
	if proxy := os.Getenv("TASKCLUSTER_PROXY_URL"); proxy != "" {
		return NewClient(nil, proxy, service)
	}
	credentials := CredentialsFromEnvVars()
	if credentials.ClientID == "" {
		credentials = nil
	}
	return NewClient(credentials, os.Getenv("TASKCLUSTER_ROOT_URL"), service)
}

// Caller is who a call is made for, and the scopes it may use. It is signed with
// temporary credentials named <client>/<Name> that have just those. The zero
// Caller signs with the client's own credentials.
type Caller struct {
	Name   string // e.g. <team>/<rule>
	Scopes []string
}

// As is a copy of the client whose calls are signed with temporary credentials
// named <client>/<caller.Name>, which have just the caller's scopes and live for
// minutes. A client that doesn't sign refuses them: the proxy would lend the
// caller all that it has itself.
func (c *Client) As(caller Caller) *Client {
	as := *c
	as.Caller = caller
	return &as
}

// callTTL is how long the credentials of one attempt live. The server allows
// five minutes more, and a clock that is as much behind.
const callTTL = 5 * time.Minute

// credentials are those that the next attempt is signed with, or nil.
func (c *Client) credentials(ctx context.Context) (*Credentials, error) {
	if !c.Authenticate {
		if c.Caller.Name != "" {
			return nil, fmt.Errorf("%w: a call as %q, by a client that signs none", ErrInvalid, c.Caller.Name)
		}
		return nil, nil
	}
	source := c.source()
	if source == nil {
		return nil, fmt.Errorf("%w: calls are to be signed, and there are no credentials", ErrInvalid)
	}
	return source.Credentials(ctx)
}

func (c *Client) source() CredentialSource {
	if c.Source != nil {
		return c.Source
	}
	if c.Credentials != nil {
		return c.Credentials
	}
	return nil
}

// narrowed are creds as the client's Caller gets them, for ttl.
func (c *Client) narrowed(creds *Credentials, ttl time.Duration) (*Credentials, error) {
	switch {
	case c.Caller.Name != "":
		return creds.ForCall(c.Caller.Name, c.Caller.Scopes, ttl)
	case c.Caller.Scopes != nil:
		return nil, fmt.Errorf("%w: a caller with scopes and without a name", ErrInvalid)
	}
	return creds, nil
}

// base is where the paths of calls begin, without a trailing slash.
func (c *Client) base() (string, error) {
	if c.BaseURL != "" {
		return checkAddress("base URL", "https://tc.example.org/api/queue/v1", c.BaseURL)
	}
	root, err := CheckRootURL(c.RootURL)
	if err != nil {
		return "", err
	}
	if c.Service == "" {
		return "", fmt.Errorf("%w: neither a base URL nor the name of a service is set", ErrInvalid)
	}
	return root + "/api/" + c.Service + "/v1", nil
}

// bound is ctx, ended by the client's Context too. The function is to be called
// when the call is over.
func (c *Client) bound(ctx context.Context) (context.Context, func()) {
	if c.Context == nil {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(c.Context, func() { cancel(context.Cause(c.Context)) })
	return ctx, func() { stop(); cancel(nil) }
}

// Format names what the client calls and as whom, whatever the verb.
func (c Client) Format(s fmt.State, _ rune) {
	address, err := c.base()
	if err != nil {
		address = "no usable address"
	}
	fmt.Fprintf(s, "client of %s", address)
	switch {
	case !c.Authenticate:
		fmt.Fprint(s, ", not signing")
	case c.Source == nil && c.Credentials != nil:
		fmt.Fprintf(s, ", with %s", c.Credentials)
	}
	if c.Caller.Name != "" {
		fmt.Fprintf(s, ", for %q", c.Caller.Name)
	}
}
