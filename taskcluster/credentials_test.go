package taskcluster_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"verdict/taskcluster"
)

func TestPrintedCredentialsKeepTheirSecrets(t *testing.T) {
	permanent := &taskcluster.Credentials{ClientID: "project/verdict", AccessToken: "canary-token"}
	temporary, err := permanent.ForCall("gfx/shader", []string{"a:b"}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := temporary.Cert()
	if err != nil {
		t.Fatal(err)
	}
	rotating := &taskcluster.RotatingCredentials{
		ClientID: "project/verdict", AccessToken: func() (string, error) { return "canary-token", nil },
	}
	if _, err := rotating.Credentials(t.Context()); err != nil {
		t.Fatal(err)
	}
	secrets := []string{"canary-token", temporary.AccessToken, cert.Signature, cert.Seed}
	things := []any{
		permanent, *permanent, temporary, *temporary, cert, *cert, rotating,
		taskcluster.ExtHeader{Certificate: cert}, []*taskcluster.Credentials{permanent}, map[string]any{"c": *temporary},
		struct{ C taskcluster.Credentials }{*temporary},
	}
	for _, thing := range things {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%t"} {
			text := fmt.Sprintf(verb, thing)
			for _, secret := range secrets {
				if strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) {
					t.Errorf("%s of %T shows a secret: %s", verb, thing, text)
				}
			}
		}
	}
	if got, want := permanent.String(), `credentials of "project/verdict"`; got != want {
		t.Errorf("String() = %s, want %s", got, want)
	}
}

func TestTemporaryCredentialsAreNamedAndLimited(t *testing.T) {
	permanent := &taskcluster.Credentials{ClientID: "project/verdict", AccessToken: "token"}
	before := time.Now().Truncate(time.Millisecond)
	creds, err := permanent.ForCall("gfx/shader-task", []string{"queue:route:x", "a:b"}, 5*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := creds.Cert()
	if err != nil {
		t.Fatal(err)
	}
	if creds.ClientID != "project/verdict/gfx/shader-task" || cert.Issuer != "project/verdict" {
		t.Errorf("credentials of %q issued by %q", creds.ClientID, cert.Issuer)
	}
	if len(cert.Seed) != 44 || !taskcluster.ValidID(cert.Seed[:22]) || !taskcluster.ValidID(cert.Seed[22:]) {
		t.Errorf("seed %q isn't two ids", cert.Seed)
	}
	if start := time.UnixMilli(cert.Start); start.Before(before) || time.Since(start) > time.Minute {
		t.Errorf("start is %s, now %s", start, time.Now())
	}
	if got := cert.Expiry - cert.Start; got != 300_000 {
		t.Errorf("they live %d ms, want 300000", got)
	}
	if fmt.Sprint(cert.Scopes) != "[queue:route:x a:b]" {
		t.Errorf("scopes %v", cert.Scopes)
	}
}

// The values come from Taskcluster's own Python client, with the seed given.
func TestCertificateIsSignedAsTaskclusterDoes(t *testing.T) {
	cert := taskcluster.Certificate{
		Version: 1, Scopes: []string{"queue:route:x", "a:b"}, Start: 1795389071000, Expiry: 1795389371000,
		Seed: "AJL3i7NRRN2NFyxXbThwyQDDMaDVSGQ7abyaPzkrFH8Q", Issuer: "project/verdict",
	}
	for _, c := range []struct{ issuer, name, want string }{
		{"project/verdict", "project/verdict/gfx/x", "Z075gtv/OAfOB7K3SN1VkvjY+V/Yl80lXtCpCI0yX50="},
		{"", "project/verdict", "3jeY4DFXXIB5QX3uErTY6qlm3O4cD0P/ui5+6eWbwfM="},
	} {
		cert.Issuer = c.issuer
		if err := cert.Sign("token-of-the-vector", c.name); err != nil {
			t.Fatal(err)
		}
		if cert.Signature != c.want {
			t.Errorf("signature of %q by %q is %s, want %s", c.name, c.issuer, cert.Signature, c.want)
		}
	}
}

func TestTemporaryCredentialsRefuseWhatServersRefuse(t *testing.T) {
	permanent := taskcluster.Credentials{ClientID: "c", AccessToken: "secret-token"}
	temporary := permanent
	temporary.Certificate = `{"version":1}`
	for name, make := range map[string]func() (*taskcluster.Credentials, error){
		"from temporary ones": func() (*taskcluster.Credentials, error) {
			return temporary.CreateTemporaryCredentials(time.Hour)
		},
		"32 days": func() (*taskcluster.Credentials, error) {
			return permanent.CreateTemporaryCredentials(32 * 24 * time.Hour)
		},
		"no time": func() (*taskcluster.Credentials, error) {
			return permanent.CreateTemporaryCredentials(0)
		},
		"the issuer's name": func() (*taskcluster.Credentials, error) {
			return permanent.CreateNamedTemporaryCredentials("c", time.Hour)
		},
		"a name with a space": func() (*taskcluster.Credentials, error) {
			return permanent.CreateNamedTemporaryCredentials("c/a b", time.Hour)
		},
		"a scope of two lines": func() (*taskcluster.Credentials, error) {
			return permanent.CreateNamedTemporaryCredentials("c/d", time.Hour, "a\nb")
		},
		"nobody's": func() (*taskcluster.Credentials, error) {
			return (&taskcluster.Credentials{}).CreateTemporaryCredentials(time.Hour)
		},
	} {
		creds, err := make()
		if err == nil {
			t.Errorf("%s: got %s, want an error", name, creds)
		} else if strings.Contains(err.Error(), "secret-token") {
			t.Errorf("%s: the error has the access token: %v", name, err)
		}
	}
}

func TestTemporaryCredentialsWithoutScopesSayAnEmptyList(t *testing.T) {
	creds, err := (&taskcluster.Credentials{ClientID: "c", AccessToken: "t"}).CreateNamedTemporaryCredentials("c/d", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(creds.Certificate, `"scopes":[]`) {
		t.Error("the certificate has no empty list of scopes")
	}
}

func TestForCallLimitsTemporaryCredentials(t *testing.T) {
	temporary := &taskcluster.Credentials{ClientID: "c", AccessToken: "t", Certificate: `{"version":1,"scopes":["a:*"]}`, AuthorizedScopes: []string{"a:b*"}}
	limited, err := temporary.ForCall("team/rule", []string{"a:bc"}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if limited.ClientID != "c" || fmt.Sprint(limited.AuthorizedScopes) != "[a:bc]" {
		t.Errorf("got %s with %v", limited, limited.AuthorizedScopes)
	}
	if _, err := temporary.ForCall("team/rule", []string{"a:x"}, time.Minute); err == nil {
		t.Error("a call got a scope beyond the authorized ones")
	}
}

func TestRotatingCredentialsTakeANewTokenAndKeepTheOld(t *testing.T) {
	token, failure := " first\n", error(nil)
	source := &taskcluster.RotatingCredentials{ClientID: "c", AccessToken: func() (string, error) { return token, failure }}
	inUse := func() *taskcluster.Credentials {
		t.Helper()
		creds, err := source.Credentials(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return creds
	}
	refused := func(creds *taskcluster.Credentials) string {
		t.Helper()
		other, err := source.Refused(t.Context(), creds)
		if err != nil {
			t.Fatal(err)
		}
		if other == nil {
			return "nothing"
		}
		return other.AccessToken
	}
	want := func(step, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %q is in use, want %q", step, got, want)
		}
	}
	first := inUse()
	want("start", first.AccessToken, "first")
	want("refused with nothing else there", refused(first), "nothing")
	token = ""
	want("an empty file", inUse().AccessToken, "first")
	token, failure = "", errors.New("no such file")
	want("no file", inUse().AccessToken, "first")
	token, failure = "second", nil
	second := inUse()
	want("a new file", second.AccessToken, "second")
	want("the new one is refused", refused(second), "first")
	want("afterwards", inUse().AccessToken, "first")
	want("the old one is refused in turn", refused(first), "second")
	token = "third"
	want("a third, seen only at the refusal", refused(second), "third")
}

func TestRotatingCredentialsNeedATokenToStart(t *testing.T) {
	source := &taskcluster.RotatingCredentials{ClientID: "c", AccessToken: func() (string, error) { return "\n", nil }}
	if creds, err := source.Credentials(t.Context()); err == nil {
		t.Errorf("got %s of an empty file, want an error", creds)
	}
}

func TestCredentialsJSONIsWhatOtherClientsRead(t *testing.T) {
	text, err := json.Marshal(taskcluster.Credentials{ClientID: "c", AccessToken: "t", Certificate: "x"})
	if want := `{"clientId":"c","accessToken":"t","certificate":"x","authorizedScopes":null}`; err != nil || string(text) != want {
		t.Errorf("got %s (%v), want %s", text, err, want)
	}
}

func FuzzParseCertificate(f *testing.F) {
	f.Add(`{"version":1,"scopes":["a"],"start":1,"expiry":2,"seed":"s","signature":"x","issuer":"i"}`)
	f.Add(`{"version":1,"scopes":null}`)
	f.Add(`{"version":1}{}`)
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, text string) {
		cert, err := taskcluster.ParseCertificate(text)
		if err != nil {
			return
		}
		again, err := json.Marshal(cert)
		if err != nil {
			t.Fatalf("written back: %v", err)
		}
		second, err := taskcluster.ParseCertificate(string(again))
		if err != nil || fmt.Sprint(second.Scopes) != fmt.Sprint(cert.Scopes) || second.Expiry != cert.Expiry || second.Signature != cert.Signature {
			t.Fatalf("%s reads as another certificate the second time (%v)", again, err)
		}
	})
}
