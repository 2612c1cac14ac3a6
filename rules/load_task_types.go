package rules

import (
	"fmt"
	"slices"
	"strings"

	"verdict/rules/yamlfile"
)

// The types of a task's fields, as the queue has them. Below payload and extra anything may stand.
var (
	taskTexts = []string{
		"taskQueueId", "provisionerId", "workerType", "schedulerId", "projectId", "taskGroupId", "requires", "priority",
	}
	taskTextLists = []string{"dependencies", "routes", "scopes"}
	taskTextMaps  = []string{"metadata", "tags"}
	taskMaps      = []string{"payload", "extra"}
	// taskFieldWords are the lists of which a text is a word.
	taskFieldWords = map[string][]string{"priority": priorities, "requires": {"all-completed", "all-resolved"}}
)

// taskField refuses a value that the queue would refuse, as far as it doesn't come of an operator of JSON-e.
func (r *ruleLoader) taskField(key string, n *yamlfile.Node, many bool) {
	if len(jsoneOperators(n)) > 0 {
		return
	}
	switch {
	case slices.Contains(taskTexts, key), key == "key" && many:
		r.taskText(key, n)
	case slices.Contains(taskTextLists, key):
		if n.Kind != yamlfile.Sequence {
			r.refuse(n, fmt.Sprintf("%s is a list of texts, not %s", key, n.Kind), "")
		}
		for _, item := range n.Items {
			r.taskText("each of "+key, item)
		}
	case slices.Contains(taskTextMaps, key):
		if n.Kind != yamlfile.Mapping {
			r.refuse(n, fmt.Sprintf("%s is a mapping of texts, not %s", key, n.Kind), "")
		}
		for _, e := range n.Entries {
			r.taskText(key+"."+e.Key.Text, e.Value)
		}
	case slices.Contains(taskMaps, key) && n.Kind != yamlfile.Mapping:
		r.refuse(n, fmt.Sprintf("%s is a mapping, not %s", key, n.Kind), "")
	case slices.Contains(taskTimes, key) && (n.Kind != yamlfile.String || n.Text == ""):
		r.refuse(n, fmt.Sprintf("%s is a time, not %s", key, n.Kind), key+": {$fromNow: 2 hours}")
	case key == "retries" && n.Kind != yamlfile.Int:
		r.refuse(n, fmt.Sprintf("retries is a whole number, not %s", n.Kind), "")
	}
}

func (r *ruleLoader) taskText(key string, n *yamlfile.Node) {
	switch words := taskFieldWords[key]; {
	case len(jsoneOperators(n)) > 0:
	case n.Kind == yamlfile.Mapping || n.Kind == yamlfile.Sequence || n.Kind == yamlfile.Null:
		r.refuse(n, fmt.Sprintf("%s is a text, not %s", key, n.Kind), "")
	case n.Kind != yamlfile.String:
		r.refuse(n, fmt.Sprintf("%s is a text, not %s", key, n.Kind), "put it in quotes: '"+n.Text+"'")
	case words != nil && !strings.Contains(n.Text, "${") && !slices.Contains(words, n.Text):
		r.refuse(n, fmt.Sprintf("%s is never %q", key, n.Text), yamlfile.DidYouMean(n.Text, words))
	}
}

// jsoneOperators are the keys of a mapping by which JSON-e makes something else of it.
func jsoneOperators(n *yamlfile.Node) (out []string) {
	for _, e := range n.Entries {
		if name, ok := strings.CutPrefix(e.Key.Text, "$"); ok && !strings.HasPrefix(name, "$") && !strings.HasPrefix(name, "{") {
			out = append(out, e.Key.Text)
		}
	}
	return out
}
