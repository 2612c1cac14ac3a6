package admin

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"verdict/internal/store"
	"verdict/rules"
)

// written has a store keep what deciding an event and delivering wrote.
func written(t *testing.T, s *store.Store, id string, v store.Verdict, effects store.Effects) {
	t.Helper()
	ctx := t.Context()
	if _, err := s.Accept(ctx, store.Intake{Events: []store.Event{{ID: id, Source: "task", Type: "settled", State: store.EventReceived, BodyVersion: 1, Body: []byte("{}")}}}); err != nil {
		t.Fatal(err)
	}
	events, err := s.ClaimEvents(ctx, "test", 10, time.Minute)
	if err != nil || len(events) != 1 {
		t.Fatalf("claimed %d events, %v", len(events), err)
	}
	v.Event, v.State = events[0], store.EventDecided
	if err := s.FinishEvent(ctx, v); err != nil {
		t.Fatal(err)
	}
	lane, err := s.ClaimLane(ctx, "test", time.Minute)
	if err != nil || lane == nil {
		t.Fatalf("claimed lane %v, %v", lane, err)
	}
	if err := s.FinishActions(ctx, *lane, nil, effects); err != nil {
		t.Fatal(err)
	}
}

func vote(revision string, patchset, value int, about string) store.Opinion {
	return store.Opinion{Server: "main", Change: 7, Patchset: patchset, Revision: revision, Kind: store.OpinionLabel, Target: "Verified",
		Team: "graphics", Rule: "tag", About: about, Value: value, Stands: true, EventID: "e"}
}

func posted(revision string, value int) store.Posted {
	return store.Posted{Server: "main", Change: 7, Revision: revision, Label: "Verified", Value: value}
}

func waits(group, revision string, begun int64) store.Awaited {
	return store.Awaited{GroupID: group, Team: "graphics", Server: "main", Change: 7, Revision: revision, Begun: begun, Settled: 1}
}

func TestChangeTellsOfTheCurrentPatchsetAlone(t *testing.T) {
	s := newStore(t)
	written(t, s, "settled0000000000000000000", store.Verdict{
		Opinions: []store.Opinion{vote("one", 1, -1, "change"), vote("final", 2, 1, "change"), vote("final", 2, 0, "group")},
		Awaited:  []store.Awaited{waits("old", "one", 2), waits("settled", "final", 1), waits("running", "final", 2)},
	}, store.Effects{Server: "main", Change: 7, Posted: []store.Posted{posted("one", -1), posted("final", 0)}})
	desk := &Desk{Store: s}
	zero := 0
	want := ChangeDetail{
		Change: "main~7", Patchset: 2, Revision: "final", // nobody has seen it on Gerrit: the latest that is known of
		Labels: []Standing{{Name: "Verified", Value: 1, Stands: true, Posted: &zero, Opinions: []Opinion{
			{Rule: "graphics/tag", About: "group", Stands: true, EventID: "e"}, {Rule: "graphics/tag", About: "change", Value: 1, Stands: true, EventID: "e"},
		}}},
		Hashtags: []Standing{}, Awaited: []Awaited{{GroupID: "running", Team: "graphics"}},
	}
	got, err := desk.Change(t.Context(), "main", 7)
	if len(got.Actions) != 1 || got.Actions[0].State != "pending" {
		t.Errorf("unfinished: %+v", got.Actions)
	}
	if got.Actions = nil; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
	for state, word := range map[store.SeenState]string{store.SeenOpen: "open", store.SeenClosed: "merged", store.SeenGone: "gone"} {
		seen := store.SeenChange{Server: "main", Change: 7, State: state, Body: []byte(`{"change":{"project":"p","branch":"b","status":"MERGED"},"patchset":{"number":3,"revision":"three"}}`)}
		if known, err := s.SeenChanges(t.Context(), "main", []int{7}); err != nil {
			t.Fatal(err)
		} else if len(known) > 0 {
			seen.Version = known[0].Version
		}
		if _, err := s.Accept(t.Context(), store.Intake{Seen: []store.SeenChange{seen}}); err != nil {
			t.Fatal(err)
		}
		got, err := desk.Change(t.Context(), "main", 7)
		got.Actions = nil
		want := ChangeDetail{Change: "main~7", State: word, Project: "p", Branch: "b", Patchset: 3, Revision: "three", Labels: []Standing{}, Hashtags: []Standing{}, Awaited: []Awaited{}}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("seen: got %+v, %v\nwant %+v", got, err, want)
		}
	}
}

func TestHistoryLeavesOutBodiesAndFacts(t *testing.T) {
	desk := &Desk{Store: newStore(t)}
	history, err := desk.History(t.Context(), store.Filter{Change: "main~7"})
	if err != nil || len(history) != 1 || len(history[0].Decisions) != 1 || len(history[0].Actions) != 1 {
		t.Fatalf("got %+v, %v", history, err)
	}
	if e := history[0]; e.Body != nil || e.Decisions[0].Facts != nil || e.Decisions[0].Explanation == nil {
		t.Errorf("got %+v", e)
	}
}

func TestHistoryOfARuleHasWhatItPassedOver(t *testing.T) {
	desk := &Desk{Store: newStore(t), Passed: func(e store.Event) []rules.Passed {
		if e.State != store.EventParked {
			return nil
		}
		return []rules.Passed{
			{Rule: &rules.Rule{Team: "graphics", Name: "tag"}, Decision: rules.Decision{Stopped: "event.a == 1"}},
			{Rule: &rules.Rule{Team: "graphics", Name: "other"}, Decision: rules.Decision{Stopped: "event.b == 1"}},
		}
	}}
	told := func(f store.Filter) (out []string) {
		history, err := desk.History(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range history {
			for _, d := range append(e.Decisions, e.Passed...) {
				out = append(out, e.ID[:6]+" "+d.Rule+" "+d.Stopped)
			}
			if len(e.Decisions)+len(e.Passed) == 0 {
				out = append(out, e.ID[:6]+" nothing")
			}
			if len(e.Actions) > 0 {
				out = append(out, e.ID[:6]+" acts")
			}
		}
		slices.Sort(out)
		return out
	}
	for rule, want := range map[string][]string{
		"tag":   {"parked graphics/tag event.a == 1", "wanted acts", "wanted graphics/tag "},
		"other": {"parked graphics/other event.b == 1"},
		"none":  nil,
	} {
		if got := told(store.Filter{Team: "graphics", Rule: rule}); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", rule, got, want)
		}
	}
	if got := told(store.Filter{Team: "graphics", Rule: "tag", Limit: 1, NewestFirst: true}); len(got) != 2 {
		t.Errorf("one event alone: got %q", got)
	}
}

func TestAnEventSaysWhichRunItIsOf(t *testing.T) {
	one := 1
	for _, c := range []struct {
		e    store.Event
		want *int
	}{
		{store.Event{Source: "pulse", TaskID: "t", Body: []byte(`{"runId":1}`)}, &one},
		{store.Event{Source: "task", TaskID: "t", Body: []byte(`{"run":1,"event":{"runId":0}}`)}, &one},
		{store.Event{Source: "pulse", TaskID: "t", Body: []byte(`{"status":{}}`)}, nil}, // task-defined
		{store.Event{Source: "pulse", TaskID: "t", Body: []byte(`{oh`)}, nil},
		{store.Event{Source: "pulse", TaskID: "t"}, nil}, // no longer kept
		{store.Event{Source: "group", Body: []byte(`{"run":0}`)}, nil},
	} {
		if got := viewEvent(c.e).Run; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s %s: got %v", c.e.Source, c.e.Body, got)
		}
	}
}
