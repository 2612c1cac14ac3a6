package jsone

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// builtin is a function of the language. Two are equal when they are the same.
type builtin struct {
	name string
	call function
}

type function func(r *run, s *scope, arguments []any) (any, error)

// builtins are all functions, by the name that a template calls them by.
var builtins = named(map[string]function{
	"abs":       numeric("abs", math.Abs),
	"ceil":      numeric("ceil", math.Ceil),
	"defined":   isDefined,
	"floor":     numeric("floor", math.Floor),
	"fromNow":   fromNow,
	"join":      join,
	"len":       length,
	"lowercase": textual("lowercase", strings.ToLower),
	"lstrip":    textual("lstrip", func(s string) string { return strings.TrimLeftFunc(s, unicode.IsSpace) }),
	"max":       extreme("max", 1),
	"min":       extreme("min", -1),
	"number":    toNumber,
	"range":     numberRange,
	"rstrip":    textual("rstrip", func(s string) string { return strings.TrimRightFunc(s, unicode.IsSpace) }),
	"split":     split,
	"sqrt":      numeric("sqrt", math.Sqrt),
	"str":       toText,
	"strip":     textual("strip", strings.TrimSpace),
	"typeof":    typeName,
	"uppercase": textual("uppercase", strings.ToUpper),
})

func named(functions map[string]function) map[string]*builtin {
	all := make(map[string]*builtin, len(functions))
	for name, call := range functions {
		all[name] = &builtin{name: name, call: call}
	}
	return all
}

func invalidArguments(name string) error {
	return &Error{Kind: BuiltinError, Message: "invalid arguments to builtin: " + name}
}

// numeric makes a function of one number.
func numeric(name string, compute func(float64) float64) function {
	return func(_ *run, _ *scope, arguments []any) (any, error) {
		if len(arguments) != 1 {
			return nil, invalidArguments(name)
		}
		if i, ok := arguments[0].(int64); ok && (name == "ceil" || name == "floor") {
			return i, nil
		}
		f, ok := number(arguments[0])
		if !ok {
			return nil, invalidArguments(name)
		}
		if f = compute(f); math.IsNaN(f) {
			return nil, invalidArguments(name)
		}
		return computed(f), nil
	}
}

// textual makes a function of one text.
func textual(name string, compute func(string) string) function {
	return func(r *run, _ *scope, arguments []any) (any, error) {
		if len(arguments) != 1 {
			return nil, invalidArguments(name)
		}
		s, ok := arguments[0].(string)
		if !ok {
			return nil, invalidArguments(name)
		}
		s = compute(s)
		return s, r.write(len(s))
	}
}

// extreme makes min (-1) and max (1).
func extreme(name string, sign int) function {
	return func(_ *run, _ *scope, arguments []any) (any, error) {
		if len(arguments) == 0 {
			return nil, invalidArguments(name + ": expected at least 1 arguments")
		}
		best := arguments[0]
		for _, a := range arguments {
			if _, ok := number(a); !ok {
				return nil, invalidArguments(name)
			}
			if order, _ := compareValues(a, best); order == sign {
				best = a
			}
		}
		return best, nil
	}
}

func isDefined(r *run, s *scope, arguments []any) (any, error) {
	if len(arguments) == 1 {
		if name, ok := arguments[0].(string); ok {
			if r.foresight != nil && r.fromContext(s, name) {
				return nil, errUnknown
			}
			_, found := r.lookup(s, name)
			return found, nil
		}
	}
	return nil, invalidArguments("defined")
}

func typeName(_ *run, _ *scope, arguments []any) (any, error) {
	if len(arguments) != 1 {
		return nil, invalidArguments("typeof")
	}
	return typeOf(arguments[0]), nil
}

func toText(r *run, _ *scope, arguments []any) (any, error) {
	if len(arguments) == 1 {
		if s, ok := text(arguments[0]); ok {
			return s, r.write(len(s))
		}
	}
	return nil, invalidArguments("str")
}

func toNumber(_ *run, _ *scope, arguments []any) (any, error) {
	if len(arguments) == 1 {
		s, _ := arguments[0].(string)
		if i, err := strconv.ParseInt(s, 10, 64); err == nil {
			return i, nil
		}
		// Only digits, sign, point and exponent: ParseFloat alone also takes inf, hexadecimals and underscores.
		if f, err := strconv.ParseFloat(s, 64); err == nil && strings.Trim(s, "0123456789+-.eE") == "" {
			return computed(f), nil
		}
	}
	return nil, invalidArguments("number")
}

func length(r *run, _ *scope, arguments []any) (any, error) {
	if len(arguments) == 1 {
		switch v := arguments[0].(type) {
		case string:
			return int64(utf8.RuneCountInString(v)), r.read(len(v))
		case []any:
			return int64(len(v)), nil
		}
	}
	return nil, invalidArguments("len")
}

// textOrNumber is what split and join take for a text.
func textOrNumber(v any) (string, bool) {
	if t := typeOf(v); t != "string" && t != "number" {
		return "", false
	}
	return text(v)
}

func split(r *run, _ *scope, arguments []any) (any, error) {
	if len(arguments) != 2 {
		return nil, invalidArguments("split")
	}
	s, ok := textOrNumber(arguments[0])
	separator, ok2 := textOrNumber(arguments[1])
	if !ok || !ok2 {
		return nil, invalidArguments("split")
	}
	count := strings.Count(s, separator) + 1
	if err := r.step(count + len(s)/64); err != nil {
		return nil, err
	}
	list := make([]any, 0, count)
	for _, part := range strings.Split(s, separator) {
		list = append(list, part)
	}
	return list, nil
}

func join(r *run, _ *scope, arguments []any) (any, error) {
	if len(arguments) != 2 {
		return nil, invalidArguments("join")
	}
	list, ok := arguments[0].([]any)
	separator, ok2 := textOrNumber(arguments[1])
	if !ok || !ok2 {
		return nil, invalidArguments("join")
	}
	if err := r.step(len(list)); err != nil {
		return nil, err
	}
	parts := make([]string, len(list))
	for i, item := range list {
		if parts[i], ok = textOrNumber(plain(item)); !ok {
			return nil, invalidArguments("join")
		}
		if err := r.write(len(parts[i]) + len(separator)); err != nil {
			return nil, err
		}
	}
	return strings.Join(parts, separator), nil
}

// numberRange is range(start, end, step), without its end.
func numberRange(r *run, _ *scope, arguments []any) (any, error) {
	if len(arguments) == 2 {
		arguments = append(arguments, int64(1))
	}
	if len(arguments) != 3 {
		return nil, invalidArguments("range")
	}
	var whole [3]int64
	for i, a := range arguments {
		n, ok := integer(a)
		if !ok || n > 1<<53 || n < -1<<53 {
			return nil, invalidArguments("range")
		}
		whole[i] = n
	}
	start, end, by := whole[0], whole[1], whole[2]
	if by == 0 {
		return nil, invalidArguments("range")
	}
	list := []any{}
	for n := start; by > 0 && n < end || by < 0 && n > end; n += by {
		if err := r.step(1); err != nil {
			return nil, err
		}
		list = append(list, n)
	}
	return list, nil
}
