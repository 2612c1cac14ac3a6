package sandbox

import "testing"

// TestEachOnOfARuleIsLookedAt: which of a rule's `on` an event fits may show only when its change is known.
func TestEachOnOfARuleIsLookedAt(t *testing.T) {
	failures(t, runBench(t, `
tests:
  - name: the second branch
    event: {task: failed, name: a}
    expect: {rule: branches, actions: [{comment: x}]}
  - name: the second files
    event: {gerrit: patchset-created, files: [docs/a.md]}
    expect: {rule: folders, actions: [{comment: y}]}
  - name: whom the second lets
    history:
      - {command: go, by: owner}
      - stands: {messages: [z]}
  - name: none of them
    event: {gerrit: patchset-created, files: [other]}
    expect: {rule: folders, stopped: on.files}
  - name: once, where several fit
    history:
      - {gerrit: patchset-created, files: [src/a, docs/a.md]}
      - stands: {messages: [y]}
`, `
  - name: branches
    on: [{task: failed, project: platform/gfx, branch: other}, {task: failed, project: platform/gfx, branch: main}]
    do: [{comment: x}]
  - name: folders
    on: [{gerrit: patchset-created, files: 'src/**'}, {gerrit: patchset-created, files: 'docs/**'}]
    do: [{comment: y}]
  - name: go
    on: [{command: go, by: 'user:nobody'}, {command: go, by: owner}]
    do: [{comment: z}]
`))
}
