package app

import (
	"reflect"
	"testing"
	"time"

	"verdict/internal/store"
	"verdict/pulse"
)

func TestUnionKeepsABindingForTenMinutesAfterItsLastNeed(t *testing.T) {
	failed := pulse.Binding{Exchange: "exchange/q/task-failed", RoutingKey: "primary.#"}
	completed := pulse.Binding{Exchange: "exchange/q/task-completed", RoutingKey: "#"}
	both := []store.Replica{
		{ID: "a", Bindings: []string{"exchange/q/task-failed primary.#"}},
		{ID: "b", Bindings: []string{"exchange/q/task-completed #", "exchange/q/task-failed primary.#"}},
	}
	r := &replicas{}
	now := time.Now()
	for _, step := range []struct {
		after time.Duration
		all   []store.Replica
		want  []pulse.Binding
	}{
		{0, both, []pulse.Binding{completed, failed}},
		{time.Minute, both[:1], []pulse.Binding{completed, failed}},
		{10 * time.Minute, both[:1], []pulse.Binding{completed, failed}},
		{11 * time.Minute, both[:1], []pulse.Binding{failed}},
		{12 * time.Minute, both, []pulse.Binding{completed, failed}},
	} {
		if got := r.union(step.all, now.Add(step.after)); !reflect.DeepEqual(got, step.want) {
			t.Errorf("after %s: got %v, want %v", step.after, got, step.want)
		}
	}
}

func TestAliveLeavesOutWhoWasSilent(t *testing.T) {
	now := time.Now()
	r := &replicas{others: []store.Replica{{ID: "a", Seen: now}, {ID: "b", Seen: now.Add(-20 * time.Second)}, {ID: "c", Seen: now.Add(-time.Minute)}}}
	if got := r.alive(); len(got) != 2 || r.live() != 2 {
		t.Errorf("alive are %v", got)
	}
	if r = (&replicas{}); r.live() != 1 {
		t.Errorf("alone, %d are live", r.live())
	}
}
