package hawk_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"verdict/taskcluster/hawk"
)

var key = hawk.Key{ID: "project/verdict", Secret: "canary"}

var form = regexp.MustCompile(`^Hawk id="project/verdict", mac="([^"]+)", ts="(\d+)", nonce="([^"]+)"(?:, ext="([^"]*)")?$`)

func TestHeaderSignsTheHostThatIsSent(t *testing.T) {
	fromURL := &http.Request{Method: "GET", URL: &url.URL{Scheme: "https", Host: "tc.example.org", Path: "/p"}}
	asked := func(address string) *http.Request {
		req, err := http.NewRequest("GET", address, nil)
		if err != nil {
			t.Fatal(err)
		}
		return req
	}
	override := asked("https://10.0.0.1/p")
	override.Host = "tc.example.org"
	for _, c := range []struct {
		name string
		req  *http.Request
		want string // method, URI, host, port
	}{
		{"https", asked("https://tc.example.org/p"), "GET /p tc.example.org 443"},
		{"http", asked("http://tc.example.org/p"), "GET /p tc.example.org 80"},
		{"a port", asked("http://tc.example.org:8080/p"), "GET /p tc.example.org 8080"},
		{"capitals", asked("https://TC.example.ORG/P"), "GET /P tc.example.org 443"},
		{"no path", asked("https://tc.example.org"), "GET / tc.example.org 443"},
		{"an escaped slash", asked("https://tc.example.org/a%2Fb?x=%20y"), "GET /a%2Fb?x=%20y tc.example.org 443"},
		{"a request from a URL alone", fromURL, "GET /p tc.example.org 443"},
		{"another Host header", override, "GET /p tc.example.org 443"},
		{"IPv6", asked("http://[::1]/p"), "GET /p [::1] 80"},
		{"IPv6 with a port", asked("http://[::1]:8080/p"), "GET /p [::1] 8080"},
	} {
		header, err := hawk.Header(c.req, key, "ZXh0")
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		m := form.FindStringSubmatch(header)
		if m == nil {
			t.Errorf("%s: header %q has another form", c.name, header)
			continue
		}
		lines := append([]string{"hawk.1.header", m[2], m[3]}, strings.Fields(c.want)...)
		mac := hmac.New(sha256.New, []byte(key.Secret))
		mac.Write([]byte(strings.Join(append(lines, "", m[4]), "\n") + "\n"))
		if want := base64.StdEncoding.EncodeToString(mac.Sum(nil)); m[1] != want {
			t.Errorf("%s: the mac isn't over %s", c.name, c.want)
		}
	}
}

func TestHeaderHasAFreshNonce(t *testing.T) {
	req, err := http.NewRequest("GET", "https://tc.example.org/", nil)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for range 100 {
		header, err := hawk.Header(req, key, "")
		if err != nil {
			t.Fatal(err)
		}
		nonce := form.FindStringSubmatch(header)[3]
		if seen[nonce] {
			t.Fatalf("nonce %s came again", nonce)
		}
		seen[nonce] = true
	}
}

func TestHeaderCannotBeForged(t *testing.T) {
	req, err := http.NewRequest("GET", "https://tc.example.org/", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []struct {
		key hawk.Key
		ext string
	}{
		{hawk.Key{ID: `a", dlg="b`, Secret: "canary"}, ""},
		{hawk.Key{ID: "a\nb", Secret: "canary"}, ""},
		{hawk.Key{ID: "", Secret: "canary"}, ""},
		{hawk.Key{ID: "a"}, ""},
		{hawk.Key{ID: "a", Secret: "canary"}, `x"`},
	} {
		header, err := hawk.Header(req, bad.key, bad.ext)
		if err == nil {
			t.Errorf("%v with ext %q: got %s", bad.key, bad.ext, header)
		} else if strings.Contains(err.Error(), "canary") {
			t.Errorf("%v shows the secret", err)
		}
	}
	if text := fmt.Sprintf("%v %+v %#v %d", key, key, &key, key); strings.Contains(text, "canary") || !strings.Contains(text, key.ID) {
		t.Errorf("the key prints as %s", text)
	}
}
