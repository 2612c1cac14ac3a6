package taskclustertest

import (
	"crypto/hmac"
	"encoding/base64"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// bewitPattern finds a bewit in a path: what is before it, the character that
// begins it, the bewit, and what follows.
var bewitPattern = regexp.MustCompile(`^(/.*)([?&])bewit=([^&$]*)(?:&(.+))?$`)

// bewit is the signature that a path carries.
type bewit struct {
	id, exp, mac, ext string
	expires           time.Time
	resource          string // the path without it
}

// parseBewit reads the bewit of a path that has one, as the reference
// implementation does. Its errors are refusals.
func parseBewit(r signedRequest) (bewit, error) {
	if len(r.uri) > maxAuthorization {
		return bewit{}, refusal("Bad Request: Resource path exceeds max length")
	}
	found := bewitPattern.FindStringSubmatch(r.uri)
	switch {
	case found == nil:
		return bewit{}, refusal("Unauthorized")
	case found[3] == "":
		return bewit{}, refusal("Unauthorized: Empty bewit")
	case r.method != "GET" && r.method != "HEAD":
		return bewit{}, refusal("Unauthorized: Invalid method")
	}
	plain, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(found[3], "="))
	if err != nil {
		return bewit{}, refusal("Bad Request: Invalid bewit encoding")
	}
	parts := strings.Split(string(plain), `\`)
	if len(parts) != 4 {
		return bewit{}, refusal("Bad Request: Invalid bewit structure")
	}
	b := bewit{id: parts[0], exp: parts[1], mac: parts[2], ext: parts[3], resource: found[1]}
	if b.id == "" || b.exp == "" || b.mac == "" {
		return bewit{}, refusal("Bad Request: Missing bewit attributes")
	}
	if found[4] != "" {
		b.resource += found[2] + found[4]
	}
	seconds, err := strconv.ParseInt(b.exp, 10, 64)
	if err != nil {
		return bewit{}, refusal("Unauthorized: Access expired")
	}
	b.expires = time.Unix(seconds, 0)
	return b, nil
}

// matches reports whether the MAC was made with key over a GET of the resource.
func (b bewit) matches(key string, r signedRequest) bool {
	lines := []string{"hawk.1.bewit", b.exp, "", "GET", b.resource, strings.ToLower(r.host), r.port, "", b.ext}
	want := hmacSHA256(key, strings.Join(lines, "\n")+"\n")
	got, err := base64.StdEncoding.DecodeString(b.mac)
	return err == nil && hmac.Equal(got, want)
}
