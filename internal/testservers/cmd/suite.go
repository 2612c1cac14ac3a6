package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"verdict/internal/testservers/launch"
	"verdict/internal/testservers/report"
)

// suite runs everything that the project checks about itself and counts it.
// A check, a test, a fuzz target and a benchmark each count as one.
type suite struct {
	packages []string // what go list is asked for
	env      []string // of the commands that run tests

	mu      sync.Mutex
	passed  int
	failed  []report.Named
	skipped []report.Named
}

// test runs the whole suite and gives the exit status: 0 when all passed, 1
// when something failed, 2 when it couldn't begin.
func test(ctx context.Context, packages []string) int {
	if len(packages) == 0 {
		packages = []string{"./..."}
	}
	s := &suite{packages: packages}
	begun := time.Now()
	names, err := startable(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}

	heading("servers and static checks")
	var servers *launch.Servers
	var wg sync.WaitGroup
	wg.Go(func() { servers = s.startServers(ctx, names) })
	s.checks(ctx)
	wg.Wait()
	defer servers.Stop()
	s.env = append(os.Environ(), servers.Env()...)
	if len(names) == len(launch.Names()) {
		s.env = append(s.env, launch.RequireAll)
	}

	for _, step := range []struct {
		title string
		run   func(context.Context)
	}{
		{"tests, with the race detector", s.tests},
		{"fuzz targets, a few seconds each", s.fuzz},
		{"benchmarks, once each", s.benchmarks},
		{"comparisons, without the race detector", s.comparisons},
	} {
		if ctx.Err() == nil {
			heading(step.title)
			step.run(ctx)
		}
	}
	if ctx.Err() != nil {
		s.fail("interrupted", "")
	}
	return s.close(time.Since(begun))
}

// startable installs what is missing and names the servers that can be
// started: all of them, but that without root those stay away whose packages
// aren't here.
func startable(ctx context.Context) ([]string, error) {
	if os.Getuid() == 0 || os.Getenv("CI") == "true" {
		return launch.Names(), launch.Install(ctx, launch.Missing(launch.Names()...), os.Stdout)
	}
	if missing := launch.Missing(); len(missing) > 0 {
		return nil, fmt.Errorf("as root: apt-get install %s", strings.Join(missing, " "))
	}
	var names []string
	for _, name := range launch.Names() {
		if missing := launch.Missing(name); len(missing) > 0 {
			fmt.Printf("no %s: its tests are skipped; as root: apt-get install %s\n", name, strings.Join(missing, " "))
			continue
		}
		names = append(names, name)
	}
	return names, nil
}

// startServers starts the servers; one that doesn't is a failure, but the
// tests that need another still run.
func (s *suite) startServers(ctx context.Context, names []string) *launch.Servers {
	servers, err := launch.Start(ctx, names, os.Stdout)
	if err != nil {
		s.fail("servers", err.Error())
	}
	return servers
}

func (s *suite) pass() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passed++
}

// fail counts something that isn't a test of go test's, and prints why.
func (s *suite) fail(what, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = append(s.failed, report.Named{Package: what})
	fmt.Printf("FAIL  %s\n", what)
	if why = strings.TrimSpace(why); why != "" {
		fmt.Printf("      %s\n", strings.ReplaceAll(why, "\n", "\n      "))
	}
}

// close prints what was skipped and what failed, by name, and the counts.
func (s *suite) close(took time.Duration) int {
	heading(fmt.Sprintf("after %.0f s", took.Seconds()))
	list("skipped", s.skipped)
	list("failed", s.failed)
	fmt.Printf("%d passed, %d failed, %d skipped\n", s.passed, len(s.failed), len(s.skipped))
	if len(s.failed) > 0 {
		return 1
	}
	return 0
}

func list(title string, all []report.Named) {
	if len(all) == 0 {
		return
	}
	fmt.Println(title + ":")
	for _, n := range all {
		fmt.Println("  " + strings.TrimSpace(n.Package+" "+n.Test+" "+n.Reason))
	}
	fmt.Println()
}

func heading(title string) { fmt.Printf("\n== %s\n", title) }
