package rules

import (
	"fmt"
	"slices"
	"strings"

	"verdict/rules/yamlfile"
)

// taskKeys are those of a task's definition; key is ours.
var taskKeys = []string{
	"key", "taskQueueId", "provisionerId", "workerType", "schedulerId", "projectId", "taskGroupId", "dependencies",
	"requires", "routes", "priority", "retries", "created", "deadline", "expires", "scopes", "payload", "metadata",
	"tags", "extra",
}

// taskNeeds are those that have to be there, beside the task queue.
var taskNeeds = []string{"metadata", "payload", "deadline"}

// tracked are the keys of a definition where an outsider's text may not go: it would run, or be allowed, there.
var tracked = []string{"command", "routes", "scopes", "taskQueueId", "provisionerId", "workerType", "image", "schedulerId", "projectId"}

var taskTimes = []string{"created", "deadline", "expires"}

func (r *ruleLoader) task(form actionForm, a *action) {
	a.kind = kindTask
	n := form.Task
	if form.Tasks != nil {
		n, a.many = form.Tasks, true
	}
	if len(r.team.Scopes) == 0 && !r.team.unlimited {
		r.refuse(n, fmt.Sprintf("%s has no scopes to create tasks with, %s:%d", r.team.Name, r.team.file, r.team.Line), "an administrator adds taskcluster: {scopes: […]}")
	}
	if n.Key("from") != nil && a.many {
		if form.Key != nil {
			r.refuse(form.Key, "each of the file's tasks has a key of its own", "it is the task's metadata.name")
		}
		r.from(n, a)
		return
	}
	if n.Kind != yamlfile.Mapping && !(a.many && n.Kind == yamlfile.Sequence) {
		r.refuse(n, "the definition of a task is wanted here, not "+n.Kind.String(), "")
		return
	}
	if a.many && form.Key != nil {
		r.refuse(form.Key, "each of the tasks has a key of its own", "write key: into the definition")
	}
	key := form.Key
	for _, body := range taskBodies(n) {
		r.taskBody(body, a)
	}
	if inside := n.Get("key"); !a.many && inside != nil {
		key = inside
	}
	if !a.many && key != nil {
		a.taskKey = r.text(key)
	}
	if !a.many {
		a.key = kindTask
		if key != nil {
			a.key += ":" + key.Text
		}
	}
	if a.task = r.template(n, tracked); a.task != nil {
		r.taskScopes(n, a)
	}
}

// taskBodies are the definitions, or other mappings, below JSON-e's operators.
func taskBodies(n *yamlfile.Node) []*yamlfile.Node {
	var out []*yamlfile.Node
	switch n.Kind {
	case yamlfile.Sequence:
		for _, item := range n.Items {
			out = append(out, taskBodies(item)...)
		}
	case yamlfile.Mapping:
		if len(jsoneOperators(n)) == 0 {
			return []*yamlfile.Node{n}
		}
		for _, e := range n.Entries {
			if key := e.Key.Text; key == "in" || key == "then" || key == "else" || strings.HasPrefix(key, "each(") {
				out = append(out, taskBodies(e.Value)...)
			}
		}
	}
	return out
}

func (r *ruleLoader) taskBody(n *yamlfile.Node, a *action) {
	for _, e := range n.Entries {
		key := e.Key.Text
		if !slices.Contains(taskKeys, key) && !strings.Contains(key, "$") {
			r.refuse(e.Key, fmt.Sprintf("%s: no such key in the definition of a task", key), yamlfile.DidYouMean(key, taskKeys))
		}
		r.taskField(key, e.Value, a.many)
		if slices.Contains(taskTimes, key) && e.Value.Kind == yamlfile.String && !strings.Contains(e.Value.Text, "${") {
			a.literal = appendNew(a.literal, key)
		}
	}
	missing := slices.Clone(taskNeeds)
	if n.Get("provisionerId") == nil {
		missing = append(missing, "taskQueueId")
	}
	if a.many {
		missing = append(missing, "key")
	}
	for _, key := range missing {
		if n.Get(key) == nil {
			r.refuse(n, fmt.Sprintf("the key %q is missing in the definition of a task", key), "")
		}
	}
	for _, key := range []string{"name", "description"} {
		if m := n.Get("metadata"); m != nil && m.Kind == yamlfile.Mapping && m.Get(key) == nil && len(taskBodies(m)) == 1 && taskBodies(m)[0] == m {
			r.refuse(m, fmt.Sprintf("the key %q is missing in metadata", key), "")
		}
	}
}
