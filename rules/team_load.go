package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"verdict/rules/yamlfile"
)

type teamsFile struct {
	Teams map[string]*teamForm `yaml:"teams,required"`
}

type teamForm struct {
	Folder  string `yaml:"folder,required"`
	Contact struct {
		Email string `yaml:"email"`
	} `yaml:"contact"`
	Operators   []string    `yaml:"operators"`
	Gerrit      []grantForm `yaml:"gerrit"`
	Taskcluster struct {
		Scopes     []string        `yaml:"scopes"`
		TrustTasks []trustTaskForm `yaml:"trustTasks"`
		Trust      []trustForm     `yaml:"trust"`
	} `yaml:"taskcluster"`
	Limits struct {
		ActionsPerMinute int `yaml:"actionsPerMinute"`
	} `yaml:"limits"`
}

type grantForm struct {
	Server   string            `yaml:"server,required"`
	Projects []string          `yaml:"projects,required"`
	Branches []string          `yaml:"branches"`
	Labels   map[string][2]int `yaml:"labels"`
	Hashtags []string          `yaml:"hashtags"`
	Actions  []string          `yaml:"actions,required"`
}

type trustTaskForm struct {
	SchedulerID string `yaml:"schedulerId"`
	ProjectID   string `yaml:"projectId"`
	TaskQueueID string `yaml:"taskQueueId"`
}

type trustForm struct {
	Who    wordsForm `yaml:"who,required"`
	Scopes []string  `yaml:"scopes,required"`
}

// wordsForm is one text, or a list of texts.
type wordsForm []string

// DecodeNode reads either form.
func (w *wordsForm) DecodeNode(n *yamlfile.Node) []yamlfile.Problem {
	if n.Kind == yamlfile.Sequence {
		return yamlfile.Decode(n, (*[]string)(w))
	}
	var word string
	problems := yamlfile.Decode(n, &word)
	*w = []string{word}
	return problems
}

// GerritActions are the actions that teams.yaml can grant on Gerrit.
var GerritActions = []string{
	"vote", "comment", "hashtags", "reviewers", "attention", "ready", "wip", "topic", "abandon", "restore", "submit",
}

// LoadTeams reads teams.yaml. Where an error is among the diagnostics the teams are nil: half of the grants is
// not a state to work with.
func LoadTeams(name string, data []byte) (*Teams, []Diagnostic) {
	file, problems := yamlfile.Parse(name, data)
	l := teamsLoader{file: file, teams: &Teams{File: name, data: data}}
	var form teamsFile
	if len(problems) == 0 {
		if file.Root == nil {
			problems = []yamlfile.Problem{{File: name, Line: 1, Column: 1, Message: `the key "teams" is missing`}}
		}
		problems = append(problems, yamlfile.Decode(file.Root, &form)...)
	}
	l.diagnostics = fromProblems("", file, problems)
	if HasErrors(l.diagnostics) {
		return nil, l.diagnostics
	}
	for _, e := range file.Root.Get("teams").Entries {
		l.team(e.Key, e.Value, form.Teams[e.Key.Text])
	}
	slices.SortFunc(l.teams.teams, func(a, b *Team) int { return cmp.Compare(a.Name, b.Name) })
	l.folders()
	if HasErrors(l.diagnostics) {
		return nil, l.diagnostics
	}
	return l.teams, l.diagnostics
}

type teamsLoader struct {
	file        *yamlfile.File
	teams       *Teams
	diagnostics []Diagnostic
}

func (l *teamsLoader) report(n *yamlfile.Node, message, hint string) {
	l.diagnostics = append(l.diagnostics, fromProblems("", l.file, []yamlfile.Problem{n.Problem(message, hint)})...)
}

func (l *teamsLoader) team(key, n *yamlfile.Node, form *teamForm) {
	t := &Team{
		Name: key.Text, Folder: form.Folder, Line: key.Line, Email: form.Contact.Email, Operators: form.Operators,
		ActionsPerMinute: form.Limits.ActionsPerMinute, Scopes: form.Taskcluster.Scopes, file: l.file.Name,
	}
	t.scopesLine = t.Line
	if at := n.Get("taskcluster", "scopes"); at != nil {
		t.scopesLine = at.Line
	}
	if !isName(t.Name) {
		l.report(key, fmt.Sprintf("%q can't name a team", t.Name), "letters, digits, -, _ and .")
	}
	switch folder := n.Get("folder"); {
	case !strings.HasSuffix(t.Folder, "/"):
		l.report(folder, fmt.Sprintf("the folder %q does not end in /", t.Folder), "write "+t.Folder+"/")
	case strings.HasPrefix(t.Folder, "/") || strings.Contains("/"+t.Folder, "/../") || strings.Contains("/"+t.Folder, "/./"):
		l.report(folder, fmt.Sprintf("the folder %q is not below the rules folder", t.Folder), "write it relative to the rules folder")
	}
	if t.ActionsPerMinute < 0 {
		l.report(n.Get("limits", "actionsPerMinute"), "a negative number", "leave it out for no limit")
	}
	for i, g := range form.Gerrit {
		t.Gerrit = append(t.Gerrit, l.grant(n.Get("gerrit").Items[i], g))
	}
	for i, row := range form.Taskcluster.TrustTasks {
		t.trustTasks = append(t.trustTasks, l.trustTask(n.Get("taskcluster", "trustTasks").Items[i], row))
	}
	for i, row := range form.Taskcluster.Trust {
		t.trust = append(t.trust, l.trust(t, n.Get("taskcluster", "trust").Items[i], row))
	}
	l.teams.teams = append(l.teams.teams, t)
}

func (l *teamsLoader) grant(n *yamlfile.Node, form grantForm) Grant {
	g := Grant{
		Server: form.Server, Projects: form.Projects, Branches: form.Branches, Labels: form.Labels,
		Hashtags: form.Hashtags, Actions: form.Actions, Line: n.Line,
	}
	if g.Server == "" {
		l.report(n.Get("server"), "no server is named", "")
	}
	g.projects = l.patterns(n.Get("projects"))
	g.branches = l.patterns(n.Get("branches"))
	g.hashtags = l.patterns(n.Get("hashtags"))
	for label, r := range g.Labels {
		if r[0] > r[1] {
			l.report(n.Get("labels", label), fmt.Sprintf("%s goes from %d to %d", label, r[0], r[1]), "the lower end comes first")
		}
	}
	for i, action := range g.Actions {
		if !slices.Contains(GerritActions, action) {
			l.report(n.Get("actions").Items[i], fmt.Sprintf("no action %q can be granted here", action), yamlfile.DidYouMean(action, GerritActions))
		}
	}
	return g
}

func (l *teamsLoader) patterns(n *yamlfile.Node) []pattern {
	if n == nil {
		return nil
	}
	var out []pattern
	for _, item := range n.Items {
		p, err := newPattern(item.Text)
		if err != nil {
			l.report(item, fmt.Sprintf("%q: %v", item.Text, err), "")
			continue
		}
		out = append(out, p)
	}
	return out
}

// folders refuses two teams that share a file: who speaks must be clear.
func (l *teamsLoader) folders() {
	for _, a := range l.teams.teams {
		for _, b := range l.teams.teams {
			if a != b && strings.HasPrefix(a.Folder, b.Folder) && (a.Folder != b.Folder || a.Name > b.Name) {
				l.report(l.file.Root.Get("teams", a.Name, "folder"), fmt.Sprintf("the folder %s lies in %s, which is %s'", a.Folder, b.Folder, b.Name), "a folder has one team")
			}
		}
	}
}

// of finds the team whose folder holds a path.
func (t *Teams) of(path string) (*Team, bool) {
	for _, team := range t.teams {
		if strings.HasPrefix(path, team.Folder) {
			return team, true
		}
	}
	return nil, false
}

func isName(s string) bool {
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.') {
			return false
		}
	}
	return s != ""
}
