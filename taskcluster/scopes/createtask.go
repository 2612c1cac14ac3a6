package scopes

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Priorities from the highest to the lowest, which is the default.
var Priorities = []string{"highest", "very-high", "high", "medium", "low", "very-low", "lowest"}

// CreateTask are the scopes that queue.createTask needs for a task definition:
// those of the task itself, its routes', its project's, its scheduler's, and one
// to create tasks of its priority in its task queue.
//
// The last may also be that of a higher priority: it is the task's own priority
// if granted allows that, else the nearest higher one that granted allows. When
// there is none, it is the task's own, so that the answer names what is missing.
func CreateTask(definition json.RawMessage, granted []string) ([]string, error) {
	var task struct {
		Scopes        []string `json:"scopes"`
		Routes        []string `json:"routes"`
		ProjectID     string   `json:"projectId"`
		SchedulerID   string   `json:"schedulerId"`
		Priority      string   `json:"priority"`
		TaskQueueID   string   `json:"taskQueueId"`
		ProvisionerID string   `json:"provisionerId"`
		WorkerType    string   `json:"workerType"`
	}
	if err := json.Unmarshal(definition, &task); err != nil {
		return nil, fmt.Errorf("read task definition: %w", err)
	}
	queue := task.TaskQueueID
	if queue == "" {
		if task.ProvisionerID == "" || task.WorkerType == "" {
			return nil, errors.New("read task definition: no taskQueueId")
		}
		queue = task.ProvisionerID + "/" + task.WorkerType
	}
	create, err := createScope(or(task.Priority, "lowest"), queue, granted)
	if err != nil {
		return nil, err
	}
	need := slices.Clone(task.Scopes)
	for _, route := range task.Routes {
		need = append(need, "queue:route:"+route)
	}
	need = append(need,
		"queue:create-task:project:"+or(task.ProjectID, "none"),
		"queue:scheduler-id:"+or(task.SchedulerID, "-"),
		create)
	return Compact(need), nil
}

func createScope(priority, queue string, granted []string) (string, error) {
	own := slices.Index(Priorities, priority)
	if own < 0 {
		return "", fmt.Errorf("read task definition: no priority %q; there are %v", priority, Priorities)
	}
	for i := own; i >= 0; i-- {
		scope := "queue:create-task:" + Priorities[i] + ":" + queue
		if Allows(granted, scope) {
			return scope, nil
		}
	}
	return "queue:create-task:" + priority + ":" + queue, nil
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}
