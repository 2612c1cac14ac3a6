package rules

// Occurrence is what the match index looks at.
type Occurrence struct {
	// Source is pulse, gerrit, command, task, group or cron.
	Source string
	// Type is the full exchange name for pulse, gerrit's event type, a command's name, a task's or group's state, or a tick's name.
	Type string
	// RoutingKey and Routes (the CC entries without "route.") are those of a pulse message.
	RoutingKey string
	Routes     []string
	// Server, Project and Branch are those of the change. For gerrit they are looked at; a task or group whose
	// change isn't known yet has none, and Trigger.Covers is asked later.
	Server, Project, Branch string
	// Payload is the event's. nil: it isn't known, and clauses that compare its texts are left to evaluation.
	Payload Payload
}

// Candidate is a rule whose trigger fits an occurrence, and of whose clauses none is known to be false by a text of the
// payload.
type Candidate struct {
	Rule *Rule
	// On is the index into Rule.On.
	On int
	// Project is the trigger's pattern that matched, "" where it names none or the project isn't known.
	Project string
}

// Binding is what the bot's queue has to be bound to.
type Binding struct{ Exchange, RoutingKey string }
