package main

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// This file and coverage_read_test.go read the references and the generated code
// on their own, without the generator's model, and look for each thing of the
// one in the other.

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
	for file, want := range map[string]int{"references.json": 201, "references-2018.json": 27} {
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
		if len(schemas) != want {
			t.Errorf("%s has %d schemas, want %d", file, len(schemas), want)
		}
	}
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
