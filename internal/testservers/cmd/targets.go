package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	fuzzTarget = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(\w+ \*testing\.F\)`)
	benchmark  = regexp.MustCompile(`(?m)^func (Benchmark\w+)\(\w+ \*testing\.B\)`)
	// measurement is a test that compares how long things take. The race detector slows one thing more than another.
	measurement = regexp.MustCompile(`(?m)^func (Test\w*` + measured + `\w*)\(\w+ \*testing\.T\)`)
)

// target is a package that declares functions of a kind, and their names.
type target struct {
	ImportPath string
	Dir        string
	Names      []string
}

// targets finds the packages whose test files declare functions that match.
func (s *suite) targets(ctx context.Context, declared *regexp.Regexp) ([]target, error) {
	argv := append([]string{"go", "list", "-json=ImportPath,Dir,TestGoFiles,XTestGoFiles"}, s.packages...)
	out, err := output(ctx, "", nil, argv...)
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, out)
	}
	var found []target
	for packages := json.NewDecoder(strings.NewReader(out)); packages.More(); {
		var p struct {
			target
			TestGoFiles  []string
			XTestGoFiles []string
		}
		if err := packages.Decode(&p); err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		for _, file := range append(p.TestGoFiles, p.XTestGoFiles...) {
			source, err := os.ReadFile(filepath.Join(p.Dir, file))
			if err != nil {
				return nil, err
			}
			for _, m := range declared.FindAllSubmatch(source, -1) {
				p.Names = append(p.Names, string(m[1]))
			}
		}
		if len(p.Names) > 0 {
			found = append(found, p.target)
		}
	}
	return found, nil
}
