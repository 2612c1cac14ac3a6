package gerrit

import (
	"fmt"
	"net/http"
	"sync"
)

// Auth is a Gerrit authentication mode: NoAuth, BasicAuth or PasswordAuth.
type Auth interface {
	// sign adds credentials to a request.
	sign(*http.Request) error
	// renew is asked after a 401. True means that there are other credentials
	// now, worth one more try.
	renew() (bool, error)
}

// NoAuth makes requests unauthenticated.
var NoAuth = noAuth{}

type noAuth struct{}

func (noAuth) sign(*http.Request) error { return nil }
func (noAuth) renew() (bool, error)     { return false, nil }

// BasicAuth sends a username and password.
func BasicAuth(username, password string) Auth {
	return &passwordAuth{username: username, password: password}
}

// PasswordAuth sends a username and the password that read gives. It is read
// at the first request, and again after a 401: if it is another one by then,
// the request is made once more. So a password that is replaced in its file is
// taken up without a pause, and the old one serves as long as Gerrit takes it.
func PasswordAuth(username string, read func() (string, error)) Auth {
	return &passwordAuth{username: username, read: read}
}

type passwordAuth struct {
	username string
	read     func() (string, error)

	mu       sync.Mutex
	password string
}

func (a *passwordAuth) sign(r *http.Request) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.password == "" && a.read != nil {
		if _, err := a.update(); err != nil {
			return err
		}
	}
	r.SetBasicAuth(a.username, a.password)
	return nil
}

func (a *passwordAuth) renew() (bool, error) {
	if a.read == nil {
		return false, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.update()
}

func (a *passwordAuth) update() (changed bool, err error) {
	password, err := a.read()
	if err != nil {
		return false, fmt.Errorf("read the password of %q: %w", a.username, err)
	}
	changed = password != a.password
	a.password = password
	return changed, nil
}
