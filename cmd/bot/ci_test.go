package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"verdict/gerrit"
	"verdict/internal/testservers"
)

// taskFile says in its one task all that a change has to tell.
const taskFile = `version: 1
tasks:
  - taskQueueId: gfx/ci
    deadline: {$fromNow: 1 hour}
    metadata: {name: '${tasks_for}', description: '${change.subject}', owner: '${patchset.uploader.email}'}
    payload:
      env:
        CHANGE: '${change.server}~${change.number} of ${change.project} ${change.branch}, owned by ${change.owner.username}'
        PATCHSET: '${patchset.number} ${patchset.revision} ${patchset.ref} ${patchset.kind}, by ${patchset.author.email}'
        FOOTERS: {$json: {$eval: change.footers}}
        URL: '${change.url}'
        EVENT: '${event.type} of ${event.change.number},${event.patchset.number}'
`

// The file of a change's second patchset is rendered for it: by the configuration, and as anybody may.
func TestRenderOnTheRealServer(t *testing.T) {
	url := testservers.Gerrit(t)
	config := gerritConfig(t, url)
	alice := gerrit.NewClient(url, gerrit.BasicAuth("alice", testservers.Accounts["alice"]))
	c, err := alice.CreateChange(t.Context(), gerrit.ChangeInput{Project: "infra/tools/demo", Branch: "main", Subject: "Build it\n\nBackport: 1.0"})
	if err != nil {
		t.Fatal(err)
	}
	if err := alice.ChangeFileContentInChangeEdit(t.Context(), c.ID, ".taskcluster.yml", taskFile); err != nil {
		t.Fatal(err)
	}
	if err := alice.PublishChangeEdit(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), ".taskcluster.yml")
	if err := os.WriteFile(file, []byte(taskFile), 0o600); err != nil {
		t.Fatal(err)
	}
	now, err := alice.GetChangeDetail(t.Context(), c.ID, gerrit.QueryChangesOpt{Fields: []string{"CURRENT_REVISION"}})
	if err != nil || now.CurrentRevision == c.CurrentRevision {
		t.Fatalf("the edit is no second patchset: %v", err)
	}
	number := fmt.Sprint(c.ChangeNumber)
	want := map[string]string{
		"CHANGE":   "main~" + number + " of infra/tools/demo main, owned by alice",
		"PATCHSET": fmt.Sprintf("2 %s refs/changes/%02d/%s/2 REWORK, by alice@example.com", now.CurrentRevision, c.ChangeNumber%100, number),
		"FOOTERS":  `[{"key":"Backport","value":"1.0"},{"key":"Change-Id","value":"` + c.ChangeID + `"}]`,
		"EVENT":    "patchset-created of " + number + ",2",
		"URL":      url + "/c/infra/tools/demo/+/" + number,
	}
	for _, args := range [][]string{
		{"--change", "main~" + number, "--config", config},
		{"--change", number, "--server", url + "/"},
	} {
		var out, errOut bytes.Buffer
		if code := execute(t.Context(), append([]string{"ci", "render", file, "--json"}, args...), nil, &out, &errOut); code != exitFine {
			t.Errorf("%s ended with %d: %s%s", args, code, &out, &errOut)
			continue
		}
		var view struct {
			Tasks []struct {
				Definition struct {
					Metadata map[string]string
					Payload  struct{ Env map[string]string }
				}
			}
		}
		if err := json.Unmarshal(out.Bytes(), &view); err != nil || len(view.Tasks) != 1 {
			t.Fatalf("%s: %v, %s", args, err, &out)
		}
		task := view.Tasks[0].Definition
		if !maps.Equal(task.Payload.Env, want) {
			t.Errorf("%s: got %q, want %q", args, task.Payload.Env, want)
		}
		if told := (map[string]string{"name": "gerrit-patchset-created", "description": "Build it", "owner": "alice@example.com"}); !maps.Equal(task.Metadata, told) {
			t.Errorf("%s: got %q, want %q", args, task.Metadata, told)
		}
	}
	var out, errOut bytes.Buffer
	if code := execute(t.Context(), []string{"ci", "render", file, "--change", "999999", "--server", url}, nil, &out, &errOut); code == exitFine || !strings.Contains(errOut.String(), "404 Not Found") {
		t.Errorf("a change that isn't there: ended with %d: %s%s", code, &out, &errOut)
	}
}
