package taskcluster

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// A certificate is written each time credentials are made, and read and written
// again each time a request is signed with them. So both are done here without
// reflection, the reading for what was written here only.

// MarshalJSON writes the certificate in the bytes that Taskcluster's Python
// client writes: no scopes are [], never null, which servers refuse.
func (cert Certificate) MarshalJSON() ([]byte, error) {
	return cert.appendJSON(nil), nil
}

func (cert *Certificate) appendJSON(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"version":`...), int64(cert.Version), 10)
	b = appendList(append(b, `,"scopes":`...), cert.Scopes)
	b = strconv.AppendInt(append(b, `,"start":`...), cert.Start, 10)
	b = strconv.AppendInt(append(b, `,"expiry":`...), cert.Expiry, 10)
	b = appendString(append(b, `,"seed":`...), cert.Seed)
	if cert.Issuer != "" {
		b = appendString(append(b, `,"issuer":`...), cert.Issuer)
	}
	return append(appendString(append(b, `,"signature":`...), cert.Signature), '}')
}

// MarshalJSON writes what the header has. No authorized scopes are [], never
// null.
func (ext ExtHeader) MarshalJSON() ([]byte, error) {
	certificate := ""
	if ext.Certificate != nil {
		certificate = string(ext.Certificate.appendJSON(nil))
	}
	return appendExt(nil, certificate, ext.AuthorizedScopes), nil
}

// appendExt appends the JSON of a header that has the certificate with this
// JSON, "" for none.
func appendExt(b []byte, certificate string, authorized *[]string) []byte {
	b = append(b, '{')
	if certificate != "" {
		b = append(append(b, `"certificate":`...), certificate...)
	}
	if authorized == nil {
		return append(b, '}')
	}
	if certificate != "" {
		b = append(b, ',')
	}
	b = appendList(append(b, `"authorizedScopes":`...), *authorized)
	return append(b, '}')
}

func appendList(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, s)
	}
	return append(b, ']')
}

// appendString appends s as JSON. It writes no escapes for HTML, which would
// only make a header longer.
func appendString(b []byte, s string) []byte {
	if !plain(s) {
		text, _ := compactJSON(s) // a string always can be written
		return append(b, text...)
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// plain reports whether s between quotes stands for itself.
func plain(s string) bool {
	for i := range len(s) {
		if !plainCharacters[s[i]] {
			return false
		}
	}
	return true
}

// plainCharacters are printable ASCII but for the quote and the backslash.
var plainCharacters = func() (plain [256]bool) {
	for c := ' '; c <= '~'; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()

// own reports whether text is a certificate, and in the bytes in which
// appendJSON would write it. It may say no where an escape or an odd number
// keeps it from being sure.
func own(text string) bool {
	r := reader(text)
	return r.skip(`{"version":1,"scopes":`) && r.strings() &&
		r.skip(`,"start":`) && r.millis() &&
		r.skip(`,"expiry":`) && r.millis() &&
		r.skip(`,"seed":`) && r.string() &&
		(!r.skip(`,"issuer":`) || !r.skip(`""`) && r.string()) &&
		r.skip(`,"signature":`) && r.string() && r == "}"
}

// reader is what is left to read. Its methods report whether they found what
// they are for.
type reader string

func (r *reader) skip(literal string) bool {
	rest, found := strings.CutPrefix(string(*r), literal)
	*r = reader(rest)
	return found
}

// string finds one that stands for itself.
func (r *reader) string() bool {
	text, found := strings.CutPrefix(string(*r), `"`)
	if !found {
		return false
	}
	for i := range len(text) {
		if !plainCharacters[text[i]] {
			*r = reader(text[i:])
			return r.skip(`"`)
		}
	}
	return false
}

func (r *reader) strings() bool {
	if r.skip("[]") {
		return true
	}
	found := r.skip("[") && r.string()
	for found && r.skip(",") {
		found = r.string()
	}
	return found && r.skip("]")
}

// millis finds a time since 1970 of at most as many digits as they have had
// since 2001, and will have until 2286.
func (r *reader) millis() bool {
	const digits = 13
	if len(*r) < digits || (*r)[0] == '0' {
		return false
	}
	for _, c := range (*r)[:digits] {
		if c < '0' || c > '9' {
			return false
		}
	}
	*r = (*r)[digits:]
	return true
}

// compactJSON is v without the escapes for HTML, which would only make it
// longer, and without a newline.
func compactJSON(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}
