package main

import "verdict/taskcluster/scopes"

// derived is where parameters of scopes come from that a request doesn't have by
// that name, by service and method. What is in the route, in the query or at the
// top of the payload needs no entry, unless it has a default. A method that is
// new in a reference and needs one fails the generator, and its test.
var derived = map[string][]scopes.Derived{
	"auth.awsS3Credentials":  {levelIsReadOnly},
	"auth.azureContainerSAS": {levelIsReadOnly},
	"auth.azureTableSAS":     {levelIsReadOnly},
	"auth.githubRepoToken": {
		{Param: "owner", From: scopes.FromArgs, Field: "owner", How: scopes.AsLower},
		{Param: "repoPerms", From: scopes.FromPayload, How: scopes.AsRepoPerms},
	},
	// The server compares with all that the client or role expands to.
	"auth.updateClient": {{Param: "scopesAdded", From: scopes.FromClient, Field: "expandedScopes", How: scopes.AsAdded}},
	"auth.updateRole":   {{Param: "scopesAdded", From: scopes.FromRole, Field: "expandedScopes", How: scopes.AsAdded}},

	"index.findTasksAtIndex": {{Param: "indexPaths", From: scopes.FromPayload, Field: "indexes", How: scopes.AsList}},

	// The name, and those of what it is a link to, which only the queue knows.
	"queue.artifact":          {artifactNames},
	"queue.getArtifact":       {artifactNames},
	"queue.getLatestArtifact": {artifactNames},
	"queue.latestArtifact":    {artifactNames},

	"queue.createTask": {
		{Param: "priorities", From: scopes.FromPayload, Field: "priority", How: scopes.AsPriorities, Absent: "lowest"},
		{Param: "projectId", From: scopes.FromPayload, Field: "projectId", Absent: "none"},
		{Param: "provisionerId", From: scopes.FromPayload, How: scopes.AsProvisioner},
		{Param: "schedulerId", From: scopes.FromPayload, Field: "schedulerId", Absent: "-"},
		{Param: "workerType", From: scopes.FromPayload, How: scopes.AsWorkerType},
	},
	"queue.cancelTask":         ofTask,
	"queue.rerunTask":          ofTask,
	"queue.scheduleTask":       ofTask,
	"queue.changeTaskPriority": {{Param: "taskQueueId", From: scopes.FromTask, How: scopes.AsTaskQueue}},
	"queue.claimTask": {
		{Param: "provisionerId", From: scopes.FromTask, How: scopes.AsProvisioner},
		{Param: "workerType", From: scopes.FromTask, How: scopes.AsWorkerType},
	},
	"queue.cancelTaskGroup":         ofGroup,
	"queue.changeTaskGroupPriority": ofGroup,
	"queue.sealTaskGroup":           ofGroup,
	"queue.declareWorker":           {{Param: "properties", From: scopes.FromPayload, How: scopes.AsKeys}},

	// 2018. An instance's worker type was known to the service alone.
	"ec2-manager.terminateInstance": {{Param: "workerType", From: scopes.FromNowhere}},
}

var (
	artifactNames   = scopes.Derived{Param: "names", From: scopes.FromArgs, Field: "name", How: scopes.AsOne}
	levelIsReadOnly = scopes.Derived{Param: "levelIsReadOnly", From: scopes.FromArgs, Field: "level", How: scopes.AsReadOnly}

	// ofTask is what the queue protects a task by. Definitions from before there
	// were projects have none.
	ofTask = []scopes.Derived{
		{Param: "projectId", From: scopes.FromTask, Field: "projectId", Absent: "none"},
		{Param: "schedulerId", From: scopes.FromTask, Field: "schedulerId"},
		{Param: "taskGroupId", From: scopes.FromTask, Field: "taskGroupId"},
	}
	ofGroup = []scopes.Derived{{Param: "schedulerId", From: scopes.FromGroup, Field: "schedulerId"}}
)
