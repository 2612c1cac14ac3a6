package gerrittest

import (
	"net/http"
	"slices"
	"strings"
)

// messageInfos are a change's messages. Plain ones name the accounts that they
// mention.
func (s *Server) messageInfos(c *change, account func(*account) object, plain bool) []object {
	infos := []object{}
	for _, m := range c.messages {
		infos = append(infos, s.changeMessage(m, account, plain))
	}
	return infos
}

func (s *Server) changeMessage(m *message, account func(*account) object, plain bool) object {
	text, mentioned := m.text, []object{}
	if plain {
		text = s.plainText(text)
	} else {
		mentioned = s.mentioned(text, account)
	}
	info := object{
		"id": m.id, "author": account(m.author), "date": stamp(m.date), "message": text,
		"accounts_in_message": mentioned, "_revision_number": m.patchset,
	}
	if m.tag != "" {
		info["tag"] = m.tag
	}
	return info
}

// messageRoutes are messages/ID. One that is deleted stays as a note of that; it
// makes a new state of the change, but no newer one.
func (s *Server) messageRoutes(q *request, c *change, path []string) answer {
	at := slices.IndexFunc(c.messages, func(m *message) bool { return m.id == path[0] })
	switch {
	case at < 0:
		return refuse(http.StatusNotFound, "Not found: %s", path[0])
	case q.method == http.MethodGet && len(path) == 1:
		return found(s.changeMessage(c.messages[at], infoOf, true))
	case q.method != http.MethodDelete || len(path) > 1:
		return notHere()
	case !q.by.is(Administrators):
		return refuse(http.StatusForbidden, "administrate server not permitted")
	}
	m, updated := c.messages[at], c.updated
	m.text, m.tag = "Change message removed by: "+q.by.mention(), ""
	s.touch(c, q.by)
	c.updated = updated
	return answer{status: http.StatusCreated, json: s.changeMessage(m, infoOf, true)}
}

func (s *Server) mentioned(text string, account func(*account) object) []object {
	infos := []object{}
	for _, a := range s.accounts {
		if strings.Contains(text, a.mention()) {
			infos = append(infos, account(a))
		}
	}
	return infos
}
