package taskcluster_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"verdict/taskcluster"
)

// randomSource makes the inputs below the same in each run. Nonces and seeds are new ones: what fails is told with them.
const randomSource = 20261123

// signed is an input, drawn at random, and what is made of it here.
type signed struct {
	ClientID         string    `json:"clientId"`
	AccessToken      string    `json:"accessToken"`
	Temporary        bool      `json:"temporary"`
	Name             string    `json:"name"`             // "" for unnamed ones
	Scopes           []string  `json:"-"`                // of the certificate
	AuthorizedScopes *[]string `json:"authorizedScopes"` // nil: not limited
	Method           string    `json:"method"`
	URL              string    `json:"url"`
	Now              int64     `json:"now"`      // milliseconds
	Lifetime         int64     `json:"lifetime"` // seconds, of the credentials and of the URL

	Nonce     string                   `json:"nonce"`
	Header    string                   `json:"header"`
	SignedURL string                   `json:"signedUrl"`
	Made      *taskcluster.Certificate `json:"made"`
	creds     *taskcluster.Credentials
}

// letters of ids are those of auth's pattern; of scopes and tokens all of ASCII
// that prints; of paths and queries a few that need escapes.
const (
	idLetters   = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!@/:.+|_-"
	pathLetters = "abcXYZ019-._~ /%?#&=+:@!$'()*,äß日本語🦊\x00\x7f"
)

var asciiLetters = func() string {
	var b strings.Builder
	for c := ' '; c <= '~'; c++ {
		b.WriteRune(c)
	}
	return b.String()
}()

func text(r *rand.Rand, letters string, shortest, longest int) string {
	all := []rune(letters)
	var b strings.Builder
	for range shortest + r.IntN(longest-shortest+1) {
		b.WriteRune(all[r.IntN(len(all))])
	}
	return b.String()
}

func texts(r *rand.Rand, letters string, most int) []string {
	list := make([]string, r.IntN(most+1))
	for i := range list {
		list[i] = text(r, letters, 0, 60)
	}
	return list
}

// address is a URL that Hawk can carry and mohawk reads as servers do: it takes
// what follows a semicolon off a path, the brackets off an IPv6 address, and
// signs no path where there is none.
func address(r *rand.Rand) string {
	host := text(r, "abcxyzABC019", 1, 10) + ".Example.org"
	if r.IntN(2) == 0 {
		host += []string{":80", ":443", ":8443"}[r.IntN(3)]
	}
	path := ""
	for range 1 + r.IntN(4) {
		path += "/" + url.PathEscape(text(r, pathLetters, 0, 15))
	}
	query := url.Values{}
	for range r.IntN(4) {
		query.Add(text(r, pathLetters, 1, 8), text(r, pathLetters, 0, 12))
	}
	u := []string{"http", "https"}[r.IntN(2)] + "://" + host + path
	if len(query) > 0 {
		u += "?" + query.Encode()
	}
	return u
}

func drawn(r *rand.Rand) *signed {
	s := &signed{
		ClientID:    text(r, idLetters, 1, 60),
		AccessToken: text(r, asciiLetters, 1, 80),
		Temporary:   r.IntN(4) > 0,
		Scopes:      texts(r, asciiLetters, 8),
		Method:      []string{"GET", "PUT", "POST", "DELETE", "HEAD"}[r.IntN(5)],
		URL:         address(r),
		Now:         time.Now().UnixMilli(),
		Lifetime:    1 + r.Int64N(31*24*3600),
	}
	if s.Temporary && r.IntN(3) > 0 {
		s.Name = s.ClientID + text(r, idLetters, 1, 60)
	}
	if r.IntN(2) == 0 {
		s.AuthorizedScopes = new(texts(r, asciiLetters, 4))
		if s.Temporary { // those that they have
			*s.AuthorizedScopes = s.Scopes[:r.IntN(len(s.Scopes)+1)]
		}
	}
	return s
}

var nonceField = regexp.MustCompile(`nonce="([^"]*)"`)

// sign makes of the input what this package makes of it.
func (s *signed) sign(t *testing.T) {
	t.Helper()
	creds := &taskcluster.Credentials{ClientID: s.ClientID, AccessToken: s.AccessToken}
	if s.AuthorizedScopes != nil {
		creds.AuthorizedScopes = *s.AuthorizedScopes
	}
	var err error
	if s.Temporary {
		if creds, err = creds.CreateNamedTemporaryCredentials(s.Name, time.Duration(s.Lifetime)*time.Second, s.Scopes...); err != nil {
			t.Fatalf("%+v: %v", s, err)
		}
		if s.Made, err = creds.Cert(); err != nil {
			t.Fatalf("%+v: %v", s, err)
		}
	}
	req, err := http.NewRequest(s.Method, s.URL, nil)
	if err != nil {
		t.Fatalf("%+v: %v", s, err)
	}
	if err := creds.SignRequest(req); err != nil {
		t.Fatalf("%+v: %v", s, err)
	}
	u, err := creds.SignURL(req.URL, time.Duration(s.Lifetime)*time.Second)
	if err != nil {
		t.Fatalf("%+v: %v", s, err)
	}
	s.creds, s.Header, s.SignedURL = creds, req.Header.Get("Authorization"), u.String()
	s.Nonce = nonceField.FindStringSubmatch(s.Header)[1]
}

// signedAtRandom are inputs at times over some thirty years, and what is made of
// them.
func signedAtRandom(t *testing.T, n int) []*signed {
	t.Logf("random source %d", randomSource)
	r := rand.New(rand.NewPCG(randomSource, 0))
	var all []*signed
	synctest.Test(t, func(t *testing.T) {
		for range n {
			time.Sleep(time.Duration(r.Int64N(int64(20 * 24 * time.Hour))))
			s := drawn(r)
			s.sign(t)
			all = append(all, s)
		}
	})
	return all
}

// others is what Taskcluster's Python client and mohawk make of a signed's
// input, and what they say to what was made here.
type others struct {
	Credentials struct{ ClientID, AccessToken, Certificate string }
	Ext         string
	MAC         string
	Header      string
	URL         string

	RefusesHeader, RefusesURL *string
}

func TestOthersMakeTheSameBytes(t *testing.T) {
	all := signedAtRandom(t, 1000)
	var answer struct{ Signed []others }
	judge(t, map[string]any{"sign": all}, &answer)
	if len(answer.Signed) != len(all) {
		t.Fatalf("%d of %d were made", len(answer.Signed), len(all))
	}
	for i, theirs := range answer.Signed {
		ours := all[i]
		for _, c := range []struct{ what, ours, theirs string }{
			{"client id", ours.creds.ClientID, theirs.Credentials.ClientID},
			{"access token", ours.creds.AccessToken, theirs.Credentials.AccessToken},
			{"certificate", ours.creds.Certificate, theirs.Credentials.Certificate},
			{"header", ours.Header, fmt.Sprintf(`Hawk id="%s", mac="%s", ts="%d", nonce="%s", ext="%s"`,
				theirs.Credentials.ClientID, theirs.MAC, ours.Now/1000, ours.Nonce, theirs.Ext)},
			{"signed URL", ours.SignedURL, theirs.URL},
		} {
			if c.ours != c.theirs {
				t.Errorf("%s of %+v\n got %s\nwant %s", c.what, *ours, c.ours, c.theirs)
			}
		}
		if theirs.RefusesHeader != nil || theirs.RefusesURL != nil {
			t.Errorf("mohawk refuses what was signed of %+v: header %s, URL %s", *ours, value(theirs.RefusesHeader), value(theirs.RefusesURL))
		}
		if t.Failed() && i > 10 {
			t.FailNow()
		}
	}
}
