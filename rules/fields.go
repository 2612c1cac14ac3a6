package rules

import (
	"maps"
	"slices"
)

// Field is one field of a fact, or a fact itself.
type Field struct {
	Name string
	// Type is string, int, bool, timestamp, dyn, a type of Types, list<…> of one of these, or map<string>: free
	// keys, where an absent one reads as "".
	Type string
	// Values are all that a string can be, where that is a closed list.
	Values []string
	// Absent says when there is none; empty: it is always there.
	Absent string
	// Outsider says whether somebody outside the team can write it.
	Outsider bool
	// About is what it is.
	About string
}

// Fields are the names that a rule may use, in conditions and in ${…}. internal/facts fills them: maps are
// map[string]any, lists []any, an int int64, a timestamp time.Time.
func Fields() []Field { return slices.Clone(facts) }

// Types are the types of fields that have fields themselves, by name.
func Types() map[string][]Field {
	out := make(map[string][]Field, len(structs))
	for name, fields := range structs {
		out[name] = slices.Clone(fields)
	}
	return out
}

var facts = []Field{
	{Name: "event", Type: dyn, Outsider: true, About: "the payload as sent; typed in rules on one source of Gerrit's or exchanges of one type, see below"},
	{Name: "change", Type: "change", About: "the Gerrit change that the event belongs to, as it is now"},
	{Name: "patchset", Type: "patchset", About: "the patchset that the event belongs to"},
	{Name: "files", Type: "list<string>", Outsider: true, About: "the paths of the patchset's files against its parent, without /COMMIT_MSG"},
	{Name: "account", Type: "actor", About: "who caused an event of Gerrit's: pushed the patchset, wrote the message, cast the vote, changed hashtags or topic, merged, abandoned or restored. Gerrit doesn't tell it of reviewers and the attention set, nor where somebody deleted the message that said it: the rule stops then"},
	{Name: "command", Type: "command", About: "what somebody asked for, in rules on `command:`"},
	{Name: "route", Type: "route", Outsider: true, About: "the task's route that taskRoute fits, in rules with one"},
	{Name: "task", Type: "task", About: "the task's definition and status"},
	{Name: "run", Type: "run", About: "the run that the event is about, else the latest"},
	{Name: "group", Type: "group", About: "the task group, computed from all its tasks"},
	{Name: "links", Type: "links", About: "addresses for messages"},
	{Name: "now", Type: "timestamp", About: "the event's own time"},
}

var (
	changeStates  = []string{"NEW", "MERGED", "ABANDONED"}
	patchsetKinds = []string{"REWORK", "TRIVIAL_REBASE", "TRIVIAL_REBASE_WITH_MESSAGE_UPDATE", "MERGE_FIRST_PARENT_UPDATE", "NO_CODE_CHANGE", "NO_CHANGE"}
	taskStates    = []string{"unscheduled", "pending", "running", "completed", "failed", "exception"}
	runStates     = []string{"pending", "running", "completed", "failed", "exception"}
	runBegins     = []string{"scheduled", "retry", "task-retry", "rerun", "exception"}
	runEnds       = []string{
		"completed", "failed", "deadline-exceeded", "canceled", "superseded", "claim-expired", "worker-shutdown",
		"malformed-payload", "resource-unavailable", "internal-error", "intermittent-task",
	}
	priorities = []string{"highest", "very-high", "high", "medium", "low", "very-low", "lowest", "normal"}
)

// structs is the table of all types. A field is Outsider where its text comes from somebody who needs no
// permission of the team: the writer of a change, or of a task that no rule made.
var structs = withEvents(map[string][]Field{
	"change": {
		{Name: "server", Type: "string", About: "the server's name in config.yaml"},
		{Name: "number", Type: "int", About: "the change's number"},
		{Name: "id", Type: "string", About: "project~number"},
		{Name: "project", Type: "string", About: "the project"},
		{Name: "branch", Type: "string", Outsider: true, About: "the branch, without refs/heads/"},
		{Name: "subject", Type: "string", Outsider: true, About: "the commit message's first line"},
		{Name: "message", Type: "string", Outsider: true, About: "the whole commit message"},
		{Name: "topic", Type: "string", Outsider: true, About: "the topic, empty where there is none"},
		{Name: "status", Type: "string", Values: changeStates, About: "the change's status"},
		{Name: "url", Type: "string", About: "where people see it"},
		{Name: "changeId", Type: "string", Outsider: true, About: "the commit message's Change-Id"},
		{Name: "owner", Type: "account", About: "who created the change"},
		{Name: "wip", Type: "bool", About: "whether it is work in progress"},
		{Name: "private", Type: "bool", About: "whether it is private"},
		{Name: "hashtags", Type: "list<string>", Outsider: true, About: "the hashtags"},
		{Name: "currentPatchset", Type: "int", About: "the number of the current patchset"},
		{Name: "currentRevision", Type: "string", About: "the SHA of the current patchset"},
		{Name: "created", Type: "timestamp", About: "when the change was created"},
		{Name: "updated", Type: "timestamp", About: "when it was last updated"},
		{Name: "footers", Type: "list<footer>", About: "the lines `Key: value` that end the commit message"},
	},
	"account": {
		{Name: "id", Type: "int", About: "Gerrit's number of the account"},
		{Name: "name", Type: "string", Outsider: true, About: "the full name"},
		{Name: "email", Type: "string", Outsider: true, About: "the preferred address"},
		{Name: "username", Type: "string", About: "the name used to sign in"},
	},
	"actor": {
		{Name: "id", Type: "int", About: "Gerrit's number of the account"},
		{Name: "name", Type: "string", Outsider: true, About: "the full name, which everybody chooses for themselves"},
		{Name: "email", Type: "string", Outsider: true, About: "the preferred address, which Gerrit has confirmed; empty where it isn't visible"},
		{Name: "username", Type: "string", About: "the name used to sign in; empty where there is none"},
		{Name: "groups", Type: "list<string>", About: "the names of the groups that the account is in, those that include one of them too, as far as the bot sees them. Asked for only where a rule names it"},
	},
	"route": {
		{Name: "name", Type: "string", Outsider: true, About: "the whole route"},
		{Name: "words", Type: "list<string>", Outsider: true, About: "its parts between the dots"},
	},
	"command": {
		{Name: "name", Type: "string", About: "the command's word"},
		{Name: "args", Type: "string", Outsider: true, About: "the words after it, parted by one blank each; empty where there are none"},
		{Name: "by", Type: "account", About: "who wrote it; account has the groups too"},
	},
	"footer": {
		{Name: "key", Type: "string", Outsider: true, About: "what stands before the colon"},
		{Name: "value", Type: "string", Outsider: true, About: "what stands after it"},
	},
	"patchset": {
		{Name: "number", Type: "int", About: "1 for the first"},
		{Name: "revision", Type: "string", About: "the commit's SHA"},
		{Name: "kind", Type: "string", Values: patchsetKinds, About: "how it differs from the one before"},
		{Name: "ref", Type: "string", About: "what to fetch, refs/changes/…"},
		{Name: "uploader", Type: "account", About: "who pushed it"},
		{Name: "author", Type: "person", About: "the commit's author"},
		{Name: "committer", Type: "person", About: "the commit's committer"},
		{Name: "created", Type: "timestamp", About: "when it was pushed"},
		{Name: "current", Type: "bool", About: "whether it is the change's current one"},
		{Name: "parents", Type: "list<string>", About: "the SHAs of the parent commits"},
	},
	"person": {
		{Name: "name", Type: "string", Outsider: true, About: "the name as the commit has it"},
		{Name: "email", Type: "string", Outsider: true, About: "the address as the commit has it"},
	},
	"task": {
		{Name: "id", Type: "string", About: "the taskId"},
		{Name: "name", Type: "string", Outsider: true, About: "metadata.name"},
		{Name: "description", Type: "string", Outsider: true, About: "metadata.description"},
		{Name: "source", Type: "string", Outsider: true, About: "metadata.source"},
		{Name: "owner", Type: "string", Outsider: true, About: "metadata.owner"},
		{Name: "state", Type: "string", Values: taskStates, About: "the state of its latest run"},
		{Name: "taskQueueId", Type: "string", About: "provisionerId/workerType"},
		{Name: "provisionerId", Type: "string", About: "the first part of taskQueueId"},
		{Name: "workerType", Type: "string", About: "the second part of taskQueueId"},
		{Name: "schedulerId", Type: "string", About: "the scheduler, protected by a scope"},
		{Name: "projectId", Type: "string", About: "the project, protected by a scope"},
		{Name: "groupId", Type: "string", About: "the taskGroupId"},
		{Name: "priority", Type: "string", Values: priorities, About: "the priority"},
		{Name: "url", Type: "string", About: "the task's page"},
		{Name: "tags", Type: "map<string>", Outsider: true, About: "the tags"},
		{Name: "created", Type: "timestamp", About: "created, as the definition has it"},
		{Name: "deadline", Type: "timestamp", About: "when it has to be done"},
		{Name: "expires", Type: "timestamp", About: "when it is forgotten"},
		{Name: "routes", Type: "list<string>", Outsider: true, About: "the routes"},
		{Name: "scopes", Type: "list<string>", Outsider: true, About: "the scopes"},
		{Name: "dependencies", Type: "list<string>", Outsider: true, About: "the taskIds that it waits for"},
		{Name: "extra", Type: "dyn", Outsider: true, About: "extra"},
		{Name: "payload", Type: "dyn", Outsider: true, About: "the payload for the worker"},
		{Name: "runs", Type: "list<run>", About: "all runs, the latest last"},
	},
	"run": {
		{Name: "id", Type: "int", About: "0 for the first"},
		{Name: "state", Type: "string", Values: runStates, About: "the run's state"},
		{Name: "reasonCreated", Type: "string", Values: runBegins, About: "why the run exists"},
		{Name: "reasonResolved", Type: "string", Values: runEnds, Absent: "until the run has ended", About: "why the run ended"},
		{Name: "reason", Type: "string", Values: runEnds, Absent: "until the run has ended", About: "the same, for messages"},
		{Name: "workerGroup", Type: "string", Absent: "where no worker had it", About: "the worker's group"},
		{Name: "workerId", Type: "string", Absent: "where no worker had it", About: "the worker"},
		{Name: "url", Type: "string", About: "the run's page"},
		{Name: "scheduled", Type: "timestamp", Absent: "where it never became pending", About: "when it became pending"},
		{Name: "started", Type: "timestamp", Absent: "where no worker began it", About: "when a worker began it"},
		{Name: "resolved", Type: "timestamp", Absent: "until the run has ended", About: "when it ended"},
	},
	"group": {
		{Name: "id", Type: "string", About: "the taskGroupId"},
		{Name: "schedulerId", Type: "string", About: "the scheduler of its tasks"},
		{Name: "outcome", Type: "string", Values: []string{"pass", "infra", "fail"}, About: "pass: all latest runs completed; infra: beside those only exceptions that are the infrastructure's, and what waits for them; fail: else"},
		{Name: "url", Type: "string", About: "the group's page"},
		{Name: "total", Type: "int", About: "how many tasks it has"},
		{Name: "completed", Type: "int", About: "how many of them completed"},
		{Name: "failed", Type: "int", About: "how many of them failed"},
		{Name: "exception", Type: "int", About: "how many of them ended in an exception"},
		{Name: "unscheduled", Type: "int", About: "how many of them wait for others; in a settled group, for ever"},
		{Name: "tasks", Type: "list<member>", About: "its tasks"},
		{Name: "created", Type: "timestamp", About: "when its first task was created"},
	},
	"member": {
		{Name: "id", Type: "string", About: "the taskId"},
		{Name: "name", Type: "string", Outsider: true, Absent: "where the task has none", About: "metadata.name"},
		{Name: "state", Type: "string", Values: taskStates, About: "the state of its latest run"},
		{Name: "run", Type: "int", About: "the latest run, -1 where it has none"},
		{Name: "reason", Type: "string", Values: runEnds, Absent: "until the run has ended", About: "why its latest run ended"},
	},
	"links": {
		{Name: "task", Type: "string", Absent: "where the event is of no task", About: "the task's page"},
		{Name: "run", Type: "string", Absent: "where the event is of no run", About: "the run's page"},
		{Name: "group", Type: "string", Absent: "where the event is of no group", About: "the group's page"},
		{Name: "change", Type: "string", Absent: "where the event belongs to no change", About: "the change's page"},
		{Name: "why", Type: "string", Absent: "where no dashboard is configured", About: "the decision, explained"},
		{Name: "log", Type: "string", Absent: "where the event is of no run", About: "the run's public/logs/live.log"},
	},
})

func withEvents(structs map[string][]Field) map[string][]Field {
	maps.Copy(structs, eventStructs())
	return structs
}

func fieldNamed(fields []Field, name string) *Field {
	for i := range fields {
		if fields[i].Name == name {
			return &fields[i]
		}
	}
	return nil
}

func fieldNames(fields []Field) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return names
}
