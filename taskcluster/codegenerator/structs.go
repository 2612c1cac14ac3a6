package main

import (
	"fmt"
	"strings"

	"verdict/taskcluster/codegenerator/model"
)

// additional is the field that keeps what a schema allows and doesn't name.
const additional = "Additional"

func (w *typeWriter) structType(name string, t *model.Type) error {
	w.file.printf("type %s struct {", name)
	taken := map[string]string{}
	for _, field := range t.Fields {
		goName := model.ExportedName(field.Name)
		if strings.ContainsAny(field.Name, "`\"\\, \n") || field.Name == "-" || field.Name == "" {
			return fmt.Errorf("%s: property %q can't be a field's tag", t.At, field.Name)
		}
		if other, both := taken[goName]; both || t.Open && goName == additional {
			return fmt.Errorf("%s: both %q and %q would be called %s", t.At, other, field.Name, goName)
		}
		taken[goName] = field.Name
		w.file.printf("%s %s `json:%q`%s", goName, w.fieldType(field), tag(field), remark(field))
	}
	if t.Open {
		w.file.printf("// %s are properties beside those named above, and those that are null.", additional)
		w.file.printf("%s map[string]%s.RawMessage `json:\"-\"`", additional, w.file.use(rawPath))
	}
	w.file.printf("}\n")
	w.methods(name, t)
	if hidden(t) {
		w.file.comment("Format leaves out what it holds: some of that is secret.")
		w.file.printf("func (%s) Format(s %s.State, _ rune) { fmt.Fprint(s, \"%s.%s with secrets\") }\n", name, w.file.use("fmt"), w.pkg.name, name)
	}
	return nil
}

// secret are the properties that whoever reads them may use.
var secret = map[string]bool{
	"accessToken": true, "authorization": true, "certificate": true, "document": true, "putUrl": true, "sas": true, "secret": true,
	"secretAccessKey": true, "secrets": true, "sessionToken": true, "signature": true, "staticSecret": true, "token": true,
}

// hidden says whether a struct has a secret for a field: text, or what its schema
// says no more of.
func hidden(t *model.Type) bool {
	for _, field := range t.Fields {
		kind := field.Type.Kind
		if secret[field.Name] && (kind == model.String || kind == model.Object || kind == model.Any) {
			return true
		}
	}
	return false
}

// fieldType is the type of a field. What may be absent is nil then, or what is
// never sent otherwise: an empty text where none is allowed, the zero time.
func (w *typeWriter) fieldType(field model.Field) string {
	typ := w.pkg.goType(w.file, field.Type)
	t := field.Type
	switch {
	case nilable(t):
		return typ
	case t.Nullable:
		return "*" + typ
	case field.Required, t.Kind == model.Time:
		return typ
	case t.Kind == model.String || t.Kind == model.Enum:
		if t.Filled || field.Name == "continuationToken" {
			return typ
		}
	}
	return "*" + typ
}

func tag(field model.Field) string {
	if field.Required {
		return field.Name
	}
	return field.Name + ",omitzero"
}

// remark is the comment behind a field.
func remark(field model.Field) string {
	facts := field.Facts
	switch t := field.Type; {
	case t.Kind == model.String && len(t.Values) == 1:
		facts = append([]string{fmt.Sprintf("always %q", t.Values[0])}, facts...)
	case t.Kind == model.String && t.Format != "":
		facts = append([]string{formatInWords(t.Format)}, facts...)
	case t.Kind == model.Object:
		facts = append([]string{"an object"}, facts...)
	}
	if len(facts) == 0 {
		return ""
	}
	return " // " + strings.ReplaceAll(strings.Join(facts, "; "), "\n", " ")
}

// formatInWords is a text's format in words.
func formatInWords(name string) string {
	switch name {
	case "uri":
		return "a URI"
	case "email":
		return "an email address"
	case "hostname":
		return "a host's name"
	case "ipv4", "ipv6":
		return "an IP address"
	}
	return "format: " + name
}

// methods writes how a struct is read and written, where its tags don't say
// all of it: with properties beside those named, or with lists and objects of a
// request that have to be there even if they are empty.
func (w *typeWriter) methods(name string, t *model.Type) {
	var filled []string
	if w.pkg.inputs[t] {
		for _, field := range t.Fields {
			if empty := w.empty(field); empty != "" {
				goName := model.ExportedName(field.Name)
				filled = append(filled, fmt.Sprintf("if x.%s == nil {\n\tx.%s = %s\n}", goName, goName, empty))
			}
		}
	}
	if len(filled) == 0 && !t.Open {
		return
	}
	write := w.file.use(rawPath) + ".Marshal(plain(x))"
	says := "writes what has to be there as empty where it is nil."
	if t.Open {
		write = w.file.use(additionalPath) + ".Marshal(plain(x), x.Additional)"
		says = "writes the properties of Additional beside the others, which win."
	}
	w.file.comment("MarshalJSON " + says)
	w.file.printf("func (x %s) MarshalJSON() ([]byte, error) {", name)
	w.file.printf("type plain %s", name)
	for _, line := range filled {
		w.file.printf("%s", line)
	}
	w.file.printf("return %s\n}\n", write)
	if t.Open {
		w.file.comment("UnmarshalJSON keeps properties that have no field, or are null, in Additional.")
		w.file.printf("func (x *%s) UnmarshalJSON(data []byte) (err error) {", name)
		w.file.printf("type plain %s", name)
		w.file.printf("x.Additional, err = additional.Unmarshal(data, (*plain)(x))\nreturn err\n}\n")
	}
}

// empty is what a nil field of a request is sent as; "" where it is left as it
// is.
func (w *typeWriter) empty(field model.Field) string {
	if !field.Required || field.Type.Nullable {
		return ""
	}
	switch field.Type.Kind {
	case model.List, model.Map:
		return w.pkg.goType(w.file, field.Type) + "{}"
	case model.Object:
		return w.file.use(rawPath) + ".RawMessage(\"{}\")"
	}
	return ""
}

// payloads are the types that requests of the package's service are made of.
func (p *pkg) payloads() map[*model.Type]bool {
	all := map[*model.Type]bool{}
	if p.service == nil || p.events {
		return all
	}
	var visit func(t *model.Type)
	visit = func(t *model.Type) {
		if t == nil || all[t] {
			return
		}
		all[t] = true
		visit(t.Elem)
		for _, field := range t.Fields {
			visit(field.Type)
		}
		for _, variant := range t.Variants {
			visit(variant)
		}
	}
	for _, m := range p.service.Methods {
		if m.Input != "" {
			visit(p.source.types.Of(m.Input))
		}
	}
	return all
}
