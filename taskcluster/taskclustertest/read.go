package taskclustertest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// find is a task that there is and that hasn't expired, else nil.
func (s *Server) find(taskID string) *task {
	t := s.tasks[taskID]
	if t == nil || time.Time(t.task.Expires).Before(s.config.Now()) {
		return nil
	}
	return t
}

func (s *Server) getTask(req *request) answer {
	t := s.find(req.id)
	if t == nil {
		return s.noTask(req)
	}
	return ok(t.definition)
}

func (s *Server) getStatus(req *request) answer {
	t := s.find(req.id)
	if t == nil {
		return s.noTask(req)
	}
	return ok(map[string]any{"status": t.snapshot()})
}

func (s *Server) noTask(req *request) answer {
	return s.refuse(req, 404, "ResourceNotFound",
		fmt.Sprintf("`%s` does not correspond to a task that exists.\nAre you sure this task exists?", req.id))
}

// getTasks leaves out the tasks that there aren't.
func (s *Server) getTasks(req *request) answer {
	return s.each(req, "tasks", func(t *task) any {
		return map[string]any{"taskId": t.status.TaskID, "task": t.definition}
	})
}

func (s *Server) getStatuses(req *request) answer {
	return s.each(req, "statuses", func(t *task) any {
		return map[string]any{"taskId": t.status.TaskID, "status": t.snapshot()}
	})
}

func (s *Server) each(req *request, name string, view func(*task) any) answer {
	ids, given := req.payload["taskIds"].([]any)
	if !given {
		return s.invalid(req, "queue/v1/tasks-request.json", []string{"data must have required property 'taskIds'"})
	}
	if refused := s.authorize(req, map[string]any{"taskIds": ids}); refused != nil {
		return *refused
	}
	var views []any
	for _, id := range ids {
		if t := s.find(text(id)); t != nil {
			views = append(views, view(t))
		}
	}
	return ok(s.page(req, name, views))
}

func (s *Server) listDependentTasks(req *request) answer {
	if s.find(req.id) == nil {
		return s.noTask(req)
	}
	dependents := slices.DeleteFunc(slices.Clone(s.waiting[req.id]), func(t *task) bool { return s.find(t.status.TaskID) != t })
	body := s.page(req, "tasks", views(dependents))
	body["taskId"] = req.id
	return ok(body)
}

// views are tasks as listings show them.
func views(tasks []*task) []any {
	var all []any
	for _, t := range tasks {
		all = append(all, map[string]any{"status": t.snapshot(), "task": t.definition})
	}
	return all
}

func (s *Server) pendingTasks(req *request) answer {
	pending := 0
	for _, t := range s.tasks {
		if t.status.TaskQueueID == req.id && t.status.State == "pending" {
			pending++
		}
	}
	provisionerID, workerType, _ := strings.Cut(req.id, "/")
	return ok(map[string]any{"taskQueueId": req.id, "provisionerId": provisionerID, "workerType": workerType, "pendingTasks": pending})
}
