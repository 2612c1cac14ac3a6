package sandbox

import (
	"slices"
	"strings"
	"testing"
	"verdict/internal/store"

	"verdict/internal/app/admin"
	"verdict/internal/app/ruleset"
	"verdict/internal/app/trial"
	"verdict/rules"
	"verdict/rules/ruletest"
)

const onceRules = `  - name: welcome
    on: {gerrit: comment-added}
    when: ['event.message.text.contains("hello")']
    once: {per: change}
    do:
      - comment: Welcome
  - name: per-patchset
    on: {gerrit: comment-added}
    when: ['event.message.text.contains("patchset")']
    do:
      - comment: On this patchset
        once: {per: patchset}
      - hashtags: {add: [ci-a]}
  - name: per-task
    on: {task: failed}
    once: {per: task, again: 30 days}
    do:
      - comment: '${task.name} has failed, run ${run.id}'
  - name: per-run
    on: {task: settled}
    do:
      - comment: '${task.name} is over, run ${run.id}'
        once: {per: run}
  - name: asks
    on: {gerrit: comment-added}
    when: ['event.message.text.contains("ask")']
    once: {per: change}
    do:
      - comment: Approved
        approve: operators
  - name: on-trial
    mode: shadow
    on: {gerrit: comment-added}
    when: ['event.message.text.contains("trial")']
    once: {per: change}
    do:
      - comment: On trial
`

func TestOnceIsOnce(t *testing.T) {
	failures(t, runBench(t, `
tests:
  - name: a change over its patchsets
    history:
      - {gerrit: comment-added, text: hello}
      - {gerrit: comment-added, text: hello again}
      - {gerrit: patchset-created}
      - {gerrit: comment-added, text: hello once more}
      - stands: {messages: [Welcome]}
    expect: {rule: welcome, stopped: once}
  - name: a patchset, of one action
    history:
      - {gerrit: comment-added, text: patchset}
      - {gerrit: hashtags-changed, remove: [ci-a]}
      - {gerrit: comment-added, text: patchset again}
      - stands: {messages: [On this patchset], hashtags: [ci-a]}
      - {gerrit: patchset-created}
      - {gerrit: comment-added, text: patchset three}
      - stands: {messages: [On this patchset, On this patchset], hashtags: [ci-a]}
  - name: a task, and each of its runs
    history:
      - {task: failed, name: a}
      - {task: failed, name: a, run: 1}
      - {task: failed, name: b}
      - stands: {messages: ['a has failed, run 0', 'a is over, run 1', 'b has failed, run 0']}
    expect: {rule: per-run, actions: [{comment: a is over}, {comment: a is over}, {comment: b is over}]}
  - name: what is on trial has used up nothing
    history:
      - {gerrit: comment-added, text: trial}
      - {gerrit: comment-added, text: trial}
      - stands: {messages: []}
    expect: {rule: on-trial, actions: [{comment: On trial}, {comment: On trial}]}
  - name: what was superseded was not done
    history:
      - {gerrit: comment-added, text: ask}
      - {gerrit: patchset-created}
      - {approve: comment}
      - stands: {messages: []}
      - {gerrit: comment-added, text: ask}
      - {approve: comment}
      - {gerrit: comment-added, text: ask}
      - stands: {messages: [Approved]}
    expect: {rule: asks, stopped: once}
`, onceRules))
}

// Of two events that come in one batch, the second is looked at again when the first is written.
func TestOnceOfTwoAtOnce(t *testing.T) {
	w := openBench(t, onceRules)
	if err := w.begin(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	w.account("bob")
	w.gerrit.Comment(w.change, "bob", "hello")
	w.gerrit.Comment(w.change, "bob", "hello, hello")
	events, err := w.settle(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	for _, e := range events {
		for _, d := range e.Decisions {
			if d.Rule == "welcome" && (d.Matched || strings.HasPrefix(d.Stopped, "once: it acted on this change at ")) {
				said += d.Stopped[:min(4, len(d.Stopped))] + ";"
			}
		}
	}
	standing, err := w.Stands(t.Context())
	if err != nil || len(standing.Messages) != 1 || said != ";once;" {
		t.Errorf("said %q, decided %q, %v", standing.Messages, said, err)
	}
}

// A recording of what once kept back is kept back again.
func TestARecordingKnowsWhatWasDoneOnce(t *testing.T) {
	w := openBench(t, onceRules)
	for _, text := range []string{"hello", "hello again"} {
		if _, err := w.Happen(t.Context(), ruletest.Step{Gerrit: &ruletest.GerritStep{Gerrit: "comment-added", By: "bob", Text: text}}); err != nil {
			t.Fatal(err)
		}
	}
	desk := &admin.Desk{Store: w.store}
	stops := 0
	for id := range w.known {
		e, err := desk.Event(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		recording, err := trial.Record(e)
		if err != nil {
			t.Fatal(err)
		}
		again, err := recording.Replay(t.Context(), w.set)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range e.Decisions {
			if d.Rule != "graphics/welcome" || !strings.HasPrefix(d.Stopped, "once:") {
				continue
			}
			stops++
			if !slices.ContainsFunc(again[0].Decisions, func(r store.Decision) bool { return r.Rule == "welcome" && r.Stopped == d.Stopped }) {
				t.Errorf("stopped at %q, again %+v", d.Stopped, again[0].Decisions)
			}
		}
	}
	if stops != 1 {
		t.Errorf("%d stops of %d events", stops, len(w.known))
	}
}

// openBench is a world with the rules of the bench, and more.
func openBench(t *testing.T, more string) *bench {
	t.Helper()
	teams, _ := rules.LoadTeams("teams.yaml", []byte(benchTeams))
	set, found := ruleset.Load(rules.Sources{Files: map[string][]byte{"graphics/ci.yaml": []byte(benchRules + more)}, Teams: teams})
	if len(found) > 0 {
		t.Fatal(found)
	}
	bed, err := NewTestbed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bed.Close() })
	opened, err := bed.Open(t.Context(), set, ruletest.Given{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { opened.Close() })
	return opened.(*bench)
}
