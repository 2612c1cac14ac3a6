package rules

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"verdict/rules/yamlfile"
)

// Severity says how bad a Diagnostic is.
type Severity int

// The severities. An error keeps its team's rules out of the Set; a warning doesn't. A note is about something that is
// as it should be, and good to know.
const (
	Error Severity = iota
	Warning
	Note
)

// String is the severity as printed.
func (s Severity) String() string {
	return [...]string{"error", "warning", "note"}[s]
}

// Diagnostic is something in a rule file or in teams.yaml that a person ought to look at.
type Diagnostic struct {
	// Team is the team whose file it is, empty where none is known.
	Team string
	// File is the path as it was handed in, Line and Column count from 1.
	File         string
	Line, Column int
	// Length is how many characters are wrong; 0 where that isn't known.
	Length   int
	Severity Severity
	Message  string
	// Hint says what to write instead; it may be empty.
	Hint string
	// By is the rule file that names File by {file: …}; empty where that is one itself.
	By string
	// Source is the line as written.
	Source string
}

// String is one line: "graphics/ci.yaml:12:20 error: task.tagz: no such field; did you mean tags?".
func (d Diagnostic) String() string {
	text := fmt.Sprintf("%s:%d:%d %s: %s", d.File, d.Line, d.Column, d.Severity, d.Message)
	if d.Hint != "" {
		text += "; " + d.Hint
	}
	return text
}

// Excerpt is the line that is meant with a mark under the place, or "". What would steer a terminal isn't in it.
func (d Diagnostic) Excerpt() string {
	source := strings.TrimLeft(d.Source, " ")
	column := d.Column - (len(d.Source) - len(source))
	if source == "" || column < 1 || column > utf8.RuneCountInString(source) {
		return ""
	}
	return "    " + strings.Map(shown, source) + "\n    " + strings.Repeat(" ", column-1) + strings.Repeat("^", max(1, d.Length)) + "\n"
}

// shown is a character of a line as it can be printed.
func shown(r rune) rune {
	if r != '\t' && !unicode.IsPrint(r) {
		return unicode.ReplacementChar
	}
	return r
}

// HasErrors says whether any of the diagnostics is an error.
func HasErrors(diagnostics []Diagnostic) bool {
	for _, d := range diagnostics {
		if d.Severity == Error {
			return true
		}
	}
	return false
}

// fromProblems takes over what yamlfile found.
func fromProblems(team string, file *yamlfile.File, problems []yamlfile.Problem) []Diagnostic {
	out := make([]Diagnostic, 0, len(problems))
	for _, p := range problems {
		out = append(out, Diagnostic{Team: team, File: p.File, Line: p.Line, Column: p.Column, Message: p.Message, Hint: p.Hint, Source: file.SourceLine(p.Line)})
	}
	return out
}
