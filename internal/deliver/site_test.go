package deliver_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"verdict/gerrit"
	"verdict/gerrit/gerrittest"
	"verdict/rules"
)

// site is a world with one change, on the stand-in or on the real Gerrit, whose bot may do whatever there is.
type site struct {
	*world
	id   string
	as   func(username string) *gerrit.Client
	line *line
}

// fakeSite is the stand-in.
func fakeSite(t *testing.T, a act, mode string) *site {
	t.Helper()
	w := newOpsWorld(t, gerrittest.Config{}, a.rules("demo", mode))
	s := &site{world: w, id: fmt.Sprint(w.push().Change), as: w.as}
	s.begin(a)
	return s
}

// begin makes the change what it has to be, and lets the bot's requests go over a line that is counted and cut.
func (s *site) begin(a act) {
	s.t.Helper()
	s.pollOnly()
	if a.first != nil {
		if err := a.first(s); err != nil {
			s.t.Fatal(err)
		}
	}
	s.line = &line{to: http.DefaultTransport}
	s.Gerrit["main"].(*gerrit.Client).HTTPClient = &http.Client{Transport: s.line}
}

// line is the bot's way to Gerrit.
type line struct {
	to http.RoundTripper

	mu     sync.Mutex
	writes []string
	cut    bool
}

var errCut = errors.New("the line is cut")

// RoundTrip implements http.RoundTripper. What is written over a line that is cut arrives, and is answered to nobody.
func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	l.mu.Lock()
	cut := l.cut && r.Method != http.MethodGet
	if r.Method != http.MethodGet {
		l.writes = append(l.writes, r.Method+" "+r.URL.EscapedPath())
	}
	l.mu.Unlock()
	answer, err := l.to.RoundTrip(r)
	if err == nil && cut {
		answer.Body.Close()
		return nil, errCut
	}
	return answer, err
}

func (l *line) set(cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = cut
}

func (l *line) wrote() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.writes)
}

// look is the change as alice sees it.
func (s *site) look() gerrittest.Change {
	s.t.Helper()
	info, err := s.as("alice").GetChangeDetail(s.t.Context(), s.id)
	if err != nil {
		s.t.Fatal(err)
	}
	comments, err := s.as("alice").ListChangeComments(s.t.Context(), s.id)
	if err != nil {
		s.t.Fatal(err)
	}
	c := gerrittest.Change{
		Number: info.ChangeNumber, Topic: info.Topic, Status: info.Status, Hashtags: info.Hashtags, WIP: info.WorkInProgress,
		Reviewers: usernames(info.Reviewers["REVIEWER"]), CCs: usernames(info.Reviewers["CC"]),
	}
	for _, a := range info.AttentionSet {
		c.Attention = append(c.Attention, a.Account.Username)
	}
	for _, m := range info.Messages {
		c.Messages = append(c.Messages, gerrittest.Message{ID: m.ID, Tag: m.Tag, Text: m.Message})
	}
	for path, list := range comments {
		for _, of := range list {
			c.Comments = append(c.Comments, gerrittest.Comment{Path: path, Line: of.Line, Text: of.Message})
		}
	}
	return c
}

func usernames(accounts []*gerrit.AccountInfo) []string {
	var names []string
	for _, a := range accounts {
		names = append(names, a.Username)
	}
	return names
}

const opsGrant = `teams:
  ops:
    folder: ops/
    contact: {email: ops@example.org}
    gerrit:
      - {server: main, projects: ['%s'], branches: [main], hashtags: ['ci-*'], actions: [%s]}
      - {server: main, projects: ['**'], branches: [elsewhere], hashtags: ['ci-*'], actions: [%s]}
`

// opsActions are all that the team ops is granted, unless a test says otherwise.
const opsActions = "comment, hashtags, reviewers, attention, ready, wip, topic, abandon, restore, submit"

// newOpsWorld is one in which the bot's account may do whatever Gerrit knows.
func newOpsWorld(t *testing.T, config gerrittest.Config, files map[string]string) *world {
	t.Helper()
	w := newWorldOf(t, config, opsTeams(t, "demo", opsActions), files)
	w.gerrit.AddAccount(gerrittest.Account{Username: "bot", Password: "secret", Groups: []string{gerrittest.ServiceUsers, gerrittest.Administrators}})
	w.gerrit.AddAccount(gerrittest.Account{Username: "root", Password: "secret", Groups: []string{gerrittest.Administrators}})
	w.gerrit.AddAccount(gerrittest.Account{Username: "bob", Password: "secret"})
	w.gerrit.AddAccount(gerrittest.Account{Username: "ci-bot", Password: "secret", Groups: []string{gerrittest.ServiceUsers}})
	return w
}

// opsTeams is a team that may do some actions here, and all of them elsewhere, so that its rules load.
func opsTeams(t *testing.T, project, actions string) *rules.Teams {
	t.Helper()
	return loadTeams(t, fmt.Sprintf(opsGrant, project, actions, opsActions))
}

// as is a client of somebody's.
func (w *world) as(username string) *gerrit.Client {
	return gerrit.NewClient(w.gerrit.URL(), gerrit.BasicAuth(username, "secret"))
}
