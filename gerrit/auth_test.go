package gerrit

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// signer answers with the version, and keeps how each request was signed.
func signer(t *testing.T) (url string, signed func() []string) {
	t.Helper()
	var all []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		how := r.Header.Get("Authorization")
		if user, password, ok := r.BasicAuth(); ok {
			how = user + ":" + password
		}
		for _, c := range r.Cookies() {
			how += "cookie " + c.Name + "=" + c.Value
		}
		all = append(all, r.URL.Path+" "+how)
		_, _ = w.Write([]byte(")]}'\n\"3.13.5\""))
	}))
	t.Cleanup(server.Close)
	return server.URL, func() []string { return all }
}

// put writes a file as secrets are rotated: another one takes its place.
func put(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

// Credentials in a file are those that it has now, without a refused request in
// between.
func TestCredentialsAreReadAgainWhenTheirFileChanges(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	cookies := func(value string) string {
		return "# Netscape\n127.0.0.1\tFALSE\t/\tFALSE\t0\to\t" + value + "\n"
	}
	for name, c := range map[string]struct {
		auth Auth
		text func(string) string
		want string
	}{
		"password": {PasswordFileAuth("ci-bot", file), func(s string) string { return s + "\n" }, "ci-bot:"},
		"token":    {TokenFileAuth(file), func(s string) string { return " " + s }, "Bearer "},
		"cookies":  {GitCookieFileAuth(file), cookies, "cookie o="},
	} {
		url, signed := signer(t)
		client := NewClient(url, c.auth)
		for _, secret := range []string{"first", "other", "third"} {
			put(t, file, c.text(secret))
			for range 2 {
				if _, err := client.Version(t.Context()); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			if all := signed(); all[len(all)-1] != "/a/config/server/version "+c.want+secret {
				t.Errorf("%s: signed %q with %s", name, all[len(all)-1], secret)
			}
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Version(t.Context()); err != nil {
			t.Errorf("%s, in the middle of being replaced: %v", name, err)
		}
		if n := len(signed()); n != 7 {
			t.Errorf("%s: 7 calls made %d requests", name, n)
		}
	}
}

func TestCredentialsThatCantBeReadAreToldAndNothingIsSent(t *testing.T) {
	dir := t.TempDir()
	empty, lines := filepath.Join(dir, "empty"), filepath.Join(dir, "lines")
	put(t, empty, " \n")
	put(t, lines, "canary\ncanary\n")
	for want, auth := range map[string]Auth{
		"no such file":                       PasswordFileAuth("ci-bot", filepath.Join(dir, "nowhere")),
		"is empty":                           TokenFileAuth(empty),
		"it has more than one line":          PasswordFileAuth("ci-bot", lines),
		"there are no cookies":               GitCookieFileAuth(lines),
		"the vault is shut":                  TokenAuth(func() (string, error) { return "", errors.New("the vault is shut") }),
		"get a token: the issuer is shut":    OAuth2Auth(source{err: errors.New("the issuer is shut")}),
		"ask git for http.cookiefile: ":      &cookieAuth{find: func() (string, error) { return "", errors.New("ask git for http.cookiefile: none") }},
		"read the password of \"ci-bot\": x": PasswordAuth("ci-bot", func() (string, error) { return "", errors.New("x") }),
	} {
		url, signed := signer(t)
		if _, err := NewClient(url, auth).Version(t.Context()); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") || len(signed()) > 0 {
			t.Errorf("got %v after %d requests, want %q after none", err, len(signed()), want)
		}
	}
}

// source is a source of tokens as golang.org/x/oauth2 has them.
type source struct{ err error }

type token struct{ text string }

func (s source) Token() (*token, error)           { return &token{"ya29.a"}, s.err }
func (t *token) SetAuthHeader(r *http.Request)    { r.Header.Set("Authorization", "Bearer "+t.text) }
func readWord(text string) func() (string, error) { return func() (string, error) { return text, nil } }

func TestRequestsAreSigned(t *testing.T) {
	for want, auth := range map[string]Auth{
		"/config/server/version ":                 NoAuth,
		"/a/config/server/version ci-bot:secret":  BasicAuth("ci-bot", "secret"),
		"/a/config/server/version Bearer t0ken":   TokenAuth(readWord("t0ken")),
		"/a/config/server/version Bearer ya29.a":  OAuth2Auth(source{}),
		"/a/config/server/version ci-bot:another": PasswordAuth("ci-bot", readWord("another")),
	} {
		url, signed := signer(t)
		if _, err := NewClient(url, auth).Version(t.Context()); err != nil || signed()[0] != want {
			t.Errorf("got %v, %q, want %q", err, signed(), want)
		}
	}
}

// The cookie file is the one that git would take.
func TestGitCookiesAuthAsksGit(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", home)
	t.Chdir(home)
	url, signed := signer(t)
	if _, err := NewClient(url, GitCookiesAuth()).Version(t.Context()); err == nil {
		t.Error("no error where git knows of no file")
	}
	put(t, filepath.Join(home, ".gitconfig"), "[http]\n\tcookiefile = ~/cookies\n")
	put(t, filepath.Join(home, "cookies"), "127.0.0.1\tFALSE\t/\tFALSE\t2147483647\to\tgit-ci=1//a\n")
	if _, err := NewClient(url, GitCookiesAuth()).Version(t.Context()); err != nil || signed()[0] != "/a/config/server/version cookie o=git-ci=1//a" {
		t.Errorf("got %v, %q", err, signed())
	}
}

func TestCookiesGoWhereTheyBelong(t *testing.T) {
	now := time.Unix(1000, 0)
	for _, c := range []struct {
		line, url string
		want      bool
	}{
		{".googlesource.com\tTRUE\t/\tTRUE\t2000\to\ta", "https://go-review.googlesource.com/a/changes/", true},
		{".googlesource.com\tTRUE\t/\tTRUE\t2000\to\ta", "https://googlesource.com/", true},
		{".googlesource.com\tTRUE\t/\tTRUE\t2000\to\ta", "https://evilgooglesource.com/", false},
		{".googlesource.com\tTRUE\t/\tTRUE\t2000\to\ta", "http://go-review.googlesource.com/", false},
		{".googlesource.com\tTRUE\t/\tTRUE\t1000\to\ta", "https://go-review.googlesource.com/", false},
		{"#HttpOnly_review.example.org\tFALSE\t/\tTRUE\t0\to\ta", "https://review.example.org/", true},
		{"review.example.org\tFALSE\t/\tTRUE\t0\to\ta", "https://a.review.example.org/", false},
		{"review.example.org\tFALSE\t/gerrit\tTRUE\t0\to\ta", "https://review.example.org/gerrit/a/changes/", true},
		{"review.example.org\tFALSE\t/gerrit\tTRUE\t0\to\ta", "https://review.example.org/gerrit2/", false},
	} {
		all := readCookies(c.line + "\r\n")
		r, err := http.NewRequest(http.MethodGet, c.url, nil)
		if err != nil || len(all) != 1 {
			t.Fatalf("%q: %d cookies, %v", c.line, len(all), err)
		}
		if got := all[0].goesTo(r, now); got != c.want {
			t.Errorf("%q goes to %s: %t, want %t", c.line, c.url, got, c.want)
		}
	}
}

func FuzzReadCookies(f *testing.F) {
	f.Add(".googlesource.com\tTRUE\t/\tTRUE\t2147483647\to\ta\n# comment\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, c := range readCookies(text) {
			if strings.ContainsAny(c.name+c.value, "\r\n\t") {
				t.Errorf("%q has a cookie %+v", text, c)
			}
		}
	})
}
