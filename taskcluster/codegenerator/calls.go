package main

import (
	"fmt"
	"strings"

	"verdict/taskcluster/codegenerator/model"
)

// callWriter writes one method of a service.
type callWriter struct {
	pkg    *pkg
	file   *gofile
	method *model.Method
	args   []string // parameters, as the route has them
}

// writeCalls writes the service's methods.
func (p *pkg) writeCalls(f *gofile) error {
	for _, m := range p.service.Methods {
		w := &callWriter{pkg: p, file: f, method: m}
		for _, arg := range m.Args {
			w.args = append(w.args, model.ParameterName(arg,
				append(w.args, "ctx", "payload", "opts", "query", "lifetime", "answer", "page", "err", "url", "time", "iter", "taskcluster", "context", p.receiver())...))
		}
		if err := w.write(); err != nil {
			return fmt.Errorf("method %s: %w", m.Name, err)
		}
	}
	return nil
}

func (w *callWriter) write() error {
	comment, err := w.comment()
	if err != nil {
		return err
	}
	w.file.comment(comment)
	m := w.method
	if w.paged() {
		w.paginated()
	} else {
		w.call(model.ExportedName(m.Name), w.parameters(w.optionsParameter()...), w.queryOf())
	}
	if m.HTTP == "GET" && m.Scopes != nil && m.Input == "" {
		w.signedURL()
	}
	return nil
}

// call writes a function that makes the call with the query given.
func (w *callWriter) call(name, parameters, query string) {
	f, m, client := w.file, w.method, w.pkg.client()
	head := fmt.Sprintf("func (%s *%s) %s(%s)", w.pkg.receiver(), client, name, parameters)
	do := w.pkg.receiver() + ".API.Do(ctx, " + w.literal(query) + ", "
	switch output := w.output(); {
	case m.Output == "" && m.HTTP == "GET":
		f.printf("%s (*%s.Answer, error) {\nreturn %s.API.Send(ctx, %s)\n}\n", head, f.use(taskclusterPath), w.pkg.receiver(), w.literal(query))
	case m.Output == "":
		f.printf("%s error {\nreturn %snil)\n}\n", head, do)
	case w.isStruct(m.Output):
		f.printf("%s (*%s, error) {\nvar answer %s\nif err := %s&answer); err != nil {\nreturn nil, err\n}\nreturn &answer, nil\n}\n", head, output, output, do)
	default:
		f.printf("%s (answer %s, err error) {\nerr = %s&answer)\nreturn answer, err\n}\n", head, output, do)
	}
}

// paginated writes a method that gives a page, and one that goes through all.
func (w *callWriter) paginated() {
	f, m, client := w.file, w.method, w.pkg.client()
	name, output := model.ExportedName(m.Name), w.output()
	private := strings.ToLower(name[:1]) + name[1:]
	arguments := append([]string{"ctx"}, w.args...)
	if m.Input != "" {
		arguments = append(arguments, "payload")
	}
	f.printf("func (%s *%s) %s(%s) (*%s, error) {\nreturn %s.%s(%s, opts.query())\n}\n", w.pkg.receiver(), client, name,
		w.parameters(w.optionsParameter()...), output, w.pkg.receiver(), private, strings.Join(arguments, ", "))
	values := f.use("net/url") + ".Values"
	w.call(private, w.parameters("query "+values), "query")
	f.comment(fmt.Sprintf("%sPages are the pages of [%s.%s], from the one that opts say to the last. An error is the last thing that comes.", name, client, name))
	f.printf("func (%s *%s) %sPages(%s) %s.Seq2[*%s, error] {", w.pkg.receiver(), client, name, w.parameters(w.optionsParameter()...), f.use("iter"), output)
	f.printf("return %s.Pages(ctx, opts.query(), func(ctx context.Context, query %s) (*%s, string, error) {", f.use(taskclusterPath), values, output)
	f.printf("page, err := %s.%s(%s, query)\nif err != nil {\nreturn nil, \"\", err\n}", w.pkg.receiver(), private, strings.Join(arguments, ", "))
	f.printf("return page, page.ContinuationToken, nil\n})\n}\n")
}

func (w *callWriter) signedURL() {
	f, client, name := w.file, w.pkg.client(), model.ExportedName(w.method.Name)
	f.comment(fmt.Sprintf("%sSignedURL is a URL by which anybody who has it may make the call of [%s.%s] until lifetime is over, with the scopes of the client.", name, client, name))
	f.printf("func (%s *%s) %sSignedURL(%s) (*%s.URL, error) {", w.pkg.receiver(), client, name,
		w.parameters(append(w.optionsParameter(), "lifetime "+f.use("time")+".Duration")...), f.use("net/url"))
	f.printf("return %s.API.SignedURLOf(ctx, %s, lifetime)\n}\n", w.pkg.receiver(), w.literal(w.queryOf()))
}

// paged says whether the method gives a list in pages.
func (w *callWriter) paged() bool {
	takes := false
	for _, option := range w.method.Query {
		takes = takes || option == "continuationToken"
	}
	if !takes || w.method.Output == "" || !w.isStruct(w.method.Output) {
		return false
	}
	for _, field := range w.pkg.source.types.Of(w.method.Output).Fields {
		if field.Name == "continuationToken" && field.Type.Kind == model.String && !field.Type.Nullable {
			return true
		}
	}
	return false
}

// parameters are the method's: the arguments of its route, the payload, then others.
func (w *callWriter) parameters(others ...string) string {
	all := []string{"ctx " + w.file.use("context") + ".Context"}
	if len(w.args) > 0 {
		all = append(all, strings.Join(w.args, ", ")+" string")
	}
	if input := w.method.Input; input != "" {
		typ := w.pkg.goType(w.file, w.pkg.source.types.Of(input))
		if w.isStruct(input) {
			typ = "*" + typ
		}
		all = append(all, "payload "+typ)
	}
	return strings.Join(append(all, others...), ", ")
}

func (w *callWriter) optionsParameter() []string {
	if len(w.method.Query) == 0 {
		return nil
	}
	return []string{"opts *" + optionsName(w.method)}
}

func (w *callWriter) queryOf() string {
	if len(w.method.Query) == 0 {
		return ""
	}
	return "opts.query()"
}

func (w *callWriter) output() string {
	if w.method.Output == "" {
		return ""
	}
	return w.pkg.goType(w.file, w.pkg.source.types.Of(w.method.Output))
}

func (w *callWriter) isStruct(file string) bool {
	return w.pkg.source.types.Of(file).Kind == model.Struct
}

// literal is the call as a value.
func (w *callWriter) literal(query string) string {
	m := w.method
	text := fmt.Sprintf("%s.Call{Name: %q, Method: %q, Path: %s", w.file.use(taskclusterPath), m.Name, m.HTTP, w.path())
	if query != "" {
		text += ", Query: " + query
	}
	if m.Input != "" {
		text += ", Payload: payload"
	}
	return text + "}"
}

// path is the route with its arguments escaped.
func (w *callWriter) path() string {
	var parts []string
	rest := w.method.Route
	for i, arg := range w.method.Args {
		before, after, _ := strings.Cut(rest, "<"+arg+">")
		parts = append(parts, fmt.Sprintf("%q", before), w.file.use("net/url")+".PathEscape("+w.args[i]+")")
		rest = after
	}
	if rest != "" || len(parts) == 0 {
		parts = append(parts, fmt.Sprintf("%q", rest))
	}
	return strings.Join(parts, " + ")
}
