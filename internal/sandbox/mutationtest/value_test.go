package mutationtest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"verdict/rules/yamlfile"
)

// value changes a scalar.
func (s *source) value(n *yamlfile.Node, at place) {
	s.types(n, at)
	s.quotes(n, at)
	if n.Kind == yamlfile.Int {
		if where, ok := s.scalar(n); ok {
			s.numbers(where)
		}
		return
	}
	words, closed := closedWords[at.key]
	closed = closed && !strings.HasPrefix(n.Text, "group:") // whose names are Gerrit's
	switch {
	case n.Kind == yamlfile.Bool:
	case at.isCEL:
		for _, part := range s.inner(n) {
			s.expression(part)
		}
		s.traps(n)
	case at.isEval:
		for _, part := range s.inner(n) {
			s.expression(part)
		}
	case closed && !at.free && !(at.inDo && (at.key == "task" || at.key == "group")):
		s.word(n, words)
	case durations[at.key]:
		s.duration(n)
	default:
		for _, part := range s.inner(n) {
			s.template(part)
		}
		if at.inDo && n.Style != yamlfile.Block {
			s.shellVariable(n)
		}
	}
}

func (s *source) word(n *yamlfile.Node, others []string) {
	where, ok := s.scalar(n)
	if !ok {
		return
	}
	for _, w := range misspellings(n.Text) {
		s.replace(wordMisspelt, where, w)
	}
	if at := slices.Index(others, n.Text); at >= 0 {
		s.replace(otherWord, where, others[(at+1)%len(others)])
	}
}

var digits = regexp.MustCompile(`[0-9]+`)

func (s *source) duration(n *yamlfile.Node) {
	for _, where := range s.inner(n) {
		text := s.text(where)
		if m := digits.FindStringIndex(text); m != nil {
			s.numbers(span{where.line, where.from + m[0], where.from + m[1]})
		}
		if unit := strings.LastIndexByte(text, ' '); unit > 0 {
			for _, w := range misspellings(text[unit+1:]) {
				s.replace(wordMisspelt, span{where.line, where.from + unit + 1, where.to}, w)
			}
		}
	}
}

// numbers changes an integer by one, and its sign.
func (s *source) numbers(where span) {
	i, err := strconv.Atoi(s.text(where))
	if err != nil {
		return
	}
	s.replace(otherNumber, where, strconv.Itoa(i+1))
	s.replace(otherNumber, where, strconv.Itoa(i-1))
	s.replace(otherNumber, where, strconv.Itoa(-i))
}

// types makes a list, a mapping or a text of a value.
func (s *source) types(n *yamlfile.Node, at place) {
	where, ok := s.scalar(n)
	if !ok || at.several && at.isCEL && !strings.ContainsRune(`'"`, s.lines[where.line-1][where.from]) {
		return
	}
	k := typeIn(at)
	s.replace(k, where, "["+s.text(where)+"]")
	s.replace(k, where, "{"+s.text(where)+": x}")
	if n.Kind == yamlfile.Int || n.Kind == yamlfile.Bool {
		s.replace(k, where, "'"+s.text(where)+"'")
	}
}

// quotes takes the quotes away, changes them, and loses one.
func (s *source) quotes(n *yamlfile.Node, at place) {
	where, ok := s.scalar(n)
	if !ok || n.Style == yamlfile.Plain {
		return
	}
	k := wrongQuotes
	if at.free {
		k = freeType
	}
	inner := s.text(span{where.line, where.from + 1, where.to - 1})
	s.replace(k, where, inner)
	if n.Style == yamlfile.SingleQuoted {
		s.replace(k, where, `"`+inner+`"`)
	} else {
		s.replace(k, where, `'`+inner+`'`)
	}
	s.replace(wrongQuotes, where, s.text(where)[:1]+inner)
}

// traps writes a clause as YAML reads it otherwise.
func (s *source) traps(n *yamlfile.Node) {
	where, ok := s.scalar(n)
	if !ok || n.Style != yamlfile.SingleQuoted || strings.Contains(n.Text, "'") {
		return
	}
	s.replace(silentTrap, where, "!("+n.Text+")")
	s.replace(silentTrap, where, n.Text+` && "fix: x" != ""`)
	s.replace(silentTrap, where, n.Text+` && "fix #1" != ""`)
	s.replace(silentTrap, where, `"keep" in ["keep"] && `+n.Text)
	s.replace(silentTrap, where, `true ? `+n.Text+` : false`)
	s.replace(silentTrap, where, `'len("keep") > 0 && `+n.Text+`'`)
}

// shellVariable writes what the shell would fill in.
func (s *source) shellVariable(n *yamlfile.Node) {
	where := s.inner(n)
	if len(where) == 1 {
		s.replace(silentTrap, span{where[0].line, where[0].from, where[0].from}, "${HOME}/")
	}
}

// misspellings lose a letter, swap two, and double one.
func misspellings(word string) []string {
	r := []rune(word)
	at := len(r) / 2
	var out []string
	if len(r) > 1 {
		out = append(out, string(slices.Delete(slices.Clone(r), at, at+1)))
	}
	for i := range r {
		if j := (at + i) % len(r); j+1 < len(r) && r[j] != r[j+1] {
			swapped := slices.Clone(r)
			swapped[j], swapped[j+1] = swapped[j+1], swapped[j]
			out = append(out, string(swapped))
			break
		}
	}
	if len(r) > 0 {
		out = append(out, string(slices.Insert(slices.Clone(r), at, r[at])))
	}
	return out
}
