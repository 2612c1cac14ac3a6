package taskclustertest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"verdict/taskcluster"
	"verdict/taskcluster/taskclustertest"
)

// api is a server that root may do everything on.
type api struct {
	*session
}

func newAPI(t *testing.T, c taskclustertest.Config) (api, *published) {
	t.Helper()
	server, sent := start(t, c)
	server.AddClient("static/lab/root", "token", "*")
	return api{&session{t: t, server: server}}, sent
}

// call makes a call and answers its status and JSON.
func (a api) call(method, path string, body any) string {
	a.t.Helper()
	status, answer := a.send(method, path, body)
	text, err := json.Marshal(answer)
	if err != nil {
		a.t.Fatal(err)
	}
	return fmt.Sprint(status, " ", string(text))
}

func (a api) expect(what, got string, parts ...string) {
	a.t.Helper()
	for _, part := range parts {
		if !strings.Contains(got, part) {
			a.t.Errorf("%s: %s lacks %s", what, got, part)
		}
	}
}

func TestHooksTellOfThemselvesAndEachTriggerIsATask(t *testing.T) {
	a, sent := newAPI(t, taskclustertest.Config{})
	task := map[string]any{"taskQueueId": "lab/ci", "payload": map[string]any{}, "metadata": map[string]any{"name": "n", "description": "", "owner": "o", "source": "https://x"}}
	hook := map[string]any{"metadata": map[string]any{"name": "h"}, "task": task}
	a.expect("create", a.call("PUT", "hooks/v1/hooks/g/h", hook), "200", `"hookId":"h"`, `"triggerSchema"`)
	a.expect("create again", a.call("PUT", "hooks/v1/hooks/g/h", hook), "409 ", "RequestConflict")
	a.expect("update", a.call("POST", "hooks/v1/hooks/g/h", hook), "200")
	a.expect("never fired", a.call("GET", "hooks/v1/hooks/g/h/status", nil), `"result":"no-fire"`)
	a.expect("a role without scopes", a.call("POST", "hooks/v1/hooks/g/h/trigger", map[string]any{}), "403", "hook-id:g/h", "queue:create-task:project:none")
	a.server.SetRole("hook-id:g/h", "queue:*")
	sent.lines = nil
	for range 2 {
		a.expect("trigger", a.call("POST", "hooks/v1/hooks/g/h/trigger", map[string]any{}), "200", `{"status":{"taskId":"`)
	}
	sent.expect(t, "task-defined run _ unscheduled", "task-pending run 0 pending", "task-defined run _ unscheduled", "task-pending run 0 pending")
	a.expect("fires", a.call("GET", "hooks/v1/hooks/g/h/last-fires", nil), `"firedBy":"triggerHook"`, `"taskState":"pending"`)
	a.expect("lists", a.call("GET", "hooks/v1/hooks", nil)+a.call("GET", "hooks/v1/hooks/g", nil), `"groups":["g"]`, `"hooks":[{`)
	a.expect("remove", a.call("DELETE", "hooks/v1/hooks/g/h", nil), "200")
	sent.expect(t, "hook-deleted")
	if got := string(sent.bodies[len(sent.bodies)-1]); got != `{"hookGroupId":"g","hookId":"h"}` {
		t.Errorf("hook-deleted says %s", got)
	}
	a.server.SetHook("g", "made", task)
	a.server.SetRole("hook-id:g/made", "queue:*")
	a.expect("one made from Go", a.call("POST", "hooks/v1/hooks/g/made/trigger", map[string]any{}), "200")
}

func TestTheIndexHasTreesOfNames(t *testing.T) {
	a, _ := newAPI(t, taskclustertest.Config{})
	id := add(t, a.server, map[string]any{"routes": []string{"index.a.b.c", "other.a.b.d"}, "extra": map[string]any{"index": map[string]any{"rank": 3}}})
	run(t, a.server, id, taskcluster.Completed, "")
	failed := add(t, a.server, map[string]any{"routes": []string{"index.a.b.c"}, "extra": map[string]any{"index": map[string]any{"rank": 9}}})
	run(t, a.server, failed, taskcluster.Failed, "")
	a.expect("find", a.call("GET", "index/v1/task/a.b.c", nil), "200", id, `"rank":3`)
	a.expect("another route", a.call("GET", "index/v1/task/a.b.d", nil), "404", "Indexed task not found")
	a.expect("tasks right below", a.call("GET", "index/v1/tasks/a.b", nil), id)
	a.expect("tasks further below", a.call("GET", "index/v1/tasks/a", nil), `"tasks":[]`)
	a.expect("names right below", a.call("GET", "index/v1/namespaces/a", nil), `"namespace":"a.b"`, `"name":"b"`)
	status, answer := a.send("GET", "index/v1/task/a.b.c/artifacts/public/x", nil)
	if status != 303 || !strings.HasSuffix(fmt.Sprint(answer), "/task/"+id+"/artifacts/public/x]") {
		t.Errorf("an artifact by name: %d %v", status, answer)
	}
}

func TestSecretsAreKeptUntilTheyExpire(t *testing.T) {
	now := time.Now()
	a, sent := newAPI(t, taskclustertest.Config{Now: func() time.Time { return now }})
	secret := map[string]any{"secret": map[string]any{"a": "b"}, "expires": taskcluster.Time(now.Add(time.Minute))}
	a.expect("set", a.call("PUT", "secrets/v1/secret/p/q", secret), "200")
	a.expect("get", a.call("GET", "secrets/v1/secret/p/q", nil), "200", `"a":"b"`)
	a.expect("list", a.call("GET", "secrets/v1/secrets", nil), `["p/q"]`)
	now = now.Add(2 * time.Minute)
	a.expect("get when it has expired", a.call("GET", "secrets/v1/secret/p/q", nil), "410", "ResourceExpired")
	a.expect("remove", a.call("DELETE", "secrets/v1/secret/p/q", nil), "200")
	a.expect("get when it is gone", a.call("GET", "secrets/v1/secret/p/q", nil), "404")
	a.expect("tell", a.call("POST", "notify/v1/pulse", map[string]any{"routingKey": "k", "message": map[string]any{}}), "200")
	sent.expect(t, "notification")
}

func TestTasksAndTheirGroupsExpire(t *testing.T) {
	now := time.Now()
	a, _ := newAPI(t, taskclustertest.Config{Now: func() time.Time { return now }})
	a.nobody = true // whose clock would be another
	a.server.SetRole("anonymous", "*")
	id := add(t, a.server, map[string]any{"expires": taskcluster.Time(now.Add(2 * time.Hour))})
	run(t, a.server, id, taskcluster.Completed, "")
	if err := a.server.AddArtifact(id, 0, "public/x", taskclustertest.Artifact{Content: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	a.expect("while it lives", a.call("GET", "queue/v1/task/"+id+"/status", nil), "200")
	a.expect("rerun before its deadline", a.call("POST", "queue/v1/task/"+id+"/rerun", nil), "200")
	now = now.Add(90 * time.Minute)
	a.expect("rerun past its deadline", a.call("POST", "queue/v1/task/"+id+"/rerun", nil), "409", "past its deadline")
	now = now.Add(time.Hour)
	for _, path := range []string{"", "/status", "/artifacts/public/x", "/artifacts"} {
		a.expect("when it has expired", a.call("GET", "queue/v1/task/"+id+path, nil), "404", "ResourceNotFound")
	}
	a.expect("its group lives an hour more", a.call("GET", "queue/v1/task-group/"+id+"/list", nil), "200", `"tasks":[]`)
	now = now.Add(time.Hour)
	a.expect("its group", a.call("GET", "queue/v1/task-group/"+id, nil), "404", "No task-group")
}

func TestWorkersGetTheMostUrgentFirst(t *testing.T) {
	a, _ := newAPI(t, taskclustertest.Config{})
	low := add(t, a.server, map[string]any{"priority": "low"})
	add(t, a.server, map[string]any{"priority": "highest", "taskQueueId": "lab/other"})
	high := add(t, a.server, map[string]any{"priority": "high"})
	claim := func(most int) string {
		return a.call("POST", "queue/v1/claim-work/lab%2Fci", map[string]any{"tasks": most, "workerGroup": "g", "workerId": "w"})
	}
	a.expect("pending", a.call("GET", "queue/v1/pending/lab%2Fci", nil), `"pendingTasks":2`)
	a.expect("one", claim(1), `"taskId":"`+high)
	a.expect("more than there are", claim(5), `"taskId":"`+low)
	a.expect("none", claim(5), `{"tasks":[]}`)
}

func TestStoredArtifactsAreWhatWorkersPut(t *testing.T) {
	a, sent := newAPI(t, taskclustertest.Config{})
	id := add(t, a.server, nil)
	if _, err := a.server.Start(id); err != nil {
		t.Fatal(err)
	}
	sent.lines = nil
	path := "queue/v1/task/" + id + "/runs/0/artifacts/public/log"
	payload := map[string]any{"storageType": "s3", "contentType": "text/plain", "expires": taskcluster.Time(time.Now().Add(30 * time.Minute))}
	_, answer := a.send("POST", path, payload)
	sent.expect(t, "artifact-created run 0 running")
	put, _ := answer.(map[string]any)["putUrl"].(string)
	req, err := http.NewRequest(http.MethodPut, put, strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	body(t, req)
	_, found := a.send("GET", path, nil)
	address, _ := found.(map[string]any)["url"].(string)
	if req, err = http.NewRequest(http.MethodGet, address, nil); err != nil {
		t.Fatal(err)
	}
	if got := body(t, req); got != "hello" {
		t.Errorf("stored %q, want hello", got)
	}
	a.expect("an unknown kind", a.call("POST", path, map[string]any{"storageType": "object", "expires": payload["expires"]}), "400", "storageType")
	payload["contentType"] = "text/html"
	a.expect("another content type", a.call("POST", path, payload), "409", "RequestConflict")
}

func TestMethodsWithoutBehaviourSaySo(t *testing.T) {
	a, _ := newAPI(t, taskclustertest.Config{})
	a.expect("no behaviour", a.call("GET", "worker-manager/v1/worker-pools", nil), "501", "NotImplemented", "worker-manager.listWorkerPools")
	if taskclustertest.Behaves("worker-manager", "listWorkerPools") || !taskclustertest.Behaves("queue", "createTask") || !taskclustertest.Behaves("object", "ping") {
		t.Error("Behaves says otherwise")
	}
	status, _ := a.send("GET", "auth/v1/test-authenticate-get/", nil)
	if status != 401 {
		t.Errorf("testAuthenticateGet by another than its client: %d, want 401", status)
	}
}
