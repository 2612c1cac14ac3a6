package yamlfile

import (
	"strings"
	"unicode/utf8"
)

// Kind is what a value is.
type Kind int

// The kinds of values. A date is a String here, and so are yes, no, on and off.
const (
	Null Kind = iota
	Bool
	Int
	Float
	String
	Sequence
	Mapping
)

// String is the kind as problems call it.
func (k Kind) String() string {
	return [...]string{"nothing", "true or false", "a whole number", "a number", "a text", "a list", "a mapping"}[k]
}

// Style is how a scalar is written.
type Style int

// The styles of scalars.
const (
	Plain Style = iota
	SingleQuoted
	DoubleQuoted
	// Block is a text after | or >.
	Block
	// Whole is a text that is all of its file.
	Whole
)

// Node is a value with its place.
type Node struct {
	Kind  Kind
	Style Style
	// Line and Column count from 1; they are where the value begins: its quote, its bracket, its first key.
	Line, Column int
	// Text is a scalar as written, without quotes and escapes.
	Text string
	// Items are a sequence's.
	Items []*Node
	// Entries are a mapping's, in the file's order.
	Entries []Entry

	file *File
}

// Entry is a key with its value.
type Entry struct{ Key, Value *Node }

// Get is the value under a path of keys, or nil.
func (n *Node) Get(path ...string) *Node {
	for _, key := range path {
		n = n.child(key)
	}
	return n
}

func (n *Node) child(key string) *Node {
	if n == nil {
		return nil
	}
	for _, e := range n.Entries {
		if e.Key.Text == key {
			return e.Value
		}
	}
	return nil
}

// Key is the node of a mapping's key, or nil.
func (n *Node) Key(key string) *Node {
	if n == nil {
		return nil
	}
	for _, e := range n.Entries {
		if e.Key.Text == key {
			return e.Key
		}
	}
	return nil
}

// List is a sequence's items, or the value itself, where one may stand for a list of one.
func (n *Node) List() []*Node {
	if n.Kind == Sequence {
		return n.Items
	}
	return []*Node{n}
}

// Problem is one at this value's place.
func (n *Node) Problem(message, hint string) Problem {
	return Problem{File: n.file.Name, Line: n.Line, Column: n.Column, Message: message, Hint: hint}
}

// ProblemAt is one inside a scalar's text, at an offset counted in characters.
func (n *Node) ProblemAt(offset int, message, hint string) Problem {
	p := n.Problem(message, hint)
	p.Line, p.Column = n.Position(offset)
	return p
}

// File is the file that the value stands in.
func (n *Node) File() *File { return n.file }

// SourceLine is a line of the file as written, or "".
func (f *File) SourceLine(line int) string {
	if line < 1 || line > len(f.lines) {
		return ""
	}
	return f.lines[line-1]
}

// Rest is what stands in the file from the value's beginning to the end of that line, without a comment that
// stands alone behind it. It shows what was written where YAML made something else of it.
func (n *Node) Rest() string {
	line := []rune(n.file.SourceLine(n.Line))
	if n.Column > len(line) {
		return ""
	}
	return strings.TrimSpace(string(line[n.Column-1:]))
}

// Position is where a character of a scalar's text stands in the file. Where the way that it is written hides
// that (folded lines, escapes), it is the scalar's own place.
func (n *Node) Position(offset int) (line, column int) {
	switch n.Style {
	case Block:
		return n.inBlock(offset)
	case SingleQuoted:
		if strings.Contains(n.Text, "\n") {
			return n.Line, n.Column
		}
		return n.walk(offset, 1, "'")
	case DoubleQuoted:
		return n.walk(offset, 1, `\`)
	case Whole:
		return n.inWhole(offset)
	default:
		return n.walk(offset, 0, "")
	}
}

// walk compares text and source from the scalar's beginning; a doubler is a source character that stands
// before another without being part of the text.
func (n *Node) walk(offset, skip int, doubler string) (line, column int) {
	source := []rune(n.file.SourceLine(n.Line))
	at := n.Column - 1 + skip
	for i, r := range []rune(n.Text) {
		if doubler != "" && at+1 < len(source) && string(source[at]) == doubler && source[at+1] == r {
			at++
		}
		if at >= len(source) || source[at] != r {
			return n.Line, n.Column
		}
		if i == offset {
			return n.Line, at + 1
		}
		at++
	}
	if offset >= utf8.RuneCountInString(n.Text) {
		return n.Line, at + 1
	}
	return n.Line, n.Column
}

func (n *Node) inBlock(offset int) (line, column int) {
	text := []rune(n.Text)
	row, col := 0, 0
	for i := 0; i < offset && i < len(text); i++ {
		col++
		if text[i] == '\n' {
			row, col = row+1, 0
		}
	}
	line = n.Line + 1 + row
	source := n.file.SourceLine(line)
	first := n.file.SourceLine(n.Line + 1)
	indent := len(first) - len(strings.TrimLeft(first, " "))
	if !strings.Contains(n.file.SourceLine(n.Line), "|") || indent+col > utf8.RuneCountInString(source) {
		return n.Line, n.Column
	}
	return line, indent + col + 1
}

// CutByComment says whether an unquoted text is followed by a # on its last line: what stands behind it is
// not part of the text, which its writer may not have noticed.
func (n *Node) CutByComment() bool { return n.behind() != "" }

// OrdinaryComment says whether what stands behind an unquoted text is a comment to anybody: a # with a blank after it,
// two blanks away. Where the text can only be a word one blank is enough.
func (n *Node) OrdinaryComment(word bool) bool {
	rest := n.behind()
	comment := strings.TrimLeft(rest, " ")
	return (comment == "#" || strings.HasPrefix(comment, "# ")) && (word || len(rest)-len(comment) > 1)
}

// behind is the blanks and the # that follow an unquoted text on its last line, with what comes after; "" where none does.
func (n *Node) behind() string {
	if n.Kind == Mapping || n.Kind == Sequence || n.Style != Plain {
		return ""
	}
	line := n.Line
	source := []rune(n.file.SourceLine(line))
	at := n.Column - 1
	for _, r := range n.Text {
		for r == ' ' && at >= len(source) && line < len(n.file.lines) {
			line++
			source = []rune(strings.TrimLeft(n.file.SourceLine(line), " "))
			at = -1
		}
		if at >= 0 && (at >= len(source) || source[at] != r) {
			return ""
		}
		at++
	}
	if at > len(source) {
		return ""
	}
	rest := string(source[at:])
	if !strings.HasPrefix(strings.TrimLeft(rest, " "), "#") || !strings.HasPrefix(rest, " ") {
		return ""
	}
	return rest
}
