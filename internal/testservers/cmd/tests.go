package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"sync"

	"verdict/internal/testservers/report"
)

// tests runs `go test` over everything, in an order of its own each time.
func (s *suite) tests(ctx context.Context) {
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
	argv := append([]string{"go", "test", "-race", "-count=1", "-shuffle=on", "-timeout=8m", "-json"}, s.packages...)
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
		s.fail("go test", err.Error())
	}
}
