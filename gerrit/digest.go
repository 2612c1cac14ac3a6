package gerrit

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// DigestAuth returns an Auth implementation which sends the provided username
// and password using HTTP Digest Authentication (RFC 2617), as Gerrit before
// 2.14 wants it: algorithm MD5, with quality of protection "auth" or none.
func DigestAuth(username, password string) Auth {
	return &digestAuth{username: username, password: password}
}

type digestAuth struct {
	username, password string

	mu        sync.Mutex
	challenge *challenge // nil: the server hasn't said yet
	count     int        // requests that used its nonce
}

// challenge is what a server wants to be digested.
type challenge struct{ realm, nonce, opaque, qop, algorithm string }

// sign adds nothing before the server said what it wants: the first request is
// refused and made again.
func (a *digestAuth) sign(r *http.Request) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.challenge == nil {
		return nil
	}
	a.count++
	r.Header.Set("Authorization", a.challenge.answer(a.username, a.password, r.Method, r.URL.RequestURI(), rand.Text(), a.count))
	return nil
}

func (a *digestAuth) renew(h http.Header) (bool, error) {
	for _, text := range h.Values("WWW-Authenticate") {
		c, ok := readChallenge(text)
		if !ok {
			continue
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		a.challenge, a.count = &c, 0
		return true, nil
	}
	return false, errors.New("gerrit: the server doesn't ask for a digest; use BasicAuth")
}

func (c *challenge) answer(username, password, method, uri, cnonce string, count int) string {
	h1 := digest(username, c.realm, password)
	h2 := digest(method, uri)
	nc := fmt.Sprintf("%08x", count)
	response := digest(h1, c.nonce, h2)
	if c.qop != "" {
		response = digest(h1, c.nonce, nc, cnonce, c.qop, h2)
	}
	s := fmt.Sprintf(`Digest username=%s, realm=%s, nonce=%s, uri=%s, response="%s"`,
		quoted(username), quoted(c.realm), quoted(c.nonce), quoted(uri), response)
	if c.algorithm != "" {
		s += ", algorithm=" + c.algorithm
	}
	if c.opaque != "" {
		s += ", opaque=" + quoted(c.opaque)
	}
	if c.qop != "" {
		s += fmt.Sprintf(`, qop=%s, nc=%s, cnonce="%s"`, c.qop, nc, cnonce)
	}
	return s
}

func digest(parts ...string) string {
	sum := md5.Sum([]byte(strings.Join(parts, ":")))
	return hex.EncodeToString(sum[:])
}

func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// readChallenge reads a WWW-Authenticate header. It answers false if that is
// none that can be met.
func readChallenge(text string) (c challenge, ok bool) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	if !strings.EqualFold(scheme, "Digest") {
		return c, false
	}
	fields := parameters(rest)
	c = challenge{realm: fields["realm"], nonce: fields["nonce"], opaque: fields["opaque"], algorithm: fields["algorithm"]}
	if c.nonce == "" || c.algorithm != "" && !strings.EqualFold(c.algorithm, "MD5") {
		return c, false
	}
	offered, has := fields["qop"]
	for _, qop := range strings.Split(offered, ",") {
		if strings.TrimSpace(qop) == "auth" {
			c.qop = "auth"
		}
	}
	return c, !has || c.qop != ""
}

// parameters reads name=value and name="value" between commas.
func parameters(text string) map[string]string {
	fields := map[string]string{}
	for {
		text = strings.TrimLeft(text, " \t,")
		name, rest, ok := strings.Cut(text, "=")
		if !ok {
			return fields
		}
		value, rest := parameter(strings.TrimLeft(rest, " \t"))
		fields[strings.ToLower(strings.TrimSpace(name))] = value
		text = rest
	}
}

// parameter takes a value from the front of a text.
func parameter(text string) (value, rest string) {
	if !strings.HasPrefix(text, `"`) {
		value, rest, _ = strings.Cut(text, ",")
		return strings.TrimSpace(value), rest
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return b.String(), text[i+1:]
		case '\\':
			if i++; i == len(text) {
				return b.String(), ""
			}
		}
		b.WriteByte(text[i])
	}
	return b.String(), ""
}
