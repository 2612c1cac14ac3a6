package taskcluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// CredentialSource gives the credentials that calls are signed with. It is
// asked at each call, so credentials may change while the program runs.
// *Credentials is one itself, for those that never change.
type CredentialSource interface {
	// Credentials are those to use for the next call.
	Credentials(ctx context.Context) (*Credentials, error)
	// Refused tells that a server answered 401 to these. It reads anew and
	// gives others to try, once, or nil when there are none.
	Refused(ctx context.Context, refused *Credentials) (*Credentials, error)
}

// RotatingCredentials are permanent credentials whose access token may be
// replaced while the program runs. A new token is used from the next call on;
// the one before it is kept, and used again where the new one is refused, since
// a file may change before the server does.
type RotatingCredentials struct {
	ClientID string
	// AccessToken reads the token from where it is kept. It is called at each
	// call; white space around the token is dropped. When it fails, or finds
	// nothing, the token read last stays in use.
	AccessToken func() (string, error)

	mu       sync.Mutex
	read     string // the token read last
	current  string // the token in use
	previous string // the other one worth a try; "" for none
}

// Credentials reads the token and gives the credentials to use.
func (r *RotatingCredentials) Credentials(context.Context) (*Credentials, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.reread(); err != nil {
		return nil, fmt.Errorf("read access token of %q: %w", r.ClientID, err)
	}
	return r.inUse(), nil
}

// Refused gives the credentials with a token read anew, or with the one before.
func (r *RotatingCredentials) Refused(_ context.Context, refused *Credentials) (*Credentials, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.reread(); err != nil {
		return nil, fmt.Errorf("read access token of %q again: %w", r.ClientID, err)
	}
	if r.current != refused.AccessToken {
		return r.inUse(), nil
	}
	if r.previous == "" {
		return nil, nil
	}
	r.current, r.previous = r.previous, r.current
	return r.inUse(), nil
}

// reread takes over a token that changed. A file that is away or empty for a
// moment, as while it is replaced, is no reason to stop.
func (r *RotatingCredentials) reread() error {
	token, err := r.AccessToken()
	token = strings.TrimSpace(token)
	if err == nil && token == "" {
		err = errors.New("it is empty")
	}
	if err != nil {
		if r.current != "" {
			return nil
		}
		return err
	}
	if token == r.read {
		return nil
	}
	r.read = token
	if token != r.current {
		r.current, r.previous = token, r.current
	}
	return nil
}

func (r *RotatingCredentials) inUse() *Credentials {
	return &Credentials{ClientID: r.ClientID, AccessToken: r.current}
}

// Format prints the client's id, whatever the verb.
func (r *RotatingCredentials) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "credentials of %q", r.ClientID)
}
