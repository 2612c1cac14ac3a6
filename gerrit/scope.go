package gerrit

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Scope is the projects of a server that somebody needs to know about. The zero
// Scope is all that our account sees.
type Scope struct {
	Projects []string `json:"projects,omitempty"`
	// Prefixes are what names of projects begin with.
	Prefixes []string `json:"prefixes,omitempty"`
}

const (
	// scopeTerms and scopeBytes limit what is put into a query: a request line
	// has its limit.
	scopeTerms = 200
	scopeBytes = 6 << 10
)

// NewScope gives the smallest Scope that has all of these and fits into a query:
// if it takes more than 200 of them, it is everything.
func NewScope(projects, prefixes []string) Scope {
	s := Scope{}
	for _, p := range sortedSet(prefixes) { // one that begins with another comes after it
		if !s.Has(p) || s.everything() {
			s.Prefixes = append(s.Prefixes, p)
		}
	}
	for _, p := range sortedSet(projects) {
		if !s.Has(p) || s.everything() {
			s.Projects = append(s.Projects, p)
		}
	}
	if slices.Contains(s.Prefixes, "") || len(s.Projects)+len(s.Prefixes) > scopeTerms || len(url.QueryEscape(s.Query())) > scopeBytes {
		return Scope{}
	}
	return s
}

func sortedSet(all []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(all)))
}

func (s Scope) everything() bool { return len(s.Projects)+len(s.Prefixes) == 0 }

// Query is the Scope as a query, "" for everything.
func (s Scope) Query() string {
	var terms []string
	for _, p := range s.Projects {
		terms = append(terms, "project:"+inQuotes(p))
	}
	for _, p := range s.Prefixes {
		terms = append(terms, "projects:"+inQuotes(p))
	}
	return strings.Join(terms, " OR ")
}

// inQuotes is a word of a query; projects have no quotes in their names.
func inQuotes(word string) string { return `"` + strings.ReplaceAll(word, `"`, "") + `"` }

// Has tells whether a project is in it.
func (s Scope) Has(project string) bool {
	begins := func(prefix string) bool { return strings.HasPrefix(project, prefix) }
	return s.everything() || slices.Contains(s.Projects, project) || slices.ContainsFunc(s.Prefixes, begins)
}

// covers tells whether all of other is in it.
func (s Scope) covers(other Scope) bool {
	outside := func(name string) bool { return !s.Has(name) }
	within := func(prefix string) bool {
		return slices.ContainsFunc(s.Prefixes, func(p string) bool { return strings.HasPrefix(prefix, p) })
	}
	if s.everything() || other.everything() {
		return s.everything()
	}
	return !slices.ContainsFunc(other.Projects, outside) && !slices.ContainsFunc(other.Prefixes, func(p string) bool { return !within(p) })
}

// A cursor is a time, and what was polled by then if that wasn't everything.
func cursorText(at time.Time, s Scope) string {
	text := at.UTC().Format(cursorLayout)
	if s.everything() {
		return text
	}
	scope, err := json.Marshal(s)
	if err != nil {
		return text // strings can always be encoded
	}
	return text + " " + string(scope)
}

func readCursor(text string) (at time.Time, s Scope, err error) {
	when, scope, limited := strings.Cut(text, " ")
	if at, err = time.Parse(cursorLayout, when); err != nil {
		return at, s, err
	}
	if limited {
		err = json.Unmarshal([]byte(scope), &s)
	}
	if err != nil || limited && s.everything() {
		return at, s, fmt.Errorf("%q is no scope", scope)
	}
	return at, s, nil
}
