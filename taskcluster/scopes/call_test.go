package scopes_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"

	"verdict/taskcluster/api/methods"
	"verdict/taskcluster/scopes"
)

func TestNeeded(t *testing.T) {
	task := func(definition string) map[scopes.Origin]json.RawMessage {
		return map[scopes.Origin]json.RawMessage{scopes.FromTask: json.RawMessage(definition)}
	}
	definition := task(`{"schedulerId":"s","taskGroupId":"G","projectId":"p","taskQueueId":"pool/linux"}`)
	for _, c := range []struct {
		method  string
		request scopes.Request
		granted string
		want    string
	}{
		{"queue.ping", scopes.Request{}, "", ""},
		{"queue.task", scopes.Request{Args: map[string]string{"taskId": "T"}}, "*", "queue:get-task:T"},
		{"queue.tasks", scopes.Request{Payload: json.RawMessage(`{"taskIds":["T","U"]}`)}, "*", "queue:get-task:T queue:get-task:U"},
		{"queue.tasks", scopes.Request{Payload: json.RawMessage(`{}`)}, "", ""},
		{"queue.reportFailed", scopes.Request{Args: map[string]string{"taskId": "T", "runId": "0"}}, "*", "queue:resolve-task:T/0"},
		{"queue.taskQueueCounts", scopes.Request{Args: map[string]string{"taskQueueId": "p/w"}}, "*", "queue:pending-count:p/w queue:claimed-count:p/w"},
		{"secrets.get", scopes.Request{Args: map[string]string{"name": "a/b c"}}, "*", "secrets:get:a/b c"},
		{"worker-manager.workerPoolErrorStats", scopes.Request{Query: url.Values{"workerPoolId": {"p/w"}}}, "*", "worker-manager:list-worker-pool-errors:p/w"},
		{"worker-manager.workerPoolErrorStats", scopes.Request{}, "*", "worker-manager:list-worker-pool-errors:"},
		{"purge-cache.purgeCache", scopes.Request{Args: map[string]string{"workerPoolId": "p/w"}, Payload: json.RawMessage(`{"cacheName":"c"}`)}, "*", "purge-cache:p/w:c"},

		{"queue.cancelTask", scopes.Request{Args: map[string]string{"taskId": "T"}, Known: definition}, "*", "queue:cancel-task:s/G/T"},
		{"queue.rerunTask", scopes.Request{Args: map[string]string{"taskId": "T"}, Known: definition}, "queue:rerun-task-in-project:p", "queue:rerun-task-in-project:p"},
		{"queue.rerunTask", scopes.Request{Args: map[string]string{"taskId": "T"}, Known: task(`{"schedulerId":"-","taskGroupId":"T"}`)}, "queue:rerun-task-in-project:*", "queue:rerun-task-in-project:none"},
		{"queue.scheduleTask", scopes.Request{Args: map[string]string{"taskId": "T"}, Known: definition}, "queue:schedule-task assume:scheduler-id:s/*", "queue:schedule-task assume:scheduler-id:s/G"},
		{"queue.changeTaskPriority", scopes.Request{Args: map[string]string{"taskId": "T"}}, "*", "queue:change-task-priority:T"},
		{"queue.changeTaskPriority", scopes.Request{Args: map[string]string{"taskId": "T"}, Known: definition}, "queue:change-task-priority-in-queue:*", "queue:change-task-priority-in-queue:pool/linux"},
		{"queue.changeTaskPriority", scopes.Request{Args: map[string]string{"taskId": "T"}, Known: task(`{"provisionerId":"a","workerType":"b"}`)}, "queue:change-task-priority-in-queue:*", "queue:change-task-priority-in-queue:a/b"},
		{"queue.claimTask", scopes.Request{Args: map[string]string{"taskId": "T", "runId": "0"}, Payload: json.RawMessage(`{"workerGroup":"g","workerId":"w"}`), Known: definition}, "*", "queue:claim-task:pool/linux queue:worker-id:g/w"},
		{"queue.sealTaskGroup", scopes.Request{Args: map[string]string{"taskGroupId": "G"}, Known: map[scopes.Origin]json.RawMessage{scopes.FromGroup: json.RawMessage(`{"taskGroupId":"G","schedulerId":"s"}`)}}, "*", "queue:seal-task-group:s/G"},
		{"queue.getArtifact", scopes.Request{Args: map[string]string{"taskId": "T", "runId": "0", "name": "public/a b"}}, "*", "queue:get-artifact:public/a b"},
		{"queue.getLatestArtifact", scopes.Request{Args: map[string]string{"taskId": "T", "name": "link"}, Params: scopes.Params{"names": []string{"link", "target"}}}, "*", "queue:get-artifact:link queue:get-artifact:target"},
		{"queue.declareWorker", scopes.Request{Args: map[string]string{"provisionerId": "p", "workerType": "w", "workerGroup": "g", "workerId": "i"}, Payload: json.RawMessage(`{"expires":"2030-01-01T00:00:00Z"}`)}, "*", "queue:declare-worker:p/w/g/i#expires"},

		{"index.findTasksAtIndex", scopes.Request{Payload: json.RawMessage(`{"indexes":["a.b","c"]}`)}, "*", "index:find-task:a.b index:find-task:c"},
		{"auth.createClient", scopes.Request{Args: map[string]string{"clientId": "c/d"}, Payload: json.RawMessage(`{"scopes":["x","y*","y:z"]}`)}, "*", "auth:create-client:c/d x y*"},
		{"auth.createClient", scopes.Request{Args: map[string]string{"clientId": "c/d"}, Payload: json.RawMessage(`{}`)}, "*", "auth:create-client:c/d"},
		{"auth.updateClient", scopes.Request{
			Args: map[string]string{"clientId": "c"}, Payload: json.RawMessage(`{"scopes":["x","new"]}`),
			Known: map[scopes.Origin]json.RawMessage{scopes.FromClient: json.RawMessage(`{"scopes":["assume:r"],"expandedScopes":["assume:r","x*"]}`)},
		}, "*", "auth:update-client:c new"},
		{"auth.updateRole", scopes.Request{
			Args: map[string]string{"roleId": "r"}, Payload: json.RawMessage(`{"scopes":["x"]}`),
			Known: map[scopes.Origin]json.RawMessage{scopes.FromRole: json.RawMessage(`{"scopes":["x"],"expandedScopes":["x"]}`)},
		}, "*", "auth:update-role:r"},
		{"auth.awsS3Credentials", scopes.Request{Args: map[string]string{"level": "read-only", "bucket": "b", "prefix": "p/q"}}, "*", "auth:aws-s3:read-only:b/p/q"},
		{"auth.awsS3Credentials", scopes.Request{Args: map[string]string{"level": "read-only", "bucket": "b", "prefix": "p/q"}}, "auth:aws-s3:read-write:*", "auth:aws-s3:read-write:b/p/q"},
		{"auth.awsS3Credentials", scopes.Request{Args: map[string]string{"level": "read-write", "bucket": "b", "prefix": "p"}}, "*", "auth:aws-s3:read-write:b/p"},
		{"auth.githubRepoToken", scopes.Request{
			Args:    map[string]string{"appName": "App", "owner": "Octo"},
			Payload: json.RawMessage(`{"repositories":["One","two"],"permissions":{"contents":"read","issues":"write"}}`),
		}, "auth:github-repo-token:*", "auth:github-repo-token:App/octo/one:contents:read auth:github-repo-token:App/octo/one:issues:write auth:github-repo-token:App/octo/two:contents:read auth:github-repo-token:App/octo/two:issues:write"},
		{"ec2-manager.terminateInstance", scopes.Request{Args: map[string]string{"region": "r", "instanceId": "i"}}, "*", "ec2-manager:manage-instances:r:i"},
	} {
		got, err := method(t, c.method).Needed(c.request, strings.Fields(c.granted))
		if err != nil || got == nil || strings.Join(got, " ") != c.want {
			t.Errorf("%s with %s: got %q (%v), want %s", c.method, c.granted, got, err, c.want)
		}
		if ok, err := method(t, c.method).Satisfied(c.request, got); err != nil || !ok {
			t.Errorf("%s: %q doesn't satisfy it (%v)", c.method, got, err)
		}
	}
}

func TestNeededSaysWhatItHasToKnow(t *testing.T) {
	rerun := method(t, "queue.rerunTask")
	if got := rerun.Lookups(); len(got) != 1 || got[0] != (scopes.Lookup{Origin: scopes.FromTask, Service: "queue", Method: "task", Arg: "taskId"}) {
		t.Errorf("Lookups are %v, want queue.task by taskId", got)
	}
	request := scopes.Request{Args: map[string]string{"taskId": "T"}}
	_, err := rerun.Needed(request, []string{"*"})
	var ask *scopes.LookupError
	if !errors.As(err, &ask) || ask.Service != "queue" || ask.Lookup.Method != "task" || ask.Arg != "taskId" {
		t.Errorf("got %v, want to be told of queue.task", err)
	}
	// What is granted doesn't need the task, and isn't asked for it.
	priority := method(t, "queue.changeTaskPriority")
	if _, err = priority.Needed(request, []string{"queue:change-task-priority-in-queue:*"}); !errors.As(err, &ask) {
		t.Errorf("got %v, want to be told of queue.task", err)
	}
}

func TestNeededRefusesWhatLacksSomething(t *testing.T) {
	for _, c := range []struct {
		method  string
		request scopes.Request
		want    string
	}{
		{"queue.task", scopes.Request{}, "queue.task: parameter taskId has no value: the request has no argument of that name"},
		{"purge-cache.purgeCache", scopes.Request{Args: map[string]string{"workerPoolId": "p/w"}}, "purge-cache.purgeCache: parameter cacheName has no value: the payload has no field of that name"},
		{"purge-cache.purgeCache", scopes.Request{Args: map[string]string{"workerPoolId": "p/w"}, Payload: json.RawMessage(`{"cacheName":1}`)}, "purge-cache.purgeCache: parameter cacheName: cacheName has another type than it ought to have"},
		{"purge-cache.purgeCache", scopes.Request{Args: map[string]string{"workerPoolId": "p/w"}, Payload: json.RawMessage(`{"CacheName":"c"}`)}, "purge-cache.purgeCache: parameter cacheName has no value: the payload has no field of that name"},
		{"queue.tasks", scopes.Request{Payload: json.RawMessage(`{"taskIds":[null]}`)}, "queue.tasks: parameter taskIds: taskIds has null in it"},
		{"queue.tasks", scopes.Request{Payload: json.RawMessage(`["secret"]`)}, "queue.tasks: read payload: it is no JSON object"},
		{"queue.createTask", scopes.Request{Payload: json.RawMessage(`{"taskQueueId":"p"}`)}, "queue.createTask: parameter provisionerId has no value: there is no taskQueueId of the form provisionerId/workerType"},
		{"queue.createTask", scopes.Request{Payload: json.RawMessage(`{"taskQueueId":"p/w","priority":"normal"}`)}, `queue.createTask: parameter priorities: no priority "normal"; there are [highest very-high high medium low very-low lowest]`},
		{"queue.cancelTask", scopes.Request{Args: map[string]string{"taskId": "T"}, Known: map[scopes.Origin]json.RawMessage{scopes.FromTask: json.RawMessage(`{}`)}}, "queue.cancelTask: parameter schedulerId has no value: there is no schedulerId"},
		{"queue.cancelTask", scopes.Request{Args: map[string]string{"taskId": "T"}, Known: map[scopes.Origin]json.RawMessage{scopes.FromTask: json.RawMessage(`<html>`)}}, "read answer of queue.task: it is no JSON object"},
	} {
		got, err := method(t, c.method).Needed(c.request, []string{"none"})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %q, %v, want %s", c.method, got, err, c.want)
		}
	}
}

func FuzzNeeded(f *testing.F) {
	for i, m := range methods.All {
		if len(m.Derived) > 0 {
			f.Add(i, "a/b", `{"taskQueueId":"p/w","indexes":["a"],"scopes":["b"],"repositories":["c"],"permissions":{"d":"read"}}`, `{"expandedScopes":["b"],"schedulerId":"s","taskGroupId":"t"}`, "*")
		}
	}
	f.Fuzz(func(t *testing.T, i int, arg, payload, known, granted string) {
		m := &methods.All[uint(i)%uint(len(methods.All))]
		r := scopes.Request{Args: map[string]string{}, Payload: json.RawMessage(payload), Known: map[scopes.Origin]json.RawMessage{}}
		for _, name := range m.Args {
			r.Args[name] = arg
		}
		for _, lookup := range m.Lookups() {
			r.Known[lookup.Origin] = json.RawMessage(known)
		}
		need, err := m.Needed(r, []string{granted})
		if err != nil {
			return
		}
		if ok, err := m.Satisfied(r, need); err != nil || !ok {
			t.Errorf("%s.%s needs %q, which doesn't satisfy it (%v)", m.Service, m.Name, need, err)
		}
	})
}

func BenchmarkNeeded(b *testing.B) {
	createTask := scopes.Find(methods.All, "queue", "createTask")
	r := scopes.Request{Payload: json.RawMessage(`{"taskQueueId":"gfx/linux","priority":"low","projectId":"gfx","schedulerId":"verdict","scopes":["secrets:get:gfx"],"routes":["index.gfx.1","index.gfx.2"]}`)}
	granted := []string{"queue:route:index.gfx.*", "queue:create-task:project:gfx", "queue:scheduler-id:verdict", "queue:create-task:medium:gfx/*", "secrets:get:gfx"}
	for b.Loop() {
		if _, err := createTask.Needed(r, granted); err != nil {
			b.Fatal(err)
		}
	}
}

// method is one of the references'.
func method(t *testing.T, name string) *scopes.Method {
	t.Helper()
	service, name, _ := strings.Cut(name, ".")
	m := scopes.Find(methods.All, service, name)
	if m == nil {
		m = scopes.Find(methods.Past, service, name)
	}
	if m == nil {
		t.Fatalf("there is no method %s.%s", service, name)
	}
	return m
}
