package rules_test

import (
	"io/fs"
	"os"
	"strings"
	"testing"

	"verdict/rules"
)

func exampleSources(t testing.TB) rules.Sources {
	t.Helper()
	root := os.DirFS("examples")
	data, err := fs.ReadFile(root, "teams.yaml")
	if err != nil {
		t.Fatal(err)
	}
	teams, diagnostics := rules.LoadTeams("teams.yaml", data)
	if len(diagnostics) > 0 {
		t.Fatal(listing(diagnostics))
	}
	in := rules.Sources{Files: map[string][]byte{}, Teams: teams}
	err = fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path == "teams.yaml" {
			return err
		}
		in.Files[path], err = fs.ReadFile(root, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func listing(diagnostics []rules.Diagnostic) string {
	var b strings.Builder
	for _, d := range diagnostics {
		b.WriteString(d.String() + "\n")
	}
	return b.String()
}

func TestExamplesLoad(t *testing.T) {
	set, diagnostics := rules.Load(exampleSources(t))
	if len(diagnostics) > 0 {
		t.Fatal(listing(diagnostics))
	}
	var names []string
	for _, r := range set.Rules() {
		names = append(names, r.Team+"/"+r.Name)
	}
	want := "graphics/recheck graphics/build graphics/hold graphics/hold-off graphics/verdict graphics/failed-tag graphics/lint-findings graphics/own-tasks graphics/build-shaders graphics/lint graphics/shader-reviewers graphics/wip graphics/stale graphics/old-drafts graphics/build-verdict graphics/lint-tag infra/worker-trouble infra/malformed infra/stuck infra/long-queue release/freeze release/protected release/needs-backport release/release-notes release/publish release/fail-fast"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("rules\n got %s\nwant %s", got, want)
	}
	bindings := ""
	for _, b := range set.Bindings("") {
		bindings += b.Exchange + " " + b.RoutingKey + "\n"
	}
	wantBindings := `exchange/taskcluster-queue/v1/task-completed #
exchange/taskcluster-queue/v1/task-defined #
exchange/taskcluster-queue/v1/task-exception #
exchange/taskcluster-queue/v1/task-failed #
exchange/taskcluster-queue/v1/task-group-resolved #
exchange/taskcluster-queue/v1/task-pending #
exchange/taskcluster-queue/v1/task-running #
`
	if bindings != wantBindings {
		t.Errorf("bindings\n got %s\nwant %s", bindings, wantBindings)
	}
}
