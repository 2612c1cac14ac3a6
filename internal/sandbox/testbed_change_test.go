package sandbox

import "testing"

// Tasks of gfx-level-1 are trusted by the team, those of others aren't.
func TestARuleSaysOfWhichChangeATaskIs(t *testing.T) {
	failures(t, runBench(t, `
given:
  change: {number: 1234, project: platform/gfx, branch: main, currentPatchset: 2}
tests:
  - name: of a task that is trusted
    event: {task: failed, name: a, linked: false, schedulerId: gfx-level-1, tags: {change: '1234'}}
    expect: {rule: tagged, actions: [{comment: a failed on patchset 2 of 1234}]}
  - name: not of one that is not
    event: {task: failed, name: a, linked: false, schedulerId: gfx-level-0, tags: {change: '1234'}}
    expect: {rule: tagged, stopped: 'on.change: the event belongs to no change, since trustTasks in the team''s grant doesn''t trust a task of scheduler gfx-level-0, project none and queue ci/linux'}
  - name: the patchset may be said too
    event: {task: failed, name: a, linked: false, schedulerId: gfx-level-1, tags: {change: '1234', patchset: '1'}}
    expect: {rule: of-a-patchset, actions: [{comment: a failed on patchset 1}]}
  - name: but one that is there
    event: {task: failed, name: a, linked: false, schedulerId: gfx-level-1, tags: {change: '1234', patchset: '3'}}
    expect: {rule: of-a-patchset, stopped: 'on.change: the event belongs to no change, since main has no change 1234 with patch set 3, or hides it'}
  - name: a change that is not there
    event: {task: failed, name: a, linked: false, schedulerId: gfx-level-1, tags: {change: '99'}}
    expect: {rule: tagged, stopped: 'on.change: the event belongs to no change, since main has no change 99, or hides it'}
  - name: no number
    event: {task: failed, name: a, linked: false, schedulerId: gfx-level-1, tags: {change: I8473b}}
    expect: {rule: tagged, stopped: 'on.change: the event belongs to no change, since change: int(task.tags.change): type conversion error from ''string'' to ''int'' (task.tags.change is "I8473b")'}
  - name: no tag
    event: {task: failed, name: a, linked: false, schedulerId: gfx-level-1}
    expect: {rule: tagged, stopped: 'on.change: the event belongs to no change, since change: int(task.tags.change): type conversion error from ''string'' to ''int'' (task.tags.change is absent)'}
  - name: no number of a change
    event: {task: failed, name: a, linked: false, schedulerId: gfx-level-1, tags: {change: '-1234'}}
    expect: {rule: tagged, stopped: 'on.change: the event belongs to no change, since change: int(task.tags.change) came to -1234, which is no number of one'}
  - name: a number of more bits than there are
    event: {task: failed, name: a, linked: false, schedulerId: gfx-level-1, tags: {change: '4294968530'}}
    expect: {rule: tagged, stopped: 'on.change: the event belongs to no change, since change: int(task.tags.change) came to 4294968530, which is no number of one'}
  - name: by the exchange's own message
    event: {exchange: queue/task-failed, name: a, linked: false, schedulerId: gfx-level-1, tags: {change: '1234'}}
    expect: {rule: heard, actions: [{comment: a was heard of on 1234}]}
  - name: a change of another branch than the rule's
    event: {task: failed, name: a, linked: false, schedulerId: gfx-level-1, tags: {change: '1234'}}
    expect: {rule: elsewhere, stopped: 'on: the event belongs to main platform/gfx main'}
`, changeRules))
}

func TestWhatElseSaysTheChangeComesBeforeTheRule(t *testing.T) {
	failures(t, runBench(t, `
given:
  change: {number: 1234, project: platform/gfx, branch: main, currentPatchset: 2}
tests:
  - name: what the bot made
    event: {task: failed, name: a, schedulerId: gfx-level-0, tags: {change: '99'}}
    expect: {rule: tagged, actions: [{comment: a failed on patchset 2 of 1234}]}
  - name: a route
    event: {task: failed, name: a, linked: false, schedulerId: gfx-level-0, routes: [gerrit.main.1234.1], tags: {change: '99'}}
    expect: {rule: tagged, actions: [{comment: a failed on patchset 1 of 1234}]}
  - name: a route that says what is not there
    event: {task: failed, name: a, linked: false, schedulerId: gfx-level-1, routes: [gerrit.main.1234.7], tags: {change: '1234'}}
    expect: {rule: tagged, stopped: 'on.change: the event belongs to no change, since its route says another, which isn''t there: gerrit.main.1234.7'}
  - name: extra.gerrit
    event: {task: failed, name: a, linked: false, schedulerId: gfx-level-1, extra: {gerrit: {change: 1234, patchset: 1}}, tags: {change: '99'}}
    expect: {rule: tagged, actions: [{comment: a failed on patchset 1 of 1234}]}
  - name: extra.gerrit that says what is not there
    event: {task: failed, name: a, linked: false, schedulerId: gfx-level-1, extra: {gerrit: {change: 1234, patchset: 7}}, tags: {change: '1234'}}
    expect: {rule: tagged, stopped: 'on.change: the event belongs to no change, since its extra.gerrit says another, which isn''t there'}
`, changeRules))
}

// A rule that names no project goes on where its event has no change.
func TestWithoutAChangeARuleThatNeedsNoneGoesOn(t *testing.T) {
	tests := `
tests:
  - name: with the task alone
    event: {task: failed, name: a, linked: false, tags: {change: '1234'}}
    expect: {rule: anywhere, stopped: 'task.name == "b"'}
  - name: not where it names the change
    event: {task: failed, name: a, linked: false, schedulerId: gfx-level-1}
    expect: {rule: its-subject, stopped: 'change: the event belongs to no change, since change: int(task.tags.change): type conversion error from ''string'' to ''int'' (task.tags.change is absent)'}
`
	failures(t, runBenchWith(t, `rules:
  - name: anywhere
    on: {task: failed, change: 'int(task.tags.change)'}
    when: ['task.name == "b"']
    do: [{comment: 'x'}]
  - name: its-subject
    on: {task: failed, change: 'int(task.tags.change)'}
    do: [{comment: '${change.subject}'}]
`, tests))
}

const changeRules = `  - name: tagged
    on: {task: failed, change: 'int(task.tags.change)'}
    do: [{comment: '${task.name} failed on patchset ${patchset.number} of ${change.number}'}]
  - name: of-a-patchset
    on: {task: failed, change: 'int(task.tags.change)', patchset: 'int(task.tags.patchset)'}
    do: [{comment: '${task.name} failed on patchset ${patchset.number}'}]
  - name: heard
    on: {exchange: queue/task-failed, change: 'int(task.tags.change)'}
    do: [{comment: '${task.name} was heard of on ${change.number}'}]
  - name: elsewhere
    on: {task: failed, branch: other, change: 'int(task.tags.change)'}
    do: [{comment: 'elsewhere'}]
`
