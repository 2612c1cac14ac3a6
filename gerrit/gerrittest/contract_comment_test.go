package gerrittest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"verdict/gerrit"
)

var commentCases = []fact{
	{"ACommentHasARange", "3.10", aCommentHasARange},
	{"ACommentNeedsAValidPlace", "3.10", aCommentNeedsAValidPlace},
	{"ACommentMayBePastTheEnd", "3.10", aCommentMayBePastTheEnd},
	{"ACommentOnAnUnknownFileRefusesAll", "3.10", aCommentOnAnUnknownFileRefusesAll},
	{"ACommentMayBeOnThePatchsetOrItsMessage", "3.10", aCommentMayBeOnThePatchset},
	{"ACommentMayBeOnTheParent", "3.10", aCommentMayBeOnTheParent},
	{"AReplyResolvesAThread", "3.10", aReplyResolvesAThread},
	{"AReplyIsAsUnresolvedAsItsComment", "3.10", aReplyIsAsUnresolved},
	{"AReplyNeedsItsComment", "3.10", aReplyNeedsItsComment},
	{"DuplicateCommentsAreLeftOutIfAsked", "3.10", duplicateCommentsAreLeftOut},
	{"RobotCommentsAreDropped", "3.13", robotCommentsAreDropped},
	{"DraftsAreTheirAuthorsOwn", "3.10", draftsAreTheirAuthorsOwn},
	{"DraftsArePublishedIfAsked", "3.10", draftsArePublishedIfAsked},
	{"DraftsMayBeOnUnknownFiles", "3.10", draftsMayBeOnUnknownFiles},
}

func (e *env) comments(t *testing.T, p pushed) map[string][]gerrit.CommentInfo {
	t.Helper()
	all, err := e.bot.ListChangeComments(t.Context(), p.id())
	must(t, err)
	return all
}

func inline(path string, in ...gerrit.CommentInput) gerrit.ReviewInput {
	return gerrit.ReviewInput{Comments: map[string][]gerrit.CommentInput{path: in}}
}

func aCommentHasARange(t *testing.T, e *env) {
	p := e.change(t)
	where := gerrit.CommentRange{StartLine: 1, StartCharacter: 1, EndLine: 2, EndCharacter: 2}
	e.review(t, p, inline("a.txt", gerrit.CommentInput{Range: &where, Message: "here", Unresolved: new(true)}))
	got := e.comments(t, p)["a.txt"]
	m := e.lastMessage(t, p)
	if len(got) != 1 || got[0].Range == nil || *got[0].Range != where || got[0].Line != 2 || !*got[0].Unresolved ||
		got[0].ChangeMessageID != m.ID || got[0].CommitID != p.revision || got[0].PatchSet != 1 || got[0].Author.Username != "ci-bot" {
		t.Errorf("got %+v, with the message %+v", got, m)
	}
}

func aCommentNeedsAValidPlace(t *testing.T, e *env) {
	p := e.change(t)
	for in, want := range map[string]string{
		`"a.txt":[{"line":-1,"message":"x"}]`: "negative line number -1 not allowed on a.txt",
		`"a.txt":[{"range":{"start_line":2,"start_character":0,"end_line":1,"end_character":0},"message":"x"}]`: "Range (2:0 - 1:0) is not valid for the comment on a.txt",
		`"/PATCHSET_LEVEL":[{"line":1,"message":"x"}]`:                                                          "Patchset-level comments can't have side, range, or line",
	} {
		e.answers(t, "ci-bot", http.MethodPost, p.path()+"/revisions/current/review", `{"comments":{`+in+`}}`, http.StatusBadRequest, want)
	}
}

func aCommentMayBePastTheEnd(t *testing.T, e *env) {
	p := e.change(t)
	e.review(t, p, inline("a.txt", gerrit.CommentInput{Line: 999, Message: "x"}))
	if got := e.comments(t, p)["a.txt"]; len(got) != 1 || got[0].Line != 999 {
		t.Errorf("got %+v", got)
	}
}

func aCommentOnAnUnknownFileRefusesAll(t *testing.T, e *env) {
	p := e.change(t)
	body := `{"message":"x","labels":{"Verified":1},"comments":{"nosuch.txt":[{"line":1,"message":"x"}]}}`
	want := fmt.Sprintf("file nosuch.txt not found in revision %d,1", p.number)
	e.answers(t, "ci-bot", http.MethodPost, p.path()+"/revisions/current/review", body, http.StatusBadRequest, want)
	if n := len(e.detail(t, p).Messages); n != 1 || e.vote(t, p, "Verified", "ci-bot") != 0 {
		t.Errorf("it posted: %d messages", n)
	}
}

func aCommentMayBeOnThePatchset(t *testing.T, e *env) {
	p := e.change(t)
	for _, path := range []string{gerrit.PatchSetLevel, "/COMMIT_MSG"} {
		e.review(t, p, inline(path, gerrit.CommentInput{Message: "x"}))
		if got := e.comments(t, p)[path]; len(got) != 1 || got[0].Message != "x" {
			t.Errorf("%s: got %+v", path, got)
		}
	}
}

func aCommentMayBeOnTheParent(t *testing.T, e *env) {
	p := e.change(t)
	e.review(t, p, inline("a.txt", gerrit.CommentInput{Side: "PARENT", Line: 1, Message: "x"}))
	if got := e.comments(t, p)["a.txt"]; len(got) != 1 || got[0].Side != "PARENT" || got[0].CommitID == p.revision {
		t.Errorf("got %+v", got)
	}
}

func aReplyResolvesAThread(t *testing.T, e *env) {
	p := e.change(t)
	e.review(t, p, inline("a.txt", gerrit.CommentInput{Line: 1, Message: "x", Unresolved: new(true)}, gerrit.CommentInput{Line: 2, Message: "y"}))
	if c := e.detail(t, p); c.TotalCommentCount != 2 || c.UnresolvedCommentCount != 1 {
		t.Errorf("got %d of %d unresolved", c.UnresolvedCommentCount, c.TotalCommentCount)
	}
	first := e.comments(t, p)["a.txt"][0]
	must(t, e.alice.SetReview(t.Context(), p.id(), "current", inline("a.txt", gerrit.CommentInput{Line: 1, InReplyTo: first.ID, Message: "Done", Unresolved: new(false)})))
	if c := e.detail(t, p); c.TotalCommentCount != 3 || c.UnresolvedCommentCount != 0 {
		t.Errorf("got %d of %d unresolved", c.UnresolvedCommentCount, c.TotalCommentCount)
	}
}

func aReplyIsAsUnresolved(t *testing.T, e *env) {
	p := e.change(t)
	e.review(t, p, inline("a.txt", gerrit.CommentInput{Line: 1, Message: "x", Unresolved: new(true)}))
	first := e.comments(t, p)["a.txt"][0]
	e.review(t, p, inline("a.txt", gerrit.CommentInput{Line: 1, Message: "y", InReplyTo: first.ID}))
	got := e.comments(t, p)["a.txt"]
	if len(got) != 2 || got[1].InReplyTo != first.ID || !*got[1].Unresolved || e.detail(t, p).UnresolvedCommentCount != 1 {
		t.Errorf("got %+v", got)
	}
}

func aReplyNeedsItsComment(t *testing.T, e *env) {
	p := e.change(t)
	body := `{"comments":{"a.txt":[{"line":1,"message":"x","in_reply_to":"deadbeef_00000000"}]}}`
	e.answers(t, "ci-bot", http.MethodPost, p.path()+"/revisions/current/review", body, http.StatusBadRequest, "Invalid inReplyTo, comment deadbeef_00000000 not found")
}

func duplicateCommentsAreLeftOut(t *testing.T, e *env) {
	p := e.change(t)
	in := inline("a.txt", gerrit.CommentInput{Line: 1, Message: "x"})
	in.Message = "words"
	e.review(t, p, in)
	in.OmitDuplicateComments = true
	e.review(t, p, in)
	if got := e.lastMessage(t, p).Message; got != "Patch Set 1:\n\nwords" || len(e.comments(t, p)["a.txt"]) != 1 {
		t.Errorf("got %q, %+v", got, e.comments(t, p))
	}
	in.OmitDuplicateComments = false
	e.review(t, p, in)
	if n := len(e.comments(t, p)["a.txt"]); n != 2 {
		t.Errorf("got %d", n)
	}
}

func robotCommentsAreDropped(t *testing.T, e *env) {
	p := e.change(t)
	body := `{"message":"robot","robot_comments":{"a.txt":[{"robot_id":"ci","robot_run_id":"1","line":1,"message":"m"}]}}`
	e.answers(t, "ci-bot", http.MethodPost, p.path()+"/revisions/current/review", body, http.StatusOK, "")
	if c := e.detail(t, p); c.TotalCommentCount != 0 || e.lastMessage(t, p).Message != "Patch Set 1:\n\nrobot" {
		t.Errorf("got %+v", c)
	}
}

func (e *env) draft(t *testing.T, p pushed, user, path string) {
	t.Helper()
	body := fmt.Sprintf(`{"path":%q,"line":1,"message":"draft"}`, path)
	e.answers(t, user, http.MethodPut, p.path()+"/revisions/current/drafts", body, http.StatusCreated, "")
}

func draftsAreTheirAuthorsOwn(t *testing.T, e *env) {
	p := e.change(t)
	e.draft(t, p, "ci-bot", "a.txt")
	_, own := e.raw(t, "ci-bot", http.MethodGet, p.path()+"/drafts", "")
	_, others := e.raw(t, "alice", http.MethodGet, p.path()+"/drafts", "")
	if list, _ := object(t, own)["a.txt"].([]any); len(list) != 1 || len(object(t, others)) != 0 || len(e.comments(t, p)) != 0 {
		t.Errorf("got %s and %s", own, others)
	}
}

func draftsArePublishedIfAsked(t *testing.T, e *env) {
	p := e.change(t)
	e.draft(t, p, "ci-bot", "a.txt")
	review := p.path() + "/revisions/current/review"
	e.answers(t, "ci-bot", http.MethodPost, review, `{"message":"kept"}`, http.StatusOK, "")
	if n := len(e.comments(t, p)); n != 0 {
		t.Errorf("published without asking: %d", n)
	}
	e.answers(t, "ci-bot", http.MethodPost, review, `{"message":"all","drafts":"PUBLISH"}`, http.StatusOK, "")
	if got := e.comments(t, p)["a.txt"]; len(got) != 1 || e.lastMessage(t, p).Message != "Patch Set 1:\n\n(1 comment)\n\nall" {
		t.Errorf("got %+v", got)
	}
	if _, text := e.raw(t, "ci-bot", http.MethodGet, p.path()+"/drafts", ""); strings.TrimPrefix(text, ")]}'\n") != "{}" {
		t.Errorf("still %s", text)
	}
}

func draftsMayBeOnUnknownFiles(t *testing.T, e *env) {
	p := e.change(t)
	e.draft(t, p, "ci-bot", "nosuch.txt")
	e.answers(t, "ci-bot", http.MethodPut, p.path()+"/revisions/current/drafts", `{"line":1,"message":"draft"}`, http.StatusBadRequest, "path must be non-empty")
}
