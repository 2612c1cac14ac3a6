package contract

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"verdict/taskcluster"
)

const currentScopes = "/api/auth/v1/scopes/current"

func testSignedURLs(t *testing.T, env Env) {
	client := &taskcluster.Client{Credentials: &env.Credentials, BaseURL: strings.TrimRight(env.RootURL, "/") + "/api/queue/v1", Authenticate: true}
	task := env.task(t, nil)
	w := env.work(t, task, "0")
	private := "private/" + env.SchedulerID + "/signed"
	w.call(t, http.MethodPost, task+"/runs/0/artifacts/"+private, map[string]any{
		"storageType": "reference", "url": "https://example.com/a", "contentType": "text/plain", "expires": taskcluster.Time(time.Now().Add(30 * time.Minute)),
	}).expect(t, "create "+private, 200, "")
	route := strings.TrimPrefix(task, "/api/queue/v1")
	signed := func(path string, query url.Values, lifetime time.Duration) *http.Request {
		t.Helper()
		u, err := client.SignedURL(path, query, lifetime)
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequest(http.MethodGet, u.String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return req
	}
	do(t, signed(route+"/runs/0/artifacts/"+private, nil, time.Minute)).expect(t, "a signed URL", 303, "")
	do(t, signed(route+"/runs/0/artifacts", url.Values{"limit": {"1"}}, time.Minute)).expect(t, "one with a query", 200, "")
	changed := signed(route+"/runs/0/artifacts/"+private, nil, time.Minute)
	changed.URL.Path = strings.Replace(changed.URL.Path, "/signed", "/other", 1)
	do(t, changed).expect(t, "one for another path", 401, "AuthenticationFailed")
	posted := signed(route+"/runs/0/artifacts/"+private, nil, time.Minute)
	posted.URL.Path, posted.Method = "/api/queue/v1"+route+"/rerun", http.MethodPost
	do(t, posted).expect(t, "a POST", 401, "AuthenticationFailed")
	both := signed(route+"/runs/0/artifacts/"+private, nil, time.Minute)
	both.Header.Set("Authorization", "Hawk x")
	do(t, both).expect(t, "one beside a header", 401, "AuthenticationFailed")
}

func testWire(t *testing.T, env Env) {
	traced := env.request(t, http.MethodGet, "/api/queue/v1/ping", "")
	traced.Header.Set("X-Taskcluster-Trace-Id", "00000000-0000-4000-8000-000000000001")
	got := do(t, traced)
	if got.header.Get("X-For-Trace-Id") != "00000000-0000-4000-8000-000000000001" || got.header.Get("X-For-Request-Id") == "" {
		t.Errorf("answered trace %q and request %q, want the one sent and some", got.header.Get("X-For-Trace-Id"), got.header.Get("X-For-Request-Id"))
	}
	plain := env.request(t, http.MethodPost, "/api/auth/v1/scopes/expand", `{"scopes":[]}`)
	plain.Header.Set("Content-Type", "text/plain")
	if err := env.Credentials.SignRequest(plain); err != nil {
		t.Fatal(err)
	}
	if got := do(t, plain); got.status != 400 {
		t.Errorf("a body that isn't called JSON: %d %s, want 400", got.status, got.code)
	}
	env.call(t, http.MethodGet, "/api/queue/v1/task/"+taskcluster.NewID()+"/status?x=1", nil).expect(t, "an option that isn't there", 400, "InvalidRequestArguments")
	env.call(t, http.MethodPut, "/api/queue/v1/task/"+taskcluster.NewID(), env.definition(map[string]any{
		"payload": map[string]any{"text": strings.Repeat("x", 10<<20)},
	})).expect(t, "a body beyond 10 MB", 500, "InternalServerError")
	long := env.request(t, http.MethodGet, currentScopes, "")
	long.Header.Set("Authorization", `Hawk id="`+strings.Repeat("x", 20<<10)+`"`)
	resp, err := http.DefaultTransport.RoundTrip(long)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("headers of 20 KB: %d, want 431", resp.StatusCode)
	}
	failed := env.call(t, http.MethodPut, "/api/queue/v1/task/"+taskcluster.NewID(), env.definition(map[string]any{"foo": 1}))
	info, _ := failed.json["requestInfo"].(map[string]any)
	payload, _ := info["payload"].(map[string]any)
	if info["method"] != "createTask" || payload["foo"] != 1.0 || info["time"] == nil {
		t.Errorf("an error says of its request %v, want its method, payload and time", info)
	}
}
