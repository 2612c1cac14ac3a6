package mutationtest

import (
	"fmt"
	"strings"

	"verdict/rules/yamlfile"
)

// mutant is a rule file with one change.
type mutant struct {
	kind
	file string
	// from and to are the lines on which bot check is to tell it.
	from, to      int
	before, after string
	text          []byte
}

// String is the place, and what became of what.
func (m mutant) String() string {
	return fmt.Sprintf("%s:%d: %s: %s → %s", m.file, m.from, m.name, strings.TrimSpace(m.before), strings.TrimSpace(m.after))
}

// source is a rule file, by lines of characters.
type source struct {
	name    string
	lines   [][]rune
	mutants []mutant
}

func newSource(name string, data []byte) *source {
	s := &source{name: name}
	for line := range strings.SplitSeq(string(data), "\n") {
		s.lines = append(s.lines, []rune(line))
	}
	return s
}

// span is a part of a line, from column `from` (counted from 0) up to `to`.
type span struct{ line, from, to int }

func (s *source) text(at span) string { return string(s.lines[at.line-1][at.from:at.to]) }

// replace makes a mutant that has another text in a span.
func (s *source) replace(k kind, at span, with string) {
	line := s.lines[at.line-1]
	after := string(line[:at.from]) + with + string(line[at.to:])
	if after != string(line) {
		s.lineBecomes(k, at.line, at.line, at.line, after)
	}
}

// lineBecomes makes a mutant in which lines from `first` to `last` are others. It is to be told up to the line `to`.
func (s *source) lineBecomes(k kind, first, last, to int, after ...string) {
	var out, before []string
	for i, line := range s.lines {
		switch {
		case i+1 == first:
			out = append(out, after...)
			fallthrough
		case i+1 > first && i+1 <= last:
			before = append(before, string(line))
		default:
			out = append(out, string(line))
		}
	}
	s.mutants = append(s.mutants, mutant{kind: k, file: s.name, from: first, to: to,
		before: strings.Join(before, "⏎"), after: strings.Join(after, "⏎"), text: []byte(strings.Join(out, "\n"))})
}

// scalar is where a value of one line stands, quotes included; false where it has more lines.
func (s *source) scalar(n *yamlfile.Node) (span, bool) {
	at := span{n.Line, n.Column - 1, n.Column - 1}
	line := s.lines[n.Line-1]
	switch n.Style {
	case yamlfile.SingleQuoted, yamlfile.DoubleQuoted:
		at.to = quoted(line, at.from)
	case yamlfile.Plain:
		at.to += len([]rune(n.Text))
	}
	ok := at.to > at.from && at.to <= len(line) && (n.Style != yamlfile.Plain || s.text(at) == n.Text)
	return at, ok
}

// quoted is the end of a quoted text that begins at a place, 0 where it isn't on this line.
func quoted(line []rune, at int) int {
	quote := line[at]
	for i := at + 1; i < len(line); i++ {
		switch {
		case line[i] == '\\' && quote == '"':
			i++
		case line[i] == quote && quote == '\'' && i+1 < len(line) && line[i+1] == quote:
			i++
		case line[i] == quote:
			return i + 1
		}
	}
	return 0
}

// inner are the parts of lines in which a scalar's text stands, without quotes.
func (s *source) inner(n *yamlfile.Node) []span {
	if n.Style != yamlfile.Block {
		at, ok := s.scalar(n)
		if !ok {
			return nil
		}
		if n.Style != yamlfile.Plain {
			at.from, at.to = at.from+1, at.to-1
		}
		return []span{at}
	}
	var out []span
	for i := range strings.Count(strings.TrimRight(n.Text, "\n"), "\n") + 1 {
		line := s.lines[n.Line+i]
		out = append(out, span{n.Line + i + 1, len(line) - len([]rune(strings.TrimLeft(string(line), " "))), len(line)})
	}
	return out
}

// flowEnd is the end of a value in brackets, or of a scalar, on one line.
func (s *source) flowEnd(n *yamlfile.Node) (int, bool) {
	line := s.lines[n.Line-1]
	if n.Kind != yamlfile.Mapping && n.Kind != yamlfile.Sequence {
		at, ok := s.scalar(n)
		return at.to, ok
	}
	depth := 0
	for i := n.Column - 1; i < len(line); i++ {
		switch line[i] {
		case '\'', '"':
			if end := quoted(line, i); end > 0 && strings.ContainsRune("[{, :", line[i-1]) {
				i = end - 1
			}
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth == 0 {
				return i + 1, true
			}
		}
	}
	return 0, false
}

func (s *source) isFlow(n *yamlfile.Node) bool {
	c := s.lines[n.Line-1][n.Column-1]
	return n.Style != yamlfile.Block && (n.Kind == yamlfile.Mapping && c == '{' || n.Kind == yamlfile.Sequence && c == '[')
}

// blockEnd is the last line of what begins in a column of a line: what follows is deeper.
func (s *source) blockEnd(first, column int) int {
	last := first
	for i := first; i < len(s.lines); i++ {
		text := strings.TrimSpace(string(s.lines[i]))
		if text == "" {
			continue
		}
		if indent := len(s.lines[i]) - len([]rune(strings.TrimLeft(string(s.lines[i]), " "))); indent < column || indent == column && text[0] != '-' ||
			indent == column && s.lines[first-1][column] == '-' {
			break
		}
		last = i + 1
	}
	return last
}

// extent is the last line of a mapping whose first key stands in a column of a line.
func (s *source) extent(first, column int) int {
	last := first
	for i := first; i < len(s.lines); i++ {
		text := strings.TrimSpace(string(s.lines[i]))
		if text == "" {
			continue
		}
		if len(s.lines[i])-len([]rune(strings.TrimLeft(string(s.lines[i]), " "))) < column {
			break
		}
		last = i + 1
	}
	return last
}
