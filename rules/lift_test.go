package rules

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// clausesOf draws clauses of which some compare texts of the payload, some fail, and some do both.
func clausesOf(t *rapid.T) string {
	field := rapid.SampledFrom([]string{"event.a", "event.b.c", "event.n", "event.status.workerType", "event.status.taskQueueId", "event.tags.k"})
	text := rapid.SampledFrom([]string{"x", "y", "z", "p/x", ""})
	var equality func(depth int) string
	equality = func(depth int) string {
		switch rapid.IntRange(0, 5+min(depth, 1)*3).Draw(t, "form") {
		case 0, 1:
			return fmt.Sprintf("%s == %q", field.Draw(t, "field"), text.Draw(t, "text"))
		case 2:
			return fmt.Sprintf("%q == %s", text.Draw(t, "text"), field.Draw(t, "field"))
		case 3:
			return fmt.Sprintf("%s in [%q, %q]", field.Draw(t, "field"), text.Draw(t, "text"), text.Draw(t, "text"))
		case 4:
			return fmt.Sprintf("event.a != %q", text.Draw(t, "text"))
		case 5:
			return "event.absent.q == 1"
		case 6:
			return "(" + equality(depth-1) + " && " + equality(depth-1) + ")"
		case 7:
			return "(" + equality(depth-1) + " || " + equality(depth-1) + ")"
		}
		return "!(" + equality(depth-1) + ")"
	}
	var b strings.Builder
	for range rapid.IntRange(1, 3).Draw(t, "clauses") {
		fmt.Fprintf(&b, "      - '%s'\n", equality(2))
	}
	return b.String()
}

// payloadOf draws a message: fields may lack, or be no texts.
func payloadOf(t *rapid.T) map[string]any {
	value := rapid.SampledFrom([]any{"x", "y", "z", "", int64(1), nil, map[string]any{"c": "x"}, map[string]any{"k": "y"}, []any{"x"}})
	event := map[string]any{}
	for _, key := range []string{"a", "b", "n", "tags", "absent"} {
		if rapid.IntRange(0, 4).Draw(t, key) > 0 {
			event[key] = value.Draw(t, "value")
		}
	}
	worker := rapid.SampledFrom([]string{"x", "y"}).Draw(t, "worker")
	event["status"] = map[string]any{"provisionerId": "p", "workerType": worker, "taskQueueId": "p/" + worker}
	return event
}

// outcome is what a rule comes to: that it matches, that it doesn't, or the error.
func outcome(r *Rule, event any) string {
	d, err := r.Evaluate(Input{Event: event, Facts: map[string]any{"links": map[string]any{}}})
	if err != nil {
		return "error"
	}
	return fmt.Sprint(d.Matched)
}

// TestMatchNeverChangesWhatARuleComesTo compares the index, with what it lifts out of clauses, with evaluating all rules
// one after the other.
func TestMatchNeverChangesWhatARuleComesTo(t *testing.T) {
	counts := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		b.WriteString("rules:\n")
		for i := range rapid.IntRange(1, 14).Draw(t, "rules") {
			fmt.Fprintf(&b, "  - name: r%d\n    on: {exchange: queue/task-failed}\n    when:\n%s    do: [{comment: x}]\n", i, clausesOf(t))
		}
		set, found := Load(Sources{Files: map[string][]byte{"team/rules.yaml": []byte(b.String())}})
		if HasErrors(found) {
			t.Fatalf("%v\n%s", found, b.String())
		}
		for range 4 {
			event := payloadOf(t)
			worker := event["status"].(map[string]any)["workerType"].(string)
			o := Occurrence{Source: "pulse", Type: DefaultExchangePrefix + "queue/v1/task-failed", RoutingKey: "primary.T.0.g.w.p." + worker + ".s.G._", Payload: Decoded{event}}
			candidates := set.Match(o, nil)
			passed := set.Passed(o, event)
			for _, r := range set.Rules() {
				want := outcome(r, event)
				isCandidate := slices.ContainsFunc(candidates, func(c Candidate) bool { return c.Rule == r })
				at := slices.IndexFunc(passed, func(p Passed) bool { return p.Rule == r })
				counts[fmt.Sprint(want, isCandidate)]++
				if !isCandidate && want != "false" {
					t.Fatalf("%s comes to %s and is no candidate\n%s%v", r.Name, want, b.String(), event)
				}
				if isCandidate == (at >= 0) {
					t.Fatalf("%s: candidate %v, and passed over %v\n%s%v", r.Name, isCandidate, at >= 0, b.String(), event)
				}
				if at >= 0 && (passed[at].Decision.Stopped == "" || !slices.ContainsFunc(r.when, func(c condition) bool { return c.text == passed[at].Decision.Stopped })) {
					t.Fatalf("%s was passed over for %q", r.Name, passed[at].Decision.Stopped)
				}
			}
		}
	})
	for _, seen := range []string{"truetrue", "falsetrue", "falsefalse", "errortrue"} {
		if counts[seen] == 0 {
			t.Errorf("no rule came to %s: the generator shows nothing (%v)", seen, counts)
		}
	}
}

func TestWhatIsLifted(t *testing.T) {
	for clause, want := range map[string]string{
		`event.a == "x"`:        `a=x`,
		`"x" == event.a.b`:      `a.b=x`,
		`event.a in ["x", "y"]`: `a=x|y`,
		`event.a == "x" || event.a == "y" || event.a == "x"`:   `a=x|y`,
		`event.a == "x" && event.b == "y" && now == now`:       `a=x b=y`,
		`(event.a == "x" && event.b == "y") || event.a == "z"`: `a=x|z`,
		`event.a == "x" || event.b == "y"`:                     ``,
		`event.a == 1`:                                         ``,
		`event.a != "x"`:                                       ``,
		`!(event.a == "x")`:                                    ``,
		`event.a[0].b == "x"`:                                  ``,
		`[{"a": "x"}].exists(event, event.a == "x")`:           ``,
		`task.tags.kind == "build"`:                            `task.tags.kind?=build`,
		`task.taskQueueId == "a/b"`:                            `status.taskQueueId=a/b`,
		`task.groupId in ["G"]`:                                `status.taskGroupId=G`,
		`task.state == "failed"`:                               ``,
		`task.priority == "high"`:                              ``,
	} {
		set, found := Load(Sources{Files: map[string][]byte{"team/a.yaml": fmt.Appendf(nil, "rules:\n  - name: a\n    on: {exchange: queue/task-failed}\n    when:\n      - '%s'\n    do: [{comment: x}]\n", clause)}})
		if HasErrors(found) {
			t.Errorf("%s: %v", clause, found)
			continue
		}
		var got []string
		for _, l := range set.Rules()[0].On[0].lifted {
			got = append(got, l.name()+"="+strings.Join(l.values, "|"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %q, want %q", clause, got, want)
		}
	}
}

func TestGerritsEventsAreFoundByTheirTexts(t *testing.T) {
	var b strings.Builder
	b.WriteString("rules:\n")
	for i := range 20 {
		fmt.Fprintf(&b, "  - {name: r%d, on: {gerrit: topic-changed}, when: ['event.topic.new == \"t%d\" && change.project in [\"p\", \"q\"]'], do: [{comment: x}]}\n", i, i)
	}
	set := loadText(t, b.String())
	o := Occurrence{Source: "gerrit", Type: "topic-changed", Server: "s", Project: "p", Branch: "main"}
	if n := len(set.Match(o, nil)); n != 20 {
		t.Errorf("%d candidates where the event isn't known, want all 20", n)
	}
	for project, want := range map[string]int{"p": 1, "z": 0} {
		o.Payload = Decoded{map[string]any{"topic": map[string]any{"new": "t7"}, "change": map[string]any{"project": project}}}
		o.Project = project
		found := set.Match(o, nil)
		if len(found) != want || want == 1 && found[0].Rule.Name != "r7" {
			t.Errorf("%s: got %v", project, found)
		}
	}
}

// An error in one clause doesn't count where another is known to be false, in whatever order they stand.
func TestAnErrorDoesNotHideAFalseClause(t *testing.T) {
	set := loadText(t, `
rules:
  - name: a
    on: {exchange: queue/task-failed}
    when:
      - 'event.absent == 1'
      - 'event.kind == "build"'
    do: [{comment: x}]
`)
	d, err := set.Rules()[0].Evaluate(Input{Event: map[string]any{"kind": "lint"}})
	if err != nil || d.Stopped != `event.kind == "build"` {
		t.Fatalf("got %+v, %v", d, err)
	}
	text, _ := json.Marshal(d.Clauses)
	if len(d.Clauses) != 2 || !strings.Contains(string(text), `"lint\"`) {
		t.Errorf("the explanation is %s", text)
	}
	if _, err = set.Rules()[0].Evaluate(Input{Event: map[string]any{"kind": "build"}}); err == nil {
		t.Error("no error where the other clause holds")
	}
}
