package yamlfile

import (
	"fmt"
	"strings"
)

// Problem is something in a file that a person has to change.
type Problem struct {
	File string
	// Line and Column count from 1, Column in characters.
	Line, Column int
	Message      string
	// Hint says what to write instead; it may be empty.
	Hint string
}

// Error is "file:line:col: message; hint".
func (p Problem) Error() string {
	text := fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
	if p.Hint != "" {
		text += "; " + p.Hint
	}
	return text
}

// Nearest is the word among the given ones that somebody who wrote this one may have meant, or "".
func Nearest(word string, among []string) string {
	best, least := "", len(word)/3+2
	for _, candidate := range among {
		if strings.EqualFold(candidate, word) {
			return candidate
		}
		d := distance(strings.ToLower(word), strings.ToLower(candidate))
		if d < least && d < len(candidate) {
			best, least = candidate, d
		}
	}
	return best
}

// DidYouMean is a hint that names the nearest word, or all of them where none is near.
func DidYouMean(word string, among []string) string {
	if near := Nearest(word, among); near != "" {
		return "did you mean " + near + "?"
	}
	if len(among) == 0 {
		return ""
	}
	return "known: " + strings.Join(among, ", ")
}

// distance is Damerau and Levenshtein's: letters left out, put in, changed, or swapped with their neighbour.
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
