package decide

import (
	"context"
	"errors"
	"testing"
	"time"

	"verdict/internal/store"
	"verdict/rules"
)

const onAll = onGroups + `  - name: run
    on: {task: failed}
    do: [{comment: failed}]
  - name: recheck
    on: {server: main, command: recheck}
    do: [{comment: again}]
  - name: tick
    on: {server: main, cron: '0 6 * * *', query: 'status:open'}
    do: [{comment: tick}]
`

// What a replica makes, another may claim that doesn't have the rules yet for which it is made.
func TestWhatIsMadeForRulesThatAreNotHereIsLeftToOthers(t *testing.T) {
	const derived, onChange = `{"taskId":"T","groupId":"g","event":{}}`, `{"server":"main","type":"comment-added","change":{"number":1}}`
	tick := `{"cron":"0 7 * * *","zone":"UTC","server":"main","query":"status:open"}`
	for name, c := range map[string]struct {
		source, typ, body string
		other             string // a type, or a body, that the rules here do want
	}{
		"a run":          {"task", "exception", derived, "failed"},
		"a settled task": {"task", "settled", derived, ""},
		"a task's look":  {"task", Look, derived, ""},
		"a command":      {"command", "land", `{"name":"land","event":` + onChange + `}`, "recheck"},
		"a tick":         {"cron", "tick", tick, ""},
		"what it found":  {"cron", "found", `{"tick":` + tick + `,"server":"main","change":1,"rules":["gfx/tick"]}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWatcher(t, onAll)
			ev := store.Event{ID: "e", Source: c.source, Type: c.typ, BodyVersion: 1, Body: []byte(c.body), Time: w.now, Received: w.now}
			s, err := w.read(ev)
			if err != nil {
				t.Fatal(err)
			}
			for _, newest := range []bool{false, true} {
				w.Newest = func(context.Context, *rules.Set) (bool, error) { return newest, nil }
				var waits *waitsError
				err := w.leave(t.Context(), w.Active(), s, nil, w.now)
				if errors.As(err, &waits) == newest {
					t.Errorf("on the newest rules %t: %v", newest, err)
				}
			}
			w.Newest = func(context.Context, *rules.Set) (bool, error) { return false, nil }
			if err := w.leave(t.Context(), w.Active(), s, nil, w.now.Add(25*time.Hour)); err != nil {
				t.Errorf("longer ago than maxAge: %v", err)
			}
			if c.other == "" {
				return
			}
			if s.Type = c.other; w.leave(t.Context(), w.Active(), s, nil, w.now) != nil {
				t.Errorf("%s is wanted, and left", c.other)
			}
		})
	}
}

func TestAGroupThatNoRuleHereWatchesIsLeftToOthers(t *testing.T) {
	w := newWatcher(t, "rules:\n  - name: run\n    on: {task: failed}\n    do: [{comment: failed}]\n")
	w.Newest = func(context.Context, *rules.Set) (bool, error) { return false, nil }
	var waits *waitsError
	if _, err := w.decide(t.Context(), w.Look(store.GroupState{GroupID: "g", Due: w.now}), w.now); !errors.As(err, &waits) {
		t.Errorf("the look that was due is spent: %v", err)
	}
	w = newWatcher(t, onGroups)
	w.queue.tasks = members("a running")
	w.Newest = func(context.Context, *rules.Set) (bool, error) { return false, nil }
	w.after(t, 0, "", soonest)
}
