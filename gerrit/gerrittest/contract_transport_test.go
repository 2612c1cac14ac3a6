package gerrittest_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"verdict/gerrit"
	"verdict/internal/testservers"
)

var transportCases = []fact{
	{"AnswersBeginWithAPrefix", "3.10", answersBeginWithAPrefix},
	{"AnswersHaveATrace", "3.13", answersHaveATrace},
	{"WrongPasswordIs401", "3.10", wrongPasswordIs401},
	{"CredentialsCountOnlyBelowA", "3.10", credentialsCountOnlyBelowA},
	{"NobodyMayWrite", "3.10", nobodyMayWrite},
	{"BadJSONIsRefused", "3.10", badJSONIsRefused},
	{"TextBodyIsPosted", "3.10", textBodyIsPosted},
	{"UnknownViewIs404", "3.10", unknownViewIs404},
	{"AChangeHasFourNames", "3.10", aChangeHasFourNames},
	{"UnknownChangeIs404", "3.10", unknownChangeIs404},
	{"UnknownRevisionIs404", "3.10", unknownRevisionIs404},
	{"UnknownFieldsAreIgnored", "3.10", unknownFieldsAreIgnored},
	{"CredentialsElsewhereAreNobodys", "3.10", credentialsElsewhereAreNobodys},
	{"ErrorsAreText", "3.10", errorsAreText},
	{"AnswersAreZippedOnRequest", "3.10", answersAreZippedOnRequest},
	{"AnswersHaveNoETag", "3.13", answersHaveNoETag},
	{"HEADHasNoBody", "3.10", headHasNoBody},
	{"ALongLineIs414", "3.10", aLongLineIs414},
	{"ASlashHasToBeEscaped", "3.10", aSlashHasToBeEscaped},
}

func answersBeginWithAPrefix(t *testing.T, e *env) {
	status, text := e.raw(t, "", http.MethodGet, "/config/server/version", "")
	if status != http.StatusOK || !strings.HasPrefix(text, ")]}'\n\"") {
		t.Errorf("got %d %q", status, text)
	}
	if err := e.bot.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

func answersHaveATrace(t *testing.T, e *env) {
	_, err := e.bot.GetAccountInfo(t.Context(), "nosuch")
	var refusal *gerrit.HTTPError
	if !errors.As(err, &refusal) || refusal.Trace == "" || !strings.Contains(err.Error(), refusal.Trace) {
		t.Errorf("got %v", err)
	}
}

func wrongPasswordIs401(t *testing.T, e *env) {
	for _, auth := range []gerrit.Auth{gerrit.BasicAuth("ci-bot", "wrong-secret"), gerrit.BasicAuth("nosuch", "bot-secret")} {
		_, err := gerrit.NewClient(e.url, auth).GetAccountInfo(t.Context(), "self")
		if !errors.Is(err, gerrit.ErrNotAuthorized) || strings.Contains(err.Error(), "secret") {
			t.Errorf("got %v", err)
		}
	}
	req, _ := http.NewRequest(http.MethodGet, e.url+"/a/accounts/self", nil)
	if status, text := e.send(t, req); status != http.StatusUnauthorized || text != "Unauthorized" {
		t.Errorf("without credentials: got %d %q", status, text)
	}
}

func credentialsCountOnlyBelowA(t *testing.T, e *env) {
	req, _ := http.NewRequest(http.MethodGet, e.url+"/accounts/self", nil)
	req.SetBasicAuth("ci-bot", "bot-secret")
	if status, text := e.send(t, req); status != http.StatusForbidden || text != "Resolving account 'self' requires login" {
		t.Errorf("got %d %q", status, text)
	}
}

func nobodyMayWrite(t *testing.T, e *env) {
	p := e.change(t)
	nobody := gerrit.NewClient(e.url, gerrit.NoAuth)
	err := nobody.SetReview(t.Context(), p.id(), "current", gerrit.ReviewInput{Message: "x"})
	if !errors.Is(err, gerrit.ErrForbidden) || !strings.Contains(err.Error(), "Authentication required") {
		t.Errorf("got %v", err)
	}
	if _, err := nobody.GetChange(t.Context(), p.id()); err != nil {
		t.Errorf("nobody may not read: %v", err)
	}
}

func badJSONIsRefused(t *testing.T, e *env) {
	p := e.change(t)
	for _, body := range []string{`{"labels":`, `{"labels": "Verified+1"}`, `{"message":"x","notify":"SOMETIMES"}`, `[]`, `{"labels":{"Verified":"abc"}}`} {
		status, text := e.raw(t, "ci-bot", http.MethodPost, p.path()+"/revisions/current/review", body)
		if status != http.StatusBadRequest || text != "Invalid application/json in request" {
			t.Errorf("%s: got %d %q", body, status, text)
		}
	}
	if status, text := e.raw(t, "ci-bot", http.MethodPost, p.path()+"/revisions/current/review", `{"message":"known","nosuchfield":1}`); status != http.StatusOK {
		t.Errorf("unknown field: got %d %q", status, text)
	}
	req, _ := http.NewRequest(http.MethodPost, e.url+"/a"+p.path()+"/revisions/current/review", http.NoBody)
	req.SetBasicAuth("ci-bot", "bot-secret")
	req.Header.Set("Content-Type", "application/json")
	if status, text := e.send(t, req); status != http.StatusBadRequest || text != "Expected JSON object" {
		t.Errorf("no body: got %d %q", status, text)
	}
}

func textBodyIsPosted(t *testing.T, e *env) {
	p := e.change(t)
	req, _ := http.NewRequest(http.MethodPost, e.url+"/a"+p.path()+"/revisions/current/review", strings.NewReader("hello"))
	req.SetBasicAuth("ci-bot", "bot-secret")
	req.Header.Set("Content-Type", "text/plain")
	if status, text := e.send(t, req); status != http.StatusOK {
		t.Fatalf("got %d %q", status, text)
	}
	if got := e.lastMessage(t, p).Message; got != "Patch Set 1:\n\nhello" {
		t.Errorf("got %q", got)
	}
}

func unknownViewIs404(t *testing.T, e *env) {
	p := e.change(t)
	for _, c := range []struct{ method, path, want string }{
		{http.MethodGet, p.path() + "/nosuch", "Not found: nosuch"},
		{http.MethodPost, p.path() + "/nosuch", "Not found: nosuch"},
		{http.MethodPut, p.path() + "/hashtags", "Not Found"},
		{http.MethodDelete, p.path() + "/hashtags", "Not Found"},
		{http.MethodGet, "/nosuch/", "Not Found"},
	} {
		body := ""
		if c.method != http.MethodGet {
			body = "{}"
		}
		if status, text := e.raw(t, "ci-bot", c.method, c.path, body); status != http.StatusNotFound || text != c.want {
			t.Errorf("%s %s: got %d %q, want %q", c.method, c.path, status, text, c.want)
		}
	}
}

func aChangeHasFourNames(t *testing.T, e *env) {
	p := e.change(t)
	first, err := e.bot.GetChange(t.Context(), p.id())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{
		fmt.Sprint(p.number), p.id(), p.project + "~main~" + p.changeID, p.changeID,
		first.ID, url.QueryEscape(p.project) + "~" + fmt.Sprint(p.number),
	} {
		c, err := e.bot.GetChange(t.Context(), id)
		if err != nil || c.ChangeNumber != p.number || c.Project != p.project {
			t.Errorf("%s: got %v, %v", id, c, err)
		}
	}
	if c, err := e.bot.GetChange(t.Context(), fmt.Sprintf("demo~%d", p.number)); !errors.Is(err, gerrit.ErrChangeNotExist) {
		t.Errorf("by another project: got %v, %v", c, err)
	}
	if status, text := e.raw(t, "ci-bot", http.MethodGet, "/changes/sub/x~1", ""); status != http.StatusNotFound || text != "Not found: sub" {
		t.Errorf("not escaped: got %d %q", status, text)
	}
}

func unknownChangeIs404(t *testing.T, e *env) {
	for _, call := range []func(id string) error{
		func(id string) error { _, err := e.bot.GetChange(t.Context(), id); return err },
		func(id string) error { _, err := e.bot.GetChangeDetail(t.Context(), id); return err },
		func(id string) error { _, err := e.bot.AddHashtags(t.Context(), id, "x"); return err },
		func(id string) error {
			return e.bot.SetReview(t.Context(), id, "current", gerrit.ReviewInput{Message: "x"})
		},
		func(id string) error { return e.bot.AbandonChange(t.Context(), id) },
	} {
		for _, id := range []string{"infra/tools/demo~9999999", "9999999", "nosuch", "demo~", "~1"} {
			err := call(id)
			if !errors.Is(err, gerrit.ErrChangeNotExist) || !errors.Is(err, gerrit.ErrResourceNotExist) || !strings.Contains(err.Error(), "Not found: "+id) {
				t.Errorf("%s: got %v", id, err)
			}
		}
	}
}

func unknownRevisionIs404(t *testing.T, e *env) {
	p := e.change(t)
	for _, revision := range []string{"99", "0", "deadbeef"} {
		err := e.bot.SetReview(t.Context(), p.id(), revision, gerrit.ReviewInput{Message: "x"})
		if !errors.Is(err, gerrit.ErrResourceNotExist) || errors.Is(err, gerrit.ErrChangeNotExist) {
			t.Errorf("%s: got %v", revision, err)
		}
	}
	for _, revision := range []string{"1", "current", p.revision, p.revision[:8]} {
		if _, err := e.bot.ListFiles(t.Context(), p.id(), revision); err != nil {
			t.Errorf("%s: %v", revision, err)
		}
	}
}

func unknownFieldsAreIgnored(t *testing.T, e *env) {
	p := e.change(t)
	e.answers(t, "ci-bot", http.MethodPost, p.path()+"/revisions/current/review", `{"message":"known","unheard_of":{"a":[1]}}`, http.StatusOK, "")
	e.answers(t, "ci-bot", http.MethodPost, p.path()+"/hashtags", `{"add":["x"],"unheard_of":1}`, http.StatusOK, ")]}'\n[\"x\"]")
}

func credentialsElsewhereAreNobodys(t *testing.T, e *env) {
	p := e.pushShared(t, push{subject: "Secret", files: map[string]string{"a": "1"}, options: "%private"})
	e.answers(t, "alice", http.MethodGet, p.path(), "", http.StatusOK, "")
	req, err := http.NewRequest(http.MethodGet, e.url+p.path(), nil)
	must(t, err)
	req.SetBasicAuth("alice", testservers.Accounts["alice"])
	if status, text := e.send(t, req); status != http.StatusNotFound {
		t.Errorf("got %d %q", status, text)
	}
}

// header makes a request as ci-bot and gives what the answer's header says; the
// body stays as it was sent.
func (e *env) header(t *testing.T, method, path, encoding string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, e.url+"/a"+path, nil)
	must(t, err)
	req.SetBasicAuth("ci-bot", testservers.Accounts["ci-bot"])
	req.Header.Set("Accept-Encoding", encoding)
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(t, err)
	return res, string(body)
}

func errorsAreText(t *testing.T, e *env) {
	for _, path := range []string{"/changes/99999999", "/changes/?q=nosuch:thing", "/accounts/nosuch"} {
		res, body := e.header(t, http.MethodGet, path, "identity")
		if kind := res.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/plain") || strings.HasPrefix(body, ")]}'") || strings.Contains(strings.TrimSpace(body), "\n") {
			t.Errorf("%s: got %s, %q", path, kind, body)
		}
	}
}

func answersAreZippedOnRequest(t *testing.T, e *env) {
	p := e.change(t)
	for encoding, want := range map[string]string{"gzip": "gzip", "identity": ""} {
		res, body := e.header(t, http.MethodGet, p.path()+"/detail", encoding)
		if got := res.Header.Get("Content-Encoding"); got != want || strings.HasPrefix(body, ")]}'") != (want == "") {
			t.Errorf("%s: got %q", encoding, got)
		}
	}
}

func answersHaveNoETag(t *testing.T, e *env) {
	p := e.change(t)
	for _, path := range []string{p.path(), p.path() + "/detail", "/changes/?q=status:open"} {
		if res, _ := e.header(t, http.MethodGet, path, "identity"); res.Header.Get("ETag") != "" {
			t.Errorf("%s: got %s", path, res.Header.Get("ETag"))
		}
	}
}

func headHasNoBody(t *testing.T, e *env) {
	p := e.change(t)
	if res, body := e.header(t, http.MethodHead, p.path(), "identity"); res.StatusCode != http.StatusOK || body != "" {
		t.Errorf("got %d %q", res.StatusCode, body)
	}
}

func aLongLineIs414(t *testing.T, e *env) {
	res, body := e.header(t, http.MethodGet, "/changes/?q="+strings.Repeat("a", 20000), "identity")
	if kind := res.Header.Get("Content-Type"); res.StatusCode != http.StatusRequestURITooLong || !strings.HasPrefix(kind, "text/html") || !strings.Contains(body, "URI Too Long") {
		t.Errorf("got %d, %s, %q", res.StatusCode, kind, body)
	}
}

func aSlashHasToBeEscaped(t *testing.T, e *env) {
	e.answers(t, "ci-bot", http.MethodGet, "/projects/infra%2Ftools%2Fdemo", "", http.StatusOK, "")
	e.answers(t, "ci-bot", http.MethodGet, "/projects/infra/tools/demo", "", http.StatusNotFound, "Not found: infra")
	e.answers(t, "ci-bot", http.MethodGet, "/projects/demo/branches/release%2F1.0", "", http.StatusOK, "")
}
