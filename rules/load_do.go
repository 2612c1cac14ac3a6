package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"verdict/rules/yamlfile"
)

// actionForm is an entry below `do` as written: one action, with keys that all have in common.
type actionForm struct {
	Vote      *yamlfile.Node `yaml:"vote"`
	Report    *yamlfile.Node `yaml:"report"`
	Comment   *yamlfile.Node `yaml:"comment"`
	Hashtags  *yamlfile.Node `yaml:"hashtags"`
	Task      *yamlfile.Node `yaml:"task"`
	Tasks     *yamlfile.Node `yaml:"tasks"`
	Reviewers *yamlfile.Node `yaml:"reviewers"`
	Attention *yamlfile.Node `yaml:"attention"`
	Ready     *yamlfile.Node `yaml:"ready"`
	WIP       *yamlfile.Node `yaml:"wip"`
	Topic     *yamlfile.Node `yaml:"topic"`
	Abandon   *yamlfile.Node `yaml:"abandon"`
	Restore   *yamlfile.Node `yaml:"restore"`
	Submit    *yamlfile.Node `yaml:"submit"`
	Rerun     *yamlfile.Node `yaml:"rerun"`
	Cancel    *yamlfile.Node `yaml:"cancel"`
	Hook      *yamlfile.Node `yaml:"hook"`
	Call      *yamlfile.Node `yaml:"call"`
	Inline    *yamlfile.Node `yaml:"inline"`
	Key       *yamlfile.Node `yaml:"key"`
	While     *yamlfile.Node `yaml:"while"`
	Message   *yamlfile.Node `yaml:"message"`
	Notify    *yamlfile.Node `yaml:"notify"`
	Approve   *yamlfile.Node `yaml:"approve"`
	Once      *yamlfile.Node `yaml:"once"`
}

var (
	actionWords = []string{
		"vote", "report", "comment", "hashtags", "task", "tasks", "reviewers", "attention", "ready", "wip", "topic", "abandon",
		"restore", "submit", "rerun", "cancel", "hook", "call",
	}
	notifyWords  = []string{"owner", "reviewers", "all", "nobody"}
	approveWords = []string{"operators"}
	// posted are the actions that are part of a post on the change, and have a say in who gets mail; told are those
	// that something can be said with.
	posted = []string{kindVote, kindComment, kindReviewers, kindAttention, kindReady, kindWIP}
	told   = []string{kindVote, kindReviewers, kindAttention, kindReady, kindWIP, kindAbandon, kindRestore}
)

func (r *ruleLoader) do(n *yamlfile.Node) {
	if n == nil {
		return
	}
	if n.Kind != yamlfile.Sequence || len(n.Items) == 0 {
		r.refuse(n, "do is a list of actions", "begin each with -")
		return
	}
	first, opined := map[string]int{}, map[string]int{}
	for _, item := range n.Items {
		a, ok := r.action(item)
		if !ok || r.opinesAgain(item, &a, opined) {
			continue
		}
		if line, twice := first[a.key]; twice && a.key != "" {
			r.refuse(item, fmt.Sprintf("a second action has the key %s, the first is on line %d", a.key, line), "give one of them a key: of its own")
			continue
		}
		first[a.key] = a.line
		r.rule.do = append(r.rule.do, a)
	}
}

// opinesAgain refuses a second opinion of the rule on one label or hashtag: there is one, and the last would count alone.
func (r *ruleLoader) opinesAgain(n *yamlfile.Node, a *action, opined map[string]int) bool {
	for _, target := range a.opinesOn() {
		if line, twice := opined[target]; twice {
			r.refuse(n, fmt.Sprintf("a second opinion on %s, the first is on line %d", target, line), "a rule has one on each: write the other in a rule of its own")
			return true
		}
		opined[target] = a.line
	}
	return false
}

func (r *ruleLoader) action(n *yamlfile.Node) (action, bool) {
	before := len(r.diagnostics)
	if n.Kind != yamlfile.Mapping {
		r.refuse(n, "an action is wanted here, not "+n.Kind.String(), strings.Join(actionWords, ", "))
		return action{}, false
	}
	n = r.withFiles(n)
	if HasErrors(r.diagnostics[before:]) {
		return action{}, false
	}
	kinds := named(n)
	var form actionForm
	r.problems(yamlfile.Decode(n, &form))
	a := action{line: n.Line}
	if len(kinds) != 1 {
		if len(kinds) > 1 {
			r.refuse(n, "one action has one of "+strings.Join(kinds, " and "), "begin each with - of its own")
		} else if len(r.diagnostics) == before {
			r.refuse(n, "no action is named", strings.Join(actionWords, ", "))
		}
		return a, false
	}
	r.common(n, form, kinds[0], &a)
	switch kinds[0] {
	case "vote":
		r.vote(form, &a)
	case "report":
		r.reports(form, &a)
	case "comment":
		r.comment(form, &a)
	case "hashtags":
		r.hashtags(form, &a)
	case "reviewers":
		r.reviewers(form, &a)
	case "attention":
		r.attention(form, &a)
	case "ready", "wip", "abandon", "restore", "submit":
		r.plain(n.Get(kinds[0]), kinds[0], &a)
	case "rerun", "cancel":
		r.step(n.Get(kinds[0]), kinds[0], &a)
	case "hook":
		r.hook(form.Hook, &a)
	case "call":
		r.call(form.Call, &a)
	case "topic":
		r.topic(form, &a)
	default:
		r.task(form, &a)
	}
	if form.Message != nil && slices.Contains(told, kinds[0]) {
		a.message = r.prose(form.Message)
	}
	if form.Approve != nil {
		r.approve(form.Approve, &a)
	}
	if form.Once != nil {
		r.actionOnce(form.Once, &a)
	}
	return a, !HasErrors(r.diagnostics[before:])
}

// named tells which actions an entry names.
func named(n *yamlfile.Node) (kinds []string) {
	for _, e := range n.Entries {
		if slices.Contains(actionWords, e.Key.Text) {
			kinds = append(kinds, e.Key.Text)
		}
	}
	return kinds
}

// common reads the keys beside the action itself, and refuses those that mean nothing for it.
func (r *ruleLoader) common(n *yamlfile.Node, form actionForm, kind string, a *action) {
	if form.While != nil {
		if kind != kindVote && kind != kindHashtags {
			r.refuse(n.Key("while"), "while belongs to what can be taken back: vote and hashtags", "a condition of "+kind+" stands in when:")
		} else if c, compiled, ok := r.clause(form.While); ok {
			a.while = &c
			r.whiles = append(r.whiles, asked{form.While, compiled.asks})
		}
	}
	if form.Message != nil && !slices.Contains(told, kind) {
		r.refuse(n.Key("message"), "message with "+kind+" is not supported", "add - comment: beside it")
	}
	if form.Inline != nil && kind != kindComment {
		r.refuse(n.Key("inline"), "inline belongs to comment", "")
	}
	if form.Notify != nil {
		a.notify = form.Notify.Text
		if !slices.Contains(notifyWords, a.notify) {
			r.refuse(form.Notify, fmt.Sprintf("notify: %s is not known", a.notify), strings.Join(notifyWords, ", "))
		}
		if !slices.Contains(posted, kind) {
			r.refuse(n.Key("notify"), "notify belongs to what is posted: "+strings.Join(posted, ", "), "")
		}
	}
	if form.Key != nil && kind != kindTask && kind != "tasks" {
		a.key = form.Key.Text
		if a.key == "" || strings.Contains(a.key, "${") || form.Key.Kind == yamlfile.Mapping || form.Key.Kind == yamlfile.Sequence {
			r.refuse(form.Key, "a key is a word that doesn't depend on the event", "")
		}
	}
}

func (r *ruleLoader) vote(form actionForm, a *action) {
	a.kind = kindVote
	if form.Vote.Kind != yamlfile.Mapping || len(form.Vote.Entries) == 0 {
		r.refuse(form.Vote, "a vote names labels and values", "vote: {Verified: -1}")
		return
	}
	r.problems(yamlfile.Decode(form.Vote, &a.labels))
	if a.key == "" {
		a.key = "vote:" + strings.Join(keys(a.labels), ",")
	}
	r.needsChange(form.Vote)
	for _, e := range form.Vote.Entries {
		r.granted1(e.Value, func(server, project, branch string) error {
			return r.team.MayVote(server, project, branch, e.Key.Text, a.labels[e.Key.Text])
		})
	}
}

func (r *ruleLoader) comment(form actionForm, a *action) {
	a.kind = kindComment
	if a.key == "" {
		a.key = kindComment
	}
	a.message = r.prose(form.Comment)
	if form.Inline != nil {
		r.inline(form.Inline, a)
	}
	r.needsChange(form.Comment)
	r.mayDo(form.Comment, kindComment)
}

// mayDo refuses an action that isn't granted on every project that the rule looks at.
func (r *ruleLoader) mayDo(n *yamlfile.Node, action string) {
	r.granted1(n, func(server, project, branch string) error { return r.team.MayDo(server, project, branch, action) })
}

// granted1 asks for a grant on every project that the rule looks at, and tells the first refusal.
func (r *ruleLoader) granted1(n *yamlfile.Node, may func(server, project, branch string) error) {
	for _, t := range r.rule.On {
		for _, project := range orAny(t.Projects) {
			for _, branch := range orAny(t.Branches) {
				var denied *Denied
				if err := may(t.Server, project, branch); errors.As(err, &denied) {
					r.refuse(n, denied.What+", "+denied.Where, denied.Hint)
					return
				}
			}
		}
	}
}

// orAny are the patterns, or one that isn't known. Those that exclude ask for nothing.
func orAny(patterns []string) []string {
	out := slices.DeleteFunc(slices.Clone(patterns), func(p string) bool { return strings.HasPrefix(p, "!") })
	if len(out) == 0 {
		return []string{""}
	}
	return out
}

// needsChange refuses what is done on a change where no event of the rule can belong to one.
func (r *ruleLoader) needsChange(n *yamlfile.Node) {
	if why := r.unavailable("change"); why != "" {
		r.refuse(n, why+" to do it on", "")
	}
}
