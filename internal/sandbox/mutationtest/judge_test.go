package mutationtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"

	"verdict/internal/app/ruleset"
	"verdict/internal/sandbox"
	"verdict/rules"
	"verdict/rules/ruletest"
)

// folder is a folder of rules with their tests, and their teams.yaml.
type folder struct {
	root  fs.FS
	files map[string][]byte
	teams *rules.Teams
}

func readFolder(root fs.FS) (*folder, error) {
	f := &folder{root: root, files: map[string][]byte{}}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			f.files[name], err = fs.ReadFile(root, name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	var found []rules.Diagnostic
	if f.teams, found = rules.LoadTeams("teams.yaml", f.files["teams.yaml"]); len(found) > 0 {
		return nil, fmt.Errorf("%v", found)
	}
	delete(f.files, "teams.yaml")
	return f, nil
}

// ruleFiles are those that are changed, sorted.
func (f *folder) ruleFiles() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(f.files)) {
		if strings.HasSuffix(name, ".yaml") && !strings.HasSuffix(name, ruletest.Suffix) {
			out = append(out, name)
		}
	}
	return out
}

// load reads the rules of a file's team, with that file as it is given.
func (f *folder) load(name string, text []byte) (*rules.Set, []rules.Diagnostic) {
	in := rules.Sources{Files: map[string][]byte{}, Teams: f.teams}
	team, _, _ := strings.Cut(name, "/")
	for other, data := range f.files {
		if strings.HasPrefix(other, team+"/") {
			in.Files[other] = data
		}
	}
	in.Files[name] = text
	return ruleset.Load(in)
}

// fate is what became of a mutant.
type fate int

const (
	equivalent fate = iota // it loads as the very rules it was made of
	refused                // by bot check, where it is
	elsewhere              // by bot check, at another place
	killed                 // by a test
	survived
)

// judge lets bot check look at a mutant, and the tests at what it takes.
func (f *folder) judge(ctx context.Context, bed *sandbox.Testbed, m mutant) (fate, error) {
	set, found := f.load(m.file, m.text)
	if rules.HasErrors(found) {
		for _, d := range found {
			if d.Severity == rules.Error && d.File == m.file && d.Line >= m.from && d.Line <= m.to {
				return refused, nil
			}
		}
		return elsewhere, nil
	}
	original, _ := f.load(m.file, f.files[m.file])
	if canonical(set) == canonical(original) {
		return equivalent, nil
	}
	ok, err := f.passes(ctx, bed, set, m.file)
	if err != nil || ok {
		return survived, err
	}
	return killed, nil
}

var errFailed = errors.New("a test failed")

// testsBeside are the files of tests of a rule file: the one that is called like it, and those in its folder that are
// called like none.
func (f *folder) testsBeside(name string) []string {
	out := []string{strings.TrimSuffix(name, ".yaml") + ruletest.Suffix}
	for _, other := range slices.Sorted(maps.Keys(f.files)) {
		if base, ok := strings.CutSuffix(other, ruletest.Suffix); ok && path.Dir(other) == path.Dir(name) && f.files[base+".yaml"] == nil {
			out = append(out, other)
		}
	}
	return out
}

// passes runs the tests beside a rule file, up to the first that fails.
func (f *folder) passes(ctx context.Context, bed *sandbox.Testbed, set *rules.Set, name string) (bool, error) {
	var tests []*ruletest.File
	for _, name := range f.testsBeside(name) {
		team, _, _ := strings.Cut(name, "/")
		file, problems := ruletest.Read(name, team, f.files[name])
		if len(problems) > 0 {
			return false, fmt.Errorf("%v", problems)
		}
		tests = append(tests, file)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	failed := false
	_, err := ruletest.Run(ctx, tests, ruletest.Options{
		Engine: bed, Set: func(*ruletest.File) *rules.Set { return set },
		Read: func(testFile, name string) ([]byte, error) { return f.files[path.Join(path.Dir(testFile), name)], nil },
		Done: func(r ruletest.Result) {
			if !r.Passed() {
				failed = true
				stop(errFailed)
			}
		},
	})
	if failed {
		return false, nil
	}
	return err == nil, err
}

// aside is what two rules may differ in and still do the same: where and how they are written, what is computed from
// the rest, and the description, which nothing reads.
var aside = set("line", "Line", "File", "Description", "text", "paths", "ready", "index", "hash", "files", "teams")

// canonical writes the rules of a set, as they were loaded, into a text: every field of every rule but for those aside.
// Clauses are their texts.
func canonical(s *rules.Set) string {
	var b strings.Builder
	for _, r := range s.Rules() {
		write(&b, reflect.ValueOf(r), 0)
	}
	return b.String()
}

func write(b *strings.Builder, v reflect.Value, depth int) {
	if depth > 60 {
		panic("a rule that holds itself")
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			b.WriteString("nil ")
			return
		}
		if v.Elem().Kind() == reflect.Struct && strings.HasPrefix(v.Elem().Type().PkgPath(), "cel.dev/") {
			return // the type of an expression follows from its text
		}
		if v.Kind() == reflect.Interface {
			b.WriteString(v.Elem().Type().String() + " ")
		}
		write(b, v.Elem(), depth+1)
	case reflect.Struct:
		isCondition := v.Type().Name() == "condition"
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; !aside[name] || isCondition && name == "text" {
				b.WriteString(name + ":")
				write(b, v.Field(i), depth+1)
			}
		}
	case reflect.Slice, reflect.Array:
		fmt.Fprintf(b, "[%d ", v.Len())
		for i := range v.Len() {
			write(b, v.Index(i), depth+1)
		}
	case reflect.Map:
		lines := make([]string, 0, v.Len())
		for _, key := range v.MapKeys() {
			var line strings.Builder
			write(&line, key, depth+1)
			write(&line, v.MapIndex(key), depth+1)
			lines = append(lines, line.String())
		}
		slices.Sort(lines)
		b.WriteString(strings.Join(lines, ";"))
	case reflect.Func:
		fmt.Fprintf(b, "%x ", v.Pointer())
	case reflect.String:
		fmt.Fprintf(b, "%q ", v.String())
	default:
		fmt.Fprintf(b, "%v ", v)
	}
}
