package main

import (
	"fmt"
	"strings"

	"verdict/taskcluster/codegenerator/model"
	"verdict/taskcluster/scopes"
)

// comment is a method's: the call, what it takes and answers, the scopes.
func (w *callWriter) comment() (string, error) {
	m, name := w.method, model.ExportedName(w.method.Name)
	var b strings.Builder
	fmt.Fprintf(&b, "%s calls %s of %s: %s %s.", name, m.Name, w.pkg.label(), m.HTTP, m.Route)
	if w.paged() {
		fmt.Fprintf(&b, " It answers one page; %sPages goes through all.", name)
	}
	needs, err := needs(m)
	if err != nil {
		return "", err
	}
	b.WriteString("\n\n" + needs)
	if m.Output == "" && m.HTTP == "GET" {
		b.WriteString("\n\nThe reference says nothing of its answer, which is given as it comes. An address that it answers isn't followed.")
	}
	switch {
	case w.pkg.source.past:
		b.WriteString("\n\nDeprecated: the service is gone.")
	case m.Stability == "deprecated":
		b.WriteString("\n\nDeprecated: its reference says so.")
	case m.Stability == "experimental":
		b.WriteString("\n\nIts reference calls it experimental: it may change.")
	}
	return b.String(), nil
}

// needs says which scopes a method needs: in a sentence, or as a list where
// there is more than one.
func needs(m *model.Method) (string, error) {
	if m.Scopes == nil {
		return "It needs no scopes.", nil
	}
	e, err := scopes.ParseExpression(m.Scopes)
	if err != nil {
		return "", fmt.Errorf("scopes: %w", err)
	}
	for len(e.AllOf) == 1 || len(e.AnyOf) == 1 {
		e = &append(e.AllOf, e.AnyOf...)[0]
	}
	switch {
	case len(e.AllOf) > 0:
		return "It needs all of these scopes:" + items(e.AllOf), nil
	case len(e.AnyOf) > 0:
		return "It needs one of these scopes:" + items(e.AnyOf), nil
	case e.AllOf != nil:
		return "It needs no scopes.", nil
	case e.Scope != "":
		return "It needs the scope " + e.Scope + ".", nil
	}
	return "It needs the scopes " + inText(e) + ".", nil
}

// items lists expressions, each on its line: lists within lists don't show in
// documentation.
func items(parts []scopes.Expression) string {
	var b strings.Builder
	for i := range parts {
		b.WriteString("\n  - " + inText(&parts[i]))
	}
	return b.String()
}

// inText is an expression in a line.
func inText(e *scopes.Expression) string {
	join := func(parts []scopes.Expression, word string) string {
		texts := make([]string, len(parts))
		for i := range parts {
			texts[i] = inText(&parts[i])
			if len(parts) > 1 && parts[i].Scope == "" {
				texts[i] = "(" + texts[i] + ")"
			}
		}
		return strings.Join(texts, " "+word+" ")
	}
	switch {
	case len(e.AllOf) > 0:
		return join(e.AllOf, "and")
	case len(e.AnyOf) > 0:
		return join(e.AnyOf, "or")
	case e.AllOf != nil:
		return "nothing"
	case e.AnyOf != nil:
		return "what nobody has"
	case e.For != "":
		return fmt.Sprintf("%s for each %s in %s", inText(e.Each), e.For, e.In)
	case e.If != "" && e.Else != nil:
		return fmt.Sprintf("%s if %s, else %s", inText(e.Then), e.If, inText(e.Else))
	case e.If != "":
		return fmt.Sprintf("%s if %s", inText(e.Then), e.If)
	}
	return e.Scope
}
