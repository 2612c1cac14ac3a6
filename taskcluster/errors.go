package taskcluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// What an answer means, for errors.Is.
var (
	// ErrNotFound: the service says there is no such thing, or no more. A 404 of
	// something else, like a proxy, is ErrUnavailable.
	ErrNotFound = errors.New("not found")
	// ErrConflict: the call contradicts what is there. From createTask: the id
	// is taken by another definition, or the group takes no such task.
	ErrConflict = errors.New("conflict")
	// ErrScopes: the credentials are good and do not allow the call.
	ErrScopes = errors.New("insufficient scopes")
	// ErrAuth: the credentials, or the signature, were refused.
	ErrAuth = errors.New("authentication failed")
	// ErrInvalid: the request will never be taken as it is.
	ErrInvalid = errors.New("invalid request")
	// ErrUnavailable: no answer, or none that says what happened: an error of
	// the server, a cut or foreign answer. The call may have had its effect.
	ErrUnavailable = errors.New("service unavailable")
	// ErrTooLarge: the answer is larger than the client takes. The call had its
	// effect.
	ErrTooLarge = errors.New("answer too large")
	// ErrArtifact: the artifact is one that stands for an error; Code is the
	// reason that its worker gave.
	ErrArtifact = errors.New("the artifact is an error")
)

// APIError is an answer that isn't success. Its text is safe to log: of what the
// service said it has the summary, which leaves out the request's payload and
// the scopes of the caller.
type APIError struct {
	// Service and Method name the call, e.g. queue and createTask.
	Service, Method string
	StatusCode      int
	// Code is the service's word for it, e.g. RequestConflict, or the reason of
	// an error artifact; "" when the answer isn't the service's own.
	Code string
	// Message is the service's summary, without the block on the request, at
	// most 1000 bytes.
	Message string
	// Missing are the scopes that InsufficientScopes names as missing.
	Missing []string
	// TraceID and RequestID find the call in the service's logs.
	TraceID, RequestID string
	// RetryAfter is how long the server asks to wait; zero: it doesn't say.
	RetryAfter time.Duration
}

// Error is one line: the call, the status, the code, and the message's start.
func (e *APIError) Error() string {
	text := fmt.Sprintf("%s answered %d", callName(e.Service, e.Method), e.StatusCode)
	if e.Code != "" {
		text += " " + e.Code
	}
	if m := oneLine(e.Message, 300); m != "" {
		text += ": " + m
	}
	return text
}

// Is tells which of the package's errors the answer means.
func (e *APIError) Is(target error) bool {
	return e.meaning() == target
}

func (e *APIError) meaning() error {
	switch {
	case oversteps(e.Message):
		return ErrScopes
	case e.StatusCode == http.StatusUnauthorized:
		return ErrAuth
	case e.StatusCode == http.StatusRequestEntityTooLarge,
		e.StatusCode == http.StatusRequestHeaderFieldsTooLarge:
		return ErrInvalid
	case e.StatusCode >= 500, e.StatusCode == http.StatusTooManyRequests:
		return ErrUnavailable
	}
	if e.StatusCode == http.StatusFailedDependency && e.Code != "" {
		return ErrArtifact
	}
	switch e.Code {
	case "ResourceNotFound", "ResourceExpired":
		return ErrNotFound
	case "RequestConflict":
		return ErrConflict
	case "InsufficientScopes":
		return ErrScopes
	case "AuthenticationFailed":
		return ErrAuth
	case "MalformedPayload", "InvalidRequestArguments", "InputValidationError", "InputError", "InputTooLarge":
		return ErrInvalid
	}
	if e.Code != "" && e.StatusCode >= 400 {
		return ErrInvalid
	}
	return ErrUnavailable // a proxy's page, or a redirect: not the service's word
}

// oversteps reports whether a 401 is about scopes: the permanent credentials are
// good, but what was made of them asks for more than they have. Holding the
// server for it would punish all callers for one.
func oversteps(message string) bool {
	for _, words := range []string{"ext.certificate issuer `", "ext.authorizedScopes oversteps", "Supplied credentials do not satisfy authorizedScopes"} {
		if strings.HasPrefix(message, words) {
			return true
		}
	}
	return false
}

// newAPIError reads an answer that isn't success. requestInfo, which repeats the
// request's payload, is never read.
func newAPIError(service, method string, resp *http.Response, body []byte) *APIError {
	e := &APIError{
		Service:    service,
		Method:     method,
		StatusCode: resp.StatusCode,
		TraceID:    resp.Header.Get(headerTrace),
		RequestID:  resp.Header.Get(headerRequest),
		RetryAfter: retryAfter(resp.Header),
	}
	var answer struct {
		Code    string `json:"code"`
		Reason  string `json:"reason"` // of an error artifact, in the code's place
		Message string `json:"message"`
	}
	err := json.Unmarshal(body, &answer)
	if resp.StatusCode == http.StatusFailedDependency && answer.Code == "" {
		answer.Code = answer.Reason
	}
	if err != nil || answer.Code == "" {
		e.Message = "the answer isn't Taskcluster's; is the root URL right, or a proxy in between?"
		return e
	}
	e.Code = oneLine(answer.Code, 60)
	e.Message = answer.Message // for meaning, until it is cut below
	summary, _, _ := strings.Cut(answer.Message, "\n---\n")
	summary = strings.TrimSpace(summary)
	switch e.meaning() {
	case ErrScopes:
		e.Missing = missingScopes(summary)
		summary = scopesSummary(summary, e.Missing)
	case ErrAuth:
		summary = authSummary(summary, resp.Header)
	}
	e.Message = cut(summary, 1000)
	return e
}

// missingScopes are the scopes in the block behind "missing the following
// scopes:", one scope as it is or an expression in JSON; or, where a certificate
// was refused for its name, the scope that would allow the name.
func missingScopes(message string) []string {
	if _, rest, found := strings.Cut(message, "doesn't have `"); found {
		scope, _, _ := strings.Cut(rest, "`")
		return []string{scope}
	}
	_, rest, found := strings.Cut(message, "missing the following scopes:")
	if !found {
		return nil
	}
	_, rest, _ = strings.Cut(rest, "```")
	block, _, found := strings.Cut(rest, "```")
	if !found {
		return nil
	}
	block = strings.TrimSpace(block)
	if !strings.HasPrefix(block, "{") {
		return strings.Split(block, "\n")
	}
	var expression any
	if json.Unmarshal([]byte(block), &expression) != nil {
		return nil
	}
	return flatten(expression)
}

// flatten lists what all of an expression's parts need; alternatives stay one
// entry.
func flatten(expression any) []string {
	switch e := expression.(type) {
	case string:
		return []string{e}
	case map[string]any:
		var all []string
		if parts, ok := e["AllOf"].([]any); ok {
			for _, part := range parts {
				all = append(all, flatten(part)...)
			}
		}
		if parts, ok := e["AnyOf"].([]any); ok {
			var ways []string
			for _, part := range parts {
				ways = append(ways, strings.Join(flatten(part), " and "))
			}
			all = append(all, strings.Join(ways, " or "))
		}
		return all
	}
	return nil
}

// scopesSummary is the first line and what is missing. It leaves out the
// expression that follows, which for createTask repeats most of the task.
func scopesSummary(message string, missing []string) string {
	first, _, _ := strings.Cut(message, "\n")
	for _, words := range []string{" your scopes:", "; credentials have scopes:"} { // all scopes of the caller follow
		first, _, _ = strings.Cut(first, words)
	}
	if len(missing) == 0 || strings.Contains(first, missing[0]) {
		return first
	}
	return first + " " + strings.Join(missing, ", ")
}

// authSummary is the first line, without the list of scopes that may stand on
// it, and a hint where the clocks differ.
func authSummary(message string, header http.Header) string {
	first, _, _ := strings.Cut(message, "\n")
	first, _, _ = strings.Cut(first, "scopes:")
	first = cut(strings.TrimSpace(first), 200)
	server, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return first
	}
	if skew := time.Since(server).Round(time.Second); skew.Abs() > 4*time.Minute {
		first += fmt.Sprintf("; this machine's clock is %s off the server's", skew)
	}
	return first
}

// maxRetryAfter bounds what a server may ask for.
const maxRetryAfter = 24 * time.Hour

func retryAfter(header http.Header) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil && seconds > 0 {
		return min(time.Duration(min(seconds, 1e6))*time.Second, maxRetryAfter)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(time.Until(at), 0), maxRetryAfter)
	}
	return 0
}

// oneLine is text on one line, cut.
func oneLine(text string, limit int) string {
	return cut(strings.Join(strings.Fields(text), " "), limit)
}

func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}
