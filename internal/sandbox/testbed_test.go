package sandbox

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"verdict/internal/app/ruleset"
	"verdict/rules"
	"verdict/rules/ruletest"
)

// folder is a folder of rules with their tests.
type folder struct {
	files map[string][]byte
	teams *rules.Teams
}

func readFolder(t *testing.T, dir, teamsFile string) folder {
	t.Helper()
	f := folder{files: map[string][]byte{}}
	data, err := os.ReadFile(teamsFile)
	if err != nil {
		t.Fatal(err)
	}
	var diagnostics []rules.Diagnostic
	if f.teams, diagnostics = rules.LoadTeams(teamsFile, data); len(diagnostics) > 0 {
		t.Fatal(diagnostics)
	}
	root := os.DirFS(dir)
	err = fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			f.files[name], err = fs.ReadFile(root, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// run runs all tests of the folder, each with its team's rules.
func (f folder) run(t *testing.T) ruletest.Report {
	t.Helper()
	bed, err := NewTestbed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer bed.Close()
	var tests []*ruletest.File
	sets := map[string]*rules.Set{}
	for _, team := range f.teams.All() {
		in := rules.Sources{Files: map[string][]byte{}, Teams: f.teams}
		for name, data := range f.files {
			if !strings.HasPrefix(name, team.Folder) {
				continue
			}
			in.Files[name] = data
			if strings.HasSuffix(name, ruletest.Suffix) {
				file, problems := ruletest.Read(name, team.Name, data)
				for _, p := range problems {
					t.Error(p)
				}
				tests = append(tests, file)
			}
		}
		set, found := ruleset.Load(in)
		for _, d := range found {
			t.Errorf("%s\n%s", d, d.Excerpt())
		}
		sets[team.Name] = set
	}
	slices.SortFunc(tests, func(a, b *ruletest.File) int { return strings.Compare(a.Name, b.Name) })
	report, err := ruletest.Run(t.Context(), tests, ruletest.Options{
		Engine: bed, Set: func(file *ruletest.File) *rules.Set { return sets[file.Team] },
		Read: func(testFile, name string) ([]byte, error) { return f.files[path.Join(path.Dir(testFile), name)], nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func failures(t *testing.T, report ruletest.Report) {
	t.Helper()
	var text strings.Builder
	for _, r := range report.Results {
		if !r.Passed() {
			(&ruletest.Text{Out: &text}).Result(r)
		}
	}
	if text.Len() > 0 {
		t.Error(text.String())
	}
}

// The rule that has rules checked is copied into any team's folder.
func TestTheRuleThatChecksRulesPassesItsTests(t *testing.T) {
	f := folder{files: map[string][]byte{}}
	for name, data := range readFolder(t, "../../deploy/rules-ci", "../../deploy/example/teams.yaml").files {
		f.files["ci/"+name] = data
	}
	var diagnostics []rules.Diagnostic
	f.teams, diagnostics = rules.LoadTeams("teams.yaml", []byte(`teams:
  ci:
    folder: ci/
    contact: {email: ci@example.org}
    gerrit:
      - {server: main, projects: [verdict-rules], labels: {Verified: [-1, 1]}, actions: [vote]}
    taskcluster:
      scopes: ['queue:scheduler-id:verdict', 'queue:create-task:project:ci', 'queue:create-task:low:ci/linux']
      trust: [{who: anyone, scopes: ['queue:scheduler-id:verdict', 'queue:create-task:project:ci', 'queue:create-task:low:ci/linux']}]
`))
	if len(diagnostics) > 0 {
		t.Fatal(diagnostics)
	}
	report := f.run(t)
	failures(t, report)
	if len(report.Coverage.Gaps) > 0 || len(report.Results) == 0 {
		t.Errorf("%d tests, gaps %v", len(report.Results), report.Coverage.Gaps)
	}
}

func TestTheExamplesPassTheirTestsWithEveryClauseCovered(t *testing.T) {
	for _, at := range [][2]string{
		{"../../rules/examples", "../../rules/examples/teams.yaml"},
		{"../../deploy/example/rules", "../../deploy/example/teams.yaml"},
	} {
		f := readFolder(t, at[0], at[1])
		report := f.run(t)
		failures(t, report)
		for _, gap := range report.Coverage.Gaps {
			t.Errorf("%s: no test has shown: %s", at[0], gap)
		}
		for name := range f.files {
			rest, isRules := strings.CutSuffix(name, ".yaml")
			if isRules && name != "teams.yaml" && !strings.HasSuffix(name, ruletest.Suffix) && f.files[rest+ruletest.Suffix] == nil {
				t.Errorf("%s has no %s beside it", filepath.Join(at[0], name), path.Base(rest+ruletest.Suffix))
			}
		}
	}
}
