package ruletest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"verdict/rules"
	"verdict/rules/yamlfile"
)

// Step is something that happens, or what is to stand then. One of the pointers is set.
type Step struct {
	Line int
	// Alone is the one event of a test: of a group, nothing is told of its tasks.
	Alone   bool
	Task    *TaskStep
	Group   *GroupStep
	Gerrit  *GerritStep
	Command *CommandStep
	Message *MessageStep
	// Approve is the key of an action that waits for approval, and is given it.
	Approve string
	Cron    *CronStep
	Stands  *Stands
}

// String is the step in a few words.
func (s Step) String() string {
	switch {
	case s.Task != nil:
		return fmt.Sprintf("task %s %s as %s", s.Task.Name, s.Task.Task, s.Task.State)
	case s.Group != nil:
		return "the group " + s.Group.Group
	case s.Gerrit != nil:
		return s.Gerrit.Gerrit
	case s.Command != nil:
		return "the command " + s.Command.Command
	case s.Message != nil:
		return "the message on " + s.Message.Exchange
	case s.Approve != "":
		return "the approval of " + s.Approve
	case s.Cron != nil:
		return "the tick of " + s.Cron.Cron
	}
	return "stands"
}

// TaskFields are what a step says of a task. A task of that name which the change has already is meant; else there is a
// new one, which belongs to the change.
type TaskFields struct {
	Name        string            `yaml:"name"`
	Tags        map[string]string `yaml:"tags"`
	State       string            `yaml:"state"`
	Run         *int              `yaml:"run"`
	Reason      string            `yaml:"reason"`
	TaskQueueID string            `yaml:"taskQueueId"`
	SchedulerID string            `yaml:"schedulerId"`
	ProjectID   string            `yaml:"projectId"`
	Routes      []string          `yaml:"routes"`
	Extra       any               `yaml:"extra"`
	Payload     any               `yaml:"payload"`
	// Artifacts are texts of the run, by name.
	Artifacts map[string]string `yaml:"artifacts"`
	// Linked is nil, or says whether the task belongs to the change: else it is only what its extra and routes say.
	Linked *bool `yaml:"linked"`
}

// TaskStep is what becomes of a task: settled, or a state of its run.
type TaskStep struct {
	Task       string `yaml:"task"`
	TaskFields `yaml:",inline"`
}

// GroupStep is a group of tasks that has settled: no task of it is unfinished. Tasks come to their states with it.
type GroupStep struct {
	Group string       `yaml:"group"`
	Tasks []TaskFields `yaml:"tasks"`
}

// GerritStep is something that somebody does at Gerrit.
type GerritStep struct {
	Gerrit   string   `yaml:"gerrit"`
	By       string   `yaml:"by"`
	Author   string   `yaml:"author"` // of the commit, an address
	Project  string   `yaml:"project"`
	Branch   string   `yaml:"branch"`
	Files    []string `yaml:"files"`
	Subject  string   `yaml:"subject"`
	Message  string   `yaml:"message"` // of the commit, below the subject
	Kind     string   `yaml:"kind"`
	WIP      *bool    `yaml:"wip"`
	Text     string   `yaml:"text"` // of a comment
	Label    string   `yaml:"label"`
	Value    int      `yaml:"value"`
	Add      []string `yaml:"add"`
	Remove   []string `yaml:"remove"`
	Topic    string   `yaml:"topic"`
	Reviewer string   `yaml:"reviewer"`
}

// CommandStep is a message on the change whose only line is a command, or nearly one.
type CommandStep struct {
	Command string `yaml:"command"`
	// By is a username; owner, or nobody, is the change's owner.
	By string `yaml:"by"`
}

// MessageStep is a message on an exchange. Without a payload, one of the queue's about a task is what TaskFields say.
type MessageStep struct {
	Exchange   string   `yaml:"exchange"`
	RoutingKey string   `yaml:"routingKey"`
	CC         []string `yaml:"cc"`
	Message    any      `yaml:"payload"`
}

// CronStep is a tick of the clock, for the rules on this expression. Its query finds the change, unless Found says
// otherwise.
type CronStep struct {
	Cron  string    `yaml:"cron"`
	Found *bool     `yaml:"found"`
	At    time.Time // zero: where it isn't said
}

type taskMessage struct {
	Exchange   string `yaml:"exchange"`
	TaskFields `yaml:",inline"`
}

type cronForm struct {
	CronStep `yaml:",inline"`
	At       string `yaml:"at"`
}

type approveForm struct {
	Approve string `yaml:"approve,required"`
}

type standsStep struct {
	Stands *Stands `yaml:"stands"`
}

type stepReader struct {
	node     *yamlfile.Node
	step     Step
	problems []yamlfile.Problem
}

// The words of steps.
var (
	taskWords   = []string{"settled", "completed", "failed", "exception", "running", "pending"}
	endedWords  = []string{"completed", "failed", "exception"}
	groupWords  = []string{"settled", "stuck"}
	stuckStates = append([]string{"unscheduled"}, endedWords...)
	stepKeys    = []string{"task", "group", "gerrit", "command", "exchange", "cron", "stands", "approve"}
	gerritWords = []string{
		"patchset-created", "comment-added", "vote-changed", "reviewer-changed", "hashtags-changed", "topic-changed",
		"wip-changed", "change-abandoned", "change-restored", "change-merged",
	}
	queuePrefix = "queue/task-"
)

func readStep(n *yamlfile.Node, history bool) (Step, []yamlfile.Problem) {
	r := &stepReader{node: n, step: Step{Line: n.Line, Alone: !history}}
	r.read(history)
	return r.step, r.problems
}

func (r *stepReader) refuse(n *yamlfile.Node, message, hint string) {
	if n == nil {
		n = r.node
	}
	r.problems = append(r.problems, n.Problem(message, hint))
}

func (r *stepReader) decode(into any) {
	r.problems = append(r.problems, yamlfile.Decode(r.node, into)...)
}

func (r *stepReader) read(history bool) {
	n := r.node
	switch {
	case n.Key("exchange") != nil:
		r.message()
	case n.Key("task") != nil:
		r.step.Task = &TaskStep{}
		r.decode(r.step.Task)
		if !slices.Contains(taskWords, r.step.Task.Task) {
			r.word(n.Get("task"), r.step.Task.Task, taskWords)
			return
		}
		r.task(n, r.step.Task.Task, &r.step.Task.TaskFields)
	case n.Key("group") != nil:
		r.group()
	case n.Key("gerrit") != nil:
		r.gerrit()
	case n.Key("approve") != nil && history:
		var form approveForm
		r.decode(&form)
		if r.step.Approve = strings.TrimSpace(form.Approve); r.step.Approve == "" {
			r.refuse(nil, "which action is approved?", "write its key, such as approve: comment")
		}
	case n.Key("cron") != nil:
		r.cron()
	case n.Key("command") != nil:
		r.step.Command = &CommandStep{}
		r.decode(r.step.Command)
		if strings.TrimSpace(r.step.Command.Command) == "" {
			r.refuse(n.Get("command"), "which command?", "write it as people do: {command: 'recheck linux', by: owner}")
		}
	case n.Key("stands") != nil && history:
		form := standsStep{&Stands{}}
		r.decode(&form)
		r.step.Stands = form.Stands
	default:
		keys := stepKeys
		if !history {
			keys = stepKeys[:6] // what happens
		}
		first := ""
		if len(n.Entries) > 0 {
			first = n.Entries[0].Key.Text
		}
		r.refuse(nil, "this says neither what happens nor what stands: "+strings.Join(keys, ", "), near(first, keys))
	}
}

func near(word string, among []string) string {
	if n := yamlfile.Nearest(word, among); n != "" {
		return "did you mean " + n + "?"
	}
	return ""
}

func (r *stepReader) word(n *yamlfile.Node, word string, words []string) {
	if !slices.Contains(words, word) {
		r.refuse(n, fmt.Sprintf("%q is none of the words here", word), yamlfile.DidYouMean(word, words))
	}
}

// task completes what is said of a task by the state that it is to come to.
func (r *stepReader) task(n *yamlfile.Node, word string, f *TaskFields) {
	if f.Name == "" {
		f.Name = "task"
	}
	switch {
	case word == "stuck" && f.State == "":
		f.State = "unscheduled"
	case word == "stuck":
		r.word(n.Get("state"), f.State, stuckStates)
	case word == "settled" && f.State == "":
		r.refuse(n, "a task that is settled has a state", "write state: completed, failed or exception")
	case word != "settled" && f.State == "":
		f.State = word
	case word == "settled":
		r.word(n.Get("state"), f.State, endedWords)
	case f.State != word:
		r.refuse(n.Get("state"), fmt.Sprintf("a task that is %s is not %s", word, f.State), "leave state away")
	}
	reasons := valuesOf("run", "reasonResolved")
	if f.Reason == "" {
		f.Reason = map[string]string{"completed": "completed", "failed": "failed", "exception": "malformed-payload"}[f.State]
	} else if !slices.Contains(reasons, f.Reason) {
		r.refuse(n.Get("reason"), fmt.Sprintf("no run ends by %q", f.Reason), yamlfile.DidYouMean(f.Reason, reasons))
	}
	if f.State != "exception" && f.Reason != "" && f.Reason != f.State {
		r.refuse(n.Get("reason"), fmt.Sprintf("a run that %s doesn't end by %q", f.State, f.Reason), "reasons are for state: exception")
	}
	if f.Run != nil && (*f.Run < 0 || *f.Run > 20) {
		r.refuse(n.Get("run"), "a run is a number from 0 to 20", "")
	}
}

// valuesOf are the words that a field of ours can be.
func valuesOf(typ, field string) []string {
	for _, f := range rules.Types()[typ] {
		if f.Name == field {
			return f.Values
		}
	}
	return nil
}

func (r *stepReader) group() {
	r.step.Group = &GroupStep{}
	r.decode(r.step.Group)
	r.word(r.node.Get("group"), r.step.Group.Group, groupWords)
	list := r.node.Get("tasks")
	for i := range r.step.Group.Tasks {
		f := &r.step.Group.Tasks[i]
		if f.Name == "" {
			f.Name = fmt.Sprintf("task-%d", i+1)
		}
		if list != nil && i < len(list.Items) {
			r.task(list.Items[i], r.step.Group.Group, f)
		}
	}
}

// kinds are how patchsets differ from the one before.
func kinds() []string { return valuesOf("patchset", "kind") }

func (r *stepReader) gerrit() {
	g := &GerritStep{}
	r.step.Gerrit = g
	r.decode(g)
	known := slices.ContainsFunc(rules.GerritEvents(), func(f rules.Field) bool { return f.Name == g.Gerrit })
	if known && !slices.Contains(gerritWords, g.Gerrit) {
		r.refuse(r.node.Get("gerrit"), fmt.Sprintf("a test can't make %s happen yet", g.Gerrit), "record one: bot why EVENT --as-test")
	} else {
		r.word(r.node.Get("gerrit"), g.Gerrit, gerritWords)
	}
	if g.Kind != "" {
		r.word(r.node.Get("kind"), g.Kind, kinds())
	}
	if g.Gerrit == "vote-changed" && g.Label == "" {
		r.refuse(nil, "which label, and to which value?", "write label: Code-Review, value: 2")
	}
	if g.Gerrit == "reviewer-changed" && g.Reviewer == "" {
		r.refuse(nil, "who becomes a reviewer?", "write reviewer: a username")
	}
}

func (r *stepReader) cron() {
	var form cronForm
	r.decode(&form)
	r.step.Cron = &form.CronStep
	if strings.TrimSpace(form.Cron) == "" {
		r.refuse(r.node.Get("cron"), "which cron?", "write the rule's own: '0 6 * * 1-5'")
	}
	if form.At == "" {
		return
	}
	at, err := time.Parse(time.RFC3339, form.At)
	if err != nil {
		r.refuse(r.node.Get("at"), fmt.Sprintf("%q is no time", form.At), "write it like 2026-01-31T06:00:00Z")
	}
	r.step.Cron.At = at
}

func (r *stepReader) message() {
	exchange := r.node.Get("exchange").Text
	state, ofTask := strings.CutPrefix(exchange, queuePrefix)
	if ofTask && slices.Contains(taskWords[1:], state) && r.node.Key("payload") == nil {
		var form taskMessage
		r.decode(&form)
		r.task(r.node, state, &form.TaskFields)
		r.step.Task = &TaskStep{Task: state, TaskFields: form.TaskFields}
		return
	}
	r.step.Message = &MessageStep{}
	r.decode(r.step.Message)
	if r.step.Message.Message == nil {
		r.refuse(nil, "the message has no payload", "write payload:, as the exchange's reference has it")
	}
	if _, ok := rules.ExchangeName("", exchange); !ok {
		r.refuse(r.node.Get("exchange"), fmt.Sprintf("Taskcluster has no exchange %q", exchange), yamlfile.DidYouMean(exchange, rules.ExchangeNames()))
	}
}
