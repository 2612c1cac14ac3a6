package taskclustertest

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"verdict/taskcluster"
)

// Artifact is what getArtifact finds. Exactly one of Content, Redirect, Link and
// Error says what it is.
type Artifact struct {
	Content  []byte // with ContentType
	Redirect string // a reference to this address
	Link     string // the name of another artifact of the run
	Error    string // the reason why there is none

	ContentType string
}

// artifact is one of a run, as the queue has it.
type artifact struct {
	Artifact
	name, storageType string
	reason            string // of an error
	expires           taskcluster.Time
}

func (a *artifact) view() map[string]any {
	return map[string]any{"storageType": a.storageType, "name": a.name, "expires": a.expires, "contentType": a.ContentType}
}

func errNoRun(run int) error { return fmt.Errorf("it has no run %d", run) }

// AddArtifact gives a run an artifact, or another content to one that it has, and
// tells of it.
func (s *Server) AddArtifact(taskID string, run int, name string, a Artifact) error {
	return s.change(taskID, "add artifact to", func(t *task) error {
		if run < 0 || run >= len(t.status.Runs) {
			return errNoRun(run)
		}
		made := &artifact{Artifact: a, name: name, storageType: "s3", expires: t.task.Expires, reason: "file-missing-on-worker"}
		switch {
		case a.Redirect != "":
			made.storageType = "reference"
		case a.Link != "":
			made.storageType = "link"
		case a.Error != "":
			made.storageType, made.ContentType = "error", "application/json"
		}
		t.artifacts[strconv.Itoa(run)+"/"+name] = made
		s.announceArtifact(t, run, made)
		return nil
	})
}

// createArtifact takes what a worker has made. The same again is no conflict, but
// for references, which may be changed.
func (s *Server) createArtifact(req *request) answer {
	t, run, problem := s.runOf(req)
	if problem != nil {
		return *problem
	}
	name := req.params["name"]
	made, invalid := readArtifact(name, req.payload)
	if invalid != "" {
		return s.invalid(req, "queue/v1/post-artifact-request.json", []string{invalid})
	}
	switch state := t.status.Runs[run].State; {
	case state != taskcluster.Running && state != taskcluster.Exception:
		return s.refuse(req, 409, "RequestConflict", fmt.Sprintf("Artifacts cannot be created for a task after it is resolved, unless it is resolved\n'exception', and even in this case artifacts cannot be created more than\n25 minutes after resolution. This to ensure that artifacts have been uploaded\nbefore a task is 'completed' or 'failed'. Run %d is %s.", run, state))
	case time.Time(made.expires).After(time.Time(t.task.Expires)):
		return s.refuse(req, 400, "InputError", fmt.Sprintf("Artifact expires (%s) after the task expiration %s (task expiration < artifact expiration)", made.expires, t.task.Expires))
	}
	key := strconv.Itoa(run) + "/" + name
	had := t.artifacts[key]
	if had != nil && made.storageType != "reference" && (had.storageType != made.storageType || had.ContentType != made.ContentType || had.Link != made.Link || had.Error != made.Error) {
		return s.refuse(req, 409, "RequestConflict", "Artifact already exists, with different type or later expiration")
	}
	if had != nil && made.storageType == "s3" {
		made.Content = had.Content
	}
	t.artifacts[key] = made
	s.announceArtifact(t, run, made)
	if made.storageType == "s3" {
		return ok(map[string]any{"storageType": "s3", "contentType": made.ContentType, "expires": taskcluster.Time(s.config.Now().Add(45 * time.Minute)), "putUrl": s.contentURL(t, key)})
	}
	return ok(map[string]any{"storageType": made.storageType})
}

// readArtifact is what a payload describes, or what is wrong with it.
func readArtifact(name string, payload map[string]any) (made *artifact, invalid string) {
	expires, err := time.Parse(time.RFC3339, text(payload["expires"]))
	if err != nil {
		return nil, `data/expires must match format "date-time"`
	}
	made = &artifact{
		Artifact: Artifact{ContentType: text(payload["contentType"])},
		name:     name, storageType: text(payload["storageType"]), expires: taskcluster.Time(expires),
	}
	switch made.storageType {
	case "s3":
	case "reference":
		made.Redirect = text(payload["url"])
	case "link":
		made.Link = text(payload["artifact"])
	case "error":
		made.Error, made.reason, made.ContentType = text(payload["message"]), text(payload["reason"]), "application/json"
	default: // object too: this deployment has no object service
		return nil, "data/storageType must be equal to one of the allowed values"
	}
	return made, ""
}

// ofRun is the task and the run that a path is about, the latest where it names
// none; -1 where there are none.
func (s *Server) ofRun(req *request) (*task, int) {
	t := s.find(req.id)
	if t == nil {
		return nil, -1
	}
	if named, given := req.params["runId"]; given {
		run, err := strconv.Atoi(named)
		if err != nil || run >= len(t.status.Runs) {
			return nil, -1
		}
		return t, run
	}
	return t, len(t.status.Runs) - 1
}

func (s *Server) listArtifacts(req *request) answer {
	t, run := s.ofRun(req)
	if run < 0 {
		return s.noTask(req)
	}
	var views []any
	for _, key := range slices.Sorted(maps.Keys(t.artifacts)) {
		if a := s.artifactAt(t, key); a != nil && strings.HasPrefix(key, strconv.Itoa(run)+"/") {
			views = append(views, a.view())
		}
	}
	return ok(s.page(req, "artifacts", views))
}

// artifactAt is an artifact that hasn't expired, else nil.
func (s *Server) artifactAt(t *task, key string) *artifact {
	a := t.artifacts[key]
	if a == nil || time.Time(a.expires).Before(s.config.Now()) {
		return nil
	}
	return a
}

// follow finds an artifact, and names all that links led through, each of which
// the caller must be allowed to see.
func (s *Server) follow(req *request) (t *task, key string, a *artifact, names []string) {
	t, run := s.ofRun(req)
	name := req.params["name"]
	names = []string{name}
	for run >= 0 {
		key = strconv.Itoa(run) + "/" + name
		a = s.artifactAt(t, key)
		if a == nil || a.storageType != "link" || slices.Contains(names, a.Link) {
			break
		}
		name = a.Link
		names = append(names, name)
	}
	return t, key, a, names
}

func (s *Server) artifactInfo(req *request) answer {
	t, run := s.ofRun(req)
	if run >= 0 {
		if a := s.artifactAt(t, strconv.Itoa(run)+"/"+req.params["name"]); a != nil {
			return ok(a.view())
		}
	}
	return s.refuse(req, 404, "ResourceNotFound", "Artifact not found")
}

// getArtifact redirects, as the queue does: a client must not take its
// credentials along.
func (s *Server) getArtifact(req *request) answer {
	t, key, a, names := s.follow(req)
	if refused := s.authorize(req, map[string]any{"names": names}); refused != nil {
		return *refused
	}
	if a == nil {
		return s.refuse(req, 404, "ResourceNotFound", "Artifact not found")
	}
	content := s.contentOf(t, key, a)
	found := answer{status: http.StatusSeeOther, header: map[string]string{"X-Taskcluster-Artifact-Storage-Type": a.storageType}}
	if a.storageType == "error" {
		delete(content, "storageType")
		found.status, found.body = http.StatusFailedDependency, content
		return found
	}
	found.location, found.body = content["url"].(string), content
	return found
}

// artifactContent says where the content is, in words.
func (s *Server) artifactContent(req *request) answer {
	t, key, a, names := s.follow(req)
	if refused := s.authorize(req, map[string]any{"names": names}); refused != nil {
		return *refused
	}
	if a == nil {
		return s.refuse(req, 404, "ResourceNotFound", "Artifact not found")
	}
	return ok(s.contentOf(t, key, a))
}

func (s *Server) contentOf(t *task, key string, a *artifact) map[string]any {
	switch a.storageType {
	case "error":
		return map[string]any{"storageType": "error", "reason": a.reason, "message": a.Error}
	case "reference":
		return map[string]any{"storageType": "reference", "url": a.Redirect}
	}
	return map[string]any{"storageType": a.storageType, "url": s.contentURL(t, key)}
}

// contentPath begins the addresses of stored artifacts, which ask for no
// credentials.
const contentPath = "/_content/"

func (s *Server) contentURL(t *task, key string) string {
	return s.URL + contentPath + t.status.TaskID + "/" + key
}

// serveContent is the place where artifacts are stored, where workers put them
// and everybody gets them.
func (s *Server) serveContent(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return // the client is gone, or sends too much
	}
	taskID, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, contentPath), "/")
	s.mu.Lock()
	var found *artifact
	if t := s.find(taskID); t != nil {
		found = s.artifactAt(t, key)
	}
	if found != nil && r.Method == http.MethodPut {
		found.Content = body
	}
	s.mu.Unlock()
	if found == nil {
		http.NotFound(w, r)
		return
	}
	if r.Method == http.MethodPut {
		return
	}
	w.Header().Set("Content-Type", found.ContentType)
	_, _ = w.Write(found.Content) // the client may be gone
}
