package rules

import (
	"fmt"
	"path"
	"strings"

	"verdict/rules/yamlfile"
)

// taskFileForm is `tasks` with a file of the patchset's.
type taskFileForm struct {
	From *yamlfile.Node `yaml:"from"`
}

// TaskFileFact is the fact that holds a file of the patchset: a mapping with its text, or with a problem.
const TaskFileFact = "file "

// from reads the name of a file of the patchset, which says what tasks there are.
func (r *ruleLoader) from(n *yamlfile.Node, a *action) {
	var form taskFileForm
	r.problems(yamlfile.Decode(n, &form))
	if form.From == nil {
		return
	}
	name := form.From.Text
	if form.From.Kind != yamlfile.String || name != path.Clean(name) || strings.HasPrefix(name, "/") || strings.HasPrefix(name, "..") ||
		path.Ext(name) != ".yml" && path.Ext(name) != ".yaml" {
		r.refuse(form.From, fmt.Sprintf("%q names no YAML file of the patchset", name), "from: .taskcluster.yml")
		return
	}
	r.needsChange(n)
	a.from, a.key = name, kindTask+":"+name
	r.rule.tasks = append(r.rule.tasks, TaskNeed{Key: a.key, Line: n.Line, Open: true})
}
