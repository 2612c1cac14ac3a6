package rules

import (
	"fmt"
	"slices"
	"strings"

	"verdict/rules/yamlfile"
)

// onForm is an `on` as written.
type onForm struct {
	Task       *yamlfile.Node `yaml:"task"`
	Group      *yamlfile.Node `yaml:"group"`
	Gerrit     *yamlfile.Node `yaml:"gerrit"`
	Exchange   *yamlfile.Node `yaml:"exchange"`
	RoutingKey *yamlfile.Node `yaml:"routingKey"`
	TaskRoute  *yamlfile.Node `yaml:"taskRoute"`
	Server     *yamlfile.Node `yaml:"server"`
	Project    *yamlfile.Node `yaml:"project"`
	Branch     *yamlfile.Node `yaml:"branch"`
	Files      *yamlfile.Node `yaml:"files"`
	Command    *yamlfile.Node `yaml:"command"`
	By         *yamlfile.Node `yaml:"by"`
	Cron       *yamlfile.Node `yaml:"cron"`
	Query      *yamlfile.Node `yaml:"query"`
	AtMost     *yamlfile.Node `yaml:"atMost"`
	Zone       *yamlfile.Node `yaml:"zone"`
	Change     *yamlfile.Node `yaml:"change"`
	Patchset   *yamlfile.Node `yaml:"patchset"`
}

// The words after a source.
var (
	taskWords   = []string{"settled", "completed", "failed", "exception", "running", "pending", "defined"}
	groupWords  = []string{"settled", "stuck"}
	gerritWords = fieldNames(gerritEvents)
	// notHad are Gerrit's words for what nobody can tell reliably, with the reason.
	notHad = map[string]string{
		"ref-updated":      "only Gerrit's stream tells it, which repeats nothing after a reconnect, and a poll of changes can't make up for it; a merge is change-merged",
		"project-created":  "only Gerrit's stream tells it, which repeats nothing after a reconnect, and it is of no change",
		"assignee-changed": "Gerrit has no assignees any more; reviewer-changed and attention-set-changed tell who is asked",
	}
	// theirWords are Gerrit's own for what is called otherwise here, or part of something else.
	theirWords = map[string]string{
		"reviewer-added": "reviewer-changed", "reviewer-deleted": "reviewer-changed", "vote-deleted": "vote-changed",
		"wip-state-changed": "wip-changed",
	}
)

func (r *ruleLoader) on(n *yamlfile.Node) {
	if n == nil {
		return
	}
	if len(n.List()) == 0 {
		r.refuse(n, "on names nothing", "task, group, gerrit, command, exchange or cron")
	}
	for _, item := range n.List() {
		if t, ok := r.trigger(item); ok {
			r.rule.On = append(r.rule.On, t)
		}
	}
}

func (r *ruleLoader) trigger(n *yamlfile.Node) (Trigger, bool) {
	var form onForm
	problems := yamlfile.Decode(n, &form)
	r.problems(problems)
	if n.Kind != yamlfile.Mapping {
		return Trigger{}, false
	}
	t := Trigger{Line: n.Line}
	ok := r.source(n, form, &t)
	ok = r.place(form, &t) && ok
	ok = ok && r.says(n, form, &t)
	return t, ok && len(problems) == 0
}

// source reads which of the sources is named: exactly one.
func (r *ruleLoader) source(n *yamlfile.Node, form onForm, t *Trigger) bool {
	var named []string
	for _, s := range []struct {
		source string
		node   *yamlfile.Node
		words  []string
	}{{"task", form.Task, taskWords}, {"group", form.Group, groupWords}, {"gerrit", form.Gerrit, gerritWords}, {"command", form.Command, nil}, {"pulse", form.Exchange, nil}, {"cron", form.Cron, nil}} {
		if s.node == nil {
			continue
		}
		named = append(named, s.source)
		t.Source, t.Type = s.source, s.node.Text
		if s.words != nil && !r.word(s.node, s.source, s.words) {
			return false
		}
	}
	switch {
	case len(named) > 1:
		r.refuse(n, "one `on` has one source, here are "+strings.Join(named, " and "), "make a list of them: each begins with -")
		return false
	case len(named) == 0 && slices.ContainsFunc(n.Entries, misspeltSource): // which has been told
		return false
	case len(named) == 0:
		r.refuse(n, "no source is named", "task, group, gerrit, command, exchange or cron")
		return false
	}
	if t.Source != "cron" {
		for _, word := range cronKeys {
			if k := n.Key(word); k != nil {
				r.refuse(k, word+" belongs to cron", "")
				return false
			}
		}
	}
	if t.Source != "command" && form.By != nil {
		r.refuse(n.Key("by"), "by belongs to command", "account says who did it: when: ['account.username == \"alice\"']")
		return false
	}
	if t.Source == "pulse" {
		return r.exchange(form, t)
	}
	for _, word := range []string{"routingKey", "taskRoute"} {
		if k := n.Key(word); k != nil {
			r.refuse(k, word+" belongs to exchange", "")
			return false
		}
	}
	switch t.Source {
	case "command":
		return r.command(form, t)
	case "cron":
		return r.cron(n, form, t)
	}
	return true
}

// misspeltSource says whether a key isn't known, and is nearly one that names a source.
func misspeltSource(e yamlfile.Entry) bool {
	near := yamlfile.Nearest(e.Key.Text, onOrder)
	return !slices.Contains(onOrder, e.Key.Text) && slices.Contains([]string{"task", "group", "gerrit", "command", "exchange", "cron"}, near)
}

func (r *ruleLoader) word(n *yamlfile.Node, source string, words []string) bool {
	switch {
	case n.Kind == yamlfile.Mapping || n.Kind == yamlfile.Sequence || n.Kind == yamlfile.Null:
		r.refuse(n, "one word is wanted here, not "+n.Kind.String(), strings.Join(words, ", "))
	case slices.Contains(words, n.Text):
		return true
	case source == "gerrit" && notHad[n.Text] != "":
		r.refuse(n, fmt.Sprintf("%s: %s can't be had", source, n.Text), notHad[n.Text])
	case source == "gerrit" && theirWords[n.Text] != "":
		r.refuse(n, fmt.Sprintf("%s: %s is not known", source, n.Text), "write "+theirWords[n.Text])
	default:
		r.refuse(n, fmt.Sprintf("%s: %s is not known", source, n.Text), yamlfile.DidYouMean(n.Text, words))
	}
	return false
}

// place reads server, project, branch and files, of which the first three may stand in defaults.
func (r *ruleLoader) place(form onForm, t *Trigger) bool {
	server, project, branch := form.Server, form.Project, form.Branch
	if t.Source == "cron" && !t.finds() {
		t.Type = t.Tick.Name()
		return true // there is no change: what the file's defaults say is of others
	}
	if server == nil {
		server = r.defaults.Server
	}
	if project == nil {
		project = r.defaults.Project
	}
	if branch == nil {
		branch = r.defaults.Branch
	}
	t.Projects, t.projects = r.patterns(project)
	t.Branches, t.branches = r.patterns(branch)
	t.Files, t.files = r.patterns(form.Files)
	ok := r.server(server, t, form.Change != nil)
	onlyExcludes := !slices.ContainsFunc(t.projects, func(p pattern) bool { return !p.negate })
	if t.ofGerrit() && onlyExcludes && !r.team.unlimited {
		texts, patterns := r.granted(t.Server)
		t.Projects, t.projects = append(texts, t.Projects...), append(patterns, t.projects...)
	}
	if t.finds() {
		t.Tick.Server = t.Server
		t.Type = t.Tick.Name()
		ok = ok && r.beyond(project, t)
	}
	return ok
}

// granted are the projects that the team may act on: what a rule on Gerrit's events is about where it names none.
func (r *ruleLoader) granted(server string) ([]string, []pattern) {
	var texts []string
	var patterns []pattern
	for _, g := range r.team.Gerrit {
		if g.Server != server {
			continue
		}
		for _, p := range g.projects {
			if !slices.Contains(texts, p.String()) {
				texts, patterns = append(texts, p.String()), append(patterns, p)
			}
		}
	}
	return texts, patterns
}

// server fills in the one server where the team has one. Where `on` says the change, it has to be known.
func (r *ruleLoader) server(n *yamlfile.Node, t *Trigger, says bool) bool {
	var servers []string
	for _, g := range r.team.Gerrit {
		servers = appendNew(servers, g.Server)
	}
	if n != nil {
		t.Server = n.Text
		if !r.team.unlimited && !slices.Contains(servers, t.Server) {
			r.refuse(n, fmt.Sprintf("%s has no grant on a server %q, %s:%d", r.team.Name, t.Server, r.team.file, r.team.Line), yamlfile.DidYouMean(t.Server, servers))
			return false
		}
		return true
	}
	switch {
	case len(servers) == 1:
		t.Server = servers[0]
		return true
	case (t.ofGerrit() || says) && len(servers) > 1:
		r.problems([]yamlfile.Problem{{File: r.name, Line: t.Line, Column: 1, Message: "which server? " + r.team.Name + " has " + strings.Join(servers, ", "), Hint: "name it as server: here or in defaults"}})
		return false
	case (t.ofGerrit() || says) && !r.team.unlimited:
		r.problems([]yamlfile.Problem{{File: r.name, Line: t.Line, Column: 1, Message: fmt.Sprintf("%s has no grant on any Gerrit, %s:%d", r.team.Name, r.team.file, r.team.Line)}})
		return false
	}
	return true
}

func (r *ruleLoader) patterns(n *yamlfile.Node) ([]string, []pattern) {
	if n == nil {
		return nil, nil
	}
	var texts []string
	var patterns []pattern
	for _, item := range n.List() {
		if item.Kind == yamlfile.Mapping || item.Kind == yamlfile.Sequence || item.Kind == yamlfile.Null {
			r.refuse(item, "a pattern is wanted here, not "+item.Kind.String(), "")
			continue
		}
		p, err := newPattern(item.Text)
		if err != nil {
			r.refuse(item, fmt.Sprintf("%q: %v", item.Text, err), "")
			continue
		}
		if slices.Contains(texts, item.Text) {
			r.refuse(item, fmt.Sprintf("%q stands here twice", item.Text), "take one away")
			continue
		}
		texts, patterns = append(texts, item.Text), append(patterns, p)
	}
	if len(n.List()) == 0 {
		r.refuse(n, "an empty list fits nothing", "take it away to fit all")
	}
	return texts, patterns
}

func (r *ruleLoader) exchange(form onForm, t *Trigger) bool {
	n := form.Exchange
	if n.Kind != yamlfile.String || strings.Count(n.Text, "/") < 1 {
		r.refuse(n, fmt.Sprintf("%q is no exchange", n.Text), "write service/name, such as queue/task-exception, or a whole name of three parts or more")
		return false
	}
	fields, known := exchanges[n.Text]
	if !known && strings.Count(n.Text, "/") == 1 {
		r.refuse(n, fmt.Sprintf("Taskcluster has no exchange %q", n.Text), yamlfile.DidYouMean(n.Text, keys(exchanges)))
		return false
	}
	if form.TaskRoute != nil {
		t.taskRoute, t.route = form.TaskRoute.Text, parseTopic(form.TaskRoute.Text)
		if form.TaskRoute.Kind != yamlfile.String || t.taskRoute == "" {
			r.refuse(form.TaskRoute, "a task's route is wanted here", "it may hold * and #")
		}
		if form.RoutingKey != nil {
			r.refuse(form.RoutingKey, "an exchange has routingKey or taskRoute, not both", "")
		}
		if known && len(fields) != len(keyOfTask) {
			r.refuse(form.TaskRoute, n.Text+" carries no routes of tasks", "use routingKey")
		}
		return true
	}
	if form.RoutingKey != nil {
		return r.routingKey(form.RoutingKey, fields, known, t)
	}
	return true
}

func (r *ruleLoader) routingKey(n *yamlfile.Node, fields []string, known bool, t *Trigger) bool {
	if n.Kind == yamlfile.String {
		t.key = parseTopic(n.Text)
		if slices.Contains(strings.Split(n.Text, "."), "") {
			r.refuse(n, fmt.Sprintf("the pattern %q has an empty word", n.Text), "* is one word, # any number")
			return false
		}
		return true
	}
	if n.Kind != yamlfile.Mapping {
		r.refuse(n, "named fields are wanted here, or one pattern with * and #", "")
		return false
	}
	if !known {
		hint := "write one pattern with * and #"
		if short := ShortExchangeName(r.in.ExchangePrefix, t.Type); short != t.Type {
			hint = fmt.Sprintf("write exchange: %s, where they have", short)
		}
		r.refuse(n, "the fields of a foreign exchange's routing key have no names", hint)
		return false
	}
	ok := true
	for _, e := range n.Entries {
		at := slices.Index(fields, e.Key.Text)
		value := e.Value.Text
		switch {
		case at < 0:
			r.refuse(e.Key, fmt.Sprintf("%s: no such field in the routing key of %s", e.Key.Text, t.Type), yamlfile.DidYouMean(e.Key.Text, fields))
			ok = false
		case e.Value.Kind == yamlfile.Mapping || e.Value.Kind == yamlfile.Sequence || value == "":
			r.refuse(e.Value, "one word is wanted here", "make a list of `on` for several")
			ok = false
		case value == "*":
		case strings.ContainsAny(value, ".*#"):
			r.refuse(e.Value, fmt.Sprintf("%q is no word of a routing key", value), "a word as it is, or * for any; when: can compare parts of it")
			ok = false
		default:
			for len(t.key.words) <= at {
				t.key.words = append(t.key.words, "")
			}
			t.key.words[at] = value
		}
	}
	return ok
}

// unavailable tells why a fact can't be named in this rule, "" if it can.
func (r *ruleLoader) unavailable(fact string) string {
	for _, t := range r.rule.On {
		if !slices.Contains(factsOf(t), fact) {
			return fmt.Sprintf("an event of %s has no %s", describe(t), fact)
		}
	}
	return ""
}

func describe(t Trigger) string {
	switch {
	case t.Source == "pulse":
		return t.Type
	case t.finds():
		return "cron"
	case t.Source == "cron":
		return "cron without a query"
	}
	return t.Source + ": " + t.Type
}

// anonymous are Gerrit's events of which it doesn't tell who caused them.
var anonymous = []string{"reviewer-changed", "attention-set-changed"}

// factsOf are the facts that a trigger's events can have.
func factsOf(t Trigger) []string {
	always := []string{"event", "now", "links"}
	change := append(always, "change", "patchset", "files")
	group := append(change, "group")
	task := append(group, "task", "run")
	switch {
	case t.Source == "cron" && !t.finds():
		return always
	case t.Source == "gerrit" && IsGone(t.Type):
		return always
	case t.finds(), t.Source == "gerrit" && slices.Contains(anonymous, t.Type):
		return change
	case t.Source == "gerrit":
		return append(change, "account")
	case t.Source == "command":
		return append(change, "account", "command")
	case t.Source == "group":
		return group
	case t.Source == "task" && t.Type == "defined":
		return append(group, "task") // no run of it is there yet
	case t.Source == "task":
		return task
	}
	if t.taskRoute != "" {
		task = append(task, "route")
	}
	fields := exchanges[t.Type]
	switch {
	case len(fields) == len(keyOfTask):
		return task
	case len(fields) == len(keyOfGroup) && strings.HasPrefix(t.Type, "queue/"):
		return group
	}
	return always
}
