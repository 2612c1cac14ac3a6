package gerrittest_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"verdict/gerrit"
)

var streamCases = []fact{
	{"SSHTellsTheVersion", "3.10", sshTellsTheVersion},
	{"SSHRefusesUnknownCommands", "3.10", sshRefusesUnknownCommands},
	{"SSHRefusesUnknownKeys", "3.10", sshRefusesUnknownKeys},
	{"StreamTellsPatchsets", "3.10", streamTellsPatchsets},
	{"StreamTellsCommentsAndVotes", "3.10", streamTellsCommentsAndVotes},
	{"StreamTellsDeletedVotes", "3.10", streamTellsDeletedVotes},
	{"StreamTellsMerges", "3.10", streamTellsMerges},
	{"StreamTellsAbandonAndRestore", "3.10", streamTellsAbandonAndRestore},
	{"StreamTellsDeletions", "3.10", streamTellsDeletions},
	{"StreamTellsHashtags", "3.10", streamTellsHashtags},
	{"StreamTellsTopics", "3.10", streamTellsTopics},
	{"StreamTellsWIP", "3.10", streamTellsWIP},
	{"StreamTellsPrivate", "3.10", streamTellsPrivate},
	{"StreamTellsReviewers", "3.10", streamTellsReviewers},
	{"StreamTellsRefs", "3.10", streamTellsRefs},
	{"StreamHidesPrivateChanges", "3.10", streamHidesPrivateChanges},
	{"StreamTellsOnlyWhatIsSubscribed", "3.10", streamTellsOnlyWhatIsSubscribed},
	{"StreamRepeatsNothing", "3.10", streamRepeatsNothing},
}

func sshTellsTheVersion(t *testing.T, e *env) {
	version, err := e.bot.Version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if out, errors, status := e.host.shell(t).run(t, "gerrit version"); out != "gerrit version "+version || status != 0 {
		t.Errorf("got %q, %q, %d", out, errors, status)
	}
}

func sshRefusesUnknownCommands(t *testing.T, e *env) {
	sh := e.host.shell(t)
	for command, want := range map[string]string{
		"gerrit nosuch":                   "fatal: gerrit: nosuch: not found",
		"nosuch":                          "fatal: Gerrit Code Review: nosuch: not found",
		"gerrit stream-events --nonsense": `fatal: "--nonsense" is not a valid option`,
	} {
		if out, errors, status := sh.run(t, command); !strings.HasPrefix(errors, want) || out != "" || status == 0 {
			t.Errorf("%s: got %q, %q, %d, want %q", command, out, errors, status, want)
		}
	}
}

func sshRefusesUnknownKeys(t *testing.T, e *env) {
	sh := e.host.shell(t)
	if c, err := sh.dial("alice"); err == nil {
		c.Close()
		t.Error("alice logs in with the key of ci-bot")
	}
	sh.key = newKey(t)
	if c, err := sh.dial("ci-bot"); err == nil {
		c.Close()
		t.Error("ci-bot logs in with a new key")
	}
}

func streamTellsPatchsets(t *testing.T, e *env) {
	s := e.stream(t, "patchset-created")
	p := e.change(t)
	s.expect(t, p, "patchset-created", "patchSet", "uploader")
	p = e.host.push(t, push{on: p, subject: "Another subject"})
	event := s.expect(t, p, "patchset-created", "patchSet", "uploader")
	of, change := event["patchSet"].(map[string]any), event["change"].(map[string]any)
	ref := fmt.Sprintf("refs/changes/%02d/%d/2", p.number%100, p.number)
	if of["number"] != 2.0 || of["revision"] != p.revision || of["ref"] != ref || of["kind"] != "NO_CODE_CHANGE" || who(of, "uploader") != "alice" || who(event, "uploader") != "alice" {
		t.Errorf("got %v", event)
	}
	if change["subject"] != "Another subject" || change["status"] != "NEW" || change["id"] != p.changeID || change["branch"] != "main" || who(change, "owner") != "alice" ||
		event["refName"] != "refs/heads/main" || event["project"] != p.project {
		t.Errorf("got %v", event)
	}
	if _, whole := event["eventCreatedOn"].(float64); !whole || of["parents"] == nil || of["author"] == nil || of["createdOn"] == nil {
		t.Errorf("got %v", event)
	}
}

func streamTellsCommentsAndVotes(t *testing.T, e *env) {
	s := e.stream(t, "comment-added")
	p := e.change(t)
	for _, value := range []int{1, -1} {
		e.review(t, p, gerrit.ReviewInput{Labels: map[string]int{"Verified": value}, Message: "as text"})
		event := s.expect(t, p, "comment-added", "approvals", "author", "comment", "patchSet")
		if who(event, "author") != "ci-bot" || event["comment"] != fmt.Sprintf("Patch Set 1: Verified%+d\n\nas text", value) {
			t.Errorf("got %v", event)
		}
		byLabel := map[string]map[string]any{}
		for _, a := range event["approvals"].([]any) {
			byLabel[a.(map[string]any)["type"].(string)] = a.(map[string]any)
		}
		before := map[int]string{1: "0", -1: "1"}[value]
		want := map[string]map[string]any{
			"Verified":    {"type": "Verified", "description": "Verified", "value": fmt.Sprint(value), "oldValue": before},
			"Code-Review": {"type": "Code-Review", "description": "Code-Review", "value": "0"},
		}
		if !reflect.DeepEqual(byLabel, want) {
			t.Errorf("got %v, want %v", byLabel, want)
		}
	}
}

func streamTellsDeletedVotes(t *testing.T, e *env) {
	s := e.stream(t, "vote-deleted")
	p := e.change(t)
	e.review(t, p, gerrit.ReviewInput{Labels: map[string]int{"Verified": 1}})
	if err := e.admin.DeleteVote(t.Context(), p.id(), "ci-bot", "Verified"); err != nil {
		t.Fatal(err)
	}
	event := s.expect(t, p, "vote-deleted", "approvals", "comment", "patchSet", "remover", "reviewer")
	if who(event, "reviewer") != "ci-bot" || who(event, "remover") != "admin" || event["comment"] != "Removed Verified+1 by CI Bot <ci-bot@example.com>\n" {
		t.Errorf("got %v", event)
	}
}

func streamTellsMerges(t *testing.T, e *env) {
	s := e.stream(t, "change-merged")
	p := e.change(t)
	e.submit(t, p)
	event := s.expect(t, p, "change-merged", "newRev", "patchSet", "submitter")
	if change := event["change"].(map[string]any); who(event, "submitter") != "admin" || len(event["newRev"].(string)) != 40 || change["status"] != "MERGED" {
		t.Errorf("got %v", event)
	}
}

func streamTellsAbandonAndRestore(t *testing.T, e *env) {
	s := e.stream(t, "change-abandoned", "change-restored")
	p := e.change(t)
	must(t, e.bot.AbandonChange(t.Context(), p.id(), "bye"))
	if event := s.expect(t, p, "change-abandoned", "abandoner", "patchSet", "reason"); who(event, "abandoner") != "ci-bot" || event["reason"] != "bye" {
		t.Errorf("got %v", event)
	}
	must(t, e.bot.RestoreChange(t.Context(), p.id(), "back"))
	if event := s.expect(t, p, "change-restored", "patchSet", "reason", "restorer"); who(event, "restorer") != "ci-bot" || event["reason"] != "back" {
		t.Errorf("got %v", event)
	}
	must(t, e.bot.AbandonChange(t.Context(), p.id()))
	if event := s.expect(t, p, "change-abandoned", "abandoner", "patchSet", "reason"); event["reason"] != "" {
		t.Errorf("got %v", event)
	}
}

func streamTellsDeletions(t *testing.T, e *env) {
	s := e.stream(t, "change-deleted")
	p := e.change(t)
	must(t, e.admin.DeleteChange(t.Context(), p.id()))
	if event := s.expect(t, p, "change-deleted", "deleter"); who(event, "deleter") != "admin" {
		t.Errorf("got %v", event)
	}
}

func streamTellsHashtags(t *testing.T, e *env) {
	s := e.stream(t, "hashtags-changed")
	p := e.change(t)
	for _, step := range []struct {
		in   gerrit.HashtagsInput
		keys []string
		want string
	}{
		{gerrit.HashtagsInput{Add: []string{"b"}}, []string{"added", "editor", "hashtags"}, `["b"] null ["b"]`},
		{gerrit.HashtagsInput{Add: []string{"c"}, Remove: []string{"b"}}, []string{"added", "editor", "hashtags", "removed"}, `["c"] ["b"] ["c"]`},
		{gerrit.HashtagsInput{Remove: []string{"c"}}, []string{"editor", "removed"}, `null ["c"] null`},
	} {
		if _, err := e.bot.SetHashtags(t.Context(), p.id(), step.in); err != nil {
			t.Fatal(err)
		}
		event := s.expect(t, p, "hashtags-changed", step.keys...)
		got := []string{}
		for _, key := range []string{"added", "removed", "hashtags"} {
			text, _ := json.Marshal(event[key])
			got = append(got, string(text))
		}
		if strings.Join(got, " ") != step.want || who(event, "editor") != "ci-bot" {
			t.Errorf("%+v: got %q, want %s", step.in, got, step.want)
		}
	}
}

func streamTellsTopics(t *testing.T, e *env) {
	s := e.stream(t, "topic-changed")
	p := e.change(t)
	for _, step := range [][2]string{{"", "one"}, {"one", "two"}} {
		if _, err := e.alice.SetTopic(t.Context(), p.id(), step[1]); err != nil {
			t.Fatal(err)
		}
		event := s.expect(t, p, "topic-changed", "changer", "oldTopic")
		if change := event["change"].(map[string]any); event["oldTopic"] != step[0] || change["topic"] != step[1] || who(event, "changer") != "alice" {
			t.Errorf("got %v", event)
		}
	}
}

func streamTellsWIP(t *testing.T, e *env) {
	s := e.stream(t, "wip-state-changed")
	p := e.change(t)
	must(t, e.alice.SetWorkInProgress(t.Context(), p.id()))
	if event := s.expect(t, p, "wip-state-changed", "changer", "patchSet"); event["change"].(map[string]any)["wip"] != true || who(event, "changer") != "alice" {
		t.Errorf("got %v", event)
	}
	must(t, e.alice.SetReadyForReview(t.Context(), p.id()))
	if event := s.expect(t, p, "wip-state-changed", "changer", "patchSet"); event["change"].(map[string]any)["wip"] != nil {
		t.Errorf("got %v", event)
	}
}

func streamTellsPrivate(t *testing.T, e *env) {
	s := e.stream(t, "private-state-changed")
	p := e.change(t)
	must(t, e.bot.AddReviewers(t.Context(), p.id(), gerrit.ReviewerInput{Reviewer: "ci-bot"})) // so that it sees it
	for _, private := range []bool{true, false} {
		must(t, e.alice.SetPrivate(t.Context(), p.id(), private))
		event := s.expect(t, p, "private-state-changed", "changer", "patchSet")
		if got := event["change"].(map[string]any)["private"] == true; got != private {
			t.Errorf("got %v, want %v", got, private)
		}
	}
}

func streamTellsReviewers(t *testing.T, e *env) {
	s := e.stream(t, "reviewer-added", "reviewer-deleted")
	p := e.change(t)
	must(t, e.bot.AddReviewers(t.Context(), p.id(), gerrit.ReviewerInput{Reviewer: "bob"}))
	if event := s.expect(t, p, "reviewer-added", "adder", "patchSet", "reviewer"); who(event, "reviewer") != "bob" || who(event, "adder") != "ci-bot" {
		t.Errorf("got %v", event)
	}
	must(t, e.admin.DeleteReviewer(t.Context(), p.id(), "bob"))
	if event := s.expect(t, p, "reviewer-deleted", "approvals", "comment", "patchSet", "remover", "reviewer"); who(event, "reviewer") != "bob" || who(event, "remover") != "admin" {
		t.Errorf("got %v", event)
	}
}

func streamTellsRefs(t *testing.T, e *env) {
	s := e.stream(t, "ref-updated", "comment-added")
	p := e.change(t)
	meta := fmt.Sprintf("refs/changes/%02d/%d/meta", p.number%100, p.number)
	isMeta := func(event map[string]any) bool {
		update, _ := event["refUpdate"].(map[string]any)
		return update["refName"] == meta && who(event, "submitter") == "ci-bot"
	}
	before := e.detail(t, p).MetaRevID
	e.review(t, p, gerrit.ReviewInput{Message: "x"})
	update := s.until(t, isMeta)["refUpdate"].(map[string]any)
	if update["oldRev"] != before || update["newRev"] != e.detail(t, p).MetaRevID || update["project"] != p.project {
		t.Errorf("got %v", update)
	}
	s.expect(t, p, "comment-added", "approvals", "author", "comment", "patchSet") // after it
}

func streamHidesPrivateChanges(t *testing.T, e *env) {
	s := e.stream(t, "patchset-created")
	hidden := e.pushShared(t, push{subject: "Secret", files: map[string]string{"a": "1"}, options: "%private"})
	seen := e.change(t)
	event := s.until(t, func(event map[string]any) bool {
		return numberOf(event) == hidden.number || numberOf(event) == seen.number
	})
	if numberOf(event) == hidden.number {
		t.Errorf("got %v", event)
	}
}

func streamTellsOnlyWhatIsSubscribed(t *testing.T, e *env) {
	s := e.stream(t, "change-abandoned")
	p := e.change(t)
	e.review(t, p, gerrit.ReviewInput{Message: "x"})
	must(t, e.bot.AbandonChange(t.Context(), p.id(), "x"))
	s.expect(t, p, "change-abandoned", "abandoner", "patchSet", "reason")
}

func streamRepeatsNothing(t *testing.T, e *env) {
	e.stream(t, "comment-added").client.Close()
	p := e.change(t)
	e.review(t, p, gerrit.ReviewInput{Message: "missed"})
	s := e.stream(t, "comment-added")
	e.review(t, p, gerrit.ReviewInput{Message: "heard"})
	if event := s.next(t, p); event["comment"] != "Patch Set 1:\n\nheard" {
		t.Errorf("got %v", event)
	}
}
