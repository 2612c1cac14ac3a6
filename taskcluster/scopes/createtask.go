package scopes

import "encoding/json"

// createTask is queue.createTask, as its reference has it.
var createTask = Method{
	Service: "queue", Name: "createTask", Verb: "PUT", Route: "/task/<taskId>", Args: []string{"taskId"},
	Scopes: &Expression{AllOf: []Expression{
		{For: "scope", In: "scopes", Each: &Expression{Scope: "<scope>"}},
		{For: "route", In: "routes", Each: &Expression{Scope: "queue:route:<route>"}},
		{Scope: "queue:create-task:project:<projectId>"},
		{Scope: "queue:scheduler-id:<schedulerId>"},
		{AnyOf: []Expression{
			{For: "priority", In: "priorities", Each: &Expression{Scope: "queue:create-task:<priority>:<provisionerId>/<workerType>"}},
		}},
	}},
	Derived: []Derived{
		{Param: "projectId", From: FromPayload, Field: "projectId", Absent: "none"},
		{Param: "schedulerId", From: FromPayload, Field: "schedulerId", Absent: "-"},
		{Param: "priorities", From: FromPayload, Field: "priority", How: AsPriorities, Absent: "lowest"},
		{Param: "provisionerId", From: FromPayload, How: AsProvisioner},
		{Param: "workerType", From: FromPayload, How: AsWorkerType},
	},
}

// CreateTask are the scopes that queue.createTask needs for a task definition:
// those of the task itself, its routes', its project's, its scheduler's, and one
// to create tasks of its priority in its task queue.
//
// The last may also be that of a higher priority: it is the task's own priority
// if granted allows that, else the nearest higher one that granted allows. When
// there is none, it is the task's own, so that the answer names what is missing.
func CreateTask(definition json.RawMessage, granted []string) ([]string, error) {
	return createTask.Needed(Request{Payload: definition}, granted)
}
