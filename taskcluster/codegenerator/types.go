package main

import (
	"fmt"
	"strings"

	"verdict/taskcluster/codegenerator/model"
)

const (
	rawPath         = "encoding/json"
	taskclusterPath = "verdict/taskcluster"
	additionalPath  = apiPath + "internal/additional"
	unionPath       = apiPath + "internal/union"
	bindingPath     = apiPath + "binding"
)

// typeWriter writes the types of a package to its types.go.
type typeWriter struct {
	pkg   *pkg
	file  *gofile
	wrote map[*model.Type]bool
	names map[string]string // of types and constants, and where each comes from
	err   error
}

// writeTypes writes the types of all schemas that the package owns.
func (p *pkg) writeTypes(f *gofile) error {
	w := &typeWriter{pkg: p, file: f, wrote: map[*model.Type]bool{}, names: map[string]string{}}
	p.inputs = p.payloads()
	for _, file := range p.files {
		t := p.source.types.Of(file)
		if t.At != (model.Location{File: file}) {
			w.alias(file, t)
			continue
		}
		w.named(t)
	}
	return w.err
}

// alias names a file whose schema is nothing but another's.
func (w *typeWriter) alias(file string, t *model.Type) {
	name := w.pkg.fileName(file)
	w.claim(name, file)
	w.file.comment(fmt.Sprintf("%s is %s.", name, file))
	w.file.printf("type %s = %s\n", name, w.pkg.goType(w.file, t))
}

// claim keeps two things from having one name.
func (w *typeWriter) claim(name, from string) {
	if other, taken := w.names[name]; taken {
		w.fail(fmt.Errorf("both %s and %s would be called %s", other, from, name))
	}
	w.names[name] = from
}

// fail keeps the first error.
func (w *typeWriter) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// named writes a type that has a name, and then those within it.
func (w *typeWriter) named(t *model.Type) {
	t = w.pkg.source.one(t)
	if w.wrote[t] || w.pkg.source.owner[t.At.File] != w.pkg {
		return
	}
	w.wrote[t] = true
	name := w.pkg.typeName(t)
	w.claim(name, t.At.String())
	w.file.comment(w.typeComment(name, t))
	switch t.Kind {
	case model.Struct:
		w.fail(w.structType(name, t))
	case model.Enum:
		w.enumType(name, t)
	case model.Union:
		w.unionType(name, t)
	case model.List, model.Map:
		w.file.printf("type %s %s\n", name, w.pkg.written(w.file, t))
	default:
		w.file.printf("type %s = %s\n", name, w.pkg.written(w.file, t))
	}
	w.within(t)
}

// within writes the types that a type is made of.
func (w *typeWriter) within(t *model.Type) {
	parts := []*model.Type{t.Elem}
	for _, field := range t.Fields {
		parts = append(parts, field.Type)
	}
	for _, part := range append(parts, t.Variants...) {
		switch {
		case part == nil:
		case part.Named():
			w.named(part)
		case !w.wrote[part]:
			w.wrote[part] = true
			w.within(part)
		}
	}
}

// typeName is a type's name within its own package.
func (p *pkg) typeName(t *model.Type) string {
	if name, ok := p.source.names[t]; ok {
		return name
	}
	return t.Name(p.source.owner[t.At.File].fileName(t.At.File))
}

// goType is how Go writes a type where it is used.
func (p *pkg) goType(f *gofile, t *model.Type) string {
	if !t.Named() {
		return p.written(f, t)
	}
	t = p.source.one(t)
	owner := p.source.owner[t.At.File]
	if owner == p {
		return p.typeName(t)
	}
	return f.use(apiPath+owner.name) + "." + p.typeName(t)
}

// written is how Go writes a type without its name.
func (p *pkg) written(f *gofile, t *model.Type) string {
	switch t.Kind {
	case model.String, model.Enum:
		return "string"
	case model.Time:
		return f.use(taskclusterPath) + ".Time"
	case model.Integer:
		return "int64"
	case model.Number:
		return "float64"
	case model.Bool:
		return "bool"
	case model.List:
		return "[]" + p.elem(f, t.Elem)
	case model.Map:
		return "map[string]" + p.elem(f, t.Elem)
	case model.Struct, model.Union:
		return p.goType(f, t)
	}
	return f.use(rawPath) + ".RawMessage"
}

// elem is the type of what a list or map holds.
func (p *pkg) elem(f *gofile, t *model.Type) string {
	if t.Nullable && !nilable(t) {
		return "*" + p.goType(f, t)
	}
	return p.goType(f, t)
}

// nilable says whether the zero value of a type stands for nothing: nil, or what
// is written as null.
func nilable(t *model.Type) bool {
	switch t.Kind {
	case model.Any, model.Object, model.List, model.Map, model.Union:
		return true
	}
	return false
}

func (w *typeWriter) enumType(name string, t *model.Type) {
	w.file.printf("type %s string\n", name)
	w.file.comment(fmt.Sprintf("The values of %s.", name))
	w.file.printf("const (")
	for _, value := range t.Values {
		constant := name + model.ExportedName(value)
		w.claim(constant, fmt.Sprintf("%q of %s", value, t.At))
		w.file.printf("%s %s = %q", constant, name, value)
	}
	w.file.printf(")\n")
}

// unionType is the JSON as it came, with a method for each type it may be read
// as, and one to set it.
func (w *typeWriter) unionType(name string, t *model.Type) {
	raw, union := w.file.use(rawPath), w.file.use(unionPath)
	w.file.printf("type %s struct{ %s.RawMessage }\n", name, raw)
	taken := map[string]bool{"RawMessage": true}
	for i, variant := range t.Variants {
		word := w.variantName(variant)
		if taken[word] {
			word = fmt.Sprintf("%s%d", word, i+1)
		}
		taken[word] = true
		typ := w.pkg.elem(w.file, variant)
		w.file.comment(fmt.Sprintf("As%s reads it as %s; an error, where it is none.", word, describe(typ)))
		w.file.printf("func (u %s) As%s() (v %s, err error) {\n\terr = %s.Read(u.RawMessage, &v%s)\n\treturn v, err\n}\n", name, word, typ, union, has(variant))
		w.file.comment(fmt.Sprintf("Set%s makes it %s.", word, describe(typ)))
		w.file.printf("func (u *%s) Set%s(v %s) (err error) {\n\tu.RawMessage, err = %s.Marshal(v)\n\treturn err\n}\n", name, word, typ, raw)
	}
}

// has are arguments that say by what a struct is known: its required properties,
// and what they always are.
func has(t *model.Type) string {
	var b strings.Builder
	for _, field := range t.Fields {
		if !field.Required {
			continue
		}
		property := field.Name
		if field.Type.Kind == model.String && len(field.Type.Values) == 1 {
			property += "=" + field.Type.Values[0]
		}
		fmt.Fprintf(&b, ", %q", property)
	}
	return b.String()
}

// variantName tells a variant from the others in the names of methods.
func (w *typeWriter) variantName(t *model.Type) string {
	if t.Named() {
		if t.Title != "" && t.At.Pointer != "" && len(t.Title) <= 40 {
			return model.ExportedName(t.Title)
		}
		return w.pkg.typeName(t)
	}
	switch t.Kind {
	case model.String, model.Enum:
		return "String"
	case model.Time:
		return "Time"
	case model.Integer, model.Number:
		return "Number"
	case model.Bool:
		return "Bool"
	case model.List:
		return "List"
	case model.Map, model.Object:
		return "Object"
	}
	return "Value"
}

// describe is a Go type in words: a link, where it has a name.
func describe(typ string) string {
	switch typ {
	case "string":
		return "text"
	case "int64", "float64":
		return "a number"
	case "bool":
		return "true or false"
	case "json.RawMessage":
		return "JSON of any form"
	}
	if strings.ContainsAny(typ, "[]*") {
		return typ
	}
	return "a [" + typ + "]"
}
