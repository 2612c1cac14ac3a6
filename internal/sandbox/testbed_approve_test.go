package sandbox

import (
	"strings"
	"testing"
)

const approvedRules = `  - name: announce
    on: {gerrit: change-merged}
    do:
      - comment: 'It is in.'
        approve: operators
      - hashtags: {add: [ci-merged]}
  - name: image
    on: {gerrit: comment-added}
    when: ['event.message.text.contains("image please")']
    do:
      - task:
          taskQueueId: gfx/ci
          priority: low
          projectId: gfx
          deadline: {$fromNow: 1 hour}
          metadata: {name: image, description: image}
          payload: {}
        approve: operators
`

func TestWhatHasToBeApprovedWaits(t *testing.T) {
	failures(t, runBench(t, `
tests:
  - name: the rest of the rule goes on
    history:
      - {gerrit: change-merged}
      - stands: {messages: [], hashtags: [ci-merged]}
      - {approve: comment}
      - stands: {messages: [It is in.], hashtags: [ci-merged]}
  - name: a task
    history:
      - {gerrit: comment-added, text: image please}
      - stands: {tasks: []}
      - {approve: task}
      - stands: {tasks: [image]}
  - name: by then the patchset is another one
    history:
      - {gerrit: comment-added, text: image please}
      - {gerrit: patchset-created}
      - {approve: task}
      - stands: {tasks: []}
  - name: it is decided at once
    event: {gerrit: change-merged}
    expect: {rule: announce, actions: [{comment: It is in., approve: operators}, {hashtags: {add: [ci-merged]}}]}
`, approvedRules))
}

func TestAnApprovalOfNothingIsTold(t *testing.T) {
	for steps, want := range map[string]string{
		`[{gerrit: wip-changed}, {approve: comment}, {stands: nothing}]`:                "nothing waits for approval",
		`[{gerrit: change-merged}, {approve: task}, {stands: {hashtags: [ci-merged]}}]`: `no action "task" waits for approval, but comment`,
	} {
		report := runBench(t, "tests:\n  - name: it\n    history: "+steps+"\n", approvedRules)
		if got := report.Results[0].Findings; len(got) == 0 || !strings.Contains(got[0].What, want) {
			t.Errorf("%s: got %+v, want %q", steps, got, want)
		}
	}
}
