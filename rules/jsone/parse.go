package jsone

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// levels are the binary operators, those that bind least first.
var levels = [][]string{{"||"}, {"&&"}, {"in"}, {"==", "!="}, {"<", ">", "<=", ">="}, {"+", "-"}, {"*", "/"}, {"**"}}

// What may stand at a place, as the specification's messages list it.
var (
	aValue    = []string{"!", "(", "+", "-", "[", "false", "identifier", "null", "number", "string", "true", "{"}
	aFollower = []string{"!=", "&&", "(", "*", "**", "+", "-", ".", "/", "<", "<=", "==", ">", ">=", "[", "in", "||"}
)

var errEnd = errors.New("Unexpected end of input") //lint:ignore ST1005 the specification's own words

// parser reads one expression.
type parser struct {
	source string
	checks map[string]Check
	token  token
	// before is where the token before this one ends.
	before int
	depth  int
}

// expression compiles a text that is an expression as a whole; nil after a mistake.
func (c *compiler) expression(source string) expr {
	p, e, err := c.parse(source, 0)
	if err == nil && p.token.kind != "" {
		err = p.unexpected(aFollower...)
	}
	if err != nil {
		c.syntax(err, p)
		return nil
	}
	return e
}

// interpolated compiles the expression behind ${ and answers where its } ends; nil after a mistake.
func (c *compiler) interpolated(source string, start int) (expr, int) {
	p, e, err := c.parse(source, start)
	switch {
	case p.token.kind == "" && (err == nil || errors.Is(err, errEnd)):
		err = p.fault("unterminated ${..} expression")
	case err == nil && p.token.kind != "}":
		err = p.unexpected(append(slices.Clone(aFollower), "}")...)
	}
	if err != nil {
		c.syntax(err, p)
		return nil, 0
	}
	return e, p.token.end
}

func (c *compiler) parse(source string, start int) (*parser, expr, error) {
	p := &parser{source: source, checks: c.checks}
	if err := p.advance(start); err != nil {
		return p, nil, err
	}
	e, err := p.binary(0)
	if err == nil && p.token.end-start > MaxExpression {
		err = p.fault("an expression of more than %d bytes", MaxExpression)
	}
	if err == nil {
		c.refer(e)
	}
	return p, e, err
}

// syntax notes a mistake that the parser found.
func (c *compiler) syntax(err error, p *parser) {
	e := &Error{Kind: SyntaxError, Message: err.Error(), Offset: p.token.start}
	errors.As(err, &e)
	e.Path = slices.Clone(c.path)
	c.problems = append(c.problems, e)
}

func (p *parser) fault(format string, args ...any) error {
	return &Error{Kind: SyntaxError, Message: fmt.Sprintf(format, args...), Offset: p.token.start}
}

func (p *parser) unexpected(expected ...string) error {
	if p.token.kind == "" {
		return errEnd
	}
	return p.fault("Found: %s token, expected one of: %s", p.token.text, strings.Join(slices.Sorted(slices.Values(expected)), ", "))
}

func (p *parser) advance(at int) (err error) {
	t, err := next(p.source, at)
	if err == nil {
		p.before, p.token = at, t
	}
	return err
}

// take goes on to the next token if the present one is of a kind.
func (p *parser) take(kind string) error {
	if p.token.kind != kind {
		return p.unexpected(kind)
	}
	return p.advance(p.token.end)
}

// binary reads operators of a level and those that bind more. All group to the left but **, which groups to the
// right.
func (p *parser) binary(level int) (expr, error) {
	if level == len(levels) {
		return p.signed()
	}
	left, err := p.binary(level + 1)
	for err == nil && slices.Contains(levels[level], p.token.kind) {
		operator := p.token.kind
		if err = p.take(operator); err != nil {
			break
		}
		var right expr
		if operator == "**" {
			right, err = p.nested(func() (expr, error) { return p.binary(level) })
		} else {
			right, err = p.binary(level + 1)
		}
		left = binary{operator: operator, left: left, right: right}
	}
	return left, err
}

// nested holds a part that may hold itself again to a depth.
func (p *parser) nested(part func() (expr, error)) (expr, error) {
	if p.depth++; p.depth > MaxDepth {
		return nil, p.fault("an expression nested deeper than %d levels", MaxDepth)
	}
	defer func() { p.depth-- }()
	return part()
}

// signed reads a value with signs before it. They hold for all of task.runs[0].state.
func (p *parser) signed() (expr, error) {
	operator := p.token.kind
	if operator != "-" && operator != "+" && operator != "!" {
		return p.accessed()
	}
	if err := p.take(operator); err != nil {
		return nil, err
	}
	of, err := p.nested(p.signed)
	return unary{operator: operator, of: of}, err
}

// accessed reads a value and what follows it: .name, [index], [from:to], (arguments).
func (p *parser) accessed() (expr, error) {
	start := p.token.start
	e, err := p.unit()
	for err == nil {
		switch p.token.kind {
		case ".":
			e, err = p.member(e)
		case "[":
			e, err = p.brackets(e)
		case "(":
			e, err = p.call(e, start)
		default:
			return e, nil
		}
	}
	return nil, err
}

func (p *parser) member(of expr) (expr, error) {
	if err := p.take("."); err != nil {
		return nil, err
	}
	name := p.token.text
	return member{of: of, name: name}, p.take("identifier")
}

func (p *parser) brackets(of expr) (expr, error) {
	if err := p.take("["); err != nil {
		return nil, err
	}
	var from, to expr
	var err error
	if p.token.kind != ":" {
		if from, err = p.inner(); err != nil {
			return nil, err
		}
	}
	if p.token.kind != ":" {
		return index{of: of, at: from}, p.take("]")
	}
	if err := p.take(":"); err != nil {
		return nil, err
	}
	if p.token.kind != "]" {
		if to, err = p.inner(); err != nil {
			return nil, err
		}
	}
	return slice{of: of, from: from, to: to}, p.take("]")
}

// inner is an expression within brackets of any sort.
func (p *parser) inner() (expr, error) {
	return p.nested(func() (expr, error) { return p.binary(0) })
}

func (p *parser) call(function expr, start int) (expr, error) {
	if f, ok := function.(variable); ok && p.checks[f.name] != nil {
		return p.checked(f.name, start)
	}
	arguments, err := p.several("(", ")")
	return call{function: function, arguments: arguments}, err
}

// several reads expressions with commas between them.
func (p *parser) several(open, shut string) ([]expr, error) {
	if err := p.take(open); err != nil {
		return nil, err
	}
	var all []expr
	for p.token.kind != shut || all != nil {
		e, err := p.inner()
		if err != nil {
			return nil, err
		}
		all = append(all, e)
		if p.token.kind != "," {
			break
		}
		if err := p.take(","); err != nil {
			return nil, err
		}
	}
	return all, p.take(shut)
}

func (p *parser) unit() (expr, error) {
	switch t := p.token; t.kind {
	case "number":
		return p.number(t.text)
	case "string":
		return literal{value: t.text[1 : len(t.text)-1]}, p.take(t.kind)
	case "true", "false":
		return literal{value: t.kind == "true"}, p.take(t.kind)
	case "null":
		return literal{}, p.take(t.kind)
	case "identifier":
		return variable{name: t.text}, p.take(t.kind)
	case "(":
		if err := p.take("("); err != nil {
			return nil, err
		}
		e, err := p.inner()
		if err != nil {
			return nil, err
		}
		return e, p.take(")")
	case "[":
		items, err := p.several("[", "]")
		return listExpr(items), err
	case "{":
		return p.object()
	}
	return nil, p.unexpected(aValue...)
}

func (p *parser) object() (expr, error) {
	if err := p.take("{"); err != nil {
		return nil, err
	}
	var o objectExpr
	for p.token.kind == "string" || p.token.kind == "identifier" {
		key := p.token.text
		if p.token.kind == "string" {
			key = key[1 : len(key)-1]
		}
		if err := p.take(p.token.kind); err != nil {
			return nil, err
		}
		if err := p.take(":"); err != nil {
			return nil, err
		}
		value, err := p.inner()
		if err != nil {
			return nil, err
		}
		o = append(o, pair{key: key, value: value})
		if p.token.kind == "}" {
			break
		}
		if err := p.take(","); err != nil {
			return nil, err
		}
	}
	return o, p.take("}")
}

func (p *parser) number(text string) (expr, error) {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return literal{value: i}, p.take("number")
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, p.fault("a number of %d digits is too large", len(text))
	}
	return literal{value: f}, p.take("number")
}
