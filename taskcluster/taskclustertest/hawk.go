package taskclustertest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"mime"
	"strings"
)

// hawkHeader are the fields of an Authorization header, each as it was sent.
type hawkHeader struct {
	id, ts, nonce, hash, ext, mac, app, dlg string
}

// parseHawk reads an Authorization header as the reference implementation does:
// each field at most once, only known ones, quoted, of printable characters.
func parseHawk(header string) (hawkHeader, error) {
	var h hawkHeader
	scheme, rest, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "hawk") {
		return h, refusal("Unauthorized")
	}
	fields := map[string]*string{
		"id": &h.id, "ts": &h.ts, "nonce": &h.nonce, "hash": &h.hash,
		"ext": &h.ext, "mac": &h.mac, "app": &h.app, "dlg": &h.dlg,
	}
	rest = strings.TrimSpace(rest)
	for rest != "" {
		name, after, ok := strings.Cut(rest, `="`)
		if !ok {
			return h, refusal("Bad header format")
		}
		value, after, ok := strings.Cut(after, `"`)
		if !ok {
			return h, refusal("Bad header format")
		}
		field, known := fields[name]
		if !known {
			return h, refusal("Unknown attribute: " + printable(name))
		}
		if printable(value) != value || strings.Contains(value, `\`) {
			return h, refusal("Bad attribute value: " + name)
		}
		*field = value
		delete(fields, name) // a second one is unknown
		rest = strings.TrimSpace(after)
		if rest != "" {
			if rest[0] != ',' {
				return h, refusal("Bad header format")
			}
			rest = strings.TrimSpace(rest[1:])
		}
	}
	if h.id == "" || h.ts == "" || h.nonce == "" || h.mac == "" {
		return h, refusal("Missing attributes")
	}
	return h, nil
}

// printable is s without what isn't printable ASCII.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
}

// signedRequest is what of a request goes into its MAC beside the header.
type signedRequest struct {
	method, uri, host, port string
}

// matches reports whether the header's MAC was made with key over the request.
func (h hawkHeader) matches(key string, r signedRequest) bool {
	lines := []string{
		"hawk.1.header", h.ts, h.nonce, strings.ToUpper(r.method), r.uri,
		strings.ToLower(r.host), r.port, h.hash, h.ext,
	}
	if h.app != "" {
		lines = append(lines, h.app, h.dlg)
	}
	want := hmacSHA256(key, strings.Join(lines, "\n")+"\n")
	got, err := base64.StdEncoding.DecodeString(h.mac)
	return err == nil && hmac.Equal(got, want)
}

// payloadHash is the hash of a body, which a header may carry.
func payloadHash(contentType string, body []byte) string {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		media = ""
	}
	sum := sha256.New()
	sum.Write([]byte("hawk.1.payload\n" + media + "\n"))
	sum.Write(body)
	sum.Write([]byte("\n"))
	return base64.StdEncoding.EncodeToString(sum.Sum(nil))
}

func hmacSHA256(key, text string) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
