package ruleset

import (
	"verdict/internal/deliver"
	"verdict/internal/facts"
	"verdict/internal/schedule"
	"verdict/rules"
)

// Load is rules.Load with all that rules have to be told of the world: which scopes a call takes, what the messages
// of Taskcluster's exchanges look like, and which times there are. Whoever looks at rules as the bot does loads them by it.
func Load(in rules.Sources) (*rules.Set, []rules.Diagnostic) {
	in.Methods, in.CallScopes = deliver.Methods(), deliver.CallScopes
	in.TaskScopes, in.StepScopes, in.Messages = deliver.TaskScopes, deliver.StepScopes, facts.Messages()
	in.Cron = schedule.Check
	return rules.Load(in)
}
