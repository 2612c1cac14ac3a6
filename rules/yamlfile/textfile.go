package yamlfile

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// ParseText reads a file that is a text as it stands, so that it can be one where YAML has a scalar.
func ParseText(name string, data []byte) (*Node, []Problem) {
	f := &File{Name: name}
	problem := func(line, column int, message, hint string) []Problem {
		return []Problem{{File: name, Line: line, Column: column, Message: message, Hint: hint}}
	}
	if len(data) > MaxSize {
		return nil, problem(1, 1, fmt.Sprintf("the file has %d bytes, more than the %d that one may have", len(data), MaxSize), "")
	}
	text := strings.ReplaceAll(strings.TrimPrefix(string(data), "\ufeff"), "\r\n", "\n")
	f.lines = strings.Split(text, "\n")
	for i, line := range f.lines {
		if at := notUTF8(line); at > 0 {
			return nil, problem(i+1, at, "the file is not UTF-8", "save it as UTF-8")
		}
		at := strings.IndexFunc(line, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
		if at >= 0 {
			r, hint := line[at], ""
			if r == 0 {
				hint = damaged
			}
			return nil, problem(i+1, utf8.RuneCountInString(line[:at])+1, fmt.Sprintf("the character U+%04X is not allowed", r), hint)
		}
	}
	f.Root = &Node{Kind: String, Style: Whole, Line: 1, Column: 1, Text: text, file: f}
	return f.Root, nil
}

// inWhole is the place of a character of a file's text.
func (n *Node) inWhole(offset int) (line, column int) {
	line, column = 1, 1
	for i, r := range []rune(n.Text) {
		if i == offset {
			break
		}
		if column++; r == '\n' {
			line, column = line+1, 1
		}
	}
	return line, column
}
