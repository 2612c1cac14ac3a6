package gerrittest

import (
	"fmt"
	"strings"
)

// node is a parsed query: a term, or others joined.
type node struct {
	kind     string // "and", "or", "not", "term"
	of       []*node
	op, text string // of a term; op is "" for a bare word
}

// queryError is what Gerrit says of a query that it can't read.
type queryError string

func (e queryError) Error() string { return string(e) }

func badQuery(format string, args ...any) error { return queryError(fmt.Sprintf(format, args...)) }

// maxDepth is how deep parentheses and negations may be nested.
const maxDepth = 200

// parseQuery reads a query as Gerrit's search does: terms "op:value" with
// values in quotes or braces, AND between them or nothing, OR, which binds
// less, NOT or "-", and parentheses.
func parseQuery(text string) (*node, error) {
	symbols, err := lex(text)
	if err != nil {
		return nil, err
	}
	if len(symbols) == 0 {
		return nil, badQuery("query is empty")
	}
	p := &parser{symbols: symbols, end: len(text)}
	n, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if len(p.symbols) > 0 {
		return nil, p.unexpected()
	}
	return n, nil
}

// symbol is a parenthesis, a minus, a word such as AND, or a term.
type symbol struct {
	mark     byte // '(', ')', '-', 'w' for a bare word, 't' for a term
	op, text string
	at       int
}

func lex(text string) ([]symbol, error) {
	var symbols []symbol
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '(' || c == ')':
			symbols = append(symbols, symbol{mark: c, at: i})
			i++
		case c == '-' && i+1 < len(text) && !strings.ContainsRune(" \t\r\n", rune(text[i+1])):
			symbols = append(symbols, symbol{mark: '-', at: i})
			i++
		default:
			t, end, err := lexTerm(text, i)
			if err != nil {
				return nil, err
			}
			symbols = append(symbols, t)
			i = end
		}
	}
	return symbols, nil
}

func lexTerm(text string, i int) (t symbol, end int, err error) {
	t = symbol{mark: 'w', at: i}
	end = i
	for end < len(text) && (text[end] >= 'a' && text[end] <= 'z' || text[end] == '-' && end > i) {
		end++
	}
	if end > i && end < len(text) && text[end] == ':' {
		t.mark, t.op, i = 't', text[i:end], end+1
	}
	value, end, err := lexValue(text, i)
	if err != nil {
		return t, end, err
	}
	if value == "" && end == i {
		return t, end, badQuery("line 1:%d no viable alternative at input '%s'", i, inputAt(text, i))
	}
	t.text = value
	if i < len(text) && (text[i] == '"' || text[i] == '{') {
		t.mark = 't' // in quotes AND is no operator
	}
	return t, end, nil
}

// lexValue reads a value: in quotes, in braces, or up to a blank or
// parenthesis.
func lexValue(text string, i int) (value string, end int, err error) {
	if i < len(text) && text[i] == '"' {
		var b strings.Builder
		for j := i + 1; j < len(text); j++ {
			switch {
			case text[j] == '"':
				return b.String(), j + 1, nil
			case text[j] == '\\' && j+1 < len(text):
				j++
			}
			b.WriteByte(text[j])
		}
		return "", len(text), badQuery("line 1:%d mismatched character '<EOF>' expecting '\"'", len(text))
	}
	if i < len(text) && text[i] == '{' {
		n := strings.IndexByte(text[i:], '}')
		if n < 0 {
			return "", len(text), badQuery("line 1:%d mismatched character '<EOF>' expecting '}'", len(text))
		}
		return text[i+1 : i+n], i + n + 1, nil
	}
	end = i
	for end < len(text) && !strings.ContainsRune(" \t\r\n()\"{}", rune(text[end])) {
		end++
	}
	return text[i:end], end, nil
}

func inputAt(text string, i int) string {
	if i >= len(text) {
		return "<EOF>"
	}
	return text[i : i+1]
}

type parser struct {
	symbols []symbol
	end     int // where the text ends
}

func (p *parser) unexpected() error {
	if len(p.symbols) == 0 {
		return badQuery("line 1:%d no viable alternative at input '<EOF>'", p.end)
	}
	t := p.symbols[0]
	input := string(t.mark)
	if t.mark == 'w' || t.mark == 't' {
		input = t.text
	}
	return badQuery("line 1:%d no viable alternative at input '%s'", t.at, input)
}

// word takes an operator such as OR, if something follows that it can join.
func (p *parser) word(word string) bool {
	if len(p.symbols) < 2 || p.symbols[0].mark != 'w' || !strings.EqualFold(p.symbols[0].text, word) || p.symbols[1].mark == ')' {
		return false
	}
	p.symbols = p.symbols[1:]
	return true
}

func (p *parser) or(depth int) (*node, error) {
	return p.join("or", depth, func() (*node, error) {
		return p.join("and", depth, func() (*node, error) { return p.not(depth) }, func() bool {
			if p.word("AND") {
				return true
			}
			return len(p.symbols) > 0 && p.symbols[0].mark != ')' && !p.isOr()
		})
	}, func() bool { return p.word("OR") })
}

func (p *parser) isOr() bool {
	rest := *p
	return rest.word("OR")
}

// join reads operands as long as another one follows.
func (p *parser) join(kind string, depth int, operand func() (*node, error), another func() bool) (*node, error) {
	if depth > maxDepth {
		return nil, badQuery("query is nested too deep")
	}
	n, err := operand()
	if err != nil {
		return nil, err
	}
	joined := &node{kind: kind, of: []*node{n}}
	for another() {
		if n, err = operand(); err != nil {
			return nil, err
		}
		joined.of = append(joined.of, n)
	}
	if len(joined.of) == 1 {
		return joined.of[0], nil
	}
	return joined, nil
}

func (p *parser) not(depth int) (*node, error) {
	if depth > maxDepth {
		return nil, badQuery("query is nested too deep")
	}
	if len(p.symbols) == 0 {
		return nil, p.unexpected()
	}
	negated := p.word("NOT")
	if t := p.symbols[0]; !negated && t.mark == '-' {
		p.symbols = p.symbols[1:]
		negated = true
	}
	if !negated {
		return p.atom(depth)
	}
	n, err := p.atom(depth + 1)
	if err != nil {
		return nil, err
	}
	return &node{kind: "not", of: []*node{n}}, nil
}

func (p *parser) atom(depth int) (*node, error) {
	if len(p.symbols) == 0 {
		return nil, p.unexpected()
	}
	t := p.symbols[0]
	switch t.mark {
	case 'w', 't':
		p.symbols = p.symbols[1:]
		return &node{kind: "term", op: t.op, text: t.text}, nil
	case '(':
		p.symbols = p.symbols[1:]
		n, err := p.or(depth + 1)
		if err != nil {
			return nil, err
		}
		if len(p.symbols) == 0 || p.symbols[0].mark != ')' {
			return nil, p.unexpected()
		}
		p.symbols = p.symbols[1:]
		return n, nil
	}
	return nil, p.unexpected()
}

// match tells whether something matches, of which term tells whether it
// matches one operator. All terms are asked, so that what is wrong with one of
// them is told whatever the others say.
func (n *node) match(term func(op, value string) (bool, error)) (bool, error) {
	if n.kind == "term" {
		return term(n.op, n.text)
	}
	result := n.kind != "or"
	for _, of := range n.of {
		ok, err := of.match(term)
		if err != nil {
			return false, err
		}
		switch n.kind {
		case "not":
			result = !ok
		case "and":
			result = result && ok
		case "or":
			result = result || ok
		}
	}
	return result, nil
}
