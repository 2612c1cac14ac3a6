package jsone

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Kind says which part of the language was broken; the words are the specification's.
type Kind string

// The kinds of errors.
const (
	// SyntaxError is an expression that can't be read; only Compile gives it.
	SyntaxError Kind = "SyntaxError"
	// TemplateError is an operator, such as $if, that is used wrongly.
	TemplateError Kind = "TemplateError"
	// InterpreterError is an expression that has no value.
	InterpreterError Kind = "InterpreterError"
	// BuiltinError is a function that doesn't take these arguments.
	BuiltinError Kind = "BuiltinError"
)

// Error is a mistake in a template, or one that showed when it was rendered. It tells nothing of the context's
// values but the name or type that was wrong.
type Error struct {
	Kind    Kind
	Path    Path
	Message string
	// Offset is how many bytes into the text at Path the place is of what Compile found in an expression.
	Offset int
}

// Error is the message as the specification has it: `SyntaxError at template.message: unterminated ${..} expression`.
func (e *Error) Error() string {
	if where := e.Path.String(); where != "template" {
		return fmt.Sprintf("%s at %s: %s", e.Kind, where, e.Message)
	}
	return fmt.Sprintf("%s: %s", e.Kind, e.Message)
}

// Path leads from a template's root to a value in it.
type Path []Step

// Step is one key of a mapping or one index of a list.
type Step struct {
	Key   string
	Index int
	// InList says that Index counts, and not Key.
	InList bool
	// Operator says that the key is an operator's, such as `then` of $if.
	Operator bool
	// OfKey says that it is about the text of the key, and not about what stands under it.
	OfKey bool
}

// String is the path as the specification writes it, which leaves out operators' own keys: template.env[0]["a b"].
func (p Path) String() string {
	var b strings.Builder
	b.WriteString("template")
	for _, s := range p {
		switch {
		case s.Operator:
		case s.InList:
			fmt.Fprintf(&b, "[%d]", s.Index)
		case isIdentifier(strings.TrimPrefix(s.Key, "$")):
			b.WriteString("." + s.Key)
		default:
			fmt.Fprintf(&b, "[%s]", strconv.Quote(s.Key))
		}
	}
	return b.String()
}

// Full is the path with every key, for finding the place in a file: then.env[0]["a b"].
func (p Path) Full() string {
	full := slices.Clone(p)
	for i := range full {
		full[i].Operator = false
	}
	return strings.TrimPrefix(strings.TrimPrefix(full.String(), "template"), ".")
}

func templateError(format string, args ...any) error {
	return &Error{Kind: TemplateError, Message: fmt.Sprintf(format, args...)}
}

func interpreterError(format string, args ...any) error {
	return &Error{Kind: InterpreterError, Message: fmt.Sprintf(format, args...)}
}

// uncalledFunctions has no path: the specification's has none.
func uncalledFunctions() error {
	return templateError("evaluated template contained uncalled functions")
}

// under puts a step in front of an error's path, as the error comes up through the template.
func under(err error, step Step) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	up := *e
	up.Path = append(Path{step}, e.Path...)
	return &up
}

func inKey(key string) Step      { return Step{Key: key} }
func inList(index int) Step      { return Step{Index: index, InList: true} }
func ofKey(key string) Step      { return Step{Key: key, OfKey: true} }
func inOperator(key string) Step { return Step{Key: key, Operator: true} }
