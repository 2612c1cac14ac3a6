package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"verdict/rules/yamlfile"
)

// Once says that a rule, or an action of one, acts once on each thing.
type Once struct {
	// Per is run, task, patchset or change.
	Per string `json:"per"`
	// Again is how long after that it acts again; zero: never.
	Again time.Duration `json:"again,omitempty"`
	Line  int           `json:"-"`
}

// Spent is something that was not done, since it was done before on the same thing.
type Spent struct {
	// Key is the action's, "" where it is all of the rule.
	Key string `json:"key,omitempty"`
	// Acted is when that was, EventID on which event.
	Acted   time.Time `json:"acted"`
	EventID string    `json:"event"`
}

// OnceStop begins what a decision says in Stopped that was stopped by once.
const OnceStop = "once"

// Once is how often the rule acts; nil: on every event that fits.
func (r *Rule) Once() *Once { return r.once }

// Spend takes out of a decision what once keeps back: of an action, or, where the key is "", all of it.
func (d *Decision) Spend(once Once, s Spent) {
	why := fmt.Sprintf("it acted on this %s at %s, event %s", once.Per, s.Acted.UTC().Format(time.RFC3339), s.EventID)
	if once.Again > 0 {
		why += ", and may again at " + s.Acted.Add(once.Again).UTC().Format(time.RFC3339)
	}
	d.Spent = append(d.Spent, s)
	if s.Key != "" {
		d.Clauses = append(d.Clauses, Clause{Text: "once per " + once.Per + ": " + s.Key, Line: once.Line, Value: why})
		d.Actions = slices.DeleteFunc(d.Actions, func(a Action) bool { return a.Key == s.Key })
		return
	}
	d.Clauses = append(d.Clauses, Clause{Text: "once per " + once.Per, Line: once.Line, Value: why})
	d.Matched, d.Stopped, d.Actions, d.Opinions = false, OnceStop+": "+why, nil, nil
}

type onceForm struct {
	Per   *yamlfile.Node `yaml:"per,required"`
	Again *yamlfile.Node `yaml:"again"`
}

// onceWords are those after per: the facts that are a thing to act on.
var onceWords = []string{"run", "task", "patchset", "change"}

// readOnce reads how often a rule or an action acts; nil where it is wrong, or isn't there.
func (r *ruleLoader) readOnce(n *yamlfile.Node) *Once {
	if n == nil {
		return nil
	}
	before := len(r.diagnostics)
	var form onceForm
	r.problems(yamlfile.Decode(n, &form))
	if len(r.diagnostics) > before || form.Per == nil {
		return nil
	}
	once := &Once{Per: form.Per.Text, Line: n.Line}
	if !slices.Contains(onceWords, once.Per) {
		r.refuse(form.Per, fmt.Sprintf("per: %s is not known", once.Per), strings.Join(onceWords, ", "))
		return nil
	}
	if why := r.unavailable(once.Per); why != "" {
		r.refuse(form.Per, why, "")
	}
	if form.Again == nil {
		return once
	}
	again, err := yamlfile.ParseDuration(form.Again.Text)
	if err != nil || again == 0 || form.Again.Kind == yamlfile.Mapping || form.Again.Kind == yamlfile.Sequence {
		message, hint := fmt.Sprintf("again: %q is not after how long it acts again", form.Again.Text), "leave it out to act never again"
		if err != nil {
			message, hint = "again: "+err.Error(), ""
		}
		r.refuse(form.Again, message, hint)
	}
	once.Again = again
	return once
}

// ruleOnce reads it for the whole rule, whose actions are read.
func (r *ruleLoader) ruleOnce(n *yamlfile.Node) {
	r.rule.once = r.readOnce(n)
	for _, a := range r.rule.do {
		if n != nil && a.opines() {
			r.refuseOpinion(n, a.kind)
			return
		}
	}
}

func (r *ruleLoader) actionOnce(n *yamlfile.Node, a *action) {
	if a.opines() {
		r.refuseOpinion(n, a.kind)
		return
	}
	a.once = r.readOnce(n)
}

// refuseOpinion: what is held up once could never be taken back.
func (r *ruleLoader) refuseOpinion(n *yamlfile.Node, kind string) {
	r.refuse(n, "once would keep the news away that change "+kind+", which is an opinion", "put once on an action beside it, or make two rules of it")
}
