package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"verdict/rules"
)

// TestNotesDoNotHideWhatIsWrong: of two thousand notes ten are printed, and every error.
func TestNotesDoNotHideWhatIsWrong(t *testing.T) {
	var found []rules.Diagnostic
	for n := range 2000 {
		found = append(found, rules.Diagnostic{File: "a.yaml", Line: n + 1, Column: 1, Severity: rules.Note, Message: "not swept"})
	}
	found = append(found, rules.Diagnostic{File: "z.yaml", Line: 1, Column: 1, Severity: rules.Error, Message: "no such field"})
	var out bytes.Buffer
	cmd := &cobra.Command{}
	cmd.SetOut(&out)
	printDiagnostics(cmd, found, 7)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	want := []string{fmt.Sprint(found[9]), fmt.Sprint(found[2000]), "and 1990 more notes; --json has all", "1 error"}
	if len(lines) != 13 || strings.Join(lines[9:], "\n") != strings.Join(want, "\n") {
		t.Errorf("it printed %d lines, at the end\n%s\nwant\n%s", len(lines), strings.Join(lines[max(0, len(lines)-4):], "\n"), strings.Join(want, "\n"))
	}
}

// Hooks before a commit name each file that changed: that must not cost as many readings of all rules.
func TestPathsInOneFolderAreReadOnce(t *testing.T) {
	rulesDir := writeMany(t, 2, 4)
	teams, _, err := loadTeams(rulesDir, "")
	if err != nil {
		t.Fatal(err)
	}
	c := checker{folders: map[string]checkedFolder{}}
	first, _, err := c.folder(rulesDir, teams)
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(rulesDir, "*", "*.yaml"))
	if err != nil || len(names) < 2 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		if _, n, err := c.path(name); err != nil || n == 0 {
			t.Errorf("%s: %d rules, %v", name, n, err)
		}
	}
	if len(c.folders) != 1 || c.folders[rulesDir+"\x00"+teams.File].set != first {
		t.Errorf("%d sets were loaded", len(c.folders))
	}
}
