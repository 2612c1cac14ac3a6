package gerrittest

import (
	"cmp"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const allProjects = "All-Projects"

type project struct {
	name, parent, description string
	head                      string            // the branch that HEAD is
	branches                  map[string]string // to their heads
	tags                      map[string]*tag
}

// AddProject adds a project with branches, the first of which is its HEAD.
func (s *Server) AddProject(name string, branches ...string) {
	s.update(func() { s.newProject(name, branches, nil) })
}

func (s *Server) newProject(name string, branches []string, by *account) *project {
	p := &project{name: name, parent: allProjects, branches: map[string]string{}, tags: map[string]*tag{}}
	if len(branches) > 0 {
		p.head = strings.TrimPrefix(branches[0], "refs/heads/")
	}
	first := s.commit(commit{subject: "Initial empty repository", body: "Initial empty repository\n"})
	for _, b := range branches {
		p.branches[strings.TrimPrefix(b, "refs/heads/")] = first.revision
	}
	s.projects[name] = p
	if by != nil {
		s.emit("project-created", name, 0, func(*account) bool { return true }, object{"projectName": name, "headName": "refs/heads/" + p.head})
	}
	return p
}

func (s *Server) projectRoutes(q *request, path []string) answer {
	if len(path) == 0 || path[0] == "" {
		return s.listProjects(q)
	}
	p := s.projects[path[0]]
	switch {
	case q.method == http.MethodPut && len(path) == 1:
		return s.createProject(q, path[0])
	case p == nil:
		return refuse(http.StatusNotFound, "Not found: %s", path[0])
	case len(path) == 1 && q.method == http.MethodGet:
		info := p.info()
		info["name"], info["labels"] = p.name, s.labelTypes()
		return found(info)
	case len(path) == 1:
		return notHere()
	}
	switch path[1] {
	case "description":
		return found(p.description)
	case "parent":
		return found(p.parent)
	case "HEAD":
		return found("refs/heads/" + p.head)
	case "branches", "branches:delete":
		return s.branchRoutes(q, p, path[1:])
	case "tags", "tags:delete":
		return s.tagRoutes(q, p, path[1:])
	case "commits":
		return s.commitRoutes(p, path[2:])
	case "commits:in":
		return s.commitsIn(q, p)
	}
	return refuse(http.StatusNotFound, "Not found: %s", path[1])
}

func (s *Server) createProject(q *request, name string) answer {
	var in struct {
		Name, Parent, Description string
		Branches                  []string
		Empty                     bool `json:"create_empty_commit"`
	}
	if len(q.body) > 0 {
		if a := q.decode(&in); a != nil {
			return *a
		}
	}
	switch {
	case !q.by.is(Administrators):
		return refuse(http.StatusForbidden, "create project not permitted")
	case in.Name != "" && in.Name != name:
		return refuse(http.StatusBadRequest, "name must match URL")
	case in.Parent != "" && in.Parent != allProjects && s.projects[in.Parent] == nil:
		return refuse(http.StatusUnprocessableEntity, "Project Not Found: %s", in.Parent)
	case s.projects[name] != nil:
		return refuse(http.StatusConflict, "Project %q already exists", name)
	}
	if len(in.Branches) == 0 {
		in.Branches = []string{"master"}
	}
	p := s.newProject(name, in.Branches, q.by)
	p.description, p.parent = in.Description, cmp.Or(in.Parent, allProjects)
	if !in.Empty {
		clear(p.branches)
	}
	info := p.info()
	info["name"], info["parent"], info["labels"] = p.name, p.parent, s.labelTypes()
	if p.description != "" {
		info["description"] = p.description
	}
	return answer{status: http.StatusCreated, json: info}
}

func (p *project) info() object {
	info := object{"id": escapeID(p.name), "state": "ACTIVE"}
	if p.parent != "" {
		info["parent"] = p.parent
	}
	return info
}

func (s *Server) labelTypes() object {
	types := object{}
	for i := range s.config.Labels {
		types[s.config.Labels[i].Name] = object{"values": s.config.Labels[i].texts(), "default_value": 0}
	}
	return types
}

// listProjects answers with the projects by name, or in a list to a query.
func (s *Server) listProjects(q *request) answer {
	list, refused := readList(q, "p", "prefix", "d", "description", "b", "branch", "t", "tree", "type", "query", "state", "all")
	if refused != nil {
		return *refused
	}
	names := slices.Sorted(maps.Keys(s.projects))
	if text, ok := strings.CutPrefix(q.query.Get("query"), "name:"); q.query.Has("query") {
		infos := []object{}
		if p := s.projects[text]; ok && p != nil {
			info := p.info()
			info["name"] = p.name
			infos = append(infos, info)
		}
		return found(infos)
	}
	prefix, branches := cmp.Or(q.query.Get("p"), q.query.Get("prefix")), append(q.query["b"], q.query["branch"]...)
	names, more := pageOf(list, names, func(name string) bool {
		return strings.HasPrefix(name, prefix) && list.matches(name) && s.projects[name].hasAny(branches)
	})
	infos := object{}
	for i, name := range names {
		p := s.projects[name]
		info := p.info()
		if !q.query.Has("t") && !q.query.Has("tree") {
			delete(info, "parent")
		}
		if (q.query.Has("d") || q.query.Has("description")) && p.description != "" {
			info["description"] = p.description
		}
		if len(branches) > 0 {
			heads := object{}
			for _, b := range branches {
				if head, ok := p.branches[b]; ok {
					heads[b] = head
				}
			}
			info["branches"] = heads
		}
		if more && i == len(names)-1 {
			info["_more_projects"] = true
		}
		infos[name] = info
	}
	return found(infos)
}

func (p *project) hasAny(branches []string) bool {
	return len(branches) == 0 || slices.ContainsFunc(branches, func(b string) bool { _, ok := p.branches[b]; return ok })
}

// listing is how a list is cut: from where, how long, and by what names.
type listing struct {
	start, size int
	part        string
	pattern     *regexp.Regexp
}

func (l listing) matches(name string) bool {
	return strings.Contains(strings.ToLower(name), strings.ToLower(l.part)) && (l.pattern == nil || l.pattern.MatchString(name))
}

// readList reads what lists of projects, branches, tags and groups take; other
// is what this list takes besides.
func readList(q *request, other ...string) (l listing, refused *answer) {
	l.size = 1 << 30
	no := func(format string, args ...any) (listing, *answer) {
		a := refuse(http.StatusBadRequest, format, args...)
		return l, &a
	}
	for name, values := range q.query {
		value := values[0]
		var err error
		switch name {
		case "n", "limit":
			if l.size, err = strconv.Atoi(value); err == nil && l.size <= 0 {
				l.size = 1 << 30
			}
		case "S", "s", "start":
			l.start, err = strconv.Atoi(value)
		case "m", "match":
			l.part = value
		case "r", "regex":
			l.pattern, err = regexp.Compile("^(?:" + strings.TrimPrefix(value, "^") + ")$")
		default:
			if !slices.Contains(other, name) {
				return no("\"--%s\" is not a valid option", name)
			}
		}
		if err != nil {
			return no("%q is not a valid value for \"-%s\"", value, name)
		}
	}
	return l, nil
}

// pageOf gives the page of what fits, and tells whether there is more.
func pageOf[T any](l listing, all []T, fits func(T) bool) (page []T, more bool) {
	for _, one := range all {
		if fits(one) {
			page = append(page, one)
		}
	}
	page = page[min(max(l.start, 0), len(page)):]
	if len(page) > l.size {
		return page[:l.size], true
	}
	return page, false
}

func (s *Server) commitRoutes(p *project, path []string) answer {
	if len(path) == 0 {
		return notHere()
	}
	c := s.commits[path[0]]
	if c == nil || !slices.ContainsFunc(slices.Collect(maps.Values(p.branches)), func(head string) bool { return s.contains(head, c.revision) }) {
		return refuse(http.StatusNotFound, "Not found: %s", path[0])
	}
	switch {
	case len(path) == 1:
		return found(s.commitInfo(c, true))
	case len(path) == 2 && path[1] == "in":
		return found(s.includedIn(p, c.revision))
	case len(path) == 4 && path[1] == "files" && path[3] == "content":
		return contentOf(c.tree, path[2])
	}
	return notHere()
}

func contentOf(tree map[string]string, path string) answer {
	if text, ok := tree[path]; ok {
		return base64Of(text)
	}
	return refuse(http.StatusNotFound, "Not found: %s", path)
}

// includedIn names the branches and tags that have a commit.
func (s *Server) includedIn(p *project, revision string) object {
	branches, tags := []string{}, []string{}
	for name, head := range p.branches {
		if s.contains(head, revision) {
			branches = append(branches, name)
		}
	}
	for name, t := range p.tags {
		if s.contains(t.object, revision) {
			tags = append(tags, name)
		}
	}
	slices.Sort(branches)
	slices.Sort(tags)
	return object{"branches": branches, "tags": tags}
}

// commitsIn names, for each commit asked for, those of the refs asked for that
// have it.
func (s *Server) commitsIn(q *request, p *project) answer {
	in := map[string][]string{}
	for _, revision := range q.query["commit"] {
		for _, ref := range q.query["ref"] {
			if head, ok := p.branches[strings.TrimPrefix(ref, "refs/heads/")]; ok && s.contains(head, revision) {
				in[revision] = append(in[revision], ref)
			}
		}
	}
	return found(in)
}

func personInfo(p person, date time.Time) object {
	return object{"name": p.name, "email": p.email, "date": stamp(date), "tz": 0}
}
