package taskcluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func refusal(t *testing.T, status int, code, message string, header http.Header) *APIError {
	t.Helper()
	body, err := json.Marshal(map[string]any{"code": code, "message": message, "requestInfo": map[string]any{"payload": "canary"}})
	if err != nil {
		t.Fatal(err)
	}
	if header == nil {
		header = http.Header{}
	}
	return newAPIError("queue", "createTask", &http.Response{StatusCode: status, Header: header}, body)
}

func TestMissingScopesOfAnExpression(t *testing.T) {
	e := refusal(t, 403, "InsufficientScopes", "Client ID bot does not have sufficient scopes and is missing the following scopes:\n\n```\n"+
		`{"AllOf":["queue:route:a b",{"AnyOf":["queue:create-task:high:p/w","queue:create-task:low:p/w"]}]}`+"\n```\n\nThis request requires …", nil)
	want := []string{"queue:route:a b", "queue:create-task:high:p/w or queue:create-task:low:p/w"}
	if fmt.Sprintf("%q", e.Missing) != fmt.Sprintf("%q", want) {
		t.Errorf("missing %q, want %q", e.Missing, want)
	}
}

func TestEachCodeMeansOneThing(t *testing.T) {
	for _, c := range []struct {
		status int
		code   string
		want   error
	}{
		{400, "MalformedPayload", ErrInvalid}, {400, "InvalidRequestArguments", ErrInvalid}, {400, "InputValidationError", ErrInvalid},
		{400, "InputError", ErrInvalid}, {401, "AuthenticationFailed", ErrAuth}, {403, "InsufficientScopes", ErrScopes},
		{404, "ResourceNotFound", ErrNotFound}, {409, "RequestConflict", ErrConflict}, {410, "ResourceExpired", ErrNotFound},
		{413, "InputTooLarge", ErrInvalid}, {424, "file-missing-on-worker", ErrArtifact}, {429, "TooManyRequests", ErrUnavailable},
		{431, "", ErrInvalid}, {500, "InternalServerError", ErrUnavailable}, {418, "NewCode", ErrInvalid}, {424, "", ErrUnavailable},
	} {
		e := refusal(t, c.status, c.code, "m", nil)
		for _, kind := range []error{ErrNotFound, ErrConflict, ErrScopes, ErrAuth, ErrInvalid, ErrUnavailable, ErrTooLarge, ErrArtifact} {
			if got := errors.Is(e, kind); got != (kind == c.want) {
				t.Errorf("%d %s: errors.Is(%v) is %v, want that of %v alone", c.status, c.code, kind, got, c.want)
			}
		}
	}
}

func TestANameThatMayNotBeGivenMissesAScope(t *testing.T) {
	e := refusal(t, 401, "AuthenticationFailed", "ext.certificate issuer `bot` doesn't have `auth:create-client:bot/a/b` for supplied clientId.", nil)
	if !errors.Is(e, ErrScopes) || errors.Is(e, ErrAuth) || fmt.Sprint(e.Missing) != "[auth:create-client:bot/a/b]" {
		t.Errorf("%v misses %v", e, e.Missing)
	}
}

func TestAuthorizedScopesBeyondTheCallersOwnMissScopes(t *testing.T) {
	for _, message := range []string{
		"ext.authorizedScopes oversteps your scopes: a, b",
		"Supplied credentials do not satisfy authorizedScopes; credentials have scopes:\n\n```\na\nb\n```",
	} {
		e := refusal(t, 401, "AuthenticationFailed", message, nil)
		if !errors.Is(e, ErrScopes) || errors.Is(e, ErrAuth) || strings.HasSuffix(e.Error(), ":") {
			t.Errorf("%q is %v", message, e)
		}
	}
}

func TestARefusalDoesNotListTheCallersScopes(t *testing.T) {
	for _, message := range []string{
		"ext.authorizedScopes oversteps your scopes: secret:canary, b",
		"Something with your scopes: secret:canary",
		"Supplied credentials do not satisfy authorizedScopes; credentials have scopes:\n\n```\nsecret:canary\n```",
	} {
		if e := refusal(t, 401, "AuthenticationFailed", message, nil); strings.Contains(fmt.Sprintf("%v %+v", e, *e), "canary") {
			t.Errorf("%v shows the caller's scopes", e)
		}
	}
}

func TestARefusalSaysThatTheClocksDiffer(t *testing.T) {
	header := http.Header{"Date": {time.Now().Add(-16 * time.Minute).UTC().Format(http.TimeFormat)}}
	e := refusal(t, 401, "AuthenticationFailed", "Unauthorized: Stale timestamp", header)
	if !strings.Contains(e.Error(), "Stale timestamp; this machine's clock is 16m") {
		t.Errorf("got %v, want a word on the clock", e)
	}
}

func TestRetryAfterIsBounded(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"": 0, "5": 5 * time.Second, "-5": 0, "x": 0, "99999999999": 0, "99999999": 24 * time.Hour, "Mon, 01 Jan 2001 00:00:00 GMT": 0,
	} {
		if got := retryAfter(http.Header{"Retry-After": {value}}); got != want && !(value == "99999999999" && got == 24*time.Hour) {
			t.Errorf("Retry-After %q is %s, want %s", value, got, want)
		}
	}
}

func FuzzAPIError(f *testing.F) {
	f.Add(403, `{"code":"InsufficientScopes","message":"missing the following scopes:`+"```{}```"+`"}`, "")
	f.Add(401, `{"code":"AuthenticationFailed","message":"doesn't have `+"`"+`x"}`, "Mon, 01 Jan 2035 00:00:00 GMT")
	f.Add(424, `{"reason":"file-missing-on-worker","message":"x"}`, "-1")
	f.Add(500, `<html>`, "99999999999")
	f.Fuzz(func(t *testing.T, status int, body, after string) {
		e := newAPIError("queue", "task", &http.Response{StatusCode: status, Header: http.Header{"Retry-After": {after}}}, []byte(body))
		if text := e.Error(); strings.Contains(text, "\n") || len(text) > 500 {
			t.Errorf("not one short line: %q", text)
		}
		if e.meaning() == nil {
			t.Error("it means nothing")
		}
		if e.RetryAfter < 0 || e.RetryAfter > 24*time.Hour {
			t.Errorf("Retry-After %q is %s", after, e.RetryAfter)
		}
	})
}
