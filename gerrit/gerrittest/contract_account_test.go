package gerrittest_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"verdict/gerrit"
)

var accountCases = []fact{
	{"AccountsHaveThreeNames", "3.10", accountsHaveThreeNames},
	{"AccountsAreQueried", "3.10", accountsAreQueried},
	{"GroupsAreThoseWeSee", "3.10", groupsAreThoseWeSee},
	{"ServiceUsersAreSeenByAll", "3.13", serviceUsersAreSeenByAll},
	{"QueryLimitIs500", "3.10", queryLimitIs500},
}

func accountsHaveThreeNames(t *testing.T, e *env) {
	alice, err := e.bot.GetAccountInfo(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	want := gerrit.AccountInfo{NumericID: alice.NumericID, Name: "Alice Author", Email: "alice@example.com", Username: "alice"}
	if !alice.Equal(&want) || alice.NumericID == 0 {
		t.Errorf("got %+v", alice)
	}
	for _, id := range []string{fmt.Sprint(alice.NumericID), "alice@example.com"} {
		if got, err := e.bot.GetAccountInfo(t.Context(), id); err != nil || !got.Equal(&alice) {
			t.Errorf("%s: got %+v, %v", id, got, err)
		}
	}
	if self, err := e.alice.GetAccountInfo(t.Context(), "self"); err != nil || !self.Equal(&alice) {
		t.Errorf("self: got %+v, %v", self, err)
	}
	_, err = e.bot.GetAccountInfo(t.Context(), "nosuch")
	if !errors.Is(err, gerrit.ErrResourceNotExist) || !strings.Contains(err.Error(), "Account 'nosuch' not found") {
		t.Errorf("got %v", err)
	}
}

func accountsAreQueried(t *testing.T, e *env) {
	for q, want := range map[string]string{`email:"alice@example.com"`: "alice", "alice@example.com": "alice", "ci-bot": "ci-bot", "email:nosuch@example.com": ""} {
		found, err := e.bot.QueryAccounts(t.Context(), q, gerrit.QueryAccountsOpt{Fields: []string{"DETAILS"}})
		if err != nil || (want == "") != (len(found) == 0) || want != "" && found[0].Username != want {
			t.Errorf("%s: got %v, %v", q, found, err)
		}
	}
	found, err := e.bot.QueryAccounts(t.Context(), "alice")
	if err != nil || len(found) != 1 || found[0].NumericID == 0 || found[0].Username != "" {
		t.Errorf("without details: got %v, %v", found, err)
	}
	if _, err := e.bot.QueryAccounts(t.Context(), "foo:bar"); err == nil || !strings.Contains(err.Error(), "Unsupported operator foo:bar") {
		t.Errorf("got %v", err)
	}
}

func groupsAreThoseWeSee(t *testing.T, e *env) {
	own, err := e.bot.GetAccountGroups(t.Context(), "self")
	if err != nil || strings.Join(own, ", ") != "Anonymous Users, Registered Users, Service Users" {
		t.Errorf("own: got %q, %v", own, err)
	}
	if of, err := e.bot.GetAccountGroups(t.Context(), "alice"); err != nil || len(of) != 0 {
		t.Errorf("alice's: got %q, %v", of, err)
	}
}

func serviceUsersAreSeenByAll(t *testing.T, e *env) {
	if of, err := e.alice.GetAccountGroups(t.Context(), "ci-bot"); err != nil || strings.Join(of, ", ") != "Service Users" {
		t.Errorf("the bot's, seen by alice: got %q, %v", of, err)
	}
}

func queryLimitIs500(t *testing.T, e *env) {
	status, text := e.raw(t, "ci-bot", http.MethodGet, "/accounts/self/capabilities", "")
	limit, ok := object(t, text)["queryLimit"].(map[string]any)
	if status != http.StatusOK || !ok || limit["max"] != 500.0 {
		t.Errorf("got %d %q", status, text)
	}
}
