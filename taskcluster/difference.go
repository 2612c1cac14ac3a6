package taskcluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Difference compares a task definition as it was sent for taskID with the one
// that the queue has, and names the first field in which they differ, "" for
// none. It fills in the defaults that the queue fills in, and leaves out the
// times, which move with each sending, and the priority, which may be changed
// later. It answers, after a conflict, whether the task is the one that was
// meant to be created.
func Difference(taskID string, sent, existing json.RawMessage) (string, error) {
	a, err := normalised(taskID, sent)
	if err != nil {
		return "", fmt.Errorf("read definition of task %s as sent: %w", taskID, err)
	}
	b, err := normalised(taskID, existing)
	if err != nil {
		return "", fmt.Errorf("read definition of task %s: %w", taskID, err)
	}
	field, differ := firstDifference("", a, b)
	if !differ {
		return "", nil
	}
	return field, nil
}

// normalised is a definition with the defaults of the queue's schema.
func normalised(taskID string, definition json.RawMessage) (map[string]any, error) {
	var d map[string]any
	if err := json.Unmarshal(definition, &d); err != nil {
		return nil, errors.New("it isn't an object in JSON")
	}
	if d == nil {
		return nil, errors.New("it is null")
	}
	provisioner, _ := d["provisionerId"].(string)
	workerType, _ := d["workerType"].(string)
	if queue, ok := d["taskQueueId"].(string); ok {
		provisioner, workerType, _ = strings.Cut(queue, "/")
	}
	d["taskQueueId"] = provisioner + "/" + workerType
	for name, value := range map[string]any{
		"taskGroupId":  taskID,
		"schedulerId":  "-",
		"projectId":    "none",
		"dependencies": []any{},
		"requires":     "all-completed",
		"routes":       []any{},
		"retries":      float64(5),
		"scopes":       []any{},
		"tags":         map[string]any{},
		"extra":        map[string]any{},
	} {
		if _, given := d[name]; !given {
			d[name] = value
		}
	}
	for _, name := range []string{"created", "deadline", "expires", "priority", "provisionerId", "workerType"} {
		delete(d, name)
	}
	return d, nil
}

// firstDifference walks both in the order of their keys. Numbers compare as
// the doubles that the queue keeps them as.
func firstDifference(path string, a, b any) (field string, differ bool) {
	switch a := a.(type) {
	case map[string]any:
		if b, ok := b.(map[string]any); ok {
			return mapDifference(path, a, b)
		}
		return path, true
	case []any:
		if b, ok := b.([]any); ok {
			return listDifference(path, a, b)
		}
		return path, true
	}
	switch b.(type) {
	case map[string]any, []any: // these can't be compared with ==
		return path, true
	}
	return path, a != b
}

func mapDifference(path string, a, b map[string]any) (string, bool) {
	keys := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		field := key
		if path != "" {
			field = path + "." + key
		}
		x, inA := a[key]
		y, inB := b[key]
		if inA != inB {
			return field, true
		}
		if f, differ := firstDifference(field, x, y); differ {
			return f, true
		}
	}
	return "", false
}

func listDifference(path string, a, b []any) (string, bool) {
	for i := range min(len(a), len(b)) {
		if f, differ := firstDifference(fmt.Sprintf("%s[%d]", path, i), a[i], b[i]); differ {
			return f, true
		}
	}
	return path, len(a) != len(b)
}
