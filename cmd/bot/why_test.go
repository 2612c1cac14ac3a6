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
