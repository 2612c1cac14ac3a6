package gerrittest

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// fileRoutes are files of a revision, files/PATH/content and files/PATH/diff.
func (s *Server) fileRoutes(q *request, c *change, p *patchset, path []string) answer {
	if q.method != http.MethodGet {
		return notHere()
	}
	base, refused := c.base(q)
	if refused != nil {
		return *refused
	}
	switch {
	case len(path) == 0 && q.query.Has("reviewed"):
		return found([]string{})
	case len(path) == 0 && q.query.Has("q"):
		paths := []string{}
		for name := range p.changes {
			if strings.Contains(name, q.query.Get("q")) {
				paths = append(paths, name)
			}
		}
		slices.Sort(paths)
		return found(paths)
	case len(path) == 0:
		return found(p.fileInfosAgainst(base))
	case len(path) == 2 && path[1] == "content":
		return s.content(p, path[0], q.query.Has("parent"))
	case len(path) == 2 && path[1] == "diff":
		return found(p.diff(base, path[0]))
	}
	return notHere()
}

// base is the patch set that a request compares with; nil is the parent.
func (c *change) base(q *request) (*patchset, *answer) {
	id := q.query.Get("base")
	if id == "" {
		return nil, nil
	}
	if p := c.revision(id); p != nil {
		return p, nil
	}
	a := refuse(http.StatusNotFound, "Not found: %s", id)
	return nil, &a
}

// content answers with a file in base64, as it is with the patch set or, if
// asked so, without it.
func (s *Server) content(p *patchset, path string, without bool) answer {
	if path == commitMessageFile {
		return base64Of(p.body)
	}
	tree := p.tree
	if without {
		tree = s.tree(p.parent())
	}
	text, ok := tree[path]
	if !ok {
		return notHere()
	}
	return base64Of(text)
}

func base64Of(text string) answer {
	return answer{status: http.StatusOK, text: base64.StdEncoding.EncodeToString([]byte(text)), encoded: true}
}

// against are the files that differ from another patch set, or from the parent.
func (p *patchset) against(base *patchset) map[string]fileChange {
	if base == nil {
		return p.changes
	}
	files := map[string]fileChange{}
	for _, of := range []map[string]fileChange{base.changes, p.changes} {
		for path := range of {
			before, existed := base.tree[path]
			after, exists := p.tree[path]
			if before != after || existed != exists {
				files[path] = changed(before, after, existed, exists)
			}
		}
	}
	return files
}

// messageFile is the commit message as a file: Gerrit puts a head of six lines
// before it.
func (p *patchset) messageFile() string {
	const date = "2006-01-02 15:04:05 -0700"
	return fmt.Sprintf("Parent:     %.8s\nAuthor:     %s <%s>\nAuthorDate: %s\nCommit:     %s <%s>\nCommitDate: %s\n\n%s",
		p.parent(), p.author.name, p.author.email, p.date.Format(date), p.committer.name, p.committer.email, p.date.Format(date), p.body)
}

func (p *patchset) fileInfosAgainst(base *patchset) object {
	infos := object{}
	for path, f := range p.against(base) {
		infos[path] = f.info()
	}
	message := changed("", p.messageFile(), false, true)
	if base != nil {
		message = changed(base.messageFile(), p.messageFile(), true, true)
	}
	info := message.info()
	delete(info, "new_mode")
	infos[commitMessageFile] = info
	return infos
}

func (f fileChange) info() object {
	info := object{"size_delta": len(f.after) - len(f.before), "size": len(f.after)}
	set := func(ok bool, name string, value any) {
		if ok {
			info[name] = value
		}
	}
	set(f.status() != "", "status", f.status())
	set(f.existed, "old_mode", 0o100644)
	set(f.exists, "new_mode", 0o100644)
	set(f.inserted > 0, "lines_inserted", f.inserted)
	set(f.erased > 0, "lines_deleted", f.erased)
	return info
}

// diff is a file's difference. A file that is in neither has an empty one.
func (p *patchset) diff(base *patchset, path string) object {
	f, ok := p.against(base)[path]
	if path == commitMessageFile {
		f, ok = changed("", p.messageFile(), false, true), true
	}
	if !ok {
		return object{"change_type": "MODIFIED", "content": []object{}}
	}
	info := object{"change_type": map[string]string{"A": "ADDED", "D": "DELETED", "": "MODIFIED"}[f.status()]}
	header := []string{fmt.Sprintf("diff --git a/%[1]s b/%[1]s", path)}
	old, now := "/dev/null", "/dev/null"
	var a, b []string
	if f.existed {
		a, old = withEnd(f.before), "a/"+path
		info["meta_a"] = object{"name": path, "content_type": "text/plain", "lines": len(a)}
	} else {
		header = append(header, "new file mode 100644")
	}
	if f.exists {
		b, now = withEnd(f.after), "b/"+path
		info["meta_b"] = object{"name": path, "content_type": "text/plain", "lines": len(b)}
	} else {
		header = append(header, "deleted file mode 100644")
	}
	info["diff_header"] = append(header, "--- "+old, "+++ "+now)
	content := []object{}
	for _, h := range diffLines(a, b) {
		part := object{}
		for name, lines := range map[string][]string{"ab": h.both, "a": h.a, "b": h.b} {
			if len(lines) > 0 {
				part[name] = lines
			}
		}
		content = append(content, part)
	}
	info["content"] = content
	return info
}

// withEnd gives a file's lines with an empty one at the end, as Gerrit shows
// that the last line has an end.
func withEnd(text string) []string { return strings.Split(text, "\n") }

// related are the changes of a chain that a patch set is in, the last first;
// none if it is alone.
func (s *Server) related(p *patchset, by *account) answer {
	type member struct {
		c *change
		p *patchset
	}
	byRevision := map[string]member{}
	for _, c := range s.changes {
		for _, of := range c.patchsets {
			if c.visible(by) {
				byRevision[of.revision] = member{c, of}
			}
		}
	}
	var chain []member
	for at, ok := byRevision[p.revision]; ok; at, ok = byRevision[at.p.parent()] {
		chain = append(chain, at)
	}
	for last := p; ; {
		next := slices.IndexFunc(s.changes, func(c *change) bool { return c.visible(by) && c.current().parent() == last.revision })
		if next < 0 {
			break
		}
		last = s.changes[next].current()
		chain = slices.Insert(chain, 0, member{s.changes[next], last})
	}
	infos := []object{}
	if len(chain) > 1 {
		for _, m := range chain {
			infos = append(infos, object{
				"project": m.c.project, "change_id": m.c.id, "_change_number": m.c.number, "_revision_number": m.p.number,
				"_current_revision_number": m.c.current().number, "status": m.c.status,
				"commit": object{
					"commit": m.p.revision, "subject": m.p.subject, "parents": []object{{"commit": m.p.parent()}},
					"author": personInfo(m.p.author, m.p.date),
				},
			})
		}
	}
	return found(object{"changes": infos})
}

// mergeable tells whether a patch set would merge into the change's branch.
func (s *Server) mergeable(c *change, p *patchset) answer {
	if !c.open() {
		return refuse(http.StatusConflict, "%s", closed(c))
	}
	head := s.projects[c.project].branches[c.branch]
	_, conflicts := p.onto(s.tree(head))
	merged := s.contains(head, p.revision)
	return found(object{
		"submit_type": "MERGE_IF_NECESSARY", "strategy": "recursive", "mergeable": len(conflicts) == 0,
		"commit_merged": merged, "content_merged": merged,
	})
}
