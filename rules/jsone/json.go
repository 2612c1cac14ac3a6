package jsone

import (
	"fmt"
	"unicode/utf8"
)

// json is $json: the value as a text of JSON, without spaces and with sorted keys.
func (c *compiler) json(o map[string]any) node {
	if !c.alone(o, "$json") {
		return constant{}
	}
	return jsonNode{c.at(inOperator("$json"), o["$json"])}
}

type jsonNode struct{ of node }

func (n jsonNode) render(r *run, s *scope) (any, error) {
	v, err := operand(r, s, n.of, "$json")
	if err != nil {
		return nil, err
	}
	if v, err = r.known(v); err != nil {
		return nil, err
	}
	b, err := appendJSON(nil, v)
	if err != nil {
		return nil, err
	}
	return string(b), r.write(len(b))
}

func appendJSON(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case string:
		return appendText(b, v), nil
	case []any:
		b = append(b, '[')
		for i, item := range v {
			if i > 0 {
				b = append(b, ',')
			}
			var err error
			if b, err = appendJSON(b, item); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	case map[string]any:
		return appendObject(b, v)
	case *builtin:
		return nil, uncalledFunctions()
	case *marker:
		return append(b, "null"...), nil
	}
	s, _ := text(v)
	return append(b, s...), nil
}

func appendObject(b []byte, m map[string]any) ([]byte, error) {
	b = append(b, '{')
	for i, key := range sortedKeys(m) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, key), ':')
		var err error
		if b, err = appendJSON(b, m[key]); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

// appendText writes a text as JSON, escaping no more than has to be, as the specification wants it.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	for i, c := range s {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', byte(c))
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c < ' ':
			b = fmt.Appendf(b, `\u%04x`, c)
		case c == utf8.RuneError && s[i] != "\uFFFD"[0]:
			b = append(b, `\ufffd`...) // a byte that is no text
		default:
			b = utf8.AppendRune(b, c)
		}
	}
	return append(b, '"')
}
