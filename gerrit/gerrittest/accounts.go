package gerrittest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Groups that have rights of their own; see Config.
const (
	Administrators = "Administrators"
	ServiceUsers   = "Service Users"
)

// Account is somebody who may log in. Members of Administrators may submit,
// delete and do what others may; members of ServiceUsers may edit hashtags and
// abandon. What may be voted, the labels say. The owner of a change may edit
// its hashtags, abandon and restore it.
type Account struct {
	Username string
	Name     string // Username when empty
	Email    string // Username@example.com when empty
	Password string
	Groups   []string
}

type account struct {
	Account
	id int
}

// AddAccount adds an account, or changes the one of that username, as to its
// password or groups. It answers its number.
func (s *Server) AddAccount(a Account) int {
	if a.Name == "" {
		a.Name = a.Username
	}
	if a.Email == "" {
		a.Email = a.Username + "@example.com"
	}
	id := 0
	s.update(func() {
		for _, known := range s.accounts {
			if known.Username == a.Username {
				known.Account, id = a, known.id
				return
			}
		}
		id = 1000000 + len(s.accounts)
		s.accounts = append(s.accounts, &account{Account: a, id: id})
	})
	return id
}

func (a *account) is(group string) bool { return slices.Contains(a.Groups, group) }

// account finds by number, username or email address; "self" is the caller.
func (s *Server) account(id string, self *account) *account {
	if id == "self" {
		return self
	}
	for _, a := range s.accounts {
		if id == fmt.Sprint(a.id) || id == a.Username || strings.EqualFold(id, a.Email) {
			return a
		}
	}
	return nil
}

func (s *Server) mustAccount(username string) *account {
	a := s.account(username, nil)
	if a == nil {
		panic(fmt.Sprintf("gerrittest: there is no account %q", username))
	}
	return a
}

// login tells who asks: nil is nobody. Credentials count only below /a/.
func (s *Server) login(r *http.Request) (by *account, ok bool) {
	user, password, given := r.BasicAuth()
	if !given {
		return nil, false
	}
	for _, a := range s.accounts {
		if a.Username == user && a.Password == password && password != "" {
			return a, true
		}
	}
	return nil, false
}

// object is a JSON object.
type object = map[string]any

func (a *account) brief() object { return object{"_account_id": a.id} }

func (a *account) info() object {
	info := object{"_account_id": a.id, "name": a.Name, "email": a.Email, "username": a.Username}
	if a.is(ServiceUsers) {
		info["tags"] = []string{"SERVICE_USER"}
	}
	return info
}

func (s *Server) accountRoutes(q *request, path []string) answer {
	if len(path) == 0 || path[0] == "" {
		return s.queryAccounts(q)
	}
	a := s.account(path[0], q.by)
	if path[0] == "self" && q.by == nil {
		return refuse(http.StatusForbidden, "Resolving account 'self' requires login")
	}
	if a == nil {
		return refuse(http.StatusNotFound, "Account '%s' not found", path[0])
	}
	switch strings.Join(path[1:], "/") {
	case "", "detail":
		return found(a.info())
	case "groups", "groups/":
		return found(a.groups(q.by))
	case "capabilities":
		return found(object{"queryLimit": object{"min": 0, "max": maxPage}, "emailReviewers": true, "streamEvents": a.is(ServiceUsers)})
	}
	return refuse(http.StatusNotFound, "Not found: %s", path[1])
}

// groups are those that another account may see.
func (a *account) groups(by *account) []object {
	groups := []object{}
	if a == by {
		groups = append(groups, object{"id": "global%3AAnonymous-Users", "name": "Anonymous Users"}, object{"id": "global%3ARegistered-Users", "name": "Registered Users"})
	}
	for _, g := range a.Groups {
		visible := g == ServiceUsers || g != Administrators || a == by || by != nil && by.is(Administrators)
		if visible {
			groups = append(groups, object{"id": fmt.Sprintf("%x", g), "name": g})
		}
	}
	return groups
}

// queryAccounts takes the operators email, username and name, and a bare word
// for each of them.
func (s *Server) queryAccounts(q *request) answer {
	text := q.query.Get("q")
	if text == "" {
		return refuse(http.StatusBadRequest, "missing query field")
	}
	node, err := parseQuery(text)
	if err != nil {
		return refuse(http.StatusBadRequest, "%s", err)
	}
	accounts := []object{}
	for _, a := range s.accounts {
		ok, err := node.match(func(op, value string) (bool, error) { return a.matches(op, value) })
		if err != nil {
			return refuse(http.StatusBadRequest, "%s", err)
		}
		switch {
		case ok && len(q.query["o"]) > 0:
			accounts = append(accounts, a.info())
		case ok:
			accounts = append(accounts, a.brief())
		}
	}
	return found(accounts)
}

func (a *account) matches(op, value string) (bool, error) {
	switch op {
	case "email":
		return strings.EqualFold(a.Email, value), nil
	case "username":
		return a.Username == value, nil
	case "name":
		return strings.Contains(strings.ToLower(a.Name), strings.ToLower(value)), nil
	case "is":
		return value == "active", nil
	case "":
		prefix := strings.ToLower(value)
		return fmt.Sprint(a.id) == value || strings.HasPrefix(strings.ToLower(a.Username), prefix) ||
			strings.HasPrefix(strings.ToLower(a.Email), prefix) || strings.Contains(strings.ToLower(a.Name), prefix), nil
	}
	return false, badQuery("Unsupported operator %s:%s", op, value)
}
