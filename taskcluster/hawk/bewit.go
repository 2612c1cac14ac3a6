package hawk

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	hawkgo "github.com/tent/hawk-go"
)

// MaxLength is the longest Authorization header, and the longest URL with a
// bewit, that Taskcluster's services take.
const MaxLength = 4096

// ErrTooLong is wrapped by the error for a URL that a bewit would make longer
// than services take.
var ErrTooLong = errors.New("longer than services take")

// Bewit is what makes a URL one that anybody may GET within lifetime: the value
// of its query parameter "bewit", which goes behind the query that u has. It
// needs no escapes. ext is what is signed along, as for Header.
//
// Whoever has the signed URL may do as much until then, so it is a secret. Its
// end is at a whole second, and the server's clock decides.
func Bewit(u *url.URL, key Key, ext string, lifetime time.Duration) (string, error) {
	sent := sentPart(u)
	if err := checkURL(sent); err != nil {
		return "", fmt.Errorf("sign URL: %w", err)
	}
	if err := check(key, ext); err != nil {
		return "", fmt.Errorf("sign URL: %w", err)
	}
	if lifetime < time.Second {
		return "", fmt.Errorf("sign URL: it would live for %s, less than a second", lifetime)
	}
	host, port := hostPort(&http.Request{URL: sent})
	auth := hawkgo.Auth{
		Credentials: hawkgo.Credentials{ID: key.ID, Key: key.Secret, Hash: sha256.New},
		Method:      http.MethodGet,
		RequestURI:  sent.RequestURI(),
		Host:        host,
		Port:        port,
		Timestamp:   time.Now().Add(lifetime),
		Ext:         ext,
	}
	bewit := auth.Bewit()
	if n := len(sent.String()) + len("?bewit=") + len(bewit); n > MaxLength {
		return "", fmt.Errorf("sign URL: it would have %d characters: %w, which is %d", n, ErrTooLong, MaxLength)
	}
	return bewit, nil
}

// sentPart is u without its fragment, and without a question mark that nothing
// follows: servers take that away together with the bewit.
func sentPart(u *url.URL) *url.URL {
	sent := *u
	sent.Fragment, sent.RawFragment, sent.ForceQuery = "", "", false
	return &sent
}

// checkURL says what of u a server couldn't be sent, or couldn't tell from the
// bewit.
func checkURL(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Opaque != "":
		return errors.New("it must be http://… or https://… with a host")
	case u.User != nil:
		return errors.New("it has a user or password")
	case strings.Contains(u.RequestURI(), "?bewit=") || strings.Contains(u.RequestURI(), "&bewit="):
		return errors.New("it has a bewit already")
	}
	return nil
}
