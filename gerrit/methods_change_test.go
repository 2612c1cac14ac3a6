package gerrit_test

import (
	"errors"
	"strings"
	"testing"

	"verdict/gerrit"
)

func (s *site) change(t *testing.T) string { t.Helper(); return s.newChange(t, s.newProject(t)) }

// detail is a change as the bot sees it, with what has to be asked for.
func (s *site) detail(t *testing.T, id string) *gerrit.ChangeInfo {
	t.Helper()
	info, err := s.bot.GetChangeDetail(t.Context(), id, gerrit.QueryChangesOpt{Fields: []string{"CURRENT_REVISION", "SUBMITTABLE", "SUBMIT_REQUIREMENTS"}})
	must(t, err)
	return info
}

func queries(t *testing.T, s *site) {
	project := s.newProject(t)
	for range 3 {
		s.newChange(t, project)
	}
	query := `project:"` + project + `"`
	page, err := s.bot.QueryChanges(t.Context(), query, gerrit.QueryChangesOpt{N: 2, Fields: []string{"CURRENT_REVISION", "CURRENT_COMMIT", "MESSAGES", "DETAILED_LABELS", "DETAILED_ACCOUNTS"}})
	must(t, err)
	if len(page) != 2 || !page[1].MoreChanges || page[0].MoreChanges {
		t.Fatalf("got a page of %d", len(page))
	}
	c := page[0]
	commit := c.Revisions[c.CurrentRevision].Commit
	if c.Owner.Username != "alice" || commit == nil || !strings.Contains(commit.Message, "Change-Id: "+c.ChangeID) || len(c.Messages) == 0 || c.Labels["Verified"].Values["+1"] == "" {
		t.Errorf("got %+v", c)
	}
	rest, err := s.bot.QueryChanges(t.Context(), query, gerrit.QueryChangesOpt{Start: 2})
	must(t, err)
	if len(rest) != 1 || rest[0].ChangeNumber == c.ChangeNumber {
		t.Errorf("got a rest of %d", len(rest))
	}
	n := 0
	for _, err := range s.bot.AllChanges(t.Context(), query, gerrit.QueryChangesOpt{N: 1}) {
		must(t, err)
		n++
	}
	if n != 3 {
		t.Errorf("got %d of 3", n)
	}
	if none, err := s.bot.QueryChanges(t.Context(), query+" status:merged"); err != nil || len(none) != 0 {
		t.Errorf("got %d that are none, %v", len(none), err)
	}
}

func oneChange(t *testing.T, s *site) {
	id := s.change(t)
	c, err := s.bot.GetChange(t.Context(), id)
	must(t, err)
	if c.Status != gerrit.ChangeStatusNew || c.Subject != "A change" || len(c.MetaRevID) != 40 || !c.HasReviewStarted || c.Insertions != 3 {
		t.Errorf("got %+v", c)
	}
	d := s.detail(t, id)
	if d.Submittable || len(d.SubmitRequirements) == 0 || d.SubmitRequirements[0].Status != "UNSATISFIED" || d.SubmitRequirements[0].Submittability == nil {
		t.Errorf("got %+v", d.SubmitRequirements)
	}
	if got := strings.Join(d.PermittedLabels["Verified"], ","); got != "-1, 0,+1" {
		t.Errorf("ci-bot may vote %q", got)
	}
	for _, name := range []string{id, strings.ReplaceAll(strings.ReplaceAll(id, "/", "%2F"), "+", "%2B"), number(c.ChangeNumber)} {
		if same, err := s.bot.GetChange(t.Context(), name); err != nil || same.ChangeNumber != c.ChangeNumber {
			t.Errorf("by the name %s: %v", name, err)
		}
	}
	_, err = s.bot.GetChange(t.Context(), "demo~99999")
	if !errors.Is(err, gerrit.ErrChangeNotExist) || !errors.Is(err, gerrit.ErrResourceNotExist) || errors.Is(err, gerrit.ErrProjectNotExist) {
		t.Errorf("one that isn't there: %v", err)
	}
}

func mergeable(t *testing.T, s *site) {
	project := s.newProject(t)
	id := s.newChange(t, project)
	info, err := s.bot.GetMergeable(t.Context(), id, "current")
	must(t, err)
	if !info.Mergeable || info.SubmitType == "" || info.CommitMerged {
		t.Errorf("got %+v", info)
	}
	c, err := s.bot.GetChange(t.Context(), id, gerrit.QueryChangesOpt{Mergeable: true})
	must(t, err)
	if !c.Mergable || !c.Mergeable {
		t.Errorf("mergable %v, mergeable %v", c.Mergable, c.Mergeable)
	}
	list, err := s.bot.QueryChanges(t.Context(), `project:"`+project+`"`, gerrit.QueryChangesOpt{Mergeable: true})
	must(t, err)
	if len(list) != 1 || !list[0].Mergable {
		t.Errorf("in a list: %+v", list)
	}
	other := s.newChange(t, project) // with the same files
	must(t, s.admin.SetReview(t.Context(), id, "current", gerrit.ReviewInput{Labels: map[string]int{"Code-Review": 2}}))
	_, err = s.admin.SubmitChange(t.Context(), id)
	must(t, err)
	if c, err = s.bot.GetChange(t.Context(), id, gerrit.QueryChangesOpt{Mergeable: true}); err != nil || c.Mergable {
		t.Errorf("one that is merged: %v, %v", c.Mergable, err)
	}
	if _, err := s.bot.GetMergeable(t.Context(), id, "current"); !errors.Is(err, gerrit.ErrConflict) {
		t.Errorf("one that is merged: %v", err)
	}
	_ = other
}

func revision(t *testing.T, s *site) {
	id := s.change(t)
	message, err := s.bot.GetCommitMessage(t.Context(), id)
	must(t, err)
	if message.Subject != "A change" || message.Footers["Change-Id"] == "" || !strings.HasPrefix(message.FullMessage, "A change\n") {
		t.Errorf("got %+v", message)
	}
	related, err := s.bot.GetRelatedChanges(t.Context(), id, "current")
	must(t, err)
	if len(related.Changes) != 0 {
		t.Errorf("got %+v", related)
	}
	actions, err := s.admin.GetRevisionActions(t.Context(), id, "current")
	must(t, err)
	if actions["cherrypick"] == nil || actions["cherrypick"].Method != "POST" {
		t.Errorf("got %v", actions)
	}
}

func edit(t *testing.T, s *site) {
	id := s.change(t)
	before := s.detail(t, id)
	must(t, s.alice.ChangeFileContentInChangeEdit(t.Context(), id, "a.txt", "other\n"))
	if err := s.alice.ChangeFileContentInChangeEdit(t.Context(), id, "a.txt", "other\n"); !errors.Is(err, gerrit.ErrNotModified) {
		t.Errorf("the same again: %v", err)
	}
	must(t, s.alice.DeleteFileInChangeEdit(t.Context(), id, "dir/b+c.txt"))
	must(t, s.alice.PublishChangeEdit(t.Context(), id))
	after := s.detail(t, id)
	list, err := s.bot.ListFiles(t.Context(), id, "current")
	must(t, err)
	if after.CurrentRevision == before.CurrentRevision || list["dir/b+c.txt"] != nil || list["a.txt"].LinesInserted != 1 {
		t.Errorf("got %+v", list)
	}
	if err := s.alice.PublishChangeEdit(t.Context(), id); err == nil {
		t.Error("an edit that isn't there is published")
	}
}

func topic(t *testing.T, s *site) {
	id := s.change(t)
	if got, err := s.alice.GetTopic(t.Context(), id); err != nil || got != "" {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := s.alice.SetTopic(t.Context(), id, " one/two "); err != nil || got != "one/two" {
		t.Errorf("set to %q, %v", got, err)
	}
	if got, err := s.bot.GetTopic(t.Context(), id); err != nil || got != "one/two" || s.detail(t, id).Topic != got {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := s.bob.SetTopic(t.Context(), id, "no"); !errors.Is(err, gerrit.ErrForbidden) {
		t.Errorf("without permission: %v", err)
	}
	must(t, s.alice.DeleteTopic(t.Context(), id))
	must(t, s.alice.DeleteTopic(t.Context(), id))
	if got := s.detail(t, id).Topic; got != "" {
		t.Errorf("still %q", got)
	}
}

func hashtags(t *testing.T, s *site) {
	id := s.change(t)
	for _, step := range []struct {
		do   func() ([]string, error)
		want string
	}{
		{func() ([]string, error) { return s.bot.AddHashtags(t.Context(), id, "b", "#a", "a b") }, "a,a b,b"},
		{func() ([]string, error) { return s.bot.RemoveHashtags(t.Context(), id, "b", "absent") }, "a,a b"},
		{func() ([]string, error) {
			return s.bot.SetHashtags(t.Context(), id, gerrit.HashtagsInput{Add: []string{"c"}, Remove: []string{"a b"}})
		}, "a,c"},
		{func() ([]string, error) { return s.bot.SetHashtags(t.Context(), id, gerrit.HashtagsInput{}) }, "a,c"},
		{func() ([]string, error) { return s.bot.GetHashtags(t.Context(), id) }, "a,c"},
	} {
		if got, err := step.do(); err != nil || strings.Join(got, ",") != step.want {
			t.Errorf("got %q, %v, want %q", got, err, step.want)
		}
	}
}

func deleteChange(t *testing.T, s *site) {
	id := s.change(t)
	if err := s.bot.DeleteChange(t.Context(), id); !errors.Is(err, gerrit.ErrForbidden) {
		t.Errorf("without permission: %v", err)
	}
	must(t, s.admin.DeleteChange(t.Context(), id))
	for name, do := range map[string]func() error{
		"get":    func() error { _, err := s.bot.GetChange(t.Context(), id); return err },
		"review": func() error { return s.bot.SetReview(t.Context(), id, "current", gerrit.ReviewInput{Message: "x"}) },
		"delete": func() error { return s.admin.DeleteChange(t.Context(), id) },
	} {
		if err := do(); !errors.Is(err, gerrit.ErrChangeNotExist) {
			t.Errorf("%s after it: %v", name, err)
		}
	}
}
