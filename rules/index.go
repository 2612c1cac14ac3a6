package rules

import "strings"

// entry is a trigger in the index.
type entry struct {
	rule *Rule
	on   int
	// project is the pattern under which it was entered.
	project string
	// asked says that the one text which its clauses ask for is that under which it was entered.
	asked bool
}

func (e entry) trigger() *Trigger { return &e.rule.On[e.on] }

// index finds triggers without going through those that can't match: by source and exchange and the word of the
// routing key that tells them apart best, or by Gerrit's event, server, project and branch.
type index struct {
	exchanges map[string]*exchangeIndex
	// gerrit is by event type and server, where a rule names none "".
	gerrit map[[2]string]*projectIndex
	// commands is likewise, by the command's name.
	commands map[[2]string]*projectIndex
	// states is by source (task, group or cron) and state, or the name of a tick.
	states map[[2]string]*exchangeIndex
	// derives says which sources each exchange feeds.
	derives map[string]derived
	// prefix is what Taskcluster's exchanges begin with.
	prefix string
}

type derived struct{ task, group bool }

func newIndex(rules []*Rule, prefix string) index {
	x := index{exchanges: map[string]*exchangeIndex{}, gerrit: map[[2]string]*projectIndex{}, commands: map[[2]string]*projectIndex{}, states: map[[2]string]*exchangeIndex{}, derives: map[string]derived{}, prefix: prefix}
	for _, r := range rules {
		if r.Mode == Off {
			continue
		}
		for i := range r.On {
			x.add(entry{rule: r, on: i}, prefix)
		}
	}
	for _, e := range x.exchanges {
		e.build()
	}
	for _, e := range x.states {
		e.build()
	}
	for _, of := range []map[[2]string]*projectIndex{x.gerrit, x.commands} {
		for _, p := range of {
			p.build()
		}
	}
	return x
}

func (x *index) add(e entry, prefix string) {
	t := e.trigger()
	switch t.Source {
	case "pulse":
		name := longName(prefix, t.Type)
		if x.exchanges[name] == nil {
			x.exchanges[name] = &exchangeIndex{}
		}
		x.exchanges[name].all = append(x.exchanges[name].all, e)
	case "gerrit", "command":
		of, key := x.gerrit, [2]string{t.Type, t.Server}
		if t.Source == "command" {
			of = x.commands
		}
		if of[key] == nil {
			of[key] = &projectIndex{exact: map[string]*branchIndex{}, heads: buckets{}}
		}
		of[key].add(e)
	default:
		key := [2]string{t.Source, t.Type}
		if x.states[key] == nil {
			x.states[key] = &exchangeIndex{}
		}
		x.states[key].all = append(x.states[key].all, e)
		for _, short := range feeds(t.Source, t.Type) {
			d := x.derives[longName(prefix, short)]
			d.task = d.task || t.Source == "task"
			d.group = d.group || t.Source == "group"
			x.derives[longName(prefix, short)] = d
		}
	}
}

// Match appends to dst the live and shadow rules whose trigger fits the occurrence, one candidate a trigger. What
// can't match costs nothing, and nothing is allocated where nothing matches. It may be called at the same time by
// many.
func (s *Set) Match(o Occurrence, dst []Candidate) []Candidate {
	switch o.Source {
	case "pulse":
		if e := s.index.exchanges[o.Type]; e != nil {
			dst = e.match(o, dst)
		}
	case "task", "group", "cron":
		if e := s.index.states[[2]string{o.Source, o.Type}]; e != nil {
			dst = e.match(o, dst)
		}
	case "gerrit":
		dst = matchOn(s.index.gerrit, o, dst)
	case "command":
		dst = matchOn(s.index.commands, o, dst)
	}
	return dst
}

func matchOn(of map[[2]string]*projectIndex, o Occurrence, dst []Candidate) []Candidate {
	if p := of[[2]string{o.Type, o.Server}]; p != nil {
		dst = p.match(o, dst)
	}
	if p := of[[2]string{o.Type, ""}]; p != nil && o.Server != "" {
		dst = p.match(o, dst)
	}
	return dst
}

// Wants says whether any rule looks at this type of a source's events, whatever its change.
func (s *Set) Wants(source, typ string) bool {
	if source == "task" || source == "group" {
		return s.index.states[[2]string{source, typ}] != nil
	}
	for _, r := range s.rules {
		for _, t := range r.On {
			if r.Mode != Off && t.Source == source && t.Type == typ {
				return true
			}
		}
	}
	return false
}

// Derives says whether there are rules on tasks, and on groups, that this exchange's messages feed.
func (s *Set) Derives(exchange string) (task, group bool) {
	d := s.index.derives[exchange]
	return d.task, d.group
}

// projectIndex holds the triggers of one of Gerrit's events on one server.
type projectIndex struct {
	exact map[string]*branchIndex
	// heads are patterns by the part of the project's name that has no wildcard.
	heads buckets
	// any name no project.
	any bucket
}

// branchIndex holds the triggers that name one project exactly.
type branchIndex struct {
	exact buckets
	rest  bucket
}

func (x *projectIndex) add(e entry) {
	positive := false
	for _, p := range e.trigger().projects {
		if p.negate {
			continue
		}
		positive = true
		e.project = p.text
		if !p.exact {
			x.heads.add(p.head(), e)
			continue
		}
		if x.exact[p.text] == nil {
			x.exact[p.text] = &branchIndex{exact: buckets{}}
		}
		x.exact[p.text].add(e)
	}
	if !positive {
		x.any.rest = append(x.any.rest, e)
	}
}

func (x *branchIndex) add(e entry) {
	branches := e.trigger().branches
	for _, b := range branches {
		if !b.exact || b.negate {
			branches = nil
		}
	}
	if len(branches) == 0 {
		x.rest.rest = append(x.rest.rest, e)
		return
	}
	for i, b := range branches {
		if !anyMatch(branches[:i], b.text) || i == 0 {
			x.exact.add(b.text, e)
		}
	}
}

func (x *projectIndex) match(o Occurrence, dst []Candidate) []Candidate {
	if b := x.exact[o.Project]; b != nil {
		dst = b.exact[o.Branch].match(o, dst)
		dst = b.rest.match(o, dst)
	}
	for head := o.Project; ; head = head[:strings.LastIndexByte(head, '/')] {
		dst = x.heads[head].match(o, dst)
		if strings.LastIndexByte(head, '/') < 0 {
			if head != "" {
				dst = x.heads[""].match(o, dst)
			}
			break
		}
	}
	return x.any.match(o, dst)
}

func (x *projectIndex) build() {
	for _, b := range x.exact {
		b.exact.build()
		b.rest.build()
	}
	x.heads.build()
	x.any.build()
}

// match looks at those that may fit, by their place.
func (b *bucket) match(o Occurrence, dst []Candidate) []Candidate {
	var buffer [few][]entry
	for _, list := range b.lists(o.Payload, buffer[:0]) {
		for _, e := range list {
			dst = e.ifPlace(o, dst)
		}
	}
	return dst
}

// ifPlace looks at the whole trigger. One that was entered under several patterns counts under the first that
// fits.
func (e entry) ifPlace(o Occurrence, dst []Candidate) []Candidate {
	t := e.trigger()
	first, ok := firstMatch(t.projects, o.Project)
	if !ok || first != nil && first.text != e.project || !anyMatch(t.branches, o.Branch) {
		return dst
	}
	if e.denied(o.Payload) {
		return dst
	}
	return append(dst, Candidate{Rule: e.rule, On: e.on, Project: e.project})
}
