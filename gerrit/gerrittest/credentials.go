package gerrittest

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// token is a password of an account that has a name, and may have an end.
type token struct {
	id, secret string
	expires    time.Time // zero: never
}

type sshKey struct {
	number int
	key    ssh.PublicKey
	line   string
}

// opens tells whether a password is the account's, or one of its tokens.
func (a *account) opens(password string, now time.Time) bool {
	same := func(secret string) bool {
		return secret != "" && subtle.ConstantTimeCompare([]byte(secret), []byte(password)) == 1
	}
	return same(a.Password) || slices.ContainsFunc(a.tokens, func(t *token) bool {
		return same(t.secret) && (t.expires.IsZero() || now.Before(t.expires))
	})
}

// credentialRoutes are tokens, password.http and sshkeys of an account.
func (s *Server) credentialRoutes(q *request, a *account, path []string) answer {
	if q.by == nil || q.by != a && !q.by.is(Administrators) {
		what := "administrate server"
		if q.method == http.MethodGet {
			what = "modify account"
		}
		return refuse(http.StatusForbidden, "%s not permitted", what)
	}
	switch {
	case path[0] == "password.http" && len(path) == 1:
		return s.setPassword(q, a)
	case path[0] == "sshkeys":
		return s.sshKeyRoutes(q, a, path[1:])
	case path[0] == "tokens" && len(path) == 1 && q.method == http.MethodGet:
		return found(a.tokenInfos())
	case path[0] == "tokens" && len(path) == 2:
		return s.tokenRoutes(q, a, path[1])
	}
	return notHere()
}

func (a *account) tokenInfos() []object {
	infos := []object{}
	for _, t := range a.tokens {
		infos = append(infos, t.info())
	}
	if a.Password != "" {
		infos = append(infos, object{"id": "legacy"})
	}
	return infos
}

func (t *token) info() object {
	info := object{"id": t.id}
	if !t.expires.IsZero() {
		info["expiration"] = t.expires.UTC().Format("2006-01-02 15:04:05.000000000")
	}
	return info
}

var (
	tokenID  = regexp.MustCompile(`^[A-Za-z_-][A-Za-z0-9_-]*$`)
	lifetime = regexp.MustCompile(`^(\d+)\s*(s|m|h|d|w|mon|y)$`)
)

func (s *Server) tokenRoutes(q *request, a *account, id string) answer {
	at := slices.IndexFunc(a.tokens, func(t *token) bool { return t.id == id })
	switch {
	case q.method == http.MethodDelete && at >= 0:
		a.tokens = slices.Delete(a.tokens, at, at+1)
		return answer{status: http.StatusNoContent}
	case q.method == http.MethodDelete:
		return refuse(http.StatusNotFound, "Not found: %s", id)
	case q.method != http.MethodPut || at >= 0:
		return refuse(http.StatusNotFound, "Not found: /")
	case !tokenID.MatchString(id):
		return refuse(http.StatusBadRequest, "Token ID must contain only letters, numbers, hyphens and underscores.")
	}
	var in struct{ Lifetime string }
	if a := q.decode(&in); a != nil {
		return *a
	}
	t := &token{id: id, secret: rand.Text()}
	if in.Lifetime != "" {
		parts := lifetime.FindStringSubmatch(in.Lifetime)
		if parts == nil {
			return refuse(http.StatusBadRequest, "Invalid lifetime: %s", in.Lifetime)
		}
		n, err := strconv.Atoi(parts[1])
		if err != nil {
			return refuse(http.StatusBadRequest, "Invalid lifetime: %s", in.Lifetime)
		}
		t.expires = s.config.Clock().Add(time.Duration(n) * ageUnits[parts[2]])
	}
	a.tokens = append(a.tokens, t)
	info := t.info()
	info["token"] = t.secret
	return answer{status: http.StatusCreated, json: info}
}

// setPassword makes a token named default, as today's Gerrit does; the password
// that was there stays.
func (s *Server) setPassword(q *request, a *account) answer {
	isDefault := func(t *token) bool { return t.id == "default" }
	if q.method == http.MethodDelete {
		a.Password, a.tokens = "", slices.DeleteFunc(a.tokens, isDefault)
		return answer{status: http.StatusNoContent}
	}
	var in struct {
		Generate bool
		Password string `json:"http_password"`
	}
	if a := q.decode(&in); a != nil {
		return *a
	}
	switch {
	case in.Password != "" && !q.by.is(Administrators):
		return refuse(http.StatusForbidden, "administrate server not permitted")
	case slices.ContainsFunc(a.tokens, isDefault):
		return refuse(http.StatusBadRequest, "A token with id default already exists for account %d.", a.id)
	case in.Generate:
		in.Password = rand.Text()
	}
	a.tokens = append(a.tokens, &token{id: "default", secret: in.Password})
	return answer{status: http.StatusCreated, json: in.Password}
}

// AddSSHKey lets an account log in by SSH with a key. It panics when there is
// no such account.
func (s *Server) AddSSHKey(username string, key ssh.PublicKey) {
	s.update(func() {
		s.mustAccount(username).addKey(key, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))))
	})
}

func (a *account) addKey(key ssh.PublicKey, line string) sshKey {
	number := 1
	if n := len(a.keys); n > 0 {
		number = a.keys[n-1].number + 1
	}
	a.keys = append(a.keys, sshKey{number: number, key: key, line: line})
	return a.keys[len(a.keys)-1]
}

func (s *Server) sshKeyRoutes(q *request, a *account, path []string) answer {
	switch {
	case len(path) == 0 && q.method == http.MethodGet:
		infos := []object{}
		for _, k := range a.keys {
			infos = append(infos, k.info())
		}
		return found(infos)
	case len(path) == 0 && q.method == http.MethodPost:
		line := strings.TrimSpace(string(q.body))
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
		if err != nil {
			return refuse(http.StatusBadRequest, "Invalid SSH Key")
		}
		return answer{status: http.StatusCreated, json: a.addKey(key, line).info()}
	case len(path) == 1 && q.method == http.MethodDelete:
		at := slices.IndexFunc(a.keys, func(k sshKey) bool { return fmt.Sprint(k.number) == path[0] })
		if at >= 0 {
			a.keys = slices.Delete(a.keys, at, at+1)
			return answer{status: http.StatusNoContent}
		}
		return refuse(http.StatusNotFound, "Not found: %s", path[0])
	}
	return notHere()
}

func (k sshKey) info() object {
	parts := strings.SplitN(k.line, " ", 3)
	info := object{"seq": k.number, "ssh_public_key": k.line, "algorithm": parts[0], "encoded_key": parts[1], "valid": true}
	if len(parts) == 3 {
		info["comment"] = parts[2]
	}
	return info
}
