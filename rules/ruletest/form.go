package ruletest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"verdict/rules/yamlfile"
)

// Suffix is how the names of test files end.
const Suffix = ".test.yaml"

// File is a file of tests.
type File struct {
	// Name is the path as it was handed in, Team whose rules it is about.
	Name, Team string
	Tests      []Test
}

// Test is one test.
type Test struct {
	Name  string
	Line  int
	Given Given
	// Steps happen in their order. A Recorded file stands instead of them.
	Steps    []Step
	Recorded string
	// Expect is nil where only what stands is compared.
	Expect *Expect
}

// Given is what there is before anything happens. What is empty is completed.
type Given struct {
	Change   GivenChange         `yaml:"change"`
	Accounts map[string][]string `yaml:"accounts"` // username to groups
}

// GivenChange is the change that a test is about.
type GivenChange struct {
	Server   string   `yaml:"server"`
	Number   int      `yaml:"number"`
	Project  string   `yaml:"project"`
	Branch   string   `yaml:"branch"`
	Subject  string   `yaml:"subject"`
	Message  string   `yaml:"message"` // of the commit, below the subject
	Topic    string   `yaml:"topic"`
	Owner    string   `yaml:"owner"`
	Hashtags []string `yaml:"hashtags"`
	Files    []string `yaml:"files"`
	// Contents are what is in files, by path; they are the change's whether Files has them or not.
	Contents        map[string]string `yaml:"contents"`
	WIP             bool              `yaml:"wip"`
	CurrentPatchset int               `yaml:"currentPatchset"`
}

type fileForm struct {
	Given *yamlfile.Node   `yaml:"given"`
	Tests []*yamlfile.Node `yaml:"tests,required"`
}

type testForm struct {
	Name     string           `yaml:"name,required"`
	Given    *yamlfile.Node   `yaml:"given"`
	Event    *yamlfile.Node   `yaml:"event"`
	History  []*yamlfile.Node `yaml:"history"`
	Recorded string           `yaml:"recorded"`
	Expect   *yamlfile.Node   `yaml:"expect"`
}

// Read reads a file of tests of a team. All that is wrong with it is told at once; then the tests are of no use.
func Read(name, team string, data []byte) (*File, []yamlfile.Problem) {
	f := &File{Name: name, Team: team}
	file, problems := yamlfile.Parse(name, data)
	if file.Root == nil {
		return f, append(problems, emptyProblem(name, len(problems))...)
	}
	var form fileForm
	problems = append(problems, yamlfile.Decode(file.Root, &form)...)
	names := map[string]int{}
	for _, n := range form.Tests {
		t, found := readTest(n, form.Given)
		problems = append(problems, found...)
		if first, twice := names[t.Name]; twice && t.Name != "" {
			problems = append(problems, n.Problem(fmt.Sprintf("a second test is called %q, the first is on line %d", t.Name, first), "a name is unique in its file"))
		}
		names[t.Name] = n.Line
		f.Tests = append(f.Tests, t)
	}
	slices.SortStableFunc(problems, func(a, b yamlfile.Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
	return f, slices.Compact(problems) // what is wrong with the file's given is so for each test
}

func emptyProblem(name string, already int) []yamlfile.Problem {
	if already > 0 {
		return nil
	}
	return []yamlfile.Problem{{File: name, Line: 1, Column: 1, Message: "the file holds no tests", Hint: "write them below tests:"}}
}

func readTest(n, given *yamlfile.Node) (Test, []yamlfile.Problem) {
	t := Test{Line: n.Line}
	var form testForm
	problems := yamlfile.Decode(n, &form)
	t.Name, t.Recorded = strings.TrimSpace(form.Name), form.Recorded
	problems = append(problems, yamlfile.Decode(given, &t.Given)...)
	problems = append(problems, yamlfile.Decode(form.Given, &t.Given)...)
	problems = append(problems, t.Given.check(n)...)
	if said := written(form); len(said) != 1 {
		problems = append(problems, n.Problem("a test has one of event, history and recorded, this one has "+listed(said), ""))
	}
	steps := form.History
	if form.Event != nil {
		steps = append(steps, form.Event)
	}
	stands := false
	for _, item := range steps {
		step, found := readStep(item, form.Event == nil)
		problems = append(problems, found...)
		stands = stands || step.Stands != nil
		t.Steps = append(t.Steps, step)
	}
	if form.Expect == nil && !stands {
		problems = append(problems, n.Problem("the test expects nothing, so it can't fail", "write expect, or a step with stands; `expect: nothing` is one too"))
	}
	if form.Expect != nil {
		expect, found := readExpect(form.Expect)
		t.Expect = expect
		problems = append(problems, found...)
	}
	return t, problems
}

func (g Given) check(n *yamlfile.Node) []yamlfile.Problem {
	if g.Change.Number < 0 || g.Change.CurrentPatchset < 0 || g.Change.CurrentPatchset > 100 {
		return []yamlfile.Problem{n.Problem("a change's number is above 0, and its currentPatchset from 1 to 100", "")}
	}
	return nil
}

func written(form testForm) []string {
	var out []string
	for _, key := range []struct {
		name  string
		there bool
	}{{"event", form.Event != nil}, {"history", form.History != nil}, {"recorded", form.Recorded != ""}} {
		if key.there {
			out = append(out, key.name)
		}
	}
	return out
}

func listed(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, " and ")
}
