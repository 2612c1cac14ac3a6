package main

import (
	"fmt"
	"strings"
	"testing"

	"verdict/internal/app/admin"
)

func TestWhyNamesRulesThatWereNotLookedAt(t *testing.T) {
	e := admin.EventDetail{Event: admin.Event{ID: "7f3k2m9q4x", Type: "task: failed", State: "unmatched"}}
	for i := range mostPassed + 2 {
		e.Passed = append(e.Passed, admin.Decision{
			Rule: fmt.Sprintf("gfx/r%d", i), Passed: true,
			Explanation: []byte(`{"stopped":"event.kind == \"build\"","clauses":[{"text":"event.kind == \"build\"","held":false,"children":[{"text":"event.kind","held":true,"value":"\"lint\""}]}]}`),
		})
	}
	var out strings.Builder
	if err := explain(&out, e); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"no rule looked at it\n", "gfx/r0 not looked at\n  ✗ event.kind == \"build\"\n      event.kind = \"lint\"\n", "2 more were not looked at; --rule TEAM/RULE shows one\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got %s\nwithout %s", out.String(), want)
		}
	}
}

func TestWhatTheBotDoesByItselfIsOfNoRule(t *testing.T) {
	var out strings.Builder
	e := admin.EventDetail{Event: admin.Event{ID: "7f3k2m9q4x", Type: "settled", State: "decided"}, Actions: []admin.Action{{ID: "a", Key: "reconcile:main~1", Lane: "main~1", State: "done"}}}
	if err := explain(&out, e); err != nil || !strings.Contains(out.String(), "reconcile:main~1 by the bot itself on main~1: done") {
		t.Errorf("%v, %s", err, out.String())
	}
}

func TestTellingLeavesOutWhatOnlyLedToOtherEvents(t *testing.T) {
	event := func(id, source, kind, task string, run int, decisions ...admin.Decision) admin.EventDetail {
		return admin.EventDetail{Event: admin.Event{ID: id, Source: source, Type: kind, TaskID: task, Run: &run, State: "decided"}, Decisions: decisions}
	}
	made := admin.Decision{Rule: "gfx/r", Explanation: []byte(`{}`)}
	parked := event("parked", "task", "failed", "t", 0)
	parked.State, parked.Error = "parked", "no such field"
	unmatched := event("unmatched", "pulse", "queue/task-pending", "t", 0)
	unmatched.State = "unmatched"
	acting := event("acting", "gerrit", "patchset-created", "", 0)
	acting.Actions = []admin.Action{{Kind: "reconcile"}}
	for name, c := range map[string]struct {
		events []admin.EventDetail
		want   string
	}{
		"a rule looked at what followed": {[]admin.EventDetail{event("raw", "pulse", "queue/task-failed", "t", 0), event("look", "task", "look", "t", 0), event("derived", "task", "failed", "t", 0, made)}, "derived"},
		"but of another run":             {[]admin.EventDetail{event("raw", "pulse", "queue/task-failed", "t", 1), event("look", "task", "look", "t", 1), event("derived", "task", "failed", "t", 0, made)}, "raw derived"},
		"no rule looked at all":          {[]admin.EventDetail{event("raw", "pulse", "queue/task-failed", "t", 0)}, "raw"},
		"there is nothing but a look":    {[]admin.EventDetail{event("look", "task", "look", "t", 0)}, "look"},
		"it tells something itself":      {[]admin.EventDetail{parked, unmatched, acting, event("derived", "task", "failed", "t", 0, made)}, "parked unmatched acting derived"},
	} {
		if got := strings.Join(ids(telling(c.events)), " "); got != c.want {
			t.Errorf("%s: told are %s, want %s", name, got, c.want)
		}
	}
}

func TestADecisionInShortNamesWhatWasFalse(t *testing.T) {
	for explanation, want := range map[string]string{
		`{"matched":true}`:                        "matches",
		`{"stopped":"on: the bot itself did it"}`: "stops at on: the bot itself did it",
		`{"stopped":"a\n  && b","clauses":[{"text":"x","held":true,"children":[{"text":"x","value":"1"}]},{"text":"a\n  && b","children":[{"text":"a","value":"true"},{"text":"b","value":"false"}]}]}`: "stops at a && b (a = true, b = false)",
		`{"stopped":"change","clauses":[{"text":"change","error":"the event\nbelongs to no change"}]}`:                                                                                                  "stops at change (the event belongs to no change)",
		`{"stopped":"false","clauses":[{"text":"false","value":"false"}]}`:                                                                                                                              "stops at false",
		`{"stopped":"on.files","clauses":[{"text":"on.files","value":"none of 3 files fits"}]}`:                                                                                                         "stops at on.files (none of 3 files fits)",
	} {
		got, err := inShort(admin.Decision{Rule: "gfx/r", Explanation: []byte(explanation)}, nil)
		if err != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", explanation, got, err, want)
		}
	}
	passed := admin.Decision{Rule: "gfx/r", Passed: true, Explanation: []byte(`{"stopped":"event.a == 1","clauses":[{"text":"event.a == 1","children":[{"text":"event.a","value":"2"}]}]}`)}
	if got, err := inShort(passed, nil); err != nil || got != "not looked at: event.a == 1 (event.a = 2)" {
		t.Errorf("got %q, %v", got, err)
	}
	shadow := admin.Decision{Rule: "gfx/r", Shadow: true, Explanation: []byte(`{"matched":true,"actions":[{"key":"a","kind":"comment"},{"key":"b","kind":"wip"}]}`)}
	got, err := inShort(shadow, []admin.Action{{Rule: "gfx/r", Key: "b", State: "dead", Reason: "no\nright"}, {Rule: "gfx/other", Key: "a", State: "done"}})
	if want := "matches; comment; wip: dead, no right (shadow: nothing is done)"; err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}
