package taskcluster_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"verdict/taskcluster"
)

// newIn2018 is a client as code of that year made it.
func newIn2018(baseURL string) *taskcluster.Client {
	return &taskcluster.Client{Credentials: bot(), BaseURL: baseURL, Authenticate: true, HTTPClient: &http.Client{}, Context: context.Background()}
}

func TestAPICallDecodesIntoTheResult(t *testing.T) {
	var sent string
	server := record(t, func(w http.ResponseWriter, r *http.Request, before int) {
		text, _ := io.ReadAll(r.Body)
		sent = string(text)
		w.Header().Set("X-For-Trace-Id", "the-trace")
		answering(200, asJSON, `{"name":"answered"}`)(w, r, before)
	})
	type thing struct {
		Name string `json:"name"`
	}
	payload := &thing{"asked"}
	result, cs, err := newIn2018(server.URL+"/v1").APICall(payload, "PUT", "/thing/a%2Fb", new(thing), url.Values{"limit": {"5"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := result.(*thing).Name; got != "answered" || sent != `{"name":"asked"}` {
		t.Errorf("sent %s and got %q, want asked and answered", sent, got)
	}
	request := server.got()[0]
	if got := request.Method + " " + request.RequestURI; got != "PUT /v1/thing/a%2Fb?limit=5" {
		t.Errorf("called %s", got)
	}
	again, err := io.ReadAll(cs.HTTPResponse.Body)
	if cs.Attempts != 1 || cs.HTTPRequestBody != sent || cs.HTTPRequestObject != payload || cs.HTTPResponse.StatusCode != 200 ||
		cs.HTTPResponseBody != `{"name":"answered"}` || err != nil || string(again) != cs.HTTPResponseBody || cs.HTTPRequest.URL.Path != "/v1/thing/a/b" {
		t.Errorf("the summary isn't of that call: %q, %q, %d attempts", cs.HTTPRequestBody, cs.HTTPResponseBody, cs.Attempts)
	}
	if text := cs.String(); !strings.Contains(text, "PUT 127.0.0.1") || !strings.Contains(text, "answered 200") || !strings.Contains(text, "the-trace") {
		t.Errorf("the summary says %q", text)
	}
}

func TestAPICallWithoutResultOrPayload(t *testing.T) {
	server := record(t, answering(200, "text/html", "a page is fine"))
	type thing struct{}
	for _, none := range []any{nil, (*thing)(nil)} {
		result, cs, err := newIn2018(server.URL+"/v1").APICall(none, "GET", "/ping", none, nil)
		if err != nil || result != none || cs.HTTPResponseBody != "a page is fine" || cs.HTTPRequestBody != "" {
			t.Errorf("%T: got %v, %v, %q", none, result, err, cs.HTTPResponseBody)
		}
	}
}

func TestAPICallsErrorsAreExceptionsWithASummary(t *testing.T) {
	server := record(t, answering(404, asJSON, `{"code":"ResourceNotFound","message":"no such task"}`))
	_, cs, err := newIn2018(server.URL+"/v1").APICall(nil, "GET", "/task/x", new(json.RawMessage), nil)
	exception, ok := err.(*taskcluster.APICallException)
	if !ok || exception.CallSummary != cs || cs.HTTPResponse.StatusCode != 404 || exception.RootCause == nil {
		t.Fatalf("got %T %v, want an exception with its summary", err, err)
	}
	var answer *taskcluster.APIError
	if !errors.Is(err, taskcluster.ErrNotFound) || !errors.As(err, &answer) || answer.Code != "ResourceNotFound" {
		t.Errorf("%v isn't found by what it means", err)
	}
	if text := err.Error(); !strings.Contains(text, "no such task") || !strings.Contains(text, "GET /task/x") {
		t.Errorf("the error says %q", text)
	}
}

func TestAPICallsThatNeverLeave(t *testing.T) {
	server := record(t, alive)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		client  *taskcluster.Client
		payload any
		want    error
	}{
		"a payload that isn't JSON": {newIn2018(server.URL), func() {}, taskcluster.ErrInvalid},
		"too large a payload":       {newIn2018(server.URL), strings.Repeat("x", 10<<20), taskcluster.ErrInvalid},
		"a context that is over":    {&taskcluster.Client{BaseURL: server.URL, Context: over}, nil, context.Canceled},
	} {
		_, cs, err := c.client.APICall(c.payload, "GET", "/x", nil, nil)
		if !errors.Is(err, c.want) || cs == nil {
			t.Errorf("%s: got %v and summary %v, want %v", name, err, cs, c.want)
		}
		if c.want == context.Canceled && err != c.want {
			t.Errorf("%s: got %T, want the context's own error, as code of 2018 compares it", name, err)
		}
	}
	if n := len(server.got()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestRequestLeavesBodiesAsTheyAre(t *testing.T) {
	var sent string
	server := record(t, func(w http.ResponseWriter, r *http.Request, before int) {
		if before == 0 {
			w.WriteHeader(500)
			return
		}
		text, _ := io.ReadAll(r.Body)
		sent = string(text)
		answering(200, "text/html", "<p>not JSON")(w, r, before)
	})
	cs, err := newIn2018(server.URL).Request([]byte("{ not JSON"), "POST", "/x", nil)
	if err != nil || sent != "{ not JSON" || cs.HTTPResponseBody != "<p>not JSON" || cs.Attempts != 2 {
		t.Errorf("got %v, %q for %q after %d attempts", err, cs.HTTPResponseBody, sent, cs.Attempts)
	}
}

// TestNothingPrintsASecret holds every type that a caller may log to printing
// neither what it sends nor what credentials are in an answer.
func TestNothingPrintsASecret(t *testing.T) {
	var authorization string
	server := record(t, func(w http.ResponseWriter, r *http.Request, before int) {
		authorization = r.Header.Get("Authorization")
		answering([]int{200, 403}[before%2], asJSON, `{"code":"InsufficientScopes","message":"m","accessToken":"canary"}`)(w, r, before)
	})
	temporary, err := bot().CreateNamedTemporaryCredentials("bot/x", 60e9, "a:b")
	if err != nil {
		t.Fatal(err)
	}
	cert, err := temporary.Cert()
	if err != nil {
		t.Fatal(err)
	}
	client := newIn2018(server.URL)
	client.Credentials = temporary
	answer, err := client.Send(t.Context(), ping)
	if err != nil {
		t.Fatal(err)
	}
	_, cs, exception := client.APICall(map[string]string{"secret": "canary"}, "PUT", "/x", nil, nil)
	if exception == nil {
		t.Fatal("the second call went well")
	}
	values := map[string]any{
		"Client": client, "a copied Client": *client, "As": client.As(taskcluster.Caller{Name: "x"}), "Answer": answer, "a copied Answer": *answer,
		"CallSummary": cs, "a copied CallSummary": *cs, "its request": cs.HTTPRequest, "its response": cs.HTTPResponse, "its response's request": cs.HTTPResponse.Request,
		"the exception": exception, "a copied exception": *exception.(*taskcluster.APICallException), "an APICall": taskcluster.APICall{Client: client},
		"wrapped": struct{ C *taskcluster.Client }{client}, "an embedded client": struct{ *taskcluster.Client }{client},
	}
	secrets := []string{"canary", base64.StdEncoding.EncodeToString(answer.Body), authorization, cert.Signature, temporary.AccessToken, temporary.Certificate}
	for name, value := range values {
		text := fmt.Sprintf("%v %+v %#v %s %q %d %x", value, value, value, value, value, value, value)
		if inJSON, err := json.Marshal(value); err == nil {
			text += string(inJSON)
		}
		if s, ok := value.(fmt.Stringer); ok {
			text += s.String()
		}
		for _, secret := range secrets {
			if secret == "" || strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) {
				t.Errorf("%s shows %q", name, secret)
			}
		}
	}
}
