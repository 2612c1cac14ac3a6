package gerrittest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"verdict/gerrit"
)

var projectCases = []fact{
	{"AProjectIsMadeOnce", "3.10", aProjectIsMadeOnce},
	{"AnUnknownProjectIs404", "3.10", anUnknownProjectIs404},
	{"ProjectsAreListedByPrefixAndBranch", "3.10", projectsAreListed},
	{"ABranchIsMadeOnce", "3.10", aBranchIsMadeOnce},
	{"ABranchNeedsARevision", "3.10", aBranchNeedsARevision},
	{"BranchesBeginWithHEAD", "3.10", branchesBeginWithHEAD},
	{"ATagIsLightOrAnnotated", "3.10", aTagIsLightOrAnnotated},
	{"AMergeMovesTheBranch", "3.10", aMergeMovesTheBranch},
	{"ACommitIsInRefs", "3.10", aCommitIsInRefs},
	{"AGroupHasMembers", "3.10", aGroupHasMembers},
	{"AHiddenGroupIs404", "3.10", aHiddenGroupIs404},
	{"CapabilitiesTellWhatAnAccountMay", "3.10", capabilitiesTell},
	{"ATokenOpensUntilItIsDeleted", "3.13", aTokenOpens},
	{"TokensAreTheirAccountsOwn", "3.13", tokensAreTheirAccountsOwn},
	{"ActionsTellWhatWeMay", "3.10", actionsTell},
	{"PermittedLabelsTellWhatWeMayVote", "3.10", permittedLabelsTell},
}

func projectPath(name string) string { return "/projects/" + url.QueryEscape(name) }

func aProjectIsMadeOnce(t *testing.T, e *env) {
	name := e.host.newProject(t)
	e.answers(t, "admin", http.MethodPut, projectPath(name), "{}", http.StatusConflict, "")
	e.answers(t, "ci-bot", http.MethodPut, projectPath(name+"2"), "{}", http.StatusForbidden, "create project not permitted")
	e.answers(t, "admin", http.MethodPut, projectPath(name+"2"), `{"name":"other"}`, http.StatusBadRequest, "name must match URL")
	text := e.answers(t, "admin", http.MethodPut, projectPath(name+"2"), `{"description":"D"}`, http.StatusCreated, "")
	if got := object(t, text); got["name"] != name+"2" || got["description"] != "D" || got["parent"] != "All-Projects" {
		t.Errorf("got %v", got)
	}
}

func anUnknownProjectIs404(t *testing.T, e *env) {
	e.answers(t, "ci-bot", http.MethodGet, projectPath("no/such"), "", http.StatusNotFound, "Not found: no/such")
	e.answers(t, "ci-bot", http.MethodGet, projectPath("no/such")+"/branches/main", "", http.StatusNotFound, "Not found: no/such")
	e.answers(t, "ci-bot", http.MethodGet, projectPath("demo")+"/branches/nosuch", "", http.StatusNotFound, "Not found: nosuch")
}

func projectsAreListed(t *testing.T, e *env) {
	name := e.host.newProject(t)
	for query, want := range map[string]bool{
		"p=" + url.QueryEscape(name): true, "p=nosuch": false, "b=main&p=" + url.QueryEscape(name): true, "b=nosuch&p=" + url.QueryEscape(name): false,
		"p=" + url.QueryEscape(name) + "&n=1": true, "p=" + url.QueryEscape(name) + "&S=1": false,
	} {
		text := e.answers(t, "ci-bot", http.MethodGet, "/projects/?"+query, "", http.StatusOK, "")
		if _, there := object(t, text)[name]; there != want {
			t.Errorf("%s: got %s", query, text)
		}
	}
	e.answers(t, "ci-bot", http.MethodGet, "/projects/?nonsense=1", "", http.StatusBadRequest, `"--nonsense" is not a valid option`)
}

func aBranchIsMadeOnce(t *testing.T, e *env) {
	path := projectPath(e.host.newProject(t)) + "/branches/feature%2Fx"
	text := e.answers(t, "admin", http.MethodPut, path, `{"revision":"main"}`, http.StatusCreated, "")
	if got := object(t, text); got["ref"] != "refs/heads/feature/x" || len(got["revision"].(string)) != 40 || got["can_delete"] != true {
		t.Errorf("got %v", got)
	}
	e.answers(t, "admin", http.MethodPut, path, `{"revision":"main"}`, http.StatusConflict, `Branch "refs/heads/feature/x" already exists`)
	e.answers(t, "ci-bot", http.MethodDelete, path, "", http.StatusForbidden, "")
	e.answers(t, "admin", http.MethodDelete, path, "", http.StatusNoContent, "")
	e.answers(t, "ci-bot", http.MethodGet, path, "", http.StatusNotFound, "Not found: feature/x")
}

func aBranchNeedsARevision(t *testing.T, e *env) {
	path := projectPath(e.host.newProject(t)) + "/branches/"
	e.answers(t, "admin", http.MethodPut, path+"x", `{"revision":"nosuch"}`, http.StatusUnprocessableEntity, `base revision "nosuch" not found`)
	e.answers(t, "admin", http.MethodPut, path+"a..b", `{"revision":"main"}`, http.StatusBadRequest, `invalid branch name "refs/heads/a..b"`)
}

func branchesBeginWithHEAD(t *testing.T, e *env) {
	branches, err := e.bot.ListBranches(t.Context(), e.host.newProject(t))
	if err != nil || len(branches) < 2 || branches[0].Ref != "HEAD" || branches[0].Revision != "main" || branches[0].CanDelete {
		t.Errorf("got %+v, %v", branches, err)
	}
}

func aTagIsLightOrAnnotated(t *testing.T, e *env) {
	project := e.host.newProject(t)
	main, err := e.bot.GetBranch(t.Context(), project, "main")
	must(t, err)
	light, err := e.admin.CreateTag(t.Context(), project, "v1", gerrit.TagInput{Revision: main.Revision})
	must(t, err)
	full, err := e.admin.CreateTag(t.Context(), project, "v2", gerrit.TagInput{Revision: main.Revision, Message: "Two"})
	must(t, err)
	if light.Revision != main.Revision || light.Object != "" || light.Tagger != nil || full.Revision == main.Revision || full.Object != main.Revision || full.Tagger.Email != "admin@example.com" {
		t.Errorf("got %+v and %+v", light, full)
	}
	e.answers(t, "admin", http.MethodPut, projectPath(project)+"/tags/v1", `{"revision":"main"}`, http.StatusConflict, `Tag "refs/tags/v1" already exists`)
}

func aMergeMovesTheBranch(t *testing.T, e *env) {
	p := e.aloneChange(t)
	e.merge(t, p)
	main, err := e.bot.GetBranch(t.Context(), p.project, "main")
	if err != nil || main.Revision != p.revision {
		t.Errorf("got %s, %v, want %s", main.Revision, err, p.revision)
	}
}

func aCommitIsInRefs(t *testing.T, e *env) {
	p := e.aloneChange(t)
	e.merge(t, p)
	in, err := e.bot.GetCommitsInRefs(t.Context(), p.project, []string{p.revision}, []string{"refs/heads/main"})
	if err != nil || len(in[p.revision]) != 1 || in[p.revision][0] != "refs/heads/main" {
		t.Errorf("got %v, %v", in, err)
	}
	text := e.answers(t, "ci-bot", http.MethodGet, projectPath(p.project)+"/commits/"+p.revision, "", http.StatusOK, "")
	if got := object(t, text); got["commit"] != p.revision || got["subject"] != "A change" {
		t.Errorf("got %v", got)
	}
}

func aGroupHasMembers(t *testing.T, e *env) {
	name := strings.ReplaceAll(e.host.newProject(t), "/", "-") // a name that nobody has
	path := "/groups/" + url.QueryEscape(name)
	e.answers(t, "alice", http.MethodPut, path, "{}", http.StatusForbidden, "create group not permitted")
	e.answers(t, "admin", http.MethodPut, path, `{"visible_to_all":true}`, http.StatusCreated, "")
	e.answers(t, "admin", http.MethodPut, path, "{}", http.StatusConflict, "")
	e.answers(t, "admin", http.MethodPut, path+"/members/alice", "", http.StatusCreated, "")
	e.answers(t, "admin", http.MethodPut, path+"/members/alice", "", http.StatusOK, "")
	members, err := e.bot.GetGroupMembers(t.Context(), name)
	if err != nil || len(members) != 2 || members[1].Username != "alice" {
		t.Errorf("got %+v, %v", members, err)
	}
	e.answers(t, "admin", http.MethodDelete, path+"/members/alice", "", http.StatusNoContent, "")
	e.answers(t, "admin", http.MethodDelete, path+"/members/alice", "", http.StatusNotFound, "")
}

func aHiddenGroupIs404(t *testing.T, e *env) {
	e.answers(t, "alice", http.MethodGet, "/groups/Administrators", "", http.StatusNotFound, "Administrators")
	e.answers(t, "admin", http.MethodGet, "/groups/Administrators", "", http.StatusOK, "")
}

func capabilitiesTell(t *testing.T, e *env) {
	bot, err := e.bot.Capabilities(t.Context())
	must(t, err)
	alice, err := e.alice.Capabilities(t.Context())
	must(t, err)
	admin, err := e.admin.Capabilities(t.Context())
	must(t, err)
	if !bot.StreamEvents || bot.AdministrateServer || alice.StreamEvents || !admin.AdministrateServer {
		t.Errorf("got %+v, %+v, %+v", bot, alice, admin)
	}
}

func aTokenOpens(t *testing.T, e *env) {
	id := fmt.Sprintf("t%d", e.change(t).number) // one that no other run has
	made, err := e.bob.CreateToken(t.Context(), "self", id, gerrit.TokenInput{})
	must(t, err)
	as := gerrit.NewClient(e.url, gerrit.BasicAuth("bob", made.Token))
	if self, err := as.GetAccountInfo(t.Context(), "self"); err != nil || self.Username != "bob" {
		t.Errorf("got %+v, %v", self, err)
	}
	e.answers(t, "bob", http.MethodPut, "/accounts/self/tokens/bad.id", "{}", http.StatusBadRequest, "Token ID must contain only letters, numbers, hyphens and underscores.")
	must(t, e.bob.DeleteToken(t.Context(), "self", id))
	if _, err := as.GetAccountInfo(t.Context(), "self"); err == nil {
		t.Error("it opens after it was deleted")
	}
	e.answers(t, "bob", http.MethodDelete, "/accounts/self/tokens/"+id, "", http.StatusNotFound, "Not found: "+id)
}

func tokensAreTheirAccountsOwn(t *testing.T, e *env) {
	e.answers(t, "alice", http.MethodGet, "/accounts/bob/tokens", "", http.StatusForbidden, "")
	e.answers(t, "alice", http.MethodPut, "/accounts/bob/tokens/x", "{}", http.StatusForbidden, "")
	text := e.answers(t, "admin", http.MethodGet, "/accounts/bob/tokens", "", http.StatusOK, "")
	if strings.Contains(text, "bob-secret") {
		t.Errorf("it tells a secret: %s", text)
	}
}

func actionsTell(t *testing.T, e *env) {
	p := e.change(t)
	actions := func(user string) map[string]any {
		text := e.answers(t, user, http.MethodGet, p.path()+"?o=CHANGE_ACTIONS", "", http.StatusOK, "")
		got, _ := object(t, text)["actions"].(map[string]any)
		return got
	}
	bot, bob, alice := actions("ci-bot"), actions("bob"), actions("alice")
	for name, want := range map[string][3]bool{
		"hashtags": {true, false, true}, "abandon": {true, false, true}, "restore": {false, false, false}, "wip": {false, false, true}, "private": {false, false, true},
	} {
		if got := [3]bool{bot[name] != nil, bob[name] != nil, alice[name] != nil}; got != want {
			t.Errorf("%s: ci-bot, bob and alice have %v, want %v", name, got, want)
		}
	}
	must(t, e.bot.AbandonChange(t.Context(), p.id()))
	if bot := actions("ci-bot"); bot["abandon"] != nil || bot["restore"] == nil || bot["hashtags"] == nil {
		t.Errorf("of an abandoned change: got %v", bot)
	}
}

func permittedLabelsTell(t *testing.T, e *env) {
	p := e.aloneChange(t)
	permitted := func(c *gerrit.Client, label string) string {
		info, err := c.GetChangeDetail(t.Context(), p.id())
		must(t, err)
		return strings.Join(info.PermittedLabels[label], ",")
	}
	if got := permitted(e.bot, "Verified") + " " + permitted(e.bob, "Verified") + " " + permitted(e.admin, "Code-Review"); got != "-1, 0,+1  -2,-1, 0,+1,+2" {
		t.Errorf("got %q", got)
	}
	e.review(t, p, gerrit.ReviewInput{Labels: map[string]int{"Verified": 1}})
	e.merge(t, p)
	if got := permitted(e.bot, "Verified"); got != "+1" {
		t.Errorf("of a merged change: got %q", got)
	}
}
