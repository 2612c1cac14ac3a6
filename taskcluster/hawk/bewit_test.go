package hawk_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"verdict/taskcluster/hawk"
)

func parsed(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestBewitSignsWhatIsSentWithoutIt(t *testing.T) {
	for _, c := range []struct{ address, want string }{ // URI, host, port
		{"https://tc.example.org/p", "/p tc.example.org 443"},
		{"https://tc.example.org", "/ tc.example.org 443"},
		{"http://TC.example.org/p?", "/p tc.example.org 80"},
		{"http://tc.example.org:8080/p?x=%20y&z", "/p?x=%20y&z tc.example.org 8080"},
		{"https://tc.example.org/p?x=1&", "/p?x=1& tc.example.org 443"},
		{"https://tc.example.org/a%2Fb#there", "/a%2Fb tc.example.org 443"},
		{"http://[::1]:8080/p", "/p [::1] 8080"},
	} {
		synctest.Test(t, func(t *testing.T) {
			bewit, err := hawk.Bewit(parsed(t, c.address), key, "ZXh0", 90*time.Second)
			if err != nil {
				t.Fatalf("%s: %v", c.address, err)
			}
			text, err := base64.RawURLEncoding.DecodeString(bewit)
			if err != nil {
				t.Fatalf("%s: %q isn't base64url without padding", c.address, bewit)
			}
			expiry := strconv.FormatInt(time.Now().Unix()+90, 10)
			lines := append([]string{"hawk.1.bewit", expiry, "", "GET"}, strings.Fields(c.want)...)
			mac := hmac.New(sha256.New, []byte(key.Secret))
			mac.Write([]byte(strings.Join(append(lines, "", "ZXh0"), "\n") + "\n"))
			want := strings.Join([]string{key.ID, expiry, base64.StdEncoding.EncodeToString(mac.Sum(nil)), "ZXh0"}, `\`)
			if string(text) != want {
				t.Errorf("%s: got %s, want %s", c.address, text, want)
			}
		})
	}
}

func TestBewitRefusesWhatServersRefuse(t *testing.T) {
	const fine = "https://tc.example.org/p"
	for _, c := range []struct {
		name, address string
		key           hawk.Key
		ext           string
		lifetime      time.Duration
	}{
		{"no host", "/p", key, "", time.Minute},
		{"another scheme", "ftp://tc.example.org/p", key, "", time.Minute},
		{"no slashes", "https:tc.example.org/p", key, "", time.Minute},
		{"a password", "https://a:b@tc.example.org/p", key, "", time.Minute},
		{"a second bewit", fine + "?x=1&bewit=abc", key, "", time.Minute},
		{"no time", fine, key, "", 0},
		{"less than a second", fine, key, "", 999 * time.Millisecond},
		{"a backslash in the id", fine, hawk.Key{ID: `a\b`, Secret: "canary"}, "", time.Minute},
		{"a backslash in ext", fine, key, `a\b`, time.Minute},
		{"no secret", fine, hawk.Key{ID: "a"}, "", time.Minute},
	} {
		bewit, err := hawk.Bewit(parsed(t, c.address), c.key, c.ext, c.lifetime)
		if err == nil {
			t.Errorf("%s: got %s, want an error", c.name, bewit)
		} else if strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v shows the secret", c.name, err)
		}
	}
}

func TestBewitKeepsURLsAtTheirLimit(t *testing.T) {
	sign := func(path int) (int, error) {
		u := parsed(t, "https://tc.example.org/"+strings.Repeat("p", path))
		bewit, err := hawk.Bewit(u, key, "", time.Minute)
		u.RawQuery = "bewit=" + bewit
		return len(u.String()), err
	}
	short, err := sign(10)
	if err != nil {
		t.Fatal(err)
	}
	room := hawk.MaxLength - short + 10
	if n, err := sign(room); err != nil || n != 4096 {
		t.Errorf("%d characters: %v, want a bewit for 4096", n, err)
	}
	if _, err := sign(room + 1); !errors.Is(err, hawk.ErrTooLong) {
		t.Errorf("4097 characters: %v, want ErrTooLong", err)
	}
}
