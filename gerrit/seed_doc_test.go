package gerrit_test

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// seedDoc is the documentation of the client of 2018, which is kept beside the
// repository.
func seedDoc(t *testing.T) string {
	t.Helper()
	name := filepath.Join("..", "..", "shared", "seeds", "gerrit-godoc-2018.txt")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Skipf("the documentation of the client of 2018 is not there: %v", err)
	}
	return string(text)
}

var (
	oneLine = regexp.MustCompile(`^(var|func) (.*?)( Uses)?$`)
	opening = regexp.MustCompile(`^(const \(|type (\w+) (struct|interface) \{)$`)
)

// declarations makes Go of the documentation: it lacks the closing brackets and
// has prose in between.
func declarations(text string) string {
	source := strings.Builder{}
	source.WriteString("package seed\nimport (\"context\"; \"errors\"; \"net/http\"; \"time\")\n" +
		"var _ context.Context; var _ = errors.New; var _ http.Client; var _ time.Time\ntype noAuth struct{}\n")
	closing := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if closing != "" && (line == "" || strings.HasPrefix(line, "    ")) {
			source.WriteString(line + "\n")
			continue
		}
		source.WriteString(closing + "\n")
		closing = ""
		switch {
		case opening.MatchString(line):
			closing = "}"
			if strings.HasPrefix(line, "const") {
				closing = ")"
			}
			source.WriteString(line + "\n")
		case line == "type TimeStamp time.Time":
			source.WriteString(line + "\n")
		case strings.HasSuffix(line, " Uses"): // a heading; what it is about follows
		case strings.HasPrefix(line, "func "):
			source.WriteString(line + " { panic(0) }\n")
		case oneLine.MatchString(line):
			source.WriteString(line + "\n")
		}
	}
	return source.String() + closing
}

func TestSeedIsWhole(t *testing.T) {
	text := seedDoc(t)
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, "seed.go", declarations(text), 0)
	if err != nil {
		t.Fatal(err)
	}
	source := compiled(t, files)
	seed, err := (&types.Config{Importer: source}).Check("seed", files, []*ast.File{parsed}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := source.Import("verdict/gerrit")
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, name := range seed.Scope().Names() {
		if !token.IsExported(name) {
			continue
		}
		compared += compare(t, seed.Scope().Lookup(name), ours)
	}
	// Counted by hand: 3 constants, 3 variables, 5 functions, 24 types with 94
	// fields and 23 methods.
	if compared != 152 {
		t.Errorf("compared %d identifiers, the client of 2018 had 152", compared)
	}
}

// compiled imports this package, and what it imports, as the go command builds
// them.
func compiled(t *testing.T, files *token.FileSet) types.Importer {
	t.Helper()
	out, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", "verdict/gerrit").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	exports := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		exports[path] = file
	}
	return importer.ForCompiler(files, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
}

// compare looks whether a name of the seed is ours, too, with its fields and
// methods, and says how many names that were.
func compare(t *testing.T, want types.Object, ours *types.Package) int {
	t.Helper()
	got := ours.Scope().Lookup(want.Name())
	if got == nil {
		t.Errorf("%s is gone", want.Name())
		return 1
	}
	if _, isType := want.(*types.TypeName); !isType {
		expect(t, want.Name(), got.Type(), want.Type())
		return 1
	}
	names := 1
	if fields, ok := want.Type().Underlying().(*types.Struct); ok {
		for field := range fields.Fields() {
			if field.Exported() {
				names++
				member(t, want.Name(), got, field)
			}
		}
	}
	for method := range want.Type().(*types.Named).Methods() {
		names++
		member(t, want.Name(), got, method)
	}
	return names
}

// member looks whether a type of ours has a field or method.
func member(t *testing.T, owner string, of types.Object, want types.Object) {
	t.Helper()
	got, _, _ := types.LookupFieldOrMethod(types.NewPointer(of.Type()), true, of.Pkg(), want.Name())
	if got == nil {
		t.Errorf("%s.%s is gone", owner, want.Name())
		return
	}
	expect(t, owner+"."+want.Name(), got.Type(), want.Type())
}

func expect(t *testing.T, name string, got, want types.Type) {
	t.Helper()
	plain := func(p *types.Package) string {
		if p.Name() == "seed" || p.Name() == "gerrit" {
			return ""
		}
		return p.Path()
	}
	g, w := types.TypeString(got, plain), types.TypeString(want, plain)
	if unnamed(got, plain) != unnamed(want, plain) {
		t.Errorf("%s is %s, was %s", name, g, w)
	}
}

// unnamed writes a type without the names of parameters and receivers.
func unnamed(t types.Type, plain types.Qualifier) string {
	s, ok := t.(*types.Signature)
	if !ok {
		return types.TypeString(t, plain)
	}
	strip := func(in *types.Tuple) *types.Tuple {
		var out []*types.Var
		for v := range in.Variables() {
			out = append(out, types.NewParam(token.NoPos, nil, "", v.Type()))
		}
		return types.NewTuple(out...)
	}
	return types.TypeString(types.NewSignatureType(nil, nil, nil, strip(s.Params()), strip(s.Results()), s.Variadic()), plain)
}
