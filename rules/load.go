package rules

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"

	"verdict/rules/yamlfile"
)

// Load makes a Set of rule files. Everything that is wrong is told at once. A team with an error in any of its
// files has no rules in the Set and is listed in Broken; the others go on.
func Load(in Sources) (*Set, []Diagnostic) {
	l := &loader{in: in, set: &Set{
		teams: in.Teams, hash: hash(in), broken: map[string][]Diagnostic{}, files: map[string]map[string][]byte{},
		byName: map[[2]string]*Rule{},
	}}
	var err error
	if l.compiler, err = newCompiler(in.Messages); err != nil {
		return l.set, []Diagnostic{{Message: err.Error()}}
	}
	if in.Teams == nil {
		l.set.teams = teamsOfFolders(in.Files)
	}
	for _, team := range in.Teams.All() {
		if team.refused != nil {
			l.report(*team.refused)
		} else if roles := team.unexpanded(); len(roles) > 0 && in.TaskScopes != nil {
			d := team.problem(fmt.Sprintf("what %s gives isn't known here, so scopes that %s may lack are warnings", strings.Join(roles, " and "), team.Name), "auth is asked when the bot starts")
			d.Team, d.Severity = "", Warning
			l.report(*d)
		}
	}
	l.named = l.namedFiles()
	for _, name := range keys(in.Files) {
		l.file(name, in.Files[name])
	}
	for _, name := range keys(in.Refused) {
		l.refused(name, in.Refused[name])
	}
	l.finish()
	return l.set, l.diagnostics
}

// hash names what a set is made of.
func hash(in Sources) string {
	h := sha256.New()
	write := func(name string, data []byte) { fmt.Fprintf(h, "%d %s %d %s\n", len(name), name, len(data), data) }
	for _, name := range keys(in.Files) {
		write(name, in.Files[name])
	}
	if in.Teams != nil {
		write("", in.Teams.data)
		if in.Teams.older != nil {
			write("/", in.Teams.older)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// teamsOfFolders stands in for teams.yaml at an author's desk: each folder is a team that may do everything.
func teamsOfFolders(files map[string][]byte) *Teams {
	teams := &Teams{}
	for _, name := range keys(files) {
		folder, _, ok := strings.Cut(name, "/")
		if _, known := teams.Team(folder); ok && !known {
			teams.teams = append(teams.teams, &Team{Name: folder, Folder: folder + "/", unlimited: true})
		}
	}
	return teams
}

// loader reads one set of files.
type loader struct {
	in          Sources
	compiler    *compiler
	set         *Set
	rules       []*Rule
	formers     []former
	named       map[string]bool
	diagnostics []Diagnostic
}

func (l *loader) file(name string, data []byte) {
	team, ok := l.set.teams.of(name)
	if !ok {
		l.strayFile(name)
		return
	}
	if l.set.files[team.Name] == nil {
		l.set.files[team.Name] = map[string][]byte{}
	}
	l.set.files[team.Name][name] = data
	switch {
	case strings.HasSuffix(name, ".test.yaml"), l.named[name]:
	case strings.HasSuffix(name, ".yaml"):
		f := &fileLoader{loader: l, team: team, name: name}
		f.load(data)
	case strings.EqualFold(path.Ext(name), ".yml"), strings.EqualFold(path.Ext(name), ".yaml"):
		l.report(Diagnostic{Team: team.Name, File: name, Line: 1, Column: 1, Message: "a file that ends in " + path.Ext(name) + " is not read", Hint: "name it " + strings.TrimSuffix(name, path.Ext(name)) + ".yaml"})
	}
}

// refused tells what can't be read. Where it may hold rules, its team stays on what was good last: else those rules would
// be gone, and their votes taken back.
func (l *loader) refused(name, why string) {
	d := Diagnostic{File: name, Line: 1, Column: 1, Message: "not read: " + why}
	if ext := path.Ext(name); ext != "" && ext != ".yaml" || strings.HasSuffix(name, ".test.yaml") {
		d.Severity = Warning
		l.report(d)
		return
	}
	folder := strings.TrimSuffix(name, "/") + "/"
	for _, team := range l.set.teams.All() {
		if strings.HasPrefix(folder, team.Folder) || strings.HasPrefix(team.Folder, folder) {
			d.Team = team.Name
			l.report(d)
		}
	}
	if d.Team == "" {
		l.report(d)
	}
}

// strayFile refuses rules that nobody's folder holds, which would silently do nothing. teams.yaml itself may lie
// beside the folders.
func (l *loader) strayFile(name string) {
	if ext := path.Ext(name); ext != ".yaml" && ext != ".yml" || name == "teams.yaml" || strings.HasSuffix(name, ".test.yaml") {
		return
	}
	var folders []string
	for _, t := range l.set.teams.All() {
		folders = append(folders, t.Folder)
	}
	l.report(Diagnostic{File: name, Line: 1, Column: 1, Message: "the file lies in no team's folder", Hint: "teams have " + listed(folders)})
}

func (l *loader) report(d Diagnostic) { l.diagnostics = append(l.diagnostics, d) }

// finish takes the teams without errors into the set.
func (l *loader) finish() {
	l.twice()
	l.checkFormers()
	if l.in.Advise {
		l.adviseLabels()
	}
	slices.SortStableFunc(l.diagnostics, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	for _, d := range l.diagnostics {
		if d.Severity == Error && d.Team != "" {
			l.set.broken[d.Team] = append(l.set.broken[d.Team], d)
		}
	}
	for _, r := range l.rules {
		if _, broken := l.set.broken[r.Team]; !broken {
			l.set.rules = append(l.set.rules, r)
			for _, name := range append([]string{r.Name}, r.Was...) {
				l.set.byName[[2]string{r.Team, name}] = r
			}
			if r.reports() {
				l.set.reporting = append(l.set.reporting, r)
			}
			l.set.reruns = l.set.reruns || r.Mode == Live && r.does(kindRerun)
		}
	}
	l.set.index = newIndex(l.set.rules, l.in.ExchangePrefix)
}

// line is a line of a file that was read, and at which column it begins behind blanks and the dash of a list.
func (l *loader) line(file string, line int) (source string, column int) {
	source = strings.TrimSuffix(strings.Split(string(l.in.Files[file]), "\n")[line-1], "\r")
	return source, len(source) - len(strings.TrimLeft(source, " -")) + 1
}

// twice refuses two rules of one name: the name is what opinions and actions are known by.
func (l *loader) twice() {
	first := map[[2]string]*Rule{}
	for _, r := range l.rules {
		key := [2]string{r.Team, r.Name}
		if other, ok := first[key]; ok {
			first := fmt.Sprintf("on line %d", other.Line)
			if other.File != r.File {
				first = fmt.Sprintf("at %s:%d", other.File, other.Line)
			}
			source, column := l.line(r.File, r.Line)
			l.report(Diagnostic{Team: r.Team, File: r.File, Line: r.Line, Column: column, Source: source,
				Message: fmt.Sprintf("a second rule is called %q, the first is %s", r.Name, first), Hint: "a name is unique in its team"})
			continue
		}
		first[key] = r
	}
}

// fileLoader reads one file.
type fileLoader struct {
	*loader
	team *Team
	name string
	yaml *yamlfile.File
	// read are the files that its rules name.
	read []*yamlfile.File
	// defaults are the file's, with which each `on` begins.
	defaults onForm
}

type fileForm struct {
	Defaults *yamlfile.Node   `yaml:"defaults"`
	Rules    []*yamlfile.Node `yaml:"rules,required"`
}

type defaultsForm struct {
	Server  *yamlfile.Node `yaml:"server"`
	Project *yamlfile.Node `yaml:"project"`
	Branch  *yamlfile.Node `yaml:"branch"`
}

func (f *fileLoader) load(data []byte) {
	yaml, problems := yamlfile.Parse(f.name, data)
	f.yaml = yaml
	f.problems(problems)
	if len(problems) == 0 && (yaml.Root == nil || yaml.Root.Kind == yamlfile.Null) { // cut off, maybe: it mustn't take votes back
		f.report(Diagnostic{Team: f.team.Name, File: f.name, Line: 1, Column: 1, Message: "no rules are written here", Hint: "write rules: [] if there are to be none, or take the file away"})
		return
	}
	if yaml.Root == nil {
		return
	}
	var form fileForm
	f.problems(yamlfile.Decode(yaml.Root, &form))
	if form.Defaults != nil {
		var d defaultsForm
		f.problems(yamlfile.Decode(form.Defaults, &d))
		f.defaults = onForm{Server: d.Server, Project: d.Project, Branch: d.Branch}
	}
	for _, n := range form.Rules {
		if r := f.rule(n); r != nil {
			f.rules = append(f.rules, r)
		}
	}
}

func (f *fileLoader) problems(problems []yamlfile.Problem) {
	for _, p := range problems {
		d := fromProblems(f.team.Name, f.fileOf(p), []yamlfile.Problem{p})[0]
		d.By = f.by(p)
		f.report(d)
	}
}

// by is this file, where a problem is in one that its rules name.
func (f *fileLoader) by(p yamlfile.Problem) string {
	if p.File == f.name {
		return ""
	}
	return f.name
}

// fileOf is the file that a problem is in: this one, or one that its rules name.
func (f *fileLoader) fileOf(p yamlfile.Problem) *yamlfile.File {
	for _, file := range f.read {
		if file.Name == p.File {
			return file
		}
	}
	return f.yaml
}

func (f *fileLoader) refuse(n *yamlfile.Node, message, hint string) {
	f.problems([]yamlfile.Problem{n.Problem(message, hint)})
}

// refuseIn is about a part of a text.
func (f *fileLoader) refuseIn(n *yamlfile.Node, bad finding) {
	p := n.ProblemAt(bad.offset, bad.message, bad.hint)
	d := fromProblems(f.team.Name, n.File(), []yamlfile.Problem{p})[0]
	d.By = f.by(p)
	if p.Line != n.Line || p.Column != n.Column {
		d.Length = bad.length
	}
	f.report(d)
}
