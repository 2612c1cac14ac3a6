package taskclustertest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"verdict/taskcluster"
)

// client is a permanent client.
type client struct {
	id, accessToken, description      string
	scopes                            []string
	expires                           time.Time
	created, lastModified, lastRotate taskcluster.Time
	deleteOnExpiration, disabled      bool
}

// AddClient makes a permanent client known, or replaces it. Scopes may assume
// roles: assume:<role>.
func (s *Server) AddClient(clientID, accessToken string, scopes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.clients[clientID] = &client{
		id: clientID, accessToken: accessToken, scopes: scopes, expires: s.config.Now().AddDate(1000, 0, 0),
		created: now, lastModified: now, lastRotate: now,
	}
}

// RemoveClient makes a client unknown.
func (s *Server) RemoveClient(clientID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.clients, clientID)
}

// view is what auth tells of a client: never its token.
func (s *Server) view(c *client) map[string]any {
	return map[string]any{
		"clientId": c.id, "description": c.description, "expires": taskcluster.Time(c.expires),
		"created": c.created, "lastModified": c.lastModified, "lastDateUsed": c.created, "lastRotated": c.lastRotate,
		"deleteOnExpiration": c.deleteOnExpiration, "scopes": nonNil(c.scopes), "expandedScopes": s.expandOnly(c.scopes), "disabled": c.disabled,
	}
}

func (s *Server) viewWithToken(c *client) map[string]any {
	view := s.view(c)
	view["accessToken"] = c.accessToken
	return view
}

func (s *Server) listClients(req *request) answer {
	var views []any
	for _, id := range slices.Sorted(maps.Keys(s.clients)) {
		if strings.HasPrefix(id, req.URL.Query().Get("prefix")) {
			views = append(views, s.view(s.clients[id]))
		}
	}
	return ok(s.page(req, "clients", views))
}

func (s *Server) getClient(req *request) answer {
	c := s.clients[req.id]
	if c == nil {
		return s.noClient(req)
	}
	return ok(s.view(c))
}

func (s *Server) noClient(req *request) answer {
	return s.refuse(req, 404, "ResourceNotFound", "Client not found")
}

// createClient answers the token, once. The same again is no conflict, and
// answers without one.
func (s *Server) createClient(req *request) answer {
	scopes := texts(req.payload["scopes"])
	if refused := s.authorize(req, map[string]any{"scopes": scopes}); refused != nil {
		return *refused
	}
	now := s.now()
	made := &client{
		id: req.id, accessToken: taskcluster.NewID() + taskcluster.NewID(), scopes: normalised(scopes),
		created: now, lastModified: now, lastRotate: now,
	}
	made.update(req.payload)
	if had := s.clients[req.id]; had != nil {
		if had.description != made.description || !slices.Equal(had.scopes, made.scopes) || !had.expires.Equal(made.expires) {
			return s.refuse(req, 409, "RequestConflict", "client with same clientId already exists")
		}
		return ok(s.view(had))
	}
	s.clients[req.id] = made
	s.send("auth", "client-created", "_", nil, map[string]any{"version": 1, "clientId": req.id})
	return ok(s.viewWithToken(made))
}

// update takes over what a payload gives.
func (c *client) update(payload map[string]any) {
	if text, given := payload["description"].(string); given {
		c.description = text
	}
	if text, given := payload["expires"].(string); given {
		c.expires, _ = time.Parse(time.RFC3339, text)
	}
	if flag, given := payload["deleteOnExpiration"].(bool); given {
		c.deleteOnExpiration = flag
	}
}

func (s *Server) updateClient(req *request) answer {
	c := s.clients[req.id]
	if c == nil {
		return s.noClient(req)
	}
	scopes := c.scopes
	if req.payload["scopes"] != nil {
		scopes = normalised(texts(req.payload["scopes"]))
	}
	if refused := s.authorize(req, map[string]any{"scopesAdded": s.added(texts(req.payload["scopes"]), c.scopes)}); refused != nil {
		return *refused
	}
	c.scopes, c.lastModified = scopes, s.now()
	c.update(req.payload)
	return s.clientUpdated(c)
}

// added are the scopes asked for that those there are, with all that roles give,
// don't have.
func (s *Server) added(asked, there []string) []string {
	had := s.expandOnly(there)
	return slices.DeleteFunc(asked, func(scope string) bool { return satisfied(had, scope) })
}

func (s *Server) clientUpdated(c *client) answer {
	s.send("auth", "client-updated", "_", nil, map[string]any{"version": 1, "clientId": c.id})
	return ok(s.view(c))
}

func (s *Server) enableClient(req *request) answer  { return s.disable(req, false) }
func (s *Server) disableClient(req *request) answer { return s.disable(req, true) }

func (s *Server) disable(req *request, disabled bool) answer {
	c := s.clients[req.id]
	if c == nil {
		return s.noClient(req)
	}
	c.disabled, c.lastModified = disabled, s.now()
	return s.clientUpdated(c)
}

func (s *Server) resetAccessToken(req *request) answer {
	c := s.clients[req.id]
	if c == nil {
		return s.noClient(req)
	}
	c.accessToken, c.lastRotate = taskcluster.NewID()+taskcluster.NewID(), s.now()
	s.clientUpdated(c)
	return ok(s.viewWithToken(c))
}

func (s *Server) deleteClient(req *request) answer {
	delete(s.clients, req.id)
	s.send("auth", "client-deleted", "_", nil, map[string]any{"version": 1, "clientId": req.id})
	return answer{status: http.StatusNoContent}
}

// nonNil is a list that JSON writes as one.
func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
