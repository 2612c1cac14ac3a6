package rules

import (
	"fmt"
	"time"
)

// Input is what a rule is evaluated on.
type Input struct {
	// Event is the decoded payload: map[string]any, []any, string, bool, nil, int64 where a number is integral,
	// else float64.
	Event any
	// Facts are those that Needs names, shaped as Fields tells. One that is not there makes the rule stop where
	// it is named.
	Facts map[string]any
	// Now is the event's own time.
	Now time.Time
	// On is the index of the trigger that matched.
	On int
	// Slug gives the task id that a label of a .taskcluster.yml stands for, the same for this event and rule each time.
	Slug func(label string) string
	// RootURL is the Taskcluster deployment's.
	RootURL string
}

// Decision is what a rule makes of an event, with the reason. It is kept as JSON.
type Decision struct {
	Matched bool `json:"matched"`
	// Stopped is the clause that did not hold, as written; "on.files" where no file fits, what begins with
	// "once:" where it acted before; empty if Matched.
	Stopped string `json:"stopped,omitempty"`
	// Clauses are those that were looked at, in order.
	Clauses  []Clause  `json:"clauses,omitempty"`
	Actions  []Action  `json:"actions,omitempty"`
	Opinions []Opinion `json:"opinions,omitempty"`
	// Spent is what `once` kept back.
	Spent []Spent `json:"spent,omitempty"`
}

// IsFind says whether it is about a tick whose query found changes: what the rule makes of them is decided one by one.
func (d *Decision) IsFind() bool {
	return d.Matched && len(d.Clauses) == 1 && d.Clauses[0].Text == OnQuery
}

// Clause is one line of the explanation.
type Clause struct {
	// Text is the condition as written, or, among Children, a field that it names.
	Text string `json:"text"`
	Line int    `json:"line,omitempty"`
	Held bool   `json:"held"`
	// Value is what the text came to.
	Value string `json:"value,omitempty"`
	Error string `json:"error,omitempty"`
	// Children are the fields that the condition names, with their values.
	Children []Clause `json:"children,omitempty"`
}

// Action is something to do. Which fields are set depends on Kind.
type Action struct {
	// Key tells the actions of one rule apart: its `key`, else kind and target, such as vote:Verified.
	Key string `json:"key"`
	// Kind is vote, report, comment, hashtags, task, reviewers, attention, ready, wip, topic, abandon, restore, submit, rerun, cancel, hook or call.
	Kind string `json:"kind"`
	// Message is what is posted on the change; empty: nothing. Notify is owner, reviewers, all, nobody or empty.
	Message string `json:"message,omitempty"`
	Notify  string `json:"notify,omitempty"`
	// Inline are the comments on lines that go with a comment.
	Inline []InlineComment `json:"inline,omitempty"`
	// Add and Remove are hashtags. Where the rule has a `while` that is false, both are empty and the opinion
	// says it. Of reviewers and attention they are people as the rule names them, and CC are those to be told only.
	Add    []string `json:"add,omitempty"`
	CC     []string `json:"cc,omitempty"`
	Remove []string `json:"remove,omitempty"`
	// Reason says why the attention set changes; it may be empty.
	Reason string `json:"reason,omitempty"`
	// Topic is the topic to set; empty: to take it away.
	Topic string `json:"topic,omitempty"`
	// TaskKey is half of a task's identity, Task its definition as rendered. created, deadline and expires are
	// RFC 3339, computed from Now; LiteralTimes names those that the rule wrote as they are.
	TaskKey      string         `json:"taskKey,omitempty"`
	Task         map[string]any `json:"task,omitempty"`
	LiteralTimes []string       `json:"literalTimes,omitempty"`
	// TaskID is the task's own where a file of the patchset gave it one; empty: Key makes it.
	TaskID string `json:"taskId,omitempty"`
	// File says that a file of the patchset can't be used; Message says why.
	File *FileProblem `json:"file,omitempty"`
	// Tasks says which tasks of the group are to be rerun or cancelled: failed, unfinished, or, empty, the event's own.
	// Named are patterns of which one has to fit the name, if there are any.
	Tasks string   `json:"tasks,omitempty"`
	Named []string `json:"named,omitempty"`
	// Call is what a hook or a call asks a service for.
	Call *Call `json:"call,omitempty"`
	// Labels are the votes, whether they stand or not: the opinions say that.
	Labels map[string]int `json:"labels,omitempty"`
	// Report is what a report says.
	Report *Report `json:"report,omitempty"`
	// Approve says who has to approve it before it is done, "" nobody.
	Approve string `json:"approve,omitempty"`
	// Once says how often it is done; nil: on every event that fits.
	Once *Once `json:"once,omitempty"`
}

// Call is one call of a method of Taskcluster's services.
type Call struct {
	// Method is service and method: hooks.triggerHook.
	Method string `json:"method"`
	// With are the parameters of the method's address and its options, by name.
	With map[string]string `json:"with,omitempty"`
	// Payload is nil where the method takes none.
	Payload any `json:"payload,omitempty"`
	// Once says that it isn't made again where nobody knows whether it was made: it happens at most once.
	Once bool `json:"once,omitempty"`
}

// InlineComment is a comment on a line of a file.
type InlineComment struct {
	Path string `json:"path"`
	// Line counts from 1; 0 is the whole file.
	Line       int    `json:"line,omitempty"`
	Message    string `json:"message"`
	Unresolved bool   `json:"unresolved,omitempty"`
}

// Opinion is what a rule holds of a label or a hashtag.
type Opinion struct {
	// Kind is label or hashtag.
	Kind string `json:"kind"`
	// Target is the label's name or the hashtag.
	Target string `json:"target"`
	Value  int    `json:"value,omitempty"`
	// Waits says that nothing above 0 may show while it stands: of a report that has no answer yet.
	Waits bool `json:"waits,omitempty"`
	// Stands is false where the rule's `while` is: the opinion is taken back.
	Stands bool `json:"stands"`
	// Since orders news of a report: when the last of the tasks ended. Zero: what the event is of does.
	Since time.Time `json:"since,omitzero"`
}

// EvalError is an error while a rule is evaluated: a field that isn't there, a value of another type, too much
// work. It is never taken for "does not hold".
type EvalError struct {
	Team, Rule string
	// Clause is the condition or template as written, File and Line where it stands.
	Clause string
	File   string
	Line   int
	// Field is the field that it is about, where that is known.
	Field string
	Err   error
}

// Error names the rule, the clause with its place and what went wrong.
func (e *EvalError) Error() string {
	return fmt.Sprintf("rule %s/%s, %s:%d, %s: %v", e.Team, e.Rule, e.File, e.Line, e.Clause, e.Err)
}

// Unwrap gives what went wrong.
func (e *EvalError) Unwrap() error { return e.Err }
