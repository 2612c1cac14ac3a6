package main

import (
	"fmt"
	"path"
	"strings"

	"verdict/taskcluster/codegenerator/model"
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
	file *gofile
	// of is what is written before a name of package exchanges, where the file is another package's.
	of    string
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
		return "&" + w.of + "Type{}"
	}
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if kind := kinds[t.Kind]; kind != "" {
		add("Kind: %s%s", w.of, kind)
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
		add("Fields: []%sField{\n%s}", w.of, b.String())
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
		add("Forms: []*%sType{%s}", w.of, strings.Join(forms, ", "))
	}
	return "&" + w.of + "Type{" + strings.Join(parts, ", ") + "}"
}
