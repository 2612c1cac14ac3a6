package gerrittest

import "net/http"

// changeActions are what somebody may do with a change as it stands.
func (s *Server) changeActions(c *change, by *account) object {
	actions := object{}
	if by == nil {
		return actions
	}
	owns := by == c.owner || by.is(Administrators)
	offer := func(offered bool, method, name, label string) {
		if offered {
			actions[name] = object{"method": method, "label": label, "enabled": true}
		}
	}
	offer(c.mayAbandon(by), http.MethodPost, "hashtags", "Edit Hashtags")
	offer(c.mayAbandon(by) && c.open(), http.MethodPost, "abandon", "Abandon")
	offer(c.mayAbandon(by) && c.status == statusAbandoned, http.MethodPost, "restore", "Restore")
	offer(c.mayAbandon(by) && c.open(), http.MethodPost, "move", "Move Change")
	offer(owns && c.open() && !c.wip, http.MethodPost, "wip", "WIP")
	offer(owns && c.open() && c.wip, http.MethodPost, "ready", "Start Review")
	offer(owns && c.status != statusMerged && !c.private, http.MethodPost, "private", "Mark private")
	offer(owns && c.private, http.MethodPost, "private.delete", "Unmark private")
	offer(owns, http.MethodPut, "topic", "Edit Topic")
	offer(by.is(Administrators) || by == c.owner && c.open(), http.MethodDelete, "/", "Delete")
	return actions
}

// revisionActions are what somebody may do with a patch set.
func (s *Server) revisionActions(c *change, p *patchset, by *account) object {
	actions := object{}
	if by == nil {
		return actions
	}
	owns := by == c.owner || by.is(Administrators)
	actions["cherrypick"] = object{"method": http.MethodPost, "label": "Cherry Pick", "title": "Cherry pick change to a different branch", "enabled": true}
	if owns && c.open() && p == c.current() {
		upToDate := p.parent() == s.projects[c.project].branches[c.branch]
		actions["rebase"] = object{"method": http.MethodPost, "label": "Rebase", "title": "Rebase onto tip of branch or parent change.", "enabled": !upToDate}
	}
	if by.is(Administrators) && c.open() && p == c.current() && s.notReady(c) == "" {
		actions["submit"] = object{"method": http.MethodPost, "label": "Submit", "title": "Submit patch set into the branch", "enabled": true}
	}
	return actions
}
