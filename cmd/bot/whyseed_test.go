package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"verdict/internal/store"
	"verdict/rules"
)

const (
	seededTask = "fN1SbArXTPSVFNUvaOlinQ"
	seededSHA  = "5ec0ndpa7c45e7000000"
)

// seedWhy makes verdict.db with a change of two patchsets, on which one of two rules voted -1 for a task's first run and
// took it back for the second; of its other actions one is held, one dead, one waits and one is over.
func seedWhy() {
	ctx, s := context.Background(), emptyStore()
	accept := func(in store.Intake) {
		_, err := s.Accept(ctx, in)
		must(err)
	}
	// finish decides the one event that is received.
	finish := func(v store.Verdict, decisions map[string]rules.Decision) {
		events, err := s.ClaimEvents(ctx, "seed", 1, time.Minute)
		must(err)
		v.Event, v.State = events[0], store.EventDecided
		if len(decisions) > 0 {
			v.Event.Change = "main~7"
		}
		for rule, made := range decisions {
			explanation, err := json.Marshal(made)
			must(err)
			v.Decisions = append(v.Decisions, store.Decision{EventID: v.Event.ID, Team: "gfx", Rule: rule, Matched: made.Matched, Stopped: made.Stopped, Explanation: explanation, Facts: []byte(`{"run":{}}`)})
		}
		must(s.FinishEvent(ctx, v))
	}
	accept(store.Intake{
		Events: []store.Event{
			{ID: "aapatchset0000000000000000", Source: "gerrit", Type: "patchset-created", Change: "main~7", State: store.EventUnmatched, BodyVersion: 1, Body: []byte(`{}`)},
			{ID: "abpending00000000000000000", Source: "pulse", Type: "queue/task-pending", TaskID: seededTask, State: store.EventUnmatched, BodyVersion: 1, Body: []byte(`{"runId":0}`)},
			{ID: "aclonely000000000000000000", Source: "pulse", Type: "queue/task-failed", TaskID: "lonely", State: store.EventUnmatched, BodyVersion: 1, Body: []byte(`{"runId":0}`)},
		},
		Seen: []store.SeenChange{{Server: "main", Change: 7, Name: "m", State: store.SeenOpen,
			Body: []byte(`{"change":{"number":7,"project":"gfx","branch":"dev"},"patchset":{"number":2,"revision":"` + seededSHA + `"}}`)}},
	})
	settled := func(id string, run int) store.Event {
		return store.Event{ID: id, Source: "task", Type: "settled", TaskID: seededTask, GroupID: "AbC", State: store.EventReceived, BodyVersion: 1,
			Body: fmt.Appendf(nil, `{"taskId":%q,"run":%d}`, seededTask, run)}
	}
	action := func(id, event, key string, state store.ActionState, reason string) store.Action {
		return store.Action{ID: id, EventID: event, Team: "gfx", Rule: "unit", Key: key, Kind: "comment", Lane: "main~7", Server: "main", Change: 7,
			Patchset: 2, Revision: seededSHA, State: state, Reason: reason, ArgsVersion: 1, Args: []byte(`{}`)}
	}
	opinion := func(about, revision string, patchset, value, run int, stands bool, event string) store.Opinion {
		return store.Opinion{Server: "main", Change: 7, Patchset: patchset, Revision: revision, Kind: store.OpinionLabel, Target: "Verified", Team: "gfx", Rule: "unit",
			About: about, Value: value, Stands: stands, Run: run, EventID: event}
	}
	vote := rules.Action{Key: "vote:Verified", Kind: "vote", Labels: map[string]int{"Verified": -1}}
	stopped := rules.Decision{Stopped: `task.tags.kind == "lint"`, Clauses: []rules.Clause{
		{Text: `task.tags.kind == "lint"`, Children: []rules.Clause{{Text: "task.tags.kind", Held: true, Value: `"unit"`}}}}}
	first, second := "bbfirstrun0000000000000000", "ccsecondrun000000000000000"

	accept(store.Intake{Events: []store.Event{{ID: "bamessage0000000000000000a", Source: "pulse", Type: "queue/task-failed", TaskID: seededTask, State: store.EventReceived,
		BodyVersion: 1, Body: []byte(`{"runId":0}`)}}})
	finish(store.Verdict{}, nil) // that it settled is an event of its own
	accept(store.Intake{Events: []store.Event{settled(first, 0)}})
	tag := opinion("change", seededSHA, 2, 1, 0, true, first)
	tag.Kind, tag.Target, tag.Rule = store.OpinionHashtag, "ci-slow", "tags"
	finish(store.Verdict{
		Actions: []store.Action{
			action("donevote00000000000000000a", first, "vote:Verified", store.ActionPending, ""),
			action("heldnote00000000000000000a", first, "comment", store.ActionHeld, "held: rule:gfx/unit"),
			action("deadtask00000000000000000a", first, "task:again", store.ActionDead, "missing scopes"),
			action("waittask00000000000000000a", first, "task:sign", store.ActionWaiting, "for approval by operators"),
		},
		Opinions: []store.Opinion{
			opinion("task:other", seededSHA, 2, 1, 0, true, first), opinion("task:slow", seededSHA, 2, -1, 0, true, first),
			opinion("task:unit", seededSHA, 2, -1, 0, true, first), opinion("task:older", "01d", 1, -2, 0, true, first), tag,
		},
		Awaited: []store.Awaited{{GroupID: "AbC", Team: "gfx", Server: "main", Change: 7, Patchset: 2, Revision: seededSHA, Begun: 2, Settled: 1}},
	}, map[string]rules.Decision{"unit": {Matched: true, Actions: []rules.Action{vote, {Key: "comment", Kind: "comment"}}}, "lint": stopped, "zoom": stopped})

	accept(store.Intake{Events: []store.Event{settled(second, 1)}})
	finish(store.Verdict{Opinions: []store.Opinion{opinion("task:unit", seededSHA, 2, -1, 1, false, second)}}, map[string]rules.Decision{
		"unit": {Matched: true, Actions: []rules.Action{vote}, Opinions: []rules.Opinion{{Kind: "label", Target: "Verified"}},
			Clauses: []rules.Clause{{Text: `while: run.state == "failed"`, Children: []rules.Clause{{Text: "run.state", Held: true, Value: `"completed"`}}}}},
		"lint": stopped,
	})
	lane, err := s.ClaimLane(ctx, "seed", time.Minute)
	must(err)
	must(s.FinishActions(ctx, *lane, []store.Outcome{{ActionID: "donevote00000000000000000a", State: store.ActionDone}},
		store.Effects{Server: "main", Change: 7, Posted: []store.Posted{{Server: "main", Change: 7, Revision: seededSHA, Label: "Verified", Value: -1}}}))
	must(s.Close())
}
