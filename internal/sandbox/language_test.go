package sandbox

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"verdict/internal/app/ruleset"
	"verdict/rules"
	"verdict/rules/ruletest"
)

// languageFolder holds the example of the language, as it was written down before there was code: its rules, its tests,
// its teams.yaml; and what else they name. comments.test.yaml tests what the comments say.
const languageFolder = "testdata/language"

// notYet are the parts of the example whose words aren't there yet, with what stands in for them meanwhile. A word that
// is there makes the test fail that it stands here.
var notYet = []struct{ word, part, instead string }{}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(languageFolder, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func loadLanguage(t *testing.T, ci string) (*rules.Set, []rules.Diagnostic) {
	t.Helper()
	teams, problems := rules.LoadTeams("teams.yaml", read(t, "teams.yaml"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return ruleset.Load(rules.Sources{Teams: teams, Files: map[string][]byte{
		"graphics/ci.yaml": []byte(ci), "graphics/messages/exception.txt": read(t, "graphics/messages/exception.txt"),
	}})
}

func TestEachWordOfTheLanguagesExampleIsThere(t *testing.T) {
	_, problems := loadLanguage(t, string(read(t, "graphics/ci.yaml")))
	for _, n := range notYet {
		found := false
		for _, p := range problems {
			found = found || strings.Contains(p.String(), n.word)
		}
		if !found {
			t.Errorf("%q isn't said of the example any more: take it out of notYet", n.word)
		}
	}
	for _, p := range problems {
		known := p.Severity != rules.Error
		for _, n := range notYet {
			known = known || strings.Contains(p.String(), n.word)
		}
		if !known {
			t.Error(p)
		}
	}
}

func TestEachLineOfTheLanguagesExampleDoesWhatItsCommentSays(t *testing.T) {
	ci := string(read(t, "graphics/ci.yaml"))
	for _, n := range notYet {
		if !strings.Contains(ci, n.part) {
			t.Fatalf("the example has no %q", n.part)
		}
		ci = strings.Replace(ci, n.part, n.instead, 1)
	}
	set, problems := loadLanguage(t, ci)
	if set.Rule("graphics", "raw") == nil {
		t.Fatal(problems)
	}
	var files []*ruletest.File
	for _, name := range []string{"graphics/ci.test.yaml", "graphics/comments.test.yaml"} {
		file, problems := ruletest.Read(name, "graphics", read(t, name))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		files = append(files, file)
	}
	bed, err := NewTestbed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer bed.Close()
	report, err := ruletest.Run(t.Context(), files, ruletest.Options{
		Engine: bed, Set: func(*ruletest.File) *rules.Set { return set },
		Read: func(file, name string) ([]byte, error) {
			return os.ReadFile(filepath.Join(languageFolder, filepath.Dir(file), name))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	failures(t, report)
}
