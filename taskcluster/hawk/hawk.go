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
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
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

// LogValue is what Format prints.
func (k Key) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprint(k))
}

// Header is the value of the Authorization header for req, with a fresh nonce
// and the time as it is now. It is good for one sending of that request, to that
// host, method and URL. ext is what is signed along: base64, or "" for none.
func Header(req *http.Request, key Key, ext string) (string, error) {
	if err := check(key, ext); err != nil {
		return "", fmt.Errorf("sign request: %w", err)
	}
	ts := strconv.FormatInt(time.Now().Unix(), 10)
	nonce := rand.Text()
	// hawk-go's own RequestHeader copies ext four times, which is most of what
	// is to be copied at all.
	text := make([]byte, 0, 256+len(ext))
	text = appendText(text, req, ts, nonce, ext)
	creds := hawkgo.Credentials{Key: key.Secret, Hash: sha256.New}
	mac := creds.MAC()
	mac.Write(text)
	sum := mac.Sum(nil)
	text = append(append(text[:0], `Hawk id="`...), key.ID...)
	text = base64.StdEncoding.AppendEncode(append(text, `", mac="`...), sum)
	text = append(append(text, `", ts="`...), ts...)
	text = append(append(text, `", nonce="`...), nonce...)
	if ext != "" {
		text = append(append(text, `", ext="`...), ext...)
	}
	return string(append(text, '"')), nil
}

// appendText appends what a header's MAC is over. The empty line is for the
// hash of a payload.
func appendText(text []byte, req *http.Request, ts, nonce, ext string) []byte {
	host, port := hostPort(req)
	method := strings.ToUpper(req.Method)
	if method == "" {
		method = http.MethodGet
	}
	for _, line := range [...]string{"hawk.1.header", ts, nonce, method, req.URL.RequestURI(), host, port, "", ext} {
		text = append(append(text, line...), '\n')
	}
	return text
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
	at := url.URL{Host: strings.ToLower(hostport)}
	if port = at.Port(); port != "" {
		return strings.TrimSuffix(at.Host, ":"+port), port
	}
	host = strings.TrimSuffix(at.Host, ":")
	if req.URL.Scheme == "http" {
		return host, "80"
	}
	return host, "443"
}

// attribute reports whether s can stand between the quotes of a Hawk field.
func attribute(s string) bool {
	for i := range len(s) {
		if !attributes[s[i]] {
			return false
		}
	}
	return true
}

// attributes are the characters that can: printable ASCII but for the quote and
// the backslash.
var attributes = func() (can [256]bool) {
	for c := ' '; c <= '~'; c++ {
		can[c] = c != '"' && c != '\\'
	}
	return can
}()
