package rules

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/common/types"

	"verdict/rules/yamlfile"
)

// ofChange are the facts that are known only once the change is.
var ofChange = []string{"change", "patchset", "files", "links"}

// says reads `change` and `patchset`, by which `on` says of which one a task is.
func (r *ruleLoader) says(n *yamlfile.Node, form onForm, t *Trigger) bool {
	switch {
	case form.Change == nil && form.Patchset == nil:
		return true
	case form.Change == nil:
		r.refuse(n.Key("patchset"), "a patchset of which change?", "write change: beside it")
		return false
	case t.Source == "group":
		r.refuse(n.Key("change"), "a group has no definition by which it could be trusted to say its change", "say it on task: settled, or have the tasks say it in a route or in extra.gerrit")
		return false
	case t.Source == "cron":
		r.refuse(n.Key("change"), "the clock is of no change", "query: finds changes")
		return false
	case t.onChanges():
		r.refuse(n.Key("change"), describe(*t)+" is of its own change", "take it away")
		return false
	case !slices.Contains(factsOf(*t), "task"):
		r.refuse(n.Key("change"), fmt.Sprintf("an event of %s has no task that could be trusted to say its change", describe(*t)), "take it away")
		return false
	}
	var ok bool
	if t.change, ok = r.number(form.Change, *t); ok && form.Patchset != nil {
		t.patchset, ok = r.number(form.Patchset, *t)
	}
	return ok
}

// number compiles an expression that says a number by what is known before the change is.
func (r *ruleLoader) number(n *yamlfile.Node, t Trigger) (*condition, bool) {
	alone := &ruleLoader{fileLoader: r.fileLoader, rule: &Rule{On: []Trigger{t}}}
	c, compiled, ok := alone.condition(n, nil)
	if compiled == nil {
		return nil, false
	}
	for _, use := range compiled.uses {
		if slices.Contains(ofChange, use.path) {
			ok = false
			r.refuseIn(n, finding{offset: use.offset, length: use.length, message: use.path + " is known only once the change is, which is said here"})
		}
	}
	for _, use := range compiled.fetches {
		ok = false
		r.refuseIn(n, finding{offset: use.offset, length: use.length, message: "an artifact can't say the change", hint: "tags, extra and routes of the task can"})
	}
	if ok && !c.isInt() {
		hint := "it is to come to a number"
		if c.result.IsExactType(types.StringType) {
			hint = "int(…) makes a number of a text"
		}
		r.refuse(n, fmt.Sprintf("a whole number is wanted here, this is %s", article(c.result)), hint)
		return nil, false
	}
	return &c, ok
}

// isInt says whether an expression can be a whole number. What is dyn is asked at run time.
func (e *expression) isInt() bool {
	return e.result.IsExactType(types.IntType) || e.result.IsExactType(types.DynType)
}
