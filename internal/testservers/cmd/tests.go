package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"verdict/internal/testservers/report"
)

// measured is what the names of tests have in them that run alone and without the race detector: those that compare
// costs, and the one that judges thousands of mutants.
const measured = "(?:Cost|Mutants)"

// unchecked leaves out the checks of pointers that -race brings along, in SQLite, which is C made into Go: they are half
// of what it costs there. Races are looked for in it as everywhere.
const unchecked = "-gcflags=modernc.org/...=-d=checkptr=0"

// tests runs `go test` over everything, in an order of its own each time, but for what comparisons runs.
func (s *suite) tests(ctx context.Context) {
	s.goTest(ctx, append([]string{"go", "test", "-race", unchecked, "-count=1", "-shuffle=on", "-timeout=8m", "-skip=" + measured, "-json"}, s.packages...))
}

// comparisons runs the tests that measure, here and in bench: one package after the
// other, and without the race detector.
func (s *suite) comparisons(ctx context.Context) {
	packages, err := s.targets(ctx, measurement)
	if err != nil {
		s.fail("find tests that measure", err.Error())
		return
	}
	if len(packages) > 0 {
		argv := []string{"go", "test", "-count=1", "-p=1", "-timeout=5m", "-run=" + measured, "-json"}
		for _, p := range packages {
			argv = append(argv, p.ImportPath)
		}
		s.goTest(ctx, argv)
	}
	if _, err := os.Stat("bench/go.mod"); err != nil || !slices.Contains(s.packages, "./...") {
		return // only some packages are asked for
	}
	s.goTest(ctx, []string{"go", "-C", "bench", "test", "-count=1", "-p=1", "-timeout=5m", "-json", "./..."})
}

// goTest runs a `go test` that prints JSON, and counts what it says.
func (s *suite) goTest(ctx context.Context, argv []string) {
	r := report.Report{Out: os.Stdout}
	lines, out := io.Pipe()
	var wg sync.WaitGroup
	wg.Go(func() {
		in := bufio.NewReader(lines)
		for {
			line, err := in.ReadBytes('\n')
			if len(line) > 0 {
				r.Add(line)
			}
			if err != nil {
				return
			}
		}
	})
	err := stream(ctx, s.env, out, argv...)
	out.Close()
	wg.Wait()
	r.Close()

	s.mu.Lock()
	s.passed += r.Passed
	s.failed = append(s.failed, r.Failed...)
	s.skipped = append(s.skipped, r.Skipped...)
	s.mu.Unlock()
	if err != nil && len(r.Failed) == 0 {
		s.fail(strings.Join(argv, " "), err.Error())
	}
}
