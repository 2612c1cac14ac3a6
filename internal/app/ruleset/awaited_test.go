package ruleset

import (
	"strings"
	"testing"
	"time"

	"verdict/internal/store"
)

const reportRule = `rules:
  - name: verdict
    on: {group: settled, server: main, project: platform/gfx}
    do: [{report: {label: Verified, pass: 1, fail: -1}}]
`

// A report that waits is no opinion that could be ended: where it isn't live any more, or another one is, the changes
// are looked at. So they are after a start, when nobody knows what was in force.
func TestChangesThatReportsWaitOnAreLookedAtWhereTheReportsChange(t *testing.T) {
	p := newPlace(t)
	p.write("rules/graphics/ci.yaml", reportRule)
	l := p.loader()
	p.load(l)
	awaits := func(group, team string, change int, begun, settled int64) store.Awaited {
		return store.Awaited{GroupID: group, Team: team, Server: "main", Change: change, Patchset: 3, Revision: "abc", Project: "platform/gfx", Branch: "main", Begun: begun, Settled: settled}
	}
	if _, err := p.store.Accept(t.Context(), store.Intake{Events: []store.Event{{ID: "e", Source: "group", Type: "look", State: store.EventReceived, BodyVersion: 1, Body: []byte("{}"), Time: time.Now()}}}); err != nil {
		t.Fatal(err)
	}
	events, err := p.store.ClaimEvents(t.Context(), "test", 1, time.Minute)
	if err != nil || len(events) != 1 {
		t.Fatal(events, err)
	}
	err = p.store.FinishEvent(t.Context(), store.Verdict{Event: events[0], State: store.EventDecided, Awaited: []store.Awaited{
		awaits("g", "graphics", 1, 1, 0), awaits("h", "graphics", 1, 2, 1), awaits("i", "graphics", 2, 1, 2),
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct {
		what, text string
		looks      int
	}{
		{"nothing of it", reportRule + "  # said otherwise\n", 0},
		{"off", strings.Replace(reportRule, "    on:", "    mode: \"off\"\n    on:", 1), 1},
		{"still off", strings.Replace(reportRule, "    on:", "    mode: \"off\"\n    on:", 1), 1},
		{"live again", reportRule, 2},
		{"with another value", strings.Replace(reportRule, "fail: -1", "fail: -1, running: -1", 1), 3},
	} {
		p.write("rules/graphics/ci.yaml", step.text)
		if a := p.load(l); len(a.Broken) > 0 {
			t.Fatal(a.Broken)
		}
		if looks := p.looks(); len(looks) != step.looks || len(looks) > 0 && (looks[0].Change != 1 || looks[0].Project != "platform/gfx") {
			t.Errorf("step %d, %s: looks are %+v, want %d, each at change 1", i, step.what, looks, step.looks)
		}
	}
	p.load(p.loader())
	if looks := p.looks(); len(looks) != 4 {
		t.Errorf("after a start there are %d looks, want one more", len(looks))
	}
}
