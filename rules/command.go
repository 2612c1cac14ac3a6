package rules

import (
	"slices"
	"strings"
	"unicode"
)

// CommandLine is a line of a message by which somebody may ask for something.
type CommandLine struct {
	// Name is its first word, Args what follows, each word parted from the next by one blank.
	Name, Args string
}

// OkToTest is the line by which somebody who is trusted starts what waits for it. It is no command of a rule's.
const OkToTest = "ok to test"

// String is the line, put right.
func (c CommandLine) String() string {
	if c.Args == "" {
		return c.Name
	}
	return c.Name + " " + c.Args
}

// maxCommands is how many lines of one message are commands; whoever writes more wants something else.
const maxCommands = 10

// Commands are the lines of a message on a change that are commands of the names, each once, and the phrase OkToTest.
func Commands(message string, names []string) (found []CommandLine, okToTest bool) {
	for _, line := range messageLines(message) {
		if line.String() == OkToTest {
			okToTest = true
			continue
		}
		if slices.Contains(names, line.Name) && !slices.Contains(found, line) && len(found) < maxCommands {
			found = append(found, line)
		}
	}
	return found, okToTest
}

// Misspelt finds a line that is meant for a command and isn't one: written as it would be but for one letter, capitals or
// a leading slash. A word that begins a sentence is none, so it has to stand alone, or to have the slash.
func Misspelt(message string, names []string) (written, meant string, ok bool) {
	for _, line := range messageLines(message) {
		slash := strings.HasPrefix(line.Name, "/")
		if slices.Contains(names, line.Name) || line.Args != "" && !slash {
			continue
		}
		for _, name := range names {
			if isNearly(line.Name, name) {
				return line.Name, name, true
			}
		}
	}
	return "", "", false
}

// nearlyFrom is from how many letters on a word that differs in one is taken for a misspelt other.
const nearlyFrom = 5

func isNearly(word, name string) bool {
	word, name = strings.ToLower(strings.TrimLeft(word, "/@!")), strings.ToLower(strings.TrimLeft(name, "/@!"))
	return word == name || len(name) >= nearlyFrom && oneEdit(word, name)
}

// oneEdit tells whether one letter more, less or other, or two that changed places, make one word of the other.
func oneEdit(a, b string) bool {
	x, y := []rune(a), []rune(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	at := 0
	for at < len(x) && x[at] == y[at] {
		at++
	}
	switch len(y) - len(x) {
	case 0:
		swapped := at+1 < len(x) && x[at] == y[at+1] && x[at+1] == y[at] && slices.Equal(x[at+2:], y[at+2:])
		return swapped || at < len(x) && slices.Equal(x[at+1:], y[at+1:])
	case 1:
		return slices.Equal(x[at:], y[at+1:])
	}
	return false
}

// messageLines are the lines of a message that its writer said to somebody: not how Gerrit begins it ("Patch Set 3:
// Verified+1"), nor what is quoted or code.
func messageLines(message string) []CommandLine {
	var out []CommandLine
	fence := ""
	for i, line := range strings.FieldsFunc(message, isLineEnd) {
		if i == 0 && isGerritsOwn(line) {
			continue
		}
		if mark := fenceOf(line); fence == "" && mark != "" {
			fence = mark
			continue
		} else if fence != "" {
			if mark != "" && strings.HasPrefix(mark, fence) && strings.Trim(line, " \t"+fence[:1]) == "" {
				fence = ""
			}
			continue
		}
		words := strings.FieldsFunc(line, isBlank)
		if len(words) == 0 || isCode(line) || strings.HasPrefix(words[0], ">") {
			continue
		}
		out = append(out, CommandLine{Name: words[0], Args: strings.Join(words[1:], " ")})
	}
	return out
}

func isLineEnd(r rune) bool { return r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' }

// isBlank is what parts words: blanks of any script, and those that have no width, which come along when text is copied.
func isBlank(r rune) bool {
	return unicode.IsSpace(r) || r == '\u200b' || r == '\u2060' || r == '\ufeff'
}

// isGerritsOwn tells the line that Gerrit puts before what somebody wrote.
func isGerritsOwn(line string) bool {
	rest, ok := strings.CutPrefix(line, "Patch Set ")
	number, _, found := strings.Cut(rest, ":")
	return ok && found && number != "" && strings.Trim(number, "0123456789") == ""
}

// fenceOf is what begins or ends a block of code on a line of its own; "" where the line is none.
func fenceOf(line string) string {
	text := strings.TrimLeft(line, " ")
	if len(line)-len(text) > 3 {
		return ""
	}
	for _, mark := range []string{"`", "~"} {
		if n := len(text) - len(strings.TrimLeft(text, mark)); n >= 3 {
			return text[:n]
		}
	}
	return ""
}

// isCode tells a line that is set in, which is shown as it is.
func isCode(line string) bool {
	return strings.HasPrefix(strings.TrimLeft(line[:min(len(line), 4)], " "), "\t") || strings.HasPrefix(line, "    ")
}
