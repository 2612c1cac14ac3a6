package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// fieldPath names a field of a fact: run.started.
type fieldPath []string

// String is the path as written.
func (p fieldPath) String() string { return strings.Join(p, ".") }

// analysis goes over a checked expression for what CEL's checker doesn't know: fields that may be absent, closed
// lists of values, which facts are used.
type analysis struct {
	ast  *ast.AST
	text []rune
	// types are all that have fields.
	types map[string][]Field
	lets  []let
	out   *compiled
	// loops are the variables of comprehensions, with the path that they go through.
	loops map[string]string
}

func analyze(checked *cel.Ast, types map[string][]Field, lets []let, out *compiled) {
	a := &analysis{ast: checked.NativeRep(), text: []rune(checked.Source().Content()), types: types, lets: lets, out: out, loops: map[string]string{}}
	root := a.ast.Expr()
	a.visit(root, nil)
	out.outsider = a.outsider(root)
	for p := range a.guards(root, true) {
		out.provides = append(out.provides, p)
	}
	slices.Sort(out.provides)
	out.tests = a.tests(root)
	out.asks = a.asks(root, true)
	slices.Sort(out.facts)
}

func (a *analysis) offset(e ast.Expr) int {
	if r, ok := a.ast.SourceInfo().GetOffsetRange(e.ID()); ok {
		return int(r.Start)
	}
	return 0
}

// pathOf is the path of a chain of fields and indices that begins with a name, or "": task.runs[run.id].state.
func (a *analysis) pathOf(e ast.Expr) string {
	switch e.Kind() {
	case ast.IdentKind:
		if through, ok := a.loops[e.AsIdent()]; ok {
			return through
		}
		return e.AsIdent()
	case ast.SelectKind:
		if operand := a.pathOf(e.AsSelect().Operand()); operand != "" {
			return operand + "." + e.AsSelect().FieldName()
		}
	case ast.CallKind:
		args := e.AsCall().Args()
		if e.AsCall().FunctionName() != operators.Index {
			return ""
		}
		if operand, at := a.pathOf(args[0]), a.indexOf(args[1]); operand != "" && at != "" {
			return operand + "[" + at + "]"
		}
	}
	return ""
}

func (a *analysis) indexOf(e ast.Expr) string {
	if e.Kind() == ast.LiteralKind {
		return fmt.Sprintf("%#v", e.AsLiteral().Value())
	}
	return a.pathOf(e)
}

// guards are the paths that are there if the expression is what is said.
func (a *analysis) guards(e ast.Expr, holds bool) map[string]bool {
	switch e.Kind() {
	case ast.SelectKind:
		if e.AsSelect().IsTestOnly() && holds {
			if p := a.pathOf(e); p != "" {
				return map[string]bool{p: true}
			}
		}
	case ast.CallKind:
		args := e.AsCall().Args()
		switch e.AsCall().FunctionName() {
		case operators.LogicalNot:
			return a.guards(args[0], !holds)
		case operators.LogicalAnd:
			return combine(a.guards(args[0], holds), a.guards(args[1], holds), holds)
		case operators.LogicalOr:
			return combine(a.guards(args[0], holds), a.guards(args[1], holds), !holds)
		}
	}
	return nil
}

// combine joins what two parts guard: all of it if both are as said, what they share if only one is.
func combine(x, y map[string]bool, both bool) map[string]bool {
	out := map[string]bool{}
	for p := range x {
		if both || y[p] {
			out[p] = true
		}
	}
	for p := range y {
		if both {
			out[p] = true
		}
	}
	return out
}

func plus(known, more map[string]bool) map[string]bool {
	if len(more) == 0 {
		return known
	}
	return combine(known, more, true)
}

func (a *analysis) visit(e ast.Expr, known map[string]bool) {
	switch e.Kind() {
	case ast.IdentKind:
		a.name(e)
	case ast.SelectKind:
		a.field(e, known, true)
	case ast.CallKind:
		a.call(e, known)
	case ast.ListKind:
		for _, item := range e.AsList().Elements() {
			a.visit(item, known)
		}
	case ast.MapKind:
		for _, entry := range e.AsMap().Entries() {
			a.visit(entry.AsMapEntry().Key(), known)
			a.visit(entry.AsMapEntry().Value(), known)
		}
	case ast.StructKind:
		for _, field := range e.AsStruct().Fields() {
			a.visit(field.AsStructField().Value(), known)
		}
	case ast.ComprehensionKind:
		a.comprehension(e.AsComprehension(), known)
	}
}

func (a *analysis) comprehension(c ast.ComprehensionExpr, known map[string]bool) {
	a.out.loops = true
	a.visit(c.IterRange(), known)
	a.visit(c.AccuInit(), known)
	before, shadowed := a.loops[c.IterVar()]
	through := a.pathOf(c.IterRange())
	if through == "" {
		through = "?"
	}
	a.loops[c.IterVar()] = through + "[]"
	a.loops[c.AccuVar()] = "?"
	a.visit(c.LoopCondition(), known)
	a.visit(c.LoopStep(), known)
	a.visit(c.Result(), known)
	delete(a.loops, c.AccuVar())
	if delete(a.loops, c.IterVar()); shadowed {
		a.loops[c.IterVar()] = before
	}
}

func (a *analysis) call(e ast.Expr, known map[string]bool) {
	call := e.AsCall()
	args := call.Args()
	if name := artifactOf(e); name != "" && !slices.Contains(a.out.artifacts, name) {
		a.out.artifacts = append(a.out.artifacts, name)
		a.out.fetches = append(a.out.fetches, access{path: name, offset: a.offset(args[1]), length: len(name) + 2})
	}
	a.zone(call)
	switch call.FunctionName() {
	case operators.LogicalAnd: // an error on one side doesn't count if the other is false, whatever the order
		a.visit(args[0], plus(known, a.guards(args[1], true)))
		a.visit(args[1], plus(known, a.guards(args[0], true)))
		return
	case operators.LogicalOr:
		a.visit(args[0], plus(known, a.guards(args[1], false)))
		a.visit(args[1], plus(known, a.guards(args[0], false)))
		return
	case operators.Conditional:
		a.visit(args[0], known)
		a.visit(args[1], plus(known, a.guards(args[0], true)))
		a.visit(args[2], plus(known, a.guards(args[0], false)))
		return
	case operators.Equals, operators.NotEquals:
		a.values(args[0], args[1])
		a.values(args[1], args[0])
	case operators.In:
		if args[1].Kind() == ast.ListKind {
			for _, item := range args[1].AsList().Elements() {
				a.values(args[0], item)
			}
		}
	}
	if call.IsMemberFunction() {
		a.visit(call.Target(), known)
	}
	for _, arg := range args {
		a.visit(arg, known)
	}
}

func (a *analysis) name(e ast.Expr) {
	name := e.AsIdent()
	if _, loop := a.loops[name]; loop {
		return
	}
	if slices.ContainsFunc(a.lets, func(l let) bool { return l.name == name }) {
		a.out.lets = appendNew(a.out.lets, name)
		return
	}
	f := fieldNamed(facts, name)
	if f == nil {
		return
	}
	if !slices.Contains(a.out.facts, name) {
		a.out.facts = append(a.out.facts, name)
		a.out.uses = append(a.out.uses, access{path: name, offset: a.offset(e), length: len(name)})
	}
}

// field looks at a selection. Of a chain of fields only the whole is a path of the explanation.
func (a *analysis) field(e ast.Expr, known map[string]bool, whole bool) {
	sel := e.AsSelect()
	p := a.pathOf(e)
	if whole {
		a.remember(p)
	}
	if f := a.tableField(e); f != nil {
		if f.Absent != "" && !sel.IsTestOnly() && !known[p] {
			at := a.fieldOffset(e)
			a.out.requires = append(a.out.requires, access{path: cmp.Or(p, "?."+f.Name), absent: f.Absent, offset: at, length: len([]rune(f.Name))})
		}
	}
	if sel.Operand().Kind() == ast.SelectKind {
		a.field(sel.Operand(), known, p == "")
		return
	}
	a.visit(sel.Operand(), known)
}

func (a *analysis) remember(p string) {
	if p == "" || strings.Contains(p, "[") || strings.Contains(p, "?") || strings.HasPrefix(p, "@") {
		return
	}
	words := fieldPath(strings.Split(p, "."))
	if fieldNamed(facts, words[0]) == nil || slices.ContainsFunc(a.out.paths, func(q fieldPath) bool { return slices.Equal(q, words) }) {
		return
	}
	a.out.paths = append(a.out.paths, words)
}

// tableField is the row of the table that a field selection is about, nil where its operand has no such type.
func (a *analysis) tableField(e ast.Expr) *Field {
	if e.Kind() != ast.SelectKind {
		return nil
	}
	t := a.ast.GetType(e.AsSelect().Operand().ID())
	if t == nil || t.Kind() != types.StructKind {
		return nil
	}
	return fieldNamed(a.types[strings.TrimPrefix(t.TypeName(), typePrefix)], e.AsSelect().FieldName())
}

// fieldOffset is where the field's name begins: CEL's place is that of the dot.
func (a *analysis) fieldOffset(e ast.Expr) int { return afterDot(a.text, a.offset(e)) }

func afterDot(text []rune, at int) int {
	for at < len(text) && strings.ContainsRune(".? \n", text[at]) {
		at++
	}
	return at
}

// unknownField says which field somebody may have meant. The expression isn't checked, so the types are looked up
// again here.
func (c *compiler) unknownField(text string, parsed *cel.Ast, id int64, field, event string, f finding) finding {
	tree := parsed.NativeRep()
	loops := map[string]string{"event": event}
	var found ast.Expr
	ast.PreOrderVisit(tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.ComprehensionKind {
			loops[e.AsComprehension().IterVar()] = elementOf(c.typeIn(e.AsComprehension().IterRange(), loops))
		}
		if e.ID() == id {
			found = e
		}
	}))
	f.message = field + ": no such field"
	f.length = len([]rune(field))
	runes := []rune(text)
	if found == nil || found.Kind() != ast.SelectKind {
		return f
	}
	f.offset = afterDot(runes, f.offset)
	operand := found.AsSelect().Operand()
	a := analysis{loops: map[string]string{}}
	if p := a.pathOf(operand); p != "" {
		f.message = p + "." + f.message
	}
	f.hint = fieldHint(c.types, c.typeIn(operand, loops), field)
	return f
}

// typeIn is the table's type of an expression, as far as it is a chain of fields.
func (c *compiler) typeIn(e ast.Expr, loops map[string]string) string {
	switch e.Kind() {
	case ast.IdentKind:
		if t, ok := loops[e.AsIdent()]; ok {
			return t
		}
		if f := fieldNamed(facts, e.AsIdent()); f != nil {
			return f.Type
		}
	case ast.SelectKind:
		if f := fieldNamed(c.types[c.typeIn(e.AsSelect().Operand(), loops)], e.AsSelect().FieldName()); f != nil {
			return f.Type
		}
	}
	return ""
}

func elementOf(list string) string {
	inner, ok := strings.CutPrefix(list, "list<")
	if !ok {
		return ""
	}
	return strings.TrimSuffix(inner, ">")
}
