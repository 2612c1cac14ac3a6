package yamlfile

// attach gives each comment to what it is about: what follows it, what stands before it on its line, or, at the end
// of a list or mapping, that one, as far as it is indented.
func (f *formatter) attach(root *branch) {
	a := &attacher{lines: f.lines, rest: f.comments}
	if root.children == nil || root.inline {
		root.head = a.above(root.start().line)
		root.line = a.until(root.end.line)
	} else {
		a.children(root, -1, len(f.lines))
		root.head = ofTheFile(root.children[0])
	}
	root.foot = append(root.foot, a.rest...)
}

// ofTheFile takes the comments at the top from the first entry, down to the last blank line between.
func ofTheFile(first *branch) []comment {
	for n := len(first.head); n > 0; n-- {
		next := first.start().line
		if n < len(first.head) {
			next = first.head[n].line
		}
		if next > first.head[n-1].line+1 {
			taken := first.head[:n:n]
			first.head = first.head[n:]
			first.gap = len(first.head) == 0
			return taken
		}
	}
	return nil
}

// attacher goes through a file's comments from the first to the last.
type attacher struct {
	lines [][]rune
	rest  []comment
}

// start is where an entry begins: its key, or its value.
func (b *branch) start() place {
	if b.key != nil {
		return b.key.begin
	}
	return b.begin
}

// above takes the comments before a line.
func (a *attacher) above(line int) []comment {
	n := 0
	for n < len(a.rest) && a.rest[n].line < line {
		n++
	}
	taken := a.rest[:n:n]
	a.rest = a.rest[n:]
	return taken
}

// until takes the comment that stands on a line, or on one before it.
func (a *attacher) until(line int) *comment {
	if len(a.rest) == 0 || a.rest[0].line > line {
		return nil
	}
	c := a.rest[0]
	a.rest = a.rest[1:]
	return &c
}

// children gives comments to a collection's entries. column is that of what holds it, limit the line on which the
// next thing after it begins.
func (a *attacher) children(b *branch, column, limit int) {
	for i, c := range b.children {
		next := limit
		if i+1 < len(b.children) {
			next = b.children[i+1].start().line
		}
		c.head = append(c.head, a.above(c.start().line)...)
		c.gap = len(c.head) == 0 && i > 0 && c.start().line > 0 && isBlank(a.lines[c.start().line-1])
		if len(c.children) > 0 && !c.inline {
			if first := c.children[0].start(); first.line > c.start().line || c.key == nil && first.line > c.begin.line {
				c.line = a.until(c.start().line)
			}
			own := c.start().column
			if c.key == nil {
				own = b.begin.column // that of the dashes
			}
			a.children(c, own, next)
			continue
		}
		if next > c.end.line {
			c.line = a.until(max(c.end.line, c.start().line))
		}
	}
	for len(a.rest) > 0 && a.rest[0].whole && a.rest[0].column > column && a.rest[0].line < limit {
		b.foot = append(b.foot, a.rest[0])
		a.rest = a.rest[1:]
	}
}
