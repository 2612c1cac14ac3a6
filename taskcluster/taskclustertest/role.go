package taskclustertest

import (
	"maps"
	"net/http"
	"slices"

	"verdict/taskcluster"
)

// role is scopes by name. A name that ends in * is every role that begins so, and
// <..> in its scopes is what stood in the place of the star.
type role struct {
	id, description       string
	scopes                []string
	created, lastModified taskcluster.Time
}

// SetRole gives a role its scopes. The role anonymous is every caller's; until
// set, it allows to read tasks, groups and public artifacts, and to find tasks.
// A role whose name ends in * is all that begin so; in its scopes <..> is what
// the star stands for.
func (s *Server) SetRole(roleID string, scopes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roles[roleID] = &role{id: roleID, scopes: scopes, created: s.now(), lastModified: s.now()}
}

func (s *Server) viewRole(r *role) map[string]any {
	return map[string]any{
		"roleId": r.id, "scopes": nonNil(r.scopes), "description": r.description,
		"created": r.created, "lastModified": r.lastModified,
		"expandedScopes": s.expandOnly([]string{"assume:" + r.id}),
	}
}

func (s *Server) viewRoles() []any {
	views := []any{}
	for _, id := range slices.Sorted(maps.Keys(s.roles)) {
		views = append(views, s.viewRole(s.roles[id]))
	}
	return views
}

func (s *Server) listRoles(*request) answer { return ok(s.viewRoles()) }

func (s *Server) listRoles2(req *request) answer { return ok(s.page(req, "roles", s.viewRoles())) }

func (s *Server) listRoleIDs(req *request) answer {
	var ids []any
	for _, id := range slices.Sorted(maps.Keys(s.roles)) {
		ids = append(ids, id)
	}
	return ok(s.page(req, "roleIds", ids))
}

func (s *Server) getRole(req *request) answer {
	r := s.roles[req.id]
	if r == nil {
		return s.refuse(req, 404, "ResourceNotFound", "Role not found")
	}
	return ok(s.viewRole(r))
}

func (s *Server) createRole(req *request) answer {
	scopes := texts(req.payload["scopes"])
	if refused := s.authorize(req, map[string]any{"scopes": scopes}); refused != nil {
		return *refused
	}
	made := &role{id: req.id, description: text(req.payload["description"]), scopes: normalised(scopes), created: s.now(), lastModified: s.now()}
	if had := s.roles[req.id]; had != nil {
		if had.description != made.description || !slices.Equal(had.scopes, made.scopes) {
			return s.refuse(req, 409, "RequestConflict", "Role already exists with different scopes or description")
		}
		return ok(s.viewRole(had))
	}
	s.roles[req.id] = made
	s.send("auth", "role-created", "_", nil, map[string]any{"version": 1, "roleId": req.id})
	return ok(s.viewRole(made))
}

func (s *Server) updateRole(req *request) answer {
	r := s.roles[req.id]
	if r == nil {
		return s.refuse(req, 404, "ResourceNotFound", "Role not found")
	}
	scopes := normalised(texts(req.payload["scopes"]))
	if refused := s.authorize(req, map[string]any{"scopesAdded": s.added(texts(req.payload["scopes"]), r.scopes)}); refused != nil {
		return *refused
	}
	r.scopes, r.lastModified = scopes, s.now()
	if req.payload["description"] != nil {
		r.description = text(req.payload["description"])
	}
	s.send("auth", "role-updated", "_", nil, map[string]any{"version": 1, "roleId": req.id})
	return ok(s.viewRole(r))
}

func (s *Server) deleteRole(req *request) answer {
	delete(s.roles, req.id)
	s.send("auth", "role-deleted", "_", nil, map[string]any{"version": 1, "roleId": req.id})
	return answer{status: http.StatusNoContent}
}
