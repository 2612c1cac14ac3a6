package taskcluster_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"verdict/taskcluster"
	"verdict/taskcluster/hawk"
)

// secretful are values of all types that this package exports, made with the
// secrets given beside them. A type that is missing fails the test below.
func secretful(t *testing.T) (values map[string]any, secrets []string) {
	t.Helper()
	permanent := &taskcluster.Credentials{ClientID: "project/verdict", AccessToken: "canary-token"}
	temporary, err := permanent.ForCall("gfx/shader", []string{"a:b"}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := temporary.Cert()
	if err != nil {
		t.Fatal(err)
	}
	rotating := &taskcluster.RotatingCredentials{ClientID: "project/verdict", AccessToken: func() (string, error) { return "canary-token", nil }}
	file, _ := fileSource(t, "canary-token")
	for _, source := range []taskcluster.CredentialSource{rotating, file} {
		if _, err := source.Credentials(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	client := taskcluster.NewClient(temporary, "https://tc.example.org", "queue")
	client.Source = temporary
	services, err := taskcluster.NewServices("https://tc.example.org", temporary, taskcluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	queue, err := taskcluster.NewQueue("https://tc.example.org", temporary, taskcluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest("GET", "https://tc.example.org/api/queue/v1/ping?bewit=canary-bewit", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := temporary.SignRequest(req); err != nil {
		t.Fatal(err)
	}
	header := req.Header.Get("Authorization")
	resp := &http.Response{StatusCode: 200, Header: http.Header{"Authorization": {header}}, Request: req}
	summary := &taskcluster.CallSummary{
		HTTPRequest: req, HTTPRequestBody: "canary-body", HTTPRequestObject: temporary, HTTPResponse: resp, HTTPResponseBody: "canary-body", Attempts: 1,
	}
	authorized := []string{"a:b"}
	return map[string]any{
		"APICall":             taskcluster.APICall{Client: client},
		"APICallException":    taskcluster.APICallException{CallSummary: summary, RootCause: taskcluster.ErrAuth},
		"APIError":            taskcluster.APIError{},
		"Answer":              taskcluster.Answer{Header: resp.Header, Body: []byte("canary-body")},
		"Call":                taskcluster.Call{Name: "ping", Path: "/ping"},
		"CallSummary":         *summary,
		"Caller":              taskcluster.Caller{Name: "gfx/shader", Scopes: authorized},
		"Certificate":         *cert,
		"Client":              *client,
		"CredentialSource":    taskcluster.CredentialSource(temporary),
		"Credentials":         *temporary,
		"ExtHeader":           taskcluster.ExtHeader{Certificate: cert, AuthorizedScopes: &authorized},
		"FileCredentials":     file,
		"GroupTask":           taskcluster.GroupTask{},
		"Metadata":            taskcluster.Metadata{},
		"Options":             taskcluster.Options{},
		"Queue":               queue,
		"ReducedHTTPClient":   taskcluster.ReducedHTTPClient(http.DefaultClient),
		"Retry":               taskcluster.Retry{},
		"RotatingCredentials": rotating,
		"Run":                 taskcluster.Run{},
		"Services":            services,
		"Task":                taskcluster.Task{},
		"TaskGroup":           taskcluster.TaskGroup{},
		"TaskStatus":          taskcluster.TaskStatus{},
		"Time":                taskcluster.Time{},
		"hawk.Key":            hawk.Key{ID: "project/verdict", Secret: "canary-token"},
		"permanent":           *permanent,
	}, []string{"canary", temporary.AccessToken, cert.Signature, cert.Seed, header, header[len(header)-40:]}
}

// shown are the forms in which a secret could stand in text.
func shown(secret string) []string {
	return []string{
		secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret), fmt.Sprintf("% x", secret),
		strings.Trim(fmt.Sprintf("%d", []byte(secret)), "[]"), base64.StdEncoding.EncodeToString([]byte(secret)),
	}
}

func TestNothingPrintsSecrets(t *testing.T) {
	values, secrets := secretful(t)
	for _, name := range declarationsOf(t, sources(t)).types {
		if _, there := values[name]; !there {
			t.Errorf("type %s isn't printed here", name)
		}
	}
	var forms []string
	for _, secret := range secrets {
		forms = append(forms, shown(secret)...)
	}
	check := func(how, name, text string) {
		t.Helper()
		if slices.ContainsFunc(forms, func(form string) bool { return strings.Contains(text, form) }) {
			t.Errorf("%s of %s shows a secret: %s", how, name, text)
		}
	}
	for name, value := range values {
		pointer := reflect.New(reflect.TypeOf(value))
		pointer.Elem().Set(reflect.ValueOf(value))
		for _, wrapped := range []any{value, pointer.Interface(), []any{value}, map[string]any{"k": value}, struct{ V any }{value}} {
			// Not %p: fmt asks no Formatter then, and vet refuses it for these.
			for _, verb := range "vsqdxXtbcoOUeEfFgG" {
				for _, flags := range []string{"", "+", "#", "-10.3", " "} {
					format := "%" + flags + string(verb)
					check(format, name, fmt.Sprintf(format, wrapped))
				}
			}
		}
		for handler, log := range map[string]func(*bytes.Buffer) slog.Handler{
			"slog's text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
			"slog's JSON": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		} {
			var b bytes.Buffer
			slog.New(log(&b)).Info("x", "value", value)
			check(handler, name, b.String())
		}
	}
}
