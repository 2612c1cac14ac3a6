package facts_test

import (
	"fmt"
	"strings"
	"testing"

	"verdict/internal/facts"
	"verdict/rules"
	"verdict/taskcluster/api/exchanges"
)

// load reads one rule on exchanges with this clause and this text in what it sends, and tells all that is wrong, without
// the rule's own file name.
func load(on, sent, clause string) (text, diagnostics string) {
	text = "rules:\n  - name: a\n    on: " + on + "\n    when:\n      - '" + clause + "'\n    do:\n" +
		"      - task: {taskQueueId: a/b, deadline: {$fromNow: 1 hour}, metadata: {name: '" + sent + "', description: x}, payload: {}}\n"
	_, found := rules.Load(rules.Sources{Files: map[string][]byte{"team/a.yaml": []byte(text)}, Messages: facts.Messages()})
	var out []string
	for _, d := range found {
		out = append(out, strings.TrimPrefix(d.String(), "team/a.yaml:"))
	}
	return text, strings.Join(out, "\n")
}

// place is the line and column at which a text stands first.
func place(text, at string) string {
	before, _, _ := strings.Cut(text, at)
	return fmt.Sprintf("%d:%d", strings.Count(before, "\n")+1, len(before)-strings.LastIndex(before, "\n"))
}

func TestEventIsTypedOnExchanges(t *testing.T) {
	failed, both := "{exchange: queue/task-failed}", "[{exchange: queue/task-failed}, {exchange: queue/task-completed}]"
	guard := func(of, field string) string {
		return of + "." + field + " may be absent, where the message leaves it out; guard it: has(" + of + "." + field + ") && …, or " + of + ".?" + field + ".orValue(…)"
	}
	for _, test := range []struct{ on, sent, clause, at, want string }{
		{failed, "x", `event.status.stat == "failed"`, "stat ==", "event.status.stat: no such field; did you mean state?"},
		{failed, "x", `event.status.state == "fialed"`, `"fialed"`, `event.status.state is never "fialed"; did you mean failed?`},
		{failed, "x", `"failed" == event.status.state`, "", ""},
		{failed, "x", `event.status.state in ["failed", "broken"]`, `"broken"`, `event.status.state is never "broken"; known: unscheduled, pending, running, completed, failed, exception`},
		{failed, "x", `event.runId == "0"`, "==", "== can't be used on int and string"},
		{failed, "x", `event.runId`, "'event", "a clause is true or false, this is an int; compare it with something"},
		{failed, "x", `event.runId == size(event.status.runs) - 1`, "", ""},
		{failed, "x", `event.status.runs[event.runId].reasonResolved == "failed"`, "reasonResolved", guard("event.status.runs[event.runId]", "reasonResolved")},
		{failed, "x", `has(event.status.runs[0].resolved) && event.status.runs[0].resolved < now`, "", ""},
		{failed, "x", `has(event.status.runs[0].resolved) && event.status.runs[1].resolved < now`, "resolved <", guard("event.status.runs[1]", "resolved")},
		{failed, "x", `event.status.runs.filter(r, r.runId == 0)[0].resolved < now`, "resolved <", "resolved may be absent, where the message leaves it out; ask for it with .?resolved.orValue(…)"},
		{failed, "x", `event.status.runs.all(r, r.stat == "failed")`, "stat ==", "r.stat: no such field; did you mean state?"},
		{failed, "x", `event.task.tags.kind == "build"`, "task.tags", guard("event", "task")},
		{failed, "x", `has(event.task) && event.task.tags.kind == "build"`, "", ""},
		{failed, "x", `event.status.deadline < now + duration("1h")`, "", ""},
		{failed, "${event.status.taskid}", `true`, "event.status.taskid", `event.status.taskid: no such field; did you mean taskId?`},
		{failed, "${event.status.taskId} ${event.workrId}", `true`, "event.workrId", `event.workrId: no such field; did you mean workerId?`},
		{both, "x", `event.status.state == "fialed"`, `"fialed"`, `event.status.state is never "fialed"; did you mean failed?`},
		{"[{exchange: queue/task-failed}, {exchange: queue/task-defined}]", "${event.anything}", `event.anything == "fialed"`, "", ""},
		{"{exchange: exchange/taskcluster-queue/v1/task-failed}", "x", `event.status.stat == "failed"`, "stat ==", "event.status.stat: no such field; did you mean state?"},
		{"{exchange: exchange/other/v1/thing}", "${event.at.all}", `event.anything.at.all == 1`, "", ""},
		{"{exchange: hooks/hook-created}", "x", `event.hookId == "a" && event.more == 1`, "", ""},
		{"{exchange: github/push}", "${event.body.sender}", `event.body.pusher.name == "a" && event.details.x == 1`, "details.x", guard("event", "details")},
		{"{exchange: queue/task-exception}", "x", `event.runId == size(event.status.runs) - 1`, "", ""},
	} {
		text, got := load(test.on, test.sent, test.clause)
		want := test.want
		if want != "" {
			want = place(text, test.at) + " error: " + want
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

// The names of today's exchanges in rules are those of the references, and each has a type but those that carry anything.
func TestEachExchangeHasAType(t *testing.T) {
	m := facts.Messages()
	names := rules.ExchangeNames()
	for _, e := range exchanges.All {
		if m.Of[e.Name] == "" && !strings.HasPrefix(e.Name, "hooks/") {
			t.Errorf("the messages of %s have no type", e.Name)
		}
		if !strings.Contains("\n"+strings.Join(names, "\n")+"\n", "\n"+e.Name+"\n") {
			t.Errorf("rules know no exchange %s", e.Name)
		}
	}
	ours := rules.Types()
	for name, fields := range m.Types {
		if _, ok := ours[name]; ok || len(fields) == 0 {
			t.Errorf("the type %s is one of rules.Types, or has no fields", name)
		}
	}
}

func TestTypedEventsAreEvaluatedAsSent(t *testing.T) {
	const text = `
rules:
  - name: a
    on: {exchange: queue/task-exception}
    when:
      - 'event.status.deadline > timestamp("2026-01-01T00:00:00Z")'
      - 'event.status.retriesLeft == 5 && event.version == 1'
      - 'has(event.status.priority) == false'
      - 'event.status.runs[0].?started.hasValue() == false'
      - 'has(event.task) && event.task.tags.kind == ""'
    do: [{comment: '${event.status.deadline} ${event.status.taskId}'}]
`
	set, found := rules.Load(rules.Sources{Files: map[string][]byte{"team/a.yaml": []byte(text)}, Messages: facts.Messages()})
	if len(found) > 0 {
		t.Fatal(found)
	}
	event, err := facts.Decode([]byte(`{"version":1,"status":{"taskId":"T","deadline":"2026-11-22T22:43:29.839Z","retriesLeft":5,"priority":null,"runs":[{"state":"exception"}]},"task":{"tags":{}}}`))
	if err != nil {
		t.Fatal(err)
	}
	d, err := set.Rules()[0].Evaluate(rules.Input{Event: event})
	if err != nil || !d.Matched || d.Actions[0].Message != "2026-11-22T22:43:29.839Z T" {
		t.Errorf("got %+v, %v", d, err)
	}
	delete(event.(map[string]any), "version")
	if _, err := set.Rules()[0].Evaluate(rules.Input{Event: event}); err == nil || !strings.Contains(err.Error(), "version") {
		t.Errorf("a message without what it always has: got %v, want an error about version", err)
	}
}
