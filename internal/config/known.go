package config

import (
	"encoding/base64"
	"io"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Known are the secret values that were read so far: what the last net before the log must not let through.
// It is safe for concurrent use.
type Known struct {
	mu       sync.RWMutex
	values   []string
	replacer *strings.Replacer
}

// shortest is the length from which on a value is replaced: a shorter one would black out half the log.
const shortest = 4

// add remembers a value, as it is and in the forms in which it would travel.
func (k *Known) add(value string) {
	if k == nil || len(value) < shortest {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if slices.Contains(k.values, value) {
		return
	}
	k.values = append(k.values, value)
	// The longest goes first, so that one which begins with another is replaced whole.
	slices.SortFunc(k.values, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, v := range k.values {
		for _, form := range []string{v, url.QueryEscape(v), url.PathEscape(v), escaped(v), base64.StdEncoding.EncodeToString([]byte(v))} {
			pairs = append(pairs, form, mask)
		}
	}
	k.replacer = strings.NewReplacer(pairs...)
}

// Clean is text without known secrets.
func (k *Known) Clean(text string) string {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.replacer == nil {
		return text
	}
	return k.replacer.Replace(text)
}

// Writer gives a writer that hands on to w what it is given, one whole line at a time, without known secrets.
func (k *Known) Writer(w io.Writer) io.Writer { return &cleaner{k, w} }

type cleaner struct {
	known *Known
	w     io.Writer
}

// Write implements io.Writer. zerolog writes each line by one call.
func (c *cleaner) Write(p []byte) (int, error) {
	if _, err := io.WriteString(c.w, c.known.Clean(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// escaped is how a value stands inside a JSON string.
func escaped(value string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value)
}
