package sandbox

import (
	"os"
	"path/filepath"
	"testing"

	"verdict/internal/app/ruleset"
	"verdict/rules"
	"verdict/rules/ruletest"
)

// languageFolder holds the example of the language, as it was written down before there was code: its rules, its tests,
// its teams.yaml; and what else they name. comments.test.yaml tests what the comments say.
const languageFolder = "testdata/language"

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(languageFolder, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func loadLanguage(t *testing.T) *rules.Set {
	t.Helper()
	teams, problems := rules.LoadTeams("teams.yaml", read(t, "teams.yaml"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	set, problems := ruleset.Load(rules.Sources{Teams: teams, Files: map[string][]byte{
		"graphics/ci.yaml": read(t, "graphics/ci.yaml"), "graphics/messages/exception.txt": read(t, "graphics/messages/exception.txt"),
	}})
	for _, p := range problems {
		if p.Severity == rules.Error {
			t.Fatal(problems)
		}
	}
	return set
}

func TestEachLineOfTheLanguagesExampleDoesWhatItsCommentSays(t *testing.T) {
	set := loadLanguage(t)
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
