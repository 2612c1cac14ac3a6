package gerrittest_test

import (
	"maps"
	"net/http"
	"testing"

	"verdict/gerrit"
)

var attentionCases = []fact{
	{"AttentionIsAddedAndTaken", "3.10", attentionIsAddedAndTaken},
	{"AttentionNeedsSomebodyActive", "3.10", attentionNeedsSomebodyActive},
	{"AttentionNeedsAReason", "3.10", attentionNeedsAReason},
	{"AReviewAddsAndTakesAttention", "3.10", aReviewAddsAndTakesAttention},
	{"AReviewIgnoresStrangersToAttend", "3.10", aReviewIgnoresStrangersToAttend},
	{"ThePersonWhoRepliesIsDone", "3.10", thePersonWhoRepliesIsDone},
	{"AReplyWithoutRulesMovesNobody", "3.10", aReplyWithoutRulesMovesNobody},
	{"ABotsVoteCallsTheOwnerOnlyIfNegative", "3.10", aBotsVoteCallsTheOwnerOnlyIfNegative},
	{"ANewReviewerIsCalled", "3.10", aNewReviewerIsCalled},
	{"NobodyAttendsAClosedChange", "3.10", nobodyAttendsAClosedChange},
	{"NobodyAttendsWorkInProgress", "3.10", nobodyAttendsWorkInProgress},
}

func attend(t *testing.T, e *env, p pushed, user, reason string) {
	t.Helper()
	if _, err := e.bot.AddToAttentionSet(t.Context(), p.id(), gerrit.AttentionSetInput{User: user, Reason: reason}); err != nil {
		t.Fatal(err)
	}
}

// expectAttention compares the attention set, reasons by username.
func (e *env) expectAttention(t *testing.T, p pushed, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	for _, a := range e.detail(t, p).AttentionSet {
		got[a.Account.Username] = a.Reason
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func (e *env) expectDone(t *testing.T, p pushed, user, reason string) {
	t.Helper()
	for _, a := range e.detail(t, p).RemovedFromAttentionSet {
		if a.Account.Username == user && a.Reason == reason {
			return
		}
	}
	t.Errorf("%s was not removed with %q: %+v", user, reason, e.detail(t, p).RemovedFromAttentionSet)
}

func attentionIsAddedAndTaken(t *testing.T, e *env) {
	p := e.change(t)
	attend(t, e, p, "alice", "CI failed")
	e.expectAttention(t, p, map[string]string{"alice": "CI failed"})
	if n := len(e.detail(t, p).Messages); n != 1 {
		t.Errorf("it says so: %d messages", n)
	}
	must(t, e.bot.RemoveFromAttentionSet(t.Context(), p.id(), gerrit.AttentionSetInput{User: "alice", Reason: "CI passed"}))
	e.expectAttention(t, p, map[string]string{})
	e.expectDone(t, p, "alice", "CI passed")
	before := e.detail(t, p).MetaRevID
	must(t, e.bot.RemoveFromAttentionSet(t.Context(), p.id(), gerrit.AttentionSetInput{User: "alice", Reason: "again"}))
	if after := e.detail(t, p).MetaRevID; after != before {
		t.Error("to remove nobody makes a new state")
	}
}

func attentionNeedsSomebodyActive(t *testing.T, e *env) {
	p := e.change(t)
	want := "bob doesn't exist or is not active on the change as an owner, uploader, reviewer, or cc so they can't be added to the attention set"
	e.answers(t, "ci-bot", http.MethodPost, p.path()+"/attention", `{"user":"bob","reason":"r"}`, http.StatusBadRequest, want)
	must(t, e.bot.AddReviewers(t.Context(), p.id(), gerrit.ReviewerInput{Reviewer: "bob", State: "CC"}))
	attend(t, e, p, "bob", "r")
	e.expectAttention(t, p, map[string]string{"bob": "r"})
}

func attentionNeedsAReason(t *testing.T, e *env) {
	p := e.change(t)
	e.answers(t, "ci-bot", http.MethodPost, p.path()+"/attention", `{"user":"alice"}`, http.StatusBadRequest, "missing field: reason")
	e.answers(t, "ci-bot", http.MethodPost, p.path()+"/attention", `{"reason":"r"}`, http.StatusBadRequest, "missing field: user")
	e.answers(t, "ci-bot", http.MethodPost, p.path()+"/revisions/current/review", `{"add_to_attention_set":[{"user":"alice"}]}`, http.StatusBadRequest, "missing field: reason")
}

func aReviewAddsAndTakesAttention(t *testing.T, e *env) {
	p := e.change(t)
	must(t, e.bot.AddReviewers(t.Context(), p.id(), gerrit.ReviewerInput{Reviewer: "bob"}))
	e.review(t, p, gerrit.ReviewInput{
		Message: "x", AddToAttentionSet: []gerrit.AttentionSetInput{{User: "alice", Reason: "look"}},
		RemoveFromAttentionSet: []gerrit.AttentionSetInput{{User: "bob", Reason: "not yet"}},
	})
	e.expectAttention(t, p, map[string]string{"alice": "look"})
	e.expectDone(t, p, "bob", "not yet")
	body := `{"add_to_attention_set":[{"user":"alice","reason":"r"}],"remove_from_attention_set":[{"user":"alice","reason":"r"}]}`
	want := "alice can not be added/removed twice, and can not be added and removed at the same time"
	e.answers(t, "ci-bot", http.MethodPost, p.path()+"/revisions/current/review", body, http.StatusBadRequest, want)
}

func aReviewIgnoresStrangersToAttend(t *testing.T, e *env) {
	p := e.change(t)
	e.review(t, p, gerrit.ReviewInput{Message: "x", AddToAttentionSet: []gerrit.AttentionSetInput{{User: "bob", Reason: "r"}, {User: "nosuch", Reason: "r"}}})
	e.expectAttention(t, p, map[string]string{})
}

func thePersonWhoRepliesIsDone(t *testing.T, e *env) {
	p := e.change(t)
	must(t, e.bob.SetReview(t.Context(), p.id(), "current", gerrit.ReviewInput{Message: "hm"}))
	e.expectAttention(t, p, map[string]string{"alice": "Someone else replied on the change"})
	must(t, e.alice.SetReview(t.Context(), p.id(), "current", gerrit.ReviewInput{Message: "so"}))
	e.expectAttention(t, p, map[string]string{})
	e.expectDone(t, p, "alice", "removed on reply")
	must(t, e.bob.SetReview(t.Context(), p.id(), "current", gerrit.ReviewInput{}))
	e.expectAttention(t, p, map[string]string{})
	attend(t, e, p, "alice", "r")
	must(t, e.alice.SetReview(t.Context(), p.id(), "current", gerrit.ReviewInput{}))
	e.expectAttention(t, p, map[string]string{})
}

func aReplyWithoutRulesMovesNobody(t *testing.T, e *env) {
	p := e.change(t)
	must(t, e.bob.SetReview(t.Context(), p.id(), "current", gerrit.ReviewInput{Message: "hm", IgnoreAutomaticAttentionSetRules: true}))
	e.expectAttention(t, p, map[string]string{})
	attend(t, e, p, "alice", "r")
	must(t, e.alice.SetReview(t.Context(), p.id(), "current", gerrit.ReviewInput{Message: "so", IgnoreAutomaticAttentionSetRules: true}))
	e.expectAttention(t, p, map[string]string{"alice": "r"})
}

func aBotsVoteCallsTheOwnerOnlyIfNegative(t *testing.T, e *env) {
	p := e.change(t)
	e.review(t, p, gerrit.ReviewInput{Message: "just words"})
	e.review(t, p, gerrit.ReviewInput{Labels: map[string]int{"Verified": 1}})
	e.expectAttention(t, p, map[string]string{})
	e.review(t, p, gerrit.ReviewInput{Labels: map[string]int{"Verified": -1}})
	e.expectAttention(t, p, map[string]string{"alice": "A robot voted negatively on a label"})
}

func aNewReviewerIsCalled(t *testing.T, e *env) {
	p := e.change(t)
	must(t, e.alice.AddReviewers(t.Context(), p.id(), gerrit.ReviewerInput{Reviewer: "bob"}, gerrit.ReviewerInput{Reviewer: "ci-bot"}))
	e.expectAttention(t, p, map[string]string{"bob": "Reviewer was added"})
	must(t, e.alice.AddReviewers(t.Context(), p.id(), gerrit.ReviewerInput{Reviewer: "bob", State: "CC"}))
	e.expectAttention(t, p, map[string]string{})
	e.expectDone(t, p, "bob", "Reviewer/Cc was removed")
}

func nobodyAttendsAClosedChange(t *testing.T, e *env) {
	abandoned, merged := e.change(t), e.change(t)
	for _, p := range []pushed{abandoned, merged} {
		attend(t, e, p, "alice", "r")
	}
	must(t, e.bot.AbandonChange(t.Context(), abandoned.id()))
	e.expectAttention(t, abandoned, map[string]string{})
	e.expectDone(t, abandoned, "alice", "Change was abandoned")
	must(t, e.admin.SetReview(t.Context(), merged.id(), "current", gerrit.ReviewInput{Labels: map[string]int{"Code-Review": 2}}))
	if _, err := e.admin.SubmitChange(t.Context(), merged.id()); err == nil {
		e.expectAttention(t, merged, map[string]string{})
		e.expectDone(t, merged, "alice", "Change was submitted")
	} else {
		t.Error(err)
	}
}

func nobodyAttendsWorkInProgress(t *testing.T, e *env) {
	p := e.change(t)
	must(t, e.alice.AddReviewers(t.Context(), p.id(), gerrit.ReviewerInput{Reviewer: "bob"}))
	must(t, e.alice.SetWorkInProgress(t.Context(), p.id()))
	e.expectAttention(t, p, map[string]string{})
	e.expectDone(t, p, "bob", "Change was marked work in progress")
	e.review(t, p, gerrit.ReviewInput{Labels: map[string]int{"Verified": -1}})
	e.expectAttention(t, p, map[string]string{})
	must(t, e.alice.SetReadyForReview(t.Context(), p.id()))
	e.expectAttention(t, p, map[string]string{"bob": "Change was marked ready for review"})
}
