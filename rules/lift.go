package rules

import (
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// test is what a clause asks of one text wherever it holds: to be one of these. Where it is another, the clause is
// false, whatever else is in it.
type test struct {
	path   fieldPath
	values []string
	// free says that the last word is a free key, where an absent one reads as "".
	free bool
}

// tests are what a clause asks of texts.
func (a *analysis) tests(e ast.Expr) []test {
	if e.Kind() != ast.CallKind {
		return nil
	}
	args := e.AsCall().Args()
	switch e.AsCall().FunctionName() {
	case operators.LogicalAnd:
		return append(a.tests(args[0]), a.tests(args[1])...)
	case operators.LogicalOr:
		return either(a.tests(args[0]), a.tests(args[1]))
	case operators.Equals:
		if args[0].Kind() == ast.LiteralKind {
			args = []ast.Expr{args[1], args[0]}
		}
		return a.test(args[0], args[1:])
	case operators.In:
		if args[1].Kind() == ast.ListKind {
			return a.test(args[0], args[1].AsList().Elements())
		}
	}
	return nil
}

func (a *analysis) test(of ast.Expr, values []ast.Expr) []test {
	p := a.pathOf(of)
	if of.Kind() != ast.SelectKind || of.AsSelect().IsTestOnly() || p == "" || strings.Contains(p, "[") {
		return nil
	}
	t := test{path: strings.Split(p, "."), free: a.ast.GetType(of.AsSelect().Operand().ID()).Kind() == types.MapKind}
	for _, v := range values {
		if v.Kind() != ast.LiteralKind {
			return nil
		}
		text, ok := v.AsLiteral().(types.String)
		if !ok {
			return nil
		}
		t.values = appendNew(t.values, string(text))
	}
	return []test{t}
}

// either is what is asked where one of two sides has to hold: what both ask of the same text.
func either(x, y []test) []test {
	var out []test
	for _, t := range x {
		for _, u := range y {
			if !slices.Equal(t.path, u.path) {
				continue
			}
			both := test{path: t.path, free: t.free, values: slices.Clone(t.values)}
			for _, v := range u.values {
				both.values = appendNew(both.values, v)
			}
			out = append(out, both)
		}
	}
	return out
}

// lifted is a test of a clause on the payload.
type lifted struct {
	test
	// clause is the clause's place in the rule.
	clause int
}

// lift notes what a clause asks of an event's payload, so that the index can ask it before the rule is looked at.
func (t *Trigger) lift(clause int, tests []test) {
	for _, asked := range tests {
		if len(asked.values) == 1 {
			t.compare(asked.path.String(), asked.values[0])
		}
		if p := t.inPayload(asked.path); p != nil {
			asked.path = p
			t.lifted = append(t.lifted, lifted{test: asked, clause: clause})
		}
	}
}

// ofStatus are the fields of a task that its messages tell in `status`, by their name there. They never change.
var ofStatus = map[string]string{
	"taskQueueId": "taskQueueId", "provisionerId": "provisionerId", "workerType": "workerType",
	"schedulerId": "schedulerId", "projectId": "projectId", "groupId": "taskGroupId",
}

// inPayload is where the payload tells a field for good; nil where it doesn't.
func (t *Trigger) inPayload(p fieldPath) fieldPath {
	switch {
	case p[0] == "event":
		return p[1:]
	case t.onChanges() && slices.Equal(p, fieldPath{"change", "project"}):
		return p
	case p[0] != "task" || !slices.Contains(factsOf(*t), "task"):
		return nil
	case len(p) == 3 && p[1] == "tags":
		return p
	case len(p) == 2 && ofStatus[p[1]] != "":
		return fieldPath{"status", ofStatus[p[1]]}
	}
	return nil
}

// Payload gives the texts of an event's payload.
type Payload interface {
	// Text is what stands at a path of keys.
	Text(path []string) (string, Found)
}

// Found says what stands at a path of a payload.
type Found uint8

// What may be found.
const (
	// Something is there that is no text, or the way to it leads through something that is no object, or it
	// can't be said.
	Something Found = iota
	// Text is a text.
	Text
	// NoKey is nothing, in an object.
	NoKey
)

// Decoded is a payload as Input.Event has it.
type Decoded struct{ Event any }

// Text is what stands at a path of keys.
func (d Decoded) Text(path []string) (string, Found) {
	v := d.Event
	for i, key := range path {
		object, ok := v.(map[string]any)
		if !ok {
			return "", Something
		}
		if v, ok = object[key]; !ok && i == len(path)-1 {
			return "", NoKey
		}
	}
	text, ok := v.(string)
	if !ok {
		return "", Something
	}
	return text, Text
}

// text is the text that a test is about; false where none is known, so that the clause itself has to be asked.
func (t *test) text(p Payload) (string, bool) {
	if p == nil {
		return "", false
	}
	text, found := p.Text(t.path)
	return text, found == Text || found == NoKey && t.free
}

// denied is the first clause that is false by a text of the payload.
func (t *Trigger) denied(p Payload) (clause int, ok bool) {
	clause = -1
	for i := range t.lifted {
		l := &t.lifted[i]
		text, known := l.text(p)
		if known && !slices.Contains(l.values, text) && (clause < 0 || l.clause < clause) {
			clause = l.clause
		}
	}
	return clause, clause >= 0
}
