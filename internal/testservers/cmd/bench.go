package main

import (
	"context"
	"fmt"
	"time"
)

// benchmarks runs every benchmark once, to see that it still runs: what it
// measures is for `go test -bench` and `make bench`.
func (s *suite) benchmarks(ctx context.Context) {
	packages, err := s.targets(ctx, benchmark)
	if err != nil {
		s.fail("find benchmarks", err.Error())
		return
	}
	for _, p := range packages {
		since := time.Now()
		out, err := output(ctx, "", s.env, "go", "test", "-run=^$", "-bench=.", "-benchtime=1x", "-timeout=3m", p.ImportPath)
		if err != nil {
			s.fail(p.ImportPath+" benchmarks", out+"\n"+err.Error())
			continue
		}
		for range p.Names {
			s.pass()
		}
		fmt.Printf("ok    %-40s %4d benchmarks  %6.1f s\n", p.ImportPath, len(p.Names), time.Since(since).Seconds())
	}
}
