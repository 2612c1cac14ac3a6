// Package hawk makes the Authorization header by which Taskcluster knows its
// callers, and the bewit by which it knows a URL they signed
// (https://github.com/mozilla/hawk), on tent/hawk-go.
//
// It only signs. hawk-go's reading of requests must not face the network: a
// header beside a malformed bewit makes it panic.
package hawk

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	hawkgo "github.com/tent/hawk-go"
)

// Key is who signs, and the secret they sign with. It prints as its ID alone.
type Key struct {
	ID     string
	Secret string
}

// Format prints the ID, whatever the verb.
func (k Key) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "hawk key %q", k.ID)
}

// Header is the value of the Authorization header for req, with a fresh nonce
// and the time as it is now. It is good for one sending of that request, to that
// host, method and URL. ext is what is signed along: base64, or "" for none.
func Header(req *http.Request, key Key, ext string) (string, error) {
	if err := check(key, ext); err != nil {
		return "", fmt.Errorf("sign request: %w", err)
	}
	host, port := hostPort(req)
	auth := hawkgo.Auth{
		Credentials: hawkgo.Credentials{ID: key.ID, Key: key.Secret, Hash: sha256.New},
		Method:      strings.ToUpper(req.Method),
		RequestURI:  req.URL.RequestURI(),
		Host:        host,
		Port:        port,
		Timestamp:   time.Now(),
		Nonce:       rand.Text(),
		Ext:         ext,
	}
	if auth.Method == "" {
		auth.Method = http.MethodGet
	}
	return auth.RequestHeader(), nil
}

// check says why key and ext can't be signed with: Hawk has no escapes, and a
// quote would end a field and begin another.
func check(key Key, ext string) error {
	switch {
	case key.ID == "" || key.Secret == "":
		return errors.New("no client id or no access token")
	case !attribute(key.ID):
		return fmt.Errorf("client id %q has a character that Hawk cannot carry", key.ID)
	case !attribute(ext):
		return errors.New("ext has a character that Hawk cannot carry")
	}
	return nil
}

// hostPort are those of the Host header that net/http will send. hawk-go's own
// take the wrong host of a request built from a URL alone, and cut an IPv6
// address at its first colon. Servers compare in lower case and, reading the
// header as it is, keep the brackets.
func hostPort(req *http.Request) (host, port string) {
	hostport := req.Host
	if hostport == "" {
		hostport = req.URL.Host
	}
	hostport = strings.ToLower(hostport)
	if host, port, err := net.SplitHostPort(hostport); err == nil && port != "" {
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		return host, port
	}
	host = strings.TrimSuffix(hostport, ":")
	if req.URL.Scheme == "http" {
		return host, "80"
	}
	return host, "443"
}

// attribute reports whether s can stand between the quotes of a Hawk field.
func attribute(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
