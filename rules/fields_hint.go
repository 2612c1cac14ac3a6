package rules

import (
	"slices"
	"strings"

	"verdict/rules/yamlfile"
)

// theirNames are the words of Taskcluster's and Gerrit's own answers, by the type of fact whose field is called otherwise.
var theirNames = map[string]map[string]string{
	"task":     {"taskId": "id", "taskGroupId": "groupId", "metadata": "name", "status": "state"},
	"run":      {"runId": "id"},
	"group":    {"taskGroupId": "id", "state": "outcome", "status": "outcome"},
	"change":   {"work_in_progress": "wip", "commitMessage": "message"},
	"patchset": {"current_revision": "revision", "sha": "revision", "commit": "revision"},
	"account":  {"_account_id": "id"},
	"actor":    {"_account_id": "id"},
}

// fieldHint says what somebody may have meant by a field that a type doesn't have.
func fieldHint(types map[string][]Field, typ, field string) string {
	if ours := theirNames[typ][field]; ours != "" {
		return "did you mean " + ours + "?"
	}
	known := fieldNames(types[typ])
	ofFact := slices.ContainsFunc(facts, func(f Field) bool { return f.Type == typ })
	if ofFact && yamlfile.Nearest(field, known) == "" {
		if paths := pathsTo(types, field); paths != "" {
			return paths
		}
	}
	return yamlfile.DidYouMean(field, known)
}

// pathsTo names the facts that have a field of this name; empty where there are none, or many.
func pathsTo(types map[string][]Field, field string) string {
	var paths []string
	for _, fact := range facts {
		if slices.ContainsFunc(types[fact.Type], func(f Field) bool { return f.Name == field }) {
			paths = append(paths, fact.Name+"."+field)
		}
	}
	if len(paths) == 0 || len(paths) > 3 {
		return ""
	}
	return "did you mean " + strings.Join(paths, " or ") + "?"
}
