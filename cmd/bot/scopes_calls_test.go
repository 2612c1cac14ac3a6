package main

import (
	"context"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"verdict/taskcluster"
	"verdict/taskcluster/api/methods"
	"verdict/taskcluster/api/tcauth"
	"verdict/taskcluster/scopes"
	"verdict/taskcluster/taskclustertest"
)

// TestTheClientMayAskTheQueueWhatTheBotAsks makes every call that taskcluster.Queue knows. Those that aren't made in a
// rule's name are the bot's own: its client has to be allowed them by what bot scopes lists.
func TestTheClientMayAskTheQueueWhatTheBotAsks(t *testing.T) {
	server, err := taskclustertest.NewServer(taskclustertest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	server.SetRole("anonymous")
	server.AddClient("bot", "t0ken", clientNeeds("bot", teamWith(t, "")).Scopes...)
	queue, err := taskcluster.NewQueue(server.URL, &taskcluster.Credentials{ClientID: "bot", AccessToken: "t0ken"}, taskcluster.Options{Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	args := map[reflect.Type]any{
		reflect.TypeFor[context.Context]():    t.Context(),
		reflect.TypeFor[taskcluster.Caller](): taskcluster.Caller{Name: "gfx/rule", Scopes: []string{"x"}},
		reflect.TypeFor[json.RawMessage]():    json.RawMessage("{}"),
		reflect.TypeFor[string]():             fakeTask,
		reflect.TypeFor[int]():                1,
		reflect.TypeFor[int64]():              int64(1),
	}
	calls := reflect.ValueOf(queue)
	for i := range calls.NumMethod() {
		var in []reflect.Value
		for k := range calls.Method(i).Type().NumIn() {
			arg, known := args[calls.Method(i).Type().In(k)]
			if !known {
				t.Fatalf("this test doesn't know what to hand to %s", calls.Type().Method(i).Name)
			}
			in = append(in, reflect.ValueOf(arg))
		}
		calls.Method(i).Call(in) // there is no such task: it is about what is asked
	}
	own := 0
	for _, call := range server.Calls() {
		if call.ClientID != "bot" {
			continue
		}
		if own++; call.Status == http.StatusForbidden {
			t.Errorf("the client may not call %s.%s", call.Service, call.Method)
		}
	}
	if own < 3 {
		t.Errorf("%d calls of the bot's own; this test looks in the wrong place", own)
	}
}

// notNeeded are methods of auth that the bot does without where it may not call them.
var notNeeded = map[string]bool{"CurrentScopes": true}

// What the bot's own code calls of auth is found in the code.
func TestTheClientMayAskAuthWhatTheBotAsks(t *testing.T) {
	teams := teamWith(t, `"assume:project:gfx"`)
	have := clientNeeds("bot", teams).Scopes
	asked := 0
	for _, name := range calledOfAuth(t) {
		m := scopes.Find(methods.All, "auth", strings.ToLower(name[:1])+name[1:])
		if m == nil || notNeeded[name] {
			continue
		}
		asked++
		need, err := m.Needed(scopes.Request{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if missing := scopes.Missing(have, need); len(missing) > 0 {
			t.Errorf("to call auth.%s the client lacks %q", m.Name, missing)
		}
	}
	if asked == 0 {
		t.Error("nothing is asked; this test looks in the wrong place")
	}
}

// calledOfAuth are the methods of tcauth.Auth that internal/ calls. Another service's package among its imports is one
// that this test has to be taught.
func calledOfAuth(t *testing.T) (names []string) {
	const api = "verdict/taskcluster/api/tc"
	err := filepath.WalkDir(filepath.Join("..", "..", "internal"), func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		calls := false
		for _, i := range file.Imports {
			path := strings.Trim(i.Path.Value, `"`)
			if calls = calls || path == api+"auth"; strings.HasPrefix(path, api) && path != api+"auth" {
				t.Errorf("%s calls %s: compare its scopes here, too", name, path)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !calls {
				return true
			}
			if of, ok := call.Fun.(*ast.SelectorExpr); ok {
				if _, ok := reflect.TypeFor[*tcauth.Auth]().MethodByName(of.Sel.Name); ok {
					names = append(names, of.Sel.Name)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
