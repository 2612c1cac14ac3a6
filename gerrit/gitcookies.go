package gerrit

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

// GitCookiesAuth derives the Gerrit authentication token from gitcookies based
// on the URL of the Gerrit request, as googlesource's servers want it. The
// cookie file used is determined by running "git config http.cookiefile" in
// the current directory, at the first request. To use a specific file, see
// GitCookieFileAuth.
func GitCookiesAuth() Auth {
	return &cookieAuth{find: func() (string, error) {
		out, err := exec.Command("git", "config", "--type=path", "http.cookiefile").Output()
		if err != nil {
			return "", fmt.Errorf("ask git for http.cookiefile: %w", err)
		}
		return strings.TrimSpace(string(out)), nil
	}}
}

// GitCookieFileAuth derives the Gerrit authentication token from the provided
// gitcookies file. It is equivalent to GitCookiesAuth, except that "git config
// http.cookiefile" is not used to find which cookie file to use. The file is
// read again when it is another one than it was.
func GitCookieFileAuth(file string) Auth {
	return &cookieAuth{find: func() (string, error) { return file, nil }}
}

type cookieAuth struct {
	find func() (string, error)

	mu      sync.Mutex
	file    *watchedFile // nil: not looked for yet
	cookies []gitCookie
}

func (a *cookieAuth) sign(r *http.Request) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.update(); err != nil {
		return err
	}
	found := false
	for _, c := range a.cookies {
		if c.goesTo(r, time.Now()) {
			r.AddCookie(&http.Cookie{Name: c.name, Value: c.value})
			found = true
		}
	}
	if !found {
		return fmt.Errorf("no cookie in %s is for %s", a.file.name, r.URL.Host)
	}
	return nil
}

// renew has nothing else: the file was looked at before the request.
func (a *cookieAuth) renew(http.Header) (bool, error) { return false, nil }

func (a *cookieAuth) update() error {
	if a.file == nil {
		name, err := a.find()
		if err != nil {
			return err
		}
		a.file = &watchedFile{name: name}
	}
	if !a.file.changed() && a.cookies != nil {
		return nil
	}
	text, err := os.ReadFile(a.file.name)
	if err != nil {
		return fmt.Errorf("read the cookies: %w", err)
	}
	if a.cookies = readCookies(string(text)); len(a.cookies) == 0 {
		a.cookies = nil
		return errors.New("there are no cookies in " + a.file.name)
	}
	return nil
}

// gitCookie is a line of a cookie file.
type gitCookie struct {
	domain      string
	subdomains  bool
	path        string
	secure      bool
	expires     int64 // seconds; 0: never
	name, value string
}

// readCookies reads a file as curl writes and git reads it: seven fields
// between tabs. Other lines are left out.
func readCookies(text string) []gitCookie {
	var cookies []gitCookie
	for line := range strings.Lines(text) {
		line = strings.TrimPrefix(strings.TrimRight(line, "\r\n"), "#HttpOnly_")
		fields := strings.Split(line, "\t")
		if strings.HasPrefix(line, "#") || len(fields) != 7 {
			continue
		}
		expires, err := strconv.ParseInt(fields[4], 10, 64)
		if err != nil {
			continue
		}
		cookies = append(cookies, gitCookie{
			domain: strings.ToLower(strings.TrimPrefix(fields[0], ".")), subdomains: strings.EqualFold(fields[1], "TRUE"),
			path: fields[2], secure: strings.EqualFold(fields[3], "TRUE"), expires: expires, name: fields[5], value: fields[6],
		})
	}
	return cookies
}

func (c gitCookie) goesTo(r *http.Request, now time.Time) bool {
	host := strings.ToLower(r.URL.Hostname())
	switch {
	case host != c.domain && !(c.subdomains && strings.HasSuffix(host, "."+c.domain)):
		return false
	case c.secure && r.URL.Scheme != "https":
		return false
	case c.expires != 0 && c.expires <= now.Unix():
		return false
	}
	below, ok := strings.CutPrefix(r.URL.Path, strings.TrimSuffix(c.path, "/"))
	return ok && (below == "" || below[0] == '/')
}
