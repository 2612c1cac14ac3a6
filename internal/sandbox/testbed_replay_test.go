package sandbox

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"verdict/internal/app/admin"
	"verdict/internal/app/ruleset"
	"verdict/internal/app/trial"
	"verdict/internal/store"
	"verdict/rules"
	"verdict/rules/ruletest"
)

// What bot why --as-test writes is decided again as the bot decided it, with all that its clauses looked at.
func TestARecordingIsDecidedAsTheBotDid(t *testing.T) {
	teams, _ := rules.LoadTeams("teams.yaml", []byte(benchTeams))
	set, _ := ruleset.Load(rules.Sources{Files: map[string][]byte{"graphics/ci.yaml": []byte(benchRules + `  - name: all-facts
    on: [{task: settled}, {group: settled}, {gerrit: patchset-created}, {exchange: queue/task-failed}]
    when:
      - 'now - change.created < duration("1h")'
      - 'patchset.current && change.owner.username == "alice" && files.size() > 0'
    do:
      - comment: 'seen'
`)}, Teams: teams})
	bed, err := NewTestbed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer bed.Close()
	opened, err := bed.Open(t.Context(), set, ruletest.Given{})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	w := opened.(*bench)
	for _, step := range []ruletest.Step{
		{Gerrit: &ruletest.GerritStep{Gerrit: "patchset-created", Files: []string{"shaders/a.frag"}}},
		{Task: &ruletest.TaskStep{Task: "settled", TaskFields: ruletest.TaskFields{Name: "shaders-linux", State: "failed", Reason: "failed"}}},
		{Group: &ruletest.GroupStep{Group: "settled", Tasks: []ruletest.TaskFields{{Name: "shaders-windows", State: "failed", Reason: "failed"}}}},
	} {
		if _, err := w.Happen(t.Context(), step); err != nil {
			t.Fatal(err)
		}
	}
	desk := &admin.Desk{Store: w.store}
	events, err := desk.Events(t.Context(), store.Filter{Limit: 1000, MatchedOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string]int{}
	for _, e := range events {
		detail, err := desk.Event(t.Context(), e.ID)
		if err != nil {
			t.Fatal(err)
		}
		r, err := trial.Record(detail)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		replayed, err := bed.Replay(t.Context(), set, text)
		if err != nil || len(replayed) != 1 || replayed[0].Error != "" {
			t.Fatalf("%s %s: %v, %+v", e.Source, e.Type, err, replayed)
		}
		for _, d := range detail.Decisions {
			if strings.HasPrefix(d.Stopped, "settled: ") {
				continue // it was no longer the news
			}
			var want rules.Decision
			if err := json.Unmarshal(d.Explanation, &want); err != nil {
				t.Fatal(err)
			}
			found := false
			for _, got := range replayed[0].Decisions {
				if "graphics/"+got.Rule != d.Rule {
					continue
				}
				if found = true; !reflect.DeepEqual(got.Decision, want) {
					t.Errorf("%s %s, %s\n got %+v\nwant %+v", e.Source, e.Type, d.Rule, got.Decision, want)
				}
				if want.Matched {
					sources[e.Source]++
				}
			}
			if !found {
				t.Errorf("%s %s: %s isn't asked again", e.Source, e.Type, d.Rule)
			}
		}
	}
	for _, source := range []string{"gerrit", "task", "group", "pulse"} {
		if sources[source] == 0 {
			t.Errorf("no decision of %s matched: %v", source, sources)
		}
	}
}

func TestARecordingOfAnotherFormIsRefused(t *testing.T) {
	set, _ := ruleset.Load(rules.Sources{})
	for text, want := range map[string]string{
		`{`:                                "not JSON of its form",
		`{"recording": 2}`:                 "version 2, this release reads 1",
		`{"recording": 1, "facts": []}`:    "not an object",
		`{"recording": 1, "facts": {}}`:    `source ""`,
		`{"recording": 1, "facts": "oh"}`:  "not an object",
		`{"recording": 1, "facts": {"a":`:  "not JSON of its form",
		`{"recording": "1", "facts": null`: "not JSON of its form",
	} {
		_, err := (&Testbed{}).Replay(t.Context(), set, []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q in it", text, err, want)
		}
	}
}
