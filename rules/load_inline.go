package rules

import (
	"fmt"
	"slices"
	"strings"

	"verdict/rules/yamlfile"
)

var (
	// inlineKeys are those of a comment on a line.
	inlineKeys = []string{"path", "line", "message", "unresolved"}
	// inlineNeeds are those that have to be there.
	inlineNeeds = []string{"path", "message"}
)

// inline reads the comments on lines: a list, which JSON-e may compute.
func (r *ruleLoader) inline(n *yamlfile.Node, a *action) {
	const example = "- {path: src/a.go, line: 12, message: '…'}"
	bodies := taskBodies(n)
	switch {
	case n.Kind == yamlfile.Sequence && len(n.Items) == 0:
		r.refuse(n, "no comment on a line is named", example)
		return
	case n.Kind != yamlfile.Mapping && n.Kind != yamlfile.Sequence, len(bodies) == 1 && bodies[0] == n:
		r.refuse(n, "a list of comments on lines is wanted here, not "+n.Kind.String(), example)
		return
	}
	for _, item := range n.Items {
		if item.Kind != yamlfile.Mapping {
			r.refuse(item, "a comment on a line is wanted here, not "+item.Kind.String(), "{path: src/a.go, line: 12, message: '…'}")
		}
	}
	for _, body := range bodies {
		for _, e := range body.Entries {
			if key := e.Key.Text; !slices.Contains(inlineKeys, key) && !strings.Contains(key, "$") {
				r.refuse(e.Key, fmt.Sprintf("%s: no such key in a comment on a line", key), yamlfile.DidYouMean(key, inlineKeys))
			}
			r.inlineField(e.Key.Text, e.Value)
		}
		for _, key := range inlineNeeds {
			if body.Get(key) == nil {
				r.refuse(body, fmt.Sprintf("the key %q is missing in a comment on a line", key), "")
			}
		}
	}
	if a.inline = r.template(n, nil); a.inline != nil {
		a.inline.text = "inline"
	}
}

// inlineField refuses a value that Gerrit would refuse, as far as it doesn't come of an operator of JSON-e.
func (r *ruleLoader) inlineField(key string, n *yamlfile.Node) {
	isText := n.Kind == yamlfile.String
	switch {
	case len(jsoneOperators(n)) > 0:
	case (key == "path" || key == "message") && !isText:
		r.refuse(n, fmt.Sprintf("%s of a comment on a line is a text, not %s", key, n.Kind), "")
	case key == "line" && n.Kind != yamlfile.Int && !isText: // a text of digits will do
		r.refuse(n, fmt.Sprintf("line is a whole number, not %s", n.Kind), "")
	case key == "unresolved" && n.Kind != yamlfile.Bool:
		r.refuse(n, fmt.Sprintf("unresolved is true or false, not %s", n.Kind), "")
	}
}
