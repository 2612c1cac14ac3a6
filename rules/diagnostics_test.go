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
			set, found := rules.Load(rules.Sources{Files: map[string][]byte{file.Name: file.Data}, Teams: teams})
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
