package ruleset

import (
	"verdict/internal/deliver"
	"verdict/internal/facts"
	"verdict/rules"
)

// Load is rules.Load with all that rules have to be told of the world: which scopes a call takes, and what the messages
// of Taskcluster's exchanges look like. Whoever looks at rules as the bot does loads them by it.
func Load(in rules.Sources) (*rules.Set, []rules.Diagnostic) {
	in.TaskScopes, in.StepScopes, in.Messages = deliver.TaskScopes, deliver.StepScopes, facts.Messages()
	return rules.Load(in)
}
