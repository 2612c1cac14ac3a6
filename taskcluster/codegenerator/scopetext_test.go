package main

import (
	"encoding/json"
	"testing"

	"verdict/taskcluster/codegenerator/model"
	"verdict/taskcluster/scopes"
)

func TestNeedsInWords(t *testing.T) {
	for expression, want := range map[string]string{
		``:                                    "It needs no scopes.",
		`{"AllOf":[]}`:                        "It needs no scopes.",
		`"a:<b>"`:                             "It needs the scope a:<b>.",
		`{"AllOf":["a"]}`:                     "It needs the scope a.",
		`{"AnyOf":["a"]}`:                     "It needs the scopes a.",
		`{"AllOf":["a","b"]}`:                 "It needs all of these scopes:\n  - a\n  - b",
		`{"AnyOf":["a",{"AllOf":["b","c"]}]}`: "It needs one of these scopes:\n  - a\n  - b and c",
		`{"AllOf":[{"for":"x","in":"xs","each":"a:<x>"}]}`:                     "It needs the scopes a:<x> for each x in xs.",
		`{"AllOf":["a",{"AnyOf":[{"for":"x","in":"xs","each":"b:<x>"}]}]}`:     "It needs all of these scopes:\n  - a\n  - b:<x> for any x in xs",
		`{"AllOf":["a",{"AnyOf":["b",{"for":"x","in":"xs","each":"c:<x>"}]}]}`: "It needs all of these scopes:\n  - a\n  - b or (c:<x> for any x in xs)",
		`{"if":"p","then":{"AllOf":["a"]}}`:                                    "It needs the scopes a if p.",
		`{"AnyOf":["x",{"if":"p","then":"a","else":{"AnyOf":["b","c"]}}]}`:     "It needs one of these scopes:\n  - x\n  - a if p, else b or c",
	} {
		m := &model.Method{Name: "x"}
		if expression != "" {
			m.Scopes = json.RawMessage(expression)
		}
		if got, err := needs(m); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", expression, got, err, want)
		}
	}
}

func TestWhoseParametersAre(t *testing.T) {
	got := whose([]scopes.Derived{
		{Param: "schedulerId", From: scopes.FromTask}, {Param: "projectId", From: scopes.FromTask}, {Param: "name", From: scopes.FromArgs},
	})
	if want := "\n\nschedulerId and projectId are as the task's definition says."; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
}
