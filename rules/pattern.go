package rules

import (
	"errors"
	"strings"
)

// pattern is a glob over a text with slashes: * stands for any characters but /, ? for one of them, and ** alone
// between slashes for any number of parts, none included. A pattern that begins with ! excludes.
type pattern struct {
	text   string
	negate bool
	exact  bool
}

var errPattern = errors.New("** stands alone between slashes; braces, brackets and backslashes have no meaning here")

func newPattern(text string) (pattern, error) {
	p := pattern{text: text}
	p.text, p.negate = strings.CutPrefix(text, "!")
	if p.text == "" {
		return p, errors.New("an empty pattern")
	}
	if strings.ContainsAny(p.text, `{}[]\`) {
		return p, errPattern
	}
	for part := range strings.SplitSeq(p.text, "/") {
		if strings.Contains(part, "**") && part != "**" {
			return p, errPattern
		}
	}
	p.exact = !strings.ContainsAny(p.text, "*?")
	return p, nil
}

// FitsPattern tells whether a name fits a pattern as in teams.yaml and in `project:` of a rule. Nothing fits what is no
// pattern.
func FitsPattern(text, name string) bool {
	p, err := newPattern(text)
	return err == nil && p.match(name) != p.negate
}

// String is the pattern as written.
func (p pattern) String() string {
	if p.negate {
		return "!" + p.text
	}
	return p.text
}

func (p pattern) match(text string) bool {
	if p.exact {
		return p.text == text
	}
	return matchParts(p.text, text)
}

// matchParts compares part by part; on a mismatch the last ** takes one part more. It allocates nothing.
func matchParts(glob, text string) bool {
	var retryGlob, retryText string
	canRetry := false
	globDone, textDone := false, false
	for {
		var part string
		rest := glob
		if !globDone {
			part, rest, globDone = cutPart(glob)
		} else if textDone {
			return true
		} else {
			part = "\x00" // no part of the glob is left for the text's
		}
		if part == "**" {
			if globDone {
				return true
			}
			retryGlob, retryText, canRetry = rest, text, true
			glob = rest
			continue
		}
		if !textDone {
			word, restText, last := cutPart(text)
			if part != "\x00" && matchWord(part, word) {
				glob, text, textDone = rest, restText, last
				continue
			}
		}
		if !canRetry {
			return false
		}
		_, after, last := cutPart(retryText)
		if last {
			return false
		}
		retryText = after
		glob, text, globDone, textDone = retryGlob, after, false, false
	}
}

func cutPart(s string) (part, rest string, last bool) {
	part, rest, found := strings.Cut(s, "/")
	return part, rest, !found
}

// matchWord compares one part: on a mismatch the last * takes one character more.
func matchWord(glob, word string) bool {
	g, w, star, mark := 0, 0, -1, 0
	for w < len(word) {
		switch {
		case g < len(glob) && glob[g] == '*':
			star, mark = g, w
			g++
		case g < len(glob) && (glob[g] == '?' && word[w] != '*' || glob[g] == word[w]):
			g++
			w++
		case star >= 0:
			mark++
			g, w = star+1, mark
		default:
			return false
		}
	}
	for g < len(glob) && glob[g] == '*' {
		g++
	}
	return g == len(glob)
}

// within says whether everything that wanted can match is matched by p: a team's pattern against its grant. It
// errs on the side of no.
func (p pattern) within(wanted pattern) bool {
	if wanted.exact {
		return p.match(wanted.text)
	}
	if p.exact {
		return false
	}
	if strings.Contains(wanted.text, "**") {
		head, ok := strings.CutSuffix(p.text, "**")
		return p.text == wanted.text || ok && !strings.ContainsAny(head, "*?") && strings.HasPrefix(wanted.text, head)
	}
	return matchParts(p.text, wanted.text)
}

// head is what every match begins with: the parts before the first with a wildcard, without the slash.
func (p pattern) head() string {
	at := strings.IndexAny(p.text, "*?")
	if at < 0 {
		return p.text
	}
	return p.text[:max(0, strings.LastIndexByte(p.text[:at], '/'))]
}

// anyMatch says whether a text fits one of the patterns and none of the excluding ones. No patterns fit all.
func anyMatch(patterns []pattern, text string) bool {
	_, ok := firstMatch(patterns, text)
	return ok
}

// firstMatch is the first pattern that fits, nil where only excluding ones are given.
func firstMatch(patterns []pattern, text string) (*pattern, bool) {
	var first *pattern
	positive := false
	for i := range patterns {
		p := &patterns[i]
		if p.negate {
			if p.match(text) {
				return nil, false
			}
			continue
		}
		positive = true
		if first == nil && p.match(text) {
			first = p
		}
	}
	return first, first != nil || !positive
}
