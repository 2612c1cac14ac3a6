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

	"verdict/internal/deliver"
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
			_, diagnostics := rules.Load(rules.Sources{Files: map[string][]byte{file: []byte(m[1])}, Teams: teams, TaskScopes: deliver.TaskScopes, Messages: facts.Messages()})
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
	want := fieldsPage()
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

// fieldsPage is the table of facts, as a page.
func fieldsPage() string {
	var b strings.Builder
	b.WriteString("<!-- Written by go test ./docs -update from rules/fields.go and Taskcluster's references. -->\n# Fields\n\n" +
		"What a rule may name, in conditions and in `${…}`. \"Outsider\" marks what somebody can write who needs no permission of the team.\n")
	table(&b, rules.Fields())
	types := rules.Types()
	known := typesInUse(rules.Fields(), types)
	sections(&b, known, types)
	b.WriteString("\n## event of Gerrit\n\nWhere all sources of a rule are the same word after `gerrit:`, `event` has these fields. Times in it are texts in `${…}`.\n")
	common := commonFields(types)
	table(&b, common)
	b.WriteString("\nand beside them:\n\n| `gerrit:` | looks when | fields |\n|---|---|---|\n")
	for _, e := range rules.GerritEvents() {
		var own []string
		for _, f := range types[e.Type][len(common):] {
			text := fmt.Sprintf("`%s` (%s)", f.Name, kind(f))
			if f.Absent != "" {
				text += ", absent " + f.Absent
			}
			own = append(own, text)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", e.Name, e.About, strings.Join(own, "; "))
	}
	var inside []rules.Field
	for _, e := range rules.GerritEvents() {
		inside = append(inside, types[e.Type]...)
	}
	sections(&b, slices.DeleteFunc(typesInUse(inside, types), func(name string) bool { return slices.Contains(known, name) }), types)
	messageTypes(&b, facts.Messages())
	return b.String()
}

// messageTypes tells what `event` is in rules on exchanges.
func messageTypes(b *strings.Builder, m *rules.Messages) {
	b.WriteString("\n## event of an exchange\n\nWhere all sources of a rule are exchanges with the same type of message, `event` has its fields: those of Taskcluster's references. " +
		"The messages of other exchanges may hold anything. Times in it are texts in `${…}`.\n\n| `exchange:` | `event` is |\n|---|---|\n")
	var inside []rules.Field
	for _, name := range m.Exchanges() {
		fmt.Fprintf(b, "| `%s` | %s |\n", name, m.Of[name])
		inside = append(inside, rules.Field{Type: m.Of[name]})
	}
	sections(b, typesInUse(inside, m.Types), m.Types)
}

// commonFields are those with which every event of Gerrit's begins.
func commonFields(types map[string][]rules.Field) []rules.Field {
	common := types[rules.GerritEvents()[0].Type]
	for _, e := range rules.GerritEvents() {
		for i := range common {
			if types[e.Type][i].Name != common[i].Name {
				common = common[:i]
				break
			}
		}
	}
	return common
}

func sections(b *strings.Builder, names []string, types map[string][]rules.Field) {
	for _, name := range names {
		fmt.Fprintf(b, "\n## %s\n", name)
		table(b, types[name])
	}
}

func table(b *strings.Builder, fields []rules.Field) {
	b.WriteString("\n| field | type | is | absent | outsider |\n|---|---|---|---|---|\n")
	for _, f := range fields {
		about := f.About
		if len(f.Values) > 0 && about != "" {
			about += ". "
		}
		if len(f.Values) > 0 {
			about += "One of `" + strings.Join(f.Values, "`, `") + "`"
		}
		outsider := ""
		if f.Outsider {
			outsider = "yes"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", f.Name, kind(f), about, f.Absent, outsider)
	}
}

func kind(f rules.Field) string { return strings.NewReplacer("<", " of ", ">", "").Replace(f.Type) }

// typesInUse are the types with fields of their own, in the order in which a reader meets them.
func typesInUse(fields []rules.Field, types map[string][]rules.Field) []string {
	var names []string
	for next := fields; len(next) > 0; {
		var inner []rules.Field
		for _, f := range next {
			name := strings.TrimSuffix(strings.TrimPrefix(f.Type, "list<"), ">")
			if _, ok := types[name]; ok && !slices.Contains(names, name) {
				names = append(names, name)
				inner = append(inner, types[name]...)
			}
		}
		next = inner
	}
	return names
}
