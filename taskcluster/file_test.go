package taskcluster_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"verdict/taskcluster"
	"verdict/taskcluster/taskclustertest"
)

// fileSource are credentials in a file; write replaces it as programs do that
// hand out credentials.
func fileSource(t *testing.T, text string) (source *taskcluster.FileCredentials, write func(string)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "credentials")
	write = func(text string) {
		t.Helper()
		if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	write(text)
	return &taskcluster.FileCredentials{Path: path, ClientID: "bot"}, write
}

func tokenInUse(t *testing.T, source taskcluster.CredentialSource) string {
	t.Helper()
	creds, err := source.Credentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return creds.AccessToken
}

func TestFileCredentialsFollowTheirFile(t *testing.T) {
	source, write := fileSource(t, "first\n")
	for _, c := range []struct{ step, text, want string }{
		{"a token", "first\n", "first"},
		{"another token", "second", "second"},
		{"an empty file", "", "second"},
		{"half of the JSON", `{"clientId": "c", "accessTo`, "second"},
		{"JSON", `{"clientId": "c", "accessToken": "third"}`, "third"},
		{"several lines", "a\nb\n", "third"},
		{"JSON without a token", `{"clientId": "c"}`, "third"},
	} {
		write(c.text)
		if got := tokenInUse(t, source); got != c.want {
			t.Errorf("%s: %q is in use, want %q", c.step, got, c.want)
		}
	}
	if err := os.Remove(source.Path); err != nil {
		t.Fatal(err)
	}
	if got := tokenInUse(t, source); got != "third" {
		t.Errorf("no file: %q is in use, want what was read last", got)
	}
}

func TestFileCredentialsFallBackToThoseBefore(t *testing.T) {
	server := newServer(t, taskclustertest.Config{})
	server.AddClient("bot", "old", "*")
	source, write := fileSource(t, "old")
	ask := func(step string) {
		t.Helper()
		if err := askAs(t, server, source); err != nil {
			t.Errorf("%s: %v", step, err)
		}
	}
	ask("the first")
	write("new")
	ask("the file changed before the server")
	ask("again")
	write("old")
	if other, err := source.Refused(t.Context(), &taskcluster.Credentials{ClientID: "bot", AccessToken: tokenInUse(t, source)}); err != nil || other.AccessToken != "new" {
		t.Errorf("the file is back to what is in use: %s (%v) are to be tried when that is refused, want the other ones", other, err)
	}
	write("new")
	server.AddClient("bot", "new", "*")
	ask("the server changed")
	if got := tokenInUse(t, source); got != "new" {
		t.Errorf("%q is in use, want the new one", got)
	}
	server.AddClient("bot", "newest", "*")
	if err := askAs(t, server, source); err == nil {
		t.Error("a token that is neither in the file nor was is taken")
	}
	write(`{"clientId":"bot","accessToken":"newest"}`)
	ask("the server changed first")
	write(`{"clientId":"bot","accessToken":"newest","authorizedScopes":[]}`)
	if creds, err := source.Credentials(t.Context()); err != nil || creds.AuthorizedScopes == nil {
		t.Errorf("%s are in use (%v), want those limited to no scopes", creds, err)
	}
}

func TestFileCredentialsThatWereNeverThereAreAnError(t *testing.T) {
	missing := &taskcluster.FileCredentials{Path: filepath.Join(t.TempDir(), "none"), ClientID: "bot"}
	nobodys, _ := fileSource(t, "canary-token")
	nobodys.ClientID = ""
	broken, _ := fileSource(t, `{"clientId":"c","accessToken":"canary-token"`)
	badCert, _ := fileSource(t, `{"clientId":"c","accessToken":"canary-token","certificate":"{canary-token"}`)
	for name, source := range map[string]*taskcluster.FileCredentials{"no file": missing, "no client id": nobodys, "no JSON": broken, "no certificate": badCert} {
		creds, err := source.Credentials(t.Context())
		if err == nil {
			t.Errorf("%s: got %s, want an error", name, creds)
		} else if strings.Contains(err.Error(), "canary") || strings.Count(err.Error(), source.Path) != 1 {
			t.Errorf("%s: %v, want the path once and nothing secret", name, err)
		}
	}
}

func TestParseCredentialsReadsWhatOthersWrite(t *testing.T) {
	temporary, err := (&taskcluster.Credentials{ClientID: "c", AccessToken: "t", AuthorizedScopes: []string{}}).CreateNamedTemporaryCredentials("c/d", time.Hour, "a:b")
	if err != nil {
		t.Fatal(err)
	}
	own, err := json.Marshal(temporary)
	if err != nil {
		t.Fatal(err)
	}
	object := fmt.Sprintf(`{"clientId": %q, "accessToken": %q, "certificate": %s, "authorizedScopes": [], "rootUrl": "https://tc.example.org"}`,
		temporary.ClientID, temporary.AccessToken, temporary.Certificate)
	for name, text := range map[string]string{"written here": string(own), "the certificate as an object": object} {
		got, err := taskcluster.ParseCredentials(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		again, err := json.Marshal(got)
		if err != nil || string(again) != string(own) {
			t.Errorf("%s: read %s (%v), want %s", name, again, err, own)
		}
	}
	permanent, err := taskcluster.ParseCredentials(`{"clientId": "c", "accessToken": "t", "certificate": null}`)
	if err != nil || permanent.Certificate != "" || permanent.AuthorizedScopes != nil {
		t.Errorf("permanent: got %s (%v)", permanent, err)
	}
}

func FuzzParseCredentials(f *testing.F) {
	f.Add(`{"clientId":"c","accessToken":"t"}`)
	f.Add(`{"clientId":"c","accessToken":"t","certificate":{"version":1,"scopes":[]},"authorizedScopes":["a"]}`)
	f.Add(`{"clientId":"c","accessToken":"t","certificate":"{\"version\":1}","authorizedScopes":null}`)
	f.Add("{\"clientId\":\"c\",\"accessToken\":\"t\",\"certificate\":{\"version\":1,\"sdn\x81es\":[]},\"authorizedScopes\":[\"a\"]}")
	f.Add(`{"Credentials":{"clientId":"c","accessToken":"t"},"certificate":1}`)
	f.Fuzz(func(t *testing.T, text string) {
		creds, err := taskcluster.ParseCredentials(text)
		if err != nil {
			return
		}
		own, err := json.Marshal(creds)
		if err != nil {
			t.Fatal(err)
		}
		again, err := taskcluster.ParseCredentials(string(own))
		if err != nil || again.ClientID != creds.ClientID || again.AccessToken != creds.AccessToken ||
			again.Certificate != creds.Certificate || fmt.Sprintf("%q", again.AuthorizedScopes) != fmt.Sprintf("%q", creds.AuthorizedScopes) {
			t.Fatalf("%s reads as others the second time (%v)", own, err)
		}
	})
}
