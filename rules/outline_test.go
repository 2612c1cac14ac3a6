package rules_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"verdict/rules"
)

const outlined = `rules:
  - name: build
    on:
      - {task: settled, server: main, project: platform/gfx, branch: [main, 'release/*']}
      - {exchange: queue/task-failed, routingKey: {provisionerId: gfx}}
      - {exchange: queue/task-failed, taskRoute: 'gfx.#'}
    when:
      - 'task.provisionerId == "gfx"'
      - 'task.tags.kind == "build"'
    do:
      - vote: {Verified: -1}
        while: 'task.state != "completed"'
        message: 'it failed'
        notify: owner
      - hashtags: [ci-a]
        while: 'task.state != "completed"'
      - task: {key: one, taskQueueId: gfx/ci, deadline: {$fromNow: 1 hour}, metadata: {name: one, description: d}, payload: {}}
  - name: seen
    on: {gerrit: patchset-created, server: main, project: 'platform/**'}
    do: [comment: seen]
`

func outlinedRule(t *testing.T) (*rules.Set, *rules.Rule) {
	t.Helper()
	set, found := rules.Load(rules.Sources{Files: map[string][]byte{"gfx/ci.yaml": []byte(outlined)}})
	if len(found) > 0 {
		t.Fatal(listing(found))
	}
	return set, set.Rule("gfx", "build")
}

func TestOutlineIsWhatARuleIsMadeOf(t *testing.T) {
	_, r := outlinedRule(t)
	while := &rules.OutlineClause{Text: `task.state != "completed"`, Line: 12}
	tag := &rules.OutlineClause{Text: `task.state != "completed"`, Line: 16}
	want := rules.Outline{
		Clauses: []rules.OutlineClause{{Text: `task.provisionerId == "gfx"`, Line: 8}, {Text: `task.tags.kind == "build"`, Line: 9}},
		Actions: []rules.OutlineAction{
			{Kind: "vote", Key: "vote:Verified", Line: 11, While: while}, {Kind: "hashtags", Key: "hashtags:ci-a", Line: 15, While: tag}, {Kind: "task", Line: 17},
		},
	}
	if got := r.Outline(); !reflect.DeepEqual(got, want) {
		g, _ := json.Marshal(got)
		w, _ := json.Marshal(want)
		t.Errorf("got\n%s\nwant\n%s", g, w)
	}
	if got := strings.Join(r.Labels(), " "); got != "Verified" {
		t.Errorf("labels %s", got)
	}
}

func TestRefusesSaysWhichPartOfOnKeepsARuleAway(t *testing.T) {
	set, r := outlinedRule(t)
	const failed = "exchange/taskcluster-queue/v1/task-failed"
	key := func(provisioner string) string { return "primary.t.0.g.w." + provisioner + ".ci.s.g._" }
	for _, c := range []struct {
		on   int
		o    rules.Occurrence
		want string
	}{
		{0, rules.Occurrence{Source: "task", Type: "failed"}, rules.OnEvent},
		{0, rules.Occurrence{Source: "task", Type: "settled"}, ""},
		{0, rules.Occurrence{Source: "task", Type: "settled", Server: "main", Project: "platform/gfx", Branch: "release/1"}, ""},
		{0, rules.Occurrence{Source: "task", Type: "settled", Server: "other", Project: "platform/gfx", Branch: "main"}, rules.OnServer},
		{0, rules.Occurrence{Source: "task", Type: "settled", Server: "main", Project: "platform/audio", Branch: "play"}, rules.OnProject},
		{0, rules.Occurrence{Source: "task", Type: "settled", Server: "main", Project: "platform/gfx", Branch: "play"}, rules.OnBranch},
		{1, rules.Occurrence{Source: "pulse", Type: failed, RoutingKey: key("gfx")}, ""},
		{1, rules.Occurrence{Source: "pulse", Type: failed, RoutingKey: key("audio")}, rules.OnKey},
		{1, rules.Occurrence{Source: "pulse", Type: "queue/task-failed", RoutingKey: key("gfx")}, rules.OnEvent},
		{2, rules.Occurrence{Source: "pulse", Type: failed, RoutingKey: key("audio"), Routes: []string{"x", "gfx.main.1"}}, ""},
		{2, rules.Occurrence{Source: "pulse", Type: failed, RoutingKey: key("audio"), Routes: []string{"x"}}, rules.OnRoute},
		{3, rules.Occurrence{Source: "gerrit", Type: "patchset-created", Server: "main", Project: "platform/x"}, ""},
		{3, rules.Occurrence{Source: "gerrit", Type: "patchset-created", Server: "main", Project: "tools/x"}, rules.OnProject},
	} {
		on := append(slices.Clone(r.On), set.Rule("gfx", "seen").On...)[c.on]
		if got := on.Refuses(c.o, ""); got != c.want {
			t.Errorf("on %d, %+v: %q, want %q", c.on, c.o, got, c.want)
		}
	}
}

func TestLookingFindsWhatTheIndexPassesOver(t *testing.T) {
	set, r := outlinedRule(t)
	o := rules.Occurrence{Source: "task", Type: "settled", RoutingKey: "primary.t.0.g.w.audio.ci.s.g._"}
	if got := set.Match(o, nil); len(got) != 0 {
		t.Fatalf("the index gives %v: this test shows nothing", got)
	}
	if got := set.Looking(o, ""); len(got) != 1 || got[0].Rule != r || got[0].On != 0 {
		t.Errorf("got %+v", got)
	}
	at := rules.Occurrence{Source: "gerrit", Type: "patchset-created", Server: "main", Project: "platform/x", Branch: "main"}
	if got := set.Looking(at, ""); !reflect.DeepEqual(got, set.Match(at, nil)) {
		t.Errorf("got %+v, the index gives %+v", got, set.Match(at, nil))
	}
}

func TestAPictureShowsWhatHeldAndWhatIsDone(t *testing.T) {
	_, r := outlinedRule(t)
	draw := func(provisioner, kind, state string) string {
		made, err := r.Evaluate(rules.Input{Facts: map[string]any{
			"task": map[string]any{"provisionerId": provisioner, "state": state, "tags": map[string]any{"kind": kind}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		return rules.Picture{Outline: r.Outline(), Indent: "  "}.Of(*made)
	}
	for _, c := range []struct{ got, want string }{
		{draw("audio", "build", "failed"), `  ✗ task.provisionerId == "gfx"
      task.provisionerId = "audio"
  · task.tags.kind == "build"
`},
		{draw("gfx", "build", "failed"), `  ✓ task.provisionerId == "gfx"
      task.provisionerId = "gfx"
  ✓ task.tags.kind == "build"
      task.tags.kind = "build"
  ✓ while: task.state != "completed"
      task.state = "failed"
  ✓ while: task.state != "completed"
      task.state = "failed"
  → vote Verified -1 (notify owner)
      “it failed”
  → hashtags +ci-a
  → task one on gfx/ci
`},
		{draw("gfx", "build", "completed"), `  ✓ task.provisionerId == "gfx"
      task.provisionerId = "gfx"
  ✓ task.tags.kind == "build"
      task.tags.kind = "build"
  ✗ while: task.state != "completed"
      task.state = "completed"
  ✗ while: task.state != "completed"
      task.state = "completed"
  ← vote Verified -1 (notify owner) is taken back, where it stands
  ← hashtags ci-a is taken back, where it stands
  → task one on gfx/ci
`},
	} {
		if c.got != c.want {
			t.Errorf("got\n%s\nwant\n%s", c.got, c.want)
		}
	}
	made, _ := r.Evaluate(rules.Input{Facts: map[string]any{}})
	if got := (rules.Picture{Colour: true}).Of(*made); !strings.Contains(got, "\x1b[31m✗\x1b[0m") {
		t.Errorf("no colour in %q", got)
	}
}

func TestAPictureShowsAVoteOfNothingAsGerritDoes(t *testing.T) {
	made := rules.Decision{Matched: true, Actions: []rules.Action{
		{Kind: "vote", Labels: map[string]int{"A": 0, "B": 2}}, {Kind: "report", Report: &rules.Report{Label: "Verified", Outcome: "infra"}},
	}}
	if got, want := (rules.Picture{}).Of(made), "→ vote A 0 B +2\n→ report Verified 0 (infra)\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
