package gerrittest

import (
	"maps"
	"slices"
	"time"
)

// commit is a commit with its whole tree. Nothing of it changes.
type commit struct {
	revision  string
	parents   []string
	subject   string
	body      string // the message
	author    person
	committer person
	date      time.Time
	tree      map[string]string // contents by path
	changes   map[string]fileChange
}

type person struct{ name, email string }

func (a *account) person() person { return person{a.Name, a.Email} }

// fileChange is what a commit does to one file, against its first parent.
type fileChange struct {
	before, after    string
	existed, exists  bool
	inserted, erased int // lines
}

// status is Gerrit's letter for it; "" is modified.
func (f fileChange) status() string {
	switch {
	case !f.existed:
		return "A"
	case !f.exists:
		return "D"
	}
	return ""
}

// commit makes a commit and keeps it. Its parent may be unknown, as on a
// branch that nobody made.
func (s *Server) commit(c commit) *commit {
	c.revision = s.sha("commit", c.subject)
	c.date = s.now()
	c.changes = map[string]fileChange{}
	before := s.tree(c.parent())
	for path, text := range c.tree {
		if old, existed := before[path]; !existed || old != text {
			c.changes[path] = changed(old, text, existed, true)
		}
	}
	for path, text := range before {
		if _, exists := c.tree[path]; !exists {
			c.changes[path] = changed(text, "", true, false)
		}
	}
	s.commits[c.revision] = &c
	return &c
}

func changed(before, after string, existed, exists bool) fileChange {
	f := fileChange{before: before, after: after, existed: existed, exists: exists}
	for _, h := range diffLines(lines(before), lines(after)) {
		f.inserted += len(h.b)
		f.erased += len(h.a)
	}
	return f
}

func (c *commit) parent() string {
	if len(c.parents) == 0 {
		return ""
	}
	return c.parents[0]
}

// tree is the tree of a commit; an unknown one has none.
func (s *Server) tree(revision string) map[string]string {
	if c := s.commits[revision]; c != nil {
		return c.tree
	}
	return nil
}

// contains tells whether a commit is another one or comes after it.
func (s *Server) contains(tip, revision string) bool {
	for next := []string{tip}; len(next) > 0; {
		at := next[0]
		next = next[1:]
		if at == revision {
			return true
		}
		if c := s.commits[at]; c != nil {
			next = append(next, c.parents...)
		}
	}
	return false
}

// onto puts what a commit changes onto another tree. Unlike git it doesn't
// merge within a file: a path that was changed there too, to something else, is
// a conflict.
func (c *commit) onto(tree map[string]string) (result map[string]string, conflicts []string) {
	result = maps.Clone(tree)
	if result == nil {
		result = map[string]string{}
	}
	for path, f := range c.changes {
		theirs, there := tree[path]
		switch {
		case there == f.exists && theirs == f.after: // is so already
		case there != f.existed || theirs != f.before:
			conflicts = append(conflicts, path)
		case f.exists:
			result[path] = f.after
		default:
			delete(result, path)
		}
	}
	slices.Sort(conflicts)
	return result, conflicts
}

// kindOf tells what a patch set changes against the one before.
func kindOf(before, after *commit) string {
	sameCode := maps.EqualFunc(before.changes, after.changes, func(a, b fileChange) bool {
		return a.exists == b.exists && a.after == b.after
	})
	sameParents, sameMessage := slices.Equal(before.parents, after.parents), before.body == after.body
	switch {
	case !sameCode:
		return "REWORK"
	case sameParents && sameMessage:
		return "NO_CHANGE"
	case sameParents:
		return "NO_CODE_CHANGE"
	case sameMessage:
		return "TRIVIAL_REBASE"
	}
	return "TRIVIAL_REBASE_WITH_MESSAGE_UPDATE"
}
