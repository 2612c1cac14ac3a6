package importtest

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// file is a Go file of the module: the package whose folder it is in, as
// "internal/store", and what it imports, the module's own without "verdict/".
type file struct {
	name    string // internal/store/open.go
	pkg     string
	test    bool
	imports []string
}

const module = "verdict/"

// files reads every Go file of the module but for those of modules within it.
func files(t *testing.T) []file {
	t.Helper()
	root := filepath.Join("..", "..")
	var all []file
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return skip(root, name)
		}
		if rel, _ := filepath.Rel(root, name); strings.HasSuffix(name, ".go") && strings.Contains(rel, "/") {
			f, err := read(name, filepath.ToSlash(rel))
			all = append(all, f)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("found %d Go files from %s; this test looks in the wrong place", len(all), root)
	}
	return all
}

// skip leaves out folders that the go command leaves out too.
func skip(root, dir string) error {
	base := filepath.Base(dir)
	if dir == root {
		return nil
	}
	if base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
		return fs.SkipDir
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

func read(name, rel string) (file, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
	if err != nil {
		return file{}, err
	}
	f := file{name: rel, pkg: path.Dir(rel), test: strings.HasSuffix(rel, "_test.go")}
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return file{}, err
		}
		f.imports = append(f.imports, strings.TrimPrefix(imported, module))
	}
	return f, nil
}

// within says whether a package is one of the trees or below it.
func within(pkg string, trees ...string) bool {
	for _, tree := range trees {
		if pkg == tree || strings.HasPrefix(pkg, tree+"/") {
			return true
		}
	}
	return false
}

// publishable are the trees that could each be published alone.
var publishable = []string{"pulse", "gerrit", "taskcluster", "rules"}

func TestPublishableTreesImportOnlyThemselves(t *testing.T) {
	others := append([]string{"internal", "cmd", "test", "bench"}, publishable...)
	for _, f := range files(t) {
		tree, _, _ := strings.Cut(f.pkg, "/")
		if !within(f.pkg, publishable...) {
			continue
		}
		for _, imported := range f.imports {
			if f.test && imported == "internal/testservers" {
				continue // where a contract suite finds the real server
			}
			if within(imported, others...) && !within(imported, tree) {
				t.Errorf("%s imports %s; %s imports nothing of this module but itself", f.name, imported, tree)
			}
		}
	}
}

// stages are the folders of internal/ in the order in which they build on
// each other: each imports only those before it.
var stages = []string{"crew", "schedule", "config", "report", "store", "problems", "facts", "ingest", "deliver", "decide", "web", "app", "doctor", "sandbox"}

func TestStagesImportOnlyEarlierStages(t *testing.T) {
	order := map[string]int{}
	for i, stage := range stages {
		order[stage] = i
	}
	for _, f := range files(t) {
		stage, ok := stageOf(f.pkg)
		if !ok || within(f.pkg, "internal/testservers", "internal/importtest") {
			continue
		}
		at, known := order[stage]
		if !known {
			t.Errorf("%s: internal/%s has no place in the order of stages; give it one here and in ARCHITECTURE.md", f.name, stage)
			continue
		}
		for _, imported := range f.imports {
			if other, ok := stageOf(imported); ok && order[other] > at && !f.test {
				t.Errorf("%s imports %s, which builds on internal/%s", f.name, imported, stage)
			}
		}
	}
}

// stageOf names the folder below internal/ that a package is in.
func stageOf(pkg string) (string, bool) {
	rest, ok := strings.CutPrefix(pkg, "internal/")
	stage, _, _ := strings.Cut(rest, "/")
	return stage, ok
}

// libraries are the packages that one place of ours stands in front of, so
// that each can be replaced there: the archived ones, and the two databases.
// Tests may use a library in more places, to face it with the real thing.
var libraries = []struct {
	path   string
	by     []string
	byTest []string
}{
	{"github.com/streadway/amqp", []string{"pulse"}, []string{"pulse/pulsetest", "test"}},
	{"github.com/tent/hawk-go", []string{"taskcluster/hawk"}, nil},
	{"gopkg.in/yaml.v3", []string{"rules/yamlfile"}, []string{"rules/jsone"}},
	{"github.com/robfig/cron", []string{"internal/schedule"}, nil},
	{"golang.org/x/crypto/ssh", []string{"gerrit", "gerrit/gerrittest"}, []string{"internal/app"}},
	{"modernc.org/sqlite", []string{"internal/store"}, []string{"test"}},
	{"github.com/jackc/pgx", []string{"internal/store", "internal/testservers"}, nil},
	{"github.com/pressly/goose", []string{"internal/store"}, nil},
	{"github.com/go-git/go-git", []string{"internal/app/rulegit"}, nil},
}

func TestLibraryIsImportedByOnePackage(t *testing.T) {
	for _, f := range files(t) {
		for _, imported := range f.imports {
			for _, lib := range libraries {
				if !within(imported, lib.path) || slices.Contains(lib.by, f.pkg) {
					continue
				}
				if f.test && within(f.pkg, lib.byTest...) {
					continue
				}
				t.Errorf("%s imports %s; only %s does", f.name, imported, strings.Join(lib.by, ", "))
			}
		}
	}
}

// TestFakesStayOutOfTheBot: the fakes are for tests, and for the sandbox,
// which is made of them.
func TestFakesStayOutOfTheBot(t *testing.T) {
	fakes := []string{"pulse/pulsetest", "rules/rulestest", "rules/yamlfile/yamlfiletest", "gerrit/gerrittest", "taskcluster/taskclustertest", "internal/testservers"}
	users := append([]string{"internal/sandbox", "test"}, fakes...)
	for _, f := range files(t) {
		for _, imported := range f.imports {
			if within(imported, fakes...) && !f.test && !within(f.pkg, users...) {
				t.Errorf("%s imports %s, which is for tests and internal/sandbox", f.name, imported)
			}
		}
	}
}

// TestRulesArePure: rules are handed all that they may know; what they decide
// is the same wherever and whenever it is computed.
func TestRulesArePure(t *testing.T) {
	impure := []string{"net", "os", "io/fs", "database", "math/rand", "crypto/rand", "syscall"}
	for _, f := range files(t) {
		if !within(f.pkg, "rules") || within(f.pkg, "rules/ruletest", "rules/examples") || f.test {
			continue
		}
		for _, imported := range f.imports {
			if within(imported, impure...) && imported != "net/url" {
				t.Errorf("%s imports %s; rules do no I/O", f.name, imported)
			}
		}
	}
}
