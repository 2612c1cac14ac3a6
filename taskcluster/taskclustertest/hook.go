package taskclustertest

import (
	"maps"
	"slices"
	"time"

	"verdict/taskcluster"
)

// hook is a task that can be created by name.
type hook struct {
	group, id  string
	definition map[string]any // as it was sent
	token      string
	fires      []map[string]any // the last one in front
}

func (h *hook) view() map[string]any {
	view := map[string]any{
		"hookGroupId": h.group, "hookId": h.id, "metadata": h.definition["metadata"], "task": h.definition["task"],
		"schedule": []any{}, "bindings": []any{}, "triggerSchema": map[string]any{"type": "object", "properties": map[string]any{}, "additionalProperties": false},
	}
	for _, name := range []string{"schedule", "bindings", "triggerSchema"} {
		if h.definition[name] != nil {
			view[name] = h.definition[name]
		}
	}
	return view
}

func (s *Server) hookOf(req *request) *hook {
	return s.hooks[req.params["hookGroupId"]+"/"+req.params["hookId"]]
}

func (s *Server) noHook(req *request) answer {
	return s.refuse(req, 404, "ResourceNotFound", "No such hook")
}

func (s *Server) listHookGroups(*request) answer {
	groups := []string{}
	for _, h := range s.hooks {
		groups = append(groups, h.group)
	}
	slices.Sort(groups)
	return ok(map[string]any{"groups": slices.Compact(groups)})
}

func (s *Server) listHooks(req *request) answer {
	hooks := []any{}
	for _, name := range slices.Sorted(maps.Keys(s.hooks)) {
		if h := s.hooks[name]; h.group == req.id {
			hooks = append(hooks, h.view())
		}
	}
	if len(hooks) == 0 {
		return s.refuse(req, 404, "ResourceNotFound", "No such group")
	}
	return ok(map[string]any{"hooks": hooks})
}

func (s *Server) getHook(req *request) answer {
	h := s.hookOf(req)
	if h == nil {
		return s.noHook(req)
	}
	return ok(h.view())
}

func (s *Server) getHookStatus(req *request) answer {
	h := s.hookOf(req)
	if h == nil {
		return s.noHook(req)
	}
	last := map[string]any{"result": "no-fire"}
	if len(h.fires) > 0 {
		last = map[string]any{"result": h.fires[0]["result"], "taskId": h.fires[0]["taskId"], "time": h.fires[0]["taskCreateTime"]}
	}
	return ok(map[string]any{"lastFire": last})
}

func (s *Server) createHook(req *request) answer {
	if s.hookOf(req) != nil {
		return s.refuse(req, 409, "RequestConflict", "hook `"+req.params["hookGroupId"]+"/"+req.params["hookId"]+"` already exists.")
	}
	return s.putHook(req, "hook-created")
}

func (s *Server) updateHook(req *request) answer {
	if s.hookOf(req) == nil {
		return s.noHook(req)
	}
	return s.putHook(req, "hook-updated")
}

func (s *Server) putHook(req *request, told string) answer {
	if _, given := req.payload["task"].(map[string]any); !given || req.payload["metadata"] == nil {
		return s.invalid(req, "hooks/v1/create-hook-request.json", []string{"data must have required properties metadata and task"})
	}
	h := s.hookOf(req)
	if h == nil {
		h = &hook{group: req.params["hookGroupId"], id: req.params["hookId"], token: taskcluster.NewID()}
		s.hooks[h.group+"/"+h.id] = h
	}
	h.definition = req.payload
	s.announceHook(told, h)
	return ok(h.view())
}

func (s *Server) announceHook(exchange string, h *hook) {
	s.send("hooks", exchange, "_", nil, map[string]any{"hookGroupId": h.group, "hookId": h.id})
}

func (s *Server) removeHook(req *request) answer {
	if h := s.hookOf(req); h != nil {
		delete(s.hooks, h.group+"/"+h.id)
		s.announceHook("hook-deleted", h)
	}
	return ok(map[string]any{})
}

// triggerHook creates a task, and another one each time it is called.
func (s *Server) triggerHook(req *request) answer {
	h := s.hookOf(req)
	if h == nil {
		return s.noHook(req)
	}
	return s.fire(req, h, "triggerHook")
}

func (s *Server) triggerHookWithToken(req *request) answer {
	h := s.hookOf(req)
	if h == nil {
		return s.noHook(req)
	}
	if req.params["token"] != h.token {
		return s.refuse(req, 401, "AuthenticationFailed", "invalid hook token")
	}
	return s.fire(req, h, "triggerHookWithToken")
}

// fire creates the hook's task with the scopes of its role. The template is taken
// as it stands: rendering JSON-e, for which the payload is, isn't done here.
func (s *Server) fire(req *request, h *hook, firedBy string) answer {
	id, now := taskcluster.NewID(), s.config.Now()
	definition := map[string]any{
		"created":  taskcluster.Time(now).String(),
		"deadline": taskcluster.Time(now.Add(24 * time.Hour)).String(),
		"expires":  taskcluster.Time(now.AddDate(0, 0, 90)).String(),
	}
	maps.Copy(definition, fieldsLess(h.definition["task"]))
	role := "hook-id:" + h.group + "/" + h.id
	var p *problem
	if problems := checkSchema(definition); len(problems) > 0 {
		p = &problem{400, "InputValidationError", schemaMessage(taskSchema, problems)}
	} else {
		fillIn(definition, id)
		if lacks := missing(s.expand([]string{"assume:" + role}), createExpression(definition)); lacks != nil {
			return s.refuse(req, 403, "InsufficientScopes", "The role `"+role+"` does not have sufficient scopes to create the task:\n\n"+expressionText(lacks))
		}
		p = s.define(id, definition, "static/taskcluster/hooks")
	}
	fire := map[string]any{
		"hookGroupId": h.group, "hookId": h.id, "firedBy": firedBy, "taskId": id,
		"taskCreateTime": taskcluster.Time(now), "result": "success", "error": "",
	}
	h.fires = append([]map[string]any{fire}, h.fires...)
	if p != nil {
		fire["result"], fire["error"] = "error", p.message
		return s.refuse(req, 400, "InputError", "While calling createTask: "+p.code+"\n\n"+p.message)
	}
	return ok(map[string]any{"taskId": id, "status": map[string]any{"taskId": id}})
}

func (s *Server) getTriggerToken(req *request) answer {
	h := s.hookOf(req)
	if h == nil {
		return s.noHook(req)
	}
	return ok(map[string]any{"token": h.token})
}

func (s *Server) resetTriggerToken(req *request) answer {
	h := s.hookOf(req)
	if h == nil {
		return s.noHook(req)
	}
	h.token = taskcluster.NewID()
	return ok(map[string]any{"token": h.token})
}

func (s *Server) listLastFires(req *request) answer {
	h := s.hookOf(req)
	if h == nil {
		return s.noHook(req)
	}
	var fires []any
	for _, fire := range h.fires {
		state := "unknown"
		if t := s.find(text(fire["taskId"])); t != nil {
			state = t.status.State
		}
		shown := maps.Clone(fire)
		shown["taskState"] = state
		fires = append(fires, shown)
	}
	return ok(s.page(req, "lastFires", fires))
}

// SetHook makes a hook known, or replaces it. Its task is what each trigger
// creates, with times of its own where it has none; the role
// hook-id:<group>/<id> says what it may.
func (s *Server) SetHook(hookGroupID, hookID string, task map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks[hookGroupID+"/"+hookID] = &hook{group: hookGroupID, id: hookID, token: taskcluster.NewID(), definition: map[string]any{
		"metadata": map[string]any{"name": hookID, "description": "", "owner": "", "emailOnError": false}, "task": task,
	}}
}
