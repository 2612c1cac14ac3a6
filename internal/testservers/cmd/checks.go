package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// staticcheck is the linter at the version that the project is held to. It is
// run by its module path, so that it isn't one of the bot's dependencies.
const staticcheck = "honnef.co/go/tools/cmd/staticcheck@v0.8.2"

// checks runs what looks at the code without running it.
func (s *suite) checks(ctx context.Context) {
	checks := [][]string{
		{"gofmt", "-l", "."},
		{"go", "mod", "tidy", "-diff"},
		append([]string{"go", "vet"}, s.packages...),
		append([]string{"go", "run", staticcheck}, s.packages...),
	}
	if _, err := os.Stat("bench/go.mod"); err == nil {
		checks = append(checks,
			[]string{"go", "-C", "bench", "mod", "tidy", "-diff"},
			[]string{"go", "-C", "bench", "vet", "./..."})
	}
	for _, argv := range checks {
		since := time.Now()
		out, err := output(ctx, "", nil, argv...)
		if argv[0] == "gofmt" && err == nil && out != "" {
			err = errors.New("not formatted")
		}
		name := strings.Join(argv, " ")
		if err != nil {
			s.fail(name, out+"\n"+err.Error())
			continue
		}
		s.pass()
		fmt.Printf("ok    %s  %.1f s\n", name, time.Since(since).Seconds())
	}
}
