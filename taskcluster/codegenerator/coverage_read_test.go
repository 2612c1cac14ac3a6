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
	"strconv"
	"strings"
	"testing"
)

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
