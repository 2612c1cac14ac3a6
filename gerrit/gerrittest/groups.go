package gerrittest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// group is a group that accounts are members of, by its name in theirs.
type group struct {
	name, uuid, description, owner string
	number                         int
	visible                        bool // to all
	created                        time.Time
}

// everybody are the groups that nobody is a member of by name.
var everybody = []string{"Anonymous Users", "Registered Users"}

// group gives a group by name, making one where there is none, which all see
// unless it is Administrators.
func (s *Server) group(name string) *group {
	for _, g := range s.groups {
		if g.name == name {
			return g
		}
	}
	g := &group{name: name, uuid: s.sha("group", name), owner: Administrators, number: len(s.groups) + 1, visible: name != Administrators, created: s.now()}
	s.groups = append(s.groups, g)
	return g
}

// findGroup gives a group by name, number or uuid, if somebody may see it.
func (s *Server) findGroup(id string, by *account) *group {
	for _, g := range s.groups {
		if (id == g.name || id == g.uuid || id == fmt.Sprint(g.number)) && s.sees(by, g) {
			return g
		}
	}
	return nil
}

func (s *Server) sees(by *account, g *group) bool {
	return g.visible || by != nil && (by.is(Administrators) || by.is(g.name) || by.is(g.owner))
}

func (s *Server) members(g *group) []*account {
	var members []*account
	for _, a := range s.accounts {
		if a.is(g.name) {
			members = append(members, a)
		}
	}
	slices.SortFunc(members, func(a, b *account) int { return strings.Compare(a.Name, b.Name) })
	return members
}

func (s *Server) groupRoutes(q *request, path []string) answer {
	if q.by == nil {
		return refuse(http.StatusForbidden, "Authentication required")
	}
	if len(path) == 0 || path[0] == "" {
		return s.listGroups(q)
	}
	for _, name := range everybody {
		if id := systemGroupID(name); path[0] == name || path[0] == id || url.QueryEscape(path[0]) == id {
			return found(systemGroupInfo(name))
		}
	}
	if len(path) == 1 && q.method == http.MethodPut {
		return s.createGroup(q, path[0])
	}
	g := s.findGroup(path[0], q.by)
	if g == nil {
		return refuse(http.StatusNotFound, "%s", path[0])
	}
	if len(path) == 1 {
		return found(s.groupInfo(g, false))
	}
	switch path[1] {
	case "detail":
		info := s.groupInfo(g, true)
		info["includes"] = []object{}
		return found(info)
	case "name":
		return found(g.name)
	case "description":
		return found(g.description)
	case "groups":
		return found([]object{})
	case "members", "members.add", "members.delete":
		return s.memberRoutes(q, g, path[1:])
	}
	return refuse(http.StatusNotFound, "Not found: %s", path[1])
}

func (s *Server) listGroups(q *request) answer {
	list, refused := readList(q, "g", "group", "owned", "o", "query", "u", "user", "visible-to-all", "p", "project")
	if refused != nil {
		return *refused
	}
	sorted := slices.SortedFunc(slices.Values(s.groups), func(a, b *group) int { return strings.Compare(a.name, b.name) })
	named := append(q.query["g"], q.query["group"]...)
	groups, _ := pageOf(list, sorted, func(g *group) bool {
		owns := q.by.is(g.owner)
		return s.sees(q.by, g) && list.matches(g.name) && (len(named) == 0 || slices.Contains(named, g.name)) && (owns || !q.query.Has("owned"))
	})
	infos := object{}
	for _, g := range groups {
		info := s.groupInfo(g, slices.Contains(q.query["o"], "MEMBERS"))
		delete(info, "name")
		infos[g.name] = info
	}
	return found(infos)
}

func (s *Server) groupInfo(g *group, withMembers bool) object {
	options := object{}
	if g.visible {
		options["visible_to_all"] = true
	}
	info := object{
		"id": g.uuid, "name": g.name, "url": "#/admin/groups/uuid-" + g.uuid, "options": options, "group_id": g.number,
		"owner": g.owner, "owner_id": s.group(g.owner).uuid, "created_on": stamp(g.created),
	}
	if g.description != "" {
		info["description"] = g.description
	}
	if withMembers {
		info["members"] = accountInfos(s.members(g))
	}
	return info
}

func systemGroupID(name string) string { return "global%3A" + strings.ReplaceAll(name, " ", "-") }

func systemGroupInfo(name string) object {
	return object{"id": systemGroupID(name), "name": name, "options": object{}}
}

func accountInfos(accounts []*account) []object {
	infos := []object{}
	for _, a := range accounts {
		infos = append(infos, a.info())
	}
	return infos
}

// createGroup makes a group that owns itself and has its maker as a member.
func (s *Server) createGroup(q *request, name string) answer {
	var in struct {
		Description string
		Visible     bool `json:"visible_to_all"`
	}
	if len(q.body) > 0 {
		if a := q.decode(&in); a != nil {
			return *a
		}
	}
	switch {
	case !q.by.is(Administrators):
		return refuse(http.StatusForbidden, "create group not permitted")
	case slices.ContainsFunc(s.groups, func(g *group) bool { return g.name == name }):
		return refuse(http.StatusConflict, "Group already exists")
	}
	g := s.group(name)
	g.description, g.visible, g.owner = in.Description, in.Visible, name
	q.by.Groups = append(q.by.Groups, name)
	return answer{status: http.StatusCreated, json: s.groupInfo(g, false)}
}

// memberRoutes are members, members/ACCOUNT, and several at once.
func (s *Server) memberRoutes(q *request, g *group, path []string) answer {
	if q.method != http.MethodGet && !q.by.is(g.owner) && !q.by.is(Administrators) {
		return refuse(http.StatusForbidden, "Cannot add members to group %s", g.name)
	}
	if len(path) == 1 || path[1] == "" {
		if q.method == http.MethodGet {
			return found(accountInfos(s.members(g)))
		}
		return s.changeMembers(q, g, path[0] != "members.delete")
	}
	of := s.account(path[1], q.by)
	if q.method == http.MethodPut {
		if of == nil {
			return refuse(http.StatusUnprocessableEntity, "Account '%s' not found", path[1])
		}
		status := http.StatusOK
		if !of.is(g.name) {
			status = http.StatusCreated
			of.Groups = append(slices.Clone(of.Groups), g.name)
		}
		return answer{status: status, json: of.info()}
	}
	if of == nil || !of.is(g.name) {
		return refuse(http.StatusNotFound, "Not found: %s", path[1])
	}
	if q.method == http.MethodDelete {
		of.leave(g.name)
		return answer{status: http.StatusNoContent}
	}
	return found(of.info())
}

func (a *account) leave(group string) {
	a.Groups = slices.DeleteFunc(slices.Clone(a.Groups), func(name string) bool { return name == group })
}

func (s *Server) changeMembers(q *request, g *group, add bool) answer {
	var in struct{ Members []string }
	if a := q.decode(&in); a != nil {
		return *a
	}
	var named []*account
	for _, id := range in.Members {
		of := s.account(id, q.by)
		if of == nil {
			return refuse(http.StatusUnprocessableEntity, "Account '%s' not found", id)
		}
		named = append(named, of)
	}
	for _, of := range named {
		of.leave(g.name)
		if add {
			of.Groups = append(of.Groups, g.name)
		}
	}
	if !add {
		return answer{status: http.StatusNoContent}
	}
	return found(accountInfos(named))
}
