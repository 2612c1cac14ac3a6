package ruletest

import (
	"fmt"
	"slices"
	"strings"

	"verdict/rules"
	"verdict/rules/yamlfile"
)

// Expect is what the rules are to decide.
type Expect struct {
	Line int
	// Nothing: no rule does anything, or holds anything up.
	Nothing bool
	// Rule is the rule that is asked about; empty: all. Alone it says that the rule matches.
	Rule string
	// Stopped is the clause at which it stops, or the part of its `on`.
	Stopped string
	// Actions are all that are decided, in order, each with what has to be in it; nil: they aren't asked about.
	Actions []ExpectedAction
}

// ExpectedAction is an action with what has to be in it.
type ExpectedAction struct {
	Line int
	Kind string
	// Want is what stands behind the kind: labels, a text, hashtags, a part of a task's definition.
	Want any
	// Also are key, message, notify and approve, where they are written.
	Also map[string]string
	// Taken says that its `while` is false: what it held up is taken back.
	Taken bool
}

type expectForm struct {
	Rule    string           `yaml:"rule"`
	Stopped string           `yaml:"stopped"`
	Actions []*yamlfile.Node `yaml:"actions"`
}

const nothing = "nothing"

func readExpect(n *yamlfile.Node) (*Expect, []yamlfile.Problem) {
	e := &Expect{Line: n.Line}
	if n.Kind == yamlfile.String {
		if n.Text != nothing {
			return e, []yamlfile.Problem{n.Problem(fmt.Sprintf("expect %q is not known", n.Text), "write nothing, or {rule: NAME, stopped: CLAUSE}, or {actions: […]}")}
		}
		e.Nothing = true
		return e, nil
	}
	var form expectForm
	problems := yamlfile.Decode(n, &form)
	e.Rule, e.Stopped = form.Rule, strings.TrimSpace(form.Stopped)
	switch {
	case e.Stopped != "" && form.Actions != nil:
		problems = append(problems, n.Problem("a rule that stops has no actions", "take one of stopped and actions away"))
	case e.Stopped != "" && e.Rule == "":
		problems = append(problems, n.Problem("which rule is to stop?", "write rule: NAME"))
	case e.Rule == "" && form.Actions == nil && len(problems) == 0:
		problems = append(problems, n.Problem("this expects nothing in particular", "write nothing, or {rule: NAME, stopped: CLAUSE}, or {actions: […]}"))
	}
	if form.Actions != nil {
		e.Actions = []ExpectedAction{}
	}
	for _, item := range form.Actions {
		a, found := readAction(item)
		problems = append(problems, found...)
		e.Actions = append(e.Actions, a)
	}
	return e, problems
}

// The keys of an action that is expected, and the kinds.
var (
	commonKeys  = []string{"key", "message", "notify", "approve", "stands"}
	textKeys    = commonKeys[:len(commonKeys)-1]
	actionKinds = append(slices.Clone(rules.GerritActions), "report", "task", "rerun", "cancel", "hook", "call")
)

func readAction(n *yamlfile.Node) (ExpectedAction, []yamlfile.Problem) {
	a := ExpectedAction{Line: n.Line, Also: map[string]string{}}
	if n.Kind != yamlfile.Mapping {
		return a, []yamlfile.Problem{n.Problem("an action is written as in a rule: {vote: {Verified: -1}}", "")}
	}
	var problems []yamlfile.Problem
	for _, e := range n.Entries {
		key := e.Key.Text
		switch {
		case key == "stands" && e.Value.Kind == yamlfile.Bool:
			a.Taken = e.Value.Text == "false"
		case slices.Contains(textKeys, key):
			a.Also[key] = e.Value.Text
		case slices.Contains(actionKinds, key) && a.Kind == "":
			want, found := e.Value.Value()
			problems = append(problems, found...)
			a.Kind, a.Want = key, want
		case slices.Contains(actionKinds, key):
			problems = append(problems, e.Key.Problem(fmt.Sprintf("one action each: this has %s and %s", a.Kind, key), ""))
		default:
			problems = append(problems, e.Key.Problem(fmt.Sprintf("no action is called %q", key), yamlfile.DidYouMean(key, slices.Concat(actionKinds, commonKeys))))
		}
	}
	if a.Kind == "" && len(problems) == 0 {
		problems = append(problems, n.Problem("which action?", "write one of "+strings.Join(actionKinds, ", ")))
	}
	return a, problems
}

// Stands is what has to be on the change, and to be made for it. What is nil isn't asked about; the rest is compared
// whole: a label that isn't named has no vote.
type Stands struct {
	Labels map[string]int
	// Messages are all that the bot said so far, each with what is in it.
	Messages []string
	Hashtags []string
	// Tasks are those that the bot made, each a name or a part of its definition.
	Tasks         []any
	Status, Topic *string
	WIP           *bool
}

type standsForm struct {
	Labels   map[string]int   `yaml:"labels"`
	Messages []string         `yaml:"messages"`
	Hashtags []string         `yaml:"hashtags"`
	Tasks    []*yamlfile.Node `yaml:"tasks"`
	Status   *string          `yaml:"status"`
	Topic    *string          `yaml:"topic"`
	WIP      *bool            `yaml:"wip"`
}

// DecodeNode implements yamlfile.Decoder: "nothing", or what stands.
func (s *Stands) DecodeNode(n *yamlfile.Node) []yamlfile.Problem {
	if n.Kind == yamlfile.String && n.Text == nothing {
		*s = Stands{Labels: map[string]int{}, Messages: []string{}, Hashtags: []string{}, Tasks: []any{}}
		return nil
	}
	var form standsForm
	problems := yamlfile.Decode(n, &form)
	*s = Stands{Labels: form.Labels, Messages: form.Messages, Hashtags: form.Hashtags, Status: form.Status, Topic: form.Topic, WIP: form.WIP}
	if form.Tasks != nil {
		s.Tasks = []any{}
	}
	for _, item := range form.Tasks {
		want, found := item.Value()
		problems = append(problems, found...)
		s.Tasks = append(s.Tasks, want)
	}
	if len(n.Entries) == 0 && len(problems) == 0 {
		problems = append(problems, n.Problem("what is to stand?", "write labels, messages, hashtags or tasks; `stands: nothing` is all of them, empty"))
	}
	return problems
}
