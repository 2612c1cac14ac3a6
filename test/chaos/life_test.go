package chaos

import (
	"slices"
	"strings"
	"testing"

	"verdict/gerrit/gerrittest"
)

// lifeRules lead a change from its push to its merge: each step is what the next rule looks for.
const lifeRules = `
defaults: {server: main, project: demo}
rules:
  - name: welcome
    on: {gerrit: patchset-created}
    do:
      - reviewers: [bob]
      - attention: {add: [owner], reason: CI has a question}
      - comment: Please answer
        inline: [{path: a, line: 1, message: 'Is this needed?'}]
  - name: name
    on: {gerrit: reviewer-changed}
    when:
      - 'event.reviewers.exists(r, r.account.username == "bob")'
    do:
      - topic: 'ci-${change.number}'
  - name: close
    on: {gerrit: topic-changed}
    do:
      - wip: {}
      - abandon: {}
        message: Closed for now
  - name: reopen
    on: {gerrit: change-abandoned}
    do:
      - restore: {}
        message: Opened again
  - name: land
    on: {gerrit: change-restored}
    do:
      - ready: {}
      - submit: {}
`

const lifeTeams = `
teams:
  gfx:
    folder: gfx/
    contact: {email: gfx@example.org}
    gerrit:
      - {server: main, projects: [demo], actions: [comment, reviewers, attention, ready, wip, topic, abandon, restore, submit]}
`

// onMerge is what is on a change that the rules led to its merge.
var onMerge = []string{
	"Patch Set 1:\n\n(1 comment)\n\nPlease answer", "Topic set to ci-1", "Set Work In Progress", "Abandoned\n\nClosed for now",
	"Restored\n\nOpened again", "Patch Set 1:\n\nThis change is ready for review.", "Change has been successfully merged",
}

// life is a change's that the bot alone leads to its merge, by all that a rule can do with it. In between the bot is
// killed, and started again. It tells whether that happened.
func life(t *testing.T, w *world, s strike) (b *bot, cameBack bool) {
	t.Helper()
	w.gerrit.AddAccount(gerrittest.Account{Username: "ci-bot", Name: "CI Bot", Password: "bot-secret", Groups: []string{gerrittest.ServiceUsers, gerrittest.Administrators}})
	w.files["teams.yaml"], w.files["rules/gfx/ci.yaml"] = lifeTeams, lifeRules
	change := w.push()
	w.gerrit.Vote(change, "admin", "Code-Review", 2)
	b = startBot(t, w.files, s, true)
	w.until("the merge", func() bool { return w.gerrit.Change(change).Status == "MERGED" && b.resting(t) })
	b.stop(t)
	w.expectPosts(change, onMerge)
	c := w.gerrit.Change(change)
	if !slices.Contains(c.Reviewers, "bob") || c.Topic != "ci-1" || c.WIP {
		t.Errorf("reviewers %q, topic %q, work in progress %t; want bob, ci-1, ready", c.Reviewers, c.Topic, c.WIP)
	}
	if len(c.Comments) != 1 || c.Comments[0].Text != "Is this needed?" {
		t.Errorf("comments %+v, want one", c.Comments)
	}
	return b, b.died() > 0 && !b.left
}

// TestKilledAroundEachCallOfAChangesLifeDoesEachThingOnce: what the store keeps around a call is the same for all of
// them, so the points are those around Gerrit's calls.
func TestKilledAroundEachCallOfAChangesLifeDoesEachThingOnce(t *testing.T) {
	quiet, _ := life(t, newWorld(t), strike{})
	points := slices.DeleteFunc(quiet.trace(), func(point string) bool { return !strings.HasPrefix(point, "gerrit.") })
	for _, step := range []string{"Review", "SetTopic", "AbandonChange", "RestoreChange", "SubmitRevision"} {
		if !quiet.passed("gerrit." + step) {
			t.Errorf("no point around gerrit.%s", step)
		}
	}
	eachPoint(t, points, func(t *testing.T, point string) { killedAt(t, point, life, func(*world) {}) })
}
