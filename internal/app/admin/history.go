package admin

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"verdict/internal/store"
)

// mostLooked is how many events are looked through for those of a rule.
const mostLooked = 200

// History lists events with what each rule made of them, without their bodies and facts. Where f names a rule, those are
// listed that it looked at, or passed over, and only its part of them.
func (d *Desk) History(ctx context.Context, f store.Filter) ([]EventDetail, error) {
	rule, limit := "", cmp.Or(f.Limit, mostLooked)
	if f.Rule != "" {
		rule = f.Team + "/" + f.Rule
		f.Team, f.Rule, f.Limit = "", "", mostLooked
	}
	events, err := d.Store.Events(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	history := make([]EventDetail, 0, len(events))
	for _, e := range events {
		if rule != "" && len(history) == limit {
			break
		}
		detail, err := d.detail(ctx, e)
		if err != nil {
			return nil, err
		}
		if rule != "" {
			if detail.Passed, err = d.passedOver(e); err != nil {
				return nil, err
			}
			detail.Of(rule)
			if len(detail.Decisions)+len(detail.Passed) == 0 {
				continue
			}
		}
		detail.Body = nil
		for i := range detail.Decisions {
			detail.Decisions[i].Facts = nil
		}
		history = append(history, detail)
	}
	return history, nil
}

// Of leaves out what other rules made of the event.
func (e *EventDetail) Of(rule string) {
	other := func(d Decision) bool { return d.Rule != rule }
	e.Decisions, e.Passed = slices.DeleteFunc(e.Decisions, other), slices.DeleteFunc(e.Passed, other)
	e.Actions = slices.DeleteFunc(e.Actions, func(a Action) bool { return a.Rule != rule })
}
