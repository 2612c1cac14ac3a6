package taskclustertest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"verdict/taskcluster"
)

// group is a task group: its tasks in the order they came.
type group struct {
	id, schedulerID string
	expires         taskcluster.Time
	sealed          *taskcluster.Time
	tasks           []*task
}

// groupFor is the group that a new task is for, perhaps a new one.
func (s *Server) groupFor(t *task) (*group, *problem) {
	g := s.groups[t.task.TaskGroupID]
	switch {
	case g == nil:
		return &group{id: t.task.TaskGroupID, schedulerID: t.task.SchedulerID}, nil
	case g.schedulerID != t.task.SchedulerID:
		return nil, conflict("Task group `%s` contains tasks with a schedulerId other\nthan `%s`. All tasks in the same task-group must have\nthe same schedulerId.", g.id, t.task.SchedulerID)
	case g.sealed != nil:
		return nil, conflict("Task group `%s` is sealed and does not accept new tasks.", g.id)
	}
	return g, nil
}

// add takes a task in. A group lives an hour longer than the task for which its
// life was made longer.
func (g *group) add(t *task) {
	g.tasks = append(g.tasks, t)
	if expires := time.Time(t.task.Expires); expires.After(time.Time(g.expires)) {
		g.expires = taskcluster.Time(expires.Add(time.Hour))
	}
}

func (g *group) view() map[string]any {
	view := map[string]any{"taskGroupId": g.id, "schedulerId": g.schedulerID, "expires": g.expires}
	if g.sealed != nil {
		view["sealed"] = *g.sealed
	}
	return view
}

// findGroup is a group that there is and that hasn't expired, else nil.
func (s *Server) findGroup(id string) *group {
	g := s.groups[id]
	if g == nil || time.Time(g.expires).Before(s.config.Now()) {
		return nil
	}
	return g
}

func (s *Server) noGroup(req *request) answer {
	return s.refuse(req, 404, "ResourceNotFound", fmt.Sprintf("No task-group with taskGroupId: `%s`", req.id))
}

func (s *Server) getTaskGroup(req *request) answer {
	g := s.findGroup(req.id)
	if g == nil {
		return s.noGroup(req)
	}
	return ok(g.view())
}

func (s *Server) listTaskGroup(req *request) answer {
	g := s.findGroup(req.id)
	if g == nil {
		return s.noGroup(req)
	}
	tasks := slices.DeleteFunc(slices.Clone(g.tasks), func(t *task) bool { return s.find(t.status.TaskID) == nil })
	body := s.page(req, "tasks", views(tasks))
	for name, value := range g.view() {
		body[name] = value
	}
	return ok(body)
}

// ofGroup finds the group that a call changes, and asks for the scopes, which
// name its scheduler.
func (s *Server) ofGroup(req *request) (*group, *answer) {
	g := s.findGroup(req.id)
	if g == nil {
		a := s.noGroup(req)
		return nil, &a
	}
	return g, s.authorize(req, map[string]any{"schedulerId": g.schedulerID})
}

// sealTaskGroup closes a group for new tasks. It can't be opened again; the same
// again only sends the message.
func (s *Server) sealTaskGroup(req *request) answer {
	g, refused := s.ofGroup(req)
	if refused != nil {
		return *refused
	}
	if g.sealed == nil {
		now := s.now()
		g.sealed = &now
	}
	s.announceGroup("task-group-sealed", g, g.view())
	return ok(g.view())
}

// cancelTaskGroup cancels what isn't resolved.
func (s *Server) cancelTaskGroup(req *request) answer {
	g, refused := s.ofGroup(req)
	if refused != nil {
		return *refused
	}
	ids := []string{}
	for _, t := range slices.Clone(g.tasks) {
		if !t.status.Final() {
			ids = append(ids, t.status.TaskID)
			s.announceCancelled(t, s.endIn(t, "canceled"))
			s.resolved(t)
		}
	}
	return ok(map[string]any{"taskGroupId": g.id, "taskGroupSize": len(g.tasks), "cancelledCount": len(ids), "taskIds": ids})
}

// changeTaskGroupPriority changes the tasks that were never resolved.
func (s *Server) changeTaskGroupPriority(req *request) answer {
	g, refused := s.ofGroup(req)
	if refused != nil {
		return *refused
	}
	priority, invalid := s.newPriority(req)
	if invalid != nil {
		return *invalid
	}
	ids := []string{}
	for _, t := range g.tasks {
		if !t.everResolved {
			t.setPriority(priority)
			ids = append(ids, t.status.TaskID)
		}
	}
	slices.SortFunc(ids, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	s.announceGroup("task-group-priority-changed", g, map[string]any{
		"taskGroupId": g.id, "schedulerId": g.schedulerID, "newPriority": priority, "tasksAffected": len(ids),
	})
	return ok(map[string]any{
		"taskGroupId": g.id, "schedulerId": g.schedulerID, "newPriority": priority, "tasksAffected": len(ids), "taskIds": ids,
	})
}
