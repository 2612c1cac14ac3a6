package main

import (
	"fmt"
	"strings"

	"verdict/taskcluster/codegenerator/model"
)

// typeComment says where a type stands in which schema, and what uses it.
func (w *typeWriter) typeComment(name string, t *model.Type) string {
	var b strings.Builder
	if t.At.Pointer == "" {
		fmt.Fprintf(&b, "%s is the schema %s", name, t.At.File)
	} else {
		fmt.Fprintf(&b, "%s is %s of %s", name, inWords(t.At.Steps()), t.At.File)
	}
	if uses := w.pkg.uses(t); uses != "" {
		fmt.Fprintf(&b, ", %s", uses)
	}
	b.WriteString(".")
	switch t.Kind {
	case model.Union:
		b.WriteString(" It is one of these, as its JSON says:\n")
		for _, variant := range t.Variants {
			fmt.Fprintf(&b, "  - %s\n", describe(w.pkg.elem(w.file, variant)))
		}
	case model.Object:
		b.WriteString(" It is an object that the schema says no more of.")
	}
	return strings.TrimRight(b.String(), "\n")
}

// inWords is where in its file a schema stands: runs[] for an item of runs.
func inWords(steps []string) string {
	var b strings.Builder
	for i := 0; i < len(steps); i++ {
		switch step := steps[i]; {
		case step == "items":
			b.WriteString("[]")
		case step == "additionalProperties":
			b.WriteString("[*]")
		case (step == "oneOf" || step == "anyOf") && i+1 < len(steps):
			i++
		case (step == "properties" || step == "definitions") && i+1 < len(steps):
			i++
			if b.Len() > 0 {
				b.WriteString(".")
			}
			b.WriteString(steps[i])
		}
	}
	if b.Len() == 0 {
		return "a form"
	}
	return b.String()
}

// uses says which methods send or answer a file's type.
func (p *pkg) uses(t *model.Type) string {
	if t.At.Pointer != "" || p.service == nil || p.events {
		return ""
	}
	var sent, answered []string
	for _, m := range p.service.Methods {
		link := fmt.Sprintf("[%s.%s]", p.client(), model.ExportedName(m.Name))
		if m.Input == t.At.File {
			sent = append(sent, link)
		}
		if m.Output == t.At.File {
			answered = append(answered, link)
		}
	}
	var parts []string
	if len(sent) > 0 {
		parts = append(parts, "the payload of "+some(sent))
	}
	if len(answered) > 0 {
		parts = append(parts, "the answer of "+some(answered))
	}
	return strings.Join(parts, " and ")
}

// some lists a few of many.
func some(names []string) string {
	switch n := len(names); {
	case n == 1:
		return names[0]
	case n <= 4:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	default:
		return strings.Join(names[:3], ", ") + fmt.Sprintf(" and %d others", n-3)
	}
}
