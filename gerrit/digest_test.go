package gerrit

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The example of RFC 2617, 3.5.
const rfcChallenge = `Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"`

func TestDigestIsTheOneOfTheStandard(t *testing.T) {
	c, ok := readChallenge(rfcChallenge)
	if !ok {
		t.Fatal("the challenge isn't taken")
	}
	got := c.answer("Mufasa", "Circle Of Life", "GET", "/dir/index.html", "0a4f113b", 1)
	for _, want := range []string{
		`response="6629fae49393a05397450978507c4ef1"`, `username="Mufasa"`, `uri="/dir/index.html"`, `qop=auth, nc=00000001, cnonce="0a4f113b"`,
		`opaque="5ccc069c403ebaf9f0171e9517f40e41"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got %s, want in it %s", got, want)
		}
	}
}

func TestChallengesThatCantBeMetAreNotTaken(t *testing.T) {
	for _, text := range []string{"", "Basic realm=\"a\"", "Digest realm=\"a\"", `Digest nonce="a", algorithm=SHA-256`, `Digest nonce="a", qop="auth-int"`} {
		if c, ok := readChallenge(text); ok {
			t.Errorf("%q is taken: %+v", text, c)
		}
	}
	c, ok := readChallenge(`digest Realm="a \"b\" \\", nonce=plain , algorithm=md5`)
	if want := (challenge{realm: `a "b" \`, nonce: "plain", algorithm: "md5"}); !ok || c != want {
		t.Errorf("got %+v, want %+v", c, want)
	}
}

// A server that wants digests refuses the first request, and takes the others
// until its nonce is another one.
func TestDigestAuthAnswersTheServersChallenge(t *testing.T) {
	requests, nonce := 0, "first"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		given := parameters(strings.TrimPrefix(r.Header.Get("Authorization"), "Digest "))
		c := challenge{realm: "Gerrit", nonce: nonce, qop: "auth"}
		want := parameters(strings.TrimPrefix(c.answer("ci-bot", "secret", r.Method, r.URL.RequestURI(), given["cnonce"], requests-1), "Digest "))
		if given["nonce"] != nonce || given["response"] != want["response"] || given["nc"] != want["nc"] {
			w.Header().Set("WWW-Authenticate", `Digest realm="Gerrit", qop="auth", nonce="`+nonce+`"`)
			http.Error(w, "Unauthorized", http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte(")]}'\n\"3.13.5\""))
	}))
	defer server.Close()
	client := NewClient(server.URL, DigestAuth("ci-bot", "secret"))
	for i, want := range []int{2, 3} {
		if _, err := client.Version(t.Context()); err != nil || requests != want {
			t.Errorf("call %d: %v after %d requests, want %d", i+1, err, requests, want)
		}
	}
	requests, nonce = 0, "second"
	if _, err := client.Version(t.Context()); err != nil || requests != 2 {
		t.Errorf("with another nonce: %v after %d requests", err, requests)
	}
	if _, err := NewClient(server.URL, DigestAuth("ci-bot", "wrong")).Version(t.Context()); err == nil {
		t.Error("a wrong password is taken")
	}
}

func FuzzReadChallenge(f *testing.F) {
	f.Add(rfcChallenge)
	f.Add(`Digest a="\`)
	f.Fuzz(func(t *testing.T, text string) {
		if c, ok := readChallenge(text); ok && c.nonce == "" {
			t.Errorf("%q has no nonce: %+v", text, c)
		}
	})
}
