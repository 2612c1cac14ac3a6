package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"verdict/rules/yamlfile"
)

// Limits of one condition. maxCost is in CEL's units, roughly one for each step and for each ten characters
// looked at: thousands of files may be looked at, but not each against each.
const (
	maxExpression = 4000
	maxNesting    = 64
	maxRegexp     = 2000
	maxCost       = 2_000_000
)

// condition is a CEL expression of a rule: a clause, a `while` or a `let`.
type condition struct {
	text string
	line int
	*expression
}

// expression is a compiled text. Rules that write the same text share it.
type expression struct {
	source string
	in     scope
	ready  *programs
	result *types.Type
	// facts and lets are the names that it uses, paths the fields of facts, for the explanation.
	facts, lets []string
	paths       []fieldPath
	// artifacts are those that it names.
	artifacts []string
	// outsider says whether it may hold an outsider's text, loops that it goes through a list.
	outsider, loops bool
}

// finding is what is wrong with an expression, at an offset counted in characters.
type finding struct {
	offset, length int
	message, hint  string
}

// compiled is an expression while files are loaded.
type compiled struct {
	*expression
	findings []finding
	// requires are fields that may be absent and that nothing in the expression guards, provides those that
	// are there if it holds.
	requires []access
	provides []string
	// tests are the fields that have to be certain texts if the expression holds.
	tests []test
	// asks are what it asks of fields wherever it holds.
	asks []ask
	// uses are the facts with the place where each is named first.
	uses []access
	// fetches are the artifacts, with the place where each is named first.
	fetches []access
}

// access is where a field or a fact is named.
type access struct {
	path   string
	absent string
	offset int
	length int
}

// compiler compiles each text once.
type compiler struct {
	messages *Messages
	ready    *programs
	// types are all that have fields.
	types map[string][]Field
	envs  map[string]*cel.Env
	done  map[string]*compiled
}

func newCompiler(messages *Messages) (*compiler, error) {
	if _, err := sharedEnv(); err != nil {
		return nil, fmt.Errorf("build the CEL environment: %w", err)
	}
	return &compiler{messages: messages, ready: newPrograms(messages), types: messages.types(), envs: map[string]*cel.Env{}, done: map[string]*compiled{}}, nil
}

// scope is what an expression may name beside the facts.
type scope struct {
	// event is the type of `event`.
	event string
	lets  []let
}

// compile reads an expression.
func (c *compiler) compile(text string, in scope) *compiled {
	key := in.signature() + "\x00" + text
	if done, ok := c.done[key]; ok {
		return done
	}
	done := c.fresh(text, in)
	c.done[key] = done
	return done
}

func (s scope) signature() string {
	if s.event == dyn && len(s.lets) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(s.event + ";")
	for _, l := range s.lets {
		fmt.Fprintf(&b, "%s %s;", l.name, l.result)
	}
	return b.String()
}

func (c *compiler) env(in scope) (*cel.Env, error) {
	signature := in.signature()
	if env, ok := c.envs[signature]; ok {
		return env, nil
	}
	env, err := in.env(c.messages)
	if err != nil {
		return nil, err
	}
	c.envs[signature] = env
	return env, nil
}

// env knows the names of a scope.
func (s scope) env(messages *Messages) (*cel.Env, error) {
	env, err := sharedEnv()
	if s.event != dyn {
		env, err = eventEnv(messages, s.event)
	}
	if err != nil {
		return nil, fmt.Errorf("build the CEL environment of %s: %w", s.event, err)
	}
	if len(s.lets) == 0 {
		return env, nil
	}
	options := make([]cel.EnvOption, len(s.lets))
	for i, l := range s.lets {
		options[i] = cel.Variable(l.name, l.result)
	}
	if env, err = env.Extend(options...); err != nil {
		return nil, fmt.Errorf("extend the CEL environment: %w", err)
	}
	return env, nil
}

func (c *compiler) fresh(text string, in scope) *compiled {
	out := &compiled{expression: &expression{source: text, in: in, ready: c.ready}}
	env, err := c.env(in)
	if err != nil {
		out.findings = []finding{{message: err.Error()}}
		return out
	}
	parsed, issues := env.Parse(text)
	if issues.Err() != nil {
		out.findings = syntaxFindings(text, issues)
		return out
	}
	checked, issues := env.Check(parsed)
	if issues.Err() != nil {
		out.findings = c.typeFindings(text, parsed, issues, in)
		return out
	}
	out.result = checked.OutputType()
	analyze(checked, c.types, in.lets, out)
	if _, err := programOf(env, checked, out.loops); err != nil {
		out.findings = append(out.findings, finding{length: len(text), message: strings.TrimSpace(err.Error())})
	}
	return out
}

func syntaxFindings(text string, issues *cel.Issues) []finding {
	e := issues.Errors()[0] // what follows the first is mostly its consequence
	message, _, _ := strings.Cut(strings.TrimPrefix(e.Message, "Syntax error: "), " expecting ")
	f := finding{offset: offsetAt(text, e.Location.Line(), e.Location.Column()), length: 1, message: "not CEL: " + message}
	switch {
	case strings.Contains(message, "artifact"): // a macro of ours
		f.message, f.hint = message, `as in artifact("public/result.txt")`
	case ofFunctions.MatchString(message):
		f.message = message
	case strings.Contains(text, " and ") || strings.Contains(text, " or ") || strings.Contains(text, " not "):
		f.hint = "CEL writes && || !"
	case strings.Contains(message, "'="):
		f.hint = "CEL compares with =="
	}
	return []finding{f}
}

// offsetAt is where a place of the expression is, in characters from its beginning.
func offsetAt(text string, line, column int) int {
	offset := 0
	for i, l := range strings.Split(text, "\n") {
		if i+1 == line {
			break
		}
		offset += len([]rune(l)) + 1
	}
	return offset + column
}

var (
	ofFunctions    = regexp.MustCompile(`^(?:` + oneOf + `|` + matchesWhole + `|` + globMember + `)\(\) `)
	badLiteral     = regexp.MustCompile(`^invalid (duration|timestamp|matches) argument$`)
	undefinedField = regexp.MustCompile(`^undefined field '(.*)'$`)
	undeclared     = regexp.MustCompile(`^undeclared reference to '([^']*)'`)
	optional       = regexp.MustCompile(`optional_type\((\w+)\)`)
	noOverload     = regexp.MustCompile(`^found no matching overload for '([^']*)' applied to '(.*)'$`)
)

func (c *compiler) typeFindings(text string, parsed *cel.Ast, issues *cel.Issues, in scope) []finding {
	var out []finding
	names := fieldNames(facts)
	for _, l := range in.lets {
		names = append(names, l.name)
	}
	seen := map[string]bool{}
	for _, e := range issues.Errors() {
		f := finding{offset: offsetAt(text, e.Location.Line(), e.Location.Column()), length: 1, message: strings.ReplaceAll(e.Message, typePrefix, "")}
		if m := undefinedField.FindStringSubmatch(e.Message); m != nil {
			f = c.unknownField(text, parsed, e.ExprID, m[1], in.event, f)
		} else if m := undeclared.FindStringSubmatch(e.Message); m != nil {
			f.message, f.length = m[1]+": no such name", len([]rune(m[1]))
			f.hint = c.unknownName(m[1], names)
		} else if m := badLiteral.FindStringSubmatch(e.Message); m != nil {
			f = literalFinding(text, m[1], f)
		} else if m := noOverload.FindStringSubmatch(e.Message); m != nil {
			f.message = operandsMessage(m[1], strings.ReplaceAll(m[2], typePrefix, ""))
			if strings.Contains(m[2], "optional_type(") {
				f.hint = "what may be absent is asked with .hasValue(), or read with .orValue(…)"
			}
		}
		if !seen[f.message] {
			seen[f.message] = true
			out = append(out, f)
		}
	}
	return out
}

func (c *compiler) unknownName(name string, names []string) string {
	if name == "len" {
		return "CEL's is size(), len() is JSON-e's"
	}
	if paths := pathsTo(c.types, name); paths != "" && yamlfile.Nearest(name, names) == "" {
		return paths
	}
	return yamlfile.DidYouMean(name, names)
}

func operandsMessage(function, operands string) string {
	operands = strings.TrimSuffix(strings.TrimPrefix(optional.ReplaceAllString(operands, "optional $1"), "("), ")")
	operands, _, _ = strings.Cut(operands, ".(") // of what is called on something, that is what matters
	if operator := strings.Trim(function, "_"); operator != function {
		return fmt.Sprintf("%s can't be used on %s", strings.Trim(operator, "@"), strings.Replace(operands, ", ", " and ", 1))
	}
	if strings.HasPrefix(function, "@") {
		return fmt.Sprintf("%s can't be used on %s", strings.TrimPrefix(function, "@"), strings.Replace(operands, ", ", " and ", 1))
	}
	return fmt.Sprintf("%s() can't be used on %s", function, operands)
}

// isBool says whether an expression can be a clause. What is dyn is asked at run time.
func (e *expression) isBool() bool {
	return e.result == nil || e.result.IsExactType(types.BoolType) || e.result.IsExactType(types.DynType)
}

func appendNew(list []string, word string) []string {
	if slices.Contains(list, word) {
		return list
	}
	return append(list, word)
}
