package rules_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"verdict/rules"
)

var update = flag.Bool("update", false, "rewrite testdata by what is said now")

// someMethods stand for those of Taskcluster's services.
var someMethods = []rules.Method{
	{Name: "queue.sealTaskGroup", Params: []string{"taskGroupId"}, Repeatable: true, Looks: true},
	{Name: "queue.cancelTaskGroup", Params: []string{"taskGroupId"}, Repeatable: true},
	{Name: "queue.status", Params: []string{"taskId"}, Refused: "it only reads", Instead: "a rule's facts are fetched for it: docs/fields.md"},
	{Name: "github.cancelBuilds", Params: []string{"owner", "repo"}, Query: []string{"sha"}},
	{Name: "notify.email", Decisive: []string{"address"}, Payload: &rules.Shape{Kind: rules.ObjectShape, Fields: []rules.ShapeField{
		{Name: "address", Shape: &rules.Shape{Kind: rules.TextShape}},
		{Name: "content", Shape: &rules.Shape{Kind: rules.TextShape}},
		{Name: "link", Optional: true, Shape: &rules.Shape{Kind: rules.ObjectShape, Fields: []rules.ShapeField{{Name: "href", Shape: &rules.Shape{Kind: rules.TextShape}}}}},
		{Name: "subject", Shape: &rules.Shape{Kind: rules.TextShape}},
		{Name: "template", Optional: true, Shape: &rules.Shape{Kind: rules.TextShape, Values: []string{"simple", "fullscreen"}}},
	}}},
}

func TestDiagnosticsSayTheFix(t *testing.T) {
	const name = "testdata/diagnostics.txtar"
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	teams, found := rules.LoadTeams("teams.yaml", archive.Files[0].Data)
	if len(found) > 0 {
		t.Fatal(listing(found))
	}
	for i := 1; i+1 < len(archive.Files); i += 2 {
		file, want := archive.Files[i], &archive.Files[i+1]
		t.Run(strings.TrimSuffix(file.Name, ".yaml"), func(t *testing.T) {
			set, found := rules.Load(rules.Sources{Files: map[string][]byte{file.Name: file.Data}, Teams: teams, Methods: someMethods})
			var got strings.Builder
			for _, d := range found {
				line := d.String()
				got.WriteString(strings.TrimPrefix(line, file.Name+":") + "\n" + d.Excerpt())
			}
			if *update {
				want.Data = []byte(got.String())
				return
			}
			if got.String() != string(want.Data) {
				t.Errorf("%s\n%s\n got %s\nwant %s", file.Name, file.Data, got.String(), want.Data)
			}
			if rules.HasErrors(found) && len(set.Rules()) > 0 {
				t.Errorf("a team with errors has %d rules in the set", len(set.Rules()))
			}
		})
	}
	if *update {
		if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnExcerptSteersNoTerminal(t *testing.T) {
	d := rules.Diagnostic{Column: 8, Source: "  a:\tb\xff\x1b[2J\u202e\r"}
	if got, want := d.Excerpt(), "    a:\tb\ufffd\ufffd[2J\ufffd\ufffd\n         ^\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
