package taskclustertest_test

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"verdict/taskcluster"
	"verdict/taskcluster/api/methods"
	"verdict/taskcluster/scopes"
	"verdict/taskcluster/taskclustertest"
)

// leastWorld is a deployment with one of everything that a method may be about,
// in which nobody has scopes by being nobody.
type leastWorld struct {
	t      *testing.T
	server *taskclustertest.Server
	random *rand.Rand
	taskID string
}

func newLeastWorld(t *testing.T, seed uint64) *leastWorld {
	t.Helper()
	server, _ := start(t, taskclustertest.Config{})
	server.SetRole("anonymous")
	server.AddClient("root", "token", "*")
	return &leastWorld{t: t, server: server, random: rand.New(rand.NewPCG(seed, 1))}
}

const wordLetters = "abcdefghijklmnopqrstuvwxyz0123456789"

func (w *leastWorld) word() string {
	word := make([]byte, 1+w.random.IntN(8))
	for i := range word {
		word[i] = wordLetters[w.random.IntN(len(wordLetters))]
	}
	return "x" + string(word)
}

func (w *leastWorld) words() []string {
	words := make([]string, 1+w.random.IntN(4))
	for i := range words {
		words[i] = w.word() + ":" + w.word()
	}
	return words
}

// args are random, but for those that must name something there is.
func (w *leastWorld) args(m scopes.Method) map[string]string {
	args := map[string]string{}
	for _, name := range m.Args {
		switch name {
		case "taskId":
			w.taskID = add(w.t, w.server, map[string]any{"schedulerId": w.word(), "projectId": w.word(), "taskQueueId": w.word() + "/" + w.word(), "taskGroupId": taskcluster.NewID()})
			args[name] = w.taskID
		case "taskGroupId":
			group := taskcluster.NewID()
			add(w.t, w.server, map[string]any{"schedulerId": w.word(), "taskGroupId": group})
			args[name] = group
		case "runId":
			args[name] = "0"
		case "clientId":
			args[name] = w.word()
			if m.Name != "createClient" {
				w.server.AddClient(args[name], "t", w.word()+":"+w.word())
			}
		case "roleId":
			args[name] = w.word()
			if m.Name != "createRole" {
				w.server.SetRole(args[name], w.word()+":"+w.word())
			}
		case "taskQueueId", "workerPoolId":
			args[name] = w.word() + "/" + w.word()
		case "level":
			args[name] = []string{"read-only", "read-write"}[w.random.IntN(2)]
		case "owner":
			args[name] = strings.ToUpper(w.word())
		default:
			args[name] = w.word()
		}
	}
	return args
}

// payload has a value for each parameter that isn't in the path.
func (w *leastWorld) payload(m scopes.Method) map[string]any {
	payload := map[string]any{}
	for _, name := range m.Scopes.Params() {
		if !slices.Contains(m.Args, name) && !slices.Contains(m.Query, name) {
			payload[name] = w.word()
		}
	}
	for _, name := range []string{"scopes", "scopesAdded"} {
		if payload[name] != nil {
			payload["scopes"] = w.words()
		}
	}
	switch m.Service + "." + m.Name {
	case "queue.createTask":
		return w.definition()
	case "queue.tasks", "queue.statuses":
		payload["taskIds"] = []string{taskcluster.NewID(), taskcluster.NewID()}
	case "index.findTasksAtIndex":
		return map[string]any{"indexes": w.words()}
	case "auth.githubRepoToken":
		return map[string]any{"repositories": []string{w.word(), strings.ToUpper(w.word())}, "permissions": map[string]any{"contents": "read", "issues": "write"}}
	case "queue.changeTaskPriority", "queue.changeTaskGroupPriority":
		return map[string]any{"newPriority": "high"}
	case "queue.declareWorker":
		return map[string]any{"expires": taskcluster.Time(time.Now()), "capacity": 1}
	case "queue.reportException":
		return map[string]any{"reason": "malformed-payload"}
	}
	return payload
}

// definition is a random task.
func (w *leastWorld) definition() map[string]any {
	now := time.Now()
	task := map[string]any{
		"created": taskcluster.Time(now), "deadline": taskcluster.Time(now.Add(time.Hour)), "payload": map[string]any{},
		"metadata": map[string]any{"name": "n", "description": "", "owner": "o", "source": "https://x"},
	}
	if w.random.IntN(2) == 0 {
		task["taskQueueId"] = w.word() + "/" + w.word()
	} else {
		task["provisionerId"], task["workerType"] = w.word(), w.word()
	}
	for name, value := range map[string]any{
		"schedulerId": w.word(), "projectId": w.word(), "priority": scopes.Priorities[w.random.IntN(len(scopes.Priorities))],
		"scopes": w.words(), "routes": w.words(),
	} {
		if w.random.IntN(3) > 0 {
			task[name] = value
		}
	}
	return task
}

// request is a random call of a method, with what has to be looked up.
func (w *leastWorld) request(m scopes.Method) scopes.Request {
	r := scopes.Request{Args: w.args(m), Query: url.Values{}, Known: map[scopes.Origin]json.RawMessage{}}
	for _, name := range m.Query {
		if slices.Contains(m.Scopes.Params(), name) {
			r.Query.Set(name, w.word())
		}
	}
	if m.Input != "" {
		text, err := json.Marshal(w.payload(m))
		if err != nil {
			w.t.Fatal(err)
		}
		r.Payload = text
	}
	for _, l := range m.Lookups() {
		asked := method(w.t, l.Service, l.Method)
		status, body := w.send(asked, scopes.Request{Args: map[string]string{l.Arg: r.Args[l.Arg]}}, []string{"*"})
		if status != 200 {
			w.t.Fatalf("%s.%s answered %d %s", l.Service, l.Method, status, body)
		}
		r.Known[l.Origin] = json.RawMessage(body)
	}
	return r
}

func method(t *testing.T, service, name string) scopes.Method {
	t.Helper()
	for _, m := range methods.All {
		if m.Service == service && m.Name == name {
			return m
		}
	}
	t.Fatalf("no method %s.%s", service, name)
	return scopes.Method{}
}

// send makes the call with exactly these scopes.
func (w *leastWorld) send(m scopes.Method, r scopes.Request, have []string) (int, string) {
	w.t.Helper()
	path := m.Route
	for name, value := range r.Args {
		path = strings.ReplaceAll(path, "<"+name+">", url.PathEscape(value))
	}
	address := w.server.URL + "/api/" + m.Service + "/v1" + path
	if len(r.Query) > 0 {
		address += "?" + r.Query.Encode()
	}
	req, err := http.NewRequest(m.Verb, address, strings.NewReader(string(r.Payload)))
	if err != nil {
		w.t.Fatal(err)
	}
	if r.Payload != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	c := newCert("root")
	c.Scopes = have
	temporary(c, "root/least", "token").sign(w.t, req)
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// check holds one call to the promise: what was computed is enough, and without
// any one scope of it the call is refused, naming that one.
func (w *leastWorld) check(m scopes.Method, r scopes.Request) {
	w.t.Helper()
	name := m.Service + "." + m.Name
	need, err := m.Needed(r, []string{"*"})
	if err != nil {
		w.t.Errorf("%s: %v", name, err)
		return
	}
	if enough, err := m.Satisfied(r, need); err != nil || !enough {
		w.t.Errorf("%s: %q doesn't satisfy its expression (%v)", name, need, err)
	}
	for i, left := range need {
		rest := slices.Concat(need[:i], need[i+1:])
		status, body := w.send(m, r, append([]string{}, rest...))
		if status != 403 || !strings.Contains(body, `"code":"InsufficientScopes"`) || !strings.Contains(body, left) {
			w.t.Errorf("%s without %s: answered %d %s", name, left, status, body)
		}
	}
	status, body := w.send(m, r, append([]string{}, need...))
	switch {
	case status == 401 || status == 403 || status == 400:
		w.t.Errorf("%s with %q: answered %d %s", name, need, status, body)
	case taskclustertest.Behaves(m.Service, m.Name) && status == 501, !taskclustertest.Behaves(m.Service, m.Name) && status != 501:
		w.t.Errorf("%s: answered %d, which isn't what Behaves says", name, status)
	}
}

// shapes are payloads that scopes say nothing about, and without which there is
// nothing to be done.
var shapes = map[string]map[string]any{
	"auth.expandScopes":    {"scopes": []string{"assume:x"}},
	"queue.createArtifact": {"storageType": "error", "reason": "file-missing-on-worker", "message": "m"},
	"hooks.createHook":     {"metadata": map[string]any{"name": "n"}, "task": map[string]any{}},
	"hooks.updateHook":     {"metadata": map[string]any{"name": "n"}, "task": map[string]any{}},
	"secrets.set":          {"secret": map[string]any{"a": 1}},
	"index.insertTask":     {"taskId": "fN1SbArXTPSVFUUvaOlinQ", "rank": 0, "data": map[string]any{}},
}

func TestEachMethodNeedsExactlyWhatIsComputed(t *testing.T) {
	checked := 0
	for _, m := range methods.All {
		if m.Scopes == nil {
			continue
		}
		checked++
		for round := range uint64(3) {
			w := newLeastWorld(t, round)
			r := w.request(m)
			if fields := shapes[m.Service+"."+m.Name]; fields != nil {
				whole := map[string]any{"expires": taskcluster.Time(time.Now().Add(time.Minute))}
				for k, v := range fields {
					whole[k] = v
				}
				text, err := json.Marshal(whole)
				if err != nil {
					t.Fatal(err)
				}
				r.Payload = text
			}
			if strings.HasPrefix(m.Name, "report") && m.Service == "queue" || m.Name == "reclaimTask" || m.Name == "createArtifact" {
				if _, err := w.server.Start(w.taskID); err != nil {
					t.Fatal(err)
				}
			}
			w.check(m, r)
			w.server.Close()
		}
	}
	if checked < 140 {
		t.Errorf("checked %d methods, want the 140 of the references", checked)
	}
}

func TestCreateTaskNeedsExactlyWhatIsComputed(t *testing.T) {
	w, m := newLeastWorld(t, 42), method(t, "queue", "createTask")
	for i := range 500 {
		text, err := json.Marshal(w.definition())
		if err != nil {
			t.Fatal(err)
		}
		w.check(m, scopes.Request{Args: map[string]string{"taskId": taskcluster.NewID()}, Payload: text})
		if t.Failed() {
			t.Fatalf("definition %d: %s", i, text)
		}
	}
}
