package taskcluster_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"verdict/taskcluster"
)

// extOf is the JSON in the ext field of a request that creds sign.
func extOf(creds *taskcluster.Credentials) (string, error) {
	req, err := http.NewRequest("GET", "https://tc.example.org/api/auth/v1/ping", nil)
	if err != nil {
		return "", err
	}
	if err := creds.SignRequest(req); err != nil {
		return "", err
	}
	_, ext, _ := strings.Cut(req.Header.Get("Authorization"), `ext="`)
	text, err := base64.URLEncoding.DecodeString(strings.TrimSuffix(ext, `"`))
	return string(text), err
}

func TestExtSaysWhatLimitsTheCredentials(t *testing.T) {
	const certificate = `{"version":1,"scopes":["a:<b>&~"],"start":1795389071000,"expiry":1795389371000,"seed":"s","issuer":"i","signature":"x="}`
	for _, c := range []struct {
		name        string
		certificate string
		authorized  []string
		want        string
	}{
		{"nothing", "", nil, `{}`},
		{"no scopes at all", "", []string{}, `{"authorizedScopes":[]}`},
		{"some scopes", "", []string{"a:b", `c"d\`}, `{"authorizedScopes":["a:b","c\"d\\"]}`},
		{"a certificate", certificate, nil, `{"certificate":` + certificate + `}`},
		{"both", certificate, []string{"a:<b>"}, `{"certificate":` + certificate + `,"authorizedScopes":["a:<b>"]}`},
		{
			"a certificate of another client", ` {"version": 1, "signature": "x", "scopes": ["a:\u003cb\u003e"], "start": 1, "expiry": 2, "seed": "s"}` + "\n", nil,
			`{"certificate":{"version":1,"scopes":["a:<b>"],"start":1,"expiry":2,"seed":"s","signature":"x"}}`,
		},
		{
			"a certificate that has null for no scopes", `{"version":1,"scopes":null,"start":1,"expiry":2,"seed":"s","signature":"x"}`, nil,
			`{"certificate":{"version":1,"scopes":[],"start":1,"expiry":2,"seed":"s","signature":"x"}}`,
		},
	} {
		got, err := extOf(&taskcluster.Credentials{ClientID: "c", AccessToken: "t", Certificate: c.certificate, AuthorizedScopes: c.authorized})
		if err != nil || got != c.want {
			t.Errorf("%s: got %s (%v), want %s", c.name, got, err, c.want)
		}
	}
}

func TestNoScopesAreAnEmptyListInJSON(t *testing.T) {
	var none []string
	for _, c := range []struct {
		value any
		want  string
	}{
		{taskcluster.Certificate{Version: 1}, `{"version":1,"scopes":[],"start":0,"expiry":0,"seed":"","signature":""}`},
		{taskcluster.ExtHeader{}, `{}`},
		{taskcluster.ExtHeader{AuthorizedScopes: &none}, `{"authorizedScopes":[]}`},
		{&taskcluster.ExtHeader{Certificate: &taskcluster.Certificate{Version: 1}}, `{"certificate":{"version":1,"scopes":[],"start":0,"expiry":0,"seed":"","signature":""}}`},
	} {
		if got, err := json.Marshal(c.value); err != nil || string(got) != c.want {
			t.Errorf("got %s (%v), want %s", got, err, c.want)
		}
	}
}

func TestSignedURLKeepsItsQuery(t *testing.T) {
	creds := &taskcluster.Credentials{ClientID: "c", AccessToken: "t"}
	for _, c := range []struct{ address, want string }{
		{"https://tc.example.org/a%2Fb", "https://tc.example.org/a%2Fb?bewit="},
		{"https://tc.example.org/a?", "https://tc.example.org/a?bewit="},
		{"https://tc.example.org/a?y=%20&x", "https://tc.example.org/a?y=%20&x&bewit="},
	} {
		u, err := url.Parse(c.address)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := creds.SignURL(u, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(signed.String(), c.want) || u.String() != c.address {
			t.Errorf("%s: got %s, want %s…, and the one given unchanged", c.address, signed, c.want)
		}
	}
}

func TestWhatIsTooLongIsNotSigned(t *testing.T) {
	many := make([]string, 150)
	for i := range many {
		many[i] = "queue:route:index.gfx.v2.latest"
	}
	creds := &taskcluster.Credentials{ClientID: "c", AccessToken: "canary", AuthorizedScopes: many}
	if _, err := extOf(creds); !errors.Is(err, taskcluster.ErrHeaderTooLong) {
		t.Errorf("signed a request: %v, want ErrHeaderTooLong", err)
	}
	u := &url.URL{Scheme: "https", Host: "tc.example.org", Path: "/"}
	if _, err := creds.SignURL(u, time.Hour); !errors.Is(err, taskcluster.ErrInvalid) || strings.Contains(err.Error(), "canary") {
		t.Errorf("signed a URL: %v, want ErrInvalid and no secret", err)
	}
}

// A certificate is sent as it is where it was written here, else written anew:
// either way servers get what ParseCertificate read.
func FuzzExt(f *testing.F) {
	f.Add(`{"version":1,"scopes":["a","b"],"start":1795389071000,"expiry":1795389371000,"seed":"s","issuer":"i","signature":"x"}`)
	f.Add(`{"version":1,"scopes":[],"start":1795389071000,"expiry":1795389371000,"seed":"s","signature":"x"}`)
	f.Add(`{"version":1,"scopes":["a"],"start":1795389071000,"expiry":1795389371000,"seed":"s","issuer":"","signature":"x"}`)
	f.Add(`{"version":1,"scopes":["a",],"start":1795389071000,"expiry":1795389371000,"seed":"s","signature":"x"}`)
	f.Add(`{"version":1,"scopes":["a"],"start":0795389071000,"expiry":1795389371000,"seed":"s","signature":"x"}`)
	f.Add(`{"version":1,"scopes":["a"],"start":1795389071000,"expiry":17953893710000,"seed":"s","signature":"x"}`)
	f.Add(`{"version":2,"scopes":["a"],"start":1795389071000,"expiry":1795389371000,"seed":"s","signature":"x"}`)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := extOf(&taskcluster.Credentials{ClientID: "c", AccessToken: "t", Certificate: text})
		if text == "" || errors.Is(err, taskcluster.ErrHeaderTooLong) {
			return
		}
		cert, wrong := taskcluster.ParseCertificate(text)
		if wrong != nil {
			if err == nil {
				t.Fatalf("%s was sent as %s: %v", text, got, wrong)
			}
			return
		}
		want, _ := cert.MarshalJSON()
		if err != nil || got != `{"certificate":`+string(want)+`}` {
			t.Fatalf("%s was sent as %s (%v), want %s", text, got, err, want)
		}
	})
}
