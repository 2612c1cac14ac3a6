package gerrittest

import (
	"cmp"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// tag is a tag of a project; object is the commit, revision the same unless it
// is annotated.
type tag struct {
	object, revision string
	message          string
	tagger           person
	created          time.Time
}

// branchRoutes are branches, branches/NAME and what is below, and
// branches:delete.
func (s *Server) branchRoutes(q *request, p *project, path []string) answer {
	if path[0] == "branches:delete" {
		return s.deleteRefs(q, p, "refs/heads/")
	}
	if len(path) == 1 || path[1] == "" {
		return listBranches(q, p)
	}
	name := strings.TrimPrefix(path[1], "refs/heads/")
	if len(path) == 2 && q.method == http.MethodPut {
		return s.createBranch(q, p, name)
	}
	head, ok := p.branches[name]
	switch {
	case len(path) == 2 && name == "HEAD" && q.method == http.MethodGet:
		return found(object{"ref": "HEAD", "revision": p.head})
	case !ok:
		return refuse(http.StatusNotFound, "Not found: %s", path[1])
	case len(path) == 2 && q.method == http.MethodGet:
		return found(branchInfo(q, "refs/heads/"+name, head))
	case len(path) == 2 && q.method == http.MethodDelete:
		if !q.by.is(Administrators) {
			return refuse(http.StatusForbidden, "not permitted: delete on refs/heads/%s", name)
		}
		delete(p.branches, name)
		s.tellBranch(p.name, q.by, "refs/heads/"+name, head, noRevision)
		return answer{status: http.StatusNoContent}
	case len(path) == 5 && path[2] == "files" && path[4] == "content":
		return contentOf(s.tree(head), path[3])
	}
	return notHere()
}

// listBranches has HEAD before the branches.
func listBranches(q *request, p *project) answer {
	list, refused := readList(q)
	if refused != nil {
		return *refused
	}
	refs := []string{"HEAD"}
	for _, name := range slices.Sorted(maps.Keys(p.branches)) {
		refs = append(refs, "refs/heads/"+name)
	}
	refs, _ = pageOf(list, refs, func(ref string) bool {
		short := strings.TrimPrefix(ref, "refs/heads/")
		if ref == "HEAD" {
			short = p.head // it is found by the branch that it is
		}
		return (ref != "HEAD" || list.part == "") && list.matches(short)
	})
	infos := []object{}
	for _, ref := range refs {
		if ref == "HEAD" {
			infos = append(infos, object{"ref": ref, "revision": p.head})
			continue
		}
		infos = append(infos, branchInfo(q, ref, p.branches[strings.TrimPrefix(ref, "refs/heads/")]))
	}
	return found(infos)
}

func branchInfo(q *request, ref, revision string) object {
	info := object{"ref": ref, "revision": revision}
	if q.by.is(Administrators) {
		info["can_delete"] = true
	}
	return info
}

// refName is what git takes as a name, as far as tests go.
var refName = regexp.MustCompile(`^[^\s~^:?*\[\\./][^\s~^:?*\[\\]*$`)

func goodRef(name string) bool {
	return refName.MatchString(name) && !strings.Contains(name, "..") && !strings.Contains(name, "//") && !strings.HasSuffix(name, "/")
}

// resolve gives the commit of a revision: of a branch, a tag, or a commit; ""
// if it is none.
func (s *Server) resolve(p *project, revision string) string {
	revision = cmp.Or(revision, p.head)
	if head, ok := p.branches[strings.TrimPrefix(revision, "refs/heads/")]; ok {
		return head
	}
	if t := p.tags[strings.TrimPrefix(revision, "refs/tags/")]; t != nil {
		return t.object
	}
	if s.commits[revision] != nil {
		return revision
	}
	return ""
}

func (s *Server) createBranch(q *request, p *project, name string) answer {
	var in struct{ Ref, Revision string }
	if len(q.body) > 0 {
		if a := q.decode(&in); a != nil {
			return *a
		}
	}
	ref := "refs/heads/" + name
	revision := s.resolve(p, in.Revision)
	_, exists := p.branches[name]
	switch {
	case !goodRef(name):
		return refuse(http.StatusBadRequest, "invalid branch name %q", ref)
	case exists:
		return refuse(http.StatusConflict, "Branch %q already exists", ref)
	case revision == "":
		return refuse(http.StatusUnprocessableEntity, "base revision %q not found", in.Revision)
	case !q.by.is(Administrators):
		return refuse(http.StatusForbidden, "not permitted: create on %s", ref)
	}
	p.branches[name] = revision
	s.tellBranch(p.name, q.by, ref, noRevision, revision)
	return answer{status: http.StatusCreated, json: branchInfo(q, ref, revision)}
}

// deleteRefs deletes several branches or tags, or none.
func (s *Server) deleteRefs(q *request, p *project, kind string) answer {
	var in struct{ Branches, Tags []string }
	if a := q.decode(&in); a != nil {
		return *a
	}
	names := slices.Concat(in.Branches, in.Tags)
	for i, name := range names {
		names[i] = strings.TrimPrefix(name, kind)
		_, isBranch := p.branches[names[i]]
		if kind == "refs/heads/" && !isBranch || kind == "refs/tags/" && p.tags[names[i]] == nil || !q.by.is(Administrators) {
			return refuse(http.StatusConflict, "Cannot delete %s%s: it doesn't exist or you do not have permission to delete it", kind, names[i])
		}
	}
	for _, name := range names {
		before := p.branches[name]
		if kind == "refs/tags/" {
			before = p.tags[name].revision
			delete(p.tags, name)
		} else {
			delete(p.branches, name)
		}
		s.tellBranch(p.name, q.by, kind+name, before, noRevision)
	}
	return answer{status: http.StatusNoContent}
}

// tagRoutes are tags, tags/NAME and tags:delete.
func (s *Server) tagRoutes(q *request, p *project, path []string) answer {
	if path[0] == "tags:delete" {
		return s.deleteRefs(q, p, "refs/tags/")
	}
	if len(path) == 1 || path[1] == "" {
		return listTags(q, p)
	}
	name := strings.TrimPrefix(path[1], "refs/tags/")
	if q.method == http.MethodPut {
		return s.createTag(q, p, name)
	}
	t := p.tags[name]
	switch {
	case t == nil:
		return refuse(http.StatusNotFound, "Not found: %s", path[1])
	case q.method == http.MethodDelete:
		if !q.by.is(Administrators) {
			return refuse(http.StatusForbidden, "not permitted: delete on refs/tags/%s", name)
		}
		delete(p.tags, name)
		s.tellBranch(p.name, q.by, "refs/tags/"+name, t.revision, noRevision)
		return answer{status: http.StatusNoContent}
	}
	return found(t.info(q, name))
}

func listTags(q *request, p *project) answer {
	list, refused := readList(q, "d", "descending")
	if refused != nil {
		return *refused
	}
	names, _ := pageOf(list, slices.Sorted(maps.Keys(p.tags)), list.matches)
	infos := []object{}
	for _, name := range names {
		infos = append(infos, p.tags[name].info(q, name))
	}
	return found(infos)
}

func (s *Server) createTag(q *request, p *project, name string) answer {
	var in struct{ Ref, Revision, Message string }
	if len(q.body) > 0 {
		if a := q.decode(&in); a != nil {
			return *a
		}
	}
	revision := s.resolve(p, in.Revision)
	switch {
	case !goodRef(name):
		return refuse(http.StatusBadRequest, "invalid tag name %q", name)
	case revision == "":
		return refuse(http.StatusUnprocessableEntity, "base revision %q not found", in.Revision)
	case !q.by.is(Administrators):
		return refuse(http.StatusForbidden, "not permitted: create on refs/tags/%s", name)
	case p.tags[name] != nil:
		return refuse(http.StatusConflict, "Tag %q already exists", "refs/tags/"+name)
	}
	t := &tag{object: revision, revision: revision, created: s.now()}
	if in.Message != "" {
		t.revision, t.message, t.tagger = s.sha("tag", name), in.Message, q.by.person()
	}
	p.tags[name] = t
	s.tellBranch(p.name, q.by, "refs/tags/"+name, noRevision, t.revision)
	return answer{status: http.StatusCreated, json: t.info(q, name)}
}

func (t *tag) info(q *request, name string) object {
	info := object{"ref": "refs/tags/" + name, "revision": t.revision, "created": stamp(t.created)}
	if t.message != "" {
		info["object"], info["message"], info["tagger"] = t.object, t.message, personInfo(t.tagger, t.created)
	}
	if q.by.is(Administrators) {
		info["can_delete"] = true
	}
	return info
}
