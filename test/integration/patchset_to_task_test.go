package integration

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"verdict/internal/testservers"
)

// A patchset is pushed: the poll finds it, and a task is created for it with
// a temporary credential that may do this one call and nothing else.
func TestPushedPatchsetGetsATaskByATemporaryCredential(t *testing.T) {
	t.Parallel()
	python := testservers.Python(t)
	gerrit := newReview(t)
	tasks := newDeployment(t, "queue:create-task:*", "queue:scheduler-id:verdict")
	bot := startBot(t, map[string]string{
		"config.yaml":            configFor(nil, gerrit, tasks),
		"gerrit-token":           testservers.Accounts["ci-bot"],
		"taskcluster-token":      accessToken,
		"teams.yaml":             graphicsMayBuild(gerrit.project),
		"rules/graphics/ci.yaml": buildEachPatchset(gerrit.project),
	})
	bot.awaitSources(t)

	first := gerrit.push(t, "", "slow")
	awaitTask(t, tasks, first, 1)
	second := gerrit.push(t, first.changeID, "fast")
	awaitTask(t, tasks, second, 2)
	bot.awaitRest(t, 2)
	sent := tasks.created()
	if len(tasks.Tasks()) != 2 || len(sent) != 2 {
		t.Fatalf("%d tasks by %d calls, want one a patchset, by one call each", len(tasks.Tasks()), len(sent))
	}

	accepted := accept(t, python, sent[0])
	if want := clientID + "/graphics/build"; accepted.ClientID != want || accepted.Issuer != clientID {
		t.Errorf("signed as %s, issued by %s; want %s by %s", accepted.ClientID, accepted.Issuer, want, clientID)
	}
	slices.Sort(accepted.Scopes)
	want := []string{"queue:create-task:low:lab/ci", "queue:create-task:project:gfx", "queue:scheduler-id:verdict"}
	if !slices.Equal(accepted.Scopes, want) {
		t.Errorf("scopes %q, want just those of the call: %q", accepted.Scopes, want)
	}
	if left := time.Until(time.UnixMilli(accepted.Expiry)); left > time.Hour {
		t.Errorf("the credential is good for another %s, want minutes", left)
	}
}

// awaitTask waits for a task that is for this patchset.
func awaitTask(t *testing.T, tasks *deployment, p pushed, patchset int) {
	t.Helper()
	ref := fmt.Sprintf("refs/changes/%02d/%d/%d", p.number%100, p.number, patchset)
	eventually(t, "a task for "+ref, func() (any, bool) {
		for _, task := range tasks.Tasks() {
			if strings.Contains(string(task.Definition.Payload), `"`+ref+`"`) {
				return nil, true
			}
		}
		return tasks.Tasks(), false
	})
}

// acceptance is what a call's header says.
type acceptance struct {
	ClientID, Issuer string
	Scopes           []string
	Start, Expiry    int64
}

// accept has mohawk and Taskcluster's Python client check a call.
func accept(t *testing.T, python string, sent request) (a acceptance) {
	t.Helper()
	in, err := json.Marshal(struct {
		request
		ClientID    string `json:"clientId"`
		AccessToken string `json:"accessToken"`
	}{sent, clientID, accessToken})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "testdata/accept_call.py")
	var stderr strings.Builder
	cmd.Stdin, cmd.Stderr = strings.NewReader(string(in)), &stderr
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, &a)
	}
	if err != nil {
		t.Fatalf("not accepted: %v\n%s\n%s", err, stderr.String(), in)
	}
	return a
}

func buildEachPatchset(project string) string {
	return fmt.Sprintf(`
defaults: {server: main, project: %s}
rules:
  - name: build
    on: {gerrit: patchset-created, branch: main}
    do:
      - task:
          key: build
          taskQueueId: lab/ci
          projectId: gfx
          deadline: {$fromNow: 2 hours}
          metadata: {name: build, description: Builds the patchset}
          payload: {maxRunTime: 3600, env: {GERRIT_REF: '${patchset.ref}'}, command: [/usr/local/bin/build]}
`, project)
}

func graphicsMayBuild(project string) string {
	scopes := "'queue:create-task:low:lab/*', 'queue:create-task:project:gfx', 'queue:scheduler-id:verdict'"
	return fmt.Sprintf(`
teams:
  graphics:
    folder: graphics/
    gerrit:
      - {server: main, projects: [%s], actions: [comment]}
    taskcluster:
      scopes: [%s, 'queue:create-task:highest:lab/*']
      trust: [{who: anyone, scopes: [%s]}]
`, project, scopes, scopes)
}
