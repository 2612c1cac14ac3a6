package scopes_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
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

// deployment is a stand-in where nobody may do anything without scopes, and what
// methods are called on: a task in a group, a client, a role. The stand-in
// evaluates expressions with code of its own.
type deployment struct {
	t      *testing.T
	server *taskclustertest.Server
	random *rand.Rand
	taskID string
	group  string
	answer []byte // the last that came
}

// Do keeps what is answered: the client's errors leave out which expression was
// to be satisfied.
func (d *deployment) Do(req *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if d.answer, err = io.ReadAll(response.Body); err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(d.answer))
	return response, nil
}

func deploy(t *testing.T) *deployment {
	t.Helper()
	server, err := taskclustertest.NewServer(taskclustertest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	server.AddClient("root", "a-token-for-tests-only", "*")
	server.SetRole("anonymous")
	return &deployment{t: t, server: server, random: rand.New(rand.NewPCG(1, 2))}
}

// fresh makes what the next method is called on.
func (d *deployment) fresh() {
	d.taskID, d.group = taskcluster.NewID(), taskcluster.NewID()
	definition := d.definition()
	definition["taskGroupId"] = d.group
	payload := d.encode(definition)
	if err := d.call("root/setup", []string{"*"}, taskcluster.Call{Name: "createTask", Method: "PUT", Path: "/task/" + d.taskID, Payload: payload}, "queue"); err != nil {
		d.t.Fatal(err)
	}
	d.server.AddClient("a/client", "another-token-for-tests", "held", "held:too")
	d.server.SetRole("a-role", "held", "held:too")
}

// call makes a call with temporary credentials that have just these scopes.
func (d *deployment) call(name string, have []string, call taskcluster.Call, service string) error {
	client := taskcluster.NewClient(&taskcluster.Credentials{ClientID: "root", AccessToken: "a-token-for-tests-only"}, d.server.URL, service)
	client.Retry = taskcluster.Retry{Attempts: 1}
	client.HTTPClient = d
	client = client.As(taskcluster.Caller{Name: name, Scopes: append([]string{}, have...)})
	return client.Do(context.Background(), call, nil)
}

// refused reports whether an error says that scopes are missing. Any other answer
// came later than the check.
func refused(t *testing.T, err error) bool {
	t.Helper()
	var api *taskcluster.APIError
	if !errors.As(err, &api) {
		if err != nil && !errors.Is(err, taskcluster.ErrUnavailable) {
			t.Fatalf("no answer: %v", err)
		}
		return false
	}
	if api.StatusCode == http.StatusUnauthorized || api.StatusCode == http.StatusBadRequest {
		t.Fatalf("the call itself isn't right: %v", err)
	}
	return api.StatusCode == http.StatusForbidden
}

func (d *deployment) encode(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		d.t.Fatal(err)
	}
	return data
}

// one is one of several.
func one[T any](d *deployment, of ...T) T { return of[d.random.IntN(len(of))] }

// word is a random identifier.
func (d *deployment) word() string {
	letters := make([]byte, 1+d.random.IntN(8))
	for i := range letters {
		letters[i] = byte('a' + d.random.IntN(26))
	}
	return string(letters)
}

// some are up to n of what make makes, each once.
func some(d *deployment, n int, make func() string) []string {
	list := []string{}
	for range d.random.IntN(n + 1) {
		if s := make(); !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

// definition is a random definition of a task, each optional field of which may
// be there or not.
func (d *deployment) definition() map[string]any {
	now := time.Now().UTC()
	definition := map[string]any{
		"created": now.Format(time.RFC3339), "deadline": now.Add(time.Hour).Format(time.RFC3339), "payload": map[string]any{},
		"metadata": map[string]any{"name": "n", "description": "d", "owner": "o@example.org", "source": "https://example.org"},
	}
	if one(d, true, false) {
		definition["taskQueueId"] = d.word() + "/" + d.word()
	} else {
		definition["provisionerId"], definition["workerType"] = d.word(), d.word()
	}
	scope := func() string {
		return one(d, "queue:route:", "queue:", "secrets:get:", "assume:project:") + one(d, "", d.word()) + one(d, "", "*")
	}
	optional := map[string]any{
		"priority":    one(d, scopes.Priorities...),
		"projectId":   one(d, "none", d.word()),
		"schedulerId": d.word(),
		"scopes":      some(d, 4, scope),
		"routes":      some(d, 4, func() string { return "index." + d.word() + one(d, "", "*") }),
	}
	for _, name := range slices.Sorted(maps.Keys(optional)) { // the same in each run
		if one(d, true, true, false) {
			definition[name] = optional[name]
		}
	}
	return definition
}

// request is a random request of a method.
func (d *deployment) request(m *scopes.Method) scopes.Request {
	r := scopes.Request{Args: map[string]string{}, Query: url.Values{}}
	for _, arg := range m.Args {
		r.Args[arg] = d.argument(arg)
	}
	for _, option := range m.Query {
		if slices.Contains(m.Scopes.Params(), option) {
			r.Query.Set(option, d.word()+"/"+d.word())
		}
	}
	if m.Input != "" {
		r.Payload = d.payload(m)
	}
	r.Known = map[scopes.Origin]json.RawMessage{}
	for _, lookup := range m.Lookups() {
		asked := scopes.Find(methods.All, lookup.Service, lookup.Method)
		var answer json.RawMessage
		call := callOf(asked, scopes.Request{Args: map[string]string{lookup.Arg: r.Args[lookup.Arg]}})
		client := taskcluster.NewClient(&taskcluster.Credentials{ClientID: "root", AccessToken: "a-token-for-tests-only"}, d.server.URL, lookup.Service)
		if err := client.Do(context.Background(), call, &answer); err != nil {
			d.t.Fatalf("%s.%s: %v", m.Service, m.Name, err)
		}
		r.Known[lookup.Origin] = answer
	}
	return r
}

func (d *deployment) argument(name string) string {
	switch name {
	case "taskId":
		return d.taskID
	case "taskGroupId":
		return d.group
	case "runId", "number":
		return "0"
	case "clientId":
		return "a/client"
	case "roleId":
		return "a-role"
	case "level":
		return one(d, "read-only", "read-write")
	case "taskQueueId", "workerPoolId":
		return d.word() + "/" + d.word()
	case "owner":
		return one(d, "Owner", d.word())
	}
	return d.word()
}

// payload has what a method's scopes name, and what its schema asks for.
func (d *deployment) payload(m *scopes.Method) json.RawMessage {
	expires := time.Now().Add(time.Minute).UTC().Format(time.RFC3339)
	fields := map[string]any{}
	for _, name := range m.Scopes.Params() {
		if !slices.Contains(m.Args, name) {
			fields[name] = d.word()
		}
	}
	more := map[string]any{}
	switch m.Service + "." + m.Name {
	case "queue.createTask":
		fields = d.definition()
	case "queue.declareWorker":
		fields = map[string]any{"expires": expires}
	case "auth.createClient", "auth.updateClient", "auth.createRole", "auth.updateRole":
		held := one(d, []string{}, []string{"held", d.word()}, []string{d.word(), d.word() + "*"})
		more = map[string]any{"expires": expires, "description": "d", "scopes": held}
	case "auth.expandScopes":
		more = map[string]any{"scopes": []string{d.word()}}
	case "auth.githubRepoToken":
		permissions := map[string]string{"contents": "read", "issues": one(d, "read", "write")}
		fields = map[string]any{"repositories": []string{d.word(), "Mixed"}, "permissions": permissions}
	case "hooks.createHook", "hooks.updateHook":
		more = map[string]any{"metadata": map[string]any{"name": "n"}, "task": map[string]any{}}
	case "index.findTasksAtIndex":
		fields = map[string]any{"indexes": some(d, 3, d.word)}
	case "index.insertTask":
		more = map[string]any{"taskId": d.taskID, "rank": 0, "data": map[string]any{}, "expires": expires}
	case "queue.changeTaskPriority", "queue.changeTaskGroupPriority":
		fields = map[string]any{"newPriority": one(d, scopes.Priorities...)}
	case "queue.createArtifact":
		more = map[string]any{"storageType": "error", "reason": "file-missing-on-worker", "message": "m", "expires": expires}
	case "queue.reportException":
		more = map[string]any{"reason": "malformed-payload"}
	case "queue.tasks", "queue.statuses":
		fields = map[string]any{"taskIds": []string{d.taskID, taskcluster.NewID()}}
	case "secrets.set":
		more = map[string]any{"secret": map[string]any{}, "expires": expires}
	}
	maps.Copy(fields, more)
	return d.encode(fields)
}

// callOf is a method's call as a client makes it.
func callOf(m *scopes.Method, r scopes.Request) taskcluster.Call {
	path := m.Route
	for name, value := range r.Args {
		path = strings.ReplaceAll(path, "<"+name+">", url.PathEscape(value))
	}
	call := taskcluster.Call{Name: m.Name, Method: m.Verb, Path: path, Query: r.Query}
	if r.Payload != nil {
		call.Payload = r.Payload
	}
	return call
}

// checkLeast makes the call with what Needed says, which must be enough, and with
// each one of it missing, which must not. Granted is everything, or a random part
// of what the stand-in says is asked for.
func (d *deployment) checkLeast(m *scopes.Method, r scopes.Request) {
	d.t.Helper()
	name, call := m.Service+"."+m.Name, callOf(m, r)
	asked := scopes.Expression{AllOf: []scopes.Expression{}}
	if refused(d.t, d.call("none", nil, call, m.Service)) {
		asked = d.expressionIn(d.answer)
	}
	granted := []string{"*"}
	if one(d, true, false) {
		granted = slices.DeleteFunc(leaves(asked), func(string) bool { return one(d, true, false, false) })
	}
	need, err := m.Needed(r, granted)
	if err != nil {
		d.t.Fatalf("%s: %v", name, err)
	}
	if !holds(asked, need) {
		d.t.Fatalf("%s needs %q, which doesn't satisfy %s", name, need, text(d.t, &asked))
	}
	if want := holds(asked, granted); scopes.Satisfies(granted, need) != want {
		d.t.Fatalf("%s with %q granted needs %q; the grant is enough: %v", name, granted, need, want)
	}
	for i, scope := range need {
		rest := slices.Delete(slices.Clone(need), i, i+1)
		if !refused(d.t, d.call("less", rest, call, m.Service)) || !bytes.Contains(d.answer, []byte(scope)) {
			d.t.Fatalf("%s without %q, with %q: %s", name, scope, rest, d.answer)
		}
	}
	if refused(d.t, d.call("enough", need, call, m.Service)) {
		d.t.Fatalf("%s is refused with %q: %s", name, need, d.answer)
	}
}

// expressionIn is the last expression in an answer that refuses.
func (d *deployment) expressionIn(answer []byte) scopes.Expression {
	var refusal struct{ Message string }
	if err := json.Unmarshal(answer, &refusal); err != nil {
		d.t.Fatal(err)
	}
	parts := strings.Split(refusal.Message, "\n```\n")
	if len(parts) < 3 {
		d.t.Fatalf("no expression in %q", refusal.Message)
	}
	asked := parts[len(parts)-2]
	if !strings.HasPrefix(asked, "{") {
		return scopes.Expression{Scope: asked}
	}
	e, err := scopes.ParseExpression([]byte(asked))
	if err != nil {
		d.t.Fatalf("%q: %v", asked, err)
	}
	return *e
}

func TestNeededIsTheLeastOfEveryMethod(t *testing.T) {
	d := deploy(t)
	scoped := 0
	for i := range methods.All {
		m := &methods.All[i]
		if m.Scopes == nil {
			continue
		}
		scoped++
		t.Run(m.Service+"."+m.Name, func(t *testing.T) {
			d.t = t
			for range 5 {
				d.fresh()
				d.checkLeast(m, d.request(m))
			}
		})
	}
	d.t = t
	if scoped != 140 {
		t.Errorf("%d methods need scopes, want 140", scoped)
	}
}

func TestNeededIsTheLeastOfCreateTask(t *testing.T) {
	d := deploy(t)
	createTask := scopes.Find(methods.All, "queue", "createTask")
	for range 500 {
		d.checkLeast(createTask, scopes.Request{
			Args: map[string]string{"taskId": taskcluster.NewID()}, Payload: d.encode(d.definition()),
		})
	}
}
