package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"verdict/rules/yamlfile"
)

// outsider says whether an expression's value may hold an outsider's text: not what it is compared with, nor what
// decides between others.
func (a *analysis) outsider(e ast.Expr) bool {
	switch a.ast.GetType(e.ID()).Kind() {
	case types.BoolKind, types.IntKind, types.UintKind, types.DoubleKind, types.TimestampKind, types.DurationKind:
		return false
	}
	switch e.Kind() {
	case ast.IdentKind:
		if i := slices.IndexFunc(a.lets, func(l let) bool { return l.name == e.AsIdent() }); i >= 0 {
			return a.lets[i].outsider
		}
		f := fieldNamed(facts, e.AsIdent())
		return f != nil && f.Outsider
	case ast.SelectKind:
		f := a.tableField(e)
		return f != nil && f.Outsider || f == nil && a.outsider(e.AsSelect().Operand())
	case ast.CallKind:
		if artifactOf(e) != "" {
			return true
		}
		if isVetted(e) {
			return false
		}
		args := e.AsCall().Args()
		if e.AsCall().FunctionName() == operators.Conditional {
			args = args[1:]
		}
		return e.AsCall().IsMemberFunction() && a.outsider(e.AsCall().Target()) || slices.ContainsFunc(args, a.outsider)
	case ast.LiteralKind:
		return false
	case ast.ListKind:
		return slices.ContainsFunc(e.AsList().Elements(), a.outsider)
	}
	return true // maps and comprehensions: who knows
}

// values compares a text with the closed list of what a field can be.
func (a *analysis) values(of, with ast.Expr) {
	f := a.tableField(of)
	if f == nil || len(f.Values) == 0 || with.Kind() != ast.LiteralKind {
		return
	}
	text, ok := with.AsLiteral().(types.String)
	if !ok || slices.Contains(f.Values, string(text)) {
		return
	}
	a.out.findings = append(a.out.findings, finding{
		offset: a.offset(with), length: len([]rune(string(text))) + 2,
		message: fmt.Sprintf("%s is never %q", a.pathOf(of), string(text)), hint: yamlfile.DidYouMean(string(text), f.Values),
	})
}

// zoneOffset is a time zone by its distance from UTC, as CEL reads it.
var zoneOffset = regexp.MustCompile(`^[+-]?([01]?\d|2[0-3]):[0-5]?\d$`)

// zone refuses what is no time zone, or another one on each machine: now.getHours("Europe/Berln").
func (a *analysis) zone(call ast.CallExpr) {
	args := call.Args()
	if !strings.HasPrefix(call.FunctionName(), "get") || len(args) != 1 || args[0].Kind() != ast.LiteralKind {
		return
	}
	text, ok := args[0].AsLiteral().(types.String)
	if !ok || zoneOffset.MatchString(string(text)) {
		return
	}
	if _, err := time.LoadLocation(string(text)); err != nil || text == "Local" || text == "" {
		a.out.findings = append(a.out.findings, finding{
			offset: a.offset(args[0]), length: len([]rune(string(text))) + 2,
			message: fmt.Sprintf("%q is no time zone", string(text)), hint: `"UTC", or one like "Europe/Berlin" or "+02:00"`,
		})
	}
}
