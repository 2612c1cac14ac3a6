package contract

import (
	"net/http"
	"testing"
	"time"

	"verdict/taskcluster"
)

func testArtifacts(t *testing.T, env Env) {
	task := env.task(t, nil)
	w := env.work(t, task, "0")
	private := "private/" + env.SchedulerID + "/log"
	expires := taskcluster.Time(time.Now().Add(30 * time.Minute))
	for name, payload := range map[string]map[string]any{
		"public/ref": {"storageType": "reference", "url": "https://example.com/a", "contentType": "text/plain"},
		"public/lnk": {"storageType": "link", "artifact": "public/ref", "contentType": "text/plain"},
		"public/hid": {"storageType": "link", "artifact": private, "contentType": "text/plain"},
		"public/err": {"storageType": "error", "reason": "file-missing-on-worker", "message": "nope"},
		private:      {"storageType": "reference", "url": "https://example.com/b", "contentType": "text/plain"},
	} {
		payload["expires"] = expires
		for range 2 { // the same again is no conflict
			made := w.call(t, http.MethodPost, task+"/runs/0/artifacts/"+name, payload)
			made.expect(t, "create "+name, 200, "")
			if made.json["storageType"] != payload["storageType"] {
				t.Errorf("create %s: answered %v", name, made.json)
			}
		}
	}
	w.call(t, http.MethodPost, task+"/runs/0/artifacts/public/err", map[string]any{
		"storageType": "reference", "url": "https://example.com/a", "contentType": "text/plain", "expires": taskcluster.Time(time.Now().Add(24 * time.Hour)),
	}).expect(t, "an artifact that outlives its task", 400, "InputError")
	for _, from := range []string{task + "/runs/0/", task + "/"} {
		env.readArtifacts(t, from, private)
	}
	env.call(t, http.MethodGet, task+"/runs/3/artifacts/public/ref", nil).expect(t, "an artifact of no run", 404, "ResourceNotFound")
}

// readArtifacts reads those of a run, or of the latest.
func (env Env) readArtifacts(t *testing.T, from, private string) {
	t.Helper()
	list := env.call(t, http.MethodGet, from+"artifacts", nil)
	if all, _ := list.json["artifacts"].([]any); list.status != 200 || len(all) != 5 {
		t.Errorf("%sartifacts: %d with %d, want 5", from, list.status, len(all))
	}
	for name, want := range map[string]string{"public/ref": "https://example.com/a", "public/lnk": "https://example.com/a", private: "https://example.com/b"} {
		got := env.call(t, http.MethodGet, from+"artifacts/"+name, nil)
		if got.status != 303 || got.header.Get("Location") != want || got.json["url"] != want || got.json["storageType"] != "reference" {
			t.Errorf("%s: %d to %q, %v; want a redirect to %s that says so in JSON too", name, got.status, got.header.Get("Location"), got.json, want)
		}
		told := env.call(t, http.MethodGet, from+"artifact-content/"+name, nil)
		if told.status != 200 || told.json["url"] != want {
			t.Errorf("content of %s: %d %v, want %s", name, told.status, told.json, want)
		}
	}
	bad := env.call(t, http.MethodGet, from+"artifacts/public/err", nil)
	if bad.status != 424 || bad.json["reason"] != "file-missing-on-worker" || bad.message != "nope" {
		t.Errorf("an error: %d %v", bad.status, bad.json)
	}
	if told := env.call(t, http.MethodGet, from+"artifact-content/public/err", nil); told.status != 200 || told.json["storageType"] != "error" {
		t.Errorf("content of an error: %d %v", told.status, told.json)
	}
	if info := env.call(t, http.MethodGet, from+"artifact-info/public/lnk", nil); info.status != 200 || info.json["storageType"] != "link" {
		t.Errorf("what a link is: %d %v", info.status, info.json)
	}
	env.call(t, http.MethodGet, from+"artifacts/public/none", nil).expect(t, "an artifact that isn't there", 404, "ResourceNotFound")
	env.send(t, nil, http.MethodGet, from+"artifacts/"+private, "").expect(t, "a private one, by nobody", 403, "InsufficientScopes")
	env.send(t, nil, http.MethodGet, from+"artifacts/public/hid", "").expect(t, "a public link to a private one, by nobody", 403, "InsufficientScopes")
}
