package yamlfile

import (
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// write puts a document into f.out.
func (f *formatter) write(root *branch) {
	if len(root.children) == 0 || root.inline {
		f.heads(root, 0)
		f.entry(root, nil, "", 0)
	} else {
		for _, c := range root.head {
			f.whole(c, 0)
		}
		if len(root.head) > 0 {
			f.blank()
		}
		f.all(root, nil, "", 0)
	}
	for _, c := range root.foot {
		f.whole(c, 0)
	}
}

// whole writes a comment on a line of its own.
func (f *formatter) whole(c comment, indent int) {
	if c.gap {
		f.blank()
	}
	f.out = append(f.out, strings.Repeat(" ", indent)+c.text)
}

func (f *formatter) blank() {
	if len(f.out) > 0 && f.out[len(f.out)-1] != "" {
		f.out = append(f.out, "")
	}
}

func (f *formatter) heads(b *branch, indent int) {
	for _, c := range b.head {
		f.whole(c, indent)
	}
	if n := len(b.head); b.gap || n > 0 && b.start().line > b.head[n-1].line+1 {
		f.blank()
	}
}

// all writes the entries of a mapping or sequence. prefix is what already stands on the first one's line: "- ".
func (f *formatter) all(b *branch, path []string, prefix string, indent int) {
	for i, c := range f.ordered(b, path) {
		lead := strings.Repeat(" ", indent)
		if i == 0 && prefix != "" {
			lead = prefix
		} else {
			f.heads(c, indent)
		}
		if b.node.Kind == yaml.SequenceNode {
			f.item(c, append(slices.Clone(path), "[]"), lead, indent)
			continue
		}
		f.entry(c, append(slices.Clone(path), c.key.node.Value), lead+f.scalar(c.key, nil)+":", indent)
	}
	if b.foot == nil || b.key == nil && path == nil {
		return // the document's own come last
	}
	for _, c := range b.foot {
		f.whole(c, indent)
	}
}

// ordered are a mapping's entries as the layout has them, a sequence's as they are.
func (f *formatter) ordered(b *branch, path []string) []*branch {
	if b.node.Kind != yaml.MappingNode {
		return b.children
	}
	order := f.layout.Order(path)
	if len(order) == 0 {
		return b.children
	}
	at := func(c *branch) int {
		if i := slices.Index(order, c.key.node.Value); i >= 0 {
			return i
		}
		return len(order)
	}
	out := slices.Clone(b.children)
	slices.SortStableFunc(out, func(a, b *branch) int { return at(a) - at(b) })
	return out
}

// item writes an entry of a list, which may begin behind its dash.
func (f *formatter) item(c *branch, path []string, lead string, indent int) {
	if len(c.children) == 0 || c.inline {
		f.entry(c, path, lead+"-", indent)
		return
	}
	first := f.ordered(c, path)[0]
	if strings.TrimSpace(lead) == "" && c.line == nil {
		f.heads(&branch{node: first.node, key: first.key, begin: first.begin, head: first.head}, indent)
		first.head = nil
	}
	if c.line != nil || len(first.head) > 0 {
		f.end(c, lead+"-")
		f.all(c, path, "", indent+2)
		return
	}
	f.all(c, path, lead+"- ", indent+2)
}

// entry writes a value behind its key or dash.
func (f *formatter) entry(c *branch, path []string, lead string, indent int) {
	if len(c.children) > 0 && !c.inline {
		f.end(c, lead)
		f.all(c, path, "", indent+2)
		return
	}
	f.at = c.node.Line
	text, below := f.leaf(c, path)
	if text != "" && lead != "" {
		text = " " + text
	}
	f.end(c, lead+text)
	for _, line := range below {
		if line != "" {
			line = strings.Repeat(" ", indent+2) + line
		}
		f.out = append(f.out, line)
	}
}

// end ends a line with its comment, which keeps its column where there is room.
func (f *formatter) end(c *branch, text string) {
	if c.line != nil {
		text += strings.Repeat(" ", max(1, c.line.column-utf8.RuneCountInString(text))) + c.line.text
	}
	f.out = append(f.out, text)
}

// leaf is what stands on the value's line, and the lines of its text below.
func (f *formatter) leaf(c *branch, path []string) (string, []string) {
	if c.inline {
		return f.flow(c, path), nil
	}
	switch {
	case c.block != nil:
		header := string(f.lines[c.begin.line][c.begin.column])
		if strings.HasPrefix(strings.TrimLeft(c.node.Value, "\n"), " ") {
			header += "2"
		}
		if !strings.HasSuffix(c.node.Value, "\n") {
			header += "-"
		}
		return header, c.block
	case c.node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return quoted(c.node.Value), nil
	case isLiteral(c.node):
		header := "|"
		if !strings.HasSuffix(c.node.Value, "\n") {
			header = "|-"
		}
		return header, strings.Split(strings.TrimSuffix(c.node.Value, "\n"), "\n")
	}
	return f.scalar(c, path), nil
}

// isLiteral says whether a text of several lines can be written after |.
func isLiteral(n *yaml.Node) bool {
	text := n.Value
	if n.ShortTag() != "!!str" || !strings.Contains(strings.TrimSuffix(text, "\n"), "\n") || strings.HasSuffix(text, "\n\n") ||
		strings.HasPrefix(text, " ") || strings.HasPrefix(text, "\n") || needsEscape(strings.ReplaceAll(text, "\n", "")) {
		return false
	}
	return !strings.Contains(text+"\n", " \n")
}

// flow is a collection in brackets.
func (f *formatter) flow(b *branch, path []string) string {
	if b.node.Kind == yaml.MappingNode {
		parts := []string{}
		for _, c := range f.ordered(b, path) {
			p := append(slices.Clone(path), c.key.node.Value)
			value := f.inFlow(c, p)
			if value == "" {
				value = "null"
			}
			parts = append(parts, f.scalar(c.key, nil)+": "+value)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	parts := []string{}
	for _, c := range b.children {
		parts = append(parts, f.inFlow(c, append(slices.Clone(path), "[]")))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func (f *formatter) inFlow(c *branch, path []string) string {
	if c.inline {
		return f.flow(c, path)
	}
	return f.scalar(c, path)
}

// scalar is a text, number or the like on one line.
func (f *formatter) scalar(b *branch, path []string) string {
	n := b.node
	plain := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
	if plain {
		cut := (&Node{Line: n.Line, Column: n.Column, Text: n.Value, Kind: String, file: f.file}).CutByComment()
		if n.ShortTag() != "!!str" || cut || b.begin.line == b.end.line && b.line == nil && !(path != nil && f.layout.Quoted(path, n.Value)) {
			return n.Value
		}
	}
	return quoted(n.Value)
}

// quoted is a text in the quotes that need the least: single ones, but for an apostrophe.
func quoted(text string) string {
	if needsEscape(text) || strings.Contains(text, "'") && !strings.ContainsAny(text, `"\`) {
		return doubleQuoted(text)
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// flowLength is how long a collection would be in brackets, give or take its quotes.
func flowLength(b *branch) int {
	n := 2
	for _, c := range b.children {
		if c.key != nil {
			n += utf8.RuneCountInString(c.key.node.Value) + 2
		}
		n += utf8.RuneCountInString(c.node.Value) + 2
		if len(c.children) > 0 {
			n += flowLength(c)
		}
	}
	return n
}
