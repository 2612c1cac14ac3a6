package gerrit_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"verdict/gerrit"
)

func projects(t *testing.T, s *site) {
	name := s.newProject(t)
	info, err := s.bot.GetProjectInfo(t.Context(), name)
	must(t, err)
	if info.Name != name || info.State != "ACTIVE" || info.Parent != "All-Projects" {
		t.Errorf("got %+v", info)
	}
	all, err := s.bot.GetProjects(t.Context(), "")
	must(t, err)
	if all[name] == nil || all[name].Name != name || all["All-Projects"] == nil {
		t.Errorf("of all projects: got %+v", all[name])
	}
	having, err := s.bot.GetProjects(t.Context(), "release/1.0")
	must(t, err)
	if having[name] == nil || len(having[name].Branches["release/1.0"]) != 40 || having["All-Projects"] != nil {
		t.Errorf("of those with a branch: got %+v", having[name])
	}
	list, err := s.bot.ListProjects(t.Context())
	must(t, err)
	isThere := func(name string) bool {
		return slices.ContainsFunc(list, func(p gerrit.ProjectInfo) bool { return p.Name == name })
	}
	sorted := slices.IsSortedFunc(list, func(a, b gerrit.ProjectInfo) int { return strings.Compare(a.ID, b.ID) })
	if !isThere(name) || isThere("All-Projects") || !sorted {
		t.Errorf("got the list %+v", list)
	}

	made, err := s.admin.CreateProject(t.Context(), name+"-2", gerrit.ProjectInput{Description: "Described", SubmitType: "CHERRY_PICK"})
	must(t, err)
	if made.Name != name+"-2" || made.Description != "Described" {
		t.Errorf("made %+v", made)
	}
	if _, err := s.admin.CreateProject(t.Context(), name); !errors.Is(err, gerrit.ErrConflict) {
		t.Errorf("made twice: %v", err)
	}
	if _, err := s.bot.CreateProject(t.Context(), name+"-3"); !errors.Is(err, gerrit.ErrForbidden) {
		t.Errorf("made without permission: %v", err)
	}
	_, err = s.bot.GetProjectInfo(t.Context(), "no/such")
	if !errors.Is(err, gerrit.ErrProjectNotExist) || !errors.Is(err, gerrit.ErrResourceNotExist) || errors.Is(err, gerrit.ErrChangeNotExist) {
		t.Errorf("one that isn't there: %v", err)
	}
}

func branches(t *testing.T, s *site) {
	project := s.newProject(t)
	main, err := s.bot.GetBranch(t.Context(), project, "main")
	must(t, err)
	if main.Ref != "refs/heads/main" || len(main.Revision) != 40 {
		t.Errorf("got %+v", main)
	}
	made, err := s.admin.CreateBranch(t.Context(), project, "feature/a+b", gerrit.BranchInput{Revision: main.Revision})
	must(t, err)
	if made.Ref != "refs/heads/feature/a+b" || made.Revision != main.Revision {
		t.Errorf("made %+v", made)
	}
	if _, err := s.admin.CreateBranch(t.Context(), project, "feature/a+b", gerrit.BranchInput{Revision: main.Revision}); !errors.Is(err, gerrit.ErrConflict) {
		t.Errorf("made twice: %v", err)
	}
	list, err := s.admin.ListBranches(t.Context(), project)
	must(t, err)
	byRef, err := s.admin.GetProjectBranches(t.Context(), project)
	must(t, err)
	if list[0].Ref != "HEAD" || len(list) != len(byRef) || byRef["refs/heads/feature/a+b"].Revision != main.Revision || !byRef["refs/heads/feature/a+b"].CanDelete {
		t.Errorf("got %+v, %+v", list, byRef)
	}
	must(t, s.admin.DeleteBranch(t.Context(), project, "feature/a+b"))
	if _, err := s.bot.GetBranch(t.Context(), project, "feature/a+b"); !errors.Is(err, gerrit.ErrResourceNotExist) || errors.Is(err, gerrit.ErrProjectNotExist) {
		t.Errorf("one that was deleted: %v", err)
	}
	if err := s.admin.DeleteBranch(t.Context(), project, "feature/a+b"); !errors.Is(err, gerrit.ErrResourceNotExist) {
		t.Errorf("deleted twice: %v", err)
	}
	if _, err := s.bot.ListBranches(t.Context(), "no/such"); !errors.Is(err, gerrit.ErrProjectNotExist) {
		t.Errorf("of no project: %v", err)
	}
	in, err := s.bot.GetCommitsInRefs(t.Context(), project, []string{main.Revision}, []string{"refs/heads/main"})
	must(t, err)
	if !slices.Equal(in[main.Revision], []string{"refs/heads/main"}) {
		t.Errorf("commits in refs: got %v", in)
	}
}

func tags(t *testing.T, s *site) {
	project := s.newProject(t)
	main, err := s.bot.GetBranch(t.Context(), project, "main")
	must(t, err)
	light, err := s.admin.CreateTag(t.Context(), project, "v1/light", gerrit.TagInput{Revision: main.Revision})
	must(t, err)
	made, err := s.admin.CreateTag(t.Context(), project, "v1.0", gerrit.TagInput{Revision: main.Revision, Message: "The first"})
	must(t, err)
	if light.Revision != main.Revision || made.Object != main.Revision || made.Tagger == nil || strings.TrimSpace(made.Message) != "The first" {
		t.Errorf("made %+v and %+v", light, made)
	}
	if _, err := s.admin.CreateTag(t.Context(), project, "v1.0", gerrit.TagInput{Revision: main.Revision}); !errors.Is(err, gerrit.ErrConflict) {
		t.Errorf("made twice: %v", err)
	}
	got, err := s.admin.GetTag(t.Context(), project, "v1.0")
	must(t, err)
	byRef, err := s.admin.GetProjectTags(t.Context(), project)
	must(t, err)
	listed := byRef["refs/tags/v1.0"]
	if !got.Equal(&listed) || len(byRef) != 2 {
		t.Errorf("got %+v, and in the list %+v", got, byRef)
	}
	must(t, s.admin.DeleteTag(t.Context(), project, "v1/light"))
	if _, err := s.admin.GetTag(t.Context(), project, "v1/light"); !errors.Is(err, gerrit.ErrResourceNotExist) {
		t.Errorf("one that was deleted: %v", err)
	}
	if _, err := s.bot.GetProjectTags(t.Context(), "no/such"); !errors.Is(err, gerrit.ErrProjectNotExist) {
		t.Errorf("of no project: %v", err)
	}
}

func groups(t *testing.T, s *site) {
	all, err := s.admin.GetGroups(t.Context())
	must(t, err)
	users := all["Service Users"]
	if users == nil || users.Name != "Service Users" || users.ID == "" || all["Administrators"] == nil {
		t.Fatalf("got %v", all)
	}
	for _, id := range []string{"Service Users", users.ID} {
		members, err := s.admin.GetGroupMembers(t.Context(), id)
		must(t, err)
		if !slices.ContainsFunc(members, func(a gerrit.AccountInfo) bool { return a.Username == "ci-bot" }) {
			t.Errorf("members of %s: got %+v", id, members)
		}
	}
	if _, err := s.bob.GetGroupMembers(t.Context(), "Administrators"); !errors.Is(err, gerrit.ErrResourceNotExist) {
		t.Errorf("of a group that is hidden: %v", err)
	}
	mine, err := s.bot.GetAccountGroups(t.Context(), "self")
	must(t, err)
	if !slices.Contains(mine, "Service Users") {
		t.Errorf("of ci-bot: got %v", mine)
	}
}

func accounts(t *testing.T, s *site) {
	must(t, s.bot.Ready(t.Context()))
	version, err := s.bot.Version(t.Context())
	must(t, err)
	if !strings.HasPrefix(version, "3.") {
		t.Errorf("version %q", version)
	}
	self, err := s.bot.GetAccountInfo(t.Context(), "self")
	must(t, err)
	if self.Username != "ci-bot" || !slices.Contains(self.Tags, "SERVICE_USER") {
		t.Errorf("got %+v", self)
	}
	if _, err := s.bot.GetAccountInfo(t.Context(), "nosuch"); !errors.Is(err, gerrit.ErrResourceNotExist) {
		t.Errorf("an account that isn't there: %v", err)
	}
	can, err := s.bot.Capabilities(t.Context())
	must(t, err)
	if can.QueryLimit == nil || can.QueryLimit.Max != 500 || !can.StreamEvents || can.AdministrateServer || can.Priority != "BATCH" {
		t.Errorf("ci-bot can %+v", can)
	}
	must2, err := s.admin.Capabilities(t.Context())
	must(t, err)
	if !must2.AdministrateServer {
		t.Errorf("admin can %+v", must2)
	}

	page, err := s.admin.QueryAccounts(t.Context(), "is:active", gerrit.QueryAccountsOpt{N: 2, Fields: []string{"DETAILS"}})
	must(t, err)
	if len(page) != 2 || !page[1].MoreAccounts || page[0].Username == "" {
		t.Errorf("got a page of %+v", page)
	}
	seen := map[string]int{}
	for account, err := range s.admin.AllAccounts(t.Context(), "is:active", gerrit.QueryAccountsOpt{N: 2, Fields: []string{"DETAILS"}}) {
		must(t, err)
		seen[account.Username]++
	}
	for _, name := range []string{"admin", "ci-bot", "alice", "bob"} {
		if seen[name] != 1 {
			t.Errorf("%s was given %d times: %v", name, seen[name], seen)
		}
	}
}

func tokens(t *testing.T, s *site) {
	if v, _ := s.bot.Version(t.Context()); strings.HasPrefix(v, "3.10") || strings.HasPrefix(v, "3.12") {
		return // there are none yet
	}
	id := "t" + strings.TrimPrefix(strings.TrimSuffix(projectName(), "+x"), "methods/")
	var refused *gerrit.HTTPError
	if _, err := s.bob.CreateToken(t.Context(), "self", "6"+id, gerrit.TokenInput{}); !errors.As(err, &refused) || refused.Res.StatusCode != 400 {
		t.Errorf("an ID that begins with a digit: %v", err)
	}
	made, err := s.bob.CreateToken(t.Context(), "self", id, gerrit.TokenInput{Lifetime: "30d"})
	must(t, err)
	if made.ID != id || made.Token == "" || made.Expiration.Time().IsZero() {
		t.Errorf("made %v, until %v", made, made.Expiration.Time())
	}
	if _, err := gerrit.NewClient(s.url, gerrit.BasicAuth("bob", made.Token)).GetAccountInfo(t.Context(), "self"); err != nil {
		t.Errorf("it isn't taken: %v", err)
	}
	if _, err := s.bob.CreateToken(t.Context(), "self", id, gerrit.TokenInput{}); err == nil {
		t.Error("it is made twice")
	}
	list, err := s.bob.ListTokens(t.Context(), "self")
	must(t, err)
	if !slices.ContainsFunc(list, func(i gerrit.TokenInfo) bool { return i.ID == id }) {
		t.Errorf("got the list %+v", list)
	}
	must(t, s.bob.DeleteToken(t.Context(), "self", id))
	if _, err := gerrit.NewClient(s.url, gerrit.BasicAuth("bob", made.Token)).GetAccountInfo(t.Context(), "self"); !errors.Is(err, gerrit.ErrNotAuthorized) {
		t.Errorf("it is still taken: %v", err)
	}
}

func files(t *testing.T, s *site) {
	project := s.newProject(t)
	id := s.newChange(t, project)
	list, err := s.bot.ListFiles(t.Context(), id, "current")
	must(t, err)
	if f := list["dir/b+c.txt"]; f == nil || f.Status != gerrit.FileInfoAdded || f.LinesInserted != 1 || list["/COMMIT_MSG"] == nil {
		t.Errorf("got %+v", list)
	}
	for path, want := range changedFiles {
		got, err := s.bot.GetRevisionFileContent(t.Context(), id, "current", path)
		if err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v", path, got, err)
		}
	}
	if _, err := s.bot.GetRevisionFileContent(t.Context(), id, "current", "nosuch"); !errors.Is(err, gerrit.ErrResourceNotExist) {
		t.Errorf("a file that isn't there: %v", err)
	}
	diff, err := s.bot.GetDiff(t.Context(), id, "current", "a.txt", "")
	must(t, err)
	if diff.ChangeType != "ADDED" || diff.MetaB == nil || strings.Join(diff.Content[0].B, "\n") != "one\ntwo\n" {
		t.Errorf("got %+v", diff)
	}
	patch, err := s.bot.GetPatch(t.Context(), id, "current")
	must(t, err)
	if !strings.Contains(string(patch), "Subject: ") || !strings.Contains(string(patch), "+two\n") {
		t.Errorf("got %s", patch)
	}

	must(t, s.admin.SetReview(t.Context(), id, "current", gerrit.ReviewInput{Labels: map[string]int{"Code-Review": 2}}))
	merged, err := s.admin.SubmitChange(t.Context(), id)
	must(t, err)
	main, err := s.bot.GetBranch(t.Context(), project, "main")
	must(t, err)
	if merged.Status != gerrit.ChangeStatusMerged {
		t.Errorf("merged %+v", merged)
	}
	content, err := s.bot.GetFileContent(t.Context(), project, main.Revision, "dir/b+c.txt")
	must(t, err)
	defer content.Close()
	if text, err := io.ReadAll(content); err != nil || string(text) != "<html>\n" {
		t.Errorf("got %q, %v", text, err)
	}
	if _, err := s.bot.GetFileContent(t.Context(), project, main.Revision, "nosuch"); !errors.Is(err, gerrit.ErrResourceNotExist) {
		t.Errorf("a file that isn't there: %v", err)
	}
}
