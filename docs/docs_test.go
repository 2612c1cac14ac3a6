// Package docs_test holds what is written for people to what the code does.
package docs_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"verdict/internal/app/ruleset"
	"verdict/internal/facts"
	"verdict/internal/store"
	"verdict/rules"
)

var update = flag.Bool("update", false, "write fields.md anew")

const root = ".."

// pages are all pages of the project, by path from its root.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") && name != root || entry.Name() == "testdata" || entry.Name() == "node_modules") {
			return fs.SkipDir
		}
		if strings.HasSuffix(name, ".md") {
			data, err := os.ReadFile(name)
			all[name] = string(data)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if all[filepath.Join(root, "README.md")] == "" {
		t.Fatal("there is no README.md in the folder above")
	}
	return all
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func TestLinksLeadSomewhere(t *testing.T) {
	all := pages(t)
	for name, page := range all {
		for _, m := range link.FindAllStringSubmatch(page, -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			file := filepath.Join(filepath.Dir(name), target)
			if target == "" {
				file = name
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", name, m[1])
			}
			if anchor != "" && !slices.Contains(anchors(all[file]), anchor) {
				t.Errorf("%s: no heading of %s makes the anchor #%s", name, file, anchor)
			}
		}
	}
}

var contents = regexp.MustCompile(`(?m)^ *- \[.*\]\(#([^)]+)\)$`)

// A list of contents stands before the first section, and leads to all of them.
func TestContentsLeadToEachSection(t *testing.T) {
	lists := 0
	for name, page := range pages(t) {
		before, sections, _ := strings.Cut(page, "\n## ")
		var listed []string
		for _, m := range contents.FindAllStringSubmatch(before, -1) {
			listed = append(listed, m[1])
		}
		if len(listed) == 0 {
			continue
		}
		lists++
		if there := anchors(sectionHeadings(sections)); !slices.Equal(listed, there) {
			t.Errorf("%s lists %q and has %q", name, listed, there)
		}
	}
	if lists < 5 {
		t.Errorf("%d pages have a list of contents", lists)
	}
}

// sectionHeadings are the headings in the sections of a page, of which the first "## " is cut.
func sectionHeadings(sections string) string {
	var out []string
	code := false
	for line := range strings.Lines("## " + sections) {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			code = !code
		}
		if !code && strings.HasPrefix(line, "##") {
			out = append(out, line)
		}
	}
	return strings.Join(out, "")
}

var notInAnchors = regexp.MustCompile("[^a-z0-9 -]")

// anchors are those that a page's headings make.
func anchors(page string) []string {
	var out []string
	for line := range strings.Lines(page) {
		if heading := strings.TrimLeft(line, "#"); heading != line {
			out = append(out, strings.ReplaceAll(notInAnchors.ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), ""), " ", "-"))
		}
	}
	return out
}

func TestStatesAreThoseOfTheStore(t *testing.T) {
	data, err := os.ReadFile("states.md")
	if err != nil {
		t.Fatal(err)
	}
	events, actions, ok := strings.Cut(string(data), "\n## Actions\n")
	if !ok {
		t.Fatal("states.md has no heading Actions")
	}
	same(t, "events", events, []string{
		string(store.EventReceived), string(store.EventDeciding), string(store.EventDecided), string(store.EventUnmatched),
		string(store.EventTooOld), string(store.EventParked),
	})
	same(t, "actions", actions, []string{
		string(store.ActionPending), string(store.ActionRunning), string(store.ActionDone), string(store.ActionWaiting),
		string(store.ActionHeld), string(store.ActionRetrying), string(store.ActionDead), string(store.ActionCancelled),
		string(store.ActionSuperseded),
	})
}

var (
	stateRow = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|")
	arrow    = regexp.MustCompile(`(?m)^ *(\S+) --> ([^\s:]+)`)
)

// same compares the words of the table, and those of the diagram, with the code's.
func same(t *testing.T, of, page string, words []string) {
	t.Helper()
	slices.Sort(words)
	var rows, drawn []string
	for _, m := range stateRow.FindAllStringSubmatch(page, -1) {
		rows = append(rows, m[1])
	}
	for _, m := range arrow.FindAllStringSubmatch(page, -1) {
		for _, state := range m[1:] {
			if state != "[*]" {
				drawn = append(drawn, strings.ReplaceAll(state, "tooOld", string(store.EventTooOld)))
			}
		}
	}
	slices.Sort(rows)
	slices.Sort(drawn)
	if !slices.Equal(rows, words) {
		t.Errorf("the table of %s has %q, the code %q", of, rows, words)
	}
	if drawn = slices.Compact(drawn); !slices.Equal(drawn, words) {
		t.Errorf("the diagram of %s has %q, the code %q", of, drawn, words)
	}
}

var example = regexp.MustCompile("(?s)<!-- checked[^>]*-->\n```yaml\n(.*?)```")

func TestExamplesLoad(t *testing.T) {
	teams := exampleTeams(t)
	for _, name := range []string{filepath.Join(root, "README.md"), "rules.md"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		found := example.FindAllStringSubmatch(string(data), -1)
		if len(found) == 0 {
			t.Errorf("%s has no example to check", name)
		}
		for i, m := range found {
			file := fmt.Sprintf("firmware/%d.yaml", i)
			_, diagnostics := ruleset.Load(rules.Sources{Files: map[string][]byte{file: []byte(m[1])}, Teams: teams})
			for _, d := range diagnostics {
				t.Errorf("%s, example %d: %s\n%s", name, i+1, d, d.Excerpt())
			}
		}
	}
}

func exampleTeams(t *testing.T) *rules.Teams {
	t.Helper()
	name := filepath.Join(root, "deploy", "example", "teams.yaml")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	teams, diagnostics := rules.LoadTeams(name, data)
	for _, d := range diagnostics {
		t.Fatal(d)
	}
	return teams
}

func TestFieldsPageIsTheTable(t *testing.T) {
	want := rules.FieldsPage(facts.Messages())
	if *update {
		if err := os.WriteFile("fields.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("fields.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("fields.md isn't what the table in rules/fields.go says: go test ./docs -update")
	}
}
