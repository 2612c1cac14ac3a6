package taskcluster_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"verdict/taskcluster"
)

// Code written for the client of 2018 compiles with this package. What that
// client exported is here with its signatures: this compiles or it doesn't. A
// struct that has no more fields than then can still be written without their
// names.
var (
	_ = taskcluster.APICall(struct {
		Client      *taskcluster.Client
		Route       string
		QueryString url.Values
		Payload     io.Reader
	}{})

	_ = taskcluster.APICallException(struct {
		CallSummary *taskcluster.CallSummary
		RootCause   error
	}{})
	_ error                                      = (*taskcluster.APICallException)(nil)
	_ func(*taskcluster.APICallException) string = (*taskcluster.APICallException).Error

	_ = taskcluster.CallSummary(struct {
		HTTPRequest       *http.Request
		HTTPRequestBody   string
		HTTPRequestObject interface{}
		HTTPResponse      *http.Response
		HTTPResponseBody  string
		Attempts          int
	}{})
	_ func(*taskcluster.CallSummary) string = (*taskcluster.CallSummary).String

	_ = taskcluster.Certificate(struct {
		Version   int
		Scopes    []string
		Start     int64
		Expiry    int64
		Seed      string
		Signature string
		Issuer    string
	}{})
	_ func(*taskcluster.Certificate, string, string) error = (*taskcluster.Certificate).Sign

	_ = func(c *taskcluster.Client) {
		var (
			_ **taskcluster.Credentials      = &c.Credentials
			_ *string                        = &c.BaseURL
			_ *bool                          = &c.Authenticate
			_ *taskcluster.ReducedHTTPClient = &c.HTTPClient
			_ *context.Context               = &c.Context
		)
	}
	_ func(*taskcluster.Client, interface{}, string, string, interface{}, url.Values) (interface{}, *taskcluster.CallSummary, error) = (*taskcluster.Client).APICall
	_ func(*taskcluster.Client, []byte, string, string, url.Values) (*taskcluster.CallSummary, error)                                = (*taskcluster.Client).Request
	_ func(*taskcluster.Client, string, url.Values, time.Duration) (*url.URL, error)                                                 = (*taskcluster.Client).SignedURL

	_ = taskcluster.Credentials(struct {
		ClientID         string
		AccessToken      string
		Certificate      string
		AuthorizedScopes []string
	}{})
	_ func() *taskcluster.Credentials                                                                          = taskcluster.CredentialsFromEnvVars
	_ func(*taskcluster.Credentials) (*taskcluster.Certificate, error)                                         = (*taskcluster.Credentials).Cert
	_ func(*taskcluster.Credentials, string, time.Duration, ...string) (*taskcluster.Credentials, error)       = (*taskcluster.Credentials).CreateNamedTemporaryCredentials
	_ func(*taskcluster.Credentials, time.Duration, ...string) (tempCreds *taskcluster.Credentials, err error) = (*taskcluster.Credentials).CreateTemporaryCredentials
	_ func(*taskcluster.Credentials, *http.Request) error                                                      = (*taskcluster.Credentials).SignRequest
	_ func(*taskcluster.Credentials) string                                                                    = (*taskcluster.Credentials).String

	_ = taskcluster.ExtHeader(struct {
		Certificate      *taskcluster.Certificate
		AuthorizedScopes *[]string
	}{})

	_ = taskcluster.ReducedHTTPClient(interface {
		Do(req *http.Request) (*http.Response, error)
	}(nil))
	_ taskcluster.ReducedHTTPClient                                              = http.DefaultClient
	_ func(taskcluster.ReducedHTTPClient, *http.Request) (*http.Response, error) = taskcluster.ReducedHTTPClient.Do

	_                                        = taskcluster.Time(time.Time{})
	_ func(taskcluster.Time) ([]byte, error) = taskcluster.Time.MarshalJSON
	_ func(taskcluster.Time) string          = taskcluster.Time.String
	_ func(*taskcluster.Time, []byte) error  = (*taskcluster.Time).UnmarshalJSON
)

// The page of that client's documentation is read too, so that nothing can have
// been left out above or be dropped here.
func TestEverythingOfTheClientOf2018IsHere(t *testing.T) {
	page, err := os.ReadFile("../../shared/seeds/tcclient-godoc-2018.txt")
	if err != nil {
		t.Skip("needs the documentation of the client of 2018, ../shared/seeds/tcclient-godoc-2018.txt")
	}
	then := declarationsOf(t, map[string]string{"then.go": declared(string(page))})
	if len(then.types) != 9 || len(then.all) != 9+15+31 {
		t.Fatalf("read %d types and %d declarations of the page, want 9 and %d: %v", len(then.types), len(then.all), 9+15+31, then.all)
	}
	now := declarationsOf(t, sources(t))
	listed, err := os.ReadFile("seed_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range then.all {
		if got := now.all[name]; got != want {
			t.Errorf("%s is %q, was %q", name, got, want)
		}
		typeName, member, _ := strings.Cut(name, ".")
		if strings.HasPrefix(want, "func(") && member != "Do" {
			member = "." + member
		}
		if !strings.Contains(string(listed), "taskcluster."+typeName) || !strings.Contains(string(listed), member) {
			t.Errorf("%s isn't in the list above", name)
		}
	}
}

// declared are the Go declarations on a page of documentation, as a file. The
// page has lost each closing brace; an empty line is in its place.
func declared(page string) string {
	out, within := "package then\n", false
	for line := range strings.Lines(page) {
		text := strings.TrimSpace(line)
		switch {
		case within && text == "":
			out, within = out+"}\n", false
		case within:
			out += line
		case strings.HasSuffix(text, " Uses"): // a heading
		case strings.HasPrefix(line, "type ") || strings.HasPrefix(line, "func "):
			out, within = out+line, strings.HasSuffix(text, "{")
		}
	}
	return out
}

func sources(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	return files
}

// declarations are what a package exports: a type, its fields and methods under
// Type.Name, each with its Go type and, of fields, the tag for JSON.
type declarations struct {
	all   map[string]string
	types []string
}

func declarationsOf(t *testing.T, files map[string]string) *declarations {
	t.Helper()
	d := &declarations{all: map[string]string{}}
	for name, text := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				d.addFunc(decl)
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					if spec, ok := spec.(*ast.TypeSpec); ok && spec.Name.IsExported() {
						d.addType(spec)
					}
				}
			}
		}
	}
	return d
}

func (d *declarations) addType(spec *ast.TypeSpec) {
	name := spec.Name.Name
	d.types = append(d.types, name)
	switch of := spec.Type.(type) {
	case *ast.StructType:
		d.all[name] = "struct"
		d.addFields(name, of.Fields)
	case *ast.InterfaceType:
		d.all[name] = "interface"
		d.addFields(name, of.Methods)
	default:
		d.all[name] = goType(of)
	}
}

func (d *declarations) addFields(typeName string, fields *ast.FieldList) {
	for _, field := range fields.List {
		text := goType(field.Type)
		if field.Tag != nil {
			tag := reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("json")
			if tag != "-" { // it is not to be written, which that client didn't say
				text += " " + tag
			}
		}
		for _, name := range field.Names {
			d.all[typeName+"."+name.Name] = text
		}
	}
}

// addFunc leaves out whether a method has a pointer for its receiver: one that
// hasn't can be called in all the same ways.
func (d *declarations) addFunc(decl *ast.FuncDecl) {
	name := decl.Name.Name
	if decl.Recv != nil {
		name = strings.TrimPrefix(goType(decl.Recv.List[0].Type), "*") + "." + name
	}
	d.all[name] = goType(decl.Type)
}

// goType is a type without the names of parameters and results.
func goType(e ast.Expr) string {
	f, ok := e.(*ast.FuncType)
	if !ok {
		return types.ExprString(e)
	}
	return "func(" + list(f.Params) + ") (" + list(f.Results) + ")"
}

func list(fields *ast.FieldList) string {
	var all []string
	if fields == nil {
		return ""
	}
	for _, field := range fields.List {
		for range max(1, len(field.Names)) {
			all = append(all, types.ExprString(field.Type))
		}
	}
	return strings.Join(all, ", ")
}
