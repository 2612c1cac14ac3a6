package rules

import (
	"fmt"
	"slices"
	"strings"

	"verdict/rules/jsone"
	"verdict/rules/yamlfile"
)

const (
	// maxWays bounds the combinations of conditions that are gone through for one action.
	maxWays = 128
	// defaultScheduler is what tasks are created under where neither they nor the configuration say.
	defaultScheduler = "verdict"
)

// scopeCheck compares what the tasks of one action could take with what the team was granted.
type scopeCheck struct {
	*ruleLoader
	node *yamlfile.Node
	act  *action
	// what it is about: the task, the hook, the call; ask says which scopes one of them takes.
	what  string
	ask   func(asked map[string]any, granted []string) ([]string, error)
	ways  []jsone.Way
	tasks []TaskNeed
	// lacking are what is not covered, with the ways on which it is needed.
	lacking []*lack
	open    bool
}

// lack is something that a task needs and the team doesn't have.
type lack struct {
	message, hint string
	at            *yamlfile.Node
	coverage      Coverage
	ways          map[int]bool
}

// taskScopes tells what the tasks of an action could need and the team lacks.
func (r *ruleLoader) taskScopes(n *yamlfile.Node, a *action) {
	if r.in.TaskScopes == nil {
		return
	}
	c := &scopeCheck{ruleLoader: r, node: n, act: a, what: "the task", ask: r.in.TaskScopes}
	var complete bool
	c.ways, complete = a.task.jsone.Foresee(maxWays)
	c.open = !complete
	for i, way := range c.ways {
		for _, definition := range c.definitions(way.Value) {
			c.definition(i, definition)
		}
	}
	c.finish()
}

// finish tells what was found.
func (c *scopeCheck) finish() {
	for _, l := range c.lacking {
		c.tell(l, c.certain(l.ways))
	}
	if c.open && !c.team.unlimited {
		c.warn(c.node, "not all that this could need is known here, since a part of it is computed as a whole", c.later())
	}
	c.rule.tasks = append(c.rule.tasks, c.tasks...)
}

// later says when what isn't known yet will be.
func (c *scopeCheck) later() string {
	if c.act.kind == kindTask {
		return "it is compared with the grant when the task is about to be created"
	}
	return "it is compared with the grant when it is about to be sent"
}

func (c *scopeCheck) definitions(v any) []map[string]any {
	bodies := []any{v}
	if c.act.many {
		list, ok := v.([]any)
		if !ok {
			c.open = true
			return nil
		}
		bodies = list
	}
	var out []map[string]any
	for _, body := range bodies {
		if m, ok := body.(map[string]any); ok {
			out = append(out, m)
			continue
		}
		c.open = true
	}
	return out
}

// definition looks at one task on one way.
func (c *scopeCheck) definition(way int, definition map[string]any) {
	for key := range definition {
		c.open = c.open || strings.Contains(key, jsone.Hole)
	}
	for _, asked := range c.variants(definition) {
		task := TaskNeed{Key: c.act.key, Line: c.node.Line, Open: c.open}
		if key, ok := definition["key"].(string); ok && c.act.many {
			task.Key = kindTask + ":" + strings.ReplaceAll(key, jsone.Hole, "*")
		}
		c.look(way, asked, task)
	}
}

// look compares what one request takes with what the team and its trust rows have.
func (c *scopeCheck) look(way int, asked map[string]any, task TaskNeed) {
	granted := c.team.expand(c.team.Scopes)
	need, err := c.need(asked, granted)
	if err != nil {
		done := "created"
		if c.act.kind != kindTask {
			done = "sent"
		}
		c.lack(way, lack{message: fmt.Sprintf("%s can't be %s: %v", c.what, done, err), at: c.node, coverage: NotGranted})
		return
	}
	_, looked := asked[""]
	fine := true
	for _, scope := range need {
		held := c.team.coverage(granted, scope)
		task.Scopes = append(task.Scopes, ScopeNeed{Scope: shownScope(scope), Team: held})
		if held == Covered || looked && held == PartlyHeld {
			continue // which of them it is, only what is there already tells
		}
		fine = fine && held != NotGranted
		c.lack(way, c.ofTeam(asked, scope, held))
	}
	c.trust(way, &task, asked, fine)
	c.note(task)
}

// need are the scopes that a definition takes. Of alternatives of which none is granted for all that a part may be, it
// is one that is granted for some.
func (c *scopeCheck) need(asked map[string]any, granted []string) ([]string, error) {
	need, err := c.ask(asked, granted)
	lacks := func(scope string) bool {
		return strings.Contains(scope, jsone.Hole) && c.team.coverage(granted, scope) == NotGranted
	}
	if err != nil || !slices.ContainsFunc(need, lacks) {
		return need, err
	}
	return c.ask(asked, append(slices.Clone(granted), widened(asked, granted)...))
}

// widened are the grants as they would be if each held for all that may stand in the place of what isn't known.
func widened(asked map[string]any, granted []string) []string {
	var out []string
	for _, v := range asked {
		text, ok := v.(string)
		before, _, open := strings.Cut(text, jsone.Hole)
		if !ok || !open {
			continue
		}
		for _, g := range granted {
			at := strings.LastIndex(g, before)
			if before == "" {
				at = strings.LastIndexByte(g, ':') + 1
			}
			if at > 0 {
				out = append(out, g[:at]+before+"*")
			}
		}
	}
	return out
}

// variants are the definitions that one may stand for, of what scopes depend on: where the priority isn't known, each.
func (c *scopeCheck) variants(definition map[string]any) []map[string]any {
	asked := map[string]any{"schedulerId": defaultScheduler}
	if c.in.SchedulerID != "" {
		asked["schedulerId"] = c.in.SchedulerID
	}
	for _, name := range []string{"taskQueueId", "provisionerId", "workerType", "priority", "schedulerId", "projectId"} {
		if v, ok := definition[name]; ok && v != nil {
			asked[name] = textOf(v)
		}
	}
	if queue, _ := asked["taskQueueId"].(string); strings.Contains(queue, jsone.Hole) && !strings.Contains(queue, "/") {
		asked["taskQueueId"] = queue + "/" + jsone.Hole // both parts are somewhere in what isn't known
	}
	for _, name := range []string{"routes", "scopes"} {
		list, ok := definition[name].([]any)
		if definition[name] != nil && !ok {
			c.open = true
		}
		texts := []string{}
		for _, item := range list {
			texts = append(texts, textOf(item))
		}
		asked[name] = texts
	}
	if p, _ := asked["priority"].(string); !strings.Contains(p, jsone.Hole) {
		return []map[string]any{asked}
	}
	var all []map[string]any
	for _, p := range priorities[:len(priorities)-1] { // normal is an old word for one of them
		one := map[string]any{}
		for k, v := range asked {
			one[k] = v
		}
		one["priority"] = p
		all = append(all, one)
	}
	return all
}

func textOf(v any) string {
	if text, ok := v.(string); ok {
		return text
	}
	return jsone.Hole
}

func (c *scopeCheck) ofTeam(asked map[string]any, scope string, held Coverage) lack {
	t, shown := c.team, shownScope(scope)
	l := lack{at: c.place(asked, scope), coverage: held}
	where := fmt.Sprintf("%s:%d", t.file, t.scopesLine)
	switch held {
	case PartlyHeld:
		l.message = fmt.Sprintf("%s may need any of %s, of which %s has been granted a part, %s", c.what, shown, t.Name, where)
		l.hint = c.later()
	case RoleUnsaid:
		l.message = fmt.Sprintf("%s needs %s, which %s has been granted only if %s gives it, %s", c.what, shown, t.Name, strings.Join(t.unexpanded(), " or "), where)
		l.hint = "only Taskcluster can tell, and is asked when the bot starts"
	default:
		l.message = fmt.Sprintf("%s needs %s, which %s hasn't been granted, %s", c.what, shown, t.Name, where)
		l.hint = fmt.Sprintf("an administrator adds to its scopes: - '%s'", shown)
	}
	return l
}

// trust asks each row. Where only patchsets can be the cause, one of them has to allow the task.
func (c *scopeCheck) trust(way int, task *TaskNeed, asked map[string]any, fine bool) {
	allowed := c.team.unlimited
	first := ""
	for _, row := range c.team.trust {
		t, err := c.team.allows(row, func(granted []string) ([]string, error) { return c.need(asked, granted) })
		if err != nil {
			return // told already
		}
		if first == "" && len(t.Missing) > 0 {
			first = fmt.Sprintf("; what %s may use, line %d, lacks %s", strings.Join(row.who, ", "), row.line, t.Missing[0])
		}
		allowed = allowed || t.Coverage != NotGranted
		task.Trust = append(task.Trust, t)
	}
	if allowed || !fine || slices.ContainsFunc(c.rule.On, func(t Trigger) bool { return !t.onChanges() }) {
		return
	}
	c.lack(way, lack{
		message: fmt.Sprintf("no patchset could start %s: no trust row of %s allows it, %s:%d%s", strings.Replace(c.what, "the ", "this ", 1), c.team.Name, c.team.file, c.team.Line, first),
		hint:    "an administrator adds the scopes to a row", at: c.node, coverage: NotGranted,
	})
}

// lack notes what is lacking on a way, once for each message.
func (c *scopeCheck) lack(way int, l lack) {
	i := slices.IndexFunc(c.lacking, func(other *lack) bool { return other.message == l.message && other.at == l.at })
	if i < 0 {
		l.ways = map[int]bool{}
		c.lacking, i = append(c.lacking, &l), len(c.lacking)
	}
	c.lacking[i].ways[way] = true
}

// note keeps a task that isn't there yet.
func (c *scopeCheck) note(t TaskNeed) {
	slices.SortFunc(t.Scopes, func(a, b ScopeNeed) int { return strings.Compare(a.Scope, b.Scope) })
	t.Scopes = slices.CompactFunc(t.Scopes, func(a, b ScopeNeed) bool { return a.Scope == b.Scope })
	if !slices.ContainsFunc(c.tasks, func(other TaskNeed) bool { return other.Key == t.Key && slices.Equal(other.Scopes, t.Scopes) }) {
		c.tasks = append(c.tasks, t)
	}
}

// certain says whether one of the conditions alone, or none, leads to what happens on these ways. What needs several
// of them may never occur.
func (c *scopeCheck) certain(ways map[int]bool) bool {
	if len(ways) == len(c.ways) {
		return true
	}
	for condition := range c.conditions() {
		for _, value := range []bool{true, false} {
			all, some := true, false
			for i, w := range c.ways {
				if taken, asked := w.Taken[condition]; asked && taken == value {
					all, some = all && ways[i], true
				}
			}
			if all && some {
				return true
			}
		}
	}
	return false
}

func (c *scopeCheck) conditions() map[string]bool {
	all := map[string]bool{}
	for _, w := range c.ways {
		for condition := range w.Taken {
			all[condition] = true
		}
	}
	return all
}

func (c *scopeCheck) tell(l *lack, certain bool) {
	switch {
	case l.coverage == NotGranted && certain && !c.in.ShowScopes:
		c.refuse(l.at, l.message, l.hint)
	case l.coverage == NotGranted && !certain:
		c.warn(l.at, "if its conditions can come together, "+l.message, c.later())
	default:
		c.warn(l.at, l.message, l.hint)
	}
}

func (c *scopeCheck) warn(n *yamlfile.Node, message, hint string) {
	c.ruleLoader.tell(n, Warning, message, hint)
}

// place finds what a scope was made of: the longest of the definition's values that is in it, where it is written.
func (c *scopeCheck) place(asked map[string]any, scope string) *yamlfile.Node {
	field, value := "", ""
	for _, name := range keys(asked) {
		texts, ok := asked[name].([]string)
		if !ok {
			texts = []string{textOf(asked[name])}
		}
		for _, text := range texts {
			if strings.Contains(scope, text) && len(text) > len(value) {
				field, value = name, text
			}
		}
	}
	if found := written(c.node, field, value); found != nil {
		return found
	}
	return c.node
}

// written finds a key's value below a node that may have become the text.
func written(n *yamlfile.Node, key, text string) *yamlfile.Node {
	return mayBe(textsUnder(n, key, nil), text)
}

// textsUnder appends the texts that stand under a key, however deep.
func textsUnder(n *yamlfile.Node, key string, out []*yamlfile.Node) []*yamlfile.Node {
	for _, e := range n.Entries {
		if e.Key.Text == key {
			out = textsIn(e.Value, out)
		} else {
			out = textsUnder(e.Value, key, out)
		}
	}
	for _, item := range n.Items {
		out = textsUnder(item, key, out)
	}
	return out
}

func textsIn(n *yamlfile.Node, out []*yamlfile.Node) []*yamlfile.Node {
	for _, e := range n.Entries {
		out = textsIn(e.Value, out)
	}
	for _, item := range n.Items {
		out = textsIn(item, out)
	}
	if n.Text != "" {
		out = append(out, n)
	}
	return out
}

// mayBe is the first of some texts that may have become the one.
func mayBe(list []*yamlfile.Node, text string) *yamlfile.Node {
	for _, n := range list {
		if before, _, computed := strings.Cut(n.Text, "${"); n.Text == text || computed && strings.HasPrefix(text, before) {
			return n
		}
	}
	return nil
}
