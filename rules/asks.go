package rules

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// ask is what an expression asks of one field wherever it holds: to be one of some values, or none of them. Values are
// literals as written, "failed" or 3 or true. One without a path can't hold at all.
type ask struct {
	path string
	// closed are all values that the field has, where that is known.
	closed         []string
	in, not        []string
	offset, length int
}

// asks are what an expression asks if it is what is said.
func (a *analysis) asks(e ast.Expr, holds bool) []ask {
	switch e.Kind() {
	case ast.LiteralKind:
		if value, ok := e.AsLiteral().(types.Bool); ok && bool(value) != holds {
			return []ask{a.never(e)}
		}
	case ast.IdentKind, ast.SelectKind:
		if a.ast.GetType(e.ID()).Kind() == types.BoolKind {
			return a.ask(e, []string{fmt.Sprint(holds)}, true)
		}
	case ast.CallKind:
		return a.asksOfCall(e, holds)
	}
	return nil
}

func (a *analysis) asksOfCall(e ast.Expr, holds bool) []ask {
	args := e.AsCall().Args()
	switch e.AsCall().FunctionName() {
	case operators.LogicalNot:
		return a.asks(args[0], !holds)
	case operators.LogicalAnd, operators.LogicalOr:
		left, right := a.asks(args[0], holds), a.asks(args[1], holds)
		if holds == (e.AsCall().FunctionName() == operators.LogicalAnd) {
			return append(left, right...)
		}
		return eitherAsk(left, right)
	case operators.Equals, operators.NotEquals:
		equal := holds == (e.AsCall().FunctionName() == operators.Equals)
		if args[0].Kind() == ast.LiteralKind {
			args = []ast.Expr{args[1], args[0]}
		}
		values, ok := literals(args[1:])
		if !ok {
			return nil
		}
		if first, ok := literals(args[:1]); ok { // two literals
			if (first[0] == values[0]) != equal {
				return []ask{a.never(e)}
			}
			return nil
		}
		return a.ask(args[0], values, equal)
	case operators.In:
		if args[1].Kind() != ast.ListKind {
			return nil
		}
		if values, ok := literals(args[1].AsList().Elements()); ok {
			return a.ask(args[0], values, holds)
		}
	}
	return nil
}

// ask is one about a field that is the same throughout a decision; none where it isn't.
func (a *analysis) ask(of ast.Expr, values []string, in bool) []ask {
	p := a.pathOf(of)
	if p == "" || strings.ContainsAny(p, "[?@") || of.Kind() == ast.SelectKind && of.AsSelect().IsTestOnly() {
		return nil
	}
	switch a.ast.GetType(of.ID()).Kind() {
	case types.StringKind, types.IntKind, types.BoolKind:
	case types.DynKind: // 1 and 1.0 are equal then, but a text equals itself alone
		if slices.ContainsFunc(values, func(v string) bool { return v[0] != '"' }) {
			return nil
		}
	default:
		return nil
	}
	out := ask{path: p, offset: a.offset(of), length: len([]rune(p))}
	if f := a.tableField(of); f != nil {
		out.closed = quotedAll(f.Values)
	}
	for of.Kind() == ast.SelectKind { // CEL's place of a field is its dot
		of = of.AsSelect().Operand()
		out.offset = a.offset(of)
	}
	if in {
		out.in = values
	} else {
		out.not = values
	}
	return []ask{out}
}

func quotedAll(texts []string) (out []string) {
	for _, text := range texts {
		out = append(out, fmt.Sprintf("%q", text))
	}
	return out
}

func (a *analysis) never(e ast.Expr) ask { return ask{offset: a.offset(e), length: 1} }

func literals(list []ast.Expr) (values []string, ok bool) {
	for _, e := range list {
		if e.Kind() != ast.LiteralKind {
			return nil, false
		}
		switch value := e.AsLiteral().(type) {
		case types.String:
			values = append(values, fmt.Sprintf("%q", string(value)))
		case types.Int, types.Bool:
			values = append(values, fmt.Sprint(value.Value()))
		default:
			return nil, false
		}
	}
	return values, true
}

// eitherAsk is what is asked where one of two sides has to hold.
func eitherAsk(x, y []ask) []ask {
	if slices.ContainsFunc(x, ask.impossible) {
		return y
	}
	if slices.ContainsFunc(y, ask.impossible) {
		return x
	}
	var out []ask
	for _, one := range x {
		for _, other := range y {
			if one.path == other.path && one.not == nil && other.not == nil {
				one.in = append(slices.Clone(one.in), other.in...)
				out = append(out, one)
			}
		}
	}
	return out
}

func (k ask) impossible() bool { return k.path == "" }
