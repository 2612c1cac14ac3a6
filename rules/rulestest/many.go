// Package rulestest makes rule files for tests: as many as a large organisation has, of the kinds that teams write, no
// two with the same text. It is for tests only.
package rulestest

import (
	"fmt"
	"strings"
)

// perFile is how many rules a file has.
const perFile = 10

// Many are the files of n rules, spread evenly over teams, and their teams.yaml.
func Many(teams, n int) (files map[string][]byte, grants []byte) {
	files = map[string][]byte{}
	var yaml strings.Builder
	yaml.WriteString("teams:\n")
	each := (n + teams - 1) / teams
	for team := range teams {
		fmt.Fprintf(&yaml, grant, team)
		for first := team * each; first < min((team+1)*each, n); first += perFile {
			var b strings.Builder
			fmt.Fprintf(&b, "defaults: {server: main, project: platform/p%d}\n\nrules:\n", team)
			for i := first; i < min(first+perFile, (team+1)*each, n); i++ {
				b.WriteString(strings.NewReplacer("TEAM", fmt.Sprint(team), "ID", fmt.Sprint(i)).Replace(kinds[i%len(kinds)]))
			}
			files[fmt.Sprintf("team-%d/rules-%d.yaml", team, first)] = []byte(b.String())
		}
	}
	return files, []byte(yaml.String())
}

const grant = `  team-%[1]d:
    folder: team-%[1]d/
    contact: {email: team-%[1]d@example.org}
    gerrit:
      - server: main
        projects: [platform/p%[1]d]
        labels: {Verified: [-1, 1]}
        hashtags: ['ci-*']
        actions: [vote, comment, hashtags]
    taskcluster:
      scopes: ['queue:create-task:low:team-%[1]d/*', 'queue:create-task:project:team-%[1]d', 'queue:scheduler-id:verdict', 'queue:route:index.team-%[1]d.*']
      trust:
        - who: anyone
          scopes: ['queue:create-task:low:team-%[1]d/*', 'queue:create-task:project:team-%[1]d', 'queue:scheduler-id:verdict', 'queue:route:index.team-%[1]d.*']
`

// kinds are what teams write; TEAM and ID are numbers.
var kinds = []string{`
  - name: verdict-ID
    description: A failed build task holds Verified at -1 until a later run passes.
    on: {task: settled}
    when:
      - 'task.tags.kind == "build-ID"'
      - 'task.taskQueueId == "team-TEAM/ci" && run.id < 5'
    do:
      - vote: {Verified: -1}
        while: 'task.state != "completed"'
        message: |
          ${task.name} failed on ID: ${run.reason}
          ${links.log}
        notify: owner
`, `
  - name: build-ID
    on:
      gerrit: patchset-created
      branch: [main, 'release/*']
      files: ['src/ID/**', '!**/*.md']
    when:
      - '!change.wip'
      - 'patchset.kind != "NO_CODE_CHANGE" && !change.subject.startsWith("WIP ID")'
    do:
      - tasks:
          $map: [linux, windows]
          each(os):
            key: '${os}'
            taskQueueId: 'team-TEAM/ci-${os}'
            projectId: team-TEAM
            priority: low
            deadline: {$fromNow: 2 hours}
            routes: ['index.team-TEAM.${patchset.revision}.ID']
            metadata: {name: 'build-ID-${os}', description: Builds the part ID}
            tags: {kind: build-ID}
            payload: {maxRunTime: 3600, env: {GERRIT_REF: '${patchset.ref}', PART: 'ID'}, command: [/usr/local/bin/build, 'ID']}
`, `
  - name: lost-ID
    on:
      exchange: queue/task-exception
      routingKey: {provisionerId: team-TEAM}
    when:
      - 'event.status.workerType == "ci-ID"'
      - 'event.status.runs.exists(r, r.?reasonResolved.orValue("") == "worker-shutdown" && r.runId >= 0)'
    do:
      - comment: |
          A worker of ${event.status.taskQueueId} gave up on ${links.task} (ID)
`, `
  - name: failed-ID
    on: {group: settled}
    let: {bad: 'group.failed + group.exception'}
    when:
      - 'group.schedulerId in ["s-ID", "t-ID"]'
      - 'bad > 0 && group.total < 10ID'
    do:
      - hashtags: [ci-failed-ID]
        while: 'group.outcome == "fail"'
`, `
  - name: merged-ID
    on: {gerrit: change-merged, branch: main}
    when:
      - 'change.footers.exists(f, f.key == "Backport" && f.value == "ID")'
      - 'event.change.topic == "topic-ID" || event.change.topic == "topic-TEAM"'
    do:
      - comment: '${change.subject} is to be carried over to ID, says ${change.owner.name}'
        notify: nobody
`}
