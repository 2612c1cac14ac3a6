package gerrit

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// Auth is a Gerrit authentication mode: NoAuth, BasicAuth, PasswordFileAuth and
// so on.
type Auth interface {
	// sign adds credentials to a request.
	sign(*http.Request) error
	// renew is asked after a 401, and handed the answer's header. True means
	// that there are other credentials now, worth one more try.
	renew(http.Header) (bool, error)
}

// NoAuth makes requests unauthenticated.
var NoAuth = noAuth{}

type noAuth struct{}

func (noAuth) sign(*http.Request) error        { return nil }
func (noAuth) renew(http.Header) (bool, error) { return false, nil }

// BasicAuth sends a username and password, which may be one of the tokens that
// Gerrit has since 3.13.
func BasicAuth(username, password string) Auth {
	return PasswordAuth(username, func() (string, error) { return password, nil })
}

// PasswordAuth sends a username and the password that read gives. It is read
// at the first request, and again after a 401: if it is another one by then,
// the request is made once more. So a password that is replaced in its file is
// taken up without a pause, and the old one serves as long as Gerrit takes it.
func PasswordAuth(username string, read func() (string, error)) Auth {
	return &secretAuth{what: fmt.Sprintf("the password of %q", username), read: read, set: func(r *http.Request, password string) {
		r.SetBasicAuth(username, password)
	}}
}

// PasswordFileAuth sends a username and the password or token in a file, blanks
// around it left away. The file is read again when it is another one than it
// was, which is looked at before each request, and after a 401.
func PasswordFileAuth(username, file string) Auth {
	auth := PasswordAuth(username, func() (string, error) { return readSecret(file) }).(*secretAuth)
	auth.file = &watchedFile{name: file}
	return auth
}

// TokenAuth sends the bearer token that read gives, for servers that take those
// of OAuth 2. It is read at the first request, and again after a 401.
func TokenAuth(read func() (string, error)) Auth {
	return &secretAuth{what: "the token", read: read, set: bearer}
}

// TokenFileAuth is TokenAuth with the token in a file, which is read again when
// it is another one than it was, too.
func TokenFileAuth(file string) Auth {
	return &secretAuth{what: "the token", read: func() (string, error) { return readSecret(file) }, set: bearer, file: &watchedFile{name: file}}
}

func bearer(r *http.Request, token string) { r.Header.Set("Authorization", "Bearer "+token) }

// secretAuth sends a secret that is read from somewhere.
type secretAuth struct {
	what string // for errors
	read func() (string, error)
	set  func(r *http.Request, secret string)
	file *watchedFile // nil: where it is from isn't known

	mu     sync.Mutex
	secret string
	known  bool
}

func (a *secretAuth) sign(r *http.Request) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.known || a.file != nil && a.file.changed() {
		if _, err := a.update(); err != nil {
			return err
		}
	}
	a.set(r, a.secret)
	return nil
}

func (a *secretAuth) renew(http.Header) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.update()
}

func (a *secretAuth) update() (changed bool, err error) {
	secret, err := a.read()
	if err != nil {
		return false, fmt.Errorf("read %s: %w", a.what, err)
	}
	if strings.ContainsAny(secret, "\r\n") {
		return false, fmt.Errorf("read %s: it has more than one line", a.what)
	}
	changed = secret != a.secret
	a.secret, a.known = secret, true
	return changed, nil
}

// OAuth2Scopes are what a token for Gerrit on Google's servers is asked for.
var OAuth2Scopes = []string{
	"https://www.googleapis.com/auth/cloud-platform",
	"https://www.googleapis.com/auth/gerritcodereview",
	"https://www.googleapis.com/auth/source.full_control",
	"https://www.googleapis.com/auth/source.read_write",
	"https://www.googleapis.com/auth/source.read_only",
}

// OAuth2Auth uses a token source to authenticate requests: an
// oauth2.TokenSource of golang.org/x/oauth2, or what is like it. It is asked
// before each request, and keeps the token as long as that is valid.
func OAuth2Auth[T interface{ SetAuthHeader(*http.Request) }](src interface{ Token() (T, error) }) Auth {
	return &sourceAuth{add: func(r *http.Request) error {
		token, err := src.Token()
		if err != nil {
			return fmt.Errorf("get a token: %w", err)
		}
		token.SetAuthHeader(r)
		return nil
	}}
}

type sourceAuth struct{ add func(*http.Request) error }

func (a *sourceAuth) sign(r *http.Request) error    { return a.add(r) }
func (*sourceAuth) renew(http.Header) (bool, error) { return false, nil }
