package taskcluster_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"time"

	"verdict/taskcluster"
)

// Temporary credentials, for somebody who is to have two scopes for a day.
func ExampleCredentials_CreateTemporaryCredentials() {
	permaCreds := taskcluster.Credentials{
		ClientID:    os.Getenv("TASKCLUSTER_CLIENT_ID"),
		AccessToken: os.Getenv("TASKCLUSTER_ACCESS_TOKEN"),
	}
	tempCreds, err := permaCreds.CreateTemporaryCredentials(24*time.Hour, "dummy:scope:1", "dummy:scope:2")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("Temporary creds:\n%q\n", tempCreds) // without secrets: to hand them on, take their JSON
}

// Named ones show in the server's logs under their own name.
func ExampleCredentials_CreateNamedTemporaryCredentials() {
	permanent := &taskcluster.Credentials{ClientID: "project/verdict", AccessToken: "secret"}
	temporary, err := permanent.CreateNamedTemporaryCredentials("project/verdict/gfx", 10*time.Minute, "queue:rerun-task:verdict/*")
	if err != nil {
		fmt.Println(err)
		return
	}
	cert, err := temporary.Cert()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(temporary.ClientID, "issued by", cert.Issuer)
	fmt.Println(cert.Scopes, time.Duration(cert.Expiry-cert.Start)*time.Millisecond)
	// Output:
	// project/verdict/gfx issued by project/verdict
	// [queue:rerun-task:verdict/*] 10m0s
}

// A request that is sent by other means.
func ExampleCredentials_SignRequest() {
	req, err := http.NewRequest(http.MethodGet, "https://tc.example.org/api/auth/v1/scopes/current", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	creds := &taskcluster.Credentials{ClientID: "project/verdict", AccessToken: "secret"}
	if err := creds.SignRequest(req); err != nil {
		fmt.Println(err)
		return
	}
	header, _, _ := strings.Cut(req.Header.Get("Authorization"), ",")
	fmt.Println(header)
	// Output: Hawk id="project/verdict"
}

// Credentials print without what is secret in them.
func ExampleCredentials_String() {
	creds := &taskcluster.Credentials{ClientID: "project/verdict", AccessToken: "secret", AuthorizedScopes: []string{}}
	fmt.Printf("%v\n%+v\n", creds, *creds)
	// Output:
	// credentials of "project/verdict", limited to 0 scopes
	// credentials of "project/verdict", limited to 0 scopes
}

// The way of 2018, which still works: a base URL, and a call by its route.
func ExampleClient_APICall() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/ping" {
			w.WriteHeader(http.StatusNotFound)
		}
		fmt.Fprint(w, `{"alive": true}`)
	}))
	defer server.Close()
	client := &taskcluster.Client{BaseURL: server.URL + "/v1"}

	var answer struct{ Alive bool }
	_, summary, err := client.APICall(nil, "GET", "/ping", &answer, nil)
	fmt.Println(answer.Alive, summary.Attempts, err)

	_, _, err = client.APICall(nil, "GET", "/pong", &answer, nil)
	var exception *taskcluster.APICallException
	fmt.Println(errors.As(err, &exception), exception.CallSummary.HTTPResponse.StatusCode)
	// Output:
	// true 1 <nil>
	// true 404
}

// An artifact's address for somebody without credentials, for an hour.
func ExampleClient_SignedURL() {
	client := &taskcluster.Client{
		BaseURL:      "https://tc.example.org/api/queue/v1",
		Credentials:  &taskcluster.Credentials{ClientID: "project/verdict", AccessToken: "secret"},
		Authenticate: true,
	}
	u, err := client.SignedURL("/task/FjpVeY1GSv2lhKxfx1kVAQ/artifacts/private%2Flog.txt", url.Values{"limit": {"5"}}, time.Hour)
	if err != nil {
		fmt.Println(err)
		return
	}
	address, _, _ := strings.Cut(u.String(), "&bewit=")
	fmt.Println(address)
	// Output: https://tc.example.org/api/queue/v1/task/FjpVeY1GSv2lhKxfx1kVAQ/artifacts/private%2Flog.txt?limit=5
}

// Times are written as Taskcluster's services write them.
func ExampleTime() {
	at := time.Date(2015, time.October, 27, 22, 36, 19, 255_000_000, time.FixedZone("", 2*60*60))
	text, err := json.Marshal(map[string]taskcluster.Time{"created": taskcluster.Time(at)})
	fmt.Println(string(text), err)
	// Output: {"created":"2015-10-27T20:36:19.255Z"} <nil>
}
