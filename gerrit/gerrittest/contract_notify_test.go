package gerrittest_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"verdict/gerrit"
)

var notifyCases = []fact{
	{"MailToSomebodyUnknownRefusesAll", "3.13", mailToSomebodyUnknownRefusesAll},
}

func mailToSomebodyUnknownRefusesAll(t *testing.T, e *env) {
	p := e.change(t)
	to := func(who string) map[string]gerrit.NotifyInfo {
		return map[string]gerrit.NotifyInfo{gerrit.NotifyTo: {Accounts: []string{who}}}
	}
	err := e.bot.SetReview(t.Context(), p.id(), "current", gerrit.ReviewInput{Message: "x", NotifyDetails: to("nobody@example.org")})
	var refused *gerrit.HTTPError
	want := "Some accounts that should be notified could not be resolved: Account 'nobody@example.org' not found"
	if !errors.As(err, &refused) || refused.Res.StatusCode != http.StatusBadRequest || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want 400 with %q", err, want)
	}
	e.review(t, p, gerrit.ReviewInput{Message: "y", NotifyDetails: to("bob@example.com")})
	if got := e.lastMessage(t, p).Message; got != "Patch Set 1:\n\ny" || len(e.detail(t, p).Messages) != 2 {
		t.Errorf("got %q, want the second message alone", got)
	}
}
