package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/decls"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"
)

// globMember is what compares a text with patterns such as those of `branch:`.
const globMember = "glob"

// vettingOverload is the one overload of oneOf and matchesWhole.
func vettingOverload(function string) string { return function + "_string" }

// functions are what conditions know beyond CEL, but for those about artifacts. Their macros write nothing out: they look
// at what is written, where its place is known.
func functions() []cel.EnvOption {
	texts := cel.ListType(cel.StringType)
	glob := func(name string, patterns *cel.Type) cel.FunctionOpt {
		return cel.MemberOverload(name, []*cel.Type{cel.StringType, patterns}, cel.BoolType, cel.BinaryBinding(fitsGlob))
	}
	return []cel.EnvOption{
		cel.Macros(
			cel.GlobalVarArgMacro(oneOf, vetted(oneOf)), cel.GlobalVarArgMacro(matchesWhole, vetted(matchesWhole)),
			cel.ReceiverMacro(globMember, 1, globWritten), cel.GlobalVarArgMacro(globMember, globAlone),
		),
		vettingFunction(oneOf, texts), vettingFunction(matchesWhole, cel.StringType),
		cel.Function(globMember, glob("string_glob_string", cel.StringType), glob("string_glob_list", texts)),
		cel.ASTValidators(cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals(), cel.ValidateRegexLiterals()),
	}
}

// vettingFunction takes whatever a payload holds: what is no text is refused like a wrong one.
func vettingFunction(name string, written *cel.Type) cel.EnvOption {
	return cel.Function(name, decls.DisableTypeGuards(true),
		cel.Overload(vettingOverload(name), []*cel.Type{cel.StringType, written}, cel.StringType,
			cel.BinaryBinding(func(x, literal ref.Val) ref.Val {
				v, err := newVetting(name, plainValue(literal))
				if err != nil {
					return types.WrapErr(err)
				}
				return v.let(x)
			})))
}

// let is admit for CEL.
func (v vetting) let(x ref.Val) ref.Val {
	text, err := v.admit(plainValue(x))
	if err != nil {
		return types.WrapErr(err)
	}
	return types.String(text)
}

// vetted looks at a call of oneOf or matchesWhole.
func vetted(function string) cel.MacroFactory {
	return func(eh cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
		if len(args) != 2 {
			return nil, eh.NewError(placeOf(args), function+"() takes two things: a value, and what it may be")
		}
		written, not := literalOf(args[1])
		if not != nil {
			return nil, eh.NewError(not.ID(), function+"() lets through what is written out, no value of an event")
		}
		if _, err := newVetting(function, written); err != nil {
			return nil, eh.NewError(args[1].ID(), function+"() "+err.Error())
		}
		return nil, nil
	}
}

func placeOf(args []ast.Expr) int64 {
	if len(args) == 0 {
		return 0
	}
	return args[0].ID()
}

// literalOf is the value of a literal or of a list of them, or what is none.
func literalOf(e ast.Expr) (value any, not ast.Expr) {
	switch e.Kind() {
	case ast.LiteralKind:
		return e.AsLiteral().Value(), nil
	case ast.ListKind:
		list := []any{}
		for _, item := range e.AsList().Elements() {
			if item.Kind() != ast.LiteralKind {
				return nil, item
			}
			list = append(list, item.AsLiteral().Value())
		}
		return list, nil
	}
	return nil, e
}

func globAlone(eh cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
	return nil, eh.NewError(placeOf(args), `glob() is asked of a text: change.branch.glob("release/*")`)
}

// globWritten looks at the patterns of a call of glob.
func globWritten(eh cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
	of := []ast.Expr{args[0]}
	if args[0].Kind() == ast.ListKind {
		of = args[0].AsList().Elements()
	}
	for _, e := range of {
		text, ok := "", false
		if e.Kind() == ast.LiteralKind {
			text, ok = e.AsLiteral().Value().(string)
		}
		if !ok {
			return nil, eh.NewError(e.ID(), `glob() takes patterns that are written out: x.glob("release/*"), x.glob(["**", "!docs/**"])`)
		}
		if _, err := newPattern(text); err != nil {
			return nil, eh.NewError(e.ID(), fmt.Sprintf("glob() can't take %q: %v", text, err))
		}
	}
	if len(of) == 0 {
		return nil, eh.NewError(args[0].ID(), "glob() takes a pattern at least")
	}
	return nil, nil
}

func fitsGlob(x, written ref.Val) ref.Val {
	texts, isList := plainValue(written).([]any)
	if !isList {
		texts = []any{plainValue(written)}
	}
	var patterns []pattern
	for _, text := range texts {
		p, err := newPattern(fmt.Sprint(text))
		if err != nil {
			return types.WrapErr(err)
		}
		patterns = append(patterns, p)
	}
	return types.Bool(anyMatch(patterns, string(x.(types.String))))
}

// wholeOnce has a program read each regular expression of matchesWhole once.
var wholeOnce = &interpreter.RegexOptimization{
	Function: matchesWhole, OverloadID: vettingOverload(matchesWhole), RegexIndex: 1,
	Factory: func(call interpreter.InterpretableCall, regex string) (interpreter.InterpretableCall, error) {
		v, err := newVetting(matchesWhole, regex)
		if err != nil {
			return nil, err
		}
		return interpreter.NewCall(call.ID(), call.Function(), call.OverloadID(), call.Args(), func(values ...ref.Val) ref.Val {
			return v.let(values[0])
		}), nil
	},
}

// readingCosts count for our functions what they read, as CEL's own do.
func readingCosts() []cost.TrackerOption {
	var out []cost.TrackerOption
	for _, overload := range []string{vettingOverload(oneOf), vettingOverload(matchesWhole), "string_glob_string", "string_glob_list", "string_lines"} {
		out = append(out, cost.OverloadTracker(overload, func(args []ref.Val, _ ref.Val) *uint64 {
			reads := uint64(1)
			if text, ok := args[0].(types.String); ok {
				reads += uint64(len(text)) / 4
			}
			return &reads
		}))
	}
	return out
}

// isVetted says whether an expression is a call of oneOf or matchesWhole.
func isVetted(e ast.Expr) bool {
	return e.Kind() == ast.CallKind && slices.Contains([]string{oneOf, matchesWhole}, e.AsCall().FunctionName())
}

// literalFinding is about a literal of CEL's that can't be read, which begins at the finding.
func literalFinding(text, function string, f finding) finding {
	rest := []rune(text)[min(f.offset, len([]rune(text))):]
	written := string(rest[:min(1, len(rest))])
	if len(rest) > 1 {
		if end := strings.IndexRune(string(rest[1:]), rest[0]); end >= 0 {
			written = string(rest[:1]) + string(rest[1:])[:end+1]
		}
	}
	f.message, f.length = function+"() can't read "+written, len([]rune(written))
	f.hint = literalHint(function, strings.Trim(written, `"'`))
	return f
}

// literalHint says how a literal of CEL's is written that can't be read.
func literalHint(function, text string) string {
	switch function {
	case "duration":
		var days int
		if n, _ := fmt.Sscanf(text, "%d d", &days); n == 1 && strings.Contains(text, "d") && days > 0 && days < 36500 {
			return fmt.Sprintf(`hours, minutes and seconds: duration("%dh")`, days*24)
		}
		return `hours, minutes and seconds, as in duration("36h") or duration("1h30m")`
	case "timestamp":
		return `as in timestamp("` + time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC).Format(time.RFC3339) + `")`
	}
	return "a regular expression of RE2"
}
