package rules

import (
	"fmt"
	"slices"
	"strings"

	"verdict/rules/yamlfile"
)

// approve reads who has to approve an action before it is done. What stands until news take it back isn't done once:
// it would be news itself when it is approved.
func (r *ruleLoader) approve(n *yamlfile.Node, a *action) {
	switch {
	case n.Kind != yamlfile.String || !slices.Contains(approveWords, n.Text):
		r.refuse(n, fmt.Sprintf("approve: %s is not known", n.Text), strings.Join(approveWords, ", "))
	case a.opines():
		r.refuse(n, "approve belongs to what is done once: "+a.kind+" is an opinion, which news change and take back", "put it on an action beside it")
	case len(r.team.Operators) == 0 && !r.team.unlimited:
		r.refuse(n, fmt.Sprintf("%s names no operators who could approve it, %s:%d", r.team.Name, r.team.file, r.team.Line), "an administrator adds operators: […]")
	default:
		a.approve = n.Text
	}
}
