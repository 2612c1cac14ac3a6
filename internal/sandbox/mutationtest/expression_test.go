package mutationtest

import (
	"regexp"
	"slices"
	"strings"

	"verdict/rules"
)

// token is a part of an expression, of CEL or JSON-e.
type token struct {
	span
	text string
}

var tokens = regexp.MustCompile(`"[^"]*"|'[^']*'|[A-Za-z_][A-Za-z_0-9]*|[0-9]+|==|!=|<=|>=|&&|\|\||[-+*/%<>!?:.,()\[\]{}]`)

func (s *source) tokens(part span) []token {
	var out []token
	text := s.text(part)
	for _, m := range tokens.FindAllStringIndex(text, -1) {
		from, to := len([]rune(text[:m[0]])), len([]rune(text[:m[1]]))
		out = append(out, token{span{part.line, part.from + from, part.from + to}, text[m[0]:m[1]]})
	}
	return out
}

// operators and what each is mistaken for.
var operators = map[string][]string{
	"==": {"!="}, "!=": {"=="}, "&&": {"||"}, "||": {"&&"}, "<": {"<=", ">"}, "<=": {"<", ">"}, ">": {">=", "<"}, ">=": {">", "<"}, "!": {""}, "+": {"-"}, "-": {"+"},
}

// expression changes the parts of an expression.
func (s *source) expression(part span) {
	all := s.tokens(part)
	for i, t := range all {
		c := t.text[0]
		switch {
		case c == '"' || c == '\'':
			s.literal(all, i)
		case c >= '0' && c <= '9':
			s.numbers(t.span)
		case t.text == "true":
			s.replace(otherText, t.span, "false")
		case t.text == "false":
			s.replace(otherText, t.span, "true")
		case t.text == "in":
		case c == '_' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z':
			s.identifier(all, i)
		}
		for _, other := range operators[t.text] {
			s.replace(otherOperator, t.span, other)
		}
	}
}

func (s *source) identifier(all []token, i int) {
	t := all[i]
	path := pathTo(all, i)
	in, free := typeOf(path[:len(path)-1])
	k := nameMisspelt
	if free {
		k = freeKey
	}
	for _, w := range misspellings(t.text) {
		s.replace(k, t.span, w)
	}
	if t.text == "size" || t.text == "len" {
		s.replace(silentTrap, t.span, map[string]string{"size": "len", "len": "size"}[t.text])
	}
	if other := sibling(in, t.text); other != "" {
		s.replace(otherName, t.span, other)
	}
}

// literal changes a text: one of a closed list is misspelt, or another of it.
func (s *source) literal(all []token, i int) {
	t := all[i]
	inner := t.text[1 : len(t.text)-1]
	where := span{t.line, t.from + 1, t.to - 1}
	s.replace(wrongQuotes, span{t.line, t.to - 1, t.to}, "")
	if inner != "" {
		s.replace(bare(inner), t.span, inner)
	}
	values := valuesOf(comparedWith(all, i))
	k := otherText
	if len(values) > 0 {
		k = wordMisspelt
		if at := slices.Index(values, inner); at >= 0 {
			s.replace(otherWord, where, values[(at+1)%len(values)])
		}
	}
	for _, w := range misspellings(inner) {
		s.replace(k, where, w)
	}
	if inner == "" {
		s.replace(otherText, where, "x")
	}
}

// bare is what a text without its quotes is: a name that isn't there, unless it is a number or a word of the language.
func bare(text string) kind {
	if digits.MatchString(text[:1]) || text == "true" || text == "false" {
		return otherText
	}
	return wrongQuotes
}

// pathTo is the chain of fields up to a name: task.tags.kind. A name behind anything else stands alone.
func pathTo(all []token, i int) []string {
	path := []string{all[i].text}
	for {
		if i >= 2 && all[i-1].text == "?" && all[i-2].text == "." { // run.?reason
			i--
		}
		if i < 2 || all[i-1].text != "." {
			return path
		}
		if !isName(all[i-2].text) {
			return append([]string{"?"}, path...)
		}
		path = append([]string{all[i-2].text}, path...)
		i -= 2
	}
}

func isName(text string) bool { return regexp.MustCompile(`^[A-Za-z_]\w*$`).MatchString(text) }

// comparedWith is the path that a literal is compared with, or is looked for in a list with.
func comparedWith(all []token, i int) []string {
	if i >= 1 && (all[i-1].text == "[" || all[i-1].text == ",") {
		for i > 0 && all[i].text != "[" {
			i--
		}
		if i >= 2 && all[i-1].text == "in" {
			return pathTo(all, i-2)
		}
		return nil
	}
	if i >= 2 && (all[i-1].text == "==" || all[i-1].text == "!=") && isName(all[i-2].text) {
		return pathTo(all, i-2)
	}
	return nil
}

// typeOf is the type of a path of fields, "" where it isn't known; free says that any key may follow.
func typeOf(path []string) (typ string, free bool) {
	fields := rules.Fields()
	for _, name := range path {
		i := slices.IndexFunc(fields, func(f rules.Field) bool { return f.Name == name })
		if i < 0 {
			return "", false
		}
		typ = fields[i].Type
		fields = rules.Types()[typ]
	}
	if len(path) == 0 {
		return "facts", false
	}
	return typ, strings.HasPrefix(typ, "map<")
}

// sibling is the next field of the same type.
func sibling(in, name string) string {
	fields := rules.Types()[in]
	at := slices.IndexFunc(fields, func(f rules.Field) bool { return f.Name == name })
	if at < 0 {
		return ""
	}
	for i := range fields {
		if f := fields[(at+1+i)%len(fields)]; f.Type == fields[at].Type && f.Name != name && (f.Absent == "") == (fields[at].Absent == "") {
			return f.Name
		}
	}
	return ""
}

func valuesOf(path []string) []string {
	if len(path) < 2 {
		return nil
	}
	in, _ := typeOf(path[:len(path)-1])
	for _, f := range rules.Types()[in] {
		if f.Name == path[len(path)-1] {
			return f.Values
		}
	}
	return nil
}

// template changes a text with ${…} in it: what is in the braces, and what is around them.
func (s *source) template(part span) {
	line := s.lines[part.line-1]
	from := part.from
	for i := part.from; i+1 < part.to; i++ {
		if line[i] != '$' || line[i+1] != '{' || i > part.from && line[i-1] == '$' {
			continue
		}
		end := i + 2
		for end < part.to && line[end] != '}' {
			end++
		}
		s.words(span{part.line, from, i})
		s.expression(span{part.line, i + 2, end})
		s.replace(silentTrap, span{part.line, i + 2, end}, "size("+string(line[i+2:end])+")")
		i, from = end, end+1
	}
	s.words(span{part.line, min(from, part.to), part.to})
}

// words changes a text that is sent.
func (s *source) words(part span) {
	text := s.text(part)
	if strings.TrimSpace(text) == "" {
		return
	}
	for _, w := range misspellings(text) {
		s.replace(otherText, part, w)
	}
}
