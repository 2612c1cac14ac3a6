package taskcluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"sync"
	"unicode/utf8"
)

// FileCredentials are credentials in a file that may be replaced while the
// program runs. The file is read at each call, so that new credentials are used
// from the next one on; those before are kept, and used again where the new ones
// are refused, since a file may change before the server does.
type FileCredentials struct {
	// Path is of a file with the credentials' JSON, see [ParseCredentials], or
	// with an access token alone, around which white space doesn't count.
	Path string
	// ClientID is whose token it is, where the file holds one alone.
	ClientID string

	mu       sync.Mutex
	read     *Credentials // those read last
	current  *Credentials // those in use
	previous *Credentials // the other ones worth a try; nil for none
}

// Credentials reads the file and gives the credentials to use. A file that is
// away, empty or half written, as while it is replaced, leaves those read last
// in use.
func (f *FileCredentials) Credentials(context.Context) (*Credentials, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.reread(); err != nil && f.current == nil {
		return nil, err
	}
	return f.inUse(), nil
}

// Refused gives the credentials read anew, or those before.
func (f *FileCredentials) Refused(_ context.Context, refused *Credentials) (*Credentials, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.reread(); err != nil && f.current == nil {
		return nil, err
	}
	if !f.current.same(refused) {
		return f.inUse(), nil
	}
	if f.previous == nil {
		return nil, nil
	}
	f.current, f.previous = f.previous, f.current
	return f.inUse(), nil
}

// reread takes over credentials that changed.
func (f *FileCredentials) reread() error {
	creds, err := readCredentials(f.Path, f.ClientID)
	if err != nil {
		return fmt.Errorf("read credentials from %s: %w", f.Path, err)
	}
	if f.read != nil && creds.same(f.read) {
		return nil
	}
	f.read = creds
	if f.current == nil || !creds.same(f.current) {
		f.current, f.previous = creds, f.current
	}
	return nil
}

func (f *FileCredentials) inUse() *Credentials {
	creds := *f.current
	return &creds
}

// Format prints the path, whatever the verb.
func (f *FileCredentials) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "credentials from %s", f.Path)
}

// same reports whether requests are signed alike with both.
func (creds *Credentials) same(other *Credentials) bool {
	return reflect.DeepEqual(creds, other) // no scopes and no limit differ
}

// maxCredentials is far above what credentials that a server takes have.
const maxCredentials = 2 * maxCertificate

func readCredentials(path, clientID string) (*Credentials, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxCredentials+1))
	if err != nil {
		return nil, withoutPath(err)
	}
	token := strings.TrimSpace(string(text))
	switch {
	case token == "":
		return nil, errors.New("it is empty")
	case strings.HasPrefix(token, "{"):
		return ParseCredentials(token)
	case clientID == "":
		return nil, errors.New("it isn't JSON, and whose access token it is isn't known")
	case strings.ContainsAny(token, "\r\n"):
		return nil, errors.New("it has several lines; an access token is one")
	}
	return &Credentials{ClientID: clientID, AccessToken: token}, nil
}

// withoutPath is err without the path that whoever wraps it names.
func withoutPath(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// ParseCredentials reads credentials from their JSON, as json.Marshal and
// Taskcluster's other clients write them: clientId, accessToken, and where they
// have them certificate, as text or as an object, and authorizedScopes. What
// else is in it doesn't count. The error quotes nothing of it.
func ParseCredentials(text string) (*Credentials, error) {
	var file struct {
		Credentials
		Certificate json.RawMessage `json:"certificate"`
	}
	if len(text) > maxCredentials {
		return nil, fmt.Errorf("parse credentials: %d bytes are more than any have", len(text))
	}
	if !utf8.ValidString(text) || json.Unmarshal([]byte(text), &file) != nil {
		return nil, errors.New("parse credentials: not credentials in JSON")
	}
	creds := file.Credentials
	if creds.ClientID == "" || creds.AccessToken == "" {
		return nil, errors.New("parse credentials: no clientId or no accessToken")
	}
	if len(file.Certificate) > 0 && string(file.Certificate) != "null" && json.Unmarshal(file.Certificate, &creds.Certificate) != nil {
		creds.Certificate = string(file.Certificate)
	}
	if _, err := creds.Cert(); err != nil {
		return nil, fmt.Errorf("parse credentials: %w", err)
	}
	return &creds, nil
}
