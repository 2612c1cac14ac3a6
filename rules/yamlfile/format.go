package yamlfile

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Layout is what Format has to know of the keys. A path is of keys, with "[]" for an entry of a list.
type Layout interface {
	// Order is the order of a mapping's keys, or nil: as they are. Keys that aren't in it come last.
	Order(path []string) []string
	// Quoted says whether a text at a path stands in quotes where it needs none to be read, too.
	Quoted(path []string, text string) bool
}

// Format writes a file in the one way: two blanks for each level, single quotes where quotes are needed, keys in
// order, texts of several lines after |. Comments, blank lines between entries, and the choice between lines and
// brackets stay. What is read from it stays the same, and so does what Parse refuses: then there are problems, and
// no text. Formatting twice is formatting once.
func Format(name string, data []byte, layout Layout) ([]byte, []Problem) {
	file, problems := Parse(name, data)
	if len(problems) > 0 {
		return nil, problems
	}
	var document yaml.Node
	text := strings.Join(file.lines, "\n")
	if err := decode(yaml.NewDecoder(strings.NewReader(text)), &document); err != nil || len(document.Content) == 0 {
		return tidy(file.lines), nil // comments alone
	}
	f := &formatter{file: file, layout: layout, lines: make([][]rune, len(file.lines))}
	for i, line := range file.lines {
		f.lines[i] = []rune(line)
	}
	b, ok := f.scan(document.Content[0])
	if ok {
		f.attach(b)
		f.write(b)
	}
	out := tidy(f.out)
	if !ok || !same(file.Root, parsed(name, out)) || !slices.Equal(f.told(), commentsOf(name, out)) {
		return nil, []Problem{{File: name, Line: f.at, Column: 1, Message: "this can't be formatted without a change of its meaning", Hint: "write it in another way"}}
	}
	return out, nil
}

func parsed(name string, data []byte) *Node {
	file, problems := Parse(name, data)
	if len(problems) > 0 {
		return nil
	}
	return file.Root
}

// commentsOf are a file's comments, sorted.
func commentsOf(name string, data []byte) []string {
	file, _ := Parse(name, data)
	var document yaml.Node
	if err := decode(yaml.NewDecoder(strings.NewReader(string(data))), &document); err != nil {
		return nil
	}
	f := &formatter{file: file, lines: make([][]rune, len(file.lines))}
	for i, line := range file.lines {
		f.lines[i] = []rune(line)
	}
	f.scan(document.Content[0])
	return f.told()
}

func (f *formatter) told() []string {
	var out []string
	for _, c := range f.comments {
		out = append(out, c.text)
	}
	slices.Sort(out)
	return out
}

// tidy ends a text with one line break and takes blanks off the ends of empty lines.
func tidy(lines []string) []byte {
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	if len(lines) == 0 {
		return nil
	}
	return []byte(strings.Join(lines, "\n") + "\n")
}

// same says whether two values are read alike; the order of keys doesn't matter.
func same(a, b *Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Kind != b.Kind || a.Kind != Null && a.Text != b.Text || len(a.Items) != len(b.Items) || len(a.Entries) != len(b.Entries) || a.Kind == String && a.CutByComment() != b.CutByComment() {
		return false
	}
	for i := range a.Items {
		if !same(a.Items[i], b.Items[i]) {
			return false
		}
	}
	for _, e := range a.Entries {
		if !slices.ContainsFunc(b.Entries, func(o Entry) bool { return o.Key.Text == e.Key.Text && same(e.Value, o.Value) }) {
			return false
		}
	}
	return true
}

// place is where a character stands, counted from 0.
type place struct{ line, column int }

func (p place) before(o place) bool {
	return p.line < o.line || p.line == o.line && p.column < o.column
}

// comment is one, with its #.
type comment struct {
	place
	text string
	// whole says that it has its line for itself.
	whole bool
	// gap says that a blank line stands before it.
	gap bool
}

// branch is a value, or an entry's key with it, on its way from one layout to the other.
type branch struct {
	node     *yaml.Node
	key      *branch
	children []*branch // of a mapping or sequence: its entries, each with key or not
	begin    place
	end      place // behind its last character
	// head stand before it, line behind its first line, foot below its last child.
	head, foot []comment
	line       *comment
	// gap says that a blank line stands before it.
	gap bool
	// inline says that it is written in brackets, on one line.
	inline bool
	// block are the lines of a text after | or >, without their indentation.
	block []string
}

type formatter struct {
	file     *File
	layout   Layout
	lines    [][]rune
	comments []comment
	out      []string
	at       int
}

func (f *formatter) fail(n *yaml.Node, why string) error {
	f.at = n.Line
	return fmt.Errorf("line %d: %s", n.Line, why)
}
