package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"verdict/internal/app/rulefiles"
	"verdict/internal/app/ruleset"
	"verdict/internal/sandbox"
	"verdict/rules"
	"verdict/rules/ruletest"
	"verdict/rules/yamlfile"
)

// testFlags are the flags of bot test.
type testFlags struct {
	teams, junit, run string
	coverage          bool
}

func newTest(g *global) *cobra.Command {
	var f testFlags
	cmd := &cobra.Command{
		Use:   "test [--teams FILE] PATH...",
		Short: "Run the tests that lie beside rules",
		Long: `Test runs *.test.yaml: what happens in each, and what is to come of it. PATH is the rules' folder, a team's folder in
it, or a test file. The bot itself decides and delivers, on a Gerrit and a Taskcluster that it plays, with the rules of
the test's team alone. It needs nothing but the rules and teams.yaml, and speaks to no server.

For a test that fails it shows what was expected and what came, and the explanation of the rules, clause by clause.
--coverage lists the clauses, actions and filters that no test has shown, and finds that wrong.

It exits with 1 when a test fails or a file is wrong. docs/testing.md says how tests are written.`,
		Example: `  bot test rules
  bot test --coverage rules/graphics
  bot test --run 'green rerun' rules/graphics/ci.test.yaml
  bot test --junit report.xml --teams teams.yaml rules`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return g.test(cmd, args, f) },
	}
	cmd.Flags().StringVar(&f.teams, "teams", "", "the administrators' file of teams and grants")
	cmd.Flags().StringVar(&f.junit, "junit", "", "write a report for CI systems to this file, JUnit's XML")
	cmd.Flags().StringVar(&f.run, "run", "", "run only the tests with this in their name")
	cmd.Flags().BoolVar(&f.coverage, "coverage", false, "list what no test has shown, and exit with 1 if there is any")
	return cmd
}

func (g *global) test(cmd *cobra.Command, paths []string, f testFlags) error {
	suite := &testSuite{sets: map[[2]string]*rules.Set{}, roots: map[string]string{}}
	for _, p := range paths {
		if err := suite.add(p, f.teams); err != nil {
			return err
		}
	}
	if len(suite.found) > 0 {
		if g.json {
			return errors.Join(printJSON(cmd, viewsOf(suite.found)), errFindings)
		}
		printDiagnostics(cmd, suite.found, 0)
		return errFindings
	}
	if len(suite.files) == 0 {
		return fmt.Errorf("test: no %s in %s", "*"+ruletest.Suffix, strings.Join(paths, ", "))
	}
	report, err := suite.run(cmd.Context(), newProgress(cmd.OutOrStdout(), g.json), f.run)
	if err != nil {
		return err
	}
	if len(report.Results) == 0 {
		return fmt.Errorf("test: no test has %q in its name", f.run)
	}
	if f.junit != "" {
		if err := writeJUnit(f.junit, report); err != nil {
			return err
		}
	}
	if g.json {
		err = printJSON(cmd, report.View())
	} else {
		text := &ruletest.Text{Out: cmd.OutOrStdout(), Colour: colours(cmd.OutOrStdout())}
		text.Summary(report, f.coverage)
	}
	if err == nil && (report.Failed() > 0 || f.coverage && len(report.Coverage.Gaps) > 0) {
		return errFindings
	}
	return err
}

func writeJUnit(name string, report ruletest.Report) error {
	out, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("test: %w", err)
	}
	return errors.Join(report.WriteJUnit(out), out.Close())
}

// testSuite is what the paths hold.
type testSuite struct {
	files []*ruletest.File
	found []rules.Diagnostic
	// sets are each team's rules alone, by the folder of the rules and the team.
	sets map[[2]string]*rules.Set
	// roots are the folders of the rules that test files are in, by their names as shown.
	roots map[string]string
}

// add reads the tests of a path, and the rules of their teams.
func (s *testSuite) add(name, teamsFile string) error {
	info, err := os.Stat(name)
	if err != nil {
		return fmt.Errorf("test: %w", err)
	}
	teams, diagnostics, err := loadTeams(name, teamsFile)
	if err != nil {
		return err
	}
	if rules.HasErrors(diagnostics) {
		s.found = append(s.found, diagnostics...)
		return nil
	}
	root, below, err := rulesFolder(name, info.IsDir(), teams)
	if err != nil {
		return err
	}
	files, _, err := rulefiles.Read(root)
	if err != nil {
		return err
	}
	for _, file := range slices.Sorted(maps.Keys(files)) {
		if strings.HasSuffix(file, ruletest.Suffix) && (below == "." || file == below || strings.HasPrefix(file, below+"/")) {
			s.read(root, file, files, teams)
		}
	}
	for _, file := range slices.Sorted(maps.Keys(files)) {
		if strings.HasSuffix(file, ".yaml") && (below == "." || strings.HasPrefix(file, below+"/")) {
			s.rulesOf(root, file, files, teams) // a team without tests is one of which nothing is shown
		}
	}
	return nil
}

// rulesOf makes sure that the rules of a file's team are loaded, and answers the team; "" where nobody's folder holds the
// file, which is bot check's to tell.
func (s *testSuite) rulesOf(root, file string, files map[string][]byte, teams *rules.Teams) string {
	team, folder := teamOf(file, teams)
	if key := [2]string{root, team}; team != "" && s.sets[key] == nil {
		s.sets[key] = s.load(root, folder, files, teams)
	}
	return team
}

// read reads a test file.
func (s *testSuite) read(root, file string, files map[string][]byte, teams *rules.Teams) {
	team := s.rulesOf(root, file, files, teams)
	if team == "" {
		return
	}
	name := shown(filepath.Join(root, filepath.FromSlash(file)))
	if _, twice := s.roots[name]; twice {
		return
	}
	s.roots[name] = root
	tests, problems := ruletest.Read(name, team, files[file])
	lines := strings.Split(string(files[file]), "\n")
	for _, p := range problems {
		s.found = append(s.found, diagnosticOf(p, lines))
	}
	s.files = append(s.files, tests)
}

func diagnosticOf(p yamlfile.Problem, lines []string) rules.Diagnostic {
	d := rules.Diagnostic{File: p.File, Line: p.Line, Column: p.Column, Message: p.Message, Hint: p.Hint}
	if p.Line >= 1 && p.Line <= len(lines) {
		d.Source = lines[p.Line-1]
	}
	return d
}

func teamOf(file string, teams *rules.Teams) (name, folder string) {
	if teams == nil {
		folder, _, _ = strings.Cut(file, "/")
		return folder, folder + "/"
	}
	for _, t := range teams.All() {
		if strings.HasPrefix(file, t.Folder) {
			return t.Name, t.Folder
		}
	}
	return "", ""
}

// load makes a set of one team's rules. What roles in its grant give nobody can say here: it counts as all.
func (s *testSuite) load(root, folder string, files map[string][]byte, teams *rules.Teams) *rules.Set {
	in := rules.Sources{Files: map[string][]byte{}, Teams: teams}
	for name, data := range files {
		if strings.HasPrefix(name, folder) {
			in.Files[name] = data
		}
	}
	if teams != nil && len(teams.Roles()) > 0 {
		all := map[string][]string{}
		for _, role := range teams.Roles() {
			all[role] = []string{"*"}
		}
		in.Teams, _ = teams.WithRoles(all, "", nil)
	}
	set, found := ruleset.Load(in)
	for _, d := range found {
		if d.Severity == rules.Error {
			d.File = shown(filepath.Join(root, filepath.FromSlash(d.File)))
			s.found = append(s.found, d)
		}
	}
	return set
}

// run runs the tests and tells of each.
func (s *testSuite) run(ctx context.Context, p *progress, only string) (report ruletest.Report, err error) {
	bed, err := sandbox.NewTestbed(ctx)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, bed.Close()) }()
	report, err = ruletest.Run(ctx, s.files, ruletest.Options{
		Engine: bed, Only: only, Begin: p.begin, Done: p.done, Untested: s.untested(),
		Set: func(f *ruletest.File) *rules.Set { return s.sets[[2]string{s.roots[f.Name], f.Team}] },
		Read: func(testFile, name string) ([]byte, error) {
			if !filepath.IsLocal(filepath.FromSlash(name)) {
				return nil, fmt.Errorf("%s is outside of the test file's folder", name)
			}
			return os.ReadFile(filepath.Join(filepath.Dir(testFile), filepath.FromSlash(name)))
		},
	})
	for i, gap := range report.Coverage.Gaps {
		report.Coverage.Gaps[i].File = s.shownRule(gap)
	}
	return report, err
}

// untested are the sets in the order of their teams; those that tests are about too, which changes nothing.
func (s *testSuite) untested() []*rules.Set {
	var out []*rules.Set
	keys := slices.SortedFunc(maps.Keys(s.sets), func(a, b [2]string) int { return strings.Compare(a[0]+a[1], b[0]+b[1]) })
	for _, key := range keys {
		out = append(out, s.sets[key])
	}
	return out
}

// shownRule is the path of a rule file, as a person at this place would write it.
func (s *testSuite) shownRule(g ruletest.Gap) string {
	for key := range s.sets {
		if key[1] == g.Team {
			return shown(filepath.Join(key[0], filepath.FromSlash(g.File)))
		}
	}
	return g.File
}
