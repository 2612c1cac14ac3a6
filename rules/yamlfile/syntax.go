package yamlfile

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

var errorLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// trap is a line that people write and that YAML can't read.
type trap struct {
	// line finds it; its first group is the text that ought to be quoted.
	line *regexp.Regexp
	// hint begins the advice.
	hint string
	// says is what the parser says of it, where the line alone doesn't show the mistake.
	says string
}

const twoKeys = "mapping values are not allowed"

var traps = []trap{
	{regexp.MustCompile(`^\s*-\s+("[^"]*"\s*[^\s#,].*)$`), "a text that begins with a quote ends with it: put all of it in single quotes", ""},
	{regexp.MustCompile(`^\s*(?:-\s+)?[\w.]+:\s+("[^"]*"\s*[^\s#,}\]].*)$`), "a text that begins with a quote ends with it: put all of it in single quotes", ""},
	{regexp.MustCompile(`^\s*-\s+('[^']*'\s*[^\s#,].*)$`), "inside single quotes a single quote is written twice; CEL takes double quotes for texts", ""},
	{regexp.MustCompile(`^\s*(?:-\s+)?[\w.]+:\s+('[^']*'\s*[^\s#,}\]].*)$`), "inside single quotes a single quote is written twice", ""},
	{regexp.MustCompile(`^\s*-\s+([\[{].*[\]}]\s*[^\s#,\]}].*)$`), "a text that begins with a bracket needs quotes", ""},
	{regexp.MustCompile(`^\s*-\s+([>|]\s*[^\s#].*)$`), "this character begins a block of lines: put the text in quotes", ""},
	{regexp.MustCompile(`[\[,:-]\s*(\*[^\s,\]}]*)`), "* begins an alias: put the pattern in quotes", ""},
	{regexp.MustCompile(`[\[,:-]\s*(&[^\s,\]}]*)`), "& begins an anchor: put the text in quotes", ""},
	{regexp.MustCompile(`[\[,:-]\s+(![^\s,\]}]*.*)$`), "! begins a tag: put the text in quotes", ""},
	{regexp.MustCompile(`^\s*(?:-\s+)?(?:[\w.]+:\s+)?([@%\x60].*)$`), "a text can't begin with this character: put it in quotes", ""},
	{regexp.MustCompile(`^\s*-\s+[\w.]+:\s+([^'"\[{|>#].*: .*)$`), "': ' makes a key of what stands before it: put the text in quotes", twoKeys},
	{regexp.MustCompile(`^\s*-\s+([^'"\[{|>#].*: .*)$`), "': ' makes a key of what stands before it: put the text in quotes", twoKeys},
	{regexp.MustCompile(`^\s*[\w.]+:\s+([^'"\[{|>#].*: .*)$`), "': ' makes a key of what stands before it: put the text in quotes", twoKeys},
	{regexp.MustCompile(`([$]\{[^}]*\}?.*)$`), "a text with ${…} needs quotes", ""},
}

// syntaxProblem places the parser's error. The parser often tells the line at which what holds the mistake began, and
// never a column: the first line that it can't read is looked for, and a trap on it, or near it, is taken for the cause.
func (f *File) syntaxProblem(err error) Problem {
	p := Problem{File: f.Name, Line: 1, Column: 1, Message: "not YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")}
	for i, line := range f.lines {
		if strings.HasPrefix(line, "<<<<<<< ") {
			p.Line, p.Message, p.Hint = i+1, "a conflict of a merge begins here", "keep one side of it, and take the marks away"
			return p
		}
	}
	m := errorLine.FindStringSubmatch(err.Error())
	if m == nil {
		return p
	}
	p.Message = "not YAML: " + m[2]
	reported, _ := strconv.Atoi(m[1])
	reported = min(max(reported, 1), len(f.lines))
	line, found := f.firstUnreadable()
	if !found {
		line = reported
	}
	p.Line = line
	p.Column = 1 + indentOf(f.SourceLine(p.Line))
	if at := openQuote(f.SourceLine(p.Line)); at > 0 {
		p.Column, p.Message, p.Hint = at, "not YAML: the quote that begins here doesn't end on this line", "end it, or write the text after |"
		return p
	}
	if at, message, hint := f.openBracket(p.Line); at > 0 && found {
		p.Column, p.Message, p.Hint = at, message, hint
		return p
	}
	near := []int{p.Line}
	if !found {
		near = append(near, reported-1, reported+1)
	}
	for _, line := range near {
		source := f.SourceLine(line)
		for _, t := range traps {
			at := t.line.FindStringSubmatchIndex(source)
			if at == nil || !strings.Contains(p.Message, t.says) {
				continue
			}
			p.Line, p.Column = line, utf8.RuneCountInString(source[:at[2]])+1
			p.Hint = t.hint + ": '" + quotable(meant(strings.TrimSpace(source[at[2]:at[3]]))) + "'"
			return p
		}
	}
	if found && misplaced(f.SourceLine(p.Line)) {
		p.Hint = "it begins at another column than what it belongs to: compare the blanks before it with those of the lines above"
	}
	return p
}

// misplaced says whether a line that can't be read where it stands could be read elsewhere: an entry of a mapping or a list.
func misplaced(line string) bool {
	var document yaml.Node
	err := decode(yaml.NewDecoder(strings.NewReader(line)), &document)
	return err == nil && len(document.Content) == 1 && document.Content[0].Kind != yaml.ScalarNode
}

// oneText is a text in single quotes without others in it, as CEL takes them too.
var oneText = regexp.MustCompile(`'([^'"]*)'`)

// meant is the text that somebody wanted to write who began it with a quote: what stands between the outer ones, where
// they were to hold more of the same ("a == "b""), else all of it ("a" == b).
func meant(text string) string {
	quote := text[0]
	if quote != '"' && quote != '\'' {
		return text
	}
	end := strings.IndexByte(text[1:], quote) + 1
	if last := len(text) - 1; end > 0 && end < last && text[last] == quote && !strings.ContainsRune(" .,)]=!<>+-*/%&|?:#", rune(text[end+1])) {
		return text[1:last]
	}
	return oneText.ReplaceAllString(text, `"$1"`)
}

// maxSearch is how many bytes are read again to find the first line that can't be read: each line that is tried costs a
// reading of those before it, and whoever pushes a .taskcluster.yml must not hold up others by it.
const maxSearch = 4 << 20

// firstUnreadable is the line behind the longest beginning of the file that can be read; false where it would take too
// long to find.
func (f *File) firstUnreadable() (line int, found bool) {
	text := strings.Join(f.lines, "\n")
	for left := maxSearch; left > 0; {
		at := strings.LastIndexByte(text, '\n')
		if at < 0 {
			return 1, true
		}
		text = text[:at]
		var document yaml.Node
		reader := strings.NewReader(text)
		err := decode(yaml.NewDecoder(reader), &document)
		if err == nil || errors.Is(err, io.EOF) {
			return strings.Count(text, "\n") + 2, true
		}
		read := len(text) - reader.Len()
		left -= read
		text = text[:read] // the parser gave up before it came to the rest
	}
	return 0, false
}

// openQuote is the column of a quote that begins a value on a line and doesn't end on it, 0 where there is none.
func openQuote(line string) int {
	text := []rune(line)
	for i := 0; i < len(text); i++ {
		quote := text[i]
		if quote == '#' && (i == 0 || text[i-1] == ' ') {
			return 0
		}
		if quote != '\'' && quote != '"' || !beginsValue(text[:i]) {
			continue
		}
		end := i + 1
		for end < len(text) && text[end] != quote {
			if quote == '"' && text[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(text) {
			return i + 1
		}
		i = end
	}
	return 0
}

// openBracket finds a bracket that begins a value on a line and that nothing ends: neither this line, nor the next ones,
// which stand no deeper. at is 0 where there is none.
func (f *File) openBracket(number int) (at int, message, hint string) {
	line := []rune(f.SourceLine(number))
	var open []int
	for i := 0; i < len(line); i++ {
		switch r := line[i]; {
		case r == '#' && (i == 0 || line[i-1] == ' '):
			i = len(line)
		case (r == '\'' || r == '"') && beginsValue(line[:i]):
			for i++; i < len(line) && line[i] != r; i++ {
				if r == '"' && line[i] == '\\' {
					i++
				}
			}
		case strings.ContainsRune("[{", r) && (len(open) > 0 || beginsValue(line[:i])):
			open = append(open, i)
		case strings.ContainsRune("]}", r) && len(open) > 0:
			last := open[len(open)-1]
			if r != closing(line[last]) {
				return i + 1, fmt.Sprintf("not YAML: %c can't end what begins with %c", r, line[last]), fmt.Sprintf("write %c before it", closing(line[last]))
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) == 0 || indentOf(f.SourceLine(number+1)) > len(f.SourceLine(number))-len(strings.TrimLeft(f.SourceLine(number), " -")) {
		return 0, "", ""
	}
	bracket := line[open[len(open)-1]]
	return open[len(open)-1] + 1, fmt.Sprintf("not YAML: the %c that begins here doesn't end on this line", bracket), fmt.Sprintf("end it with %c", closing(bracket))
}

// closing is what ends a bracket.
func closing(bracket rune) rune {
	if bracket == '[' {
		return ']'
	}
	return '}'
}

// beginsValue says whether a value may begin behind this part of a line.
func beginsValue(before []rune) bool {
	text := strings.TrimRight(string(before), " ")
	return text == "" || strings.ContainsRune("[{,", rune(text[len(text)-1])) || len(text) < len(string(before)) && strings.ContainsRune(":-?", rune(text[len(text)-1]))
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
