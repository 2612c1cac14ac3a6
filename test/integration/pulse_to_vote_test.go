package integration

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"verdict/internal/testservers"
)

// A task fails: the change shows Verified -1, a comment and a hashtag, each
// once though the message comes three times. Its rerun passes: they are taken
// back, without a word.
func TestFailedTaskHoldsItsPatchsetUntilItsRerunPasses(t *testing.T) {
	t.Parallel()
	broker, gerrit := newPulse(t), newReview(t)
	first := gerrit.push(t, "", "slow")
	current := gerrit.push(t, first.changeID, "fast") // the recorded task is for patchset 2
	tasks := newDeployment(t)
	task := recordedRerun(t, current.number)
	if err := tasks.AddTask(task.TaskID, task.Definition); err != nil {
		t.Fatal(err)
	}
	bot := startBot(t, map[string]string{
		"config.yaml":            configFor(broker, gerrit, tasks),
		"pulse-password":         broker.password,
		"gerrit-token":           testservers.Accounts["ci-bot"],
		"taskcluster-token":      accessToken,
		"teams.yaml":             graphicsMayVote(gerrit.project),
		"rules/graphics/ci.yaml": failedTaskVotes,
	})
	bot.awaitSources(t)

	resolve(t, tasks, task.TaskID, "failed")
	failed := task.publishUpTo(t, broker, "task-failed")
	broker.publish(t, failed)
	eventually(t, "Verified -1", func() (any, bool) {
		c := gerrit.change(t, current.changeID)
		return c, c.vote("Verified") == -1 && slices.Contains(c.Hashtags, "ci-failed")
	})
	broker.publish(t, failed) // late, when all is done
	broker.awaitDrained(t)
	bot.awaitRest(t, 1)
	c := gerrit.change(t, current.changeID)
	if posted := c.posts("t failed: failed\nVerdict it/"); len(posted) != 1 || posted[0] != 2 {
		t.Errorf("posts are on the patchsets %v, want one on 2; messages: %+v", posted, c.Messages)
	}
	if c.vote("Verified") != -1 || !slices.Equal(c.Hashtags, []string{"ci-failed"}) {
		t.Errorf("Verified %d, hashtags %v; want -1, ci-failed", c.vote("Verified"), c.Hashtags)
	}

	if err := tasks.Rerun(task.TaskID); err != nil {
		t.Fatal(err)
	}
	resolve(t, tasks, task.TaskID, "completed")
	task.publishUpTo(t, broker, "task-completed")
	eventually(t, "Verified 0", func() (any, bool) {
		c := gerrit.change(t, current.changeID)
		return c, c.vote("Verified") == 0 && len(c.Hashtags) == 0
	})
	broker.awaitDrained(t)
	bot.awaitRest(t, 2)
	if posted := gerrit.change(t, current.changeID).posts("t failed: failed"); len(posted) != 1 {
		t.Errorf("after the rerun the posts are on %v, want the one from before", posted)
	}
}

// resolve has a worker of the stand-in run the task to its end.
func resolve(t *testing.T, tasks *deployment, taskID, state string) {
	t.Helper()
	run, err := tasks.Start(taskID)
	if err == nil {
		err = tasks.Resolve(taskID, run, state, state)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// posts are the patchsets of the bot's messages that have a text in them.
func (c change) posts(text string) []int {
	var patchsets []int
	for _, m := range c.Messages {
		if m.Author.Username == "ci-bot" && strings.Contains(m.Message, text) {
			patchsets = append(patchsets, m.Patchset)
		}
	}
	return patchsets
}

const failedTaskVotes = `
rules:
  - name: build
    on: {task: settled}
    when:
      - 'task.schedulerId == "bot-1"'
    do:
      - vote: {Verified: -1}
        while: 'task.state != "completed"'
        message: |
          ${task.name} failed: ${run.reason}
      - hashtags: [ci-failed]
        while: 'task.state != "completed"'
`

func graphicsMayVote(project string) string {
	return fmt.Sprintf(`
teams:
  graphics:
    folder: graphics/
    gerrit:
      - {server: main, projects: [%s], labels: {Verified: [-1, 1]}, hashtags: ['ci-*'], actions: [vote, comment, hashtags]}
    taskcluster:
      trustTasks: [{schedulerId: bot-1}]
`, project)
}

// configFor is the configuration of a bot on these servers; any may be nil but
// Gerrit. Gerrit's times are whole seconds, so begin lies a little back.
func configFor(broker *pulse, gerrit *review, tasks *deployment) string {
	config := fmt.Sprintf(`
instance: it
begin: 10m
store: {url: 'sqlite:verdict.db'}
listen: {web: '', hooks: '', metrics: ''}
admin: {socket: admin.sock}
taskcluster: {rootURL: '%s', clientId: %s, accessTokenFile: taskcluster-token}
gerrit:
  main: {url: '%s', user: ci-bot, tokenFile: gerrit-token, poll: {cron: '@every 1s'}}
log: {level: debug, format: json}
`, tasks.url, clientID, gerrit.url)
	if broker != nil {
		config += fmt.Sprintf("pulse: {url: '%s', vhost: %s, user: %s, passwordFile: pulse-password}\n", broker.url, broker.vhost, broker.user)
	}
	return config
}
