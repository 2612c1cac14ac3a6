package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// fuzzTime is how long a target runs: enough to find what a change broke at
// once. Longer runs are for who works on the parser.
const fuzzTime = "2s"

// fuzz runs every fuzz target for a short time. A package's test program is
// built once for all its targets.
func (s *suite) fuzz(ctx context.Context) {
	packages, err := s.targets(ctx, fuzzTarget)
	if err != nil {
		s.fail("find fuzz targets", err.Error())
		return
	}
	dir, err := os.MkdirTemp("", "verdict-test-fuzz-")
	if err != nil {
		s.fail("fuzz", err.Error())
		return
	}
	defer os.RemoveAll(dir)
	for i, p := range packages {
		program := filepath.Join(dir, fmt.Sprintf("%d.test", i))
		if out, err := output(ctx, "", s.env, "go", "test", "-c", "-fuzz=.", "-o", program, p.ImportPath); err != nil {
			s.fail(p.ImportPath+" built for fuzzing", out+"\n"+err.Error())
			continue
		}
		for _, name := range p.Names {
			s.fuzzOne(ctx, p, program, name)
		}
	}
}

func (s *suite) fuzzOne(ctx context.Context, p target, program, name string) {
	since := time.Now()
	run := func() (string, error) {
		return output(ctx, p.Dir, s.env, program, "-test.run=^$", "-test.fuzz=^"+name+"$", "-test.fuzztime="+fuzzTime,
			"-test.fuzzminimizetime=10x", // or the first input that leads further takes all of the time
			"-test.fuzzcachedir="+program+".corpus", "-test.timeout=3m")
	}
	out, err := run()
	if err != nil && strings.Contains(out, "context deadline exceeded") && !strings.Contains(out, "Failing input") {
		out, err = run() // the time ran out within a worker's call, which testing takes for a failure now and then
	}
	if err != nil {
		s.fail(p.ImportPath+" "+name, out+"\n"+err.Error())
		return
	}
	s.pass()
	fmt.Printf("ok    %-40s %-36s %6.1f s\n", p.ImportPath, name, time.Since(since).Seconds())
}
