package rules

import (
	"fmt"
	"slices"
	"strings"

	"verdict/rules/jsone"
	"verdict/rules/yamlfile"
)

// roaming are the operators whose operand can go anywhere below them, by a name of its own.
var roaming = []string{"$let", "$map", "$reduce", "$find", "$sort", "$merge", "$mergeDeep", "$flatten", "$flattenDeep", "$reverse"}

// harmless are the keys of a definition below which an outsider's values may go as they are.
var harmless = []string{"env", "metadata", "tags", "extra"}

// references checks what a template takes from its context, and notes it.
func (r *ruleLoader) references(n *yamlfile.Node, t *template, tracked []string) {
	t.literal = true
	for _, ref := range t.jsone.References() {
		at := follow(n, ref.At)
		name := ref.Path[0]
		t.literal = false
		if i := slices.IndexFunc(r.rule.lets, func(l let) bool { return l.name == name }); i >= 0 {
			t.lets = appendNew(t.lets, name)
			r.track(n, ref, at, r.rule.lets[i].outsider, tracked)
			t.clean(ref.Path, r.rule.lets[i].outsider)
			continue
		}
		if ref.Tested || ref.Perhaps {
			if fieldNamed(facts, name) != nil {
				t.facts = appendNew(t.facts, name)
			}
			continue
		}
		f := fieldNamed(facts, name)
		if f == nil {
			r.refuseReference(at, name, name+": no such name", r.unknownReference(name))
			continue
		}
		if why := r.unavailable(name); why != "" {
			r.refuseReference(at, name, why, "")
			continue
		}
		t.facts = appendNew(t.facts, name)
		outsider := r.fields(at, t, ref, f)
		r.track(n, ref, at, outsider, tracked)
		t.clean(ref.Path, outsider)
	}
	slices.Sort(t.facts)
}

func (r *ruleLoader) unknownReference(name string) string {
	if name == "size" {
		return "size() is CEL's, JSON-e's is len()"
	}
	if checks[name] != nil {
		return "it is called, as in " + name + "(command.args, …)"
	}
	names := fieldNames(facts)
	for _, l := range r.rule.lets {
		names = append(names, l.name)
	}
	if near := yamlfile.Nearest(name, names); near != "" {
		return "did you mean " + near + "?"
	}
	if paths := pathsTo(r.compiler.types, name); paths != "" {
		return fmt.Sprintf("%s what isn't meant for JSON-e is written $${%s}", paths, name)
	}
	return fmt.Sprintf("a name of your own needs a let; what isn't meant for JSON-e is written $${%s}", name)
}

// refuseReference points at a word inside a text.
func (r *ruleLoader) refuseReference(n *yamlfile.Node, word, message, hint string) {
	offset := strings.Index(n.Text, word)
	if last := word[strings.LastIndexByte(word, '.')+1:]; offset < 0 {
		word, offset = last, strings.Index(n.Text, "."+last)+1
	}
	if offset <= 0 {
		r.refuse(n, message, hint)
		return
	}
	r.refuseIn(n, finding{offset: runesBefore(n.Text, offset), length: len([]rune(word)), message: message, hint: hint})
}

// fields follows a path through the table, notes what may be absent, and tells whether an outsider writes what it
// leads to.
func (r *ruleLoader) fields(at *yamlfile.Node, t *template, ref jsone.Reference, f *Field) (outsider bool) {
	typ, outsider := f.Type, f.Outsider
	if f.Name == "event" {
		typ = r.event()
	}
	for i, word := range ref.Path[1:] {
		so := ref.Path[:i+1]
		switch {
		case typ == dyn:
			return true
		case strings.HasPrefix(typ, "list<"):
			if word != jsone.Element {
				r.refuseReference(at, word, fmt.Sprintf("%s is a list, which has no %s", strings.Join(so, "."), word), "")
				return outsider
			}
			typ = elementOf(typ)
			continue
		case typ == "map<string>":
			if word != jsone.Element {
				t.open = append(t.open, slices.Clone(ref.Path[:i+2]))
			}
			return true
		case word == jsone.Element:
			return true
		}
		next := fieldNamed(r.compiler.types[typ], word)
		if next == nil {
			hint := fieldHint(r.compiler.types, typ, word)
			r.refuseReference(at, strings.Join(append(slices.Clone(so), word), "."), fmt.Sprintf("%s.%s: no such field", strings.Join(so, "."), word), hint)
			return outsider
		}
		if next.Absent != "" && !slices.Contains(ref.Path[:i+1], jsone.Element) {
			t.open = append(t.open, slices.Clone(ref.Path[:i+2]))
		}
		typ, outsider = next.Type, next.Outsider
	}
	return outsider || r.compiler.types[typ] != nil && slices.ContainsFunc(r.compiler.types[typ], func(f Field) bool { return f.Outsider })
}

// track refuses an outsider's text where it would run or be allowed something. What is tracked is a key wherever it
// stands, or, with slashes, one place: /payload/address.
func (r *ruleLoader) track(n *yamlfile.Node, ref jsone.Reference, at *yamlfile.Node, outsider bool, tracked []string) {
	if !outsider || ref.Checked || len(tracked) == 0 {
		return
	}
	goes, path := "", ""
	safe := false
	for i, step := range ref.At {
		path += "/" + step.Key
		switch {
		case (slices.Contains(tracked, step.Key) || slices.Contains(tracked, path)) && goes == "":
			goes = step.Key
		case slices.Contains(harmless, step.Key):
			safe = true
		case step.Operator && slices.Contains(roaming, step.Key) && !safe && goes == "":
			goes = computed(follow(n, ref.At[:i]), tracked)
		case step.Operator && step.Key == "$eval" && !safe && goes == "":
			goes = "the definition with its keys"
		}
	}
	if goes == "" {
		return
	}
	r.refuseReference(at, ref.Path[0], fmt.Sprintf("%s may be written by somebody outside the team, so it can't go into %s", ref, goes), mayGo(goes))
}

// mayGo says where such a text may go instead.
func mayGo(instead string) string {
	const through = ", and here only through oneOf() or matchesWhole()"
	switch {
	case strings.Contains(instead, " "):
		return "it may go into env"
	case slices.Contains(tracked, instead):
		return "it may go into env" + through
	}
	return "it may go into what the scopes of the call don't depend on" + through
}

// computed finds a tracked key below a node whose value isn't written out.
func computed(n *yamlfile.Node, tracked []string) string {
	for _, e := range n.Entries {
		named := func(t string) bool { return t[strings.LastIndexByte(t, '/')+1:] == e.Key.Text }
		if slices.ContainsFunc(tracked, named) && isComputed(e.Value) {
			return e.Key.Text
		}
		if found := computed(e.Value, tracked); found != "" {
			return found
		}
	}
	for _, item := range n.Items {
		if found := computed(item, tracked); found != "" {
			return found
		}
	}
	return ""
}

func isComputed(n *yamlfile.Node) bool {
	return strings.Contains(n.Text, "${") || slices.ContainsFunc(n.Items, isComputed) ||
		slices.ContainsFunc(n.Entries, func(e yamlfile.Entry) bool {
			return strings.HasPrefix(e.Key.Text, "$") || isComputed(e.Value)
		})
}

// clean notes that an outsider's text has to be made harmless before it is posted.
func (t *template) clean(p []string, outsider bool) {
	if !outsider {
		return
	}
	if at := slices.Index(p, jsone.Element); at >= 0 {
		p = p[:at]
	}
	t.outsiders = append(t.outsiders, slices.Clone(p))
}
