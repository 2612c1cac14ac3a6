package deliver_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"verdict/internal/store"
)

var lineNumbers = regexp.MustCompile(`"line":[0-9]+,?`)

// everything is a rule that does what it can.
const everything = `  - name: NAME
    mode: MODE
    on: {cron: '0 6 * * *', query: 'status:open'}
    do:
      - vote: {Verified: -1}
        message: 'NAME votes'
      - comment: 'NAME says'
        once: {per: patchset}
      - hashtags: [ci-x]
        while: 'true'
      - hashtags: {add: [ci-y]}
      - task:
          taskQueueId: gfx/ci
          projectId: gfx
          deadline: {$fromNow: 1 hour}
          metadata: {name: NAME, description: d}
          payload: {}
`

func copyOf(name, mode string) string {
	return strings.NewReplacer("NAME", name, "MODE", mode).Replace(everything)
}

// Of two rules that are the same the shadow decides the same, and reaches nobody.
func TestAShadowDecidesTheSameAndReachesNobody(t *testing.T) {
	w := newWorld(t, map[string]string{"gfx/a.yaml": "defaults: {server: main, project: demo}\nrules:\n" + copyOf("live", "live") + copyOf("ghost", "shadow")})
	c := w.push().Change
	w.tick(time.Now())
	w.expect(c, -1, []string{"ci-x", "ci-y"}, "live votes")
	explained := map[string][]byte{}
	events, err := w.store.Events(t.Context(), store.Filter{Change: "main~1", Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, ev := range events {
		decisions, err := w.store.Decisions(t.Context(), ev.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range decisions {
			if d.Shadow != (d.Rule == "ghost") || !d.Matched {
				t.Errorf("%s: shadow %t, matched %t", d.Rule, d.Shadow, d.Matched)
			}
			explained[d.Rule] = bytes.ReplaceAll(d.Explanation, []byte(d.Rule), []byte("it"))
		}
	}
	lines := func(b []byte) string { return string(lineNumbers.ReplaceAll(b, nil)) }
	if len(explained) != 2 || lines(explained["live"]) != lines(explained["ghost"]) {
		t.Errorf("they decided\n%s\n%s", explained["live"], explained["ghost"])
	}
	wantNothingOf(t, w, "ghost")
}

func TestAProcessInShadowReachesNobody(t *testing.T) {
	w := newWorld(t, map[string]string{"gfx/a.yaml": "defaults: {server: main, project: demo}\nrules:\n" + copyOf("live", "live")})
	w.decide.Shadow = true
	c := w.push().Change
	w.tick(time.Now())
	w.expect(c, 0, nil)
	wantNothingOf(t, w, "live")
}

// wantNothingOf looks that nothing in the store could be done in the name of a rule.
func wantNothingOf(t *testing.T, w *world, rule string) {
	t.Helper()
	actions, err := w.store.Actions(t.Context(), store.Filter{Rule: rule})
	if err != nil || len(actions) > 0 {
		t.Errorf("it has actions: %+v, %v", actions, err)
	}
	opinions, err := w.store.Opinions(t.Context(), "main", 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range opinions {
		if o.Rule == rule {
			t.Errorf("it has an opinion: %+v", o)
		}
	}
	for _, task := range w.tc.Tasks() {
		if task.CreatedBy != "" && strings.Contains(task.CreatedBy, rule) {
			t.Errorf("it made a task: %+v", task)
		}
	}
}
