package decide

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"verdict/internal/store"
	"verdict/rules"
)

func TestAnErrorIsOneProblemForARuleAndField(t *testing.T) {
	rule := &rules.Rule{Team: "gfx", Name: "pings"}
	of := func(event string, cause error) (name, said, do string) {
		p := unevaluated(&subject{Event: store.Event{ID: event}}, rule, cause)
		if p.Team != "gfx" {
			t.Errorf("it is told to %q", p.Team)
		}
		return p.Name, p.Said, p.Remedy
	}
	evalError := func(field, clause, why string) error {
		return fmt.Errorf("wrapped: %w", &rules.EvalError{Team: "gfx", Rule: "pings", Field: field, Clause: clause, File: "gfx/ci.yaml", Line: 7, Err: errors.New(why)})
	}
	first, said, do := of("e1", evalError("event.runId", "event.runId > 1", "not there"))
	again, _, _ := of("e2", evalError("event.runId", "event.runId > 9", "not there"))
	other, _, _ := of("e2", evalError("event.reason", "event.reason == ''", "not there"))
	clause, _, _ := of("e2", evalError("", "a / b > 1", "division by zero"))
	if first != again || first == other || first == clause || first != "rule pings can't be evaluated: event.runId" || clause != "rule pings can't be evaluated: a / b > 1" {
		t.Errorf("names are %q, %q, %q, %q", first, again, other, clause)
	}
	if !strings.Contains(said, "gfx/ci.yaml:7") || !strings.Contains(do, "bot events retry e1") {
		t.Errorf("said %q, do %q", said, do)
	}
	if name, _, _ := of("e3", errors.New("oh")); name != "rule pings can't be evaluated: an action" {
		t.Errorf("another error is %q", name)
	}
}
