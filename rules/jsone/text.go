package jsone

import "strings"

// textNode is a text with expressions in it.
type textNode []piece

// piece is some text and the expression behind it; the last piece has none.
type piece struct {
	before string
	value  expr
	source string
}

// text compiles a text: ${expression} is put in, $${ stands for ${.
func (c *compiler) text(s string) node {
	var pieces textNode
	var before strings.Builder
	rest := s
	for {
		i := strings.Index(rest, "${")
		if i < 0 {
			break
		}
		if i > 0 && rest[i-1] == '$' {
			before.WriteString(rest[:i-1] + "${")
			rest = rest[i+2:]
			continue
		}
		before.WriteString(rest[:i])
		start := len(s) - len(rest) + i + 2
		value, end := c.interpolated(s, start)
		if value == nil {
			return constant{value: s}
		}
		pieces = append(pieces, piece{before: before.String(), value: value, source: strings.TrimSpace(s[start : end-1])})
		before.Reset()
		rest = s[end:]
	}
	before.WriteString(rest)
	if pieces == nil {
		return constant{value: before.String()}
	}
	return append(pieces, piece{before: before.String()})
}

func (n textNode) render(r *run, s *scope) (any, error) {
	var b strings.Builder
	for _, p := range n {
		b.WriteString(p.before)
		if p.value == nil {
			continue
		}
		var v any
		var err error
		if r.foresight != nil {
			v = r.foreseen(s, p.value)
		} else if v, err = p.value.eval(r, s); err != nil {
			return nil, err
		}
		part, err := p.text(v)
		if err != nil {
			return nil, err
		}
		if err := r.write(len(p.before) + len(part)); err != nil {
			return nil, err
		}
		b.WriteString(part)
	}
	return b.String(), r.step(1)
}

// text is a value as it stands within a text, where null is nothing.
func (p piece) text(v any) (string, error) {
	switch v.(type) {
	case nil:
		return "", nil
	case []any, map[string]any:
		return "", templateError("interpolation of '%s' produced an array or object", p.source)
	case *builtin:
		return "", uncalledFunctions()
	case Unknown:
		return Hole, nil
	}
	s, ok := text(v)
	if !ok {
		return "", interpreterError("a value of the Go type %T has no JSON", v)
	}
	return s, nil
}
