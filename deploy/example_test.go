// Package deploy_test holds what administrators are given to begin with to what the bot reads.
package deploy_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"verdict/internal/app/ruleset"
	"verdict/internal/config"
	"verdict/rules"
)

func TestExampleLoads(t *testing.T) {
	name := filepath.Join("example", "teams.yaml")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	teams, diagnostics := rules.LoadTeams(name, data)
	files, err := read(filepath.Join("example", "rules"))
	if err != nil {
		t.Fatal(err)
	}
	set, found := ruleset.Load(rules.Sources{Files: files, Teams: teams})
	for _, d := range append(diagnostics, found...) {
		t.Errorf("%s\n%s", d, d.Excerpt())
	}
	for _, team := range teams.All() {
		if len(set.TeamFiles(team.Name)) == 0 {
			t.Errorf("team %s has no rules", team.Name)
		}
	}
}

func read(dir string) (map[string][]byte, error) {
	root := os.DirFS(dir)
	files := map[string][]byte{}
	return files, fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files[name], err = fs.ReadFile(root, name)
		return err
	})
}

// TestServersOfTheExampleAreConfigured: the names that teams are granted servers by are those of the configuration.
func TestServersOfTheExampleAreConfigured(t *testing.T) {
	cfg, err := config.Load(filepath.Join("..", "config.example.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join("example", "teams.yaml")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	teams, _ := rules.LoadTeams(name, data)
	for _, team := range teams.All() {
		for _, g := range team.Gerrit {
			if _, ok := cfg.Gerrit[g.Server]; !ok {
				t.Errorf("%s:%d: config.example.yaml has no Gerrit %q", name, g.Line, g.Server)
			}
		}
	}
}

// TestUnitNamesNothingTwice: systemd takes the last of two lines without a word.
func TestUnitNamesNothingTwice(t *testing.T) {
	data, err := os.ReadFile("verdict.service")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		key, _, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || strings.HasPrefix(key, "#") || key == "SystemCallFilter" { // that one adds up
			continue
		}
		if seen[key] {
			t.Errorf("%s stands there twice", key)
		}
		seen[key] = true
	}
}
