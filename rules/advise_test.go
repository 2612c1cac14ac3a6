package rules_test

import (
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"verdict/rules"
	"verdict/rules/rulestest"
)

// Each case is the files up to a `want`, with the teams.yaml at the top.
func TestAdviceIsSaidWithItsPlace(t *testing.T) {
	const name = "testdata/advice.txtar"
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	teams, found := rules.LoadTeams("teams.yaml", archive.Files[0].Data)
	if len(found) > 0 {
		t.Fatal(listing(found))
	}
	in := rules.Sources{Files: map[string][]byte{}, Teams: teams, Advise: true}
	for i := 1; i < len(archive.Files); i++ {
		file := &archive.Files[i]
		title, isWant := strings.CutPrefix(file.Name, "want: ")
		if !isWant {
			in.Files[file.Name] = file.Data
			continue
		}
		t.Run(title, func(t *testing.T) {
			set, found := rules.Load(in)
			var got strings.Builder
			for _, d := range found {
				got.WriteString(d.String() + "\n" + d.Excerpt())
			}
			if *update {
				file.Data = []byte(got.String())
			} else if got.String() != string(file.Data) {
				t.Errorf("got %s\nwant %s", got.String(), file.Data)
			}
			if len(set.Rules()) == 0 {
				t.Error("no rule is loaded, of which advice is given")
			}
			in.Advise = false
			if _, found := rules.Load(in); len(found) > 0 {
				t.Errorf("without Advise: %s", listing(found))
			}
			in.Advise = true
		})
		in.Files = map[string][]byte{}
	}
	if *update {
		if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// What is in use, and meant, gets no warning.
func TestNoFalseAdvice(t *testing.T) {
	examples := exampleSources(t)
	files, grants := rulestest.Many(20, 500)
	teams, _ := rules.LoadTeams("teams.yaml", grants)
	for _, in := range []rules.Sources{examples, {Files: files, Teams: teams}} {
		in.Advise = true
		_, found := rules.Load(in)
		for _, d := range found {
			if d.Severity != rules.Note {
				t.Errorf("%s\n%s", d, d.Excerpt())
			}
		}
	}
}
