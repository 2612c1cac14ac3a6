package main

import (
	"fmt"
	"strconv"
	"strings"

	"verdict/taskcluster/codegenerator/model"
	"verdict/taskcluster/scopes"
)

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
