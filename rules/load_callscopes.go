package rules

import (
	"strings"

	"verdict/rules/jsone"
	"verdict/rules/yamlfile"
)

// callScopes tells what a hook or a call could need and the team lacks.
func (r *ruleLoader) callScopes(n *yamlfile.Node, a *action, ways []jsone.Way, complete bool) {
	c := &scopeCheck{ruleLoader: r, node: n, act: a, what: "the " + a.kind, ways: ways, open: !complete}
	for i, way := range ways {
		request, _ := way.Value.(map[string]any)
		c.call(i, request)
	}
	c.finish()
}

// call looks at one call on one way.
func (c *scopeCheck) call(way int, request map[string]any) {
	call := c.foreseen(request)
	asked := map[string]any{}
	for name, text := range call.With {
		asked[name] = text
	}
	if payload, ok := call.Payload.(map[string]any); ok {
		for name, v := range payload {
			if list, ok := v.([]any); ok {
				texts := []string{}
				for _, item := range list {
					texts = append(texts, textOf(item))
				}
				asked[name] = texts
			} else if text, ok := v.(string); ok {
				asked[name] = text
			}
		}
	}
	if m := c.act.call.known; m != nil && m.Looks {
		asked[""] = jsone.Hole // what only Taskcluster can tell
	}
	c.ask = func(_ map[string]any, granted []string) ([]string, error) { return c.in.CallScopes(call, granted) }
	c.look(way, asked, TaskNeed{Key: c.act.key, Line: c.node.Line, Open: c.open})
}

// foreseen is the call that a request comes to on one way, with holes for what isn't known.
func (c *scopeCheck) foreseen(request map[string]any) Call {
	call := Call{Method: c.act.call.method, With: map[string]string{}}
	if c.act.kind == kindHook {
		group, name, whole := strings.Cut(textOf(request["id"]), "/")
		if !whole {
			group, name = jsone.Hole, jsone.Hole
		}
		call.With["hookGroupId"], call.With["hookId"] = group, name
		call.Payload = map[string]any{}
		return call
	}
	with, written := request["with"].(map[string]any)
	m := c.act.call.known
	if m == nil {
		return call
	}
	for _, name := range m.Params {
		call.With[name] = jsone.Hole
		if v, ok := with[name]; ok {
			call.With[name] = jsone.Hole
			if text, known := parameter(v); known {
				call.With[name] = text
			}
		} else if written {
			c.open = true
		}
	}
	if m.Payload == nil {
		return call
	}
	call.Payload = m.Payload.filled(request["payload"])
	payload, _ := call.Payload.(map[string]any)
	for key := range payload {
		c.open = c.open || strings.Contains(key, jsone.Hole)
	}
	return call
}
