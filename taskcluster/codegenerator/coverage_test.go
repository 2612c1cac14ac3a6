package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// This file reads the references and the generated code on its own, without the
// generator's model, and looks for each thing of the one in the other.

// rawReference is what the test reads of an api.json or exchanges.json.
type rawReference struct {
	ServiceName, ExchangePrefix string
	Entries                     []struct {
		Name, Method, Route, Input, Output, Exchange, Schema string
		Query                                                []string
		Scopes                                               any
		RoutingKey                                           []struct{ Name, Constant string }
	}
}

// rawReferences are the references and schemas of a file, by their names.
func rawReferences(t *testing.T, name string) (references map[string]rawReference, schemas map[string]map[string]any) {
	t.Helper()
	text, err := os.ReadFile(referenceFile(t, name))
	if err != nil {
		t.Fatal(err)
	}
	var documents []struct {
		Filename string
		Content  json.RawMessage
	}
	if err := json.Unmarshal(text, &documents); err != nil {
		t.Fatal(err)
	}
	references, schemas = map[string]rawReference{}, map[string]map[string]any{}
	for _, d := range documents {
		base := path.Base(d.Filename)
		switch {
		case strings.HasPrefix(d.Filename, "schemas/"):
			var schema map[string]any
			if err := json.Unmarshal(d.Content, &schema); err != nil {
				t.Fatal(err)
			}
			schemas[strings.TrimPrefix(d.Filename, "schemas/")] = schema
		case base == "api.json" || base == "exchanges.json":
			var reference rawReference
			if err := json.Unmarshal(d.Content, &reference); err != nil {
				t.Fatal(err)
			}
			references[d.Filename] = reference
		}
	}
	return references, schemas
}

// code is what a generated package declares, by lower-case name.
type code struct {
	methods map[string]*ast.FuncDecl // also as "taskfailed.routingkey"; unexported ones as ".listTaskGroup"
	types   map[string]*ast.TypeSpec
}

func parsePackage(t *testing.T, name string) *code {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "api", name, "*.go"))
	if err != nil || len(files) == 0 {
		t.Errorf("there is no package %s", name)
	}
	c := &code{methods: map[string]*ast.FuncDecl{}, types: map[string]*ast.TypeSpec{}}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range parsed.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				if d.Recv != nil && !d.Name.IsExported() {
					c.methods["."+d.Name.Name] = d
				}
				if d.Recv != nil && d.Name.IsExported() {
					c.methods[strings.ToLower(d.Name.Name)] = d
					receiver := strings.ToLower(strings.TrimPrefix(exprText(d.Recv.List[0].Type), "*"))
					c.methods[receiver+"."+strings.ToLower(d.Name.Name)] = d
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if s, ok := spec.(*ast.TypeSpec); ok {
						c.types[strings.ToLower(s.Name.Name)] = s
					}
				}
			}
		}
	}
	return c
}

func exprText(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.StarExpr:
		return "*" + exprText(e.X)
	case *ast.SelectorExpr:
		return exprText(e.X) + "." + e.Sel.Name
	case *ast.ArrayType:
		return "[]" + exprText(e.Elt)
	}
	return ""
}

// plain is a name without what Go's spelling may change of it.
func plain(name string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "", ".", "").Replace(name))
}

// plainFile is the plain name of a schema's file.
func plainFile(file string) string {
	return plain(strings.TrimSuffix(path.Base(strings.TrimSuffix(file, "#")), ".json"))
}

// calls are the literals of taskcluster.Call in a function, as "GET /task/<>/status".
func calls(fn ast.Node) (name string, all []string) {
	ast.Inspect(fn, func(n ast.Node) bool {
		literal, ok := n.(*ast.CompositeLit)
		if !ok || exprText(literal.Type) != "taskcluster.Call" {
			return true
		}
		fields := map[string]string{}
		for _, element := range literal.Elts {
			kv := element.(*ast.KeyValueExpr)
			fields[exprText(kv.Key)] = joined(kv.Value)
		}
		name = fields["Name"]
		all = append(all, fields["Method"]+" "+fields["Path"])
		return true
	})
	return name, all
}

// joined is a sum of texts, with <> for what is escaped.
func joined(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(e.Value)
		return text
	case *ast.BinaryExpr:
		return joined(e.X) + joined(e.Y)
	case *ast.CallExpr:
		if exprText(e.Fun) == "url.PathEscape" {
			return "<>"
		}
	}
	return "?"
}

var routeArgument = regexp.MustCompile(`<[^>]*>`)

func TestEveryMethodIsGenerated(t *testing.T) {
	for file, want := range map[string]int{"references.json": 192, "references-2018.json": 40} {
		references, schemas := rawReferences(t, file)
		found := 0
		for _, reference := range references {
			if reference.ExchangePrefix != "" {
				continue
			}
			c := parsePackage(t, "tc"+plain(reference.ServiceName))
			for _, entry := range reference.Entries {
				found++
				at := reference.ServiceName + "." + entry.Name
				method := c.methods[plain(entry.Name)]
				if method == nil {
					t.Errorf("%s isn't there", at)
					continue
				}
				paged := slices.Contains(entry.Query, "continuationToken") && hasToken(schemas, reference.ServiceName, entry.Output)
				pages := c.methods[plain(entry.Name)+"pages"]
				if (pages != nil) != paged {
					t.Errorf("%s: there are pages: %v, want %v", at, pages != nil, paged)
				}
				shape := method
				if paged {
					shape = onlyPage(method, c)
				}
				wantCall := strings.ToUpper(entry.Method) + " " + routeArgument.ReplaceAllString(entry.Route, "<>")
				if name, got := calls(shape); name != entry.Name || !slices.Equal(got, []string{wantCall}) {
					t.Errorf("%s calls %s as %q, want %q", at, name, got, wantCall)
				}
				signed := c.methods[plain(entry.Name)+"signedurl"]
				if wantSigned := strings.EqualFold(entry.Method, "get") && entry.Scopes != nil && entry.Input == ""; (signed != nil) != wantSigned {
					t.Errorf("%s: there is a signed URL: %v, want %v", at, signed != nil, wantSigned)
				} else if signed != nil {
					if _, got := calls(signed); !slices.Equal(got, []string{wantCall}) {
						t.Errorf("%s: the signed URL is of %q, want %q", at, got, wantCall)
					}
				}
				checkSignature(t, at, method, len(routeArgument.FindAllString(entry.Route, -1)), entry.Input, entry.Output, len(entry.Query) > 0)
			}
		}
		if found != want {
			t.Errorf("%s has %d methods, want %d", file, found, want)
		}
	}
}

// onlyPage is the unexported method that a paged one gets its page by.
func onlyPage(method *ast.FuncDecl, c *code) *ast.FuncDecl {
	var name string
	ast.Inspect(method.Body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && name == "" {
			if selector, ok := call.Fun.(*ast.SelectorExpr); ok {
				name = selector.Sel.Name
			}
		}
		return true
	})
	if page := c.methods["."+name]; page != nil {
		return page
	}
	return method
}

// hasToken says whether an answer names the next page.
func hasToken(schemas map[string]map[string]any, service, output string) bool {
	properties, _ := schemas[service+"/"+strings.TrimSuffix(output, "#")]["properties"].(map[string]any)
	return properties["continuationToken"] != nil
}

// checkSignature compares parameters and results with what a method takes and answers.
func checkSignature(t *testing.T, at string, method *ast.FuncDecl, args int, input, output string, query bool) {
	t.Helper()
	texts, payload, options := 0, "", false
	for _, field := range method.Type.Params.List {
		typ := exprText(field.Type)
		switch {
		case field.Names[0].Name == "payload":
			payload = strings.ToLower(strings.TrimPrefix(typ, "*"))
		case field.Names[0].Name == "opts":
			options = true
		case typ == "string":
			texts += len(field.Names)
		}
	}
	if texts != args {
		t.Errorf("%s takes %d texts, want %d", at, texts, args)
	}
	wantPayload := ""
	if input != "" {
		wantPayload = plainFile(input)
	}
	if payload != wantPayload {
		t.Errorf("%s sends %q, want %q", at, payload, wantPayload)
	}
	if options != query {
		t.Errorf("%s takes options: %v, want %v", at, options, query)
	}
	answer := strings.ToLower(strings.TrimPrefix(exprText(method.Type.Results.List[0].Type), "*"))
	if output != "" && answer != plainFile(output) {
		t.Errorf("%s answers %q, want %q", at, answer, plainFile(output))
	}
}

func TestEveryExchangeIsGenerated(t *testing.T) {
	for file, want := range map[string]int{"references.json": 36, "references-2018.json": 5} {
		references, _ := rawReferences(t, file)
		found := 0
		for _, reference := range references {
			if reference.ExchangePrefix == "" {
				continue
			}
			c := parsePackage(t, "tc"+plain(reference.ServiceName)+"events")
			for _, entry := range reference.Entries {
				found++
				at := reference.ServiceName + "." + entry.Name
				binding, _ := c.types[plain(entry.Name)].Type.(*ast.StructType)
				named, key, message := c.methods[plain(entry.Name)+".exchangename"], c.methods[plain(entry.Name)+".routingkey"], c.methods[plain(entry.Name)+".message"]
				if binding == nil || named == nil || key == nil || message == nil {
					t.Errorf("%s isn't there, or not all of it", at)
					continue
				}
				if got := joined(named.Body.List[0].(*ast.ReturnStmt).Results[0]); got != reference.ExchangePrefix+entry.Exchange {
					t.Errorf("%s: the exchange is %q, want %q", at, got, reference.ExchangePrefix+entry.Exchange)
				}
				var words []string
				for _, word := range entry.RoutingKey {
					if word.Constant == "" {
						words = append(words, plain(word.Name))
					}
				}
				var fields []string
				for _, field := range binding.Fields.List {
					fields = append(fields, strings.ToLower(field.Names[0].Name))
				}
				if !slices.Equal(fields, words) {
					t.Errorf("%s: the routing key has %q, want %q", at, fields, words)
				}
				parts := key.Body.List[0].(*ast.ReturnStmt).Results[0].(*ast.CallExpr).Args
				if len(parts) != len(entry.RoutingKey) {
					t.Errorf("%s: the routing key has %d parts, want %d", at, len(parts), len(entry.RoutingKey))
				}
				answer := strings.ToLower(strings.TrimPrefix(exprText(message.Type.Results.List[0].Type), "*"))
				if want := plainFile(entry.Schema); answer != want && answer != want+"message" {
					t.Errorf("%s: messages are %q, want %q", at, answer, want)
				}
			}
		}
		if found != want {
			t.Errorf("%s has %d exchanges, want %d", file, found, want)
		}
	}
}

func TestEverySchemaIsGenerated(t *testing.T) {
	packages := map[string]*code{}
	inPackages := func(names ...string) []*code {
		var all []*code
		for _, name := range names {
			if _, err := os.Stat(filepath.Join("..", "api", name)); err != nil {
				continue
			}
			if packages[name] == nil {
				packages[name] = parsePackage(t, name)
			}
			all = append(all, packages[name])
		}
		return all
	}
	for file, want := range map[string]int{"references.json": 200, "references-2018.json": 27} {
		_, schemas := rawReferences(t, file)
		for name, schema := range schemas {
			folder, _, _ := strings.Cut(name, "/")
			service := "tc" + plain(folder)
			var spec *ast.TypeSpec
			tags := map[string]bool{}
			for _, c := range inPackages(service, service+"events") {
				for _, candidate := range []string{plainFile(name), plainFile(name) + "message"} {
					isBinding := c.methods[candidate+".routingkey"] != nil
					if spec == nil && c.types[candidate] != nil && !isBinding {
						spec = c.types[candidate]
					}
				}
				for _, other := range c.types {
					addTags(tags, other)
				}
			}
			if spec == nil {
				t.Errorf("schema %s isn't there", name)
				continue
			}
			checkFields(t, name, spec, schema)
			for _, property := range propertiesWithin(schema) {
				if !tags[property] {
					t.Errorf("schema %s: no field is called %s", name, property)
				}
			}
		}
		if len(schemas) < want {
			t.Errorf("%s has %d schemas, want %d or more", file, len(schemas), want)
		}
	}
}

// addTags collects the names on the wire of a struct's fields.
func addTags(tags map[string]bool, spec *ast.TypeSpec) {
	if s, ok := spec.Type.(*ast.StructType); ok {
		for _, field := range s.Fields.List {
			if field.Tag != nil {
				name, _, _ := strings.Cut(tagOf(field), ",")
				tags[name] = true
			}
		}
	}
}

func tagOf(field *ast.Field) string {
	text, _ := strconv.Unquote(field.Tag.Value)
	return reflect.StructTag(text).Get("json")
}

// checkFields compares a struct's fields with the properties at a schema's top:
// all are there, and those that are required are never left out.
func checkFields(t *testing.T, name string, spec *ast.TypeSpec, schema map[string]any) {
	t.Helper()
	properties, _ := schema["properties"].(map[string]any)
	if len(properties) == 0 {
		return
	}
	s, ok := spec.Type.(*ast.StructType)
	if !ok {
		t.Errorf("schema %s: %s is no struct", name, spec.Name.Name)
		return
	}
	got := map[string]bool{} // whether a field may be left out
	for _, field := range s.Fields.List {
		if field.Tag != nil {
			wire, options, _ := strings.Cut(tagOf(field), ",")
			got[wire] = options == "omitzero"
		}
	}
	required, _ := schema["required"].([]any)
	for property := range properties {
		optional, there := got[property]
		if !there {
			t.Errorf("schema %s: %s has no field for %s", name, spec.Name.Name, property)
		}
		if want := !slices.Contains(required, any(property)); there && optional != want && schema["oneOf"] == nil {
			t.Errorf("schema %s: %s may be left out: %v, want %v", name, property, optional, want)
		}
	}
}

// propertiesWithin are the names of all properties in a schema, at any depth.
func propertiesWithin(schema any) []string {
	var all []string
	switch s := schema.(type) {
	case map[string]any:
		for key, value := range s {
			if properties, ok := value.(map[string]any); ok && key == "properties" {
				for name, property := range properties {
					all = append(all, name)
					all = append(all, propertiesWithin(property)...)
				}
				continue
			}
			if key != "default" && key != "examples" {
				all = append(all, propertiesWithin(value)...)
			}
		}
	case []any:
		for _, value := range s {
			all = append(all, propertiesWithin(value)...)
		}
	}
	return all
}
