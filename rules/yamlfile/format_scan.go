package yamlfile

import (
	"slices"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"
)

// scan finds where each value begins and ends, and all comments; false where the text can't be followed.
func (f *formatter) scan(root *yaml.Node) (*branch, bool) {
	s := scanner{formatter: f}
	b, err := s.value(root)
	if err != nil {
		return nil, false
	}
	f.findComments(s.texts)
	settle(b, f.comments)
	return b, true
}

// span is what a text takes up; a comment can't begin in it.
type span struct{ begin, end place }

type scanner struct {
	*formatter
	texts []span
	last  place
}

func (s *scanner) value(n *yaml.Node) (*branch, error) {
	b := &branch{node: n, begin: place{n.Line - 1, n.Column - 1}}
	var err error
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content) && err == nil; i += 2 {
			var key, value *branch
			if key, err = s.value(n.Content[i]); err != nil {
				return nil, err
			}
			if value, err = s.value(n.Content[i+1]); err != nil {
				return nil, err
			}
			value.key = key
			b.children = append(b.children, value)
		}
	case yaml.SequenceNode:
		for _, item := range n.Content {
			child, err := s.value(item)
			if err != nil {
				return nil, err
			}
			b.children = append(b.children, child)
		}
	default:
		if b.end, err = s.text(n, b); err != nil {
			return nil, err
		}
		if b.begin.before(b.end) {
			s.texts = append(s.texts, span{b.begin, b.end})
		}
		if s.last.before(b.end) {
			s.last = b.end
		}
		return b, nil
	}
	if n.Style&yaml.FlowStyle != 0 {
		b.end = s.closing(b)
		s.last = b.end
		return b, nil
	}
	b.end = s.last
	return b, err
}

// closing finds the bracket that ends a collection: only blanks, commas and comments stand before it.
func (s *scanner) closing(b *branch) place {
	at := place{b.begin.line, b.begin.column + 1}
	if len(b.children) > 0 {
		at = s.last
		if last := b.children[len(b.children)-1]; at.before(last.begin) {
			at = last.begin
		}
	}
	for at.line < len(s.lines) {
		line := s.lines[at.line]
		for ; at.column < len(line); at.column++ {
			switch r := line[at.column]; {
			case r == '}' || r == ']':
				return place{at.line, at.column + 1}
			case r == '#' && (at.column == 0 || line[at.column-1] == ' '):
				at.column = len(line)
			}
		}
		at = place{at.line + 1, 0}
	}
	return at
}

// text finds a scalar's end.
func (s *scanner) text(n *yaml.Node, b *branch) (place, error) {
	at := b.begin
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return s.block(n, b)
	case n.Style&yaml.SingleQuotedStyle != 0:
		return s.quoted(n, at, '\'')
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return s.quoted(n, at, '"')
	case n.Value == "":
		return at, nil
	}
	for _, r := range n.Value {
		if unicode.IsSpace(r) {
			continue
		}
		for at.line < len(s.lines) && (at.column >= len(s.lines[at.line]) || s.lines[at.line][at.column] == ' ') {
			if at.column >= len(s.lines[at.line]) {
				at = place{at.line + 1, 0}
			} else {
				at.column++
			}
		}
		if at.line >= len(s.lines) || s.lines[at.line][at.column] != r {
			return at, s.fail(n, "the text isn't where it should be")
		}
		at.column++
	}
	return at, nil
}

func (s *scanner) quoted(n *yaml.Node, at place, quote rune) (place, error) {
	if at.line >= len(s.lines) || at.column >= len(s.lines[at.line]) || s.lines[at.line][at.column] != quote {
		return at, s.fail(n, "no quote where one should be")
	}
	for at.column++; at.line < len(s.lines); at = (place{at.line + 1, 0}) {
		line := s.lines[at.line]
		for ; at.column < len(line); at.column++ {
			switch {
			case quote == '"' && line[at.column] == '\\':
				at.column++
			case line[at.column] != quote:
			case quote == '\'' && at.column+1 < len(line) && line[at.column+1] == '\'':
				at.column++
			default:
				return place{at.line, at.column + 1}, nil
			}
		}
	}
	return at, s.fail(n, "the quote doesn't end")
}

// block takes the lines of a text after | or >.
func (s *scanner) block(n *yaml.Node, b *branch) (place, error) {
	header := b.begin
	if header.line >= len(s.lines) || header.column >= len(s.lines[header.line]) || !strings.ContainsRune("|>", s.lines[header.line][header.column]) {
		return header, s.fail(n, "no | or > where one should be")
	}
	end := place{header.line, header.column + 1}
	for end.column < len(s.lines[end.line]) && strings.ContainsRune("+-0123456789", s.lines[end.line][end.column]) {
		end.column++
	}
	s.texts = append(s.texts, span{header, end})
	first := header.line + 1
	for first < len(s.lines) && isBlank(s.lines[first]) {
		first++
	}
	if strings.TrimSpace(n.Value) == "" || first >= len(s.lines) {
		b.block = nil
		return end, nil
	}
	value := strings.TrimLeft(n.Value, "\n")
	indent := blanks(s.lines[first]) - (len(value) - len(strings.TrimLeft(value, " ")))
	line := header.line + 1
	for ; line < len(s.lines) && (isBlank(s.lines[line]) || blanks(s.lines[line]) >= indent); line++ {
		text := s.lines[line]
		b.block = append(b.block, string(text[min(max(indent, 0), len(text)):]))
	}
	keep := slices.Contains(s.lines[header.line][header.column:end.column], '+')
	for !keep && len(b.block) > 0 && strings.TrimSpace(b.block[len(b.block)-1]) == "" {
		b.block = b.block[:len(b.block)-1]
	}
	last := min(header.line+len(b.block), len(s.lines)-1)
	at := place{last, len(s.lines[last])}
	if strings.HasSuffix(n.Value, "\n\n") { // blank lines at its end count, which nobody sees: it will stand in quotes
		b.block = nil
	}
	s.texts = append(s.texts, span{place{header.line + 1, 0}, at})
	return at, nil
}

func isBlank(line []rune) bool { return blanks(line) == len(line) }

func blanks(line []rune) int {
	n := 0
	for n < len(line) && line[n] == ' ' {
		n++
	}
	return n
}

// findComments takes every # that begins one.
func (f *formatter) findComments(texts []span) {
	byLine := map[int][]span{}
	for _, t := range texts {
		for line := t.begin.line; line <= t.end.line; line++ {
			byLine[line] = append(byLine[line], t)
		}
	}
	for i, line := range f.lines {
		for column, r := range line {
			at := place{i, column}
			inside := func(t span) bool { return !at.before(t.begin) && at.before(t.end) }
			if r != '#' || column > 0 && line[column-1] != ' ' || slices.ContainsFunc(byLine[i], inside) {
				continue
			}
			f.comments = append(f.comments, comment{
				place: at, text: strings.TrimRight(string(line[column:]), " "), whole: blanks(line) == column,
				gap: i > 0 && isBlank(f.lines[i-1]),
			})
			break
		}
	}
}

// settle says which collections stay in brackets: those on one line, and those of several without comments in them
// that are short.
func settle(b *branch, comments []comment) {
	for _, c := range b.children {
		settle(c, comments)
	}
	if b.node.Kind != yaml.MappingNode && b.node.Kind != yaml.SequenceNode {
		return
	}
	if len(b.children) == 0 {
		b.inline = true
		return
	}
	if b.node.Style&yaml.FlowStyle == 0 {
		return
	}
	b.inline = !slices.ContainsFunc(comments, func(c comment) bool { return b.begin.before(c.place) && c.before(b.end) })
	if b.inline && b.begin.line != b.end.line {
		b.inline = flowLength(b) <= maxFlow
	}
	for _, c := range b.children {
		if (c.node.Kind == yaml.MappingNode || c.node.Kind == yaml.SequenceNode) && !c.inline {
			b.inline = false
		}
	}
}

// maxFlow is how long what stood in brackets on several lines may get on one.
const maxFlow = 100
