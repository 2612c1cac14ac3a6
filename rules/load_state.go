package rules

import (
	"fmt"

	"verdict/rules/yamlfile"
)

// plain reads an action that is a word with nothing to say about it: ready, wip, abandon, restore, submit.
func (r *ruleLoader) plain(n *yamlfile.Node, kind string, a *action) {
	a.kind = kind
	if a.key == "" {
		a.key = kind
	}
	if n.Kind != yamlfile.Mapping || len(n.Entries) > 0 {
		hint := fmt.Sprintf("write %s: {}", kind)
		if kind != kindSubmit {
			hint += ", and message: beside it for a text"
		}
		r.refuse(n, kind+" takes nothing", hint)
	}
	r.needsChange(n)
	r.mayDo(n, kind)
}

// topic reads the topic that is set; an empty one takes it away.
func (r *ruleLoader) topic(form actionForm, a *action) {
	a.kind = kindTopic
	if a.key == "" {
		a.key = kindTopic
	}
	n := form.Topic
	switch {
	case n.Kind == yamlfile.String && n.Text == "":
		a.topic = r.compileTemplate(n, "", nil)
	case n.Kind == yamlfile.Null:
		r.refuse(n, "no topic is named", "topic: '' takes it away")
	default:
		a.topic = r.text(n)
	}
	r.needsChange(n)
	r.mayDo(n, kindTopic)
}
