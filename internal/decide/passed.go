package decide

import (
	"verdict/internal/store"
	"verdict/rules"
)

// Passed tells which rules of the set in force were not looked at, though the event is what their `on` names: a clause is
// false by what the payload tells, and the index passed them over. It goes through all rules, so it is for a person's
// question. An event whose body is gone, or can't be read, has none.
func (d *Decider) Passed(ev store.Event) []rules.Passed {
	if len(ev.Body) == 0 {
		return nil
	}
	s, err := d.read(ev)
	if err != nil {
		return nil // its own error tells it already
	}
	return d.Active().Set.Passed(s.occurrence(), s.payload)
}
