package gerrittest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Groups that have rights of their own; see Config.
const (
	Administrators = "Administrators"
	ServiceUsers   = "Service Users"
)

// Account is somebody who may log in. Members of Administrators may submit,
// delete and do what others may; members of ServiceUsers may edit hashtags and
// abandon. What may be voted, the labels say. The owner of a change may edit
// its hashtags, abandon and restore it. Groups of other names are made where
// there are none, and give no rights; all see them.
type Account struct {
	Username string
	Name     string // Username when empty
	Email    string // Username@example.com when empty
	Password string
	Groups   []string
}

type account struct {
	Account
	id         int
	registered time.Time
	inactive   bool
	tokens     []*token
	keys       []sshKey
}

func (a *account) number() string { return strconv.Itoa(a.id) }

// AddAccount adds an account, or changes the one of that username, as to its
// password or groups. It answers its number.
func (s *Server) AddAccount(a Account) int {
	id := 0
	s.update(func() { id = s.newAccount(a).id })
	return id
}

func (s *Server) newAccount(a Account) *account {
	a.Name, a.Email = cmp.Or(a.Name, a.Username), cmp.Or(a.Email, a.Username+"@example.com")
	for _, name := range a.Groups {
		s.group(name)
	}
	for _, known := range s.accounts {
		if known.Username == a.Username {
			known.Account = a
			return known
		}
	}
	made := &account{Account: a, id: 1000000 + len(s.accounts), registered: s.now()}
	s.accounts = append(s.accounts, made)
	return made
}

// is tells whether an account is in a group; nobody is in none.
func (a *account) is(group string) bool { return a != nil && slices.Contains(a.Groups, group) }

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
		if a.Username == user && !a.inactive && a.opens(password, s.config.Clock()) {
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
	switch {
	case path[0] == "self" && q.by == nil:
		return refuse(http.StatusForbidden, "Resolving account 'self' requires login")
	case q.method == http.MethodPut && len(path) == 1:
		return s.createAccount(q, path[0])
	case a == nil:
		return refuse(http.StatusNotFound, "Account '%s' not found", path[0])
	case a.inactive && path[0] != a.number():
		return refuse(http.StatusNotFound, "Account '%s' only matches inactive accounts. To use an inactive account, retry with one of the following exact account IDs:\n%d: %s <%s>", path[0], a.id, a.Name, a.Email)
	}
	switch path = path[1:]; first(path) {
	case "":
		return found(a.info())
	case "detail":
		info := a.info()
		info["registered_on"] = stamp(a.registered)
		return found(info)
	case "name":
		return found(a.Name)
	case "username":
		return found(a.Username)
	case "groups":
		return found(s.groupsOf(a, q.by))
	case "active":
		return s.activeRoutes(q, a)
	case "capabilities":
		return s.capabilityRoutes(q, a, path[1:])
	case "tokens", "password.http", "sshkeys":
		return s.credentialRoutes(q, a, path)
	}
	return refuse(http.StatusNotFound, "Not found: %s", path[0])
}

func (s *Server) createAccount(q *request, username string) answer {
	var in struct {
		Username, Name, Email string
		Password              string `json:"http_password"`
		Groups                []string
	}
	if a := q.decode(&in); a != nil {
		return *a
	}
	switch {
	case !q.by.is(Administrators):
		return refuse(http.StatusForbidden, "create account not permitted")
	case in.Username != "" && in.Username != username:
		return refuse(http.StatusBadRequest, "username must match URL")
	case slices.ContainsFunc(s.accounts, func(a *account) bool { return a.Username == username }):
		return refuse(http.StatusConflict, "account exists")
	case in.Email != "" && s.account(in.Email, nil) != nil:
		return refuse(http.StatusUnprocessableEntity, "email '%s' already exists", in.Email)
	}
	a := s.newAccount(Account{Username: username, Name: in.Name, Email: in.Email, Password: in.Password, Groups: in.Groups})
	return answer{status: http.StatusCreated, json: a.info()}
}

func (s *Server) activeRoutes(q *request, a *account) answer {
	switch {
	case q.method == http.MethodGet && a.inactive:
		return answer{status: http.StatusNoContent}
	case q.method == http.MethodGet:
		return found("ok")
	case !q.by.is(Administrators):
		return refuse(http.StatusForbidden, "modify account not permitted")
	}
	a.inactive = q.method == http.MethodDelete
	if a.inactive {
		return answer{status: http.StatusNoContent}
	}
	return found("")
}

// capabilities are what an account may do on the server.
func (s *Server) capabilities(a *account) object {
	can := object{"emailReviewers": true, "queryLimit": object{"min": 0, "max": maxPage}}
	if a.is(ServiceUsers) || a.is(Administrators) {
		can["streamEvents"] = true
	}
	if a.is(ServiceUsers) {
		can["priority"] = "BATCH"
	}
	if a.is(Administrators) {
		for _, name := range []string{"administrateServer", "createAccount", "createGroup", "createProject", "maintainServer", "modifyAccount", "viewAllAccounts", "viewConnections"} {
			can[name] = true
		}
	}
	return can
}

func (s *Server) capabilityRoutes(q *request, a *account, path []string) answer {
	if a != q.by && !q.by.is(Administrators) {
		return refuse(http.StatusForbidden, "administrate server not permitted")
	}
	can := s.capabilities(a)
	if len(path) == 0 || path[0] == "" {
		return found(can)
	}
	if _, ok := can[path[0]]; !ok {
		return refuse(http.StatusNotFound, "Not found: %s", path[0])
	}
	return answer{status: http.StatusOK, text: "ok"}
}

// groupsOf are those that another account may see.
func (s *Server) groupsOf(a, by *account) []object {
	groups := []object{}
	if a == by {
		for _, name := range everybody {
			groups = append(groups, systemGroupInfo(name))
		}
	}
	for _, name := range a.Groups {
		if g := s.group(name); s.sees(by, g) {
			groups = append(groups, s.groupInfo(g, false))
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
	list, refused := readList(q, "q", "o", "suggest")
	if refused != nil {
		return *refused
	}
	var matching []*account
	for _, a := range s.accounts {
		ok, err := node.match(func(op, value string) (bool, error) { return a.matches(op, value) })
		if err != nil {
			return refuse(http.StatusBadRequest, "%s", err)
		}
		if ok {
			matching = append(matching, a)
		}
	}
	page, more := pageOf(list, matching, func(*account) bool { return true })
	infos := []object{}
	for i, a := range page {
		info := a.brief()
		if len(q.query["o"]) > 0 || q.query.Has("suggest") {
			info = a.info()
		}
		if more && i == len(page)-1 {
			info["_more_accounts"] = true
		}
		infos = append(infos, info)
	}
	return found(infos)
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
		return (value == "active") != a.inactive, nil
	case "":
		prefix := strings.ToLower(value)
		_, domain, _ := strings.Cut(strings.ToLower(a.Email), "@")
		return a.number() == value || strings.HasPrefix(strings.ToLower(a.Username), prefix) ||
			strings.HasPrefix(strings.ToLower(a.Email), prefix) || strings.HasPrefix(domain, prefix) || strings.Contains(strings.ToLower(a.Name), prefix), nil
	}
	return false, badQuery("Unsupported operator %s:%s", op, value)
}
