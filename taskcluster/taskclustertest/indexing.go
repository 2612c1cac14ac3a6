package taskclustertest

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"verdict/taskcluster"
)

// indexed is a task by a name that can be found.
type indexed struct {
	Namespace string           `json:"namespace"`
	TaskID    string           `json:"taskId"`
	Rank      float64          `json:"rank"`
	Data      map[string]any   `json:"data"`
	Expires   taskcluster.Time `json:"expires"`
}

// indexTask files a completed task under the routes of it that ask for it.
func (s *Server) indexTask(t *task) {
	extra, _ := t.definition["extra"].(map[string]any)
	wish, _ := extra["index"].(map[string]any)
	entry := indexed{TaskID: t.status.TaskID, Data: map[string]any{}, Expires: t.task.Expires}
	if rank, given := wish["rank"].(float64); given {
		entry.Rank = rank
	}
	if data, given := wish["data"].(map[string]any); given {
		entry.Data = data
	}
	if expires, err := time.Parse(time.RFC3339, text(wish["expires"])); err == nil {
		entry.Expires = taskcluster.Time(expires)
	}
	for _, route := range t.task.Routes {
		if namespace, ok := strings.CutPrefix(route, "index."); ok {
			entry.Namespace = namespace
			s.insert(entry)
		}
	}
}

// insert files a task, unless one of a higher rank is there.
func (s *Server) insert(entry indexed) {
	if had := s.index[entry.Namespace]; had == nil || had.Rank <= entry.Rank {
		s.index[entry.Namespace] = &entry
	}
}

func (s *Server) lookIn(namespace string) *indexed {
	entry := s.index[namespace]
	if entry == nil || time.Time(entry.Expires).Before(s.config.Now()) {
		return nil
	}
	return entry
}

func (s *Server) notIndexed(req *request) answer {
	return s.refuse(req, 404, "ResourceNotFound", "Indexed task not found")
}

func (s *Server) findTask(req *request) answer {
	entry := s.lookIn(req.id)
	if entry == nil {
		return s.notIndexed(req)
	}
	return ok(entry)
}

func (s *Server) findTasksAtIndex(req *request) answer {
	paths := texts(req.payload["indexes"])
	if refused := s.authorize(req, map[string]any{"indexPaths": paths}); refused != nil {
		return *refused
	}
	var found []any
	for _, path := range paths {
		if entry := s.lookIn(path); entry != nil {
			found = append(found, entry)
		}
	}
	return ok(s.page(req, "tasks", found))
}

func (s *Server) insertTask(req *request) answer {
	entry := indexed{Namespace: req.id}
	if err := json.Unmarshal(req.body, &entry); err != nil || entry.TaskID == "" || entry.Data == nil {
		return s.invalid(req, "index/v1/insert-task-request.json", []string{"data must have required properties taskId, rank, data and expires"})
	}
	s.insert(entry)
	return ok(s.index[req.id])
}

func (s *Server) deleteIndexed(req *request) answer {
	delete(s.index, req.id)
	return ok(map[string]any{})
}

// listIndexed are the tasks right under a namespace, not those further down.
func (s *Server) listIndexed(req *request) answer {
	var found []any
	for _, name := range slices.Sorted(maps.Keys(s.index)) {
		parent, _ := cutLast(name)
		if entry := s.lookIn(name); entry != nil && parent == req.id {
			found = append(found, entry)
		}
	}
	return ok(s.page(req, "tasks", found))
}

// listNamespaces are the namespaces right under one.
func (s *Server) listNamespaces(req *request) answer {
	expires := map[string]taskcluster.Time{}
	for name, entry := range s.index {
		for parent, last := cutLast(name); last != ""; parent, last = cutLast(parent) {
			if above, _ := cutLast(parent); parent != "" && above == req.id {
				if time.Time(entry.Expires).After(time.Time(expires[parent])) {
					expires[parent] = entry.Expires
				}
			}
		}
	}
	var found []any
	for _, namespace := range slices.Sorted(maps.Keys(expires)) {
		_, name := cutLast(namespace)
		found = append(found, map[string]any{"namespace": namespace, "name": cmp.Or(name, namespace), "expires": expires[namespace]})
	}
	return ok(s.page(req, "namespaces", found))
}

// cutLast splits a.b.c into a.b and c.
func cutLast(name string) (before, last string) {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return "", name
	}
	return name[:i], name[i+1:]
}

// findArtifactFromTask redirects to the queue.
func (s *Server) findArtifactFromTask(req *request) answer {
	entry := s.lookIn(req.id)
	if entry == nil {
		return s.notIndexed(req)
	}
	address := s.URL + "/api/queue/v1/task/" + entry.TaskID + "/artifacts/" + req.params["name"]
	return answer{status: http.StatusSeeOther, location: address, body: map[string]any{"url": address}}
}
