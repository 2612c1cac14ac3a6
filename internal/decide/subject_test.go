package decide

import (
	"context"
	"testing"
	"time"

	"verdict/internal/store"
)

// asked counts how often it is asked which patchset something was made for.
type asked struct {
	Store
	links map[string]int
}

func (s asked) Link(_ context.Context, kind, _ string) (store.Link, bool, error) {
	s.links[kind]++
	return store.Link{}, false, nil
}

func TestHoweverManyRulesLookItIsAskedOnceWhichChangeAnEventBelongsTo(t *testing.T) {
	w := newWatcher(t, `rules:
  - name: one
    on: [{task: failed, server: main, project: a}, {task: failed, server: main, project: b}]
    do: [{comment: failed}]
  - name: two
    on: {task: failed, server: main, project: c}
    do: [{comment: failed}]
`)
	links := map[string]int{}
	w.Store = asked{w.Store, links}
	begins := map[store.BeginKey]time.Time{}
	for _, rule := range w.set.Rules() {
		for _, on := range rule.On {
			begins[BeginOf(rule, on, "")] = w.now
		}
	}
	w.Active = func() Active { return Active{Set: w.set, Begins: begins} }
	ev := store.Event{ID: "e", Source: "task", Type: "failed", TaskID: "T", GroupID: "g", BodyVersion: 1, Body: []byte(`{"taskId":"T","groupId":"g","event":{}}`), Time: w.now}
	v, err := w.decide(t.Context(), ev, w.now)
	if err != nil || len(v.Decisions) != 2 || v.Decisions[0].Stopped != "on: the event belongs to no change" {
		t.Fatalf("%+v, %v", v.Decisions, err)
	}
	if links["task"] != 1 || links["group"] != 1 {
		t.Errorf("asked %v", links)
	}
}
