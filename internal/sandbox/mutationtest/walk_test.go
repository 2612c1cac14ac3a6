package mutationtest

import (
	"slices"
	"strings"

	"verdict/rules/yamlfile"
)

// place is what is known of a value by where it stands.
type place struct {
	key     string // the nearest above it
	path    []string
	free    bool
	inDo    bool
	inTask  bool
	isCEL   bool
	isEval  bool // JSON-e's, as a whole
	several bool // one of a list
}

func (p place) below(key string) place {
	p.several = false
	p.path = append(slices.Clone(p.path), key)
	p.isCEL = p.key == "let" && !p.inDo || key == "when" || key == "while"
	p.key = key
	p.free = p.free || p.inDo && freeBelow[key]
	p.inTask = p.inTask || p.inDo && (key == "task" || key == "tasks")
	p.inDo = p.inDo || key == "do"
	p.isEval = key == "$eval" || key == "$if"
	return p
}

// mutants are all of a file.
func mutantsOf(name string, data []byte) []mutant {
	s := newSource(name, data)
	file, problems := yamlfile.Parse(name, data)
	if len(problems) > 0 {
		panic(problems)
	}
	s.walk(file.Root, place{})
	return s.mutants
}

func (s *source) walk(n *yamlfile.Node, at place) {
	switch n.Kind {
	case yamlfile.Mapping:
		for _, e := range n.Entries {
			s.entry(n, e, at)
			s.walk(e.Value, at.below(e.Key.Text))
		}
	case yamlfile.Sequence:
		s.list(n, at)
		at.several = true
		for _, item := range n.Items {
			s.item(n, item)
			s.walk(item, at)
		}
	case yamlfile.Null:
	default:
		s.value(n, at)
	}
}

// entry changes a key.
func (s *source) entry(n *yamlfile.Node, e yamlfile.Entry, at place) {
	key, ok := s.scalar(e.Key)
	if !ok {
		return
	}
	name := e.Key.Text
	misspelt := keyMisspelt
	switch {
	case at.free || at.key == "env" || at.key == "tags":
		misspelt = freeKey
	case at.key == "let":
		misspelt = nameMisspelt
	}
	if name != "$map" || !at.free {
		for _, w := range misspellings(name) {
			s.replace(misspelt, key, w)
			if at.key == "let" { // told where it is named
				m := &s.mutants[len(s.mutants)-1]
				m.from, m.to = s.ruleOf(e.Key.Line)
			}
		}
	}
	left := keyLeftOut
	aside := name == "description" && at.key == "rules" || name == "payload" && !at.inTask // a hook may do without one
	if !at.free && (needed[name] && !aside || strings.HasPrefix(name, "each(") || len(n.Entries) == 1 && at.key == "vote") {
		left = keyNeeded
	}
	s.leaveOut(left, n, e.Key, e.Value)
	s.double(n, e)
}

// ruleOf are the first and last line of the rule around a line.
func (s *source) ruleOf(line int) (from, to int) {
	for from = line; from > 1 && !strings.HasPrefix(string(s.lines[from-1]), "  - "); from-- {
	}
	return from, s.blockEnd(from, 2)
}

func (s *source) leaveOut(k kind, in, key, value *yamlfile.Node) {
	if s.isFlow(in) {
		s.cut(k, in, key, value)
		return
	}
	first, from := key.Line, key.Column-1
	last := s.blockEnd(first, from)
	var after []string
	if head := string(s.lines[first-1][:from]); strings.TrimSpace(head) != "" {
		after = []string{strings.TrimRight(head, " ")} // the dash stays
	}
	s.lineBecomes(k, first, last, last, after...)
	m := &s.mutants[len(s.mutants)-1]
	m.from, m.to = in.Line, s.extent(in.Line, in.Column-1)
	if in.Line > 1 {
		m.from-- // a mapping that is gone altogether is told where its key stands
	}
}

// cut takes a part of a bracket out, with a comma.
func (s *source) cut(k kind, in, first, last *yamlfile.Node) {
	end, ok := s.flowEnd(last)
	if !ok || last.Line != first.Line || in.Line != first.Line {
		return
	}
	line := s.lines[first.Line-1]
	from := first.Column - 1
	for end < len(line) && strings.ContainsRune(", ", line[end]) {
		end++
	}
	for line[end] == '}' || line[end] == ']' {
		if line[from-1] != ' ' && line[from-1] != ',' {
			break
		}
		from--
	}
	s.replace(k, span{first.Line, from, end}, "")
}

func (s *source) double(n *yamlfile.Node, e yamlfile.Entry) {
	if s.isFlow(n) {
		if end, ok := s.flowEnd(e.Value); ok && e.Value.Line == e.Key.Line {
			s.replace(keyTwice, span{e.Key.Line, end, end}, ", "+s.text(span{e.Key.Line, e.Key.Column - 1, end}))
		}
		return
	}
	first, from := e.Key.Line, e.Key.Column-1
	last := s.blockEnd(first, from)
	var after []string
	for range 2 {
		for i := first; i <= last; i++ {
			line := string(s.lines[i-1])
			if i == first && len(after) > 0 {
				line = strings.Repeat(" ", from) + string(s.lines[i-1][from:])
			}
			after = append(after, line)
		}
	}
	s.lineBecomes(keyTwice, first, last, last+last-first+1, after...)
}

// list changes a list as a whole: its only item alone.
func (s *source) list(n *yamlfile.Node, at place) {
	if end, ok := s.flowEnd(n); ok && s.isFlow(n) && len(n.Items) == 1 {
		s.replace(typeIn(at), span{n.Line, n.Column - 1, end}, s.text(span{n.Line, n.Column, end - 1}))
	}
}

func (s *source) item(n, item *yamlfile.Node) {
	if s.isFlow(n) {
		s.cut(itemLeftOut, n, item, item)
		return
	}
	last := s.blockEnd(item.Line, n.Column-1)
	s.lineBecomes(itemLeftOut, item.Line, last, last)
}

func typeIn(at place) kind {
	if at.free {
		return freeType
	}
	return wrongType
}
