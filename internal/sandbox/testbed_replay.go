package sandbox

import (
	"context"

	"verdict/internal/app/trial"
	"verdict/rules"
	"verdict/rules/ruletest"
)

// Replay decides a recorded event by the set, with the facts of then. Nothing is done.
func (b *Testbed) Replay(ctx context.Context, set *rules.Set, recording []byte) ([]ruletest.Event, error) {
	r, err := trial.ParseRecording(recording)
	if err != nil {
		return nil, wrong("%v", err)
	}
	outcomes, err := r.Replay(ctx, set)
	if err != nil {
		return nil, wrong("the recording can't be decided: %v", err)
	}
	var events []ruletest.Event
	for _, o := range outcomes {
		e := ruletest.Event{Occurrence: o.Occurrence, Error: o.Error}
		if e.Decisions, err = decisionsOf(o.Decisions); err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}
