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
	if m.Scopes != nil {
		b.WriteString(whose(derived[w.pkg.service.Name+"."+m.Name]))
	}
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
	for len(e.AllOf) == 1 {
		e = &e.AllOf[0]
	}
	switch {
	case len(e.AllOf) > 0:
		return "It needs all of these scopes:" + items(e.AllOf, "each"), nil
	case len(e.AnyOf) > 1:
		return "It needs one of these scopes:" + items(e.AnyOf, "any"), nil
	case e.AllOf != nil:
		return "It needs no scopes.", nil
	case e.Scope != "":
		return "It needs the scope " + e.Scope + ".", nil
	}
	return "It needs the scopes " + inText(e, "each") + ".", nil
}

// whose says where parameters of scopes come from that a call doesn't carry.
func whose(derived []scopes.Derived) string {
	owners := []struct {
		from scopes.Origin
		text string
	}{
		{scopes.FromTask, "as the task's definition says"},
		{scopes.FromGroup, "as the task group says"},
		{scopes.FromClient, "beside those that the client has"},
		{scopes.FromRole, "beside those that the role has"},
		{scopes.FromNowhere, "known to the service alone"},
	}
	var b strings.Builder
	for _, owner := range owners {
		var names []string
		for _, d := range derived {
			if d.From == owner.from {
				names = append(names, d.Param)
			}
		}
		if len(names) > 0 {
			verb := "is"
			if len(names) > 1 || names[0] == "scopesAdded" {
				verb = "are"
			}
			fmt.Fprintf(&b, "\n\n%s %s %s.", some(names), verb, owner.text)
		}
	}
	for _, d := range derived {
		if d.How == scopes.AsPriorities {
			fmt.Fprintf(&b, "\n\n%s are the task's own and all higher ones.", d.Param)
		}
	}
	return b.String()
}

// items lists expressions, each on its line: lists within lists don't show in
// documentation.
func items(parts []scopes.Expression, each string) string {
	var b strings.Builder
	for i := range parts {
		b.WriteString("\n  - " + inText(&parts[i], each))
	}
	return b.String()
}

// inText is an expression in a line. What a list parameter makes many of has to
// be there for each of its values, or, within an AnyOf, for any.
func inText(e *scopes.Expression, each string) string {
	join := func(parts []scopes.Expression, word, each string) string {
		texts := make([]string, len(parts))
		for i := range parts {
			texts[i] = inText(&parts[i], each)
			if len(parts) > 1 && parts[i].Scope == "" {
				texts[i] = "(" + texts[i] + ")"
			}
		}
		return strings.Join(texts, " "+word+" ")
	}
	switch {
	case len(e.AllOf) > 0:
		return join(e.AllOf, "and", "each")
	case len(e.AnyOf) > 0:
		return join(e.AnyOf, "or", "any")
	case e.AllOf != nil:
		return "nothing"
	case e.AnyOf != nil:
		return "what nobody has"
	case e.For != "":
		return fmt.Sprintf("%s for %s %s in %s", inText(e.Each, each), each, e.For, e.In)
	case e.If != "" && e.Else != nil:
		return fmt.Sprintf("%s if %s, else %s", inText(e.Then, each), e.If, inText(e.Else, each))
	case e.If != "":
		return fmt.Sprintf("%s if %s", inText(e.Then, each), e.If)
	}
	return e.Scope
}
