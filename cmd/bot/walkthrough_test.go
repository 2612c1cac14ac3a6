package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// step is a mark in a page with the block that follows it, if one does.
var step = regexp.MustCompile("(?m)^<!-- (file|append|edit|run): (.*) -->\n(?:```[a-z]*\n((?s:.*?))```)?")

// The walk-through of docs/testing.md is gone through as it is written: files are made, edited, and commands print what
// stands there. A line "…" is any number of lines.
func TestTheWalkThroughOfTheDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	ran := 0
	for _, m := range step.FindAllStringSubmatch(string(page), -1) {
		kind, what, block := m[1], m[2], m[3]
		switch kind {
		case "file":
			write(t, what, block)
		case "append":
			write(t, what, read(t, what)+block)
		case "edit":
			name, change, _ := strings.Cut(what, ": ")
			from, to, _ := strings.Cut(change, " => ")
			text := read(t, name)
			if strings.Count(text, from) != 1 {
				t.Fatalf("%s has %q %d times", name, from, strings.Count(text, from))
			}
			write(t, name, strings.Replace(text, from, to, 1))
		case "run":
			ran++
			runAsWritten(t, what, block)
		}
	}
	if ran == 0 {
		t.Fatal("nothing was run")
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// runAsWritten runs a command, "$ bot …", and compares what it prints with what stands below it.
func runAsWritten(t *testing.T, exit, block string) {
	t.Helper()
	command, want, _ := strings.Cut(block, "\n")
	words := strings.Fields(strings.TrimPrefix(command, "$ bot "))
	var out, errOut strings.Builder
	code := execute(context.Background(), words, strings.NewReader(""), &out, &errOut)
	if exit != "exit "+strconv.Itoa(code) {
		t.Errorf("%s: exits with %d, want %s\n%s%s", command, code, exit, out.String(), errOut.String())
	}
	pattern := regexp.QuoteMeta(want)
	pattern = "^" + strings.ReplaceAll(pattern, "…\n", "(?s:.*)") + "$"
	if !regexp.MustCompile(pattern).MatchString(out.String()) {
		t.Errorf("%s prints\n%s\nwant\n%s", command, out.String(), want)
	}
}

// named is a YAML block of README.md that begins with the file's name.
var named = regexp.MustCompile("(?s)```yaml\n# (firmware/[a-z.]+\\.yaml)\n(.*?)```")

func TestTheFirstRuleOfTheReadmePassesItsTest(t *testing.T) {
	page, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	blocks := named.FindAllStringSubmatch(string(page), -1)
	if len(blocks) != 2 {
		t.Fatalf("README.md has %d files, want a rule and its test", len(blocks))
	}
	for _, m := range blocks {
		write(t, filepath.Join("rules", m[1]), m[2])
	}
	var out, errOut strings.Builder
	if code := execute(context.Background(), []string{"test", "rules"}, strings.NewReader(""), &out, &errOut); code != exitFine {
		t.Errorf("exits with %d\n%s%s", code, out.String(), errOut.String())
	}
}
