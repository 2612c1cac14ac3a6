package rules

import (
	"fmt"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// artifact("NAME") is the text of an artifact of the run that an event is of, as CEL's optional. It is written out as a
// look into this map, which no rule can name; what isn't in it yet is fetched, and the rule evaluated again. So an
// artifact is fetched only where a rule comes to the place that names it.
const artifactMap = "@artifacts"

// longestArtifactName is Taskcluster's own limit.
const longestArtifactName = 1024

// WantError says which artifact has to be fetched before the event can be decided: it belongs into Facts["artifacts"], a
// map of texts by name, nil for one that isn't there.
type WantError struct{ Artifact string }

func (w *WantError) Error() string { return "not fetched yet: the artifact " + w.Artifact }

// artifactFunctions are what conditions know beyond CEL.
func artifactFunctions() []cel.EnvOption {
	return []cel.EnvOption{
		cel.Variable(artifactMap, types.NewMapType(types.StringType, types.StringType)),
		cel.Macros(cel.GlobalMacro("artifact", 1, lookedUp)),
		cel.Function("lines", cel.MemberOverload("string_lines", []*cel.Type{cel.StringType}, cel.ListType(cel.StringType), cel.UnaryBinding(linesOf))),
	}
}

// lookedUp writes a call of artifact() out.
func lookedUp(eh cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
	name, ok := "", false
	if args[0].Kind() == ast.LiteralKind {
		name, ok = args[0].AsLiteral().Value().(string)
	}
	if !ok {
		return nil, eh.NewError(args[0].ID(), "artifact() takes a name that is written out")
	}
	if !isArtifactName(name) {
		return nil, eh.NewError(args[0].ID(), fmt.Sprintf("%q is no name of an artifact", name))
	}
	return eh.NewCall(operators.OptIndex, eh.NewIdent(artifactMap), args[0]), nil
}

func isArtifactName(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." {
			return false
		}
	}
	return len(name) <= longestArtifactName && !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' })
}

// linesOf are a text's lines without their ends; an empty last one is none.
func linesOf(v ref.Val) ref.Val {
	text := string(v.(types.String))
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	if text == "" {
		lines = nil
	}
	return types.NewStringList(types.DefaultTypeAdapter, lines)
}

// artifactOf is the name of the artifact that an expression looks up, "" where it doesn't.
func artifactOf(e ast.Expr) string {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != operators.OptIndex {
		return ""
	}
	args := e.AsCall().Args()
	if args[0].Kind() != ast.IdentKind || args[0].AsIdent() != artifactMap {
		return ""
	}
	name, _ := args[1].AsLiteral().Value().(string)
	return name
}

// artifacts looks whether the rule can have the artifacts that it names: its events are of a run, and what isn't public
// was granted.
func (r *ruleLoader) artifacts(uses []access) (refused []finding) {
	for _, use := range uses {
		f := finding{offset: use.offset, length: use.length}
		scope := "queue:get-artifact:" + use.path
		switch {
		case r.unavailable("run") != "":
			f.message = strings.TrimSuffix(r.unavailable("run"), "run") + "artifacts"
		case !strings.HasPrefix(use.path, "public/") && !r.team.unlimited && !r.team.Grants(scope):
			f.message = fmt.Sprintf("%s may not read the artifact %s, %s:%d", r.team.Name, use.path, r.team.file, r.team.Line)
			f.hint = "it takes the scope " + scope
		default:
			continue
		}
		refused = append(refused, f)
	}
	return refused
}

// artifacts are those of an evaluation, by name. CEL looks into it as into a map.
type artifacts struct {
	traits.Mapper
	known map[string]any
	// wanted is the first that was looked for and isn't known yet: what is come to after it may be none of the way.
	wanted string
}

func newArtifacts(known any) *artifacts {
	a := &artifacts{Mapper: types.NewStringStringMap(types.DefaultTypeAdapter, nil)}
	a.known, _ = known.(map[string]any)
	return a
}

// Find gives an artifact's text. One that isn't known yet is taken for absent, and the evaluation for undone.
func (a *artifacts) Find(key ref.Val) (ref.Val, bool) {
	name := string(key.(types.String))
	v, known := a.known[name]
	if !known && a.wanted == "" {
		a.wanted = name
	}
	text, there := v.(string)
	if !there {
		return nil, false
	}
	return types.String(text), true
}

// want is the error of an evaluation that looked for an artifact which isn't known yet.
func (e *evaluation) want() error {
	if e.looked == nil || e.looked.wanted == "" {
		return nil
	}
	return &WantError{Artifact: e.looked.wanted}
}

// shownArtifacts are the artifacts that a condition came to, for its explanation.
func (e *evaluation) shownArtifacts(c condition) []Clause {
	known, _ := e.in.Facts["artifacts"].(map[string]any)
	var out []Clause
	for _, name := range c.artifacts {
		v, fetched := known[name]
		if !fetched {
			continue
		}
		line := Clause{Text: "artifact(" + strconv.Quote(name) + ")", Value: "absent"}
		if text, ok := v.(string); ok {
			line.Held, line.Value = true, show(text)
		}
		out = append(out, line)
	}
	return out
}
