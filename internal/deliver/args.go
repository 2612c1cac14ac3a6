package deliver

import (
	"encoding/json"
	"fmt"
	"time"

	"verdict/internal/store"
	"verdict/rules"
)

// ArgsVersion is the form of Args that this release writes.
const ArgsVersion = 1

// Kinds of actions.
const (
	KindVote      = "vote"
	KindReport    = "report"
	KindComment   = "comment"
	KindHashtags  = "hashtags"
	KindReviewers = "reviewers"
	KindAttention = "attention"
	KindReady     = "ready"
	KindWIP       = "wip"
	KindTopic     = "topic"
	KindAbandon   = "abandon"
	KindRestore   = "restore"
	KindSubmit    = "submit"
	KindTask      = "task"
	KindRerun     = "rerun"
	KindCancel    = "cancel"
	KindHook      = "hook"
	KindCall      = "call"
	KindReconcile = "reconcile" // a look at what stands: after a later patchset, or a rule that is gone
)

// Args is what an action carries from its decision to its delivery. It is kept as JSON in the action's row.
type Args struct {
	// Status is the change's status when the rule decided. Where it is another one at delivery, the action
	// is stale.
	Status string `json:"status,omitempty"`
	// Message and Notify are those of what is posted; an empty Message posts nothing.
	Message string `json:"message,omitempty"`
	Notify  string `json:"notify,omitempty"`
	// Tell are further people who get the mail, where Gerrit knows them.
	Tell []string `json:"tell,omitempty"`
	// Inline are the comments on lines that go with a comment.
	Inline []rules.InlineComment `json:"inline,omitempty"`
	// Labels are the votes that the rule cast, About what its opinion is about.
	Labels map[string]int `json:"labels,omitempty"`
	About  string         `json:"about,omitempty"`
	// Add and Remove are the hashtags of an action without `while`, or, with CC, people as the rule names them.
	Add    []string `json:"add,omitempty"`
	CC     []string `json:"cc,omitempty"`
	Remove []string `json:"remove,omitempty"`
	// Reason says why the attention set changes.
	Reason string `json:"reason,omitempty"`
	Topic  string `json:"topic,omitempty"`
	// Before is what a topic, ready or wip was decided on.
	Before *Before `json:"before,omitempty"`
	// Updates is how many updates of its reviewers the change had before the first attempt, and one; 0 before that.
	Updates int       `json:"updates,omitempty"`
	Task    *TaskArgs `json:"task,omitempty"`
	Step    *StepArgs `json:"step,omitempty"`
	Call    *CallArgs `json:"call,omitempty"`
	// Report is what a report says.
	Report *ReportArgs `json:"report,omitempty"`
}

// Before is what the change was when a rule decided to make something else of it. What somebody made of it since is not
// undone.
type Before struct {
	Topic string `json:"topic"`
	WIP   bool   `json:"wip"`
}

// StepArgs is a task to rerun or to cancel, as the rule saw it.
type StepArgs struct {
	TaskID  string `json:"taskId"`
	GroupID string `json:"groupId"`
	// Run was its latest run; -1 where it had none.
	Run int `json:"run"`
}

// TaskArgs is a task to create. Its definition is frozen when the rule decides, but for its times: those are
// offsets until the first attempt, which freezes them too.
type TaskArgs struct {
	TaskID string `json:"taskId"`
	// Definition lacks the times that Offsets names.
	Definition json.RawMessage `json:"definition"`
	// Offsets are created, deadline and expires, as milliseconds after the first attempt.
	Offsets map[string]int64 `json:"offsets,omitempty"`
	// Frozen is the definition as sent, from the first attempt on; Created is when that was.
	Frozen  json.RawMessage `json:"frozen,omitempty"`
	Created time.Time       `json:"created,omitzero"`
}

// Encode gives the action's Args and their version.
func (a Args) Encode() (version int, body []byte, err error) {
	body, err = json.Marshal(a)
	if err != nil {
		return 0, nil, fmt.Errorf("encode an action's arguments: %w", err)
	}
	return ArgsVersion, body, nil
}

// StepOf is what a rerun or a cancel is for.
func StepOf(a store.Action) (StepArgs, error) {
	args, err := argsOf(a)
	if err != nil || args.Step == nil {
		return StepArgs{}, err
	}
	return *args.Step, nil
}

// TaskOf is the task that an action creates, and its group.
func TaskOf(a store.Action) (taskID, groupID string, err error) {
	args, err := argsOf(a)
	if err != nil || args.Task == nil {
		return "", "", err
	}
	var ids struct {
		TaskGroupID string `json:"taskGroupId"`
	}
	err = json.Unmarshal(args.Task.Definition, &ids)
	return args.Task.TaskID, ids.TaskGroupID, err
}

func argsOf(a store.Action) (Args, error) {
	if a.ArgsVersion != ArgsVersion {
		return Args{}, fmt.Errorf("action %s has arguments of version %d, which this release can't read", a.ID, a.ArgsVersion)
	}
	var args Args
	if err := json.Unmarshal(a.Args, &args); err != nil {
		return Args{}, fmt.Errorf("read the arguments of action %s: %w", a.ID, err)
	}
	return args, nil
}

// frozenAt is the definition with its times, as offsets from now.
func (t TaskArgs) frozenAt(now time.Time) (json.RawMessage, error) {
	var def map[string]json.RawMessage
	if err := json.Unmarshal(t.Definition, &def); err != nil {
		return nil, fmt.Errorf("read the definition of task %s: %w", t.TaskID, err)
	}
	for name, ms := range t.Offsets {
		at := now.Add(time.Duration(ms) * time.Millisecond).UTC()
		def[name] = json.RawMessage(`"` + at.Format("2006-01-02T15:04:05.000Z") + `"`)
	}
	return json.Marshal(def)
}
