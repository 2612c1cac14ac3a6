package main

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"verdict/taskcluster/codegenerator/model"
	"verdict/taskcluster/scopes"
)

// writeExchanges writes the table of all exchanges and of what their messages
// are made of.
func writeExchanges(files map[string][]byte, sources []*source) error {
	f := newFile("exchanges")
	w := &tableWriter{file: f, wrote: map[string]bool{}}
	for _, s := range sources {
		name, doc := "All", "All are today's exchanges, by service."
		if s.past {
			name, doc = "Past", "Past are the exchanges of 2018 that are gone, by service."
		}
		f.comment(doc)
		f.printf("var %s = []Exchange{", name)
		for _, service := range s.references.Services {
			for _, e := range service.Exchanges {
				w.exchange(service, e, s)
			}
		}
		f.printf("}\n")
	}
	w.types()
	text, err := f.bytes()
	files["exchanges/table.go"] = text
	return err
}

// tableWriter writes types as values of package exchanges: those of a schema's
// file as variables, that others refer to.
type tableWriter struct {
	file  *gofile
	queue []fileType
	wrote map[string]bool
	depth int
}

type fileType struct {
	variable string
	typ      *model.Type
}

func (w *tableWriter) exchange(service *model.Service, e *model.Exchange, s *source) {
	w.file.printf("{\nName: %q,\nFullName: %q,\nRoutingKey: []Word{", service.Name+"/"+e.Exchange, service.ExchangePrefix+e.Exchange)
	for _, field := range e.RoutingKey {
		text := fmt.Sprintf("{Name: %q", field.Name)
		if field.Required {
			text += ", Required: true"
		}
		if field.MultipleWords {
			text += ", MultipleWords: true"
		}
		if field.Constant != "" {
			text += fmt.Sprintf(", Constant: %q", field.Constant)
		}
		w.file.printf("%s},", text)
	}
	w.file.printf("},\nMessage: %s,\n},", w.refer(s.types.Of(e.Schema)))
}

// refer is a type where it is used: the variable of a file's type, else the type
// itself.
func (w *tableWriter) refer(t *model.Type) string {
	if t.At.Pointer != "" || t.At.File == "" {
		return w.value(t)
	}
	folder, _, _ := strings.Cut(t.At.File, "/")
	variable := model.ParameterName(folder + "-" + strings.TrimSuffix(path.Base(t.At.File), ".json"))
	if !w.wrote[variable] {
		w.wrote[variable] = true
		w.queue = append(w.queue, fileType{variable, t})
	}
	return "&" + variable
}

// types writes the variables, and those that they refer to in turn.
func (w *tableWriter) types() {
	for len(w.queue) > 0 {
		next := w.queue[0]
		w.queue = w.queue[1:]
		w.file.comment(fmt.Sprintf("%s is %s.", next.variable, next.typ.At.File))
		w.file.printf("var %s = %s\n", next.variable, strings.TrimPrefix(w.value(next.typ), "&"))
	}
}

// kinds are what kinds of types are called in package exchanges; Any is left out.
var kinds = map[model.Kind]string{
	model.String: "String", model.Enum: "String", model.Time: "Time", model.Integer: "Integer", model.Number: "Number",
	model.Bool: "Bool", model.List: "List", model.Map: "Map", model.Struct: "Struct", model.Object: "Struct",
}

// value is a type as a literal.
func (w *tableWriter) value(t *model.Type) string {
	w.depth++
	defer func() { w.depth-- }()
	if w.depth > 20 {
		return "&Type{}"
	}
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if kind := kinds[t.Kind]; kind != "" {
		add("Kind: %s", kind)
	}
	if t.Format != "" {
		add("Format: %q", t.Format)
	}
	if len(t.Values) > 0 {
		add("Values: %#v", t.Values)
	}
	if t.Elem != nil {
		add("Elem: %s", w.refer(t.Elem))
	}
	if len(t.Fields) > 0 {
		var b strings.Builder
		for _, field := range t.Fields {
			optional := ""
			if !field.Required {
				optional = "Optional: true, "
			}
			fmt.Fprintf(&b, "{Name: %q, %sType: %s},\n", field.Name, optional, w.refer(field.Type))
		}
		add("Fields: []Field{\n%s}", b.String())
	}
	if t.Open || t.Kind == model.Object {
		add("Open: true")
	}
	if t.Nullable {
		add("Nullable: true")
	}
	if len(t.Variants) > 0 {
		var forms []string
		for _, variant := range t.Variants {
			forms = append(forms, w.refer(variant))
		}
		add("Forms: []*Type{%s}", strings.Join(forms, ", "))
	}
	return "&Type{" + strings.Join(parts, ", ") + "}"
}

// writeMethods writes the table of all methods with what they need.
func writeMethods(files map[string][]byte, sources []*source) error {
	f := newFile("methods")
	f.doc = "Package methods says which methods Taskcluster's services have, and which scopes a caller of each needs. It is data and no more: [scopes.Method] evaluates it on a call."
	path := f.use("verdict/taskcluster/scopes")
	for _, s := range sources {
		name, doc := "All", "All are today's methods, by service."
		if s.past {
			name, doc = "Past", "Past are the methods of the services of 2018 that are gone, by service."
		}
		f.comment(doc)
		f.printf("var %s = []%s.Method{", name, path)
		for _, service := range s.references.Services {
			for _, m := range service.Methods {
				text, err := methodLiteral(s, service, m)
				if err != nil {
					return err
				}
				f.printf("%s,", text)
			}
		}
		f.printf("}\n")
	}
	text, err := f.bytes()
	files["methods/table.go"] = text
	return err
}

func methodLiteral(s *source, service *model.Service, m *model.Method) (string, error) {
	method := &scopes.Method{
		Service: service.Name, Name: m.Name, Verb: m.HTTP, Route: m.Route, Args: m.Args, Query: m.Query,
		Derived: derived[service.Name+"."+m.Name],
	}
	var b strings.Builder
	fmt.Fprintf(&b, "{\nService: %q, Name: %q, Verb: %q, Route: %q", method.Service, method.Name, method.Verb, method.Route)
	for _, list := range []struct {
		name   string
		values []string
	}{{"Args", m.Args}, {"Query", m.Query}} {
		if len(list.values) > 0 {
			fmt.Fprintf(&b, ",\n%s: %#v", list.name, list.values)
		}
	}
	for _, schema := range []struct{ name, file string }{{"Input", m.Input}, {"Output", m.Output}} {
		if schema.file != "" {
			fmt.Fprintf(&b, ",\n%s: %q", schema.name, strings.TrimPrefix(schema.file, service.Name+"/")+"#")
		}
	}
	if m.Scopes != nil {
		expression, err := scopes.ParseExpression(m.Scopes)
		if err != nil {
			return "", fmt.Errorf("%s.%s: %w", service.Name, m.Name, err)
		}
		method.Scopes = expression
		fmt.Fprintf(&b, ",\nScopes: &%s", expressionLiteral("scopes.Expression", expression))
	}
	var payload *model.Type
	if m.Input != "" {
		payload = s.types.Of(m.Input)
	}
	if err := checkDerived(method, payload); err != nil {
		return "", err
	}
	if len(method.Derived) > 0 {
		b.WriteString(",\nDerived: []scopes.Derived{\n")
		for _, d := range method.Derived {
			b.WriteString(derivedLiteral(d) + ",\n")
		}
		b.WriteString("}")
	}
	b.WriteString(",\n}")
	return b.String(), nil
}

// expressionLiteral is an expression as a literal; in a list, where the type is
// known, it is "".
func expressionLiteral(typ string, e *scopes.Expression) string {
	list := func(name string, parts []scopes.Expression) string {
		var b strings.Builder
		fmt.Fprintf(&b, "%s{%s: []scopes.Expression{", typ, name)
		for i := range parts {
			b.WriteString("\n" + expressionLiteral("", &parts[i]) + ",")
		}
		if len(parts) > 0 {
			b.WriteString("\n")
		}
		return b.String() + "}}"
	}
	switch {
	case e.AllOf != nil:
		return list("AllOf", e.AllOf)
	case e.AnyOf != nil:
		return list("AnyOf", e.AnyOf)
	case e.For != "":
		return fmt.Sprintf("%s{For: %q, In: %q, Each: &%s}", typ, e.For, e.In, expressionLiteral("scopes.Expression", e.Each))
	case e.If != "":
		text := fmt.Sprintf("%s{If: %q, Then: &%s", typ, e.If, expressionLiteral("scopes.Expression", e.Then))
		if e.Else != nil {
			text += ", Else: &" + expressionLiteral("scopes.Expression", e.Else)
		}
		return text + "}"
	}
	return fmt.Sprintf("%s{Scope: %s}", typ, strconv.Quote(e.Scope))
}

func derivedLiteral(d scopes.Derived) string {
	text := fmt.Sprintf("{Param: %q, From: %q", d.Param, d.From)
	for _, field := range []struct{ name, value string }{{"Field", d.Field}, {"How", string(d.How)}, {"Absent", d.Absent}} {
		if field.value != "" {
			text += fmt.Sprintf(", %s: %q", field.name, field.value)
		}
	}
	return text + "}"
}
