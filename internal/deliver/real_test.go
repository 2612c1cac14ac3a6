package deliver_test

import (
	"crypto/rand"
	"slices"
	"strings"
	"testing"

	"verdict/gerrit"
	"verdict/gerrit/gerrittest"
	"verdict/internal/testservers"
)

// realSite is the real Gerrit, with a project and a change of this test's own; the bot is the administrator.
func realSite(t *testing.T, rules func(project string) map[string]string) *site {
	t.Helper()
	url := testservers.Gerrit(t)
	as := func(username string) *gerrit.Client {
		if username == "root" {
			username = "admin"
		}
		return gerrit.NewClient(url, gerrit.BasicAuth(username, testservers.Accounts[username]))
	}
	admin, alice := as("admin"), as("alice")
	project := "deliver/" + strings.ToLower(rand.Text()[:8])
	_, err := admin.CreateProject(t.Context(), project, gerrit.ProjectInput{CreateEmptyCommit: true, Branches: []string{"main"}})
	if err != nil {
		t.Fatal(err)
	}
	change, err := alice.CreateChange(t.Context(), gerrit.ChangeInput{Project: project, Branch: "main", Subject: "A change"})
	if err == nil {
		err = alice.ChangeFileContentInChangeEdit(t.Context(), change.ID, "a.txt", "one\n")
	}
	if err == nil {
		err = alice.PublishChangeEdit(t.Context(), change.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	w := newStages(t, admin, url, opsTeams(t, project, opsActions), rules(project))
	w.query = "project:" + project
	return &site{world: w, id: change.ID, as: as}
}

// TestEachActionOnTheRealServer: done once, found done where nobody heard the answer, and left undone where somebody
// undid it.
func TestEachActionOnTheRealServer(t *testing.T) {
	testservers.Gerrit(t)
	for _, a := range acts {
		run := func(how string, test func(s *site, a act)) {
			t.Run(a.kind+" "+how, func(t *testing.T) {
				t.Parallel()
				s := realSite(t, func(project string) map[string]string { return a.rules(project, "live") })
				s.begin(a)
				test(s, a)
			})
		}
		run("once", (*site).doneOnce)
		run("unheard", (*site).doneUnheard)
		if a.undo != nil {
			run("undone", (*site).undoneUnheard)
		}
	}
}

func TestConcurrentHashtagsByRulesAreAllKeptOnTheRealServer(t *testing.T) {
	s := realSite(t, hashtagRules)
	alice := s.as("alice")
	s.expectCrowd(s.hashtagsAtOnce(func() *gerrit.Client { return alice }, s.id))
}

// TestPeopleMayBeNamedAsGerritTakesThem: by the full name, with which no name that the change shows is compared, and as a
// group.
func TestPeopleMayBeNamedAsGerritTakesThem(t *testing.T) {
	testservers.Gerrit(t)
	for kind, a := range map[string]act{
		"attention": {
			do: "attention: {add: ['Alice Author'], reason: CI has a question}", method: "POST", path: "/review",
			shows: func(c gerrittest.Change) bool { return slices.Contains(c.Attention, "alice") },
		},
		"reviewers": {
			do: "reviewers: ['group:Service Users']", method: "POST", path: "/review",
			shows: func(c gerrittest.Change) bool { return slices.Contains(c.Reviewers, "ci-bot") },
		},
	} {
		t.Run(kind, func(t *testing.T) {
			s := realSite(t, func(project string) map[string]string { return a.rules(project, "live") })
			s.begin(a)
			s.doneOnce(a)
		})
	}
}
