package yamlfile

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

var errorLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// trap is a line that people write and that YAML can't read.
type trap struct {
	// line finds it; its first group is the text that ought to be quoted.
	line *regexp.Regexp
	// hint begins the advice.
	hint string
}

var traps = []trap{
	{regexp.MustCompile(`^\s*-\s+("[^"]*"\s*[^\s#,].*)$`), "a text that begins with a quote ends with it: put all of it in single quotes"},
	{regexp.MustCompile(`^\s*(?:-\s+)?[\w.]+:\s+("[^"]*"\s*[^\s#,}\]].*)$`), "a text that begins with a quote ends with it: put all of it in single quotes"},
	{regexp.MustCompile(`^\s*-\s+('[^']*'\s*[^\s#,].*)$`), "inside single quotes a single quote is written twice; CEL takes double quotes for texts"},
	{regexp.MustCompile(`^\s*-\s+([\[{].*[\]}]\s*[^\s#,\]}].*)$`), "a text that begins with a bracket needs quotes"},
	{regexp.MustCompile(`^\s*-\s+([>|]\s*[^\s#].*)$`), "this character begins a block of lines: put the text in quotes"},
	{regexp.MustCompile(`[\[,:-]\s*(\*[^\s,\]}]*)`), "* begins an alias: put the pattern in quotes"},
	{regexp.MustCompile(`[\[,:-]\s*(&[^\s,\]}]*)`), "& begins an anchor: put the text in quotes"},
	{regexp.MustCompile(`[\[,:-]\s+(![^\s,\]}]*.*)$`), "! begins a tag: put the text in quotes"},
	{regexp.MustCompile(`^\s*(?:-\s+)?(?:[\w.]+:\s+)?([@%\x60].*)$`), "a text can't begin with this character: put it in quotes"},
	{regexp.MustCompile(`^\s*-\s+[\w.]+:\s+([^'"\[{|>#].*: .*)$`), "': ' makes a key of what stands before it: put the text in quotes"},
	{regexp.MustCompile(`^\s*-\s+([^'"\[{|>#].*: .*)$`), "': ' makes a key of what stands before it: put the text in quotes"},
	{regexp.MustCompile(`^\s*[\w.]+:\s+([^'"\[{|>#].*: .*)$`), "': ' makes a key of what stands before it: put the text in quotes"},
	{regexp.MustCompile(`([$]\{[^}]*\}?.*)$`), "a text with ${…} needs quotes"},
}

// syntaxProblem places the parser's error. Its line is often that of a neighbour and it has no column: the trap
// that is nearest to that line is taken for the cause.
func (f *File) syntaxProblem(err error) Problem {
	p := Problem{File: f.Name, Line: 1, Column: 1, Message: "not YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")}
	m := errorLine.FindStringSubmatch(err.Error())
	if m == nil {
		return p
	}
	p.Message = "not YAML: " + m[2]
	reported, _ := strconv.Atoi(m[1])
	p.Line = min(max(reported, 1), len(f.lines))
	p.Column = 1 + indentOf(f.SourceLine(p.Line))
	for _, line := range []int{p.Line, p.Line - 1, p.Line + 1} {
		source := f.SourceLine(line)
		for _, t := range traps {
			at := t.line.FindStringSubmatchIndex(source)
			if at == nil {
				continue
			}
			p.Line, p.Column = line, utf8.RuneCountInString(source[:at[2]])+1
			p.Hint = t.hint + ": '" + quotable(strings.TrimSpace(source[at[2]:at[3]])) + "'"
			return p
		}
	}
	return p
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
