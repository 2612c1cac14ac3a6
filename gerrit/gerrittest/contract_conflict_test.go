package gerrittest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"verdict/gerrit"
)

var conflictCases = []fact{
	{"AClosedChangeStaysAsItIs", "3.10", aClosedChangeStaysAsItIs},
	{"AMergedChangeIsNotDeleted", "3.10", aMergedChangeIsNotDeleted},
	{"OnlyOwnerAndAdministratorHide", "3.10", onlyOwnerAndAdministratorHide},
	{"PrivateTwiceIsNoError", "3.10", privateTwiceIsNoError},
	{"PrivateIsSeenByReviewers", "3.10", privateIsSeenByReviewers},
	{"AdministratorsSeePrivateChanges", "3.13", administratorsSeePrivateChanges},
	{"OnlyOwnerAndAdministratorSetWIP", "3.10", onlyOwnerAndAdministratorSetWIP},
	{"AReviewSetsWIPAndSaysSo", "3.10", aReviewSetsWIPAndSaysSo},
	{"WIPAndReadyExclude", "3.10", wipAndReadyExclude},
	{"WorkInProgressIsNotSubmitted", "3.13", workInProgressIsNotSubmitted},
	{"UnresolvedCommentsAreNotSubmitted", "3.13", unresolvedCommentsAreNotSubmitted},
	{"OnlyTheCurrentRevisionIsSubmitted", "3.10", onlyTheCurrentRevisionIsSubmitted},
	{"ARebaseOntoWhereItIs409", "3.10", aRebaseOntoWhereItIs},
	{"ARebaseKeepsTheKind", "3.10", aRebaseKeepsTheKind},
	{"ARebaseThatConflictsIs409", "3.13", aRebaseThatConflicts},
	{"OnlyTheOwnerRebases", "3.10", onlyTheOwnerRebases},
	{"AMoveNeedsAnotherBranchThatIsThere", "3.10", aMoveNeedsAnotherBranch},
	{"ACherryPickIsAChangeOfItsOwn", "3.10", aCherryPickIsAChange},
	{"ACherryPickNeedsABranch", "3.10", aCherryPickNeedsABranch},
	{"TopicsAreSaid", "3.10", topicsAreSaid},
	{"TopicsHaveALimitAndNeedARight", "3.10", topicsHaveALimit},
}

func (e *env) merge(t *testing.T, p pushed) {
	t.Helper()
	must(t, e.admin.SetReview(t.Context(), p.id(), "current", gerrit.ReviewInput{Labels: map[string]int{"Code-Review": 2}}))
	_, err := e.admin.SubmitChange(t.Context(), p.id())
	must(t, err)
}

func aClosedChangeStaysAsItIs(t *testing.T, e *env) {
	abandoned, merged := e.change(t), e.aloneChange(t)
	must(t, e.bot.AbandonChange(t.Context(), abandoned.id()))
	e.merge(t, merged)
	for _, c := range []struct {
		p     pushed
		state string
	}{{abandoned, "abandoned"}, {merged, "merged"}} {
		for verb, want := range map[string]string{
			"submit": "change is " + c.state, "abandon": "change is " + c.state, "wip": "change is " + c.state, "ready": "change is " + c.state,
			"rebase": fmt.Sprintf("Change %d is %s", c.p.number, c.state),
		} {
			e.answers(t, "admin", http.MethodPost, c.p.path()+"/"+verb, "{}", http.StatusConflict, want)
		}
		e.answers(t, "admin", http.MethodPost, c.p.path()+"/move", `{"destination_branch":"other"}`, http.StatusConflict, "Change is "+c.state)
		e.answers(t, "ci-bot", http.MethodGet, c.p.path()+"/revisions/current/mergeable", "", http.StatusConflict, "change is "+c.state)
	}
	e.answers(t, "admin", http.MethodPost, merged.path()+"/restore", "{}", http.StatusConflict, "change is merged")
}

// aloneChange is a change in a project of its own: it merges whatever others do.
func (e *env) aloneChange(t *testing.T) pushed {
	t.Helper()
	return e.host.push(t, push{project: e.host.newProject(t), subject: "A change", files: map[string]string{"a.txt": "one\ntwo\n"}})
}

func aMergedChangeIsNotDeleted(t *testing.T, e *env) {
	p := e.aloneChange(t)
	e.merge(t, p)
	e.answers(t, "admin", http.MethodDelete, p.path(), "", http.StatusMethodNotAllowed, "delete not permitted")
	e.answers(t, "admin", http.MethodPost, p.path()+"/private", "{}", http.StatusBadRequest, "cannot set merged change to private")
}

func onlyOwnerAndAdministratorHide(t *testing.T, e *env) {
	p := e.change(t)
	e.answers(t, "bob", http.MethodPost, p.path()+"/private", "{}", http.StatusForbidden, "not allowed to mark private")
	e.answers(t, "bob", http.MethodPost, p.path()+"/private.delete", "{}", http.StatusForbidden, "not allowed to unmark private")
	e.answers(t, "admin", http.MethodPost, p.path()+"/private", "{}", http.StatusCreated, "")
}

func privateTwiceIsNoError(t *testing.T, e *env) {
	p := e.change(t)
	e.answers(t, "alice", http.MethodPost, p.path()+"/private", `{"message":"hidden"}`, http.StatusCreated, "")
	e.answers(t, "alice", http.MethodPost, p.path()+"/private", "{}", http.StatusOK, "")
	e.answers(t, "alice", http.MethodPost, p.path()+"/private.delete", "{}", http.StatusNoContent, "")
	e.answers(t, "alice", http.MethodPost, p.path()+"/private.delete", "{}", http.StatusConflict, "change is not private")
}

func privateIsSeenByReviewers(t *testing.T, e *env) {
	p := e.change(t)
	must(t, e.alice.AddReviewers(t.Context(), p.id(), gerrit.ReviewerInput{Reviewer: "bob"}))
	must(t, e.alice.SetPrivate(t.Context(), p.id(), true))
	for user, want := range map[string]int{"bob": http.StatusOK, "ci-bot": http.StatusNotFound} {
		e.answers(t, user, http.MethodGet, p.path(), "", want, "")
	}
}

func administratorsSeePrivateChanges(t *testing.T, e *env) {
	p := e.change(t)
	must(t, e.alice.SetPrivate(t.Context(), p.id(), true))
	e.answers(t, "admin", http.MethodGet, p.path(), "", http.StatusOK, "")
}

func onlyOwnerAndAdministratorSetWIP(t *testing.T, e *env) {
	p := e.change(t)
	const no = "toggle work in progress state not permitted"
	e.answers(t, "bob", http.MethodPost, p.path()+"/wip", "{}", http.StatusForbidden, no)
	e.answers(t, "alice", http.MethodPost, p.path()+"/ready", "{}", http.StatusConflict, "change is not work in progress")
	e.answers(t, "admin", http.MethodPost, p.path()+"/wip", "{}", http.StatusOK, "")
	e.answers(t, "ci-bot", http.MethodPost, p.path()+"/ready", "{}", http.StatusForbidden, no)
	e.answers(t, "ci-bot", http.MethodPost, p.path()+"/revisions/current/review", `{"ready":true}`, http.StatusForbidden, no)
}

func aReviewSetsWIPAndSaysSo(t *testing.T, e *env) {
	p := e.change(t)
	review := p.path() + "/revisions/current/review"
	e.answers(t, "alice", http.MethodPost, review, `{"work_in_progress":true}`, http.StatusOK, "")
	if m := e.lastMessage(t, p); m.Message != "Set Work In Progress" || m.Tag != "autogenerated:gerrit:setWorkInProgress" || !e.detail(t, p).WorkInProgress {
		t.Errorf("got %+v", m)
	}
	text := e.answers(t, "alice", http.MethodPost, review, `{"ready":true,"message":"go"}`, http.StatusOK, "")
	if m := e.lastMessage(t, p); m.Message != "Patch Set 1:\n\ngo" || object(t, text)["ready"] != true || e.detail(t, p).WorkInProgress {
		t.Errorf("got %+v, %s", m, text)
	}
}

func wipAndReadyExclude(t *testing.T, e *env) {
	p := e.change(t)
	text := e.answers(t, "alice", http.MethodPost, p.path()+"/revisions/current/review", `{"work_in_progress":true,"ready":true}`, http.StatusBadRequest, "")
	if got := object(t, text)["error"]; got != "work_in_progress and ready are mutually exclusive" {
		t.Errorf("got %v", got)
	}
}

// expectUnready expects that an approved change isn't submitted, and why.
func (e *env) expectUnready(t *testing.T, p pushed, why string) {
	t.Helper()
	must(t, e.admin.SetReview(t.Context(), p.id(), "current", gerrit.ReviewInput{Labels: map[string]int{"Code-Review": 2}}))
	want := fmt.Sprintf("Failed to submit 1 change due to the following problems:\nChange %[1]d: Change %[1]d is %[2]s", p.number, why)
	e.answers(t, "admin", http.MethodPost, p.path()+"/submit", "{}", http.StatusConflict, want)
}

func workInProgressIsNotSubmitted(t *testing.T, e *env) {
	p := e.aloneChange(t)
	must(t, e.alice.SetWorkInProgress(t.Context(), p.id()))
	e.expectUnready(t, p, "marked work in progress")
}

func unresolvedCommentsAreNotSubmitted(t *testing.T, e *env) {
	p := e.aloneChange(t)
	e.review(t, p, inline("a.txt", gerrit.CommentInput{Line: 1, Message: "x", Unresolved: new(true)}))
	e.expectUnready(t, p, "not ready: submit requirement 'No-Unresolved-Comments' is unsatisfied.")
}

func onlyTheCurrentRevisionIsSubmitted(t *testing.T, e *env) {
	p := e.aloneChange(t)
	old := p.revision
	p = e.host.push(t, push{on: p, files: map[string]string{"a.txt": "other\n"}})
	must(t, e.admin.SetReview(t.Context(), p.id(), "current", gerrit.ReviewInput{Labels: map[string]int{"Code-Review": 2}}))
	e.answers(t, "admin", http.MethodPost, p.path()+"/revisions/"+old+"/submit", "{}", http.StatusConflict, fmt.Sprintf("revision %s is not current revision", old))
	e.answers(t, "admin", http.MethodPost, p.path()+"/revisions/"+p.revision+"/submit", "{}", http.StatusOK, "")
}

func aRebaseOntoWhereItIs(t *testing.T, e *env) {
	p := e.aloneChange(t)
	e.answers(t, "alice", http.MethodPost, p.path()+"/rebase", "{}", http.StatusConflict, "Change is already up to date.")
	e.answers(t, "alice", http.MethodPost, p.path()+"/rebase", `{"base":"9999999"}`, http.StatusUnprocessableEntity, "Base change not found: 9999999")
}

func aRebaseKeepsTheKind(t *testing.T, e *env) {
	p := e.aloneChange(t)
	e.review(t, p, gerrit.ReviewInput{Labels: map[string]int{"Verified": 1, "Code-Review": 1}})
	e.merge(t, e.host.push(t, push{project: p.project, subject: "Another", files: map[string]string{"b.txt": "x\n"}}))
	e.answers(t, "alice", http.MethodPost, p.path()+"/rebase", "{}", http.StatusOK, "")
	c := e.detail(t, p)
	r := c.Revisions[c.CurrentRevision]
	if r.Kind != "TRIVIAL_REBASE" || r.PatchSetNumber != 2 || !strings.HasPrefix(e.lastMessage(t, p).Message, "Patch Set 2: Patch Set 1 was rebased") {
		t.Errorf("got %+v, %q", r, e.lastMessage(t, p).Message)
	}
	if e.vote(t, p, "Code-Review", "ci-bot") != 1 || e.vote(t, p, "Verified", "ci-bot") != 0 {
		t.Errorf("Code-Review is kept by a rebase, Verified not: got %+v", c.Labels)
	}
}

func aRebaseThatConflicts(t *testing.T, e *env) {
	p := e.aloneChange(t)
	e.merge(t, e.host.push(t, push{project: p.project, subject: "Another", files: map[string]string{"a.txt": "else\n"}}))
	want := fmt.Sprintf("Change %d could not be rebased due to a conflict during merge.\n\nmerge conflict(s):\n* a.txt", p.number)
	e.answers(t, "alice", http.MethodPost, p.path()+"/rebase", "{}", http.StatusConflict, want)
	must(t, e.admin.SetReview(t.Context(), p.id(), "current", gerrit.ReviewInput{Labels: map[string]int{"Code-Review": 2}}))
	want = fmt.Sprintf("Failed to submit 1 change due to the following problems:\nChange %d: Change could not be merged due to a path conflict. "+
		"Please rebase the change locally and upload the rebased commit for review.", p.number)
	e.answers(t, "admin", http.MethodPost, p.path()+"/submit", "{}", http.StatusConflict, want)
	if m, err := e.bot.GetMergeable(t.Context(), p.id(), "current"); err != nil || m.Mergeable {
		t.Errorf("got %+v, %v", m, err)
	}
}

func onlyTheOwnerRebases(t *testing.T, e *env) {
	p := e.change(t)
	status, text := e.raw(t, "bob", http.MethodPost, p.path()+"/rebase", "{}")
	if status != http.StatusForbidden || !strings.HasPrefix(text, "rebase not permitted") {
		t.Errorf("got %d %q", status, text)
	}
}

func aMoveNeedsAnotherBranch(t *testing.T, e *env) {
	p := e.aloneChange(t)
	_, err := e.admin.CreateBranch(t.Context(), p.project, "other", gerrit.BranchInput{Revision: "main"})
	must(t, err)
	move := func(user, to string, status int, text string) {
		t.Helper()
		e.answers(t, user, http.MethodPost, p.path()+"/move", fmt.Sprintf(`{"destination_branch":%q,"message":"there"}`, to), status, text)
	}
	move("bob", "other", http.StatusForbidden, "move not permitted")
	move("admin", "", http.StatusInternalServerError, "Internal server error")
	move("admin", "main", http.StatusConflict, "Change is already destined for the specified branch")
	move("admin", "nosuch", http.StatusConflict, "Destination refs/heads/nosuch not found in the project")
	move("admin", "other", http.StatusOK, "")
	if m := e.lastMessage(t, p); m.Message != "Change destination moved from main to other\n\nthere" || m.Tag != "autogenerated:gerrit:move" || e.detail(t, p).Branch != "other" {
		t.Errorf("got %+v", m)
	}
}

func aCherryPickIsAChange(t *testing.T, e *env) {
	p := e.aloneChange(t)
	_, err := e.admin.CreateBranch(t.Context(), p.project, "other", gerrit.BranchInput{Revision: "main"})
	must(t, err)
	picked, err := e.admin.CherryPickRevision(t.Context(), p.id(), "current", gerrit.CherryPickInput{Destination: "other"})
	must(t, err)
	c, err := e.bot.GetChangeDetail(t.Context(), fmt.Sprintf("%s~%d", p.project, picked.ChangeNumber))
	must(t, err)
	if c.ChangeID != p.changeID || c.Branch != "other" || c.CherryPickOfChange != p.number || c.Owner.Username != "admin" || c.Messages[0].Message != "Patch Set 1: Cherry Picked from branch main." {
		t.Errorf("got %+v", c)
	}
}

func aCherryPickNeedsABranch(t *testing.T, e *env) {
	p := e.change(t)
	path := p.path() + "/revisions/current/cherrypick"
	e.answers(t, "admin", http.MethodPost, path, `{}`, http.StatusBadRequest, "destination must be non-empty")
	e.answers(t, "admin", http.MethodPost, path, `{"destination":"nosuch"}`, http.StatusBadRequest, "Branch refs/heads/nosuch does not exist.")
}

func topicsAreSaid(t *testing.T, e *env) {
	p := e.change(t)
	for _, step := range [][2]string{
		{"one", "Topic set to one"}, {" two ", "Topic changed from one to two"}, {"two", "Topic changed from one to two"}, {"", "Topic two removed"},
	} {
		_, err := e.alice.SetTopic(t.Context(), p.id(), step[0])
		must(t, err)
		if m := e.lastMessage(t, p); m.Message != step[1] || m.Tag != "autogenerated:gerrit:setTopic" || e.detail(t, p).Topic != strings.TrimSpace(step[0]) {
			t.Errorf("%q: got %+v", step[0], m)
		}
	}
}

func topicsHaveALimit(t *testing.T, e *env) {
	p := e.change(t)
	body := fmt.Sprintf(`{"topic":%q}`, strings.Repeat("x", 2049))
	e.answers(t, "alice", http.MethodPut, p.path()+"/topic", body, http.StatusBadRequest, "topic length exceeds the limit (2048)")
	e.answers(t, "ci-bot", http.MethodPut, p.path()+"/topic", `{"topic":"x"}`, http.StatusForbidden, "edit topic name not permitted")
	must(t, e.bot.AbandonChange(t.Context(), p.id()))
	e.answers(t, "alice", http.MethodPut, p.path()+"/topic", `{"topic":"x"}`, http.StatusForbidden, "edit topic name not permitted")
}
