package chaos

import (
	"slices"
	"strings"
	"testing"

	"verdict/gerrit/gerrittest"
)

// lifeRules lead a change from its push to its merge, asked by commands where nothing that is news comes of a step.
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
    on: {command: name, by: anyone}
    do:
      - topic: 'ci-${change.number}'
  - name: close
    on: {command: close, by: anyone}
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
    on: {command: land, by: anyone}
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

// life is a change's that the bot leads to its merge as it is asked to, by all that a rule can do with it. In between the bot is
// killed, and started again. It tells whether that happened.
func life(t *testing.T, w *world, s strike) (b *bot, cameBack bool) {
	t.Helper()
	w.gerrit.AddAccount(gerrittest.Account{Username: "ci-bot", Name: "CI Bot", Password: "bot-secret", Groups: []string{gerrittest.ServiceUsers, gerrittest.Administrators}})
	w.files["teams.yaml"], w.files["rules/gfx/ci.yaml"] = lifeTeams, lifeRules
	change := w.push()
	w.gerrit.Vote(change, "admin", "Code-Review", 2)
	b = startBot(t, w.files, s, true)
	says := func(text string) bool {
		return slices.ContainsFunc(w.gerrit.Change(change).Messages, func(m gerrittest.Message) bool { return strings.Contains(m.Text, text) })
	}
	w.until("the welcome", func() bool { return says("Please answer") && b.resting(t) })
	w.gerrit.Comment(change, "admin", "name")
	w.until("the topic", func() bool { return w.gerrit.Change(change).Topic == "ci-1" && b.resting(t) })
	w.gerrit.Comment(change, "admin", "close")
	w.until("the reopening", func() bool { return says("Opened again") && b.resting(t) })
	w.gerrit.Comment(change, "admin", "land")
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
	each(t, points, func(t *testing.T, point string) { killedAt(t, point, life, func(*world) {}) })
}
