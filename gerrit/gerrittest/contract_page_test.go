package gerrittest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"verdict/gerrit"
)

var pageCases = []fact{
	{"APageHasAtMost500", "3.10", aPageHasAtMost500},
	{"PagesShiftWhenASetShrinks", "3.10", pagesShiftWhenASetShrinks},
	{"EachUpdateIsAnotherState", "3.10", eachUpdateIsAnotherState},
	{"DraftsMoveNothing", "3.10", draftsMoveNothing},
	{"ADeletedMessageIsNoUpdate", "3.10", aDeletedMessageIsNoUpdate},
	{"TimesAreWholeSeconds", "3.10", timesAreWholeSeconds},
	{"QueryTakesDateForms", "3.10", queryTakesDateForms},
	{"QueryTakesNoOtherDateForms", "3.10", queryTakesNoOtherDateForms},
	{"QueryFindsReviewersAndCCs", "3.10", queryFindsReviewersAndCCs},
	{"QueryFindsTheAttentionSet", "3.10", queryFindsTheAttentionSet},
	{"QueryFindsWIPAndPrivate", "3.10", queryFindsWIPAndPrivate},
	{"QueryTakes200Changes", "3.10", queryTakes200Changes},
}

// page gives what a query with further parameters answers.
func (e *env) page(t *testing.T, q string, params ...string) []gerrit.ChangeInfo {
	t.Helper()
	text := e.answers(t, "ci-bot", http.MethodGet, "/changes/?q="+url.QueryEscape(q)+strings.Join(append([]string{""}, params...), "&"), "", http.StatusOK, "")
	var page []gerrit.ChangeInfo
	if err := json.Unmarshal([]byte(strings.TrimPrefix(text, ")]}'")), &page); err != nil {
		t.Fatal(err)
	}
	return page
}

func aPageHasAtMost500(t *testing.T, e *env) {
	const many = 501
	q := "project:" + e.host.pushMany(t, many)
	for _, params := range [][]string{nil, {"n=1000"}, {"n=501"}} {
		page := e.page(t, q, params...)
		if len(page) != 500 || !page[499].MoreChanges || page[498].MoreChanges {
			t.Errorf("%q: got %d", params, len(page))
		}
	}
	if rest := e.page(t, q, "S=500"); len(rest) != 1 || rest[0].MoreChanges {
		t.Errorf("the rest: got %d", len(rest))
	}
	if all := e.page(t, q, "no-limit"); len(all) != many || all[many-1].MoreChanges {
		t.Errorf("without a limit: got %d", len(all))
	}
}

func pagesShiftWhenASetShrinks(t *testing.T, e *env) {
	three := e.three(t)
	q := "status:open project:" + three[0].project
	first := e.page(t, q, "n=1")[0]
	second := e.page(t, q, "n=1", "S=1")[0]
	must(t, e.bot.AbandonChange(t.Context(), fmt.Sprint(first.ChangeNumber)))
	if next := e.page(t, q, "n=1", "S=1")[0]; next.ChangeNumber == second.ChangeNumber || next.ChangeNumber == first.ChangeNumber {
		t.Errorf("the second page has %d, as if nothing had shifted", next.ChangeNumber)
	}
}

func eachUpdateIsAnotherState(t *testing.T, e *env) {
	p := e.change(t)
	states := map[string]bool{}
	for i := range 4 {
		e.review(t, p, gerrit.ReviewInput{Message: fmt.Sprint(i)})
		states[e.detail(t, p).MetaRevID] = true
	}
	if len(states) != 4 {
		t.Errorf("4 updates made %d states", len(states))
	}
}

func draftsMoveNothing(t *testing.T, e *env) {
	p := e.change(t)
	before := e.detail(t, p)
	e.nextSecond(t, p)
	e.answers(t, "ci-bot", http.MethodPut, p.path()+"/revisions/current/drafts", `{"path":"a.txt","line":1,"message":"later"}`, http.StatusCreated, "")
	if after := e.detail(t, p); after.MetaRevID != before.MetaRevID || !after.Updated.Equal(before.Updated) || after.TotalCommentCount != 0 {
		t.Errorf("got %+v, before %+v", after, before)
	}
}

func aDeletedMessageIsNoUpdate(t *testing.T, e *env) {
	p := e.change(t)
	e.review(t, p, gerrit.ReviewInput{Message: "a secret"})
	before := e.detail(t, p)
	e.nextSecond(t, p)
	path := p.path() + "/messages/" + before.Messages[1].ID
	e.answers(t, "bob", http.MethodDelete, path, "", http.StatusForbidden, "administrate server not permitted")
	e.answers(t, "admin", http.MethodDelete, path, "", http.StatusCreated, "")
	after := e.detail(t, p)
	if !after.Updated.Equal(before.Updated) || after.MetaRevID == before.MetaRevID || len(after.Messages) != 2 ||
		!strings.HasPrefix(after.Messages[1].Message, "Change message removed by: <GERRIT_ACCOUNT_") {
		t.Errorf("got %+v", after)
	}
}

func timesAreWholeSeconds(t *testing.T, e *env) {
	p := e.change(t)
	e.review(t, p, gerrit.ReviewInput{Message: "x"})
	_, text := e.raw(t, "ci-bot", http.MethodGet, p.path()+"/detail", "")
	for _, key := range []string{"created", "updated"} {
		if got := object(t, text)[key].(string); !strings.HasSuffix(got, ".000000000") {
			t.Errorf("%s is %s", key, got)
		}
	}
}

func queryTakesDateForms(t *testing.T, e *env) {
	p := e.change(t)
	day := e.detail(t, p).Updated.Time().Add(-48 * time.Hour)
	for _, form := range []string{"2006-01-02", `"2006-01-02 15:04:05"`, `"2006-01-02 15:04:05 -0700"`, `"2006-01-02 15:04:05.000 -0700"`} {
		date := day.UTC().Format(form)
		for op, want := range map[string]int{"after": 1, "since": 1, "before": 0, "until": 0} {
			if got := e.page(t, fmt.Sprintf("change:%d %s:%s", p.number, op, date)); len(got) != want {
				t.Errorf("%s:%s finds %d, want %d", op, date, len(got), want)
			}
		}
	}
}

func queryTakesNoOtherDateForms(t *testing.T, e *env) {
	for _, date := range []string{`"2026-01-02T03:04:05Z"`, "1767322800", `"yesterday"`, `"2026-01-02 03:04:05 UTC"`} {
		e.answers(t, "ci-bot", http.MethodGet, "/changes/?q="+url.QueryEscape("after:"+date), "", http.StatusBadRequest, "")
	}
}

func queryFindsReviewersAndCCs(t *testing.T, e *env) {
	p := e.change(t)
	must(t, e.bot.AddReviewers(t.Context(), p.id(), gerrit.ReviewerInput{Reviewer: "bob"}, gerrit.ReviewerInput{Reviewer: "ci-bot", State: "CC"}))
	for q, want := range map[string]int{"reviewer:bob": 1, "reviewer:ci-bot": 0, "cc:ci-bot": 1, "cc:self": 1, "cc:bob": 0, "reviewer:alice": 0} {
		if got := e.page(t, fmt.Sprintf("change:%d %s", p.number, q)); len(got) != want {
			t.Errorf("%s finds %d, want %d", q, len(got), want)
		}
	}
}

func queryFindsTheAttentionSet(t *testing.T, e *env) {
	p := e.change(t)
	attend(t, e, p, "alice", "look")
	for q, want := range map[string]int{"attention:alice": 1, "attention:bob": 0} {
		if got := e.page(t, fmt.Sprintf("change:%d %s", p.number, q)); len(got) != want {
			t.Errorf("%s finds %d, want %d", q, len(got), want)
		}
	}
}

func queryFindsWIPAndPrivate(t *testing.T, e *env) {
	p := e.change(t)
	must(t, e.bot.AddReviewers(t.Context(), p.id(), gerrit.ReviewerInput{Reviewer: "ci-bot"}))
	must(t, e.alice.SetWorkInProgress(t.Context(), p.id()))
	must(t, e.alice.SetPrivate(t.Context(), p.id(), true))
	for q, want := range map[string]int{"is:wip": 1, "-is:wip": 0, "is:private": 1, "is:open": 1} {
		if got := e.page(t, fmt.Sprintf("change:%d %s", p.number, q)); len(got) != want {
			t.Errorf("%s finds %d, want %d", q, len(got), want)
		}
	}
}

// queryTakes200Changes: more don't fit on a request's line.
func queryTakes200Changes(t *testing.T, e *env) {
	p := e.change(t)
	terms := []string{fmt.Sprintf("change:%d", p.number)}
	for i := range 199 {
		terms = append(terms, fmt.Sprintf("change:%d", 1000000+i))
	}
	if got := e.page(t, strings.Join(terms, " OR ")); len(got) != 1 {
		t.Errorf("finds %d", len(got))
	}
}
