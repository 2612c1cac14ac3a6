// Package yamlfile reads YAML strictly, and says where.
//
// YAML changes the meaning of a text silently in many places: a tag in front of a value empties it, an alias
// repeats it a million times, a second document is ignored, 0777 becomes 511. What people write for the bot is
// read through this package, which refuses all that with file, line, column and what to write instead. What
// the keys mean is left to the callers. It keeps nothing. The packages rules and internal/config call it; it is
// the only importer of gopkg.in/yaml.v3.
package yamlfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// MaxSize is how long a file may be, in bytes. The parser needs about 30 times as much memory.
const MaxSize = 1 << 20

// File is a YAML file that was read.
type File struct {
	// Name is what problems call the file.
	Name string
	// Root is the document's value; nil where the file holds none, and where it can't be parsed at all.
	Root *Node

	lines []string
}

// Parse reads a file of one document. All problems found are reported at once; where there are any, Root is
// whatever could be read, and no more than a help to find further problems.
func Parse(name string, data []byte) (*File, []Problem) {
	f := &File{Name: name}
	if len(data) > MaxSize {
		return f, []Problem{{File: name, Line: 1, Column: 1,
			Message: fmt.Sprintf("the file has %d bytes, more than the %d that one may have", len(data), MaxSize),
			Hint:    "split it"}}
	}
	text := strings.ReplaceAll(strings.TrimPrefix(string(data), "\ufeff"), "\r\n", "\n")
	f.lines = strings.Split(text, "\n")
	if problems := f.badCharacters(); len(problems) > 0 {
		return f, problems
	}
	decoder := yaml.NewDecoder(strings.NewReader(text))
	var document yaml.Node
	if err := decode(decoder, &document); errors.Is(err, io.EOF) {
		return f, nil
	} else if err != nil {
		return f, []Problem{f.syntaxProblem(err)}
	}
	c := converter{file: f}
	if len(document.Content) > 0 {
		f.Root = c.node(document.Content[0], 0)
	}
	if second := (yaml.Node{}); !errors.Is(decode(decoder, &second), io.EOF) {
		c.problem(f.secondDocument(&second), 1, "a second document begins here, which would be ignored", "one document a file: take the --- away")
	}
	return f, c.problems
}

// decode stands between us and the parser's panics: one team's file must not stop the bot.
func decode(d *yaml.Decoder, into *yaml.Node) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the parser gave up: %v", v)
		}
	}()
	return d.Decode(into)
}

// Empty says whether a text holds no value: nothing, or comments alone.
func Empty(data []byte) bool {
	for line := range bytes.Lines(data) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' {
			return false
		}
	}
	return true
}

// maxOfAKind bounds how often one file repeats the same complaint.
const maxOfAKind = 20

// damaged is the hint where a file has a zero in it.
const damaged = "the file is damaged, or UTF-16: save it as UTF-8"

// notUTF8 is the column at which a line is no UTF-8, 0 where all of it is.
func notUTF8(line string) int {
	for i, r := range line {
		if r == utf8.RuneError && !strings.HasPrefix(line[i:], string(r)) {
			return utf8.RuneCountInString(line[:i]) + 1
		}
	}
	return 0
}

func (f *File) badCharacters() []Problem {
	var problems []Problem
	for i, line := range f.lines {
		if at := notUTF8(line); at > 0 {
			return []Problem{{File: f.Name, Line: i + 1, Column: at, Message: "the file is not UTF-8", Hint: "save it as UTF-8"}}
		}
		at := strings.IndexFunc(line, func(r rune) bool {
			return r == '\t' || r == '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029' || r < ' ' || r == 0x7f
		})
		if at < 0 {
			continue
		}
		r, _ := utf8.DecodeRuneInString(line[at:])
		p := Problem{File: f.Name, Line: i + 1, Column: utf8.RuneCountInString(line[:at]) + 1,
			Message: fmt.Sprintf("the character U+%04X is not allowed", r), Hint: `inside a text write its escape in double quotes`}
		switch r {
		case '\t':
			p.Message, p.Hint = "a tab", `use spaces; inside a text write "\t" in double quotes`
		case '\r':
			p.Hint = `lines end with LF, or with CR and LF; inside a text write "\r" in double quotes`
		case 0:
			p.Hint = damaged
			return append(problems, p)
		}
		if problems = append(problems, p); len(problems) == maxOfAKind {
			break
		}
	}
	return problems
}

func (f *File) secondDocument(n *yaml.Node) int {
	for i, line := range f.lines {
		if i > 0 && (line == "---" || strings.HasPrefix(line, "--- ")) && !Empty([]byte(strings.Join(f.lines[:i], "\n"))) {
			return i + 1
		}
	}
	return max(n.Line, 1)
}
