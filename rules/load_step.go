package rules

import (
	"fmt"

	"verdict/rules/jsone"
	"verdict/rules/yamlfile"
)

// stepForm is what rerun and cancel say: nothing for the event's own task, or which of its group.
type stepForm struct {
	Tasks *yamlfile.Node `yaml:"tasks"`
	Named *yamlfile.Node `yaml:"named"`
}

// stepTasks are the words for tasks of a group that each of the two can do something for.
var stepTasks = map[string]string{kindRerun: "failed", kindCancel: "unfinished"}

// step reads rerun and cancel.
func (r *ruleLoader) step(n *yamlfile.Node, kind string, a *action) {
	a.kind = kind
	word := stepTasks[kind]
	forms := fmt.Sprintf("write %s: {} for the event's own task, or %s: {tasks: %s} for those of its group", kind, kind, word)
	if n.Kind != yamlfile.Mapping {
		r.refuse(n, kind+" says which tasks, in a mapping", forms)
		return
	}
	var form stepForm
	r.problems(yamlfile.Decode(n, &form))
	key, fact := kind, "task"
	if form.Tasks != nil {
		a.tasks, key, fact = form.Tasks.Text, kind+":"+form.Tasks.Text, "group"
		if a.tasks != word {
			r.refuse(form.Tasks, fmt.Sprintf("tasks: %s is not known to %s", form.Tasks.Text, kind), "tasks: "+word)
		}
	}
	if form.Named != nil {
		a.named = r.taskNames(form.Named)
		if form.Tasks == nil {
			r.refuse(n.Key("named"), "named chooses among the tasks of a group", forms)
		}
	}
	if a.key == "" {
		a.key = key
	}
	r.needsTasks(n, fact)
	r.mayStep(n, kind)
}

// taskNames may be empty, which is all names: it often comes from what somebody wrote.
func (r *ruleLoader) taskNames(n *yamlfile.Node) *template {
	if n.Kind == yamlfile.String && n.Text == "" {
		return r.compileTemplate(n, "", nil)
	}
	return r.text(n)
}

// needsTasks refuses a rule of which an event has no task, or neither a group nor a change whose groups are known.
func (r *ruleLoader) needsTasks(n *yamlfile.Node, fact string) {
	if fact == "group" && r.unavailable("change") == "" {
		return
	}
	if why := r.unavailable(fact); why != "" {
		r.refuse(n, why, "")
	}
}

// mayStep refuses what the team's grant can allow for no task at all. For which it does is known when it is done.
func (r *ruleLoader) mayStep(n *yamlfile.Node, kind string) {
	if r.in.StepScopes == nil || r.team.unlimited {
		return
	}
	granted := r.team.expand(r.team.Scopes)
	asked := map[string]any{}
	task := map[string]string{}
	for _, field := range []string{"taskId", "schedulerId", "taskGroupId", "projectId"} {
		asked[field], task[field] = jsone.Hole, jsone.Hole
	}
	need, err := r.in.StepScopes(kind, task, append(granted[:len(granted):len(granted)], widened(asked, granted)...))
	if err != nil {
		r.refuse(n, fmt.Sprintf("%s can't be done: %v", kind, err), "")
		return
	}
	for _, scope := range need {
		if r.team.coverage(granted, scope) == NotGranted {
			r.refuse(n, fmt.Sprintf("%s has no scopes to %s any task with, %s:%d", r.team.Name, kind, r.team.file, r.team.scopesLine),
				fmt.Sprintf("an administrator adds to its scopes: - 'queue:%s-task:<schedulerId>/*'", kind))
			return
		}
	}
}
