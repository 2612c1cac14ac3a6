package taskcluster

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"regexp"
)

var slug = regexp.MustCompile(`^[A-Za-z0-9_-]{8}[Q-T][A-Za-z0-9_-][CGKOSWaeimquy26-][A-Za-z0-9_-]{10}[AQgw]$`)

// ValidID reports whether id can be the id of a task or of a task group: 22
// characters of base64url that are a version 4 UUID.
func ValidID(id string) bool {
	return slug.MatchString(id)
}

// NewID is a fresh random id for a task or a task group.
func NewID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails, says crypto/rand
	return string(appendSlug(nil, b))
}

// newSeed is two ids, as certificates have it.
func newSeed() string {
	var b [32]byte
	rand.Read(b[:])
	var text [44]byte
	return string(appendSlug(appendSlug(text[:0], [16]byte(b[:16])), [16]byte(b[16:])))
}

// TaskIDFrom is the id that belongs to sum: the same bytes, of any length, give
// the same id in every release, so a task created twice is created once.
func TaskIDFrom(sum []byte) string {
	h := sha256.Sum256(sum)
	return string(appendSlug(nil, [16]byte(h[:16])))
}

// appendSlug makes a version 4 UUID of b and appends its slug, a "nice" one in
// that it begins with a letter: a leading "-" is taken for an option by command
// line tools.
func appendSlug(text []byte, b [16]byte) []byte {
	b[0] &= 0x7f
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return base64.RawURLEncoding.AppendEncode(text, b[:])
}
