package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"verdict/taskcluster/codegenerator/model"
	"verdict/taskcluster/scopes"
)

// referenceMethods are all methods of both files of references, with the types
// of their payloads.
func referenceMethods(t *testing.T) map[*scopes.Method]*model.Type {
	t.Helper()
	all := map[*scopes.Method]*model.Type{}
	for _, name := range []string{"references.json", "references-2018.json"} {
		file := filepath.Join("..", "..", "..", "shared", "reference", name)
		if _, err := os.Stat(file); err != nil {
			t.Skipf("the references aren't there: %v", err)
		}
		documents, err := model.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		references, err := model.New(documents)
		if err != nil {
			t.Fatal(err)
		}
		types := references.Types()
		for _, service := range references.Services {
			for _, m := range service.Methods {
				method, payload := methodOf(t, service.Name, m), (*model.Type)(nil)
				if m.Input != "" {
					payload = types.Of(m.Input)
				}
				all[method] = payload
			}
		}
	}
	return all
}

func methodOf(t *testing.T, service string, m *model.Method) *scopes.Method {
	t.Helper()
	method := &scopes.Method{
		Service: service, Name: m.Name, Verb: m.HTTP, Route: m.Route, Args: m.Args, Query: m.Query,
		Derived: derived[service+"."+m.Name],
	}
	if m.Scopes != nil {
		expression, err := scopes.ParseExpression(m.Scopes)
		if err != nil {
			t.Fatalf("%s.%s: %v", service, m.Name, err)
		}
		method.Scopes = expression
	}
	return method
}

func TestDerivedCoversEveryMethod(t *testing.T) {
	scoped := 0
	for method, payload := range referenceMethods(t) {
		if err := checkDerived(method, payload); err != nil {
			t.Error(err)
		}
		if method.Scopes != nil {
			scoped++
		}
	}
	if scoped != 140+18 {
		t.Errorf("%d methods with scopes, want 140 of today and 18 of 2018", scoped)
	}
}

func TestDerivedIsNeededByThoseMethodsOnly(t *testing.T) {
	need := map[string]bool{}
	for method, payload := range referenceMethods(t) {
		bare := *method
		bare.Derived = nil
		if checkDerived(&bare, payload) != nil {
			need[method.Service+"."+method.Name] = true
		}
	}
	// Its owner is in its route, and has to be written otherwise.
	if !slices.Equal(slices.Sorted(maps.Keys(need)), slices.Sorted(maps.Keys(derived))) {
		t.Errorf("methods that need an entry: %q\nmethods that have one: %q", slices.Sorted(maps.Keys(need)), slices.Sorted(maps.Keys(derived)))
	}
	if len(need) != 21+1 {
		t.Errorf("%d methods need an entry, want 21 of today and one of 2018", len(need))
	}
}

func TestDerivedNamesFieldsThatAreThere(t *testing.T) {
	for method, payload := range referenceMethods(t) {
		for _, d := range method.Derived {
			switch d.From {
			case scopes.FromArgs:
				if !slices.Contains(method.Args, d.Field) {
					t.Errorf("%s.%s: %s is to come from %q, which isn't in the route %s", method.Service, method.Name, d.Param, d.Field, method.Route)
				}
			case scopes.FromPayload:
				if _, ok := fieldOf(payload, d.Field); !ok && d.Field != "" {
					t.Errorf("%s.%s: %s is to come from %q, which isn't in the payload", method.Service, method.Name, d.Param, d.Field)
				}
			}
		}
		for _, lookup := range method.Lookups() {
			if !slices.Contains(method.Args, lookup.Arg) {
				t.Errorf("%s.%s is to ask %s.%s by %s, which isn't in the route %s", method.Service, method.Name, lookup.Service, lookup.Method, lookup.Arg, method.Route)
			}
		}
	}
}

func TestCheckDerivedRefusesWhatNobodyCanTell(t *testing.T) {
	required := &model.Type{Kind: model.Struct, Fields: []model.Field{{Name: "pool", Required: true, Type: &model.Type{Kind: model.String}}}}
	optional := &model.Type{Kind: model.Struct, Fields: []model.Field{{Name: "pool", Type: &model.Type{Kind: model.String}}}}
	either := &model.Type{Kind: model.Union, Variants: []*model.Type{required, {Kind: model.Struct}}}
	for _, c := range []struct {
		name    string
		scope   string
		payload *model.Type
		derived []scopes.Derived
		want    string // "": it is fine
	}{
		{"in the route", "a:<taskId>", nil, nil, ""},
		{"in the query", "a:<since>", nil, nil, ""},
		{"in the payload", "a:<pool>", required, nil, ""},
		{"nowhere", "a:<pool>", nil, nil, "say in derived.go where"},
		{"in the payload under another name", "a:<poolId>", required, nil, "say in derived.go where"},
		{"in a payload that may lack it", "a:<pool>", optional, nil, "say in derived.go what"},
		{"in one kind of payload", "a:<pool>", either, nil, "say in derived.go where"},
		{"in the table", "a:<pool>", nil, []scopes.Derived{{Param: "pool", From: scopes.FromTask}}, ""},
		{"in the table, and not named", "a", nil, []scopes.Derived{{Param: "pool", From: scopes.FromTask}}, "don't name"},
	} {
		m := &scopes.Method{
			Service: "s", Name: "m", Args: []string{"taskId"}, Query: []string{"since"},
			Scopes: &scopes.Expression{Scope: c.scope}, Derived: c.derived,
		}
		err := checkDerived(m, c.payload)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}
