package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"verdict/gerrit"
	"verdict/gerrit/gerrittest"
	"verdict/internal/testservers"
)

func TestShowTellsAllThatIsToBeSeen(t *testing.T) {
	at := gerrit.TimeStamp(time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC))
	alice, bot := &gerrit.AccountInfo{NumericID: 7, Name: "Alice\x1b]0;x\x07 Author"}, &gerrit.AccountInfo{NumericID: 8, Username: "ci-bot"}
	c := &gerrit.ChangeInfo{
		ChangeNumber: 12, Project: "platform/gfx", Branch: "main", Subject: "Draw faster", Status: "NEW", IsPrivate: true, Owner: alice,
		Created: at, Updated: at, Hashtags: []string{"b", "a"}, CurrentRevision: "bbb",
		Revisions: map[string]gerrit.RevisionInfo{
			"bbb": {PatchSetNumber: 2, Kind: "NO_CHANGE", Created: at, Uploader: alice}, "aaa": {PatchSetNumber: 1, Kind: "REWORK", Created: at, Uploader: alice},
		},
		Labels: map[string]gerrit.LabelInfo{
			"Verified": {All: []gerrit.ApprovalInfo{{AccountInfo: *bot, Value: -1}, {AccountInfo: *alice, Value: 1}, {AccountInfo: gerrit.AccountInfo{NumericID: 9}}}}, "Lint": {},
		},
		Reviewers: map[string][]*gerrit.AccountInfo{"REVIEWER": {bot, {NumericID: 9}}},
		SubmitRequirements: []gerrit.SubmitRequirementResultInfo{
			{Name: "Verified", Status: "UNSATISFIED", Submittability: &gerrit.SubmitRequirementExpressionInfo{Expression: "label:Verified=MAX"}},
			{Name: "Code-Review", Status: "SATISFIED", Submittability: &gerrit.SubmitRequirementExpressionInfo{Expression: "label:Code-Review=MAX"}},
		},
		AttentionSet: map[string]gerrit.AttentionSetInfo{"7": {Account: *alice, Reason: "ci-bot replied\non the change", LastUpdate: at}},
		Messages: []gerrit.ChangeMessageInfo{
			{Message: "Uploaded patch set 1.", Author: alice, Time: at}, {Message: "Patch Set 2: Verified-1\n\nIt failed.\nVerdict prod/7f3k2m9q4x", Author: bot, Time: at}, {Message: "Merged.", Time: at},
		},
	}
	var out bytes.Buffer
	(&reviews{server: "main", url: "https://review.example.org", instance: "prod"}).show(&out, c, 2)
	const want = `change main~12: NEW private
  subject      Draw faster
  project      platform/gfx
  branch       main
  owner        Alice]0;x Author
  hashtags     a, b
  reviewers    ci-bot, 9
  created      2026-01-31 08:00:00Z
  updated      2026-01-31 08:00:00Z
  page         https://review.example.org/c/platform/gfx/+/12
patch sets:
  1   aaa REWORK, 2026-01-31 08:00:00Z by Alice]0;x Author
  2   bbb NO_CHANGE, 2026-01-31 08:00:00Z by Alice]0;x Author, current
labels:
  Lint                 -
  Verified             -1 ci-bot, +1 Alice]0;x Author
submit requirements:
  Verified             UNSATISFIED  label:Verified=MAX
  Code-Review          SATISFIED
attention set:
  Alice]0;x Author     ci-bot replied on the change, since 2026-01-31 08:00:00Z
messages, 2 of 3:
  2026-01-31 08:00:00Z ci-bot (this bot: bot actions show 7f3k2m9q4x)
    Patch Set 2: Verified-1

    It failed.
    Verdict prod/7f3k2m9q4x
  2026-01-31 08:00:00Z Gerrit
    Merged.
`
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestEventsAreToldInALine(t *testing.T) {
	alice, bob := gerrit.EventAccount{ID: 7, Name: "Alice"}, gerrit.EventAccount{ID: 8, Username: "bob"}
	for want, e := range map[string]gerrit.Event{
		"patch set 2, REWORK by Alice: Draw faster":  {Type: gerrit.PatchsetCreated, Patchset: gerrit.EventPatchset{Number: 2, Kind: "REWORK", Uploader: alice}, Change: gerrit.EventChange{Subject: "Draw\nfaster"}},
		"Alice: Patch Set 1: / Fine.":                {Type: gerrit.CommentAdded, Message: gerrit.EventMessage{Author: alice, Text: "Patch Set 1:\n\nFine.\n\nReally."}},
		"Gerrit: Change merged":                      {Type: gerrit.ChangeMerged, Message: gerrit.EventMessage{Text: "Change merged"}},
		"Verified -1, was +1, by bob":                {Type: gerrit.VoteChanged, Vote: &gerrit.EventVote{Label: "Verified", New: -1, Old: 1, Account: bob}},
		"bob REVIEWER, was none; Alice none, was CC": {Type: gerrit.ReviewerChanged, Reviewers: []gerrit.EventReviewer{{Account: bob, New: "REVIEWER"}, {Account: alice, Old: "CC"}}},
		"+Alice -bob":                {Type: gerrit.AttentionSetChanged, Attention: &gerrit.EventAttention{Added: []gerrit.EventAccount{alice}, Removed: []gerrit.EventAccount{bob}}},
		"+new +x -old":               {Type: gerrit.HashtagsChanged, Hashtags: &gerrit.EventHashtags{Added: []string{"new", "x"}, Removed: []string{"old"}}},
		"Verified 0, was +2, by bob": {Type: gerrit.VoteChanged, Vote: &gerrit.EventVote{Label: "Verified", Old: 2, Account: bob}},
		`"speed", was ""`:            {Type: gerrit.TopicChanged, Topic: &gerrit.EventTopic{New: "speed"}},
		"work in progress":           {Type: gerrit.WIPChanged, Change: gerrit.EventChange{WIP: true}},
		"ready for review":           {Type: gerrit.WIPChanged},
		"no longer private":          {Type: gerrit.PrivateStateChanged},
		"the subject, at last":       {Type: gerrit.ChangeVanished, Change: gerrit.EventChange{Subject: "the subject, at last"}},
	} {
		e.Server, e.Change.Number, e.Change.Project, e.Change.Branch = "main", 12, "gfx", "main"
		e.Time = time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC)
		want = fmt.Sprintf("2026-01-31 08:00:00Z %-21s main~12 gfx main  %s", e.Type, want)
		if got := eventLine(&e); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestOccurrencesAreToldOnce(t *testing.T) {
	var told occurrences
	event := func(n int) *gerrit.Event {
		return &gerrit.Event{Type: gerrit.PatchsetCreated, Patchset: gerrit.EventPatchset{Revision: fmt.Sprint(n)}}
	}
	for n := range 3 * occurrencesKept {
		if !told.first(event(n)) || told.first(event(n)) || n > 0 && told.first(event(n-1)) {
			t.Fatalf("the event %d isn't told once", n)
		}
	}
	if n := len(told.now) + len(told.before); n > 2*occurrencesKept {
		t.Errorf("%d are kept", n)
	}
	nameless := &gerrit.Event{Type: gerrit.WIPChanged}
	for range 2 {
		if !told.first(nameless) {
			t.Error("one that Gerrit doesn't name isn't told")
		}
	}
}

func TestLongWorkIsTold(t *testing.T) {
	var out strings.Builder
	begun := time.Now()
	so := soFar{out: &out, noun: "changes", last: begun}
	for n := range 100 {
		so.tell(n, begun.Add(time.Duration(n)*tellEvery/20))
	}
	if got, want := out.String(), "20 changes so far\n40 changes so far\n60 changes so far\n80 changes so far\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What a hint names is looked at without waiting for the next poll.
func TestHintsAreLookedAtAtOnce(t *testing.T) {
	fake := gerrittest.NewServer(gerrittest.Config{})
	defer fake.Close()
	fake.Push(gerrittest.Push{Project: "demo", Subject: "A change"})
	var out, errOut written
	cmd := newRoot()
	cmd.SetOut(&out)
	cmd.SetErr(&errOut)
	hints := make(chan gerrit.Hint)
	w := &watcher{
		g: &global{}, cmd: cmd, left: &countdown{left: 1}, types: []string{gerrit.CommentAdded}, hints: hints,
		reviews: &reviews{server: "main", client: gerrit.NewClient(fake.URL(), gerrit.BasicAuth("ci-bot", "bot-secret")), clean: asItIs},
	}
	ended := make(chan error, 1)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	go func() { ended <- w.run(ctx, "", time.Hour) }()
	for !strings.Contains(errOut.String(), "following") {
		select {
		case err := <-ended:
			t.Fatalf("ended with %v", err)
		case <-time.After(5 * time.Millisecond):
		}
	}
	fake.Comment(1, "bob", "Why?")
	hints <- gerrit.Hint{Type: "comment-added", Change: 1}
	if err := <-ended; err != nil || !strings.Contains(out.String(), "comment-added         main~1 demo main  Bob NoVote: ") {
		t.Errorf("got %v, %s%s", err, &out, &errOut)
	}
}

// gerritConfig writes a config.yaml for a real Gerrit, and gives its name.
func gerritConfig(t *testing.T, url string) string {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "config.yaml")
	for name, text := range map[string]string{
		config: fmt.Sprintf("instance: prod\ngerrit: {main: {url: '%s', user: ci-bot, tokenFile: secret}}\n", url), filepath.Join(dir, "secret"): testservers.Accounts["ci-bot"],
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return config
}

// The three commands on a real server.
func TestGerritCommandsOnTheRealServer(t *testing.T) {
	url := testservers.Gerrit(t)
	config := gerritConfig(t, url)
	alice := gerrit.NewClient(url, gerrit.BasicAuth("alice", testservers.Accounts["alice"]))
	c, err := alice.CreateChange(t.Context(), gerrit.ChangeInput{Project: "infra/tools/demo", Branch: "main", Subject: "To be looked into"})
	if err != nil {
		t.Fatal(err)
	}
	number := fmt.Sprint(c.ChangeNumber)

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var followed, errOut written
	ended := make(chan int, 1)
	go func() {
		ended <- execute(ctx, []string{"gerrit", "events", "--config", config, "--project", "infra/tools/demo", "--type", gerrit.VoteChanged, "--every", "1s", "--count", "1"}, nil, &followed, &errOut)
	}()
	for !strings.Contains(errOut.String(), "following") {
		select {
		case code := <-ended:
			t.Fatalf("ended with %d: %s", code, &errOut)
		case <-time.After(5 * time.Millisecond):
		}
	}
	bot := gerrit.NewClient(url, gerrit.BasicAuth("ci-bot", testservers.Accounts["ci-bot"]))
	if err := bot.SetReview(t.Context(), c.ID, "current", gerrit.ReviewInput{Message: "It failed.\nVerdict prod/7f3k2m9q4x", Labels: map[string]int{"Verified": -1}}); err != nil {
		t.Fatal(err)
	}
	if code := <-ended; code != exitFine || !strings.Contains(followed.String(), " main~"+number+" infra/tools/demo main  Verified -1, was 0, by CI Bot\n") {
		t.Errorf("events ended with %d: %s%s", code, &followed, &errOut)
	}

	for _, command := range []struct{ args, wanted []string }{
		{[]string{"query", "change:" + number}, []string{" NEW     infra/tools/demo  main ", "Verified-1  To be looked into\n"}},
		{[]string{"show", "main~" + number}, []string{
			"  1   " + c.CurrentRevision, "REWORK, 20", "by Alice Author, current\n", "  Verified             -1 CI Bot\n", "submit requirements:\n",
			"attention set:\n  Alice Author         ", "CI Bot (this bot: bot actions show 7f3k2m9q4x)\n", "  reviewers    CI Bot\n",
		}},
		{[]string{"show", c.ID, "--json"}, []string{`"current_revision": "`, `"submit_requirements": [`}},
	} {
		var out, errOut bytes.Buffer
		if code := execute(ctx, append([]string{"gerrit", "--config", config}, command.args...), nil, &out, &errOut); code != exitFine {
			t.Errorf("%s ended with %d: %s", command.args, code, &errOut)
		}
		for _, want := range command.wanted {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: got\n%s\nwant in it %q", command.args, &out, want)
			}
		}
	}
}
