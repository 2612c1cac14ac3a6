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
	return slugOf(b)
}

// TaskIDFrom is the id that belongs to sum: the same bytes, of any length, give
// the same id in every release, so a task created twice is created once.
func TaskIDFrom(sum []byte) string {
	h := sha256.Sum256(sum)
	return slugOf([16]byte(h[:16]))
}

// slugOf makes a version 4 UUID of b, "nice" in that its slug begins with a
// letter: a leading "-" is taken for an option by command line tools.
func slugOf(b [16]byte) string {
	b[0] &= 0x7f
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return base64.RawURLEncoding.EncodeToString(b[:])
}
