package rules

import (
	"errors"
	"strings"

	"verdict/rules/jsone"
	"verdict/rules/yamlfile"
)

// template is a text or a definition that is sent, with ${…} in it.
type template struct {
	// text is how it begins, file and line where it stands, for errors.
	text, file string
	line       int
	// literal says that it doesn't depend on the event.
	literal bool
	// message says that it is posted.
	message     bool
	facts, lets []string
	// open are the fields that it names and that may be absent: they read as "".
	open []fieldPath
	// outsiders are the paths that lead to somebody else's text. In a message it is made harmless.
	outsiders []fieldPath
	jsone     *jsone.Template
}

// text compiles a single text; nil where something is wrong with it.
func (r *ruleLoader) text(n *yamlfile.Node) *template {
	return r.textOf(n, !strings.Contains(n.Text, " "))
}

// prose compiles what people read: there even one word may have lost the rest.
func (r *ruleLoader) prose(n *yamlfile.Node) *template { return r.textOf(n, false) }

func (r *ruleLoader) textOf(n *yamlfile.Node, word bool) *template {
	switch {
	case n.Get("file") != nil:
		r.refuse(n, "a file can stand for "+strings.Join(fromFile, ", ")+", and nothing else", "write the text here, after |")
	case n.Kind == yamlfile.Mapping && n.Style == yamlfile.Plain && !strings.HasPrefix(n.Rest(), "{"):
		r.refuse(n, "YAML made a mapping of this text, since it holds ': '", "put it in single quotes: '"+strings.ReplaceAll(n.Rest(), "'", "''")+"'")
	case n.Kind == yamlfile.Mapping || n.Kind == yamlfile.Sequence:
		r.refuse(n, "a text is wanted here, not "+n.Kind.String(), "")
	case n.Kind == yamlfile.Null || n.Text == "":
		r.refuse(n, "an empty text", "")
	case n.CutByComment() && (strings.Contains(n.Text, "${") || !n.OrdinaryComment(word)):
		r.refuse(n, "the text is cut short: to YAML, what follows ' #' is a comment", "put it in single quotes: '"+strings.ReplaceAll(n.Rest(), "'", "''")+"'")
	default:
		return r.compileTemplate(n, n.Text, nil)
	}
	return nil
}

// template compiles a value with JSON-e's operators; below the tracked keys an outsider's text is refused.
func (r *ruleLoader) template(n *yamlfile.Node, tracked []string) *template {
	value, problems := n.Value()
	r.problems(problems)
	if len(problems) > 0 {
		return nil
	}
	t := r.compileTemplate(n, value, tracked)
	if t != nil {
		if err := t.jsone.Fails(); err != nil {
			r.templateErrors(n, err)
		}
	}
	return t
}

func (r *ruleLoader) compileTemplate(n *yamlfile.Node, value any, tracked []string) *template {
	compiled, err := jsone.CompileWith(value, checks)
	if err != nil {
		r.templateErrors(n, err)
		return nil
	}
	first, _, _ := strings.Cut(n.Text, "\n")
	t := &template{text: first, file: n.File().Name, line: n.Line, jsone: compiled}
	t.message = tracked == nil
	if !t.message {
		t.text = "the definition of a task"
	}
	r.references(n, t, tracked)
	return t
}

func (r *ruleLoader) templateErrors(n *yamlfile.Node, err error) {
	for _, f := range templateFindings(n, err) {
		r.refuseIn(f.at, f.finding)
	}
}

// templateFinding is a mistake that JSON-e found, and in which text.
type templateFinding struct {
	at *yamlfile.Node
	finding
}

// templateFindings places each mistake that JSON-e found.
func templateFindings(n *yamlfile.Node, err error) (out []templateFinding) {
	list := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		list = joined.Unwrap()
	}
	for _, err := range list {
		var e *jsone.Error
		if !errors.As(err, &e) {
			out = append(out, templateFinding{n, finding{message: err.Error()}})
			continue
		}
		at := follow(n, e.Path)
		out = append(out, templateFinding{at, finding{offset: runesBefore(at.Text, e.Offset), length: 1, message: "JSON-e: " + e.Message, hint: templateHint(e)}})
	}
	return out
}

func templateHint(e *jsone.Error) string {
	if e.Kind == jsone.SyntaxError {
		return "a text that isn't meant for JSON-e writes $${"
	}
	return ""
}

func runesBefore(text string, offset int) int { return len([]rune(text[:min(offset, len(text))])) }

// follow finds the node that a path of the template leads to, or the nearest above it.
func follow(n *yamlfile.Node, path jsone.Path) *yamlfile.Node {
	for _, step := range path {
		next := n
		switch {
		case step.InList && n.Kind == yamlfile.Sequence && step.Index < len(n.Items):
			next = n.Items[step.Index]
		case step.OfKey:
			if key := n.Key(step.Key); key != nil {
				return key
			}
		case !step.InList:
			if v := n.Get(step.Key); v != nil {
				next = v
			}
		}
		if next == n {
			return n
		}
		n = next
	}
	return n
}

// context is what a template sees: the facts and lets that it names, where a field that may be absent reads as "".
func (t *template) context(e *evaluation) (map[string]any, error) {
	out := make(map[string]any, len(t.facts)+len(t.lets))
	for _, name := range t.facts {
		v, ok := e.fact(name)
		if !ok {
			return nil, &missingFact{name}
		}
		out[name] = v
	}
	for _, name := range t.lets {
		v, err := e.let(name)
		if err != nil {
			return nil, err
		}
		out[name] = plainValue(v)
	}
	for _, p := range t.open {
		out[p[0]] = withText(out[p[0]], p[1:])
	}
	if t.message {
		for _, p := range t.outsiders {
			out[p[0]] = cleaned(out[p[0]], p[1:])
		}
	}
	return out, nil
}

// withText gives a value where a path reads as "" if it leads nowhere. What is changed is copied first.
func withText(v any, p []string) any {
	if len(p) == 0 {
		if v == nil {
			return ""
		}
		return v
	}
	m, ok := v.(map[string]any)
	if !ok && v != nil {
		return v
	}
	copied := make(map[string]any, len(m)+1)
	for k, e := range m {
		copied[k] = e
	}
	copied[p[0]] = withText(m[p[0]], p[1:])
	return copied
}
