package gerrit_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"verdict/gerrit"
	"verdict/gerrit/gerrittest"
	"verdict/internal/testservers"
)

// site is a Gerrit, the fake or the real one, and its accounts as clients.
type site struct {
	url                    string
	admin, bot, alice, bob *gerrit.Client
}

func newSite(url string) *site {
	as := func(name string) *gerrit.Client {
		return gerrit.NewClient(url, gerrit.BasicAuth(name, testservers.Accounts[name]))
	}
	return &site{url: url, admin: as("admin"), bot: as("ci-bot"), alice: as("alice"), bob: as("bob")}
}

func fakeSite(t *testing.T) *site {
	t.Helper()
	fake := gerrittest.NewServer(gerrittest.Config{})
	t.Cleanup(fake.Close)
	return newSite(fake.URL())
}

func realSite(t *testing.T) *site {
	t.Helper()
	return newSite(testservers.Gerrit(t))
}

func (s *site) newProject(t *testing.T) string {
	t.Helper()
	name := projectName()
	_, err := s.admin.CreateProject(t.Context(), name, gerrit.ProjectInput{CreateEmptyCommit: true, Branches: []string{"main", "release/1.0"}})
	must(t, err)
	return name
}

// newChange gives the id of a change of alice's whose second patch set has a.txt and dir/b+c.txt.
func (s *site) newChange(t *testing.T, project string) string {
	t.Helper()
	made, err := s.alice.CreateChange(t.Context(), gerrit.ChangeInput{Project: project, Branch: "main", Subject: "A change"})
	must(t, err)
	for path, text := range changedFiles {
		must(t, s.alice.ChangeFileContentInChangeEdit(t.Context(), made.ID, path, text))
	}
	must(t, s.alice.PublishChangeEdit(t.Context(), made.ID))
	return made.ID
}

var changedFiles = map[string]string{"a.txt": "one\ntwo\n", "dir/b+c.txt": "<html>\n"}

// projectName has all that wants escaping.
func projectName() string { return "methods/" + strings.ToLower(rand.Text()[:8]) + "+x" }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
