package gerrittest

import "net/http"

// configRoutes are the server's own: version, info, capabilities.
func (s *Server) configRoutes(q *request, path []string) answer {
	if len(path) == 0 || path[0] != "server" {
		return refuse(http.StatusNotFound, "Not found: %s", first(path))
	}
	switch path = path[1:]; first(path) {
	case "version":
		if q.query.Has("verbose") {
			return found(object{"gerrit_version": s.config.Version, "note_db_version": 185, "change_index_version": 87})
		}
		return found(s.config.Version)
	case "info":
		return found(s.serverInfo())
	case "top-menus":
		return found([]object{})
	case "capabilities":
		names := object{}
		for name := range s.capabilities(&account{Account: Account{Groups: []string{Administrators, ServiceUsers}}}) {
			names[name] = object{"id": name, "name": name}
		}
		return found(names)
	case "caches", "summary", "tasks":
		if !q.by.is(Administrators) {
			return refuse(http.StatusForbidden, "maintain server not permitted")
		}
		return found(object{})
	}
	return refuse(http.StatusNotFound, "Not found: %s", first(path))
}

func first(path []string) string {
	if len(path) == 0 {
		return ""
	}
	return path[0]
}

func (s *Server) serverInfo() object {
	return object{
		"accounts": object{"visibility": "ALL", "default_display_name": "FULL_NAME"},
		"auth":     object{"auth_type": "DEVELOPMENT_BECOME_ANY_ACCOUNT", "git_basic_auth_policy": "HTTP", "editable_account_fields": []string{"FULL_NAME", "USER_NAME"}},
		"change":   object{"allow_blame": true, "update_delay": 300, "mergeability_computation_behavior": "NEVER"},
		"download": object{"schemes": object{}, "archives": []string{"tgz", "tar", "tbz2", "txz"}},
		"gerrit":   object{"all_projects": allProjects, "all_users": "All-Users", "doc_search": false},
		"groups":   object{}, "plugin": object{"js_resource_paths": []string{}}, "sshd": object{}, "suggest": object{"from": 0},
		"user":            object{"anonymous_coward_name": "Name of user not set"},
		"receive":         object{"enable_signed_push": false},
		"note_db_enabled": true,
	}
}
