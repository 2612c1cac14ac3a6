package taskcluster_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"verdict/taskcluster/scopes"
	"verdict/taskcluster/taskclustertest"
)

// verifier asks the stand-in's auth service what other services ask it: who
// signed a request that they got.
type verifier struct {
	server *taskclustertest.Server
	now    *atomic.Int64 // its clock, in milliseconds
}

func newVerifier(t *testing.T) verifier {
	t.Helper()
	var now atomic.Int64
	now.Store(time.Now().UnixMilli())
	server := newServer(t, taskclustertest.Config{Now: func() time.Time { return time.UnixMilli(now.Load()) }})
	server.SetRole("anonymous")
	return verifier{server, &now}
}

// says is who the server takes for the signer at the input's time, and with which
// scopes; or why it takes nobody.
func (v verifier) says(t *testing.T, s *signed, method, address, header string) string {
	t.Helper()
	v.now.Store(s.Now)
	v.server.AddClient(s.ClientID, s.AccessToken, "*")
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]any{"method": method, "resource": u.RequestURI(), "host": strings.ToLower(u.Hostname()), "port": portOf(u)}
	if header != "" {
		asked["authorization"] = header
	}
	body, err := json.Marshal(asked)
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodPost, v.server.URL+"/api/auth/v1/authenticate-hawk", bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	v.server.ServeHTTP(rec, req)
	var answer struct {
		Status, Message, ClientID string
		Scopes                    []string
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil || rec.Code != http.StatusOK {
		t.Fatalf("answered %d %s", rec.Code, rec.Body)
	}
	if answer.Status != "auth-success" {
		return answer.Status + ": " + answer.Message
	}
	return who(answer.ClientID, answer.Scopes)
}

func portOf(u *url.URL) int {
	port := map[string]int{"http": 80, "https": 443}[u.Scheme]
	if n, err := strconv.Atoi(u.Port()); err == nil {
		port = n
	}
	return port
}

// who are a client and its scopes, without those that others of them cover.
func who(clientID string, list []string) string {
	list = scopes.Compact(append(list, "assume:anonymous")) // everybody has it
	slices.Sort(list)
	return clientID + " with " + strings.Join(list, "\n")
}

// want is who the input says, with what its certificate and its authorized scopes
// leave of all scopes.
func (s *signed) want() string {
	list := []string{"*"}
	switch {
	case s.AuthorizedScopes != nil:
		list = *s.AuthorizedScopes
	case s.Temporary:
		list = s.Scopes
	}
	return who(s.creds.ClientID, slices.Clone(list))
}

// check hands the server a header and a signed URL of the input, as they are.
func (v verifier) check(t *testing.T, s *signed, header, signedURL string) {
	t.Helper()
	if got := v.says(t, s, s.Method, s.URL, header); got != s.want() {
		t.Errorf("header %s for %s %s is of\n%q, want\n%q", header, s.Method, s.URL, got, s.want())
	}
	if got := v.says(t, s, http.MethodGet, signedURL, ""); got != s.want() {
		t.Errorf("URL %s is of\n%q, want\n%q", signedURL, got, s.want())
	}
}

// checkChanged hands it the same for another path.
func (v verifier) checkChanged(t *testing.T, s *signed, header, signedURL string) {
	t.Helper()
	if got := v.says(t, s, s.Method, changed(s.URL), header); !strings.HasPrefix(got, "auth-failed: ") {
		t.Errorf("header %s is taken for another path than in %s", header, s.URL)
	}
	if got := v.says(t, s, http.MethodGet, changed(signedURL), ""); !strings.HasPrefix(got, "auth-failed: ") {
		t.Errorf("URL %s is taken with another path", signedURL)
	}
}

// changed is the address with something before its path.
func changed(address string) string {
	return strings.Replace(address, ".org", ".org/x", 1)
}

func TestTheStandInVerifiesWhatIsSignedHere(t *testing.T) {
	v := newVerifier(t)
	for i, s := range signedAtRandom(t, 1000) {
		v.check(t, s, s.Header, s.SignedURL)
		if i%20 == 0 {
			v.checkChanged(t, s, s.Header, s.SignedURL)
		}
		if t.Failed() {
			return
		}
	}
}

func TestTheStandInVerifiesWhatOthersSign(t *testing.T) {
	all := signedAtRandom(t, 1000)
	var answer struct{ Signed []others }
	judge(t, map[string]any{"sign": all}, &answer)
	v := newVerifier(t)
	for i, theirs := range answer.Signed {
		v.check(t, all[i], theirs.Header, theirs.URL)
		if i%20 == 0 {
			v.checkChanged(t, all[i], theirs.Header, theirs.URL)
		}
		if t.Failed() {
			return
		}
	}
}
