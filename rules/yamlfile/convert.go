package yamlfile

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// maxDepth is how deep values may be nested.
const maxDepth = 64

// converter makes our nodes of the parser's, and refuses what is silent in YAML.
type converter struct {
	file     *File
	problems []Problem
}

func (c *converter) problem(line, column int, message, hint string) {
	c.problems = append(c.problems, Problem{File: c.file.Name, Line: line, Column: column, Message: message, Hint: hint})
}

func (c *converter) node(y *yaml.Node, depth int) *Node {
	n := &Node{Line: y.Line, Column: y.Column, Text: y.Value, file: c.file}
	switch {
	case depth > maxDepth:
		c.problem(y.Line, y.Column, fmt.Sprintf("values nested deeper than %d levels", maxDepth), "")
		return n
	case y.Kind == yaml.AliasNode:
		c.alias(n)
		return n
	case y.Anchor != "":
		c.problem(y.Line, y.Column, "&"+y.Anchor+" is an anchor, which is not allowed", "a text that begins with & needs quotes; what repeats is written out, or stands in `let` or `defaults`")
	case y.Style&yaml.TaggedStyle != 0 || c.begins(n, "!"):
		c.tagged(n)
		return n
	}
	switch y.Kind {
	case yaml.SequenceNode:
		n.Kind = Sequence
		n.Items = make([]*Node, 0, len(y.Content))
		for _, item := range y.Content {
			n.Items = append(n.Items, c.node(item, depth+1))
		}
	case yaml.MappingNode:
		n.Kind = Mapping
		c.entries(n, y, depth)
	default:
		c.scalar(n, y)
	}
	return n
}

func (c *converter) entries(n *Node, y *yaml.Node, depth int) {
	n.Entries = make([]Entry, 0, len(y.Content)/2)
	seen := make(map[string]int, len(y.Content)/2)
	for i := 0; i+1 < len(y.Content); i += 2 {
		key := c.node(y.Content[i], depth+1)
		value := c.node(y.Content[i+1], depth+1)
		switch line, twice := seen[key.Text]; {
		case key.Kind == Mapping || key.Kind == Sequence:
			c.problem(key.Line, key.Column, "a "+strings.TrimPrefix(key.Kind.String(), "a ")+" as a key", "text with ${…} or {…} needs quotes")
			continue
		case key.Text == "<<" && key.Style == Plain:
			c.problem(key.Line, key.Column, "<< merges mappings, which is not allowed", "write the keys out")
			continue
		case twice:
			c.problem(key.Line, key.Column, fmt.Sprintf("the key %q stands here a second time, first on line %d", key.Text, line), "only one of them would count: take one away")
			continue
		}
		seen[key.Text] = key.Line
		key.Kind = String
		n.Entries = append(n.Entries, Entry{Key: key, Value: value})
	}
}

func (c *converter) scalar(n *Node, y *yaml.Node) {
	n.Kind = String
	switch {
	case y.Style&yaml.SingleQuotedStyle != 0:
		n.Style = SingleQuoted
	case y.Style&yaml.DoubleQuotedStyle != 0:
		n.Style = DoubleQuoted
	case y.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		n.Style = Block
	default:
		switch y.ShortTag() {
		case "!!null":
			n.Kind = Null
		case "!!bool":
			n.Kind = Bool
		case "!!int":
			n.Kind = Int
		case "!!float":
			n.Kind = Float
		}
	}
}

func (c *converter) alias(n *Node) {
	hint := "a text that begins with * needs quotes: '" + quotable(n.Rest()) + "'"
	c.problem(n.Line, n.Column, "*"+n.Text+" is an alias, which is not allowed", hint)
	n.Kind = String
}

func (c *converter) tagged(n *Node) {
	rest := n.Rest()
	c.problem(n.Line, n.Column, "a value that begins with ! is a YAML tag with nothing behind it, not a text", "put it in quotes: '"+quotable(rest)+"'")
	n.Kind = String
	n.Text = rest
}

// begins looks at the file itself, since the parser tells nothing of a lone "!".
func (c *converter) begins(n *Node, prefix string) bool {
	line := []rune(c.file.SourceLine(n.Line))
	return n.Column <= len(line) && n.Column >= 1 && strings.HasPrefix(string(line[n.Column-1:]), prefix)
}

// quotable is a source text made fit to stand between single quotes: its comment and the brackets that close
// what it stands in are left as they are, since only its writer knows.
func quotable(text string) string { return strings.ReplaceAll(text, "'", "''") }
