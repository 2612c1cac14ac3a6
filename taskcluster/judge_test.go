package taskcluster_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"verdict/internal/testservers"
	"verdict/taskcluster"
	"verdict/taskcluster/taskclustertest"
)

// judge hands question to testdata/judge.py, which uses Taskcluster's own Python
// packages, and reads its answer.
func judge(t *testing.T, question, answer any) {
	t.Helper()
	text, err := json.Marshal(question)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), testservers.Python(t), "testdata/judge.py")
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(text), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("judge.py: %v\n%s", err, stderr.Bytes())
	}
	if err := json.Unmarshal(stdout.Bytes(), answer); err != nil {
		t.Fatalf("judge.py answered %q: %v", stdout.Bytes(), err)
	}
}

// judged is a signed request as judge.py wants it.
type judged struct {
	URL         string `json:"url"`
	Method      string `json:"method"`
	Content     string `json:"content"`
	Header      string `json:"header"`
	ClientID    string `json:"clientId"`
	AccessToken string `json:"accessToken"`
	Issuer      string `json:"issuer,omitempty"`
	IssuerToken string `json:"issuerToken,omitempty"`
	Name        string `json:"name,omitempty"`
}

func TestOthersAcceptWhatIsSignedHere(t *testing.T) {
	permanent := &taskcluster.Credentials{ClientID: "project/verdict/prod", AccessToken: "the-access-token"}
	limited := *permanent
	limited.AuthorizedScopes = []string{"a:b", "c:<d>&"}
	cases := map[string]judged{}
	add := func(name, method, url string, creds *taskcluster.Credentials, j judged) {
		req, err := http.NewRequest(method, url, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		if err := creds.SignRequest(req); err != nil {
			t.Fatal(err)
		}
		j.URL, j.Method, j.Content, j.Header = url, method, "{}", req.Header.Get("Authorization")
		j.ClientID, j.AccessToken = creds.ClientID, creds.AccessToken
		cases[name] = j
	}
	for name, url := range map[string]string{
		"https":                 "https://tc.example.org/api/queue/v1/ping",
		"http with a port":      "http://127.0.0.1:8080/api/queue/v1/ping",
		"https with a port":     "https://tc.example.org:8443/api/queue/v1/ping",
		"a host in capitals":    "https://TC.Example.ORG/api/queue/v1/ping",
		"an escaped path":       "https://tc.example.org/api/secrets/v1/secret/a%2Fb%20c",
		"a query":               "https://tc.example.org/api/queue/v1/x?limit=5&continuationToken=a%2Bb%3D",
		"a query without value": "https://tc.example.org/api/queue/v1/x?a",
	} {
		add(name, "GET", url, permanent, judged{})
		add(name+", limited", "PUT", url, &limited, judged{})
		for _, scopes := range [][]string{{}, {"queue:route:x", "queue:create-task:low:gfx/*"}} {
			suffix := ", named with " + strings.Join(scopes, " ")
			named, err := permanent.ForCall("gfx/shader-task", scopes, 5*time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			add(name+suffix, "PUT", url, named, judged{Issuer: permanent.ClientID, IssuerToken: permanent.AccessToken, Name: named.ClientID})
			unnamed, err := permanent.CreateTemporaryCredentials(time.Hour, scopes...)
			if err != nil {
				t.Fatal(err)
			}
			add(name+suffix+", unnamed", "POST", url, unnamed, judged{Issuer: permanent.ClientID, IssuerToken: permanent.AccessToken})
		}
	}
	tampered := cases["https"]
	tampered.URL += "x"
	cases["tampered"] = tampered

	var verdict struct{ Refused map[string]*string }
	judge(t, map[string]any{"cases": cases}, &verdict)
	if len(verdict.Refused) != len(cases) {
		t.Errorf("judged %d of %d", len(verdict.Refused), len(cases))
	}
	for name, problem := range verdict.Refused {
		if (problem != nil) != (name == "tampered") {
			t.Errorf("%s: refused: %v", name, value(problem))
		}
	}
}

func TestTheStandInAcceptsWhatOthersSign(t *testing.T) {
	server := newServer(t, taskclustertest.Config{})
	def := definition(t, map[string]any{"routes": []string{"bot.x"}})
	id, other := taskcluster.NewID(), taskcluster.NewID()
	var answers struct{ Answers map[string]map[string]any }
	judge(t, map[string]any{"use": map[string]any{
		"rootUrl":     server.URL,
		"credentials": map[string]string{"clientId": "bot", "accessToken": "bot-token"},
		"task":        def, "taskId": id, "otherId": other, "scopes": callerFor(t, def).Scopes,
	}}, &answers)
	for name, want := range map[string]string{
		"permanent":    id,
		"named":        id,
		"unnamed":      id,
		"authorized":   id,
		"status":       id,
		"too little":   "InsufficientScopes",
		"foreign name": "AuthenticationFailed",
		"wrong token":  "AuthenticationFailed",
	} {
		got := answers.Answers[name]["code"]
		if status, ok := answers.Answers[name]["status"].(map[string]any); ok {
			got = status["taskId"]
		}
		if got != want {
			t.Errorf("%s: answered %v, want %s", name, answers.Answers[name], want)
		}
	}
	if tasks, _ := answers.Answers["group"]["tasks"].([]any); len(tasks) != 1 {
		t.Errorf("the group is %v, want one task", answers.Answers["group"])
	}
	if answers.Answers["anonymous"]["taskQueueId"] != "gfx/ci-linux" {
		t.Errorf("anonymous read %v, want the definition", answers.Answers["anonymous"])
	}
	if len(server.Tasks()) != 1 {
		t.Errorf("%d tasks, want one", len(server.Tasks()))
	}
}

func value(text *string) string {
	if text == nil {
		return "no"
	}
	return *text
}
